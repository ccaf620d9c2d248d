"""The decoder: events of a stream, or one whole answer, as events. One instance per attempt."""

from __future__ import annotations

from collections.abc import Callable, Iterator
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
from trunkline_server.providers.cohere import faults, usage
from trunkline_server.providers.cohere.content import Content
from trunkline_server.providers.wire import Frame, MalformedError, Subject

Event = StreamCompleteResponse
Json = dict[str, Any]

DONE = b"[DONE]"
_REASONS = {
    "COMPLETE": FinishReason.FINISH_REASON_STOP,
    "STOP_SEQUENCE": FinishReason.FINISH_REASON_STOP_SEQUENCE,
    "MAX_TOKENS": FinishReason.FINISH_REASON_LENGTH,
    "ERROR_LIMIT": FinishReason.FINISH_REASON_LENGTH,
    "TOOL_CALL": FinishReason.FINISH_REASON_TOOL_CALL,
    "ERROR_TOXIC": FinishReason.FINISH_REASON_CONTENT_FILTER,
    "USER_CANCEL": FinishReason.FINISH_REASON_ERROR,
}
# Reasons that mean that there is no answer.
_FAILURES = frozenset({"ERROR", "TIMEOUT"})
# Fields that are read here or by the content.
_EVENT = frozenset({"type", "id", "index", "delta", "logprobs"})
_DELTA = frozenset({"message"})
_END = frozenset({"finish_reason", "usage", "error", "error_type"})
# What is carried each time, whatever was before.
_EACH = frozenset({"citation", "logprobs"})
_ANSWER = _END | {"id", "message", "logprobs", "response_type"}


class Decoder:
    """Feed it the events; it tells what they mean. `usage` is what is known so far, `done` whether `[DONE]` came.

    Raises ProviderError for errors inside a 200 answer and MalformedError.
    """

    __slots__ = ("_carried", "_content", "_finish", "_model", "_provider", "_started", "done", "usage")

    def __init__(self, subject: Subject) -> None:
        self._provider = subject.provider
        # Cohere does not say which model answered.
        self._model = subject.model
        self._content = Content(subject)
        self._finish: Finish | None = None
        self._carried: dict[str, Any] = {}
        self._started = False
        self.done = False
        self.usage: Usage | None = None

    def feed(self, frame: Frame) -> Iterator[Event]:
        """The events of one SSE frame."""
        if frame.data == DONE:
            yield from self._close()
            return
        event = options.answered(frame.data, "a frame")
        try:
            yield from self._event(event, frame)
        except (AttributeError, KeyError, TypeError, ValueError) as error:
            raise MalformedError(f"an event has another shape than expected ({type(error).__name__})") from None

    def close(self) -> Iterator[Event]:
        """The stream is over; without `[DONE]` it was cut."""
        return iter(())

    def whole(self, body: bytes) -> CompleteResponse:
        """A whole answer, by the same events as a stream."""
        answer = options.answered(body)
        try:
            return fold(self._whole(answer))
        except (AttributeError, KeyError, TypeError, ValueError) as error:
            raise MalformedError(f"the answer has another shape than expected ({type(error).__name__})") from None

    def _whole(self, answer: Json) -> Iterator[Event]:
        message = answer.get("message")
        if isinstance(message, str) and "finish_reason" not in answer:
            raise faults.in_answer(answer, self._provider, None)
        yield self._start(answer)
        if isinstance(message, dict):
            logprobs = answer.get("logprobs") or ()
            yield from self._content.message(message, logprobs)
        yield from self._carry(answer, _ANSWER)
        yield from self._carry_noted()
        yield from self._end(answer)
        if not isinstance(message, dict):
            raise MalformedError("the answer has no message")
        yield from self._close()

    def _event(self, event: Json, frame: Frame) -> Iterator[Event]:
        kind = event.get("type") or frame.event
        if not kind and isinstance(event.get("message"), str):
            raise faults.in_answer(event, self._provider, self.usage)
        if not self._started:
            yield self._start(event)
        delta = event.get("delta") or {}
        if kind == "message-end":
            yield from self._carry(event, _EVENT)
            yield from self._carry(delta, _END)
            yield from self._end(delta)
            return
        read: Callable[[Content, Json, Json], Iterator[Event]] | None = _READERS.get(kind)
        if read is None:
            yield self._carried_event(kind, frame.data)
            return
        if not (_EVENT.issuperset(event) and _DELTA.issuperset(delta)):
            yield from self._carry(event, _EVENT)
            yield from self._carry(delta, _DELTA)
        yield from read(self._content, event, delta.get("message") or {})
        if self._content.noted:
            yield from self._carry_noted()

    def _start(self, told: Json) -> Event:
        self._started = True
        id = self._content.blocks.id_stem = told.get("id") or ""
        return Event(started=Started(completion_id=id, provider=self._provider, model=self._model))

    def _end(self, told: Json) -> Iterator[Event]:
        """The finish reason and the usage; a failure raises."""
        self.usage = usage.decode(told.get("usage") or {})
        raw = told.get("finish_reason") or ""
        if raw in _FAILURES or (told.get("error") and not raw):
            raise faults.in_answer(told, self._provider, self.usage)
        if told.get("error"):
            yield from self._carry(told, _ANSWER - {"error", "error_type"})
        if self.usage is not None:
            yield Event(usage=self.usage)
        self._finish = Finish(reason=_REASONS.get(raw, FinishReason.FINISH_REASON_UNSPECIFIED), raw_reason=raw)

    def _close(self) -> Iterator[Event]:
        if self._finish is None:
            raise MalformedError("the stream ended before its message did")
        self.done = True
        yield from self._content.finish()
        yield from self._carry_noted()
        end = Finished(finish=self._finish, usage=self.usage, model_used=self._model, provider=self._provider)
        yield Event(finished=end)

    def _carry_noted(self) -> Iterator[Event]:
        for name, value in self._content.noted:
            if name in _EACH:
                yield self._carried_event(name, orjson.dumps(value))
            else:
                yield from self._carry({name: value}, frozenset())
        self._content.noted.clear()

    def _carry(self, fields: Json, known: frozenset[str]) -> Iterator[Event]:
        """Carry fields with content that have no place in the contract; a repeated value only once."""
        for name, value in fields.items():
            if name not in known and value and self._carried.get(name) != value:
                self._carried[name] = value
                yield self._carried_event(name, orjson.dumps(value))

    def _carried_event(self, name: str, raw: bytes) -> Event:
        return Event(provider_event=ProviderEvent(provider=self._provider, type=name, raw_json=raw))


_READERS: dict[str, Callable[[Content, Json, Json], Iterator[Event]]] = {
    "message-start": lambda content, event, message: content.message(message, ()),
    "content-start": Content.open,
    "content-delta": Content.grow,
    "content-end": Content.close,
    "tool-plan-delta": Content.plan,
    "tool-call-start": Content.call,
    "tool-call-delta": Content.arguments,
    "tool-call-end": Content.end_call,
    "citation-start": Content.cite,
    "citation-end": Content.nothing,
}
