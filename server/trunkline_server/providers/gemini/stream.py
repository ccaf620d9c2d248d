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
from trunkline_server.providers.gemini import citations, faults, usage
from trunkline_server.providers.gemini.content import Content
from trunkline_server.providers.wire import Frame, MalformedError, Subject

Event = StreamCompleteResponse
Json = dict[str, Any]

_FILTERED = FinishReason.FINISH_REASON_CONTENT_FILTER
_FAILED = FinishReason.FINISH_REASON_ERROR
_REASONS = {
    "STOP": FinishReason.FINISH_REASON_STOP,
    "MAX_TOKENS": FinishReason.FINISH_REASON_LENGTH,
    **dict.fromkeys(
        (
            *("SAFETY", "RECITATION", "BLOCKLIST", "PROHIBITED_CONTENT", "SPII", "MODEL_ARMOR"),
            *("IMAGE_SAFETY", "IMAGE_PROHIBITED_CONTENT", "IMAGE_RECITATION"),
        ),
        _FILTERED,
    ),
    **dict.fromkeys(
        (
            *("MALFORMED_FUNCTION_CALL", "UNEXPECTED_TOOL_CALL", "TOO_MANY_TOOL_CALLS", "MISSING_THOUGHT_SIGNATURE"),
            *("MALFORMED_RESPONSE", "LANGUAGE", "NO_IMAGE", "IMAGE_OTHER"),
        ),
        _FAILED,
    ),
}
# Fields that are read here, or say nothing.
_TOP = frozenset({"candidates", "usageMetadata", "modelVersion", "responseId", "createTime", "promptFeedback", "error"})
# Where a candidate cites its sources is read; what else its grounding tells is carried as well.
_CANDIDATE = frozenset(
    {"index", "content", "finishReason", "finishMessage", "safetyRatings", "citationMetadata", "logprobsResult"}
)
# All that a candidate tells while it grows.
_GROWING = frozenset({"index", "content"})
_CONTENT = frozenset({"parts", "role"})
_LOGPROBS = frozenset({"chosenCandidates", "topCandidates"})
# What is told about the end of a candidate.
_DETAILS = ("finishMessage", "safetyRatings")


class Decoder:
    """Feed it the chunks; it tells what they mean. `usage` is what is known so far, `done` whether the answer is
    complete. A stream has no end mark of its own: it is complete where it ends after every candidate's finish reason,
    or after the prompt was blocked. Raises ProviderError for errors inside a 200 answer and MalformedError."""

    __slots__ = ("_blocked", "_carried", "_contents", "_details", "_id", "_model", "_provider", "_reasons",
                 "_started", "_subject", "done", "usage")  # fmt: skip

    def __init__(self, subject: Subject) -> None:
        self._subject = subject
        self._provider = subject.provider
        self._model = subject.model
        self._id = ""
        self._started = False
        self._blocked: Json | None = None
        self._contents: dict[int, Content] = {}
        self._reasons: dict[int, str] = {}
        self._details: dict[int, Json] = {}
        self._carried: dict[tuple[int, str], Any] = {}
        self.done = False
        self.usage: Usage | None = None

    def feed(self, frame: Frame) -> Iterator[Event]:
        """The events of one SSE frame."""
        return self._chunk(_parsed(frame.data, "a frame"))

    def close(self) -> Iterator[Event]:
        """The stream is over. What it still says where nothing is missing; see `done`."""
        if not self.done and self._complete():
            yield from self._finish()

    def whole(self, body: bytes) -> CompleteResponse:
        """A whole answer, by the same events as a stream."""
        return fold(self._whole(_parsed(body, "the answer")))

    def _whole(self, answer: Any) -> Iterator[Event]:
        """A call for a stream without SSE answers with a list of chunks."""
        for chunk in answer if isinstance(answer, list) else [answer]:
            yield from self._chunk(chunk)
        if not (self._contents or self._blocked):
            raise MalformedError("the answer has no candidates")
        yield from self._finish()

    def _complete(self) -> bool:
        if not self._contents:
            return self._blocked is not None
        # Every candidate up to the last one that was seen.
        return self._reasons.keys() == self._contents.keys() == set(range(len(self._contents)))

    def _chunk(self, chunk: Any) -> Iterator[Event]:
        if not isinstance(chunk, dict) or "error" in chunk:
            if not _erroneous(chunk):
                raise MalformedError("a chunk is not a JSON object")
            raise faults.in_answer(chunk, self._provider, self.usage)
        if not self._started:
            self._started = True
            self._id, self._model = chunk.get("responseId") or "", chunk.get("modelVersion") or self._model
            yield Event(started=Started(completion_id=self._id, provider=self._provider, model=self._model))
        if not _TOP.issuperset(chunk):
            yield from self._carry(chunk.items(), _TOP)
        try:
            for candidate in chunk.get("candidates") or ():
                yield from self._candidate(candidate)
            if "promptFeedback" in chunk:
                yield from self._feedback(chunk["promptFeedback"] or {})
            counts = chunk.get("usageMetadata")
            if counts:
                yield from self._count(counts)
        except (AttributeError, LookupError, TypeError, ValueError) as error:
            raise MalformedError(f"the answer has another shape than expected ({type(error).__name__})") from None

    def _candidate(self, candidate: Json) -> Iterator[Event]:
        place = candidate.get("index") or 0
        content = self._contents.get(place)
        if content is None:
            content = self._contents[place] = Content(place, self._subject, self._id)
        said = candidate.get("content")
        if said:
            parts = said.get("parts")
            if parts:
                yield from content.parts(parts, candidate.get("logprobsResult"))
            if not _CONTENT.issuperset(said):
                yield from self._carry(said.items(), _CONTENT, "content.", place)
            if content.noted:
                yield from self._carry(content.noted, frozenset(), "", place)
                content.noted.clear()
        if not _GROWING.issuperset(candidate):
            yield from self._beside(candidate, content, place)

    def _beside(self, candidate: Json, content: Content, place: int) -> Iterator[Event]:
        """What a candidate tells beside its content."""
        raw = candidate.get("finishReason")
        if raw:
            # Old models told one with every chunk; the last one stands.
            self._reasons[place] = str(raw)
        for name in _DETAILS:
            if candidate.get(name):
                self._details.setdefault(place, {})[name] = candidate[name]
        if candidate.get("groundingMetadata"):
            content.cite(citations.grounding(candidate["groundingMetadata"]))
        if candidate.get("citationMetadata"):
            content.cite(citations.recitations(candidate["citationMetadata"]))
        logprobs = candidate.get("logprobsResult")
        if logprobs and not _LOGPROBS.issuperset(logprobs):
            yield from self._carry(logprobs.items(), _LOGPROBS, "candidate.logprobsResult.", place)
        if not _CANDIDATE.issuperset(candidate):
            yield from self._carry(candidate.items(), _CANDIDATE, "candidate.", place)

    def _feedback(self, feedback: Json) -> Iterator[Event]:
        if feedback.get("blockReason"):
            self._blocked = feedback
        else:
            yield from self._carry([("promptFeedback", feedback)], frozenset())

    def _count(self, counts: Json) -> Iterator[Event]:
        if not usage.KNOWN.issuperset(counts):
            yield from self._carry(counts.items(), usage.KNOWN, "usageMetadata.")
        found = usage.decode(counts)
        if found != self.usage:
            self.usage = found
            yield Event(usage=found)

    def _finish(self) -> Iterator[Event]:
        self.done = True
        for place in sorted(self._contents):
            yield from self._contents[place].finish()
        finishes = {place: self._end(place) for place in sorted(self._contents)}
        if self._blocked is not None:
            finishes.setdefault(0, _blocked(self._blocked))
        end = Finished(finish=finishes.get(0), usage=self.usage, model_used=self._model, provider=self._provider)
        if len(finishes) > 1:
            end.candidate_finishes.extend(
                CandidateFinish(candidate=place, finish=finish) for place, finish in finishes.items()
            )
        yield Event(finished=end)

    def _end(self, place: int) -> Finish:
        """A normal stop with calls is one for the calls: the API has no reason of its own for it."""
        raw = self._reasons.get(place, "")
        reason = _REASONS.get(raw, FinishReason.FINISH_REASON_UNSPECIFIED)
        if reason == FinishReason.FINISH_REASON_STOP and self._contents[place].calls:
            reason = FinishReason.FINISH_REASON_TOOL_CALL
        finish = Finish(reason=reason, raw_reason=raw)
        if place in self._details:
            finish.details_json = orjson.dumps(self._details[place])
        return finish

    def _carry(
        self, fields: Iterable[tuple[str, Any]], known: frozenset[str], prefix: str = "", place: int = -1
    ) -> Iterator[Event]:
        """Carry fields with content that have no place in the contract; repeated values only once."""
        for name, value in fields:
            if name in known or value in (None, "", [], {}):
                continue
            key = (place, prefix + name)
            if self._carried.get(key) == value:
                continue
            self._carried[key] = value
            raw = orjson.dumps(value)
            yield Event(provider_event=ProviderEvent(provider=self._provider, type=prefix + name, raw_json=raw))


def _blocked(feedback: Json) -> Finish:
    """The prompt was blocked: there are no candidates."""
    return Finish(reason=_FILTERED, raw_reason=str(feedback["blockReason"]), details_json=orjson.dumps(feedback))


def _erroneous(chunk: Any) -> bool:
    return isinstance(chunk, dict) or (
        isinstance(chunk, list) and any(isinstance(each, dict) and "error" in each for each in chunk)
    )


def _parsed(data: bytes, what: str) -> Any:
    try:
        return orjson.loads(data)
    except orjson.JSONDecodeError:
        raise MalformedError(f"{what} is not JSON") from None
