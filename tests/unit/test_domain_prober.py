"""Background checks: whom, how often, by whom, and what follows."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from dataclasses import replace

from trunkline.v1.configuration_pb2 import IntegrationType
from trunkline.v1.integration_health_pb2 import HealthCheck, IntegrationStatus
from trunkline.v1.integration_pb2 import Integration
from trunkline_server.domain.breaker import BreakerRule
from trunkline_server.domain.breakers import Breakers
from trunkline_server.domain.deadline import Deadline
from trunkline_server.domain.errors import not_found
from trunkline_server.domain.opening import BreakerKey
from trunkline_server.domain.ports import Target
from trunkline_server.domain.prober import Prober
from trunkline_server.domain.resilience import Resilience
from trunkline_server.domain.router import Router, RoutingSettings
from unit.breaker_parts import DOWN, Board, FakeClock, Heard, View, ample, fail
from unit.domain_parts import TENANT, FakeCatalogue, FakeProviders, World, answer, integration

RULE = BreakerRule()


class Checked(FakeProviders):
    """Checks that find what they are told to."""

    def __init__(self) -> None:
        super().__init__({})
        self.finding = HealthCheck(healthy=True, http_status=200)
        self.targets: list[Target] = []
        self.running = self.most = 0

    async def check(self, target: Target, deadline: Deadline) -> HealthCheck:
        assert 0.0 < deadline.remaining() <= 10.0
        self.targets.append(target)
        self.running += 1
        self.most = max(self.most, self.running)
        await asyncio.sleep(0.01)
        self.running -= 1
        return self.finding


class Kept:
    """What PgIntegrations keeps of checks; an integration may be gone."""

    def __init__(self) -> None:
        self.checks: list[tuple[str, str, HealthCheck]] = []
        self.gone = False

    async def record_check(self, tenant_id: str, integration_id: str, check: HealthCheck) -> None:
        if self.gone:
            raise not_found("integration", integration_id)
        self.checks.append((tenant_id, integration_id, check))


class Scene:
    """Two workers with one board, and the integrations of one tenant."""

    def __init__(self, integrations: Sequence[Integration]) -> None:
        self.clock = FakeClock()
        self.board = Board(self.clock)
        self.heard, self.kept, self.providers = Heard(), Kept(), Checked()
        self.directory = World({"alpha": [answer()]}, integrations=integrations).directory
        self.breakers = [Breakers(View(self.board), self.heard, self.heard, self.clock) for _ in range(2)]
        self.routers = [
            Router(self.directory, FakeCatalogue({}), self.providers, Resilience(one), RoutingSettings({}))
            for one in self.breakers
        ]
        self.probers = [
            Prober(router, self.directory, self.providers, self.kept, one, View(self.board), 30.0, self.heard)  # type: ignore[arg-type]
            for router, one in zip(self.routers, self.breakers, strict=True)
        ]

    async def in_use(self) -> None:
        for router in self.routers:
            await router.roads(TENANT)

    async def turn(self) -> None:
        await asyncio.gather(*(prober.turn() for prober in self.probers))


def off(name: str) -> Integration:
    found = integration(name)
    found.monitoring.enabled = False
    return found


async def test_one_worker_checks_each_provider_in_use_once_in_an_interval() -> None:
    scene = Scene([integration("alpha"), integration("beta")])
    await scene.turn()
    assert scene.providers.targets == [], "nobody called yet"
    await scene.in_use()
    for _ in range(3):
        await scene.turn()
    assert sorted(one.integration_id for one in scene.providers.targets) == ["alpha-main", "beta-main"]
    assert {(one[0], one[1]) for one in scene.kept.checks} == {(TENANT, "alpha-main"), (TENANT, "beta-main")}
    assert scene.providers.targets[0].secret == "sesame"
    scene.clock.now += 30.0
    await scene.turn()
    assert len(scene.providers.targets) == 4
    assert scene.heard.names() == ["check_passed"] * 4


async def test_only_monitored_providers_that_are_on_are_checked() -> None:
    disabled, api = integration("beta"), integration("gamma")
    disabled.status = IntegrationStatus.INTEGRATION_STATUS_DISABLED
    api.type = IntegrationType.INTEGRATION_TYPE_API
    scene = Scene([integration("alpha"), disabled, api, off("delta")])
    await scene.in_use()
    await scene.turn()
    assert [one.integration_id for one in scene.providers.targets] == ["alpha-main"]


async def test_one_that_wants_it_less_often_is_checked_less_often() -> None:
    seldom = integration("beta")
    seldom.monitoring.check_interval.FromSeconds(90)
    scene = Scene([integration("alpha"), seldom])
    await scene.in_use()
    for _ in range(4):
        await scene.turn()
        scene.clock.now += 30.0
    assert [one.integration_id for one in scene.providers.targets].count("alpha-main") == 4
    assert [one.integration_id for one in scene.providers.targets].count("beta-main") == 2


async def test_what_was_just_checked_is_not_checked_again() -> None:
    fresh, old = integration("alpha"), integration("beta")
    for one, age in ((fresh, 5), (old, 29)):
        one.last_check.check_time.FromSeconds(int(time.time()) - age)
    scene = Scene([fresh, old])
    await scene.in_use()
    await scene.turn()
    assert [one.integration_id for one in scene.providers.targets] == ["beta-main"]


async def test_few_at_a_time() -> None:
    scene = Scene([integration(f"p{number}") for number in range(30)])
    await scene.in_use()
    await scene.turn()
    assert len(scene.providers.targets) == 30
    assert 1 < scene.providers.most <= 8


async def test_a_dead_endpoint_is_spared_probes_and_a_living_one_probed_at_once() -> None:
    scene = Scene([integration("alpha", models=["m"])])
    await scene.in_use()
    breaker = scene.breakers[0].get(BreakerKey(TENANT, "alpha-main", "m"), RULE)
    fail(breaker, 5, answered=False)
    for worker in scene.breakers:
        await worker.sync()
    scene.providers.finding = HealthCheck(detail="connection refused")
    await scene.probers[1].turn()
    for worker in reversed(scene.breakers):
        await worker.sync()
    assert breaker.opens_in() == 60.0
    scene.clock.now += 31.0
    assert not breaker.allows()
    scene.providers.finding = HealthCheck(healthy=True, http_status=200)
    await scene.probers[1].turn()
    for worker in reversed(scene.breakers):
        await worker.sync()
    assert not breaker.enter(), "a check closes nothing"
    assert await breaker.claim(ample())
    assert scene.heard.names().count("check_failed") == 1


async def test_5xx_is_no_answer_and_401_is_one() -> None:
    for status, wait in ((503, 60.0), (401, 30.0)):
        scene = Scene([integration("alpha")])
        await scene.in_use()
        breaker = scene.breakers[0].get(BreakerKey(TENANT, "alpha-main", "m"), RULE)
        fail(breaker, 5)
        scene.providers.finding = HealthCheck(http_status=status)
        await scene.probers[0].turn()
        assert breaker.opens_in() == wait


async def test_an_integration_that_is_gone_or_a_board_that_is_away_ends_nothing() -> None:
    scene = Scene([integration("alpha")])
    await scene.in_use()
    scene.kept.gone = True
    await scene.turn()
    scene.clock.now += 30.0
    scene.board.away = True
    await scene.turn()
    assert len(scene.providers.targets) == 1
    # It was deleted since the tenant called last.
    scene.board.away = False
    view = scene.directory.view
    scene.directory.view = type(view)(view.tenant, {}, {}, view.budgets)
    await scene.turn()
    assert len(scene.providers.targets) == 1


async def test_the_job_runs_until_it_is_stopped_and_not_at_all_when_switched_off() -> None:
    scene = Scene([integration("alpha")])
    await scene.in_use()
    prober = scene.probers[0]
    prober._interval = 0.0
    await prober.run()
    prober._interval = 0.05
    job = asyncio.create_task(prober.run())
    async with asyncio.timeout(10):
        while not scene.kept.checks:
            await asyncio.sleep(0.01)
    job.cancel()
    await asyncio.gather(job, return_exceptions=True)
    assert job.cancelled()


async def test_a_tenant_that_stopped_calling_is_forgotten() -> None:
    scene = Scene([integration("alpha")])
    await scene.in_use()
    router = scene.routers[0]
    roads = router.in_use()[TENANT]
    router._roads = {TENANT: replace(roads, made=roads.made - 901.0)}
    assert router.in_use() == {}


async def test_breakers_of_the_catalogue_are_found_by_integration() -> None:
    scene = Scene([integration("alpha")])
    for model in ("m", "n"):
        fail(scene.breakers[0].get(BreakerKey(TENANT, "alpha-main", model), RULE), 5, answered=False)
    scene.breakers[0].get(BreakerKey(TENANT, "beta-main", "m"), RULE).failed(DOWN, scene.clock.now)
    scene.breakers[0].checked(TENANT, "alpha-main", healthy=True, answered=True, hold=60.0)
    for model in ("m", "n"):
        assert scene.breakers[0].get(BreakerKey(TENANT, "alpha-main", model), RULE).allows()
