"""The state of one call of a model: its attempts, what they cost, and how it would be recorded now."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from typing import Any, Literal

from trunkline.v1.analytics_pb2 import RecordedRequest
from trunkline.v1.common_pb2 import Attempt, AttemptOutcome, CostDetails, Usage
from trunkline.v1.completion_pb2 import CompleteRequest
from trunkline.v1.route_pb2 import Route

from trunkline_server.domain.call import Call
from trunkline_server.domain.concurrency import Lane
from trunkline_server.domain.deadline import caller_deadline
from trunkline_server.domain.duration import put_duration
from trunkline_server.domain.errors import ProviderError, Reason, TrunklineError
from trunkline_server.domain.ports import Target
from trunkline_server.domain.pricing import bill
from trunkline_server.domain.recovery import Recovery
from trunkline_server.domain.routes.plan import Choice, Plan, no_provider
from trunkline_server.domain.routes.record import candidates_of, route_of
from trunkline_server.domain.standing import Standing
from trunkline_server.domain.trial import Trial, note_error

# A shorter wait, in seconds, is what any attempt takes to begin.
_WORTH_TELLING = 0.001
_SKIPPED = AttemptOutcome.ATTEMPT_OUTCOME_SKIPPED
_USUAL = Recovery()


class Run:
    """One call of a model on its way. Amounts are nano-USD, times are `time.monotonic()` seconds.

    `count` counts the request's tokens by the encoding of that name. `told_by` is the count without which a provider
    has not told what a call used. `explain`: the route shall hold every candidate. `open` are the attempts
    under way, `error` is that of the last one that failed.
    """

    def __init__(
        self,
        call: Call,
        plan: Plan,
        count: Callable[[str], int],
        *,
        recovery: Recovery = _USUAL,
        priority: int = 0,
        streaming: bool = False,
        explain: bool = False,
        told_by: Literal["input_tokens", "output_tokens"] = "output_tokens",
    ) -> None:
        self.call = call
        self.plan = plan
        self.recovery = recovery
        self.priority = priority
        self.streaming = streaming
        self.explain = explain
        self.count = count
        self.told_by = told_by
        self.held = 0
        # A request, where it would go, and what would be sent.
        self.prepared: tuple[CompleteRequest, Target, Any] | None = None
        self.attempts: list[Attempt] = []
        self.open: list[Trial] = []
        self.error: ProviderError | None = None
        self.refusal: TrunklineError | None = None
        self._failures: list[tuple[Trial, ProviderError]] = []
        self._last: Trial | None = None
        self._first_content: float | None = None
        self._bill = CostDetails()
        self._route: Route | None = None
        self._ended: float | None = None

    def replan(self, plan: Plan) -> None:
        """Go by another plan, before the first attempt."""
        self.plan, self._route = plan, None

    def take_prepared(self, request: CompleteRequest, target: Target) -> Any:
        """What was prepared to be sent, once; None where that was for another request or target."""
        prepared, self.prepared = self.prepared, None
        return prepared[2] if prepared and prepared[0] is request and prepared[1] is target else None

    # ── Attempts ────────────────────────────────────────────────────────────────────────────────────────────────

    def begin(self, choice: Choice, lane: Lane, standing: Standing, waited: float = 0.0, hedge: bool = False) -> Trial:
        """An attempt begins in a lane that it entered, after the call waited so many seconds for it."""
        record = self._recorded(choice)
        record.hedge = hedge
        if waited >= _WORTH_TELLING:
            put_duration(record.waited, waited)
        self._last = trial = Trial(self, choice, lane, standing, record)
        self.open.append(trial)
        return trial

    def skipped(self, choice: Choice, why: TrunklineError) -> None:
        """A candidate is passed over without a call."""
        if why.reason != Reason.ERROR_REASON_NO_PROVIDER_AVAILABLE:
            self.refusal = why
        record = self._recorded(choice)
        record.outcome = _SKIPPED
        note_error(record, why)

    def failed(self, trial: Trial, error: ProviderError) -> None:
        """An attempt failed."""
        self.error = error
        self._failures.append((trial, error))

    def take_failures(self) -> Sequence[tuple[Trial, ProviderError]]:
        """The attempts that failed since this was last asked."""
        found, self._failures = self._failures, []
        return found

    def won(self, trial: Trial) -> None:
        """The attempt answers the call."""
        self._last = trial

    def sending(self) -> None:
        """Content goes to the caller."""
        if self._first_content is None and self._last is not None:
            self._first_content = self._last.first_content

    @property
    def choice(self) -> Choice | None:
        """The choice that answered, else the last one that was tried."""
        return self._last.choice if self._last else None

    @property
    def weight(self) -> float:
        """What the call asks of a provider, in tokens."""
        need = self.plan.need
        return need.size.likely + need.output_tokens

    @property
    def made(self) -> int:
        """How many attempts were begun."""
        return sum(one.outcome != _SKIPPED for one in self.attempts)

    def _recorded(self, choice: Choice) -> Attempt:
        target = choice.candidate.target
        record = Attempt(
            number=len(self.attempts) + 1,
            provider=target.provider,
            model=target.model,
            integration_id=target.integration_id,
        )
        self.attempts.append(record)
        return record

    # ── Money ───────────────────────────────────────────────────────────────────────────────────────────────────

    @property
    def charged(self) -> int:
        """Nano-USD of all closed attempts."""
        return self._bill.nano_usd

    @property
    def bill(self) -> CostDetails:
        """The bill of all closed attempts."""
        return self._bill

    def charge(self, trial: Trial, usage: Usage | None) -> None:
        """Add what an attempt used; None is nothing."""
        if usage is None:
            return
        trial.record.usage.CopyFrom(usage)
        details = bill(trial.choice.candidate.prices, usage)
        trial.record.cost_nano_usd = details.nano_usd
        if not self._bill.ByteSize():
            self._bill = details
            return
        before = self._bill.nano_usd
        self._bill.MergeFrom(details)  # appends the items, takes over version and flags
        self._bill.nano_usd = before + details.nano_usd

    def room_for(self, choice: Choice) -> bool:
        """Whether the hold covers one more attempt. Only a hard budget must never be exceeded; without one, what failed
        attempts cost stops no fallback."""
        if not self.plan.need.hard_budget:
            return True
        used = self.charged + sum(trial.choice.most for trial in self.open)
        return not used or used + choice.most <= self.held

    def usage_so_far(self) -> Usage:
        """What the current or last attempt used, for a stream that ends early."""
        assert self._last is not None
        return self._last.usage_so_far()

    def final_error(self) -> TrunklineError:
        """The error that the call ends with: the last attempt's, with the usage and cost so far in its metadata."""
        error = self.error or self.refusal
        if self.call.deadline.remaining() <= 0:
            error = caller_deadline()
        if error is None:
            return no_provider(self.plan)
        error.metadata |= {"attempts": str(self.made), "cost_nano_usd": str(self.charged)}
        if self.attempts:
            last = self._answering()
            error.metadata |= {"provider": last.provider, "model": last.model}
            if last.HasField("usage"):
                error.metadata["input_tokens"] = str(last.usage.input_tokens)
                error.metadata["output_tokens"] = str(last.usage.output_tokens)
        return error

    # ── Answers and records ─────────────────────────────────────────────────────────────────────────────────────

    def route(self) -> Route:
        """Why this model served the call."""
        choice, route = self.choice, self._route
        if route is None:
            route = self._route = route_of(self.plan)
            if self.explain:
                route.ClearField("candidates")
                route.candidates.extend(candidates_of(self.plan))
        route.region = choice.candidate.region if choice else ""
        route.estimated_nano_usd = self.held
        if (copy := self.call.copy) is not None:
            route.experiment_id, route.arm_id, route.shadow = copy.experiment_id, copy.arm_id, True
        return route

    def time_to_first_token(self) -> float | None:
        """Seconds from the arrival of the call to the first content that went to the caller."""
        return None if self._first_content is None else self._first_content - self.call.arrived

    def end(self) -> None:
        """The call has ended, unless it had before. Attempts still open are closed as cancelled, and charged."""
        if self._ended is None:
            self._ended = time.monotonic()
            for trial in tuple(self.open):
                trial.cancelled()

    def latency(self) -> float:
        """Seconds from the arrival of the call to its end, or to now."""
        return (self._ended or time.monotonic()) - self.call.arrived

    def record(self, code: int, reason: str) -> RecordedRequest:
        """The call as the request log keeps it, ended."""
        self.end()
        call, last, first = self.call, self._answering(), self.time_to_first_token()
        record = RecordedRequest(
            request_id=call.request_id,
            method=call.method,
            integration_id=last.integration_id,
            provider=last.provider,
            model=last.model,
            status_code=code,
            error_reason=reason,
            trace_id=call.trace_id,
            key_id=call.identity.key_id,
        )
        # Messages given to the constructor would be encoded and decoded.
        for attempt in self.attempts:
            record.attempts.add().CopyFrom(attempt)
        call.put_create_time(record.create_time)
        record.context.CopyFrom(call.context)
        record.context.tenant_id = call.tenant_id
        if last.HasField("usage"):
            record.usage.CopyFrom(last.usage)
        record.cost_details.CopyFrom(self._bill)
        put_duration(record.latency, self.latency())
        if first is not None:
            put_duration(record.time_to_first_token, first)
        record.route.CopyFrom(self.route())
        return record

    def _answering(self) -> Attempt:
        """The attempt that speaks for the call: the one that answered, else the last one."""
        if self._last is not None:
            return self._last.record
        return self.attempts[-1] if self.attempts else Attempt()
