"""A thousand seeds of workers, calls, outages of the board and a provider that fails, refuses and recovers."""

from __future__ import annotations

import asyncio
import random
from dataclasses import dataclass

import pytest
from trunkline_server.domain.breaker import BUSY_CAP, PROBE_LEASE, Breaker, BreakerRule
from trunkline_server.domain.errors import TrunklineError
from unit.breaker_parts import DOWN, Team, ample

# Measuring coverage would make the many worlds slow; unit tests cover what they play.
pytestmark = pytest.mark.no_cover

SEEDS = 1000
STEPS = 60
RULE = BreakerRule(failures=3, window=60.0, open_for=20.0)
LONGEST_TOLD = 45.0


@dataclass
class Call:
    breaker: Breaker
    began: float
    probe: bool


class Simulation:
    """Calls begin, end, are lost; time passes; workers hear of each other, or not."""

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)
        self.team = Team(self.random.randint(1, 4), RULE)
        self.flying: list[Call] = []
        self.told = RULE.open_for
        self.provider = "well"
        self.board_failed = False
        self.probes = 0

    async def play(self) -> None:
        steps = (self.begin, self.begin, self.begin, self.end, self.end, self.tick, self.sync, self.change)
        for _ in range(STEPS):
            await self.random.choice(steps)()
            self.check()
        await self.recover()

    async def begin(self) -> None:
        """A few callers at once, at any workers."""
        self.team.clock.now += 0.001
        chosen = [self.random.choice(self.team.breakers) for _ in range(self.random.randint(1, 6))]
        before = [(one.enter(), one.allows()) for one in chosen]
        let = await asyncio.gather(*(self._enter(one) for one in chosen))
        for (closed, allowed), call in zip(before, let, strict=True):
            assert call is not None or not closed
            assert call is None or allowed, "a call went through an open breaker"
            if call is not None:
                self.flying.append(call)
                self.probes += call.probe

    async def _enter(self, breaker: Breaker) -> Call | None:
        if breaker.enter() or await breaker.claim(ample()):
            return Call(breaker, self.team.clock.now, breaker.opening is not None)
        return None

    async def end(self) -> None:
        if not self.flying:
            return
        call = self.flying.pop(self.random.randrange(len(self.flying)))
        if self.random.random() < 0.1:
            call.breaker.gave_up(call.began)
        elif self.random.random() < 0.05:
            return  # It never reports.
        elif self.provider == "well":
            call.breaker.succeeded(call.began)
        elif self.provider == "failing":
            call.breaker.failed(DOWN, call.began, answered=self.random.random() < 0.5)
        else:
            seconds = self.random.choice((None, self.random.uniform(0.5, LONGEST_TOLD)))
            self.told = max(self.told, seconds or BUSY_CAP)
            call.breaker.busy(seconds, call.began)

    async def tick(self) -> None:
        """Workers hear of each other four times a second; in between each may be first or last."""
        seconds = self.random.choice((0.05, 0.1, 1.0, 5.0, 21.0))
        self.team.clock.now += seconds
        if seconds >= 1.0:
            await self.sync(len(self.team.workers))
            await self.sync(len(self.team.workers))

    async def sync(self, most: int = 1) -> None:
        for place in self.random.sample(range(len(self.team.workers)), most):
            try:
                await self.team.sync(place)
            except TrunklineError:
                assert self.team.board.away

    async def change(self) -> None:
        self.provider = self.random.choice(("well", "failing", "failing", "busy"))
        if self.random.random() < 0.2:
            self.team.board.away = not self.team.board.away
            self.board_failed = True
        if self.random.random() < 0.05:
            self.team.board.lose()
            self.board_failed = True

    def check(self) -> None:
        now = self.team.clock.now
        running = [one for one in self.flying if one.probe and one.began > now - PROBE_LEASE and one.breaker.opening]
        if not self.board_failed:
            assert len(running) <= 1, "two probes at once"
        for breaker in self.team.breakers:
            mine = [one for one in running if one.breaker is breaker]
            assert len(mine) <= 1, "two probes of one worker"
            assert breaker.opens_in() <= self.told + 1e-6, "open for longer than was told"

    async def recover(self) -> None:
        """All is well again: every breaker is closed soon after the longest pause, whatever happened before."""
        self.provider, self.team.board.away = "well", False
        self.flying.clear()  # Lost, all of them, with their probes.
        end = self.team.clock.now + self.told + PROBE_LEASE + 5.0
        while self.team.clock.now < end:
            await self.team.sync()
            for breaker in self.team.breakers:
                call = await self._enter(breaker)
                if call is not None:
                    breaker.succeeded(call.began)
            self.team.clock.now += 1.0
        await self.team.sync()
        await self.team.sync()
        assert all(breaker.enter() for breaker in self.team.breakers), "it did not close again"
        opened = [event.type for event in self.team.heard.events].count("provider.breaker_opened")
        assert len({event.event_id for event in self.team.heard.events}) == len(self.team.heard.events)
        assert opened <= self.team.heard.names().count("breaker_opened")


async def test_one_probe_at_a_time_never_open_for_too_long_and_closed_in_the_end() -> None:
    probes = opened = 0
    for seed in range(SEEDS):
        simulation = Simulation(seed)
        try:
            await simulation.play()
        except AssertionError as error:
            raise AssertionError(f"seed {seed}: {error}") from error
        probes += simulation.probes
        opened += len(simulation.team.heard.events)
    # It did happen.
    print(f"{SEEDS} seeds: {probes} probes, {opened} events")
    assert probes > SEEDS / 2 and opened > SEEDS / 2
