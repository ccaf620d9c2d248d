"""The state of one call of a model: its attempts, what they used and cost, and how it would be recorded now."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Literal

from google.protobuf.duration_pb2 import Duration
from google.protobuf.timestamp_pb2 import Timestamp
from google.rpc.status_pb2 import Status
from trunkline.v1.analytics_pb2 import RecordedRequest
from trunkline.v1.common_pb2 import Attempt, AttemptOutcome, CostDetails, Route, Usage, UsageSource
from trunkline.v1.completion_pb2 import RecoveryPolicy, StreamCompleteResponse

from trunkline_server.domain import tokens
from trunkline_server.domain.breaker import Breaker
from trunkline_server.domain.call import Call
from trunkline_server.domain.deadline import caller_deadline
from trunkline_server.domain.duration import duration
from trunkline_server.domain.errors import ProviderError, TrunklineError
from trunkline_server.domain.ports import Heard
from trunkline_server.domain.pricing import bill
from trunkline_server.domain.routing import Choice, Plan, no_provider
from trunkline_server.domain.strategies import Verdict, strategy_of


class Run:
    """One call of a model on its way. Amounts are nano-USD, times are `time.monotonic()` seconds.

    `count` counts the request's tokens by the encoding of that name. `told_by` is the count without which a provider
    has not told what a call used.
    """

    def __init__(
        self,
        call: Call,
        plan: Plan,
        count: Callable[[str], int],
        *,
        recovery: RecoveryPolicy | None = None,
        streaming: bool = False,
        told_by: Literal["input_tokens", "output_tokens"] = "output_tokens",
    ) -> None:
        self.call = call
        self.plan = plan
        self.recovery = recovery or RecoveryPolicy()
        self.streaming = streaming
        self._count = count
        self._told_by = told_by
        self.held = 0
        self.attempts: list[Attempt] = []
        self.error: ProviderError | None = None
        self.choice: Choice | None = None
        self.content_sent = False
        self._bill = CostDetails()
        self._open: Attempt | None = None
        self._usage: Usage | None = None
        self.heard = Heard()
        self._texts: list[str] = []
        self._started = 0.0
        self._first_content: float | None = None

    # ── Attempts ────────────────────────────────────────────────────────────────────────────────────────────────

    def begin(self, choice: Choice) -> None:
        """An attempt begins."""
        target = choice.candidate.target
        self.choice = choice
        self._started = time.monotonic()
        self._first_content = None
        self._usage = None
        self.heard = Heard()
        self._texts.clear()
        self._open = Attempt(
            number=len(self.attempts) + 1,
            provider=target.provider,
            model=target.model,
            integration_id=target.integration_id,
        )

    def observe(self, kind: str | None, event: StreamCompleteResponse) -> bool:
        """Note an event of the stream; returns whether it is, or announces, content."""
        if kind == "content_delta":
            if self._first_content is None:
                self._first_content = time.monotonic()
            delta = event.content_delta
            # Kept only to estimate what was used, should the stream end without usage.
            self._texts.append(delta.text or delta.reasoning_text or delta.refusal)
            return True
        if kind == "usage":
            self._usage = event.usage
            return False
        return kind != "started"

    def failed(self, error: ProviderError) -> None:
        """The attempt failed."""
        self.error = error
        attempt = self._close(AttemptOutcome.ATTEMPT_OUTCOME_FAILED)
        attempt.error.CopyFrom(Status(code=error.code, message=error.message))
        attempt.error.details.extend(error.status().details[:1])
        attempt.provider_request_id = error.provider_request_id or attempt.provider_request_id
        if error.http_status is not None:
            attempt.http_status = error.http_status
        usage = error.usage or self._usage
        strategy = strategy_of(error.reason)
        if usage is None and (self._texts or strategy.may_have_cost):
            usage = self._estimate()
        self._charge(attempt, usage)
        breaker = self._candidate_breaker()
        if strategy.verdict is Verdict.BUSY:
            breaker.busy(error.retry_after, self._started, error.reason)
        elif strategy.verdict is Verdict.FAILURE and error.fallback:
            breaker.failed(error.reason, self._started, answered=error.http_status is not None)
        else:
            breaker.gave_up(self._started)

    def succeeded(self, usage: Usage | None) -> Usage:
        """The attempt gave the answer; returns its usage, estimated where the provider told none."""
        attempt = self._close(AttemptOutcome.ATTEMPT_OUTCOME_SUCCEEDED)
        found = usage if usage is not None and usage.HasField(self._told_by) else self._usage or self._estimate()
        self._charge(attempt, found)
        first = None if self._first_content is None else self._first_content - self._started
        self._candidate_breaker().succeeded(self._started, first)
        return found

    def saw_text(self, text: str) -> None:
        """Text of a whole answer, for estimates."""
        self._texts.append(text)

    def _candidate_breaker(self) -> Breaker:
        assert self.choice is not None
        return self.choice.candidate.breaker

    def _close(self, outcome: AttemptOutcome.ValueType) -> Attempt:
        attempt = self._open
        assert attempt is not None
        self._open = None
        attempt.outcome = outcome
        now = time.monotonic()
        attempt.latency.FromNanoseconds(int((now - self._started) * 1e9))
        if self._first_content is not None:
            attempt.time_to_first_token.FromNanoseconds(int((self._first_content - self._started) * 1e9))
        heard = self.heard
        if heard.http_status is not None:
            attempt.http_status = heard.http_status
            attempt.provider_request_id = heard.request_id
            attempt.quotas.extend(heard.quotas)
        self.attempts.append(attempt)
        return attempt

    # ── Money ───────────────────────────────────────────────────────────────────────────────────────────────────

    @property
    def charged(self) -> int:
        """Nano-USD of all closed attempts."""
        return self._bill.nano_usd

    @property
    def bill(self) -> CostDetails:
        """The bill of all closed attempts."""
        return self._bill

    def _charge(self, attempt: Attempt, usage: Usage | None) -> None:
        assert self.choice is not None
        if usage is None:
            return
        attempt.usage.CopyFrom(usage)
        details = bill(self.choice.candidate.prices, usage)
        attempt.cost_nano_usd = details.nano_usd
        before = self._bill.nano_usd
        self._bill.MergeFrom(details)  # appends the items, takes over version and flags
        self._bill.nano_usd = before + details.nano_usd

    def _estimate(self) -> Usage:
        """What an attempt used that told nothing: the input by local count; the output as streamed, or, when nothing
        can be known of it, the most that was asked for. Unknown usage is never refunded."""
        encoding = tokens.encoding_for(self.choice.candidate.target.model if self.choice else "")
        if self.streaming or self._texts:
            output = tokens.count_text("".join(self._texts), encoding)
        else:
            output = self.plan.need.output_tokens
        return Usage(
            input_tokens=self._count(encoding),
            output_tokens=output,
            source=UsageSource.USAGE_SOURCE_ESTIMATED,
        )

    def usage_so_far(self) -> Usage:
        """What the current or last attempt used, for a stream that ends early."""
        if self._open is None and self.attempts and self.attempts[-1].HasField("usage"):
            return self.attempts[-1].usage
        return self._usage or self._estimate()

    def final_error(self) -> TrunklineError:
        """The error that the call ends with: the last attempt's, with the usage and cost so far in its metadata."""
        error: TrunklineError | None = self.error
        if self.call.deadline.remaining() <= 0:
            error = caller_deadline()
        if error is None:
            return no_provider(self.plan)
        error.metadata |= {"attempts": str(len(self.attempts)), "cost_nano_usd": str(self.charged)}
        if self.attempts:
            last = self.attempts[-1]
            error.metadata |= {"provider": last.provider, "model": last.model}
            if last.HasField("usage"):
                error.metadata["input_tokens"] = str(last.usage.input_tokens)
                error.metadata["output_tokens"] = str(last.usage.output_tokens)
        return error

    # ── Answers and records ─────────────────────────────────────────────────────────────────────────────────────

    def route(self) -> Route:
        """Why this model served the call."""
        plan, choice = self.plan, self.choice
        return Route(
            basis=plan.basis,
            rule=plan.rule,
            considered=len(plan.choices) + len(plan.rejections),
            eligible=len(plan.choices),
            region=choice.candidate.region if choice else "",
            estimated_nano_usd=self.held,
        )

    def time_to_first_token(self) -> Duration | None:
        """From the arrival of the call to the first content."""
        if self._first_content is None:
            return None
        return duration(self._first_content - self.call.arrived)

    def latency(self) -> Duration:
        """From the arrival of the call to now."""
        return duration(time.monotonic() - self.call.arrived)

    def record(self, code: int, reason: str) -> RecordedRequest:
        """The call as the request log keeps it. An attempt still open is closed as cancelled, and charged."""
        if self._open is not None:
            attempt = self._close(AttemptOutcome.ATTEMPT_OUTCOME_CANCELLED)
            self._charge(attempt, self._usage or self._estimate())
            self._candidate_breaker().gave_up(self._started)
        call, last = self.call, self.attempts[-1] if self.attempts else Attempt()
        created = Timestamp()
        created.FromNanoseconds(int(call.arrived_wall * 1e9))
        record = RecordedRequest(
            request_id=call.request_id,
            create_time=created,
            method=call.method,
            context=call.context,
            integration_id=last.integration_id,
            provider=last.provider,
            model=last.model,
            status_code=code,
            error_reason=reason,
            usage=last.usage if last.HasField("usage") else None,
            cost_details=self._bill,
            latency=self.latency(),
            time_to_first_token=self.time_to_first_token(),
            attempts=self.attempts,
            route=self.route(),
            trace_id=call.trace_id,
            key_id=call.identity.key_id,
        )
        record.context.tenant_id = call.tenant_id
        return record
