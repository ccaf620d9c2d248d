"""The decoder: events of a stream, or one whole response, as events of the contract. One instance per attempt."""

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

from trunkline_server.domain.errors import ProviderError
from trunkline_server.domain.fold import fold
from trunkline_server.providers import errors, options
from trunkline_server.providers.openai_responses import usage
from trunkline_server.providers.openai_responses.content import Items
from trunkline_server.providers.wire import Frame, MalformedError, Subject

Event = StreamCompleteResponse
Json = dict[str, Any]

# Some servers that speak this API end their streams as chat completions do; the last event is what counts.
_DONE = b"[DONE]"
_ENDS = frozenset({"response.completed", "response.incomplete", "response.failed"})
# Events that tell nothing, or nothing that others do not tell.
_SILENT = frozenset(
    {
        *("response.created", "response.in_progress", "response.queued", "keepalive", "response.content_part.added"),
        *("response.output_text.done", "response.refusal.done", "response.function_call_arguments.done"),
        *("response.reasoning_summary_part.added", "response.reasoning_summary_part.done"),
        *("response.reasoning_summary_text.done", "response.reasoning_text.done"),
    }
)
_GROW: dict[str, Callable[[Items, Json], Iterator[Event]]] = {
    "response.output_text.delta": Items.text,
    "response.refusal.delta": Items.refusal,
    "response.reasoning_summary_text.delta": Items.summary,
    "response.reasoning_text.delta": Items.thought,
    "response.function_call_arguments.delta": Items.arguments,
    "response.output_text.annotation.added": Items.annotation,
    "response.content_part.done": Items.part_done,
    "response.output_item.added": Items.begun,
}
# Fields of events, of the response, of items and of parts that are read, say nothing or repeat the request.
_EVENT = frozenset(
    {
        *("type", "sequence_number", "item_id", "output_index", "content_index", "summary_index", "annotation_index"),
        *("delta", "logprobs", "obfuscation", "item", "part", "annotation", "text", "refusal", "arguments", "name"),
        *("response", "status"),
    }
)
_RESPONSE = frozenset(
    {
        *("id", "object", "created_at", "completed_at", "status", "model", "output", "output_text", "usage", "error"),
        *("tool_usage", "incomplete_details", "background", "frequency_penalty", "instructions", "max_output_tokens"),
        *("max_tool_calls", "metadata", "parallel_tool_calls", "presence_penalty", "previous_response_id", "prompt"),
        *("prompt_cache_key", "prompt_cache_options", "prompt_cache_retention", "reasoning", "safety_identifier"),
        *("service_tier", "store", "temperature", "text", "tool_choice", "tools", "top_logprobs", "top_p"),
        *("truncation", "user", "include", "stream"),
    }
)
_ITEM = {
    "message": frozenset({"id", "type", "status", "role", "content"}),
    "reasoning": frozenset({"id", "type", "status", "summary", "content", "encrypted_content"}),
    "function_call": frozenset({"id", "type", "status", "call_id", "name", "arguments"}),
}
_PART = frozenset({"type", "text", "annotations", "logprobs", "refusal"})
_FINISHES = {
    "incomplete/max_output_tokens": FinishReason.FINISH_REASON_LENGTH,
    "incomplete/content_filter": FinishReason.FINISH_REASON_CONTENT_FILTER,
    "cancelled": FinishReason.FINISH_REASON_ERROR,
}


class Decoder:
    """Feed it the events; it tells what they mean. `usage` is what is known so far, `done` whether the last event came.

    Raises ProviderError for a response that failed and for errors inside a 200 answer, and MalformedError.
    """

    __slots__ = ("_carried", "_items", "_model", "_provider", "_started", "done", "usage")

    def __init__(self, subject: Subject) -> None:
        self._provider = subject.provider
        self._items = Items(subject)
        self._carried: set[tuple[str, bytes]] = set()
        self._started = False
        self._model = ""
        self.done = False
        self.usage: Usage | None = None

    def feed(self, frame: Frame) -> Iterator[Event]:
        """The events of one SSE frame."""
        data = frame.data
        if data == _DONE:
            return
        event = options.answered(data, "a frame")
        kind = event.get("type") or frame.event
        if kind == "error" or event.get("error"):
            raise self._error(event.get("error") or {name: event[name] for name in event.keys() - {"type"}})
        try:
            if not self._started:
                yield self._start(event.get("response") or {})
            yield from self._event(kind, event, data)
        except (AttributeError, KeyError, TypeError, ValueError) as error:
            raise _malformed(error) from None

    def close(self) -> Iterator[Event]:
        """The stream is over. Nothing is left to tell; see `done`."""
        return iter(())

    def whole(self, body: bytes) -> CompleteResponse:
        """A whole answer, by the same events as a stream."""
        response = options.answered(body)
        if "output" not in response and "status" not in response:
            if response.get("error"):
                raise self._error(response["error"])
            raise MalformedError("the answer has no output")
        try:
            return fold(self._whole(response))
        except (AttributeError, KeyError, TypeError, ValueError) as error:
            raise _malformed(error) from None

    def _whole(self, response: Json) -> Iterator[Event]:
        yield self._start(response)
        yield from self._end(response)

    def _event(self, kind: str, event: Json, data: bytes) -> Iterator[Event]:
        grow = _GROW.get(kind)
        if grow is not None:
            yield from grow(self._items, event)
        elif kind == "response.output_item.done":
            yield from self._item(event["output_index"], event["item"])
        elif kind in _ENDS:
            yield from self._end(event["response"])
        elif kind not in _SILENT:
            yield self._carry(kind, data)
            return
        if not _EVENT.issuperset(event):
            yield from self._rest(event, _EVENT, f"{kind}.")

    def _start(self, response: Json) -> Event:
        self._started = True
        self._model = response.get("model") or ""
        id = response.get("id") or ""
        self._items.blocks.id_stem = id
        return Event(started=Started(completion_id=id, provider=self._provider, model=self._model))

    def _item(self, place: int, item: Json) -> Iterator[Event]:
        yield from self._items.item(place, item)
        kind = str(item.get("type"))
        known = _ITEM.get(kind)
        if known is None:
            return
        yield from self._rest(item, known, f"{kind}.")
        for part in item.get("content") or ():
            if part.get("type") in ("output_text", "refusal"):
                yield from self._rest(part, _PART, f"{part['type']}.")

    def _end(self, response: Json) -> Iterator[Event]:
        counts = response.get("usage")
        if counts:
            self.usage = usage.decode(counts, response.get("tool_usage"))
        status = response.get("status") or "completed"
        if status == "failed" or response.get("error"):
            raise self._error(response.get("error") or {"message": "the response failed"})
        seen = self._items.seen
        for place, item in enumerate(response.get("output") or ()):
            if place not in seen and item.get("id") not in seen:
                yield from self._item(place, item)
        yield from self._rest(response, _RESPONSE, "")
        yield from self._items.blocks.finish()
        if self.usage is not None:
            yield Event(usage=self.usage)
        self.done = True
        self._model = response.get("model") or self._model
        finish = self._finish(status, response.get("incomplete_details") or {})
        end = Finished(finish=finish, usage=self.usage, model_used=self._model, provider=self._provider)
        yield Event(finished=end)

    def _finish(self, status: str, details: Json) -> Finish:
        if status == "completed":
            stop, call = FinishReason.FINISH_REASON_STOP, FinishReason.FINISH_REASON_TOOL_CALL
            return Finish(reason=call if self._items.asked else stop, raw_reason=status)
        why = details.get("reason")
        raw = f"{status}/{why}" if why else status
        return Finish(reason=_FINISHES.get(raw, FinishReason.FINISH_REASON_UNSPECIFIED), raw_reason=raw)

    def _error(self, error: Any) -> ProviderError:
        return errors.in_answer({"error": error}, self._provider, self.usage)

    def _rest(self, fields: Json, known: frozenset[str], prefix: str) -> Iterator[Event]:
        """Carry fields with content that have no place in the contract; repeated values only once."""
        for name, value in fields.items():
            if name in known or not value:
                continue
            raw = orjson.dumps(value)
            key = (prefix + name, raw)
            if key not in self._carried:
                self._carried.add(key)
                yield self._carry(prefix + name, raw)

    def _carry(self, kind: str, raw: bytes) -> Event:
        return Event(provider_event=ProviderEvent(provider=self._provider, type=kind, raw_json=raw))


def _malformed(error: Exception) -> MalformedError:
    return MalformedError(f"an event has another shape than expected ({type(error).__name__})")
