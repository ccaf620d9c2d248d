"""The decoder: chunks of a stream, or one whole answer, as events. One instance per attempt."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

import orjson
from trunkline.v1.common_pb2 import Usage
from trunkline.v1.completion_pb2 import (
    CandidateFinish,
    CompleteResponse,
    Finish,
    Finished,
    FinishReason,
    ProviderEvent,
    Started,
    StreamCompleteResponse,
)

from trunkline_server.domain.fold import fold
from trunkline_server.providers import errors, options
from trunkline_server.providers.blocks import Blocks
from trunkline_server.providers.openai_compatible import content, usage
from trunkline_server.providers.wire import Frame, MalformedError, Subject

Event = StreamCompleteResponse
Json = dict[str, Any]

DONE = b"[DONE]"
_UNKNOWN, _MET = FinishReason.FINISH_REASON_UNSPECIFIED, FinishReason.FINISH_REASON_STOP_SEQUENCE
_REASONS = {
    "stop": FinishReason.FINISH_REASON_STOP,
    "eos": FinishReason.FINISH_REASON_STOP,
    "eos_token": FinishReason.FINISH_REASON_STOP,
    "length": FinishReason.FINISH_REASON_LENGTH,
    "model_length": FinishReason.FINISH_REASON_LENGTH,
    "tool_calls": FinishReason.FINISH_REASON_TOOL_CALL,
    "function_call": FinishReason.FINISH_REASON_TOOL_CALL,
    "content_filter": FinishReason.FINISH_REASON_CONTENT_FILTER,
    "stop_sequence": FinishReason.FINISH_REASON_STOP_SEQUENCE,
    "error": FinishReason.FINISH_REASON_ERROR,
    "insufficient_system_resource": FinishReason.FINISH_REASON_ERROR,
}
# Fields that are read here, or say nothing.
_TOP = frozenset(
    {
        *("id", "object", "created", "model", "choices", "usage", "x_groq", "error"),
        *("system_fingerprint", "service_tier", "obfuscation", "p"),
    }
)
_PLAIN = frozenset({"role", "content"})
_CHOICE = frozenset({"index", "delta", "message", "finish_reason", "stop_reason", "logprobs"})


class Decoder:
    """Feed it the chunks; it tells what they mean. `usage` is what is known so far, `done` whether the end mark came.

    The profile's `end_mark` is `done` where `[DONE]` ends a stream and `finish` where the last finish reason does.
    Raises ProviderError for errors inside a 200 answer and MalformedError.
    """

    __slots__ = ("_blocks", "_carried", "_end_mark", "_finishes", "_held", "_id", "_model", "_provider", "_started",
                 "_subject", "done", "usage")  # fmt: skip

    def __init__(self, subject: Subject) -> None:
        self._provider = subject.provider
        self._subject = subject
        self._end_mark = subject.profile.end_mark
        self._blocks: dict[int, Blocks] = {}
        self._finishes: dict[int, Finish] = {}
        self._carried: dict[tuple[int, str], Any] = {}
        self._held: list[Event] = []
        self._started = False
        self._id = ""
        self._model = ""
        self.done = False
        self.usage: Usage | None = None

    def feed(self, frame: Frame) -> Iterable[Event]:
        """The events of one SSE frame."""
        data = frame.data
        if data == DONE:
            self.done = True
            return self._finish()
        chunk = options.answered(data, "a frame")
        if frame.event == "error" and "error" not in chunk:
            chunk = {"error": chunk}
        more = self._more(chunk)
        return self._chunk(chunk, "delta") if more is None else (more,)

    def _more(self, chunk: Json) -> Event | None:
        """What `_chunk` makes of a further piece of the text of the only answer, which most chunks are; None for any
        other one. In two thirds of the time, see bench/decode.py."""
        if self._held or not self._started or chunk.get("usage") or chunk.get("x_groq"):
            return None
        choice, text = _only_text(chunk, "delta")
        blocks = self._blocks.get(0)
        return blocks.more(text) if text and blocks is not None and not choice.get("finish_reason") else None

    def close(self) -> Iterator[Event]:
        """The stream is over. What it still says where no `[DONE]` is due; see `done`."""
        if not self.done and self._end_mark == "finish" and self._complete():
            self.done = True
            yield from self._finish()

    def whole(self, body: bytes) -> CompleteResponse:
        """A whole answer, by the same events as a stream; most answers are plain text and need none."""
        answer = options.answered(body)
        return self._plain(answer) or fold(self._whole(answer))

    def _plain(self, answer: Json) -> CompleteResponse | None:
        """What `fold` makes of one text without anything beside it; None for any other answer. A third of the time,
        see bench/decode.py."""
        choice, text = _only_text(answer, "message")
        raw = choice.get("finish_reason")
        if not text or not raw:
            return None
        self.done = True
        counts = _counts(answer)
        self.usage = usage.decode(counts) if counts else None
        found = CompleteResponse(
            completion=text,
            model_used=answer.get("model") or "",
            provider=self._provider,
            completion_id=answer.get("id") or "",
        )
        # Messages given to the constructor would be encoded and decoded.
        found.content.add(text=text)
        if self.usage is not None:
            found.usage.CopyFrom(self.usage)
        _put_finish(found.finish, str(raw), choice.get("stop_reason"))
        return found

    def _whole(self, answer: Json) -> Iterator[Event]:
        yield from self._chunk(answer, "message")
        if not self._blocks:
            raise MalformedError("the answer has no choices")
        self.done = True
        yield from self._finish()

    def _complete(self) -> bool:
        return bool(self._finishes) and self._finishes.keys() == self._blocks.keys()

    def _chunk(self, chunk: Json, where: str) -> Iterator[Event]:
        if chunk.get("error"):
            raise errors.in_answer(chunk, self._provider, self.usage)
        choices = chunk.get("choices")
        if not _TOP.issuperset(chunk):
            self._carry(chunk, _TOP, "", -1)
        if not self._started:
            self._id, self._model = chunk.get("id") or "", chunk.get("model") or ""
            if not (choices or self._model):
                return
            self._started = True
            started = Started(completion_id=self._id, provider=self._provider, model=self._model)
            yield Event(started=started)
        if self._held:
            yield from self._held
            self._held.clear()
        if choices:
            try:
                for choice in choices:
                    yield from self._choice(choice, where)
            except (AttributeError, KeyError, TypeError, ValueError) as error:
                raise MalformedError(f"a choice has another shape than expected ({type(error).__name__})") from None
        counts = _counts(chunk)
        if counts:
            yield from self._count(counts)

    def _choice(self, choice: Json, where: str) -> Iterator[Event]:
        place = choice.get("index") or 0
        blocks = self._blocks.get(place)
        if blocks is None:
            blocks = self._blocks[place] = Blocks(place, self._subject.signer)
            blocks.id_stem = self._id
        if not _CHOICE.issuperset(choice):
            yield from self._carry_now(choice, _CHOICE, "choice.", place)
        fields = choice.get(where)
        if fields:
            yield from content.events(fields, blocks, self._provider, choice.get("logprobs"))
            if not content.KNOWN.issuperset(fields):
                yield from self._carry_now(fields, content.KNOWN, "message.", place)
        raw = choice.get("finish_reason")
        if raw:
            # Some providers repeat the reason; the last one stands.
            self._finishes[place] = finish = Finish()
            _put_finish(finish, str(raw), choice.get("stop_reason"))

    def _count(self, counts: Json) -> Iterator[Event]:
        found = usage.decode(counts)
        if found != self.usage:
            self.usage = found
            yield Event(usage=found)

    def _finish(self) -> Iterator[Event]:
        if not self._started:
            raise MalformedError("the stream ended before it began")
        for place in sorted(self._blocks):
            yield from self._blocks[place].finish()
        end = Finished(finish=self._finishes.get(0), usage=self.usage, model_used=self._model, provider=self._provider)
        if len(self._blocks) > 1:
            end.candidate_finishes.extend(
                CandidateFinish(candidate=place, finish=self._finishes.get(place)) for place in sorted(self._blocks)
            )
        yield Event(finished=end)

    def _carry_now(self, fields: Json, known: frozenset[str], prefix: str, place: int) -> Iterator[Event]:
        self._carry(fields, known, prefix, place)
        yield from self._held
        self._held.clear()

    def _carry(self, fields: Json, known: frozenset[str], prefix: str, place: int) -> None:
        """Carry fields with content that have no place in the contract; repeated values only once."""
        for name, value in fields.items():
            if name in known or not value:
                continue
            key = (place, prefix + name)
            if self._carried.get(key) == value:
                continue
            self._carried[key] = value
            event = ProviderEvent(provider=self._provider, type=prefix + name, raw_json=orjson.dumps(value))
            self._held.append(Event(provider_event=event))


# Nobody writes to it.
_NONE: tuple[Json, str] = {}, ""


def _only_text(chunk: Json, where: str) -> tuple[Json, str]:
    """The only choice of a chunk or an answer, and its text, where there is no other content; else nothing of both."""
    choices = chunk.get("choices")
    if chunk.get("error") or type(choices) is not list or len(choices) != 1 or not _TOP.issuperset(chunk):
        return _NONE
    choice = choices[0]
    if type(choice) is not dict or choice.get("logprobs") or choice.get("index") or not _CHOICE.issuperset(choice):
        return _NONE
    fields = choice.get(where)
    if type(fields) is not dict:
        return _NONE
    text = fields.get("content")
    if not text or type(text) is not str or (len(fields) > 1 and any(fields[one] for one in fields.keys() - _PLAIN)):
        return _NONE
    return choice, text


def _counts(chunk: Json) -> Json | None:
    """The usage, where the provider puts it; Groq has a place of its own in streams."""
    found: Json | None = chunk.get("usage") or (chunk.get("x_groq") or {}).get("usage")
    return found


def _put_finish(field: Finish, raw: str, met: object) -> None:
    """vLLM says in `stop_reason` which stop sequence was met."""
    field.raw_reason = raw
    if raw == "stop" and isinstance(met, str) and met:
        field.reason, field.stop_sequence = _MET, met
    else:
        field.reason = _REASONS.get(raw, _UNKNOWN)
