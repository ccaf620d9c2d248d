"""Embeddings of the OpenAI wire: what each profile takes, and every shape of an answer."""

from __future__ import annotations

import struct
from base64 import b64encode
from typing import Any

import orjson
import pytest
from trunkline.v1.llm_pb2 import EmbedRequest
from trunkline_server.domain.errors import ProviderError, Reason
from trunkline_server.providers.openai_compatible.embeddings import EMBEDDING
from trunkline_server.providers.profiles import builtin
from trunkline_server.providers.wire import MalformedError, Subject


def _subject(profile: str) -> Subject:
    return Subject(builtin()[profile], profile, "m")


_ASKED = EmbedRequest(inputs=["a", "b"], dimensions=8, purpose="query")


@pytest.mark.parametrize(
    ("profile", "sent", "refused"),
    [
        ("openai", {"dimensions": 8, "encoding_format": "base64"}, ["purpose"]),
        ("azure", {"dimensions": 8, "encoding_format": "base64"}, ["purpose"]),
        ("mistral", {"output_dimension": 8, "encoding_format": "base64"}, ["purpose"]),
        ("openrouter", {"dimensions": 8, "input_type": "search_query", "encoding_format": "base64"}, []),
        ("vllm", {"dimensions": 8, "encoding_format": "base64"}, ["purpose"]),
        ("llamacpp", {"encoding_format": "base64"}, ["dimensions", "purpose"]),
        ("local", {"encoding_format": "base64"}, ["dimensions", "purpose"]),
        ("ollama", {"dimensions": 8}, ["purpose"]),
        ("together", {}, ["dimensions", "purpose"]),
        ("fireworks", {"dimensions": 8}, ["purpose"]),
    ],
)
def test_each_profile_is_sent_what_it_takes(profile: str, sent: dict[str, Any], refused: list[str]) -> None:
    subject = _subject(profile)
    assert [path for path, _ in EMBEDDING.unsupported(_ASKED, subject)] == refused
    honoured = EmbedRequest()
    honoured.CopyFrom(_ASKED)
    for path in refused:
        honoured.ClearField(path)  # type: ignore[arg-type]
    assert EMBEDDING.unsupported(honoured, subject) == []
    body = orjson.loads(EMBEDDING.encode(honoured, ["b"], subject))
    assert body == {"model": "m", "input": ["b"]} | sent


def test_a_purpose_that_nobody_knows_is_refused() -> None:
    asked = EmbedRequest(inputs=["a"], purpose="fun")
    assert [path for path, _ in EMBEDDING.unsupported(asked, _subject("openrouter"))] == ["purpose"]


def test_profiles_with_embeddings_take_more_than_one_text() -> None:
    offered = [profile for profile in builtin().values() if profile.wire == "openai_chat" and profile.embed_path]
    assert {"openai", "azure", "mistral", "vllm", "openrouter", "portkey"} <= {profile.name for profile in offered}
    assert all(profile.embed_batch > 1 for profile in offered)


def _row(index: int, *vector: float, base64: bool = False) -> dict[str, Any]:
    packed = b64encode(struct.pack(f"<{len(vector)}f", *vector)).decode()
    return {"object": "embedding", "index": index, "embedding": packed if base64 else list(vector)}


@pytest.mark.parametrize("base64", [False, True])
def test_vectors_come_in_the_order_of_the_texts(base64: bool) -> None:
    answer = {
        "model": "m-1",
        "data": [_row(1, 0.5, -0.25, base64=base64), _row(0, 1.0, 2.0, base64=base64)],
        "usage": {"prompt_tokens": 5, "total_tokens": 5, "cost": 0.5},
    }
    found = EMBEDDING.decode(orjson.dumps(answer), _subject("openai"))
    assert list(found.packed) == [struct.pack("<2f", 1, 2), struct.pack("<2f", 0.5, -0.25)]
    assert (found.model, found.usage.input_tokens) == ("m-1", 5)
    assert found.usage.other_units["cost_nano_usd"] == 500_000_000
    assert not found.usage.HasField("output_tokens")


def test_rows_without_numbers_are_in_order() -> None:
    rows = [{"embedding": [1.0]}, {"embedding": [2.0]}]
    found = EMBEDDING.decode(orjson.dumps({"data": rows}), _subject("together"))
    assert list(found.packed) == [struct.pack("<f", 1), struct.pack("<f", 2)]
    assert not found.usage.ByteSize()


@pytest.mark.parametrize(
    "data",
    [
        None,
        5,
        [5],
        [{"index": 0}],
        [_row(0, 1.0), _row(2, 1.0)],
        [_row(0, 1.0), _row(0, 1.0)],
        [{"index": None, "embedding": [1.0]}, _row(1, 1.0)],
        [{"index": 0, "embedding": []}],
        [{"index": 0, "embedding": ""}],
        [{"index": 0, "embedding": "!!!!"}],
        [{"index": 0, "embedding": [None]}],
        [{"index": 0, "embedding": [[1.0]]}],
    ],
)
def test_other_shapes_are_malformed(data: Any) -> None:
    with pytest.raises(MalformedError):
        EMBEDDING.decode(orjson.dumps({"data": data}), _subject("openai"))


def test_an_error_inside_a_200_answer() -> None:
    body = orjson.dumps({"error": {"message": "slow down", "code": 429}})
    with pytest.raises(ProviderError) as caught:
        EMBEDDING.decode(body, _subject("openrouter"))
    assert caught.value.reason == Reason.ERROR_REASON_UPSTREAM_RATE_LIMITED
