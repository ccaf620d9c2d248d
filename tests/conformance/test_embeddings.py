"""Embeddings of every wire that has them, against recorded traffic."""

from __future__ import annotations

import struct
from collections.abc import Callable, Mapping
from typing import Any

import orjson
import pytest
from conformance.recordings import MISSING, RECORDINGS, Recording, every, name
from trunkline.v1.common_pb2 import Usage
from trunkline.v1.llm_pb2 import EmbedRequest
from trunkline_server.providers.profiles import builtin
from trunkline_server.providers.wire import Embedding, Subject, Vectors
from trunkline_server.providers.wires import WIRES

Json = dict[str, Any]

_FAMILIES = frozenset({"embeddings", "bedrock-invoke"})


def _embedding(provider: str) -> Embedding | None:
    profile = builtin().get(provider)
    wire = WIRES.get(profile.wire) if profile is not None else None
    return wire.embedding if wire is not None else None


ALL = [r for r in every() if r.family in _FAMILIES and r.status == 200 and _embedding(r.provider) is not None]


# ── What each provider's body asks for ──────────────────────────────────────────────────────────────────────────


def _openai(body: Json) -> EmbedRequest:
    texts = body["input"]
    return EmbedRequest(inputs=[texts] if isinstance(texts, str) else texts, dimensions=body.get("dimensions"))


def _cohere(body: Json) -> EmbedRequest:
    purpose = body["input_type"].removeprefix("search_")
    return EmbedRequest(inputs=body["texts"], dimensions=body.get("output_dimension"), purpose=purpose)


def _gemini(body: Json) -> EmbedRequest:
    each = body["requests"]
    texts = [request["content"]["parts"][0]["text"] for request in each]
    return EmbedRequest(inputs=texts, dimensions=each[0].get("outputDimensionality"))


def _bedrock(body: Json) -> EmbedRequest:
    return EmbedRequest(inputs=[body["inputText"]], dimensions=body.get("dimensions"))


_ASKED: Mapping[str, Callable[[Json], EmbedRequest]] = {
    "openai": _openai,
    "cohere": _cohere,
    "gemini": _gemini,
    "bedrock": _bedrock,
}


def _neutral(body: Json) -> Json:
    """One text is the same alone and in a list; Titan makes vectors of length one unless told otherwise."""
    kept = {name: value for name, value in body.items() if (name, value) != ("normalize", True)}
    texts = kept.get("input")
    return kept | {"input": [texts]} if isinstance(texts, str) else kept


# ── What each expectation means ─────────────────────────────────────────────────────────────────────────────────


def _count(found: Vectors, recording: Recording, value: int) -> None:
    assert len(found.packed) == value


def _length(found: Vectors, recording: Recording, value: int) -> None:
    assert {len(packed) for packed in found.packed} == {4 * value}


def _input_tokens(found: Vectors, recording: Recording, value: int) -> None:
    assert found.usage.HasField("input_tokens")
    assert found.usage.input_tokens == value


def _billed(found: Vectors, recording: Recording, value: int) -> None:
    assert (found.usage.billed_input_tokens, found.usage.input_tokens) == (value, value)


def _model(found: Vectors, recording: Recording, value: str) -> None:
    assert found.model == value


def _encoding(found: Vectors, recording: Recording, value: str) -> None:
    assert recording.request["encoding_format"] == value


def _types(found: Vectors, recording: Recording, value: list[str]) -> None:
    assert recording.request["embedding_types"] == value


_CHECKS: Mapping[str, Callable[[Vectors, Recording, Any], None]] = {
    "embeddings_count": _count,
    "embeddings_dim": _length,
    "input_tokens": _input_tokens,
    "billed_input_tokens": _billed,
    "model": _model,
    "embedding_encoding": _encoding,
    "embedding_types": _types,
}


def _parts(recording: Recording) -> tuple[Embedding, Subject]:
    embedding = _embedding(recording.provider)
    assert embedding is not None
    return embedding, Subject(builtin()[recording.provider], recording.provider, _model_of(recording))


def _model_of(recording: Recording) -> str:
    """The model in the body, or in the address where the body has none."""
    told = recording.request.get("model")
    if told:
        return str(told)
    within = recording.url.partition("/model/" if recording.provider == "bedrock" else "/models/")[2]
    return within.partition("/")[0].partition(":")[0].replace("%3A", ":")


def test_recordings_are_present() -> None:
    if not RECORDINGS.is_dir():
        pytest.skip(MISSING)
    assert {"openai", "cohere"} <= {recording.provider for recording in ALL}


@pytest.mark.parametrize("recording", ALL, ids=name)
def test_vectors(recording: Recording) -> None:
    embedding, subject = _parts(recording)
    found = embedding.decode(recording.body, subject)
    for key, value in recording.expect.items():
        if key not in _CHECKS:
            pytest.fail(f"the expectation {key!r} is not checked")
        _CHECKS[key](found, recording, value)
    assert found.usage.source or found.usage == Usage()


@pytest.mark.parametrize("recording", ALL, ids=name)
def test_vectors_are_what_was_sent(recording: Recording) -> None:
    embedding, subject = _parts(recording)
    told = list(_lists_of_numbers(orjson.loads(recording.body)))
    # Titan tells each vector twice: alone, and by its type.
    sent = [vector for i, vector in enumerate(told) if vector not in told[:i]]
    if sent:
        found = embedding.decode(recording.body, subject)
        assert list(found.packed) == [struct.pack(f"<{len(vector)}f", *vector) for vector in sent]


def _lists_of_numbers(value: Any) -> Any:
    """Every list of fractions in a JSON value, in order."""
    if isinstance(value, list) and value and all(isinstance(each, float | int) for each in value):
        yield value
    elif isinstance(value, list | dict):
        for each in value.values() if isinstance(value, dict) else value:
            yield from _lists_of_numbers(each)


@pytest.mark.parametrize("recording", ALL, ids=name)
def test_a_recorded_request_can_be_asked_for(recording: Recording) -> None:
    embedding, subject = _parts(recording)
    asked = _ASKED[recording.provider](recording.request)
    assert embedding.unsupported(asked, subject) == []
    body = orjson.loads(embedding.encode(asked, list(asked.inputs), subject))
    assert _neutral(body) == _neutral(recording.request)
