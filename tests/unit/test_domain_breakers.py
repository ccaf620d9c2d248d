"""Several workers and one board: what one finds all go by, and one event tells of it."""

from __future__ import annotations

import asyncio

import pytest
from trunkline.v1.event_pb2 import Event
from trunkline.v1.model_pb2 import BreakerState
from trunkline_server.domain.breaker import PROBE_LEASE, BreakerRule
from trunkline_server.domain.breakers import TICK, Breakers
from trunkline_server.domain.deadline import Deadline
from trunkline_server.domain.errors import TrunklineError
from trunkline_server.domain.events import BREAKER_CLOSED, BREAKER_OPENED
from trunkline_server.domain.opening import BreakerKey
from unit.breaker_parts import DOWN, KEY, RULE, Team, View, ample, fail


def types(events: list[Event]) -> list[str]:
    return [event.type for event in events]


async def test_what_one_worker_opens_is_open_for_all_with_one_event() -> None:
    team = Team(3)
    fail(team.breakers[0], 3)
    await team.sync()
    assert not any(one.allows() for one in team.breakers)
    assert [one.opens_in() for one in team.breakers] == [30.0] * 3
    (event,) = team.heard.events
    opened = event.provider_breaker_opened
    assert (event.type, event.tenant_id) == (BREAKER_OPENED, "acme")
    assert (opened.provider, opened.model, opened.integration_id) == ("openai", "gpt/x", "openai")
    assert (opened.reason, opened.retry_after.seconds) == ("UPSTREAM_UNAVAILABLE", 30)
    assert team.heard.levels["breaker_open", "openai", "gpt/x"] == 1


async def test_two_that_open_at_once_make_one_event_and_agree_on_the_time() -> None:
    team = Team(2)
    fail(team.breakers[0], 3)
    await team.sync(0)
    team.clock.now += 4.0
    fail(team.breakers[1], 3)
    await team.sync()
    assert [one.opens_in() for one in team.breakers] == [26.0, 26.0]
    assert types(team.heard.events) == [BREAKER_OPENED]


async def test_one_probe_for_all_and_its_success_closes_all() -> None:
    team = Team(3)
    fail(team.breakers[0], 3)
    await team.sync()
    team.clock.now += 30.0
    granted = await asyncio.gather(*(one.claim(ample()) for one in team.breakers for _ in range(10)))
    assert sum(granted) == 1
    prober = team.breakers[next(place for place, one in enumerate(granted) if one) // 10]
    team.clock.now += 2.0
    prober.succeeded(team.clock.now - 2.0)
    await team.sync()
    await team.sync()
    assert all(one.enter() for one in team.breakers)
    assert types(team.heard.events) == [BREAKER_OPENED, BREAKER_CLOSED]
    assert team.heard.events[1].provider_breaker_closed.open_for.seconds == 32
    assert len({event.event_id for event in team.heard.events}) == 2
    assert team.heard.names() == ["breaker_opened", "breaker_probe", "breaker_closed"]
    assert team.heard.levels["breaker_open", "openai", "gpt/x"] == 0


async def test_a_failed_probe_opens_all_anew_without_an_event() -> None:
    team = Team(2)
    fail(team.breakers[0], 3)
    await team.sync()
    team.clock.now += 30.0
    assert await team.breakers[1].claim(ample())
    waiting = asyncio.create_task(team.breakers[0].verdict(ample()))
    await asyncio.sleep(0)
    team.breakers[1].failed(DOWN, team.clock.now)
    await team.sync(1, 0)
    assert not await waiting
    assert [one.opens_in() for one in team.breakers] == [30.0, 30.0]
    assert types(team.heard.events) == [BREAKER_OPENED]
    assert "probe_failed" in team.heard.names()


async def test_a_probe_given_back_is_free_for_another_worker() -> None:
    team = Team(2)
    fail(team.breakers[0], 3)
    await team.sync()
    team.clock.now += 30.0
    assert await team.breakers[0].claim(ample())
    assert not await team.breakers[1].claim(ample())
    team.breakers[0].gave_up(team.clock.now)
    await team.sync(0)
    team.clock.now += TICK
    assert await team.breakers[1].claim(ample())


async def test_the_probe_of_a_dead_worker_is_free_after_its_lease() -> None:
    team = Team(2)
    fail(team.breakers[0], 3)
    await team.sync()
    team.clock.now += 30.0
    assert await team.breakers[0].claim(ample())
    team.clock.now += PROBE_LEASE - 0.1
    assert not await team.breakers[1].claim(ample())
    team.clock.now += TICK
    assert await team.breakers[1].claim(ample())


async def test_a_new_worker_learns_what_is_open() -> None:
    team = Team(1)
    fail(team.breakers[0], 3)
    await team.sync()
    team.clock.now += 10.0
    late = Breakers(View(team.board), clock=team.clock)
    await late.sync()
    team.clock.now += 5.0
    assert late.get(KEY, RULE).opens_in() == 15.0
    assert late.get(BreakerKey("globex", "openai", "gpt/x"), RULE).enter()


async def test_while_the_board_is_away_each_goes_by_what_it_knows() -> None:
    team = Team(2)
    team.board.away = True
    fail(team.breakers[0], 3)
    with pytest.raises(TrunklineError):
        await team.sync(0)
    assert not team.breakers[0].allows() and team.breakers[1].allows()
    team.clock.now += 30.0
    assert [await team.breakers[0].claim(ample()) for _ in range(3)] == [True, False, False]
    team.board.away = False
    await team.sync()
    assert types(team.heard.events) == [BREAKER_OPENED]
    assert not team.breakers[1].enter()


async def test_what_opened_and_closed_while_it_was_away_is_no_event() -> None:
    team = Team(1)
    team.board.away = True
    fail(team.breakers[0], 3)
    with pytest.raises(TrunklineError):
        await team.sync()
    team.clock.now += 30.0
    assert await team.breakers[0].claim(ample())
    team.breakers[0].succeeded(team.clock.now)
    team.board.away = False
    await team.sync()
    assert team.heard.events == []


async def test_a_board_that_lost_its_data_is_told_again_without_a_second_event() -> None:
    team = Team(2)
    fail(team.breakers[0], 3)
    await team.sync()
    team.board.lose()
    team.clock.now += 10.0
    await team.sync()
    await team.sync()
    assert [one.opens_in() for one in team.breakers] == [20.0, 20.0]
    assert types(team.heard.events) == [BREAKER_OPENED]
    team.clock.now += 20.0
    assert await team.breakers[1].claim(ample())
    team.breakers[1].succeeded(team.clock.now)
    await team.sync(1, 0)
    assert all(one.enter() for one in team.breakers)
    assert types(team.heard.events) == [BREAKER_OPENED, BREAKER_CLOSED]


async def test_a_check_of_one_worker_moves_the_probe_for_all() -> None:
    team = Team(2)
    fail(team.breakers[0], 3, answered=False)
    await team.sync()
    team.workers[1].checked("acme", "openai", healthy=False, answered=False, hold=50.0)
    team.workers[1].checked("acme", "other", healthy=True, answered=True, hold=50.0)
    await team.sync(1, 0)
    assert [one.opens_in() for one in team.breakers] == [50.0, 50.0]
    team.workers[0].checked("acme", "openai", healthy=True, answered=True, hold=50.0)
    await team.sync()
    assert all(one.allows() and not one.enter() for one in team.breakers)
    assert types(team.heard.events) == [BREAKER_OPENED]


async def test_nothing_is_asked_of_the_board_while_a_breaker_is_closed() -> None:
    team = Team(1)
    for _ in range(100):
        assert team.breakers[0].enter()
        team.breakers[0].succeeded(team.clock.now)
    assert team.board.calls == 0


async def test_waiters_of_another_worker_are_let_in_by_the_job() -> None:
    team = Team(2, BreakerRule(failures=3, open_for=30.0))
    fail(team.breakers[0], 3)
    jobs = [asyncio.create_task(worker.run()) for worker in team.workers]
    try:
        await asyncio.sleep(2 * TICK)
        assert team.breakers[1].availability().breaker == BreakerState.BREAKER_STATE_OPEN
        team.clock.now += 30.0
        assert await team.breakers[0].claim(ample())
        waiting = [asyncio.create_task(team.breakers[1].verdict(ample())) for _ in range(20)]
        await asyncio.sleep(0.01)
        team.breakers[0].succeeded(team.clock.now)
        async with asyncio.timeout(10):
            assert all(await asyncio.gather(*waiting))
    finally:
        for job in jobs:
            job.cancel()
        await asyncio.gather(*jobs, return_exceptions=True)


async def test_a_board_that_hangs_has_no_say_and_a_caller_out_of_time_no_probe(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("trunkline_server.domain.breakers._CLAIM_SECONDS", 0.05)
    team = Team(1)
    fail(team.breakers[0], 3)
    await team.sync()
    team.clock.now += 30.0

    async def hang(*_: object) -> float:
        await asyncio.sleep(3600)
        return 0.0

    monkeypatch.setattr(View, "claim", hang)
    assert not await team.breakers[0].claim(Deadline.after(0.01))
    team.clock.now += TICK
    assert await team.breakers[0].claim(ample())


async def test_no_probe_is_left_behind_when_another_worker_closed_the_breaker() -> None:
    team = Team(2)
    fail(team.breakers[0], 3)
    await team.sync()
    team.clock.now += 30.0
    assert await team.breakers[0].claim(ample())
    team.breakers[0].succeeded(team.clock.now)
    await team.sync(0)
    # The other one has not heard of it yet, and asks.
    assert not await team.breakers[1].claim(ample())
    await team.sync(1)
    assert await team.breakers[1].claim(ample())
    assert team.board.probes == {}


async def test_a_probe_of_what_nobody_knows_is_given_back() -> None:
    team = Team(1)
    fail(team.breakers[0], 3)
    team.clock.now += 30.0
    for _ in range(3):
        assert await team.breakers[0].claim(ample())
        team.breakers[0].succeeded(team.clock.now)
        await team.sync()
        assert team.board.probes == {}
        fail(team.breakers[0], 3)
        team.clock.now += 30.0
