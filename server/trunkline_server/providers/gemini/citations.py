"""Sources of an answer: what search or retrieval grounds it on, and what the model recites."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

import orjson
from trunkline.v1.content_pb2 import Citation

Json = dict[str, Any]

# The kinds of sources, each an object of its own.
_KINDS = ("web", "retrievedContext", "maps", "image")


class Cited(NamedTuple):
    """A citation, and the place that the API tells: bytes of the text, and that text where it tells it."""

    citation: Citation
    start: int
    end: int
    text: str


def grounding(told: Json) -> Iterator[Cited]:
    """One citation for each source of each grounded segment."""
    chunks = told.get("groundingChunks") or ()
    for support in told.get("groundingSupports") or ():
        segment = support.get("segment") or {}
        for index in support.get("groundingChunkIndices") or ():
            chunk: Json = chunks[index] if 0 <= index < len(chunks) else {}
            source: Json = next((chunk[kind] for kind in _KINDS if kind in chunk), {})
            citation = Citation(
                title=source.get("title") or "",
                uri=source.get("uri") or source.get("sourceUri") or "",
                cited_text=source.get("text") or "",
                source_id=source.get("placeId") or source.get("documentName") or "",
                raw_json=orjson.dumps({"groundingSupport": support, "groundingChunk": chunk}),
            )
            start, end = segment.get("startIndex") or 0, segment.get("endIndex") or 0
            yield Cited(citation, start, end, segment.get("text") or "")


def recitations(told: Json) -> Iterator[Cited]:
    """What the model took from elsewhere; AI Studio and Vertex AI name the list differently."""
    for source in told.get("citationSources") or told.get("citations") or ():
        citation = Citation(title=source.get("title") or "", uri=source.get("uri") or "", raw_json=orjson.dumps(source))
        yield Cited(citation, source.get("startIndex") or 0, source.get("endIndex") or 0, "")


def place(cited: Cited, said: bytes) -> Citation:
    """The citation with its place in `said`, the text of its part. Places count within the provider's part, which
    need not be the same: the text that was told decides."""
    citation, start, end, text = cited
    wanted = text.encode()
    if wanted and said[start:end] != wanted:
        start = said.find(wanted)
        end = start + len(wanted)
    if 0 <= start < end <= len(said):
        citation.start, citation.end = start, end
    return citation
