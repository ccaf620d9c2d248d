"""The decoder: events of a stream, or one whole answer. One instance per attempt."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any

import orjson
from trunkline.v1.common_pb2 import Usage
from trunkline.v1.completion_pb2 import (
    CompleteResponse,
    Finish,
    Finished,
    FinishReason,
    ProviderEvent,
    Started,
    StreamCompleteResponse,
)

from trunkline_server.domain.fold import fold
from trunkline_server.providers import options
from trunkline_server.providers.anthropic import content, faults, usage
from trunkline_server.providers.blocks import Blocks
from trunkline_server.providers.wire import Frame, MalformedError, Subject

Event = StreamCompleteResponse
Json = dict[str, Any]

_REASONS = {
    "end_turn": FinishReason.FINISH_REASON_STOP,
    "stop_sequence": FinishReason.FINISH_REASON_STOP_SEQUENCE,
    "max_tokens": FinishReason.FINISH_REASON_LENGTH,
    "model_context_window_exceeded": FinishReason.FINISH_REASON_LENGTH,
    "tool_use": FinishReason.FINISH_REASON_TOOL_CALL,
    "refusal": FinishReason.FINISH_REASON_REFUSAL,
    "pause_turn": FinishReason.FINISH_REASON_PAUSE,
    "compaction": FinishReason.FINISH_REASON_PAUSE,
}
# Fields that are read here, or say nothing.
_EVENTS = {
    "message_start": frozenset({"type", "message"}),
    "content_block_start": frozenset({"type", "index", "content_block"}),
    "content_block_delta": frozenset({"type", "index", "delta"}),
    "content_block_stop": frozenset({"type", "index"}),
    "message_delta": frozenset({"type", "delta", "usage"}),
    "message_stop": frozenset({"type"}),
    "ping": frozenset({"type"}),
}
_MESSAGE = frozenset({"id", "type", "role", "model", "stop_reason", "stop_sequence", "stop_details", "usage"})
_DELTA = frozenset({"stop_reason", "stop_sequence", "stop_details"})


class Decoder:
    """Feed it the frames; it tells what they mean. `usage` is what is known so far, `done` whether `message_stop` came.

    Raises ProviderError for errors inside a 200 answer and MalformedError.
    """

    __slots__ = ("_blocks", "_carried", "_counts", "_finish", "_handlers", "_held", "_model", "_open", "_provider",
                 "_started", "done", "usage")  # fmt: skip

    def __init__(self, subject: Subject) -> None:
        self._provider = subject.provider
        self._blocks = Blocks(0, subject.signer)
        self._open: dict[int, content.Open] = {}
        self._counts: Json = {}
        self._finish: Finish | None = None
        self._carried: Json = {}
        self._held: list[Event] = []
        self._started = False
        self._model = ""
        self.done = False
        self.usage: Usage | None = None
        self._handlers: dict[str, Callable[[Json], Iterable[Event]]] = {
            "message_start": self._message_start,
            "content_block_start": self._block_start,
            "content_block_delta": self._block_delta,
            "content_block_stop": self._block_stop,
            "message_delta": self._message_delta,
            "message_stop": self._message_stop,
            "error": self._error,
            "ping": _nothing,
        }

    def feed(self, frame: Frame) -> Iterator[Event]:
        """The events of one SSE frame."""
        chunk = options.answered(frame.data, "a frame")
        kind = chunk.get("type") or frame.event
        handler = self._handlers.get(kind) if isinstance(kind, str) else None
        if handler is None:
            self._hold(str(kind or "event"), frame.data)
        else:
            known = _EVENTS.get(kind)
            if known is not None and not known.issuperset(chunk):
                self._carry(chunk, known)
                yield from self._release()
            try:
                yield from handler(chunk)
            except (AttributeError, LookupError, TypeError, ValueError) as error:
                raise _misshapen(error) from None
        yield from self._release()

    def close(self) -> Iterator[Event]:
        """The stream is over. Without `message_stop` it was cut off, and there is nothing more to tell."""
        return iter(())

    def whole(self, body: bytes) -> CompleteResponse:
        """A whole answer, by the same events as a stream."""
        answer = options.answered(body)
        if answer.get("type") == "error" or answer.get("error"):
            raise faults.in_answer(answer, self._provider, None)
        blocks = answer.pop("content", None)
        if not isinstance(blocks, list):
            raise MalformedError("the answer has no content")
        try:
            return fold(self._whole(answer, blocks))
        except (AttributeError, LookupError, TypeError, ValueError) as error:
            raise _misshapen(error) from None

    def _whole(self, answer: Json, blocks: list[Json]) -> Iterator[Event]:
        yield from self._message_start({"message": answer})
        for place, block in enumerate(blocks):
            yield from self._block_start({"index": place, "content_block": block})
            yield from self._block_stop({"index": place})
        self._ended(answer)
        yield from self._release()
        yield from self._message_stop({})

    def _message_start(self, chunk: Json) -> Iterator[Event]:
        if self._started:
            raise MalformedError("the answer began twice")
        message = chunk["message"]
        self._started = True
        self._model = message.get("model") or ""
        self._blocks.id_stem = message.get("id") or ""
        yield Event(
            started=Started(completion_id=self._blocks.id_stem, provider=self._provider, model=self._model),
        )
        if not _MESSAGE.issuperset(message):
            self._carry(message, _MESSAGE)
        yield from self._count(message.get("usage"))

    def _block_start(self, chunk: Json) -> Iterator[Event]:
        self._begun()
        place = chunk["index"]
        if place in self._open:
            raise MalformedError("a block began twice")
        self._open[place] = open = content.Open(place, chunk["content_block"])
        yield from content.begin(open, self._blocks)
        known = content.FIELDS.get(open.kind)
        if known is not None and not known.issuperset(open.block):
            self._carry(open.block, known, f"{open.kind}.")

    def _block_delta(self, chunk: Json) -> Iterable[Event]:
        open, delta = self._open[chunk["index"]], chunk["delta"]
        events = content.grow(open, delta, self._blocks)
        if events is None:
            self._hold(f"content_block_delta.{delta['type']}", orjson.dumps(chunk))
            return ()
        if open.kind in content.FIELDS and not content.DELTA.issuperset(delta):
            self._carry(delta, content.DELTA, f"{delta['type']}.")
        return events

    def _block_stop(self, chunk: Json) -> Iterator[Event]:
        return content.end(self._open.pop(chunk["index"]), self._blocks, self._provider)

    def _message_delta(self, chunk: Json) -> Iterator[Event]:
        self._begun()
        delta = chunk.get("delta") or {}
        self._ended(delta)
        if not _DELTA.issuperset(delta):
            self._carry(delta, _DELTA)
        yield from self._count(chunk.get("usage"))

    def _message_stop(self, chunk: Json) -> Iterator[Event]:
        self._begun()
        for place in sorted(self._open):
            yield from self._block_stop({"index": place})
        yield from self._blocks.finish()
        self.done = True
        end = Finished(finish=self._finish, usage=self.usage, model_used=self._model, provider=self._provider)
        yield Event(finished=end)

    def _error(self, chunk: Json) -> Iterable[Event]:
        raise faults.in_answer(chunk, self._provider, self.usage)

    def _begun(self) -> None:
        if not self._started:
            raise MalformedError("the answer has no beginning")

    def _ended(self, fields: Json) -> None:
        raw = fields.get("stop_reason")
        if not raw:
            return
        self._finish = Finish(
            reason=_REASONS.get(raw, FinishReason.FINISH_REASON_UNSPECIFIED),
            raw_reason=raw,
            stop_sequence=fields.get("stop_sequence") or "",
        )
        if fields.get("stop_details"):
            self._finish.details_json = orjson.dumps(fields["stop_details"])

    def _count(self, counts: Json | None) -> Iterator[Event]:
        """Later counts replace earlier ones where they are present."""
        if not counts:
            return
        self._counts |= {name: value for name, value in counts.items() if value is not None}
        found = usage.decode(self._counts)
        if others := usage.rest(counts):
            self._carry(others, frozenset(), "usage.")
        if found != self.usage:
            self.usage = found
            yield Event(usage=found)

    def _carry(self, fields: Json, known: frozenset[str], prefix: str = "") -> None:
        """Carry fields with content that have no place in the contract; repeated values only once."""
        for name, value in fields.items():
            key = prefix + name
            if name in known or value in (None, "", [], {}) or self._carried.get(key) == value:
                continue
            self._carried[key] = value
            self._hold(key, orjson.dumps(value))

    def _hold(self, type: str, raw: bytes) -> None:
        """Keep an event until the answer has begun."""
        self._held.append(Event(provider_event=ProviderEvent(provider=self._provider, type=type, raw_json=raw)))

    def _release(self) -> Iterator[Event]:
        if self._held and self._started:
            yield from self._held
            self._held.clear()


def _nothing(chunk: Json) -> Iterable[Event]:
    return ()


def _misshapen(error: Exception) -> MalformedError:
    return MalformedError(f"the answer has another shape than expected ({type(error).__name__})")
