"""Whole content blocks of Bedrock as events. A stream's blocks that cannot be told piece by piece come here too."""

from __future__ import annotations

from base64 import b64decode
from binascii import Error as Base64Error
from collections.abc import Callable, Collection, Hashable, Iterator
from typing import Any

import orjson
from trunkline.v1.completion_pb2 import ProviderEvent
from trunkline.v1.content_pb2 import Citation, Media, MediaKind, Opaque

from trunkline_server.providers.blocks import REASONING, TEXT, Blocks, Event
from trunkline_server.providers.wire import MalformedError

Json = dict[str, Any]

_CALL = frozenset({"toolUseId", "name", "input"})


def block(block: Json, place: Hashable, blocks: Blocks, provider: str) -> Iterator[Event]:
    """One block. What is not known becomes an opaque part, the JSON as received."""
    kind = next(iter(block), "")
    inner = block.get(kind)
    read = _READERS.get(kind)
    if read is None or len(block) != 1 or not _plain(kind, inner):
        yield from blocks.opaque(Opaque(provider=provider, type=_name(kind, inner), raw_json=orjson.dumps(block)))
        return
    yield from read(inner, place, blocks, provider)
    yield from blocks.end()


def citation(source: Json) -> Citation:
    """A source. Its location counts within the source, not within the text."""
    location = source.get("location") or {}
    where: Json = next((each for each in location.values() if isinstance(each, dict)), {})
    origin = source.get("source") or ""
    found = Citation(
        title=source.get("title") or "",
        uri=where.get("url") or (origin if origin.startswith(("http://", "https://")) else ""),
        cited_text="".join(piece.get("text") or "" for piece in source.get("sourceContent") or ()),
        source_id=origin,
        raw_json=orjson.dumps(source),
    )
    index = where.get("documentIndex")
    if type(index) is int:
        found.document_index = index
    return found


def rest(fields: Json, known: Collection[str], prefix: str, provider: str) -> Iterator[Event]:
    """Fields that have no place in the contract; empty ones say nothing."""
    for name, value in fields.items():
        if name not in known and value not in (None, "", {}, []):
            event = ProviderEvent(provider=provider, type=prefix + name, raw_json=orjson.dumps(value))
            yield Event(provider_event=event)


def _plain(kind: str, inner: object) -> bool:
    """Whether nothing of the block would be lost by reading it. Tools that the provider runs have a `type`."""
    if kind == "text":
        return isinstance(inner, str)
    if not isinstance(inner, dict):
        return False
    if kind == "reasoningContent":
        thought = inner.get("reasoningText")
        known = isinstance(thought, dict) and thought.keys() <= {"text", "signature"}
        return len(inner) == 1 and (known or isinstance(inner.get("redactedContent"), str))
    if kind == "toolUse":
        return "type" not in inner
    if kind == "image":
        source = inner.get("source") or {}
        known = source.keys() == {"bytes"} or (source.get("s3Location") or {}).keys() == {"uri"}
        return known and len(source) == 1 and inner.keys() == {"format", "source"}
    return all(piece.keys() == {"text"} for piece in inner.get("content") or ())


def _name(kind: str, inner: object) -> str:
    told = inner.get("type") if isinstance(inner, dict) and kind in ("toolUse", "toolResult") else None
    return told if isinstance(told, str) and told else kind


def _text(inner: str, place: Hashable, blocks: Blocks, provider: str) -> Iterator[Event]:
    if inner:
        yield from blocks.prose(TEXT, inner)


def _reasoning(inner: Json, place: Hashable, blocks: Blocks, provider: str) -> Iterator[Event]:
    if "redactedContent" in inner:
        yield from blocks.redacted(inner["redactedContent"])
        return
    thought = inner["reasoningText"]
    if thought.get("text"):
        yield from blocks.prose(REASONING, thought["text"])
    if thought.get("signature"):
        yield from blocks.signature(thought["signature"])


def _call(inner: Json, place: Hashable, blocks: Blocks, provider: str) -> Iterator[Event]:
    yield from blocks.call(place, inner.get("toolUseId") or "", inner.get("name") or "")
    arguments = inner.get("input", {})
    yield from blocks.arguments(place, arguments.encode() if isinstance(arguments, str) else orjson.dumps(arguments))
    yield from blocks.end_call(place)
    yield from rest(inner, _CALL, "toolUse.", provider)


def _cited(inner: Json, place: Hashable, blocks: Blocks, provider: str) -> Iterator[Event]:
    text = "".join(piece["text"] for piece in inner.get("content") or ())
    if text:
        yield from blocks.prose(TEXT, text)
    for source in inner.get("citations") or ():
        yield from blocks.citation(citation(source), None, None)
    yield from rest(inner, ("content", "citations"), "citationsContent.", provider)


def _image(inner: Json, place: Hashable, blocks: Blocks, provider: str) -> Iterator[Event]:
    media = Media(kind=MediaKind.MEDIA_KIND_IMAGE, mime_type=f"image/{inner['format']}")
    source = inner["source"]
    if "bytes" in source:
        media.data = _bytes(source["bytes"])
    else:
        media.uri = source["s3Location"]["uri"]
    yield from blocks.picture(media)


def _bytes(text: str) -> bytes:
    try:
        return b64decode(text)
    except Base64Error:
        raise MalformedError("media is not base64") from None


_READERS: dict[str, Callable[[Any, Hashable, Blocks, str], Iterator[Event]]] = {
    "text": _text,
    "reasoningContent": _reasoning,
    "toolUse": _call,
    "citationsContent": _cited,
    "image": _image,
}
