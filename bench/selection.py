"""What a choice costs: from a request to its plan, with the router alone.

    PYTHONPATH=tests python bench/selection.py [--seconds 5]

A tenant with 20 candidates, and one with 2,000 models in 8 regions each. Nothing is called; the live measurements of
all deployments are filled in. The requests are of several kinds, so that what the router keeps of one does not serve
all.
"""

from __future__ import annotations

import argparse
import asyncio
import random
import time
from collections.abc import Sequence

from trunkline.v1.common_pb2 import CallContext
from trunkline.v1.completion_pb2 import CompleteRequest
from trunkline.v1.configuration_pb2 import PriceOverride
from trunkline.v1.integration_pb2 import Integration
from trunkline.v1.requirements_pb2 import ModelRequirements, RoutingOptions
from trunkline_server.domain.money import to_money
from trunkline_server.domain.ports import BudgetLimit
from trunkline_server.domain.router import Roads
from trunkline_server.providers.profiles import builtin
from trunkline_server.providers.wires import WIRES
from unit.domain_parts import TENANT, World, answer, integration

ROUNDS = 5
PROVIDERS = [name for name, profile in builtin().items() if profile.path][:16]
PROMPT = "Summarise the following report for the board, in three sentences, and name the two largest risks. " * 5


def tenant(models: int, deployments: int, seed: int) -> World:
    """`deployments` integrations of 16 providers, which offer the models between them."""
    rng = random.Random(seed)
    prices = [
        PriceOverride(
            model=f"m{number}",
            input_nano_usd_per_million=(price := rng.randrange(10**7, 10**10)),
            output_nano_usd_per_million=4 * price,
        )
        for number in range(models)
    ]
    made: list[Integration] = []
    for region in range(deployments):
        for provider in range(16):
            offered = prices[provider::16]
            if not offered:
                continue
            one = integration(
                PROVIDERS[provider], models=[price.model for price in offered], overrides=offered, region=f"r{region}"
            )
            one.integration_id = f"{PROVIDERS[provider]}-r{region}"
            made.append(one)
    world = World({name: [answer()] for name in PROVIDERS}, prices={"x/x": (1, 1)}, integrations=made)
    world.providers.unsupported = unsupported  # type: ignore[method-assign]
    return world


def unsupported(profile: str, provider: str, request: CompleteRequest) -> Sequence[tuple[str, str]]:
    """As the driver answers it."""
    facts = builtin()[profile]
    return WIRES[facts.wire].unsupported(request, facts)


def requests(rng: random.Random, objective: str) -> Sequence[CompleteRequest]:
    """Requests of several kinds for one objective."""
    kinds = (
        ModelRequirements(capabilities=["text"]),
        ModelRequirements(capabilities=["text", "streaming"], data_residency="r0"),
        ModelRequirements(capabilities=["text"], max_cost_per_token=to_money(20_000)),
    )
    return [
        CompleteRequest(
            request_id=f"r-{rng.randrange(10**9)}",
            prompt=PROMPT[: rng.randrange(100, len(PROMPT))],
            max_tokens=rng.choice((0, 256, 1024)) or None,
            model_requirements=rng.choice(kinds),
            context=CallContext(agent_id="bench"),
            routing=RoutingOptions(policy=objective),
        )
        for _ in range(300)
    ]


def timed(
    world: World, roads: Roads, asked: Sequence[CompleteRequest], budgets: Sequence[BudgetLimit], seconds: float
) -> tuple[float, float, int]:
    """The median and the 99th percentile in microseconds, and of how many plans."""
    call, took = world.call(), list[float]()
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        for one in asked:
            before = time.perf_counter()
            plan = world.router.plan(roads, call, one, budgets)
            took.append(time.perf_counter() - before)
            assert plan.choices
    took.sort()
    return took[len(took) // 2] * 1e6, took[int(len(took) * 0.99)] * 1e6, len(took)


async def measure(name: str, world: World, seconds: float) -> None:
    """Print a row for each objective."""
    rng = random.Random(1)
    roads = await world.router.roads(TENANT)
    for one in roads.table.candidates:
        one.breaker.paced(rng.uniform(0.5, 3), rng.uniform(0.1, 1), 200)
    budgets = [BudgetLimit("b", "2026-11", 10**12, True, (0.8,), None)]
    call = world.call()
    for objective in ("", "cost", "latency", "quality", "balanced"):
        asked = requests(rng, objective)
        for one in asked:
            world.router.plan(roads, call, one, budgets)
        # The quietest round: what else the machine does is not the router's.
        p50, p99, plans = min(timed(world, roads, asked, budgets, seconds / ROUNDS) for _ in range(ROUNDS))
        print(f"{name:28} {objective or '(default)':10} {p50:8.0f} {p99:8.0f} {plans:8,}", flush=True)


async def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=5.0, help="for each row")
    seconds = parser.parse_args().seconds
    print(f"{'tenant':28} {'objective':10} {'p50 µs':>8} {'p99 µs':>8} {'plans':>8}")
    await measure("20 candidates", tenant(20, 1, 1), seconds)
    await measure("2,000 models x 8 deployments", tenant(2000, 8, 2), seconds)


if __name__ == "__main__":
    asyncio.run(main())
