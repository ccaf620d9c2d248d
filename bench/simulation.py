"""Routing policies against each other over the same calls, in made-up time (`make simulate`).

The real code plans and makes every call: the router, the breakers, the live latencies, the attempts with their
fallbacks and retries. Only the providers are simulated (simulated_providers.py), and the clock jumps. All policies get
the same calls (simulated_workload.py), the same weather and the same luck, so what differs is the policy. No network.

Whether an answer is good is not known to any policy but the oracle. It is good with the probability
logistic(SLOPE * (quality - needed)), where `needed` is such that a model of the least quality for a difficulty
(NEEDED, those of the default tiers) is good in four of five cases: an assumption. The share of good answers is the mean
of the probabilities; a failed call has no good answer.
"""

from __future__ import annotations

import asyncio
import random
import sys
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cache
from math import exp, log
from pathlib import Path
from unittest.mock import patch

import numpy as np

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT / "tests"), str(ROOT / "bench")]

from simulated_providers import LARGE, SMALL, SimulatedProviders, integrations  # noqa: E402
from simulated_workload import Ask, workload  # noqa: E402
from trunkline.v1.access_pb2 import Tenant  # noqa: E402
from trunkline.v1.common_pb2 import CallContext  # noqa: E402
from trunkline.v1.completion_pb2 import CompleteRequest  # noqa: E402
from trunkline.v1.policy_pb2 import RoutingLink, RoutingPolicy, RoutingWeights  # noqa: E402
from trunkline.v1.requirements_pb2 import ModelRequirements  # noqa: E402
from trunkline_server.domain.breakers import Breakers  # noqa: E402
from trunkline_server.domain.call import Call, Caller  # noqa: E402
from trunkline_server.domain.completion import Completions  # noqa: E402
from trunkline_server.domain.concurrency import Lanes  # noqa: E402
from trunkline_server.domain.deadline import Deadline  # noqa: E402
from trunkline_server.domain.errors import TrunklineError  # noqa: E402
from trunkline_server.domain.ports import Ask as Hold  # noqa: E402
from trunkline_server.domain.ports import BudgetLevel, BudgetLimit, RateLimit, TenantView  # noqa: E402
from trunkline_server.domain.resilience import Resilience  # noqa: E402
from trunkline_server.domain.router import Roads, Router, RoutingSettings  # noqa: E402
from trunkline_server.domain.routes.plan import Plan  # noqa: E402
from trunkline_server.domain.steering import RoutingView  # noqa: E402
from trunkline_server.domain.tab import Settlements, Tab  # noqa: E402
from trunkline_server.providers.catalogue import PriceCatalogue  # noqa: E402
from unit.domain_parts import TENANT, FakeDirectory  # noqa: E402
from virtual_time import MONOTONIC, virtual_time  # noqa: E402

SEED, CALLS = 1, 10_000
# Prices are those of this day: 21 November 2026.
DAY = 1_795_219_200.0
CALL_SECONDS = 120.0
SLOPE = 12.0
NEEDED = {"easy": 0.4, "medium": 0.6, "hard": 0.725}
# The least quality of a policy with a floor: Quality PREMIUM.
FLOOR = 0.725


@dataclass(frozen=True, slots=True)
class Contender:
    """A way of choosing: a model that every call names, or a policy of the tenant. `knows`: it is told how difficult
    each call is, and asks for the quality that it needs."""

    name: str
    model: str = ""
    policy: RoutingPolicy | None = None
    knows: bool = False


def _by(objective: str, floor: float = 0.0, **fields: object) -> RoutingPolicy:
    found = RoutingPolicy(policy_id="simulated", objective=f"ROUTING_OBJECTIVE_{objective}", **fields)  # type: ignore[arg-type]
    if floor:
        found.constraints.CopyFrom(ModelRequirements(min_quality=floor))
    return found


# The two models above the floor that cost a fraction of their likes: without them the floor is dear.
BARGAINS = ("vertex/gemini-3-flash-preview", "xai/grok-4.20")
_CHAIN = [RoutingLink(model=name) for name in ("anthropic/claude-sonnet-4-6", "openai/gpt-5.4", "mistral-large-4")]
_SPLIT = [
    RoutingLink(model=name, weight=weight)
    for name, weight in (("openai/gpt-4.1", 50), ("anthropic/claude-haiku-4-5", 30), ("vertex/gemini-2.5-flash", 20))
]
CONTENDERS: Sequence[Contender] = (
    Contender("always large", model="large"),
    Contender("always small", model="small"),
    Contender("cost", policy=_by("COST")),
    Contender("cost, floor", policy=_by("COST", FLOOR)),
    Contender("latency", policy=_by("LATENCY")),
    Contender("quality", policy=_by("QUALITY")),
    Contender("balanced", policy=_by("BALANCED")),
    Contender("balanced, floor", policy=_by("BALANCED", FLOOR)),
    Contender("balanced, floor, no bargains", policy=_by("BALANCED", FLOOR, denied_models=BARGAINS)),
    Contender("priority", policy=_by("PRIORITY", chain=_CHAIN)),
    Contender("weighted", policy=_by("WEIGHTED", chain=_SPLIT)),
    Contender("complexity", policy=_by("COMPLEXITY")),
    Contender("oracle", policy=_by("COST"), knows=True),
)


def _weighted(quality: float, latency: float) -> Contender:
    weights = RoutingWeights(cost=1.0 - quality - latency, latency=latency, quality=quality)
    name = f"cost {weights.cost:.2f}, latency {latency:.2f}, quality {quality:.2f}"
    return Contender(name, policy=_by("BALANCED", weights=weights))


# Weights of the balanced policy, without a floor.
SWEEP: Sequence[Contender] = (
    CONTENDERS[0],
    *(_weighted(quality, 0.15) for quality in (0.3, 0.4, 0.5, 0.55, 0.6, 0.65, 0.7)),
    *(_weighted(quality, 0.05) for quality in (0.6, 0.7, 0.8, 0.9)),
)


@dataclass(slots=True)
class Outcome:
    """What came of all calls under one contender. Money is nano-USD, `latencies` seconds, `planned` nanoseconds;
    `broken` counts attempts that a hard constraint of their call forbids."""

    name: str
    calls: int
    spent: int = 0
    latencies: list[float] = field(default_factory=list)
    planned: list[int] = field(default_factory=list)
    # Answers by the quality of the model and the difficulty of the call.
    answers: Counter[tuple[float, str]] = field(default_factory=Counter)
    providers: Counter[str] = field(default_factory=Counter)
    models: Counter[str] = field(default_factory=Counter)
    errors: Counter[str] = field(default_factory=Counter)
    attempts_failed: int = 0
    broken: int = 0

    @property
    def cost(self) -> float:
        """USD for 1,000 calls, what failed attempts cost included."""
        return self.spent / 1e9 / self.calls * 1000

    @property
    def failed(self) -> int:
        """Calls that ended in an error."""
        return self.errors.total()

    @property
    def quality(self) -> float:
        """The mean quality of the models that answered."""
        return sum(found * count for (found, _), count in self.answers.items()) / max(1, self.answers.total())

    def good(self, slope: float = SLOPE) -> float:
        """The expected share of good answers."""
        return sum(good(found, label, slope) * count for (found, label), count in self.answers.items()) / self.calls

    @property
    def largest_share(self) -> float:
        """The share of the provider that answered most."""
        return max(self.providers.values(), default=0) / max(1, self.providers.total())

    def latency(self, percent: float) -> float:
        """Seconds to the whole answer."""
        return float(np.percentile(self.latencies, percent)) if self.latencies else 0.0

    def plan(self, percent: float) -> float:
        """Microseconds of a core that a plan took."""
        return float(np.percentile(self.planned, percent)) / 1e3

    def figures(self) -> tuple[object, ...]:
        """All that does not depend on the machine."""
        times = self.latency(50), self.latency(95)
        counts = (sorted(each.items()) for each in (self.answers, self.providers, self.models, self.errors))
        return self.spent, times, *counts, self.attempts_failed, self.broken


class TimedRouter(Router):
    """The router, with a watch: of the time of the core, as other work may share it."""

    outcome: Outcome

    def plan(self, roads: Roads, call: Call, request: CompleteRequest, budgets: Sequence[BudgetLimit]) -> Plan:
        """See Router."""
        began = time.thread_time_ns()
        found = super().plan(roads, call, request, budgets)
        self.outcome.planned.append(time.thread_time_ns() - began)
        return found


class Till:
    """Admission without limits: adds up what calls cost."""

    def __init__(self) -> None:
        self.spent = 0

    async def admit(self, ask: Hold) -> Sequence[BudgetLevel]:
        """Everyone is admitted."""
        return ()

    async def widen(self, ask: Hold, rates: Sequence[RateLimit]) -> None:
        """There are no limits."""

    async def settle(self, ask: Hold, spent: int, record: bytes, tokens: int = 0) -> Sequence[BudgetLevel]:
        """Note what was spent."""
        self.spent += spent
        return ()

    async def levels(self, tenant_id: str, budgets: Sequence[BudgetLimit]) -> Sequence[BudgetLevel]:
        """There are no budgets."""
        return ()


class Simulation:
    """One contender and all calls."""

    def __init__(self, contender: Contender, asks: Sequence[Ask], seed: int, catalogue: PriceCatalogue) -> None:
        self._contender, self._asks, self._seed = contender, asks, seed
        self._providers = SimulatedProviders(asks, seed)
        resilience = Resilience(Breakers(clock=lambda: time.monotonic()), lanes=Lanes(clock=lambda: time.monotonic()))
        made = {one.integration_id: one for one in integrations()}
        policies = () if contender.policy is None else (contender.policy,)
        view = TenantView(
            tenant=Tenant(tenant_id=TENANT), integrations=made, secrets={}, budgets=(), routing=RoutingView(1, policies)
        )
        settings = RoutingSettings({"large": LARGE, "small": SMALL})
        self._router = TimedRouter(FakeDirectory(view), catalogue, self._providers, resilience, settings)  # type: ignore[arg-type]
        self._completions = Completions(self._router, self._providers, resilience)  # type: ignore[arg-type]
        self._till, self._settlements = Till(), Settlements()
        self.outcome = self._router.outcome = Outcome(contender.name, len(asks))

    async def play(self) -> Outcome:
        """Every call at its time."""
        roads = await self._router.roads(TENANT)
        self._providers.settle_in(roads.table.candidates)
        async with asyncio.TaskGroup() as calls:
            for ask in self._asks:
                await asyncio.sleep(self._providers.began + ask.at - time.monotonic())
                calls.create_task(self._call(ask))
        outcome, providers = self.outcome, self._providers
        outcome.spent = self._till.spent
        outcome.broken, outcome.attempts_failed = providers.broken, providers.failures + providers.refusals
        return outcome

    async def _call(self, ask: Ask) -> None:
        began, outcome = time.monotonic(), self.outcome
        request = ask.request(self._seed)
        request.model = self._contender.model
        if self._contender.knows:
            request.model_requirements.min_quality = NEEDED[ask.label]
        call = Call(
            method="/trunkline.v1.LLMService/StreamComplete",
            request_id=request.request_id,
            trace_id="",
            deadline=Deadline.after(CALL_SECONDS),
            arrived=began,
            arrived_wall=time.time(),
            hold_id=request.request_id,
            caller=Caller(TENANT, "k", frozenset({"*"})),
            context=CallContext(agent_id="simulation"),
            tab=Tab(self._till, self._settlements),
        )
        assert call.tab is not None
        try:
            async for _ in self._completions.stream(call, request):
                pass
        except TrunklineError as error:
            outcome.errors[error.reason_name] += 1
            await call.tab.close(error.code, error.reason_name)
            return
        outcome.latencies.append(time.monotonic() - began)
        one = self._providers.served[ask.number]
        outcome.providers[one.target.provider] += 1
        outcome.models[one.name] += 1
        outcome.answers[one.quality or 0.0, ask.label] += 1


def good(quality: float, label: str, slope: float = SLOPE) -> float:
    """The probability that the answer of a model of this quality to a call of this difficulty is good."""
    return 1.0 / (1.0 + exp(-slope * (quality - NEEDED[label]) - log(4)))


@cache
def _given(calls: int, seed: int) -> tuple[Sequence[Ask], PriceCatalogue]:
    return workload(calls, seed), PriceCatalogue()


def simulate(contender: Contender, calls: int = CALLS, seed: int = SEED) -> Outcome:
    """What comes of so many calls. The same seed gives the same, but for how long the plans took."""
    asks, catalogue = _given(calls, seed)
    random.seed(seed)  # Jitter draws from the module's own dice.

    async def play() -> Outcome:
        with patch("time.time", lambda: time.monotonic() - MONOTONIC + DAY):
            return await Simulation(contender, asks, seed, catalogue).play()

    return virtual_time(play())
