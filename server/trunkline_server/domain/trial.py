"""One attempt of a call: what it heard, used and cost, and what it says of its provider."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING
from weakref import proxy

from google.rpc.status_pb2 import Status
from trunkline.v1.common_pb2 import Attempt, AttemptOutcome, Usage, UsageSource
from trunkline.v1.completion_pb2 import StreamCompleteResponse

from trunkline_server.domain import tokens
from trunkline_server.domain.admission import expected_tokens
from trunkline_server.domain.duration import put_duration
from trunkline_server.domain.errors import ProviderError, TrunklineError
from trunkline_server.domain.ports import Heard
from trunkline_server.domain.redaction import conceal_in
from trunkline_server.domain.routes.plan import Choice
from trunkline_server.domain.strategies import Verdict, strategy_of

if TYPE_CHECKING:
    from trunkline_server.domain.concurrency import Lane
    from trunkline_server.domain.run import Run
    from trunkline_server.domain.standing import Standing


# Looking an enum's value up costs a call of Python each time.
_SUCCEEDED = AttemptOutcome.ATTEMPT_OUTCOME_SUCCEEDED
# Says that the deployment is overloaded, for all of its callers. A 429 speaks of one account, a timeout may be ours.
_OVERLOAD = frozenset((503, 529))


class Trial:
    """One attempt on its way. `record` is how it stands in the answer. Times are `time.monotonic()` seconds."""

    __slots__ = (
        "_lane",
        "_run",
        "_said",
        "_standing",
        "_usage",
        "choice",
        "first_content",
        "heard",
        "number",
        "record",
        "started",
    )

    def __init__(self, run: Run, choice: Choice, lane: Lane, standing: Standing, record: Attempt) -> None:
        # The run holds its trials: one that held the run too would wait for the collector.
        self._run: Run = proxy(run)
        self._lane = lane
        self._standing = standing
        self.choice = choice
        self.record = record
        # From 1, in the order of the attempts.
        self.number = record.number
        self.heard = Heard()
        self.started = time.monotonic()
        self.first_content: float | None = None
        self._usage: Usage | None = None
        # Only to estimate what was used, should no usage be told.
        self._said = tokens.Tally(tokens.encoding_for(choice.candidate.target.model))
        standing.proof.begin()
        standing.quotas.took(expected_tokens(run.plan.need), self.started)

    def observe(self, kind: str | None, event: StreamCompleteResponse) -> bool:
        """Note an event of the stream; returns whether it is, or announces, content."""
        if kind == "content_delta":
            if self.first_content is None:
                self.first_content = time.monotonic()
                self._standing.proof.answered()
            delta = event.content_delta
            self.saw_text(delta.text or delta.reasoning_text or delta.refusal)
            return True
        if kind == "usage":
            self._usage = event.usage
            return False
        return kind != "started"

    def saw_text(self, text: str) -> None:
        """Text of the answer, or a piece of it."""
        self._said.add(text)

    def failed(self, error: ProviderError) -> None:
        """The attempt failed."""
        conceal_in(error, self.choice.candidate.target.secret)
        self._run.failed(self, error)
        attempt = self._close(AttemptOutcome.ATTEMPT_OUTCOME_FAILED, overloaded=error.http_status in _OVERLOAD)
        note_error(attempt, error)
        attempt.provider_request_id = error.provider_request_id or attempt.provider_request_id
        if error.http_status is not None:
            attempt.http_status = error.http_status
        usage = error.usage or self._usage
        strategy = strategy_of(error.reason)
        if usage is None and (self._said or strategy.may_have_cost):
            usage = self.estimate()
        self._run.charge(self, usage)
        breaker = self.choice.candidate.breaker
        if strategy.verdict is not Verdict.NONE and error.fallback:
            self._standing.proof.failed()
        if strategy.verdict is Verdict.BUSY:
            breaker.busy(error.retry_after, self.started, error.reason)
        elif strategy.verdict is Verdict.FAILURE and error.fallback:
            breaker.failed(error.reason, self.started, answered=error.http_status is not None)
        else:
            breaker.gave_up(self.started)

    def succeeded(self, usage: Usage | None) -> Usage:
        """The attempt gave the answer; returns its usage, estimated where the provider told none."""
        told = usage is not None and usage.HasField(self._run.told_by)
        found = usage if usage is not None and told else self._usage or self.estimate()
        self._close(_SUCCEEDED, found.output_tokens)
        self._run.won(self)
        self._run.charge(self, found)
        self._standing.proof.answered()
        breaker, first = self.choice.candidate.breaker, self._first()
        breaker.succeeded(self.started, first)
        breaker.paced(time.monotonic() - self.started, first, found.output_tokens)
        return found

    def cancelled(self) -> None:
        """The attempt was given up: its caller left, or a faster one answered. What it may have used is charged."""
        self._close(AttemptOutcome.ATTEMPT_OUTCOME_CANCELLED)
        self._run.charge(self, self._usage or self.estimate())
        self.choice.candidate.breaker.gave_up(self.started)

    def usage_so_far(self) -> Usage:
        """What the attempt used until now."""
        return self.record.usage if self.record.HasField("usage") else self._usage or self.estimate()

    def estimate(self) -> Usage:
        """What an attempt used that told nothing: the input by local count; the output as streamed, or, when nothing
        can be known of it, the most that was asked for. Unknown usage is never refunded."""
        run = self._run
        encoding = tokens.encoding_for(self.choice.candidate.target.model)
        output = self._said.count() if run.streaming or self._said else run.plan.need.output_tokens
        return Usage(input_tokens=run.count(encoding), output_tokens=output, source=UsageSource.USAGE_SOURCE_ESTIMATED)

    def _first(self) -> float | None:
        """Seconds to the first content; None before it."""
        return None if self.first_content is None else self.first_content - self.started

    def _close(self, outcome: AttemptOutcome.ValueType, written: int = 0, overloaded: bool = False) -> Attempt:
        """`written`: output tokens of an answer that came to its end."""
        attempt = self.record
        self._run.open.remove(self)
        attempt.outcome = outcome
        took = time.monotonic() - self.started
        put_duration(attempt.latency, took)
        first = self._first()
        if first is not None:
            put_duration(attempt.time_to_first_token, first)
        self._lane.leave(took, first, written, overloaded)
        self._standing.proof.end()
        heard = self.heard
        if heard.http_status is not None:
            attempt.http_status = heard.http_status
            attempt.provider_request_id = heard.request_id
            if heard.quotas:
                attempt.quotas.extend(heard.quotas)
                self._standing.quotas.learn(heard.quotas, time.monotonic(), self.started)
        return attempt


def note_error(attempt: Attempt, error: TrunklineError) -> None:
    """Why the attempt failed or was skipped: the status, with its ErrorInfo."""
    status = error.status()
    attempt.error.CopyFrom(Status(code=status.code, message=status.message, details=status.details[:1]))
