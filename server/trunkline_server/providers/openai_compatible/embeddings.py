"""Embeddings of the OpenAI wire. Which options a provider takes, and what it calls them, is in its profile."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import orjson
from trunkline.v1.common_pb2 import Usage
from trunkline.v1.llm_pb2 import EmbedRequest

from trunkline_server.providers import errors, options, vectors
from trunkline_server.providers.openai_compatible import usage
from trunkline_server.providers.wire import Embedding, MalformedError, Subject, Vectors

Json = dict[str, Any]

# The words of providers that pass a purpose on to models of several makers.
_PURPOSES = {
    "query": "search_query",
    "document": "search_document",
    "classification": "classification",
    "clustering": "clustering",
}


def encode(request: EmbedRequest, texts: Sequence[str], subject: Subject) -> bytes:
    """The body for one batch of texts."""
    profile = subject.profile
    body: Json = {"model": subject.model, "input": list(texts)}
    if request.HasField("dimensions"):
        body[profile.dimensions_field] = request.dimensions
    if request.purpose:
        body[profile.purpose_field] = _PURPOSES[request.purpose]
    if profile.embed_base64:
        # A quarter of the bytes, and nothing to parse.
        body["encoding_format"] = "base64"
    return orjson.dumps(body)


def decode(body: bytes, subject: Subject) -> Vectors:
    """The vectors in the order of the texts, in whichever shape they came."""
    answer = options.answered(body)
    if answer.get("error"):
        raise errors.in_answer(answer, subject.provider, None)
    try:
        rows = sorted((row.get("index", place), place, row["embedding"]) for place, row in enumerate(answer["data"]))
    except (AttributeError, KeyError, TypeError):
        raise MalformedError("the answer has no vectors") from None
    if [index for index, _, _ in rows] != list(range(len(rows))):
        raise MalformedError("the vectors are not numbered from 0 without gaps")
    counts = answer.get("usage")
    used = usage.decode(counts) if isinstance(counts, dict) else Usage()
    return Vectors([vectors.pack(vector) for _, _, vector in rows], used, answer.get("model") or "")


def unsupported(request: EmbedRequest, subject: Subject) -> Sequence[tuple[str, str]]:
    """(field path, why) of what the provider does not take."""
    profile = subject.profile
    found = []
    if request.HasField("dimensions") and not profile.dimensions_field:
        found.append(("dimensions", f"{profile.display_name} does not shorten vectors"))
    if request.purpose and not profile.purpose_field:
        found.append(("purpose", f"{profile.display_name} does not take a purpose"))
    elif request.purpose and request.purpose not in _PURPOSES:
        found.append(("purpose", f"{profile.display_name} knows {', '.join(_PURPOSES)}"))
    return found


EMBEDDING = Embedding(encode=encode, decode=decode, unsupported=unsupported)
