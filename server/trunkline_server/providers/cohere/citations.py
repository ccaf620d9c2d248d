"""Citations of Cohere: which characters of the answer rest on which documents or tool results."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Any

import orjson
from trunkline.v1.content_pb2 import Citation

Json = dict[str, Any]

# The kind of a citation in the answer's text; there are others in the thoughts and in the plan.
TEXT = "TEXT_CONTENT"
# The id of a document that came with the request, by its place: ours and Cohere's own are made alike.
_PLACE = re.compile(r"doc:(\d{1,9})")
_PASSAGES = ("snippet", "text", "content")


def document_id(place: int) -> str:
    """The id of the document at `place` in the request."""
    return f"doc:{place}"


def read(told: Json) -> Iterator[Citation]:
    """One citation for each source."""
    raw = orjson.dumps(told)
    sources: Sequence[Json] = told.get("sources") or ({},)
    for source in sources:
        yield _citation(source, raw)


def _citation(source: Json, raw: bytes) -> Citation:
    fields = source.get("document") or source.get("tool_output")
    document: Json = fields if isinstance(fields, dict) else {}
    name = source.get("id") or ""
    citation = Citation(
        title=_text(document, "title"),
        uri=_text(document, "url"),
        cited_text=next((said for field in _PASSAGES if (said := _text(document, field))), ""),
        source_id=name,
        raw_json=raw,
    )
    place = _PLACE.fullmatch(name) if source.get("type") == "document" else None
    if place:
        citation.document_index = int(place[1])
    return citation


def _text(fields: Json, name: str) -> str:
    value = fields.get(name)
    return value if isinstance(value, str) else ""
