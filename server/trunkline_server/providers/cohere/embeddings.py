"""Embeddings: `v2/embed`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import orjson
from trunkline.v1.common_pb2 import Usage, UsageSource
from trunkline.v1.llm_pb2 import EmbedRequest

from trunkline_server.providers import options, vectors
from trunkline_server.providers.cohere import usage
from trunkline_server.providers.wire import Embedding, MalformedError, Subject, Vectors

Json = dict[str, Any]

# The API demands a purpose; texts that are stored to be searched are the usual one.
_DEFAULT = "search_document"
_PURPOSES = {
    "query": "search_query",
    "document": "search_document",
    "classification": "classification",
    "clustering": "clustering",
}


def encode(request: EmbedRequest, texts: Sequence[str], subject: Subject) -> bytes:
    """The body for one batch of texts."""
    body: Json = {
        "model": subject.model,
        "input_type": _PURPOSES.get(request.purpose, _DEFAULT),
        "texts": list(texts),
        "embedding_types": ["float"],
    }
    if request.HasField("dimensions"):
        body["output_dimension"] = request.dimensions
    return orjson.dumps(body)


def decode(body: bytes, subject: Subject) -> Vectors:
    """The vectors, in the order of the texts."""
    answer = options.answered(body)
    found = answer.get("embeddings")
    by_type: Json = found if isinstance(found, dict) else {"float": found}
    told = by_type.get("float") or by_type.get("base64")
    if not isinstance(told, list):
        raise MalformedError("the answer has no vectors")
    return Vectors([vectors.pack(vector) for vector in told], _usage(answer.get("meta")))


def _usage(meta: object) -> Usage:
    """Nothing is put around a text to embed, so that all that is read is billed."""
    found = (usage.decode(meta) if isinstance(meta, dict) else None) or Usage()
    if not found.HasField("input_tokens") and found.HasField("billed_input_tokens"):
        found.input_tokens = found.billed_input_tokens
    if found.ByteSize():
        found.source = UsageSource.USAGE_SOURCE_PROVIDER
    return found


def unsupported(request: EmbedRequest, subject: Subject) -> Sequence[tuple[str, str]]:
    """(field path, why) of what Cohere has no word for."""
    if request.purpose and request.purpose not in _PURPOSES:
        return [("purpose", f"{subject.profile.display_name} knows {', '.join(_PURPOSES)}")]
    return []


EMBEDDING = Embedding(encode=encode, decode=decode, unsupported=unsupported)
