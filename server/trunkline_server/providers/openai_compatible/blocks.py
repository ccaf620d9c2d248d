"""Keeps the books of one candidate's content: which block is open, its index, its kind."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, TypeAlias

import orjson
from trunkline.v1.completion_pb2 import (
    BlockKind,
    ContentDelta,
    ContentFinished,
    ContentStarted,
    StreamCompleteResponse,
)
from trunkline.v1.content_pb2 import Citation, Media, Opaque, Part, Reasoning, TokenLogprob, ToolCall

Event: TypeAlias = StreamCompleteResponse
Kind: TypeAlias = BlockKind.ValueType

TEXT = BlockKind.BLOCK_KIND_TEXT
REASONING = BlockKind.BLOCK_KIND_REASONING
REFUSAL = BlockKind.BLOCK_KIND_REFUSAL
_TOOL_CALL = BlockKind.BLOCK_KIND_TOOL_CALL
_MEDIA = BlockKind.BLOCK_KIND_MEDIA
_OPAQUE = BlockKind.BLOCK_KIND_OPAQUE
_DELTA = {TEXT: "text", REASONING: "reasoning_text", REFUSAL: "refusal"}


class Blocks:
    """The blocks of one candidate. At most one block of prose (text, reasoning, refusal) is open at a time; the text
    stays open beside tool calls, and calls stay open to the end, because providers interleave them."""

    __slots__ = ("_calls", "_candidate", "_media", "_next", "_prose", "_prose_index", "_said", "id_stem")

    def __init__(self, candidate: int) -> None:
        self._candidate = candidate
        self._next = 0
        self._prose: Kind = BlockKind.BLOCK_KIND_UNSPECIFIED
        self._prose_index = 0
        self._calls: dict[int, int] = {}
        self._media: int | None = None
        self._said: list[str] = []
        self.id_stem = ""

    def prose(self, kind: Kind, text: str, logprobs: list[TokenLogprob] | None = None) -> Iterator[Event]:
        """Text, reasoning or refusal grows."""
        if self._prose != kind:
            yield from self._open_prose(kind)
        if kind == TEXT:
            self._said.append(text)
        delta = ContentDelta(candidate=self._candidate, index=self._prose_index)
        setattr(delta, _DELTA[kind], text)
        if logprobs:
            delta.logprobs.extend(logprobs)
        yield Event(content_delta=delta)

    def signature(self, signature: str) -> Iterator[Event]:
        """The signature of the reasoning."""
        if self._prose != REASONING:
            yield from self._open_prose(REASONING)
        yield self._delta(self._prose_index, reasoning_signature=signature.encode())

    def redacted(self, data: str) -> Iterator[Event]:
        """Encrypted reasoning, as a block of its own."""
        yield from self._close_prose()
        yield from self._whole(REASONING, Part(reasoning=Reasoning(redacted_data=data.encode())))

    def citation(self, citation: Citation, start: object, end: object) -> Iterator[Event]:
        """A source of the text. `start` and `end` count characters; the contract counts UTF-8 bytes."""
        if self._prose != TEXT:
            yield from self._open_prose(TEXT)
        said = "".join(self._said)
        if type(start) is int and type(end) is int and 0 <= start < end <= len(said):
            citation.start = len(said[:start].encode())
            citation.end = len(said[:end].encode())
        yield self._delta(self._prose_index, citation=citation)

    def call(self, place: int | None, call: dict[str, Any]) -> Iterator[Event]:
        """A tool call begins or grows. `place` is the provider's index; without one, an id or a name begins a call."""
        function = call.get("function") or {}
        if place is None:
            begins = bool(call.get("id") or function.get("name")) or not self._calls
            place = len(self._calls) if begins else len(self._calls) - 1
        if place not in self._calls:
            if self._prose != TEXT:
                yield from self._close_prose()
            self._calls[place] = index = self._next
            known = ToolCall(
                id=call.get("id") or f"call_{self.id_stem}_{self._candidate}_{index}",
                name=function.get("name") or "",
                signature=_signature(call),
            )
            yield from self._start(_TOOL_CALL, Part(tool_call=known))
        arguments = function.get("arguments")
        if arguments:
            # Some servers send an object where the wire asks for its text.
            text = arguments.encode() if isinstance(arguments, str) else orjson.dumps(arguments)
            yield self._delta(self._calls[place], tool_arguments_json=text)

    def media(self, first: Media, more: Media | None) -> Iterator[Event]:
        """Generated media begins, or the media that is open grows by `more`."""
        if self._media is None:
            yield from self._close_prose()
            self._media = self._next
            yield from self._start(_MEDIA, Part(media=first))
        if more is not None:
            yield self._delta(self._media, media=more)

    def picture(self, media: Media) -> Iterator[Event]:
        """A whole picture."""
        yield from self._close_prose()
        yield from self._whole(_MEDIA, Part(media=media))

    def opaque(self, opaque: Opaque) -> Iterator[Event]:
        """A block that is not known, whole."""
        yield from self._close_prose()
        yield from self._whole(_OPAQUE, Part(opaque=opaque))

    def finish(self) -> Iterator[Event]:
        """Close what is open."""
        yield from self._close_prose()
        open_blocks = [*self._calls.values()] + ([] if self._media is None else [self._media])
        for index in sorted(open_blocks):
            yield self._finished(index)
        self._calls.clear()
        self._media = None

    def _open_prose(self, kind: Kind) -> Iterator[Event]:
        yield from self._close_prose()
        self._prose, self._prose_index = kind, self._next
        if kind == TEXT:
            self._said.clear()
        yield from self._start(kind, None)

    def _close_prose(self) -> Iterator[Event]:
        if self._prose:
            yield self._finished(self._prose_index)
            self._prose = BlockKind.BLOCK_KIND_UNSPECIFIED

    def _whole(self, kind: Kind, part: Part) -> Iterator[Event]:
        index = self._next
        yield from self._start(kind, part)
        yield self._finished(index)

    def _start(self, kind: Kind, part: Part | None) -> Iterator[Event]:
        started = ContentStarted(candidate=self._candidate, index=self._next, kind=kind, part=part)
        self._next += 1
        yield Event(content_started=started)

    def _delta(self, index: int, **delta: Any) -> Event:
        return Event(content_delta=ContentDelta(candidate=self._candidate, index=index, **delta))

    def _finished(self, index: int) -> Event:
        return Event(content_finished=ContentFinished(candidate=self._candidate, index=index))


def _signature(call: dict[str, Any]) -> bytes:
    """Gemini's thought signature, as its OpenAI-compatible endpoint sends it."""
    google = (call.get("extra_content") or {}).get("google") or {}
    signature = google.get("thought_signature")
    return signature.encode() if isinstance(signature, str) else b""
