"""Embeddings: `batchEmbedContents` of AI Studio, `predict` of Vertex AI."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import orjson
from trunkline.v1.common_pb2 import Usage, UsageSource
from trunkline.v1.llm_pb2 import EmbedRequest

from trunkline_server.providers import options, vectors
from trunkline_server.providers.gemini import usage
from trunkline_server.providers.gemini.dialect import vertex
from trunkline_server.providers.wire import Embedding, MalformedError, Subject, Vectors

Json = dict[str, Any]

_PURPOSES = {
    "query": "RETRIEVAL_QUERY",
    "document": "RETRIEVAL_DOCUMENT",
    "classification": "CLASSIFICATION",
    "clustering": "CLUSTERING",
}


def encode(request: EmbedRequest, texts: Sequence[str], subject: Subject) -> bytes:
    """The body for one batch of texts."""
    encoder = _predict if vertex(subject.profile) else _batch
    return orjson.dumps(encoder(request, texts, subject))


def _batch(request: EmbedRequest, texts: Sequence[str], subject: Subject) -> Json:
    common: Json = {"model": f"models/{subject.model}"}
    if request.purpose:
        common["taskType"] = _PURPOSES[request.purpose]
    if request.HasField("dimensions"):
        common["outputDimensionality"] = request.dimensions
    return {"requests": [common | {"content": {"parts": [{"text": text}]}} for text in texts]}


def _predict(request: EmbedRequest, texts: Sequence[str], subject: Subject) -> Json:
    common = {"task_type": _PURPOSES[request.purpose]} if request.purpose else {}
    # A text that is too long is refused rather than cut.
    parameters: Json = {"autoTruncate": False}
    if request.HasField("dimensions"):
        parameters["outputDimensionality"] = request.dimensions
    return {"instances": [{"content": text} | common for text in texts], "parameters": parameters}


def decode(body: bytes, subject: Subject) -> Vectors:
    """The vectors, in the order of the texts."""
    answer = options.answered(body)
    try:
        if "predictions" in answer:
            return _predicted([each["embeddings"] for each in answer["predictions"]])
        packed = [vectors.pack(each["values"]) for each in answer["embeddings"]]
    except (AttributeError, KeyError, TypeError):
        raise MalformedError("the answer has no vectors") from None
    counts = answer.get("usageMetadata")
    return Vectors(packed, usage.decode(counts) if isinstance(counts, dict) else Usage())


def _predicted(found: list[Json]) -> Vectors:
    told = [(each.get("statistics") or {}).get("token_count") for each in found]
    counts = [int(count) for count in told if isinstance(count, int | float)]
    used = Usage()
    if len(counts) == len(found):
        used = Usage(input_tokens=sum(counts), source=UsageSource.USAGE_SOURCE_PROVIDER)
    return Vectors([vectors.pack(each["values"]) for each in found], used)


def unsupported(request: EmbedRequest, subject: Subject) -> Sequence[tuple[str, str]]:
    """(field path, why) of what the API has no word for."""
    if request.purpose and request.purpose not in _PURPOSES:
        return [("purpose", f"{subject.profile.display_name} knows {', '.join(_PURPOSES)}")]
    return []


EMBEDDING = Embedding(encode=encode, decode=decode, unsupported=unsupported)
