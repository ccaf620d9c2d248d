"""What every call of a model goes through, whatever it asks for: admission, attempts, settlement."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from trunkline.v1.common_pb2 import Usage
from trunkline.v1.completion_pb2 import CacheMode, CachePolicy, CompleteResponse, Finished
from trunkline.v1.llm_pb2 import EmbedResponse

from trunkline_server.domain.admission import rates_of
from trunkline_server.domain.begun import Begun
from trunkline_server.domain.call import Call
from trunkline_server.domain.errors import Reason
from trunkline_server.domain.money import to_money
from trunkline_server.domain.ports import Ask, BudgetLevel, BudgetLimit
from trunkline_server.domain.resilience import Resilience, backoff
from trunkline_server.domain.routing import Choice
from trunkline_server.domain.run import Run

# DESIGN §5: at most three attempts unless the caller says otherwise.
_MAX_ATTEMPTS = 3
_SERVED_CACHE_MODES = frozenset((CacheMode.CACHE_MODE_UNSPECIFIED, CacheMode.CACHE_MODE_OFF))
# An attempt that has less time than this, in seconds, is not begun.
_LEAST_TIME = 0.005


def unserved_cache(policy: CachePolicy) -> list[tuple[str, str]]:
    """Modes of the cache that this server does not honour yet: refused, never ignored."""
    if policy.mode in _SERVED_CACHE_MODES:
        return []
    return [("cache.mode", "answers are not cached yet; leave it empty or OFF")]


async def admit(run: Run, budgets: Sequence[BudgetLimit], resilience: Resilience) -> None:
    """Hold what the dearest candidate that may be tried can cost. Raises what `Tab.open` raises."""
    call = run.call
    run.held = max(choice.most for choice in run.plan.choices[: _allowed(run)])
    if call.tab is not None:
        ask = Ask(call.tenant_id, call.hold_id, run.held, rates_of(call.identity), tuple(budgets))
        await call.tab.open(ask, run.record)
    resilience.retries.earn()


async def conclude(run: Run, answer: CompleteResponse | Finished | EmbedResponse) -> Sequence[BudgetLevel]:
    """Settle, and meanwhile fill in what only Trunkline knows of every call. Returns the budgets afterwards."""
    settling = Begun(_settled(run.call))
    try:
        _fill(run, answer)
    finally:
        levels = await settling
    answer.latency.CopyFrom(run.latency())
    return levels


async def _settled(call: Call) -> Sequence[BudgetLevel]:
    return await call.tab.settle() if call.tab is not None else ()


def _fill(run: Run, answer: CompleteResponse | Finished | EmbedResponse) -> None:
    call = run.call
    assert run.choice is not None
    target = run.choice.candidate.target
    answer.model_used = answer.model_used or target.model
    answer.provider = target.provider
    answer.cost.CopyFrom(to_money(run.charged))
    answer.cost_details.CopyFrom(run.bill)
    answer.attempts.extend(run.attempts)
    answer.trace_id = call.trace_id
    answer.request_id = call.request_id
    _note_facts(call, target.provider, answer.model_used, answer.usage, run.charged)


class Attempts:
    """Which candidate is tried next, for as long as attempts fail and another one is allowed."""

    def __init__(self, run: Run, resilience: Resilience) -> None:
        recovery = run.recovery
        fallback = not recovery.HasField("allow_fallback") or recovery.allow_fallback
        self._run = run
        self._resilience = resilience
        self._choices = list(run.plan.choices if fallback else run.plan.choices[:1])
        self._allowed = _allowed(run)
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
            failed = self._choices.pop(0)
            if error.reason == Reason.ERROR_REASON_CONTEXT_TOO_LONG:
                self._choices[:] = [one for one in self._choices if _may_hold_more(one, failed)]
            return bool(self._choices)
        if not error.retry:
            return False
        delay = backoff(self._made) if error.retry_after is None else error.retry_after
        if delay + _LEAST_TIME > self._run.call.deadline.remaining() or not self._resilience.retries.spend():
            return False
        await asyncio.sleep(delay)
        return True


def _may_hold_more(one: Choice, failed: Choice) -> bool:
    """Whether what was too long for the model of one choice may fit that of another."""
    facts, known = one.candidate.facts, failed.candidate.facts
    if facts.HasField("context_window") and known.HasField("context_window"):
        return facts.context_window > known.context_window
    return facts.id != known.id


def _allowed(run: Run) -> int:
    return run.recovery.max_attempts if run.recovery.HasField("max_attempts") else _MAX_ATTEMPTS


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
