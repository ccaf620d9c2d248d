"""Breakers and the retry budget: who may be tried, when, and how often."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field

from trunkline_server.domain.signals import Signals, Silent

# DESIGN §5: at most 20 % extra load from retries.
RETRY_RATIO = 0.2
_RETRY_RESERVE = 10.0
_LATENCY_WEIGHT = 0.2

Clock = Callable[[], float]


@dataclass(frozen=True, slots=True)
class BreakerRule:
    """Opens on `failures` within `window` seconds that are at least half of ten or more calls, or on `failures` in a
    row; stays open for `open_for` seconds, then lets one probe through."""

    failures: int = 5
    window: float = 60.0
    open_for: float = 30.0


@dataclass(slots=True)
class Breaker:
    """The breaker of one provider and model. Rate limits (429) do not count as failures."""

    rule: BreakerRule = field(default_factory=BreakerRule)
    clock: Clock = time.monotonic
    calls: deque[tuple[float, bool]] = field(default_factory=deque)
    streak: int = 0
    opened_at: float | None = None
    probing: bool = False
    latency: float | None = None  # seconds, exponentially weighted

    def allows(self) -> bool:
        """Whether a call would be let through now; claims nothing."""
        if self.opened_at is None:
            return True
        return not self.probing and self.clock() - self.opened_at >= self.rule.open_for

    def enter(self) -> bool:
        """Claim a call. In the half-open state exactly one caller gets the probe."""
        if not self.allows():
            return False
        self.probing = self.opened_at is not None
        return True

    def succeeded(self, latency: float) -> None:
        """A call ended well after `latency` seconds."""
        self.latency = latency if self.latency is None else self.latency + _LATENCY_WEIGHT * (latency - self.latency)
        self.streak = 0
        if self.opened_at is not None:
            self.calls.clear()
        self.opened_at, self.probing = None, False
        self._note(True)

    def failed(self) -> None:
        """A call failed through the provider's fault."""
        self.streak += 1
        self._note(False)
        if self.probing or self.streak >= self.rule.failures or self._mostly_failing():
            self.opened_at, self.probing = self.clock(), False

    def gave_up(self) -> None:
        """A call ended without a verdict (cancelled, rate limited): free the probe for the next caller."""
        self.probing = False

    def _note(self, ok: bool) -> None:
        now = self.clock()
        self.calls.append((now, ok))
        while self.calls and (now - self.calls[0][0] > self.rule.window or len(self.calls) > 1000):
            self.calls.popleft()

    def _mostly_failing(self) -> bool:
        failures = sum(not ok for _, ok in self.calls)
        return failures >= self.rule.failures and len(self.calls) >= 10 and failures * 2 >= len(self.calls)


@dataclass(slots=True)
class RetryBudget:
    """Retries may add at most RETRY_RATIO to the load: each call earns a part of a retry, each retry spends one."""

    tokens: float = _RETRY_RESERVE

    def earn(self) -> None:
        """One call came in."""
        self.tokens = min(_RETRY_RESERVE, self.tokens + RETRY_RATIO)

    def spend(self) -> bool:
        """Claim one retry."""
        if self.tokens < 1.0:
            return False
        self.tokens -= 1.0
        return True


@dataclass(slots=True)
class Resilience:
    """The breakers of this worker, by (tenant, integration, model), its retry budget, and who hears its decisions."""

    clock: Clock = time.monotonic
    breakers: dict[tuple[str, str, str], Breaker] = field(default_factory=dict)
    retries: RetryBudget = field(default_factory=RetryBudget)
    signals: Signals = field(default_factory=Silent)

    def breaker(self, tenant_id: str, integration_id: str, model: str, rule: BreakerRule) -> Breaker:
        """The breaker of one model of one integration."""
        key = (tenant_id, integration_id, model)
        found = self.breakers.get(key)
        if found is None or found.rule != rule:
            found = self.breakers[key] = Breaker(rule, self.clock)
        return found
