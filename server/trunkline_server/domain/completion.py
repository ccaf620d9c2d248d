"""A completion, stage by stage: route, admit, attempt, settle. The only place that knows the order of the stages."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import aclosing

from trunkline.v1.common_pb2 import Usage
from trunkline.v1.completion_pb2 import (
    CacheMode,
    CompleteRequest,
    CompleteResponse,
    FailedOver,
    Finished,
    StreamCompleteResponse,
)

from trunkline_server.domain.admission import budget_states, rates_of
from trunkline_server.domain.call import Call
from trunkline_server.domain.deadline import Deadline
from trunkline_server.domain.duration import seconds
from trunkline_server.domain.errors import ProviderError, Reason, invalid_fields
from trunkline_server.domain.money import to_money
from trunkline_server.domain.ports import Ask, Providers
from trunkline_server.domain.resilience import Resilience, backoff
from trunkline_server.domain.router import Router
from trunkline_server.domain.routing import DEFAULT_MAX_TOKENS, Choice, Plan, no_provider
from trunkline_server.domain.run import Run

# DESIGN §5: at most three attempts unless the caller says otherwise.
_MAX_ATTEMPTS = 3
_SERVED_CACHE_MODES = frozenset((CacheMode.CACHE_MODE_UNSPECIFIED, CacheMode.CACHE_MODE_OFF))
# An attempt that has less time than this, in seconds, is not begun.
_LEAST_TIME = 0.005


class Completions:
    """Completions for every tenant."""

    def __init__(self, router: Router, providers: Providers, resilience: Resilience) -> None:
        self._router = router
        self._providers = providers
        self._resilience = resilience

    async def complete(self, call: Call, request: CompleteRequest) -> CompleteResponse:
        """A whole answer. Raises what DESIGN §3 lists for completions."""
        run = await self._begin(call, request, streaming=False)
        attempts = _Attempts(run, self._resilience)
        while (choice := await attempts.next()) is not None:
            try:
                answer = await self._providers.complete(choice.candidate.target, request, self._limit(run))
            except ProviderError as error:
                run.failed(error)
                continue
            run.saw_text(answer.completion)
            usage = run.succeeded(answer.usage if answer.HasField("usage") else None)
            answer.usage.CopyFrom(usage)
            await self._conclude(run, answer)
            answer.completion_id = answer.completion_id or call.request_id
            return answer
        raise run.final_error()

    async def stream(self, call: Call, request: CompleteRequest) -> AsyncGenerator[StreamCompleteResponse, None]:
        """The same answer as it is made. Events before the first content are held back, so that a failover stays
        invisible until then."""
        run = await self._begin(call, request, streaming=True)
        held: list[StreamCompleteResponse] = []
        sequence = 0
        attempts = _Attempts(run, self._resilience)
        while (choice := await attempts.next()) is not None:
            attempt = len(run.attempts) + 1
            if attempt > 1:
                held = [_failed_over(run, choice)] if _moved(run, choice) else []
            try:
                async with aclosing(
                    self._providers.stream(choice.candidate.target, request, self._limit(run))
                ) as events:
                    async for event in events:
                        kind = event.WhichOneof("event")
                        if kind == "finished":
                            usage = event.finished.usage if event.finished.HasField("usage") else None
                            event.finished.usage.CopyFrom(run.succeeded(usage))
                            await self._conclude(run, event.finished)
                        elif not run.observe(kind, event) and not run.content_sent:
                            event.attempt = attempt
                            held.append(event)
                            continue
                        run.content_sent = True
                        for earlier in held:
                            sequence += 1
                            earlier.sequence = sequence
                            yield earlier
                        held.clear()
                        sequence += 1
                        event.sequence, event.attempt = sequence, attempt
                        yield event
                        if kind == "finished":
                            return
            except ProviderError as error:
                run.failed(error)
                if run.content_sent:
                    yield StreamCompleteResponse(sequence=sequence + 1, attempt=attempt, usage=run.usage_so_far())
                    raise run.final_error() from None
        raise run.final_error()

    # ── Stages ──────────────────────────────────────────────────────────────────────────────────────────────────

    async def _begin(self, call: Call, request: CompleteRequest, streaming: bool) -> Run:
        """Route, then admit: a hold for the dearest candidate that may be tried."""
        if unserved := _unserved(request):
            raise invalid_fields(unserved, reason=Reason.ERROR_REASON_UNSUPPORTED_PARAMETER)
        roads = await self._router.roads(call.tenant_id)
        budgets = roads.budgets.in_scope(call.identity, call.context, call.arrived_wall)
        hard = any(budget.hard for budget in budgets)
        plan = self._router.plan(roads, request, hard)
        if not plan.choices:
            raise no_provider(plan)
        if hard and not request.HasField("max_tokens"):
            request.max_tokens = _cap(plan)
        run = Run(call, request, plan, streaming)
        run.held = max(choice.most for choice in plan.choices[: _attempts_allowed(request)])
        if call.tab is not None:
            ask = Ask(call.tenant_id, call.hold_id, run.held, rates_of(call.identity), budgets)
            await call.tab.open(ask, run.record)
        self._resilience.retries.earn()
        return run

    def _limit(self, run: Run) -> Deadline:
        """The deadline of one attempt: the caller's, or the attempt's own if that is sooner."""
        recovery = run.request.recovery
        if not recovery.HasField("attempt_timeout"):
            return run.call.deadline
        return run.call.deadline.sooner(seconds(recovery.attempt_timeout))

    async def _conclude(self, run: Run, answer: CompleteResponse | Finished) -> None:
        """Settle, then fill in what only Trunkline knows. Whole and streamed answers share these fields."""
        call = run.call
        levels = await call.tab.settle() if call.tab is not None else ()
        assert run.choice is not None
        target = run.choice.candidate.target
        answer.model_used = answer.model_used or target.model
        answer.provider = target.provider
        answer.cost.CopyFrom(to_money(run.charged))
        answer.cost_details.CopyFrom(run.bill)
        answer.latency.CopyFrom(run.latency())
        first = run.time_to_first_token()
        if first is not None:
            answer.time_to_first_token.CopyFrom(first)
        answer.route.CopyFrom(run.route())
        answer.attempts.extend(run.attempts)
        answer.budget.extend(budget_states(levels))
        answer.trace_id = call.trace_id
        answer.request_id = call.request_id
        _note_facts(call, target.provider, answer.model_used, answer.usage, run.charged)


class _Attempts:
    """Which candidate is tried next, for as long as attempts fail and another one is allowed."""

    def __init__(self, run: Run, resilience: Resilience) -> None:
        request = run.request
        fallback = not request.recovery.HasField("allow_fallback") or request.recovery.allow_fallback
        self._run = run
        self._resilience = resilience
        self._choices = list(run.plan.choices if fallback else run.plan.choices[:1])
        self._allowed = _attempts_allowed(request)
        self._made = 0

    async def next(self) -> Choice | None:
        """The choice of the next attempt, after the wait it needs; None when there is none left."""
        run, choices = self._run, self._choices
        if self._made and not await self._go_on():
            return None
        while choices:
            if run.call.deadline.remaining() < _LEAST_TIME:
                return None
            choice = choices[0]
            # Only a hard budget must never be exceeded; without one, what failed attempts cost stops no fallback.
            limited = run.plan.need.hard_budget and run.charged > 0
            over_hold = limited and run.charged + choice.most > run.held
            if not over_hold and choice.candidate.breaker.enter():
                self._made += 1
                run.begin(choice)
                return choice
            choices.pop(0)
        return None

    async def _go_on(self) -> bool:
        """Whether the last failure leaves anything to try: the next provider at once, or the same one after a wait."""
        error = self._run.error
        if error is None or self._made >= self._allowed:
            return False
        if error.fallback and len(self._choices) > 1:
            self._choices.pop(0)
            return True
        if not error.retry:
            return False
        delay = backoff(self._made) if error.retry_after is None else error.retry_after
        if delay + _LEAST_TIME > self._run.call.deadline.remaining() or not self._resilience.retries.spend():
            return False
        await asyncio.sleep(delay)
        return True


def _note_facts(call: Call, provider: str, model: str, usage: Usage, cost: int) -> None:
    # OpenTelemetry's semantic conventions for generative AI name these.
    call.facts.update(
        {
            "gen_ai.provider.name": provider,
            "gen_ai.response.model": model,
            "gen_ai.usage.input_tokens": usage.input_tokens,
            "gen_ai.usage.output_tokens": usage.output_tokens,
            "trunkline.cost_nano_usd": cost,
        }
    )


def _unserved(request: CompleteRequest) -> list[tuple[str, str]]:
    """Options of the contract that this server does not honour yet: refused, never ignored."""
    found = []
    if request.recovery.HasField("hedge_after"):
        found.append(("recovery.hedge_after", "hedging is not served yet; leave it empty"))
    if request.recovery.restart_after_content:
        found.append(("recovery.restart_after_content", "is not served yet; leave it false"))
    if request.cache.mode not in _SERVED_CACHE_MODES:
        found.append(("cache.mode", "answers are not cached yet; leave it empty or OFF"))
    return found


def _cap(plan: Plan) -> int:
    """Output tokens for a request that states no maximum while a hard budget needs one: the default, or less where a
    candidate writes less."""
    limits = [
        choice.candidate.facts.max_output_tokens
        for choice in plan.choices
        if choice.candidate.facts.HasField("max_output_tokens")
    ]
    return min([DEFAULT_MAX_TOKENS, *limits])


def _attempts_allowed(request: CompleteRequest) -> int:
    return request.recovery.max_attempts if request.recovery.HasField("max_attempts") else _MAX_ATTEMPTS


def _moved(run: Run, choice: Choice) -> bool:
    last, target = run.attempts[-1], choice.candidate.target
    return (last.integration_id, last.model) != (target.integration_id, target.model)


def _failed_over(run: Run, choice: Choice) -> StreamCompleteResponse:
    last, target = run.attempts[-1], choice.candidate.target
    return StreamCompleteResponse(
        attempt=len(run.attempts) + 1,
        failed_over=FailedOver(
            from_provider=last.provider,
            from_model=last.model,
            to_provider=target.provider,
            to_model=target.model,
            cause=last.error,
        ),
    )
