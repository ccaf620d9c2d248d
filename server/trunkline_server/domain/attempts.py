"""Which candidate is tried next, for as long as attempts fail and another one is allowed."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable

from trunkline_server.domain.deadline import caller_deadline
from trunkline_server.domain.errors import TrunklineError
from trunkline_server.domain.resilience import Resilience
from trunkline_server.domain.routing import Choice
from trunkline_server.domain.run import Run
from trunkline_server.domain.strategies import Elsewhere, delay, pause_of, strategy_of
from trunkline_server.domain.trial import Trial

# DESIGN §5: at most three attempts unless the caller says otherwise.
_MAX_ATTEMPTS = 3
# An attempt that has less time than this, in seconds, is not begun.
_LEAST_TIME = 0.005


def allowed(run: Run) -> int:
    """How many attempts a call may make."""
    return run.recovery.max_attempts if run.recovery.HasField("max_attempts") else _MAX_ATTEMPTS


def to_hold(run: Run) -> int:
    """Nano-USD that the attempts of a call can cost: the dearest one's, or the two dearest ones' where the caller asks
    for a second one beside or after one that cost something."""
    costs = sorted((choice.most for choice in run.plan.choices[: allowed(run)]), reverse=True)
    recovery = run.recovery
    twice = recovery.HasField("hedge_after") or recovery.restart_after_content or recovery.continue_after_content
    return sum((costs * 2)[:2]) if twice and allowed(run) > 1 else costs[0]


class Attempts:
    """The attempts of one call: the first candidate first, the next one when it fails, the last one again."""

    def __init__(self, run: Run, resilience: Resilience) -> None:
        recovery = run.recovery
        fallback = not recovery.HasField("allow_fallback") or recovery.allow_fallback
        self._run = run
        self._resilience = resilience
        self._choices = list(run.plan.choices if fallback else run.plan.choices[:1])
        self._allowed = allowed(run)

    async def next(self) -> Trial | None:
        """The next attempt, after the wait it needs; None when there is none left."""
        since = time.monotonic()
        if self._run.made and not await self._go_on():
            return None
        return await self._begin(since, hedge=False)

    async def beside(self) -> Trial | None:
        """An attempt beside the one under way: of the next candidate, of the same one where there is no other."""
        if self._run.made >= self._allowed:
            return None
        running = {id(trial.choice) for trial in self._run.open}
        others = [one for one in self._choices if id(one) not in running]
        self._choices = others + [one for one in self._choices if id(one) in running]
        return await self._begin(time.monotonic(), hedge=True)

    def keep(self, fits: Callable[[Choice], bool]) -> bool:
        """Leave only candidates that fit, all where none does; returns whether any does."""
        found = [one for one in self._choices if fits(one)]
        if found:
            self._choices = found
        return bool(found)

    async def _begin(self, since: float, hedge: bool) -> Trial | None:
        """The first candidate that can be called now; those that cannot are passed over."""
        run, choices = self._run, self._choices
        while choices:
            if run.call.deadline.remaining() < _LEAST_TIME:
                return None
            choice = choices[0]
            why = self._too_late(choice)
            if why is None and run.room_for(choice) and choice.candidate.breaker.enter():
                return run.begin(choice, time.monotonic() - since, hedge)
            if why is not None:
                run.skipped(choice, why)
            choices.pop(0)
        return None

    def _too_late(self, choice: Choice) -> TrunklineError | None:
        """Why a candidate cannot answer in what is left of the deadline; None where it may."""
        fastest = choice.candidate.breaker.latency
        if self._run.streaming or fastest is None or fastest <= self._run.call.deadline.remaining():
            return None
        return caller_deadline()

    async def _go_on(self) -> bool:
        """Whether the last failures leave anything to try: the next provider at once, or the same one after a wait."""
        run = self._run
        error = run.error
        if error is None or run.made >= self._allowed:
            return False
        if self._leave_failed():
            self._note("fallback", error.reason_name)
            return bool(self._choices)
        pause = pause_of(error.reason, error.http_status)
        if not error.retry or pause is None:
            return False
        wait = delay(pause, run.made, error.retry_after)
        if wait + _LEAST_TIME > run.call.deadline.remaining():
            return False
        if not self._resilience.retries.spend():
            self._note("retry_refused", error.reason_name)
            return False
        self._note("retry", error.reason_name)
        await asyncio.sleep(wait)
        return True

    def _leave_failed(self) -> bool:
        """Go on from the candidates that failed; returns whether that leads to one that did not fail just now."""
        failures = self._run.take_failures()
        for trial, error in failures:
            others = [one for one in self._choices if one is not trial.choice]
            if not error.fallback or not others:
                continue
            self._choices = others
            if strategy_of(error.reason).elsewhere is Elsewhere.LARGER:
                self._choices = [one for one in others if _may_hold_more(one, trial.choice)]
        return all(self._choices[:1] != [] and self._choices[0] is not trial.choice for trial, _ in failures)

    def _note(self, decision: str, reason: str) -> None:
        target = self._choices[0].candidate.target if self._choices else None
        provider, model = (target.provider, target.model) if target else ("", "")
        self._resilience.signals.decided(decision, provider, model, reason)


def _may_hold_more(one: Choice, failed: Choice) -> bool:
    """Whether what was too long for the model of one choice may fit that of another."""
    facts, known = one.candidate.facts, failed.candidate.facts
    if facts.HasField("context_window") and known.HasField("context_window"):
        return facts.context_window > known.context_window
    return facts.id != known.id
