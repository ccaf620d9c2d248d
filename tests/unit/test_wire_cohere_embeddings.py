"""Embeddings of the Cohere wire."""

from __future__ import annotations

import struct
from base64 import b64encode
from typing import Any

import orjson
import pytest
from trunkline.v1.llm_pb2 import EmbedRequest
from trunkline_server.providers.cohere import WIRE
from trunkline_server.providers.profiles import builtin
from trunkline_server.providers.wire import MalformedError, Subject

Json = dict[str, Any]

_PROFILE = builtin()["cohere"]
_SUBJECT = Subject(_PROFILE, "cohere", "command-a")


def test_purposes() -> None:
    embedding = WIRE.embedding
    assert embedding is not None
    sent = {}
    for purpose in ("", "query", "document", "classification", "clustering"):
        asked = EmbedRequest(inputs=["a", "b"], purpose=purpose)
        assert embedding.unsupported(asked, _SUBJECT) == []
        sent[purpose] = orjson.loads(embedding.encode(asked, ["b"], _SUBJECT))
    assert sent[""] == {
        "model": "command-a",
        "input_type": "search_document",
        "texts": ["b"],
        "embedding_types": ["float"],
    }
    assert [sent[purpose]["input_type"] for purpose in ("query", "document", "classification", "clustering")] == [
        *("search_query", "search_document", "classification", "clustering")
    ]
    asked = EmbedRequest(inputs=["a"], purpose="image")
    assert [path for path, _ in embedding.unsupported(asked, _SUBJECT)] == ["purpose"]


_PACKED = struct.pack("<2f", 0.5, -0.25)


@pytest.mark.parametrize(
    "embeddings",
    [
        {"float": [[0.5, -0.25], [1, 0]]},
        {"base64": [b64encode(_PACKED).decode(), b64encode(struct.pack("<2f", 1, 0)).decode()]},
        [[0.5, -0.25], [1, 0]],
    ],
)
def test_vectors_in_every_shape(embeddings: Any) -> None:
    embedding = WIRE.embedding
    assert embedding is not None
    meta = {"api_version": {"version": "2"}, "billed_units": {"input_tokens": 7, "image_tokens": 0}, "warnings": ["w"]}
    found = embedding.decode(orjson.dumps({"embeddings": embeddings, "meta": meta}), _SUBJECT)
    assert list(found.packed) == [_PACKED, struct.pack("<2f", 1, 0)]
    assert (found.usage.input_tokens, found.usage.billed_input_tokens, dict(found.usage.other_units)) == (7, 7, {})


@pytest.mark.parametrize(
    "embeddings", [None, {}, {"int8": [[1]]}, {"float": [["a"]]}, {"float": [[]]}, {"base64": ["AAAA"]}, {"float": [5]}]
)
def test_other_vectors_are_malformed(embeddings: Any) -> None:
    embedding = WIRE.embedding
    assert embedding is not None
    with pytest.raises(MalformedError):
        embedding.decode(orjson.dumps({"embeddings": embeddings}), _SUBJECT)
