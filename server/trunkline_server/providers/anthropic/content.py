"""Content blocks as events, while they grow. A whole block is one that begins complete and grows no more."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import orjson
from trunkline.v1.content_pb2 import Citation, Opaque

from trunkline_server.providers.anthropic.messages import CALL_EXTRAS, kept
from trunkline_server.providers.blocks import REASONING, TEXT, Blocks, Event

Json = dict[str, Any]

# Blocks that have a place in the contract, with their fields. Every other one becomes an opaque part.
FIELDS: dict[str, frozenset[str]] = {
    "text": frozenset({"type", "text", "citations"}),
    "thinking": frozenset({"type", "thinking", "signature"}),
    "redacted_thinking": frozenset({"type", "data"}),
    "tool_use": frozenset({"type", "id", "name", "input"}) | CALL_EXTRAS,
}
# The fields that deltas of known blocks have between them.
DELTA = frozenset({"type", "text", "thinking", "signature", "citation", "partial_json"})


class Open:
    """A block that is open: what began it, and pieces of JSON text that came since."""

    __slots__ = ("block", "kind", "pieces", "place")

    def __init__(self, place: int, block: Json) -> None:
        self.place = place
        self.block = block
        self.kind: str = block.get("type") or ""
        self.pieces: list[str] = []


def begin(open: Open, blocks: Blocks) -> Iterator[Event]:
    """The block begins."""
    block, kind = open.block, open.kind
    if kind == "text":
        yield from blocks.begin(TEXT)
        if block.get("text"):
            yield from blocks.prose(TEXT, block["text"])
        for citation in block.get("citations") or ():
            yield from blocks.citation(_citation(citation), None, None)
    elif kind == "thinking":
        yield from blocks.begin(REASONING)
        if block.get("thinking"):
            yield from blocks.prose(REASONING, block["thinking"])
        if block.get("signature"):
            yield from blocks.signature(block["signature"])
    elif kind == "redacted_thinking":
        yield from blocks.redacted(block["data"])
    elif kind == "tool_use":
        yield from blocks.call(open.place, block.get("id") or "", block.get("name") or "", kept(block))


def grow(open: Open, delta: Json, blocks: Blocks) -> Iterator[Event] | None:
    """The block grows. None for a delta that it cannot take."""
    grower = _GROWERS.get((open.kind, delta["type"]))
    if grower is not None:
        return grower(open, delta, blocks)
    if open.kind in FIELDS:
        return None
    _collect(open, delta)
    return iter(())


def end(open: Open, blocks: Blocks, provider: str) -> Iterator[Event]:
    """The block is complete."""
    if open.kind == "tool_use":
        if not open.pieces:
            yield from blocks.arguments(open.place, _arguments(open.block.get("input")))
        yield from blocks.end_call(open.place)
    elif open.kind in FIELDS:
        yield from blocks.end()
    else:
        if open.pieces:
            open.block["input"] = _parsed("".join(open.pieces))
        yield from blocks.opaque(Opaque(provider=provider, type=open.kind, raw_json=orjson.dumps(open.block)))


def _text(open: Open, delta: Json, blocks: Blocks) -> Iterator[Event]:
    return blocks.prose(TEXT, delta["text"]) if delta["text"] else iter(())


def _thinking(open: Open, delta: Json, blocks: Blocks) -> Iterator[Event]:
    return blocks.prose(REASONING, delta["thinking"]) if delta["thinking"] else iter(())


def _signature(open: Open, delta: Json, blocks: Blocks) -> Iterator[Event]:
    return blocks.signature(delta["signature"])


def _cite(open: Open, delta: Json, blocks: Blocks) -> Iterator[Event]:
    return blocks.citation(_citation(delta["citation"]), None, None)


def _argue(open: Open, delta: Json, blocks: Blocks) -> Iterator[Event]:
    piece = delta["partial_json"]
    if not piece:
        return iter(())
    open.pieces.append(piece)
    return blocks.arguments(open.place, piece.encode())


_GROWERS: dict[tuple[str, str], Callable[[Open, Json, Blocks], Iterator[Event]]] = {
    ("text", "text_delta"): _text,
    ("text", "citations_delta"): _cite,
    ("thinking", "thinking_delta"): _thinking,
    ("thinking", "signature_delta"): _signature,
    ("tool_use", "input_json_delta"): _argue,
}


def _collect(open: Open, delta: Json) -> None:
    """A block that is not known grows as all blocks do: text and lists are continued, anything else replaced."""
    if delta["type"] == "input_json_delta":
        open.pieces.append(delta["partial_json"])
        return
    if delta["type"] == "citations_delta":
        delta = {"citations": [delta["citation"]]}
    for name, value in delta.items():
        if name == "type":
            continue
        before = open.block.get(name)
        continued = isinstance(value, str | list) and type(before) is type(value)
        open.block[name] = before + value if continued else value


def _arguments(given: object) -> bytes:
    """Arguments that came with the block: an object, or its text from servers that send that."""
    return given.encode() if isinstance(given, str) else orjson.dumps(given or {})


def _parsed(text: str) -> Any:
    try:
        return orjson.loads(text)
    except orjson.JSONDecodeError:
        # Cut off by a limit; it stays as it is.
        return text


def _citation(source: Json) -> Citation:
    """A source of the whole block; its positions count within the source, not within the text."""
    origin = source.get("source") or ""
    found = Citation(
        title=source.get("document_title") or source.get("title") or "",
        uri=source.get("url") or (origin if origin.startswith(("http://", "https://")) else ""),
        cited_text=source.get("cited_text") or "",
        source_id=source.get("file_id") or origin,
        raw_json=orjson.dumps(source),
    )
    index = source.get("document_index")
    if type(index) is int:
        found.document_index = index
    return found
