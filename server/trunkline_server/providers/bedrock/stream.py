"""The decoder: messages of a stream, or one whole answer, as events. One instance per attempt."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any

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
from trunkline_server.providers.bedrock import content, faults, pieces, usage
from trunkline_server.providers.blocks import TEXT, Blocks
from trunkline_server.providers.wire import Frame, MalformedError, Subject

Event = StreamCompleteResponse
Json = dict[str, Any]

_REASONS = {
    "end_turn": FinishReason.FINISH_REASON_STOP,
    "stop_sequence": FinishReason.FINISH_REASON_STOP_SEQUENCE,
    "max_tokens": FinishReason.FINISH_REASON_LENGTH,
    "model_context_window_exceeded": FinishReason.FINISH_REASON_LENGTH,
    "tool_use": FinishReason.FINISH_REASON_TOOL_CALL,
    "guardrail_intervened": FinishReason.FINISH_REASON_CONTENT_FILTER,
    "content_filtered": FinishReason.FINISH_REASON_CONTENT_FILTER,
    "refusal": FinishReason.FINISH_REASON_REFUSAL,
    "pause_turn": FinishReason.FINISH_REASON_PAUSE,
    "malformed_model_output": FinishReason.FINISH_REASON_ERROR,
    "malformed_tool_use": FinishReason.FINISH_REASON_ERROR,
}
# Fields that are read here, or say nothing: `p` is padding.
_START = frozenset({"role", "p"})
_BLOCK = frozenset({"contentBlockIndex", "start", "delta", "p"})
_STOP = frozenset({"stopReason", "p"})
_METADATA = frozenset({"usage", "p"})
_WHOLE = frozenset({"output", "stopReason", "usage"})
_OUTPUT = frozenset({"message"})
_MESSAGE = frozenset({"role", "content"})


class Decoder:
    """Feed it the frames; it tells what they mean. `usage` is what is known so far, `done` whether both `messageStop`
    and `metadata` came. Raises ProviderError for errors inside a 200 answer and MalformedError."""

    __slots__ = ("_blocks", "_counted", "_finish", "_handlers", "_model", "_pieces", "_provider", "_started", "done",
                 "usage")  # fmt: skip

    def __init__(self, subject: Subject) -> None:
        self._provider = subject.provider
        self._model = subject.model
        self._blocks = Blocks(0, subject.signer)
        self._pieces = pieces.Pieces(self._blocks, subject.provider)
        self._finish: Finish | None = None
        self._started = False
        self._counted = False
        self.done = False
        self.usage: Usage | None = None
        self._handlers: dict[str, Callable[[Json], Iterable[Event]]] = {
            "messageStart": self._message_start,
            "contentBlockStart": self._block_start,
            "contentBlockDelta": self._block_delta,
            "contentBlockStop": self._block_stop,
            "messageStop": self._message_stop,
            "metadata": self._metadata,
        }

    def feed(self, frame: Frame) -> Iterator[Event]:
        """The events of one message of the stream."""
        name = frame.event
        handler = self._handlers.get(name)
        if handler is None:
            yield from self._other(name, frame.data)
            return
        told = options.answered(frame.data, "a message")
        if not self._started:
            yield self._begin()
        try:
            yield from handler(told)
        except (AttributeError, LookupError, TypeError, ValueError) as error:
            raise _misshapen(error) from None

    def close(self) -> Iterator[Event]:
        """The stream is over. Without its last messages it was cut off, and there is nothing more to tell."""
        return iter(())

    def whole(self, body: bytes) -> CompleteResponse:
        """A whole answer, by the same events as a stream."""
        answer = options.answered(body)
        output = answer.get("output")
        if not isinstance(output, dict):
            raise faults.in_answer(answer, self._provider) or MalformedError("the answer has no output")
        try:
            return fold(self._whole(answer, output))
        except (AttributeError, LookupError, TypeError, ValueError) as error:
            raise _misshapen(error) from None

    def _whole(self, answer: Json, output: Json) -> Iterator[Event]:
        yield self._begin()
        message = output["message"]
        for place, block in enumerate(message["content"]):
            yield from content.block(block, place, self._blocks, self._provider)
        yield from content.rest(message, _MESSAGE, "message.", self._provider)
        yield from content.rest(output, _OUTPUT, "output.", self._provider)
        self._end(answer["stopReason"], answer.get("additionalModelResponseFields"))
        yield from self._count(answer)
        yield from content.rest(answer, _WHOLE, "", self._provider)
        yield from self._finished()

    def _begin(self) -> Event:
        self._started = True
        return Event(started=Started(provider=self._provider, model=self._model))

    def _other(self, name: str, data: bytes) -> Iterator[Event]:
        """An error of the stream, or an event that is not known."""
        if name == "error" or name.endswith("Exception"):
            raise faults.in_stream(name, data, self._provider, self.usage)
        if not self._started:
            yield self._begin()
        yield Event(provider_event=ProviderEvent(provider=self._provider, type=name, raw_json=data))

    def _message_start(self, told: Json) -> Iterator[Event]:
        return content.rest(told, _START, "messageStart.", self._provider)

    def _block_start(self, told: Json) -> Iterator[Event]:
        yield from self._pieces.start(told["contentBlockIndex"], told.get("start") or {})
        if not _BLOCK.issuperset(told):
            yield from content.rest(told, _BLOCK, "contentBlockStart.", self._provider)

    def _block_delta(self, told: Json) -> Iterator[Event]:
        place, delta = told["contentBlockIndex"], told["delta"]
        text = delta.get("text")
        if text and len(delta) == 1:
            yield from self._pieces.at(place)
            yield from self._blocks.prose(TEXT, text)
        else:
            yield from self._pieces.grow(place, delta)
        if not _BLOCK.issuperset(told):
            yield from content.rest(told, _BLOCK, "contentBlockDelta.", self._provider)

    def _block_stop(self, told: Json) -> Iterator[Event]:
        yield from self._pieces.stop(told["contentBlockIndex"])
        if not _BLOCK.issuperset(told):
            yield from content.rest(told, _BLOCK, "contentBlockStop.", self._provider)

    def _message_stop(self, told: Json) -> Iterator[Event]:
        self._end(told["stopReason"], told.get("additionalModelResponseFields"))
        yield from self._pieces.stop_all()
        yield from self._blocks.finish()
        if not _STOP.issuperset(told):
            yield from content.rest(told, _STOP, "", self._provider)
        if self._counted:
            yield from self._finished()

    def _metadata(self, told: Json) -> Iterator[Event]:
        yield from self._count(told)
        yield from content.rest(told, _METADATA, "", self._provider)
        self._counted = True
        if self._finish is not None:
            yield from self._finished()

    def _end(self, raw: str, more: Json | None) -> None:
        reason = _REASONS.get(raw, FinishReason.FINISH_REASON_UNSPECIFIED)
        self._finish = Finish(reason=reason, raw_reason=raw)
        met = more.get("stop_sequence") if isinstance(more, dict) else None
        if isinstance(met, str):
            self._finish.stop_sequence = met

    def _count(self, told: Json) -> Iterator[Event]:
        counts = told.get("usage")
        if counts:
            self.usage = usage.decode(counts)
            yield Event(usage=self.usage)
        # A prompt router tells which model it chose.
        chosen = ((told.get("trace") or {}).get("promptRouter") or {}).get("invokedModelId")
        if chosen:
            self._model = chosen.rpartition("/")[2]

    def _finished(self) -> Iterator[Event]:
        yield from self._blocks.finish()
        self.done = True
        end = Finished(finish=self._finish, usage=self.usage, model_used=self._model, provider=self._provider)
        yield Event(finished=end)


def _misshapen(error: Exception) -> MalformedError:
    return MalformedError(f"the answer has another shape than expected ({type(error).__name__})")
