"""Which candidate is tried next, for as long as attempts fail and another one is allowed."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable

from trunkline_server.domain.admission import expected_tokens, rates_of_choice
from trunkline_server.domain.breaker import Breaker
from trunkline_server.domain.concurrency import Lane
from trunkline_server.domain.deadline import caller_deadline
from trunkline_server.domain.errors import ProviderError, Reason, TrunklineError
from trunkline_server.domain.resilience import Resilience
from trunkline_server.domain.routes.candidates import Candidate
from trunkline_server.domain.routes.plan import Choice, out_of_reach
from trunkline_server.domain.run import Run
from trunkline_server.domain.standing import Standing
from trunkline_server.domain.strategies import (
    LEAST_TIME,
    Elsewhere,
    Verdict,
    delay,
    pause_of,
    strategy_of,
)
from trunkline_server.domain.trial import Trial

# A wait for a quota, in seconds, that is too short to leave a candidate for.
_SHORT_WAIT = 0.1


def to_hold(run: Run) -> int:
    """Nano-USD that the attempts of a call can cost: the dearest one's, or the two dearest ones' where the caller asks
    for a second one beside or after one that cost something."""
    recovery = run.recovery
    costs = sorted([choice.most for choice in run.plan.choices[: recovery.max_attempts]], reverse=True)
    twice = recovery.hedge_after is not None or recovery.restart_after_content or recovery.continue_after_content
    return sum((costs * 2)[:2]) if twice and recovery.max_attempts > 1 else costs[0]


class Attempts:
    """The attempts of one call: the first candidate first, the next one when it fails, the last one again."""

    def __init__(self, run: Run, resilience: Resilience) -> None:
        self._run = run
        self._resilience = resilience
        self._choices = list(run.plan.choices if run.recovery.allow_fallback else run.plan.choices[:1])
        self._aside: list[Choice] = []

    async def next(self) -> Trial | None:
        """The next attempt, after the wait it needs; None when there is none left."""
        since = time.monotonic()
        if self._run.made and not await self._go_on():
            return None
        return await self._begin(self._choices, since)

    async def beside(self) -> Trial | None:
        """An attempt beside the one under way: of the next candidate, of the same one where there is no other."""
        run = self._run
        under_way = run.open
        if not under_way or run.made >= run.recovery.max_attempts:
            return None
        others = [one for one in self._choices if all(one is not trial.choice for trial in under_way)]
        self._note("hedge", under_way[0].choice, "")
        return await self._begin(others or list(self._choices), time.monotonic(), hedge=True)

    def keep(self, fits: Callable[[Choice], bool]) -> bool:
        """Try only candidates that fit, or all where none does; returns whether any does."""
        left = self._choices + self._aside
        found = [one for one in left if fits(one)]
        self._choices = found or left
        self._aside = [one for one in left if not fits(one)] if found else []
        return bool(found)

    async def _begin(self, choices: list[Choice], since: float, hedge: bool = False) -> Trial | None:
        """The first of the choices that can be called now; those that cannot are passed over, for good."""
        run = self._run
        while choices:
            if run.call.deadline.remaining() < LEAST_TIME:
                run.refusal = caller_deadline()
                return None
            choice = choices[0]
            standing = self._resilience.standing(choice.candidate.breaker.key)
            alone = len(choices) == 1
            try:
                if not alone:
                    self._in_time(choice)
                if standing.quotas.known:
                    await self._until_quota(choice, standing, alone)
                lane = await self._take(choice)
            except TrunklineError as obstacle:
                self._note("skipped", choice, obstacle.reason_name)
                run.skipped(choice, obstacle)
                choices.pop(0)
            else:
                return run.begin(choice, lane, standing, time.monotonic() - since, hedge)
        return None

    def _in_time(self, choice: Choice) -> None:
        """Raises CALLER_DEADLINE for a candidate that gave no whole answer of late as soon as this one is needed."""
        if not self._run.streaming and _too_slow(choice.candidate.breaker, self._run.call.deadline.remaining()):
            raise caller_deadline()

    async def _until_quota(self, choice: Choice, standing: Standing, alone: bool) -> None:
        """Wait while the provider's own quota has no room for the call. Raises UPSTREAM_RATE_LIMITED where another
        candidate had better be called, or the deadline comes first."""
        deadline = self._run.call.deadline
        while wait := standing.quotas.wait(expected_tokens(self._run.plan.need), time.monotonic()):
            if wait + LEAST_TIME > deadline.remaining() or (wait > _SHORT_WAIT and not alone):
                raise _quota_used_up(choice.candidate, wait)
            self._note("quota_wait", choice, "UPSTREAM_RATE_LIMITED")
            await asyncio.sleep(wait)

    async def _take(self, choice: Choice) -> Lane:
        """Take all that a call of a candidate needs; its breaker has the last word. Raises why it cannot be called now,
        with nothing taken."""
        run, candidate = self._run, choice.candidate
        call, breaker, target = run.call, candidate.breaker, candidate.target
        if not run.room_for(choice):
            raise _beyond_hold(candidate)
        if not breaker.allows():
            raise _kept_away(candidate)
        if call.tab is not None and (rates := rates_of_choice(call.identity, target)):
            await call.tab.widen(rates)
        lane = self._resilience.lanes.of(target.endpoint, target.model)
        if not lane.admit():
            await lane.enter(call.tenant_id, run.priority, run.weight, call.deadline)
        try:
            if not breaker.enter() and not await self._let_through(breaker):
                raise _kept_away(candidate)
        except BaseException:
            lane.leave(0.0)
            raise
        return lane

    async def _let_through(self, breaker: Breaker) -> bool:
        """Whether an open breaker lets the call through; for the last one left, a probe of another call is waited
        for."""
        deadline = self._run.call.deadline
        if await breaker.claim(deadline):
            return True
        return len(self._choices) == 1 and await breaker.verdict(deadline)

    async def _go_on(self) -> bool:
        """Whether the last failures leave anything to try: the next provider at once, or the same one after a wait."""
        run, error = self._run, self._run.error
        if error is None or run.made >= run.recovery.max_attempts:
            return False
        moved = self._leave_failed()
        if not self._choices:
            return False
        choice = self._choices[0]
        if moved:
            return await self._may_fall_back(choice, error)
        pause = pause_of(error.reason, error.http_status)
        if not error.retry or pause is None:
            return False
        # Who asked to be left alone is: a shorter wait would only find the breaker open.
        wait = max(delay(pause, run.made, error.retry_after), choice.candidate.breaker.busy_for)
        if wait + LEAST_TIME > run.call.deadline.remaining():
            return False
        if not self._resilience.retries.spend():
            self._note("retry_refused", choice, error.reason_name)
            return False
        self._note("retry", choice, error.reason_name)
        await asyncio.sleep(wait)
        return True

    async def _may_fall_back(self, choice: Choice, error: ProviderError) -> bool:
        """Whether the call may go to another provider: to one that answers in any case, to another within the retry
        budget, or when those that went before were answered."""
        proof = self._resilience.standing(choice.candidate.breaker.key).proof
        about_request = strategy_of(error.reason).verdict is Verdict.NONE
        good = about_request or proof.given or self._resilience.retries.spend()
        good = good or await proof.wait(self._run.call.deadline)
        self._note("fallback" if good else "fallback_refused", choice, error.reason_name)
        return good

    def _leave_failed(self) -> bool:
        """Go on from the candidates that failed; returns whether that leads to one that did not fail just now."""
        failures = self._run.take_failures()
        for trial, error in failures:
            others = [one for one in self._choices if one is not trial.choice]
            if not error.fallback or not others:
                continue
            self._choices = others
            strategy = strategy_of(error.reason)
            if strategy.elsewhere is Elsewhere.LARGER:
                self._choices = [one for one in others if _may_hold_more(one, trial.choice)]
            elif strategy.verdict is Verdict.FAILURE and not self._run.plan.course.stated:
                # A provider that fails with one model mostly fails with the next: others first, in their order.
                failed = trial.choice.candidate.target.integration_id
                others.sort(key=lambda one: one.candidate.target.integration_id == failed)
        return all(trial.choice is not self._choices[0] for trial, _ in failures) if self._choices else False

    def _note(self, decision: str, choice: Choice, reason: str) -> None:
        target = choice.candidate.target
        self._resilience.signals.decided(decision, target.provider, target.model, reason)


def _too_slow(breaker: Breaker, remaining: float) -> bool:
    """Whether no answer of late came as soon as this one is needed. Looks closely only where the usual one did not."""
    usual = breaker.latency
    if usual is None or usual <= remaining:
        return False
    fastest = breaker.fastest
    return fastest is not None and fastest > remaining


def _beyond_hold(candidate: Candidate) -> TrunklineError:
    return TrunklineError(
        Reason.ERROR_REASON_BUDGET_EXCEEDED,
        f"{candidate.name} could cost more than what earlier attempts left of the hold",
    )


def _quota_used_up(candidate: Candidate, wait: float) -> TrunklineError:
    return TrunklineError(
        Reason.ERROR_REASON_UPSTREAM_RATE_LIMITED,
        f"{candidate.name} told that its quota is used up; try again in {wait:.1f} s",
        metadata={"provider": candidate.target.provider},
        retry_after=wait,
    )


def _kept_away(candidate: Candidate) -> TrunklineError:
    rule, finding = out_of_reach(candidate)
    return TrunklineError(Reason.ERROR_REASON_NO_PROVIDER_AVAILABLE, f"{candidate.name}: {rule}: {finding}")


def _may_hold_more(one: Choice, failed: Choice) -> bool:
    """Whether what was too long for the model of one choice may fit that of another."""
    facts, known = one.candidate.facts, failed.candidate.facts
    if facts.HasField("context_window") and known.HasField("context_window"):
        return facts.context_window > known.context_window
    return facts.id != known.id
