"""Embeddings by InvokeModel, whose body is each model family's own."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import orjson
from trunkline.v1.common_pb2 import Usage, UsageSource
from trunkline.v1.llm_pb2 import EmbedRequest

from trunkline_server.domain.errors import Reason, invalid_fields
from trunkline_server.providers.options import answered
from trunkline_server.providers.vectors import pack
from trunkline_server.providers.wire import MalformedError, Subject, Vectors

Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class _Family:
    """How to ask, where the vectors are in the answer, and what the models take. `purposes` maps ours to theirs."""

    ask: Callable[[EmbedRequest, Sequence[str], str], Json]
    vectors: Callable[[Json], Sequence[object]]
    dimensions: bool = False
    purposes: tuple[tuple[str, str], ...] = ()


def encode(request: EmbedRequest, inputs: Sequence[str], subject: Subject) -> bytes:
    """The body of one call. Raises UNSUPPORTED_PARAMETER for a model that is not known to embed."""
    family = _of(subject.model)
    if family is None:
        raise invalid_fields(list(unsupported(request, subject)), reason=Reason.ERROR_REASON_UNSUPPORTED_PARAMETER)
    purpose = dict(family.purposes).get(request.purpose, "")
    return orjson.dumps(family.ask(request, inputs, purpose))


def decode(body: bytes, subject: Subject) -> Vectors:
    """The vectors. The count is in the body for Titan only; the others have it in a header, where it stays unknown."""
    answer, family = answered(body), _of(subject.model)
    count = answer.get("inputTextTokenCount")
    known = type(count) is int and count >= 0
    usage = Usage(source=UsageSource.USAGE_SOURCE_PROVIDER, input_tokens=count) if known else Usage()
    try:
        found = family.vectors(answer) if family else ()
        packed = [pack(vector) for vector in found]
    except (AttributeError, LookupError, TypeError):
        raise MalformedError("the answer has no vectors where they should be") from None
    if not packed:
        raise MalformedError("the answer has no vectors")
    return Vectors(packed, usage)


def unsupported(request: EmbedRequest, subject: Subject) -> Sequence[tuple[str, str]]:
    """(field path, why) of what the model cannot honour."""
    family = _of(subject.model)
    if family is None:
        return [("model", f"{subject.model} is not known to make embeddings on Amazon Bedrock")]
    found = []
    if request.HasField("dimensions") and not family.dimensions:
        found.append(("dimensions", f"{subject.model} has vectors of one length only"))
    if request.purpose and request.purpose not in dict(family.purposes):
        found.append(("purpose", f"{subject.model} does not know this purpose"))
    return found


def _titan_one(request: EmbedRequest, inputs: Sequence[str], purpose: str) -> Json:
    return {"inputText": inputs[0]}


def _titan(request: EmbedRequest, inputs: Sequence[str], purpose: str) -> Json:
    asked: Json = {"inputText": inputs[0], "normalize": True}
    if request.HasField("dimensions"):
        asked["dimensions"] = request.dimensions
    return asked


def _titan_image(request: EmbedRequest, inputs: Sequence[str], purpose: str) -> Json:
    asked: Json = {"inputText": inputs[0]}
    if request.HasField("dimensions"):
        asked["embeddingConfig"] = {"outputEmbeddingLength": request.dimensions}
    return asked


def _cohere(request: EmbedRequest, inputs: Sequence[str], purpose: str) -> Json:
    # The API requires a purpose; texts that are kept are the common case.
    asked: Json = {"texts": list(inputs), "input_type": purpose or "search_document", "embedding_types": ["float"]}
    if request.HasField("dimensions"):
        asked["output_dimension"] = request.dimensions
    return asked


def _nova(request: EmbedRequest, inputs: Sequence[str], purpose: str) -> Json:
    # Without truncation a text that is too long is an error, not a vector of half of it.
    text = {"truncationMode": "NONE", "value": inputs[0]}
    asked: Json = {"embeddingPurpose": purpose or "GENERIC_INDEX", "text": text}
    if request.HasField("dimensions"):
        asked["embeddingDimension"] = request.dimensions
    return {"taskType": "SINGLE_EMBEDDING", "singleEmbeddingParams": asked}


def _one(answer: Json) -> Sequence[object]:
    return [answer["embedding"]]


def _by_type(answer: Json) -> Sequence[object]:
    vectors = answer["embeddings"]
    found: Sequence[object] = vectors["float"] if isinstance(vectors, dict) else vectors
    return found


def _listed(answer: Json) -> Sequence[object]:
    return [each["embedding"] for each in answer["embeddings"]]


_COHERE_PURPOSES = (
    ("query", "search_query"),
    ("document", "search_document"),
    ("classification", "classification"),
    ("clustering", "clustering"),
)
_NOVA_PURPOSES = (
    ("query", "TEXT_RETRIEVAL"),
    ("document", "GENERIC_INDEX"),
    ("classification", "CLASSIFICATION"),
    ("clustering", "CLUSTERING"),
)
# The first pattern that is found in the model's id decides.
_FAMILIES = (
    (r"titan-embed-text-v1|titan-embed-g1", _Family(_titan_one, _one)),
    (r"titan-embed-text", _Family(_titan, _one, dimensions=True)),
    (r"titan-embed-image", _Family(_titan_image, _one, dimensions=True)),
    (r"cohere\.embed-(english|multilingual)", _Family(_cohere, _by_type, purposes=_COHERE_PURPOSES)),
    (r"cohere\.embed", _Family(_cohere, _by_type, dimensions=True, purposes=_COHERE_PURPOSES)),
    (r"nova.*-embeddings", _Family(_nova, _listed, dimensions=True, purposes=_NOVA_PURPOSES)),
)


def _of(model: str) -> _Family | None:
    return next((family for pattern, family in _FAMILIES if re.search(pattern, model.lower())), None)
