"""Seeded worlds of failing providers, in made-up time: what must hold for every call, whatever fails when.

Each world has two to four providers, each with a weather of its own (sound, failing, slow, limiting its rate, hanging),
and calls with deadlines and limits of attempts that come at random."""

from __future__ import annotations

import asyncio
import random
import time
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

import pytest
from google.protobuf.duration_pb2 import Duration
from trunkline.v1.common_pb2 import AttemptOutcome
from trunkline.v1.completion_pb2 import CompleteRequest, CompleteResponse, RecoveryPolicy
from trunkline_server.domain import attempts as attempts_module
from trunkline_server.domain.deadline import Deadline
from trunkline_server.domain.errors import ProviderError, Reason, TrunklineError
from trunkline_server.domain.ports import Heard, Target
from trunkline_server.domain.signals import Silent
from trunkline_server.domain.strategies import Pause, delay
from unit.domain_parts import FakeProviders, World, answer, broken, used
from virtual_time import virtual_time

# Measuring coverage would make the many worlds slow; unit tests cover what they play.
pytestmark = pytest.mark.no_cover

SEEDS, CALLS = 1000, 40
# The reserve of the retry budget, and its share of the calls.
RESERVE, RATIO = 10, 0.2
# What was waited before a retry, and what the provider had told.
Wait: TypeAlias = tuple[float, float | None]


@dataclass
class Weather:
    """What a provider does in each of its spells, in turn; a spell lasts `spell` seconds."""

    spell: float
    moods: list[str]
    latency: float

    def mood(self) -> str:
        return self.moods[int(time.monotonic() / self.spell) % len(self.moods)]


@dataclass
class Seen:
    """What was seen at the providers."""

    late: int = 0
    overrun: float = 0.0


class WeatheredProviders(FakeProviders):
    def __init__(self, weathers: Mapping[str, Weather], dice: random.Random) -> None:
        super().__init__({name: [answer()] for name in weathers})
        self.weathers, self.dice, self.seen = weathers, dice, Seen()

    async def complete(
        self, target: Target, request: CompleteRequest, deadline: Deadline, heard: Heard | None = None, *prepared: Any
    ) -> CompleteResponse:
        weather = self.weathers[target.provider]
        self.seen.late += deadline.remaining() <= 0
        try:
            async with deadline.timeout():
                return await self._in(weather)
        except TimeoutError:
            raise self._too_late(deadline) from None
        finally:
            self.seen.overrun = max(self.seen.overrun, -deadline.remaining())

    async def _in(self, weather: Weather) -> CompleteResponse:
        mood = weather.mood()
        if mood == "hang":
            await asyncio.Event().wait()
        await asyncio.sleep(self.dice.expovariate(1 / weather.latency) * (10 if mood == "slow" else 1))
        if mood == "down" or (mood == "flaky" and self.dice.random() < 0.4):
            raise broken(http_status=self.dice.choice((500, 503)))
        if mood == "limiting":
            told = self.dice.choice((None, 0.2, 2.0, 20.0))
            raise broken("UPSTREAM_RATE_LIMITED", http_status=429, retry_after=told)
        return answer("Hello", usage=used())

    @staticmethod
    def _too_late(deadline: Deadline) -> ProviderError:
        reason = Reason.ERROR_REASON_CALLER_DEADLINE if deadline.caller else Reason.ERROR_REASON_UPSTREAM_TIMEOUT
        return ProviderError(reason, "too late")


@dataclass
class Ended:
    """How a call ended."""

    request_id: str
    allowed: int
    error: TrunklineError | None
    over: float


def world_of(dice: random.Random) -> tuple[World, WeatheredProviders]:
    names = ["alpha", "beta", "gamma", "delta"][: dice.randint(1, 4)]
    moods = ("sound", "sound", "flaky", "down", "slow", "limiting", "hang")
    weathers = {
        name: Weather(dice.uniform(1, 60), dice.choices(moods, k=5), dice.choice((0.05, 0.5, 2.0))) for name in names
    }
    world = World({name: [answer()] for name in names})
    providers = WeatheredProviders(weathers, dice)
    world.completions._providers = providers
    world.resilience.signals = Counted()
    return world, providers


async def one_call(world: World, dice: random.Random) -> Ended:
    allowed, seconds = dice.randint(1, 5), dice.choice((0.05, 1.0, 10.0, 60.0))
    recovery = RecoveryPolicy(max_attempts=allowed)
    if dice.random() < 0.3:
        recovery.attempt_timeout.CopyFrom(Duration(seconds=1))
    if dice.random() < 0.2:
        recovery.hedge_after.CopyFrom(Duration(nanos=300_000_000))
    request = CompleteRequest(prompt="Say hello.", max_tokens=100, recovery=recovery)
    call = world.call(seconds)
    error = None
    try:
        await world.completions.complete(call, request)
    except TrunklineError as raised:
        error = raised
    assert call.tab is not None
    await call.tab.close(error.code if error else 0, error.reason_name if error else "")
    return Ended(call.request_id, allowed, error, -call.deadline.remaining())


async def play(seed: int) -> tuple[World, WeatheredProviders, list[Ended]]:
    dice = random.Random(seed)
    random.seed(seed)  # Jitter draws from the module's own dice.
    world, providers = world_of(dice)

    async def later(after: float) -> Ended:
        await asyncio.sleep(after)
        return await one_call(world, dice)

    span = dice.choice((5.0, 120.0))
    ended = await asyncio.gather(*(later(dice.uniform(0, span)) for _ in range(CALLS)))
    return world, providers, list(ended)


class Counted(Silent):
    """Counts decisions."""

    def __init__(self) -> None:
        self.heard = Counter[str]()

    def decided(self, decision: str, provider: str = "", model: str = "", reason: str = "") -> None:
        self.heard[decision] += 1


def heard(world: World) -> Counter[str]:
    signals = world.resilience.signals
    assert isinstance(signals, Counted)
    return signals.heard


def check(seed: int, world: World, providers: WeatheredProviders, ended: list[Ended], waits: list[Wait]) -> None:
    """What holds in every world."""
    about = f"seed {seed}"
    assert providers.seen.late == 0, f"{about}: a provider was called after the deadline"
    assert providers.seen.overrun <= 1e-6, f"{about}: a provider was called beyond the deadline"
    assert world.admission.held == {}, f"{about}: a hold is left"
    records = {one.request_id: one for one in world.admission.records if one is not None}
    assert world.admission.spent == sum(one.cost_details.nano_usd for one in records.values()), about
    for one in ended:
        assert one.over <= 1e-6, f"{about}: a call went on after its deadline"
        attempts = records[one.request_id].attempts if one.request_id in records else ()
        made = [attempt for attempt in attempts if attempt.outcome != AttemptOutcome.ATTEMPT_OUTCOME_SKIPPED]
        assert len(made) <= one.allowed, f"{about}: {len(made)} attempts, {one.allowed} allowed"
        assert one.error is not None or made, f"{about}: an answer without an attempt"
    assert all(found == told for found, told in waits if told is not None), f"{about}: not waited as told"
    retries = heard(world)["retry"]
    assert retries <= RESERVE + RATIO * CALLS, f"{about}: {retries} retries of {CALLS} calls"


def test_a_thousand_worlds(monkeypatch: pytest.MonkeyPatch) -> None:
    waits: list[Wait] = []

    def noted(pause: Pause, failures: int, told: float | None) -> float:
        found = delay(pause, failures, told)
        waits.append((found, told))
        return found

    monkeypatch.setattr(attempts_module, "delay", noted)
    outcomes, decisions = Counter[str](), Counter[str]()
    for seed in range(SEEDS):
        waits.clear()
        world, providers, ended = virtual_time(play(seed))
        check(seed, world, providers, ended, waits)
        outcomes.update("OK" if one.error is None else one.error.reason_name for one in ended)
        decisions.update(heard(world))
    print(f"{SEEDS} worlds of {CALLS} calls: {dict(decisions)}, {dict(outcomes.most_common())}")
    assert outcomes["OK"] > SEEDS * CALLS / 3
