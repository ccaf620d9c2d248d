"""Which candidate is tried next, for as long as attempts fail and another one is allowed."""

from __future__ import annotations

import asyncio

from trunkline_server.domain.breaker import Breaker
from trunkline_server.domain.resilience import Resilience
from trunkline_server.domain.routing import Choice
from trunkline_server.domain.run import Run
from trunkline_server.domain.strategies import Elsewhere, delay, pause_of, strategy_of

# DESIGN §5: at most three attempts unless the caller says otherwise.
_MAX_ATTEMPTS = 3
# An attempt that has less time than this, in seconds, is not begun.
_LEAST_TIME = 0.005


class Attempts:
    """Which candidate is tried next, for as long as attempts fail and another one is allowed."""

    def __init__(self, run: Run, resilience: Resilience) -> None:
        recovery = run.recovery
        fallback = not recovery.HasField("allow_fallback") or recovery.allow_fallback
        self._run = run
        self._resilience = resilience
        self._choices = list(run.plan.choices if fallback else run.plan.choices[:1])
        self._allowed = allowed(run)
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
            if not over_hold and await self._let_through(choice.candidate.breaker):
                self._made += 1
                run.begin(choice)
                return choice
            choices.pop(0)
        return None

    async def _let_through(self, breaker: Breaker) -> bool:
        """Whether a breaker lets the call through; for the last one left, a probe of another call is waited for."""
        deadline = self._run.call.deadline
        if breaker.enter() or await breaker.claim(deadline):
            return True
        return len(self._choices) == 1 and await breaker.verdict(deadline)

    async def _go_on(self) -> bool:
        """Whether the last failure leaves anything to try: the next provider at once, or the same one after a wait."""
        error = self._run.error
        if error is None or self._made >= self._allowed:
            return False
        if error.fallback and len(self._choices) > 1:
            failed = self._choices.pop(0)
            if strategy_of(error.reason).elsewhere is Elsewhere.LARGER:
                self._choices[:] = [one for one in self._choices if _may_hold_more(one, failed)]
            return bool(self._choices)
        pause = pause_of(error.reason, error.http_status)
        if not error.retry or pause is None:
            return False
        # Who asked to be left alone is: a shorter wait would only find the breaker open.
        wait = max(delay(pause, self._made, error.retry_after), self._choices[0].candidate.breaker.busy_for)
        if wait + _LEAST_TIME > self._run.call.deadline.remaining() or not self._resilience.retries.spend():
            return False
        await asyncio.sleep(wait)
        return True


def _may_hold_more(one: Choice, failed: Choice) -> bool:
    """Whether what was too long for the model of one choice may fit that of another."""
    facts, known = one.candidate.facts, failed.candidate.facts
    if facts.HasField("context_window") and known.HasField("context_window"):
        return facts.context_window > known.context_window
    return facts.id != known.id


def allowed(run: Run) -> int:
    """How many attempts a call may make."""
    return run.recovery.max_attempts if run.recovery.HasField("max_attempts") else _MAX_ATTEMPTS
