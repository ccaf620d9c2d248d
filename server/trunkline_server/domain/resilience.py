"""Breakers and the retry budget: who may be tried, when, and how often."""

from __future__ import annotations

from dataclasses import dataclass, field

from trunkline_server.domain.breaker import Breaker, BreakerRule
from trunkline_server.domain.breakers import Breakers
from trunkline_server.domain.concurrency import Lanes
from trunkline_server.domain.opening import BreakerKey
from trunkline_server.domain.signals import Signals, Silent
from trunkline_server.domain.spending import Spending
from trunkline_server.domain.standing import Standing

# DESIGN §5: at most 20 % extra load from retries.
RETRY_RATIO = 0.2
_RETRY_RESERVE = 10.0


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
    """The breakers of this worker, by (tenant, integration, model), its retry budget, its lanes to deployments, who
    hears its decisions, and how far budgets are used."""

    breakers: Breakers = field(default_factory=Breakers)
    retries: RetryBudget = field(default_factory=RetryBudget)
    lanes: Lanes = field(default_factory=Lanes)
    standings: dict[BreakerKey, Standing] = field(default_factory=dict)
    signals: Signals = field(default_factory=Silent)
    spending: Spending = field(default_factory=Spending)

    def breaker(
        self, tenant_id: str, integration_id: str, model: str, rule: BreakerRule, provider: str = ""
    ) -> Breaker:
        """The breaker of one model of one integration."""
        return self.breakers.get(BreakerKey(tenant_id, integration_id, model), rule, provider)

    def standing(self, key: BreakerKey) -> Standing:
        """What else is known of the model that a breaker is for."""
        found = self.standings.get(key)
        if found is None:
            found = self.standings[key] = Standing()
        return found
