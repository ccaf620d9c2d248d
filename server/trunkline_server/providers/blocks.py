"""Keeps the books of one candidate's content: which block is open, its index, its kind."""

from __future__ import annotations

from collections.abc import Hashable, Iterator
from typing import Any, TypeAlias

from trunkline.v1.completion_pb2 import (
    BlockKind,
    ContentDelta,
    ContentFinished,
    ContentStarted,
    StreamCompleteResponse,
)
from trunkline.v1.content_pb2 import Citation, Media, Opaque, Part, Reasoning, TokenLogprob, ToolCall

from trunkline_server.providers.widths import Widths

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
    stays open beside tool calls, and calls stay open to the end unless they are closed, because providers interleave
    them. `signer` signs reasoning and calls; `id_stem` makes the ids of calls that have none."""

    __slots__ = ("_calls", "_candidate", "_media", "_next", "_prose", "_prose_index", "_signer", "_widths", "id_stem")

    def __init__(self, candidate: int, signer: str) -> None:
        self._candidate = candidate
        self._signer = signer
        self._next = 0
        self._prose: Kind = BlockKind.BLOCK_KIND_UNSPECIFIED
        self._prose_index = 0
        self._calls: dict[Hashable, int] = {}
        self._media: int | None = None
        self._widths = Widths()
        self.id_stem = ""

    @property
    def calls(self) -> int:
        """How many tool calls are open."""
        return len(self._calls)

    def begin(self, kind: Kind, part: Part | None = None) -> Iterator[Event]:
        """A new block of prose, even after one of its kind. `part` is what is known of it at its start."""
        yield from self.end()
        self._prose, self._prose_index = kind, self._next
        if kind == TEXT:
            self._widths = Widths()
        yield from self._start(kind, part)

    def end(self) -> Iterator[Event]:
        """The block of prose that is open, if any, is complete."""
        if self._prose:
            yield self._finished(self._prose_index)
            self._prose = BlockKind.BLOCK_KIND_UNSPECIFIED

    def prose(self, kind: Kind, text: str, logprobs: list[TokenLogprob] | None = None) -> Iterator[Event]:
        """Text, reasoning or refusal grows."""
        if self._prose != kind:
            yield from self.begin(kind)
        grown = self._grown(kind, text)
        if logprobs:
            grown.content_delta.logprobs.extend(logprobs)
        yield grown

    def more(self, text: str) -> Event | None:
        """The text that is open grows; None where none is."""
        return self._grown(TEXT, text) if self._prose == TEXT else None

    def signature(self, signature: str) -> Iterator[Event]:
        """The signature of the reasoning."""
        if self._prose != REASONING:
            yield from self.begin(REASONING)
        yield self._delta(self._prose_index, reasoning_signature=signature.encode())

    def redacted(self, data: str) -> Iterator[Event]:
        """Encrypted reasoning, as a block of its own."""
        yield from self.whole(REASONING, Part(reasoning=Reasoning(redacted_data=data.encode())))

    def citation(self, citation: Citation, start: object, end: object) -> Iterator[Event]:
        """A source of the text. `start` and `end` count characters; the contract counts UTF-8 bytes."""
        if self._prose != TEXT:
            yield from self.begin(TEXT)
        widths = self._widths
        if type(start) is int and type(end) is int and 0 <= start < end <= widths.length:
            citation.start, citation.end = widths.offset(start), widths.offset(end)
        yield self._delta(self._prose_index, citation=citation)

    def call(self, place: Hashable, id: str, name: str, signature: bytes = b"") -> Iterator[Event]:
        """A tool call begins, unless the one at `place` has begun before."""
        if place in self._calls:
            return
        if self._prose != TEXT:
            yield from self.end()
        self._calls[place] = index = self._next
        known = ToolCall(id=id or f"call_{self.id_stem}_{self._candidate}_{index}", name=name, signature=signature)
        yield from self._start(_TOOL_CALL, Part(tool_call=known))

    def arguments(self, place: Hashable, piece: bytes) -> Iterator[Event]:
        """The arguments of the call at `place` grow."""
        yield self._delta(self._calls[place], tool_arguments_json=piece)

    def end_call(self, place: Hashable) -> Iterator[Event]:
        """The call at `place` is complete."""
        yield self._finished(self._calls.pop(place))

    def media(self, first: Media, more: Media | None) -> Iterator[Event]:
        """Generated media begins, or the media that is open grows by `more`."""
        if self._media is None:
            yield from self.end()
            self._media = self._next
            yield from self._start(_MEDIA, Part(media=first))
        if more is not None:
            yield self._delta(self._media, media=more)

    def picture(self, media: Media) -> Iterator[Event]:
        """A whole picture."""
        yield from self.whole(_MEDIA, Part(media=media))

    def opaque(self, opaque: Opaque) -> Iterator[Event]:
        """A block that is not known, whole."""
        yield from self.whole(_OPAQUE, Part(opaque=opaque))

    def finish(self) -> Iterator[Event]:
        """Close what is open."""
        yield from self.end()
        open_blocks = [*self._calls.values()] + ([] if self._media is None else [self._media])
        for index in sorted(open_blocks):
            yield self._finished(index)
        self._calls.clear()
        self._media = None

    def whole(self, kind: Kind, part: Part) -> Iterator[Event]:
        """A block that comes in one piece."""
        yield from self.end()
        index = self._next
        yield from self._start(kind, part)
        yield self._finished(index)

    def _start(self, kind: Kind, part: Part | None) -> Iterator[Event]:
        started = ContentStarted(candidate=self._candidate, index=self._next, kind=kind, part=part)
        if kind == REASONING:
            started.part.reasoning.signer = self._signer
        elif kind == _TOOL_CALL and started.part.tool_call.signature:
            started.part.tool_call.signer = self._signer
        self._next += 1
        yield Event(content_started=started)

    def _grown(self, kind: Kind, text: str) -> Event:
        if kind == TEXT:
            self._widths.grow(text)
        # Set in place: a delta given to the constructor would be encoded and decoded, for each token.
        event = Event()
        delta = event.content_delta
        delta.candidate, delta.index = self._candidate, self._prose_index
        setattr(delta, _DELTA[kind], text)
        return event

    def _delta(self, index: int, **delta: Any) -> Event:
        return Event(content_delta=ContentDelta(candidate=self._candidate, index=index, **delta))

    def _finished(self, index: int) -> Event:
        return Event(content_finished=ContentFinished(candidate=self._candidate, index=index))
