"""The pieces of a stream's content blocks as events. Blocks whose pieces mean nothing alone are kept until they end."""

from __future__ import annotations

from base64 import b64decode, b64encode
from collections.abc import Callable, Iterator
from typing import Any

import orjson
from trunkline.v1.completion_pb2 import ProviderEvent

from trunkline_server.providers.bedrock import content
from trunkline_server.providers.blocks import REASONING, TEXT, Blocks, Event
from trunkline_server.providers.wire import MalformedError

Json = dict[str, Any]

_CALL = frozenset({"toolUseId", "name"})
_INPUT = frozenset({"input"})
_THOUGHT = frozenset({"text", "signature", "redactedContent"})
# Blocks that only mean something whole: what the provider's own tools do, and pictures.
_WHOLE = frozenset({"toolUse", "toolResult", "image"})


class Pieces:
    """The blocks of a stream by their place. Text and reasoning have no start of their own."""

    __slots__ = ("_arguments", "_blocks", "_kept", "_place", "_provider", "_redacted")

    def __init__(self, blocks: Blocks, provider: str) -> None:
        self._blocks = blocks
        self._provider = provider
        self._place: int | None = None
        # Whether the call at a place has arguments by now.
        self._arguments: dict[int, bool] = {}
        self._kept: dict[int, tuple[str, Json, list[Any]]] = {}
        self._redacted: dict[int, list[str]] = {}

    def at(self, place: int) -> Iterator[Event]:
        """Prose of another place is complete."""
        if place != self._place:
            self._place = place
            yield from self._blocks.end()

    def start(self, place: int, start: Json) -> Iterator[Event]:
        """A block begins."""
        yield from self.at(place)
        for kind, inner in start.items():
            if kind == "toolUse" and "type" not in inner:
                self._arguments[place] = False
                yield from self._blocks.call(place, inner.get("toolUseId") or "", inner["name"])
                yield from content.rest(inner, _CALL, "toolUse.", self._provider)
            elif kind in _WHOLE:
                self._kept[place] = (kind, inner, [])
            else:
                yield self._unknown("contentBlockStart", place, "start", {kind: inner})

    def grow(self, place: int, delta: Json) -> Iterator[Event]:
        """A block grows."""
        yield from self.at(place)
        for kind, inner in delta.items():
            if place in self._kept and kind == self._kept[place][0]:
                self._kept[place][2].append(inner)
            elif kind == "text":
                if inner:
                    yield from self._blocks.prose(TEXT, inner)
            elif kind == "toolUse" and place in self._arguments:
                yield from self._argument(place, inner)
            elif kind == "reasoningContent":
                yield from self._thought(place, inner)
            elif kind == "citation":
                yield from self._blocks.citation(content.citation(inner), None, None)
            elif kind in _WHOLE:
                raise MalformedError(f"a piece of {kind} came without its beginning")
            else:
                yield self._unknown("contentBlockDelta", place, "delta", {kind: inner})

    def stop(self, place: int) -> Iterator[Event]:
        """A block is complete."""
        if place in self._arguments:
            if not self._arguments.pop(place):
                yield from self._blocks.arguments(place, b"{}")
            yield from self._blocks.end_call(place)
        elif place in self._kept:
            kind, first, more = self._kept.pop(place)
            yield from content.block({kind: _BUILDERS[kind](first, more)}, place, self._blocks, self._provider)
        elif place in self._redacted:
            yield from self._blocks.redacted(_joined(self._redacted.pop(place)))
        else:
            yield from self._blocks.end()

    def stop_all(self) -> Iterator[Event]:
        """Every block is complete, though its end was not told."""
        for place in sorted({*self._arguments, *self._kept, *self._redacted}):
            yield from self.stop(place)

    def _argument(self, place: int, inner: Json) -> Iterator[Event]:
        piece = inner.get("input")
        if piece:
            self._arguments[place] = True
            yield from self._blocks.arguments(place, piece.encode())
        if not _INPUT.issuperset(inner):
            yield from content.rest(inner, _INPUT, "toolUse.", self._provider)

    def _thought(self, place: int, inner: Json) -> Iterator[Event]:
        if inner.get("text"):
            yield from self._blocks.prose(REASONING, inner["text"])
        if inner.get("signature"):
            yield from self._blocks.signature(inner["signature"])
        if inner.get("redactedContent"):
            self._redacted.setdefault(place, []).append(inner["redactedContent"])
        if not _THOUGHT.issuperset(inner):
            yield from content.rest(inner, _THOUGHT, "reasoningContent.", self._provider)

    def _unknown(self, event: str, place: int, field: str, value: Json) -> Event:
        told = orjson.dumps({"contentBlockIndex": place, field: value})
        name = f"{event}.{next(iter(value))}"
        return Event(provider_event=ProviderEvent(provider=self._provider, type=name, raw_json=told))


def _use(first: Json, more: list[Json]) -> Json:
    text = "".join(piece.get("input") or "" for piece in more)
    try:
        asked = orjson.loads(text or "{}")
    except orjson.JSONDecodeError:
        asked = text
    return first | {"input": asked}


def _result(first: Json, more: list[list[Json]]) -> Json:
    """Text grows; anything else stands for itself."""
    found: list[Json] = []
    for piece in (piece for pieces in more for piece in pieces):
        if found and piece.keys() == {"text"} == found[-1].keys():
            found[-1] = {"text": found[-1]["text"] + piece["text"]}
        else:
            found.append(piece)
    return first | {"content": found}


def _image(first: Json, more: list[Json]) -> Json:
    data = [piece["source"]["bytes"] for piece in more if "bytes" in (piece.get("source") or {})]
    built = first
    for piece in more:
        built = built | piece
    return built | {"source": {"bytes": _joined(data)}} if data else built


def _joined(pieces: list[str]) -> str:
    """Pieces of base64 that were each encoded alone."""
    return pieces[0] if len(pieces) == 1 else b64encode(b"".join(map(b64decode, pieces))).decode()


_BUILDERS: dict[str, Callable[[Json, list[Any]], Json]] = {"toolUse": _use, "toolResult": _result, "image": _image}
