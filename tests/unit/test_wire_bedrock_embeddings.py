"""Embeddings and counts of Amazon Bedrock."""

from __future__ import annotations

import struct
from typing import Any

import orjson
import pytest
from trunkline.v1.common_pb2 import Usage
from trunkline.v1.completion_pb2 import CompleteRequest
from trunkline.v1.content_pb2 import Message, Part, Role
from trunkline.v1.llm_pb2 import EmbedRequest
from trunkline_server.domain.errors import TrunklineError
from trunkline_server.providers.bedrock import WIRE
from trunkline_server.providers.profiles import builtin
from trunkline_server.providers.wire import MalformedError, Subject

PROFILE = builtin()["bedrock"]
SUBJECT = Subject(PROFILE, "bedrock", "eu.anthropic.claude-sonnet-4-5-20250929-v1:0")


def _embedded(model: str, body: Any) -> tuple[list[tuple[float, ...]], Usage]:
    assert WIRE.embedding is not None
    found = WIRE.embedding.decode(orjson.dumps(body), Subject(PROFILE, "bedrock", model))
    return [struct.unpack(f"<{len(packed) // 4}f", packed) for packed in found.packed], found.usage


def _asked(model: str, **fields: Any) -> Any:
    assert WIRE.embedding is not None
    request, subject = EmbedRequest(inputs=["a"], **fields), Subject(PROFILE, "bedrock", model)
    assert not WIRE.embedding.unsupported(request, subject)
    return orjson.loads(WIRE.embedding.encode(request, ["a"], subject))


def test_titan_embeddings() -> None:
    assert _asked("amazon.titan-embed-text-v1") == {"inputText": "a"}
    asked = _asked("amazon.titan-embed-text-v2:0", dimensions=256)
    assert asked == {"inputText": "a", "dimensions": 256, "normalize": True}
    pictured = _asked("amazon.titan-embed-image-v1", dimensions=384)
    assert pictured == {"inputText": "a", "embeddingConfig": {"outputEmbeddingLength": 384}}
    vectors, usage = _embedded("amazon.titan-embed-text-v2:0", {"embedding": [0.5, -2], "inputTextTokenCount": 4})
    assert (vectors, usage.input_tokens) == ([(0.5, -2.0)], 4)


def test_cohere_embeddings() -> None:
    assert _asked("cohere.embed-english-v3") == {
        "texts": ["a"], "input_type": "search_document", "embedding_types": ["float"]
    }  # fmt: skip
    asked = _asked("us.cohere.embed-v4:0", purpose="query", dimensions=512)
    assert (asked["input_type"], asked["output_dimension"]) == ("search_query", 512)
    for embeddings in ([[0.5]], {"float": [[0.5]]}):
        assert _embedded("cohere.embed-english-v3", {"embeddings": embeddings}) == ([(0.5,)], Usage())


def test_nova_embeddings() -> None:
    model = "amazon.nova-2-multimodal-embeddings-v1:0"
    assert _asked(model, purpose="query", dimensions=384) == {
        "taskType": "SINGLE_EMBEDDING",
        "singleEmbeddingParams": {
            "embeddingPurpose": "TEXT_RETRIEVAL",
            "embeddingDimension": 384,
            "text": {"truncationMode": "NONE", "value": "a"},
        },
    }
    answer = {"embeddings": [{"embeddingType": "TEXT", "embedding": [0.5]}]}
    assert _embedded(model, answer) == ([(0.5,)], Usage())


@pytest.mark.parametrize(
    ("model", "fields", "path"),
    [
        ("amazon.titan-embed-text-v1", {"dimensions": 256}, "dimensions"),
        ("amazon.titan-embed-text-v2:0", {"purpose": "query"}, "purpose"),
        ("cohere.embed-multilingual-v3", {"dimensions": 256}, "dimensions"),
        ("amazon.nova-pro-v1:0", {}, "model"),
    ],
)
def test_embeddings_that_cannot_be_had_are_refused_by_name(model: str, fields: Any, path: str) -> None:
    assert WIRE.embedding is not None
    request, subject = EmbedRequest(inputs=["a"], **fields), Subject(PROFILE, "bedrock", model)
    assert [name for name, _ in WIRE.embedding.unsupported(request, subject)] == [path]
    if path == "model":
        with pytest.raises(TrunklineError):
            WIRE.embedding.encode(request, ["a"], subject)


@pytest.mark.parametrize(
    "body", [{}, {"embedding": []}, {"embedding": ["x"]}, {"embedding": {"a": 1}}, {"embeddings": [[0.5]]}]
)
def test_vectors_that_are_missing(body: Any) -> None:
    with pytest.raises(MalformedError):
        _embedded("amazon.titan-embed-text-v2:0", body)


def test_counts() -> None:
    assert WIRE.counting is not None
    request = CompleteRequest(messages=[Message(role=Role.ROLE_USER, parts=[Part(text="q")])], max_tokens=5)
    request.reasoning.budget_tokens = 1024
    request.messages.add(role=Role.ROLE_SYSTEM, parts=[Part(text="s")])
    request.tools.add(name="f")
    body = orjson.loads(WIRE.counting.encode(request, SUBJECT))
    converse = body.pop("input")["converse"]
    assert not body
    assert converse.keys() == {"messages", "system", "toolConfig", "additionalModelRequestFields"}
    assert WIRE.counting.decode(b'{"inputTokens":12}', SUBJECT) == 12
    for other in (b"{}", b'{"inputTokens":"12"}', b'{"inputTokens":-1}'):
        with pytest.raises(MalformedError):
            WIRE.counting.decode(other, SUBJECT)
