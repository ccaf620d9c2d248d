"""One breaker: when it opens, whom it lets through, and what it knows."""

from __future__ import annotations

import asyncio

import pytest
from trunkline.v1.errors_pb2 import ErrorReason
from trunkline.v1.model_pb2 import BreakerState
from trunkline_server.domain.breaker import BUSY_CAP, HELD_MOST, PROBE_LEASE, Alone, Breaker, BreakerRule
from trunkline_server.domain.deadline import Deadline
from trunkline_server.domain.recent import Recent
from unit.breaker_parts import DOWN, RULE, FakeClock, ample, fail


def breaker(rule: BreakerRule = RULE) -> tuple[Breaker, FakeClock]:
    clock = FakeClock()
    return Breaker(rule, clock), clock


def half_open(rule: BreakerRule = RULE) -> tuple[Breaker, FakeClock]:
    subject, clock = breaker(rule)
    fail(subject, rule.failures)
    clock.now += rule.open_for
    return subject, clock


def test_it_opens_after_failures_in_a_row() -> None:
    subject, clock = breaker()
    fail(subject, 2)
    assert subject.allows()
    fail(subject, 1)
    assert not subject.allows()
    assert not subject.enter()
    assert subject.opens_in() == 30.0
    clock.now += 12.0
    assert subject.opens_in() == 18.0


def test_half_of_ten_calls_failing_opens_it_too() -> None:
    subject, clock = breaker()
    for _ in range(3):
        fail(subject, 2)
        subject.succeeded(clock.now)
    # Six of nine failed, never three in a row: nine calls are too few to judge by.
    assert subject.allows()
    fail(subject, 1)
    assert not subject.allows()


def test_old_failures_are_forgotten() -> None:
    subject, clock = breaker(BreakerRule(failures=5, window=60.0))
    for _ in range(8):
        fail(subject, 1)
        subject.succeeded(clock.now)
        clock.now += 40.0
    assert subject.allows()


async def test_half_open_lets_one_probe_through() -> None:
    subject, clock = breaker()
    fail(subject, 3)
    clock.now += 29.9
    assert not await subject.claim(ample())
    clock.now += 0.1
    assert subject.allows() and not subject.enter()
    assert await subject.claim(ample())
    assert not await subject.claim(ample())
    subject.failed(DOWN, clock.now)
    assert subject.opens_in() == 30.0
    clock.now += 30.0
    assert await subject.claim(ample())
    subject.succeeded(clock.now)
    assert subject.enter() and await subject.claim(ample())
    # The failures that opened it do not count any more.
    fail(subject, 2)
    assert subject.allows()


async def test_a_probe_without_verdict_is_given_back() -> None:
    subject, clock = half_open()
    assert await subject.claim(ample())
    subject.gave_up(clock.now - 1.0)  # Of a call that began before: not the probe's.
    assert not await subject.claim(ample())
    subject.gave_up(clock.now)
    assert await subject.claim(ample())


async def test_a_probe_that_never_reports_frees_itself() -> None:
    subject, clock = half_open()
    assert await subject.claim(ample())
    lost = clock.now
    clock.now += PROBE_LEASE - 0.1
    assert not await subject.claim(ample())
    clock.now += 0.1
    assert await subject.claim(ample())
    # The lost one fails after all: the other probe decides.
    subject.failed(DOWN, lost)
    assert subject.allows()
    subject.busy(60.0, lost)
    assert subject.allows()
    subject.succeeded(lost)
    assert subject.enter()


async def test_answers_of_calls_begun_before_it_opened_change_nothing() -> None:
    subject, clock = breaker()
    began = clock.now
    clock.now += 5.0
    fail(subject, 3)
    subject.succeeded(began)
    subject.busy(500.0, began)
    subject.failed(DOWN, began)
    assert subject.opens_in() == 30.0
    clock.now += 30.0
    assert await subject.claim(ample())
    subject.failed(DOWN, began)
    assert subject.allows()
    subject.succeeded(clock.now)
    assert subject.enter()
    for _ in range(10):
        subject.failed(DOWN, began)
    assert subject.enter()


async def test_told_pauses_are_kept_exactly() -> None:
    subject, clock = breaker()
    subject.busy(7.0, clock.now)
    assert subject.opening is not None and subject.opening.busy
    assert subject.opens_in() == subject.busy_for == 7.0
    clock.now += 6.9
    assert not subject.allows()
    clock.now += 0.1
    assert await subject.claim(ample())
    subject.busy(3.0, clock.now)
    assert subject.opens_in() == 3.0
    clock.now += 3.0
    assert await subject.claim(ample())
    subject.succeeded(clock.now)
    assert subject.enter()


async def test_untold_pauses_grow_with_each_refusal_in_a_row() -> None:
    subject, clock = breaker()
    seen = []
    for _ in range(8):
        assert subject.enter() or await subject.claim(ample())
        subject.busy(None, clock.now)
        seen.append(subject.opens_in())
        clock.now += seen[-1]
    for number, pause in enumerate(seen):
        most = min(BUSY_CAP, 2.0**number)
        assert most / 2 <= pause <= most
    assert await subject.claim(ample())
    subject.succeeded(clock.now)
    subject.busy(0.0, clock.now)
    assert 0.5 <= subject.opens_in() <= 1.0


def test_refusals_are_no_failures() -> None:
    subject, clock = breaker()
    fail(subject, 2)
    subject.busy(1.0, clock.now)
    assert subject.busy_for == 1.0
    assert subject.availability().reason == "UPSTREAM_RATE_LIMITED"


async def test_waiters_go_on_when_the_probe_succeeds() -> None:
    subject, clock = half_open()
    assert await subject.claim(ample())
    waiting = [asyncio.create_task(subject.verdict(ample())) for _ in range(50)]
    await asyncio.sleep(0)
    subject.succeeded(clock.now)
    assert all(await asyncio.gather(*waiting))


async def test_waiters_are_told_when_the_probe_fails() -> None:
    subject, clock = half_open()
    assert await subject.claim(ample())
    waiting = [asyncio.create_task(subject.verdict(ample())) for _ in range(50)]
    await asyncio.sleep(0)
    subject.failed(DOWN, clock.now)
    assert not any(await asyncio.gather(*waiting))
    assert not await subject.verdict(ample())


async def test_one_waiter_takes_over_a_probe_that_gave_up() -> None:
    subject, clock = half_open()
    assert await subject.claim(ample())
    waiting = [asyncio.create_task(subject.verdict(ample())) for _ in range(50)]
    await asyncio.sleep(0)
    subject.gave_up(clock.now)
    done, rest = await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
    assert [task.result() for task in done] == [True]
    assert subject.opening is not None
    subject.succeeded(clock.now)
    assert all(await asyncio.gather(*rest))


async def test_a_turn_given_to_a_cancelled_waiter_is_passed_on() -> None:
    subject, clock = half_open()
    assert await subject.claim(ample())
    first, second = (asyncio.create_task(subject.verdict(ample())) for _ in range(2))
    await asyncio.sleep(0)
    subject.gave_up(clock.now)
    first.cancel()
    assert await second
    assert first.cancelled() or (await asyncio.gather(first, return_exceptions=True))


async def test_a_waiter_keeps_its_deadline() -> None:
    subject, _ = half_open()
    assert await subject.claim(ample())
    assert not await subject.verdict(Deadline.after(0.01))
    assert not await subject.claim(Deadline.after(-1.0))


async def test_a_cancelled_claim_gives_the_probe_back() -> None:
    class Slow(Alone):
        given_back = 0

        async def claim(self, breaker: Breaker, lease: float, within: float) -> float:
            await asyncio.sleep(3600)
            return 0.0

        def released(self, breaker: Breaker) -> None:
            self.given_back += 1

    peers, clock = Slow(), FakeClock()
    subject = Breaker(RULE, clock, peers=peers)
    fail(subject, 3)
    clock.now += 30.0
    claiming = asyncio.create_task(subject.claim(ample()))
    await asyncio.sleep(0)
    assert not await subject.claim(ample())
    claiming.cancel()
    await asyncio.gather(claiming, return_exceptions=True)
    assert peers.given_back == 1
    assert subject.allows()


def test_failing_checks_put_the_probe_off_up_to_a_bound() -> None:
    subject, clock = breaker()
    fail(subject, 3)
    opened = clock.now
    for _ in range(20):
        clock.now += 25.0
        subject.checked(healthy=False, answered=False, hold=60.0)
        assert subject.opens_in() <= 60.0
        if clock.now < opened + HELD_MOST:
            assert not subject.allows()
    assert clock.now - opened > HELD_MOST
    assert subject.allows()


def test_a_healthy_check_takes_the_putting_off_back() -> None:
    subject, clock = breaker()
    fail(subject, 3)
    subject.checked(healthy=False, answered=False, hold=60.0)
    subject.checked(healthy=False, answered=True, hold=60.0)  # A 401 says nothing of whether it answers calls.
    assert subject.opens_in() == 60.0
    subject.checked(healthy=True, answered=True, hold=60.0)
    assert subject.opens_in() == 30.0
    clock.now += 40.0
    subject.checked(healthy=False, answered=False, hold=60.0)
    assert not subject.allows()
    subject.checked(healthy=True, answered=True, hold=60.0)
    assert subject.allows() and not subject.enter()


async def test_a_healthy_check_lets_the_probe_of_an_unreachable_one_through_at_once() -> None:
    subject, clock = breaker()
    fail(subject, 3, answered=False)
    clock.now += 1.0
    subject.checked(healthy=True, answered=True, hold=60.0)
    assert not subject.enter()
    assert await subject.claim(ample())
    subject.succeeded(clock.now)
    subject.checked(healthy=True, answered=True, hold=60.0)
    assert subject.enter()


def test_checks_do_not_shorten_a_pause_that_was_asked_for() -> None:
    subject, clock = breaker()
    subject.busy(40.0, clock.now)
    subject.checked(healthy=True, answered=True, hold=60.0)
    subject.checked(healthy=False, answered=False, hold=600.0)
    assert subject.opens_in() == 40.0


def test_latencies_are_moving_averages() -> None:
    subject, clock = breaker()
    assert subject.fastest is None
    subject.succeeded(clock.now - 1.0, first=0.5)
    assert (subject.latency, subject.first) == (1.0, 0.5)
    subject.succeeded(clock.now - 2.0)
    assert subject.latency == pytest.approx(1.2)
    assert subject.first == pytest.approx(0.8)
    assert subject.fastest == 1.0
    clock.now += 301.0
    assert subject.fastest is None


def test_availability_tells_state_and_figures() -> None:
    subject, clock = breaker()
    found = subject.availability()
    assert found.breaker == BreakerState.BREAKER_STATE_CLOSED
    assert not found.HasField("success_ratio") and not found.HasField("retry_after")
    subject.succeeded(clock.now - 0.25)
    fail(subject, 3)
    found = subject.availability()
    assert found.breaker == BreakerState.BREAKER_STATE_OPEN
    assert (found.calls, found.success_ratio, found.reason) == (4, 0.25, "UPSTREAM_UNAVAILABLE")
    assert found.retry_after.seconds == 30
    assert found.time_to_first_token.nanos == 250_000_000
    clock.now += 30.0
    assert subject.availability().breaker == BreakerState.BREAKER_STATE_HALF_OPEN


def test_another_rule_keeps_the_state() -> None:
    subject, _ = breaker()
    fail(subject, 2)
    subject.use(BreakerRule(failures=3, open_for=5.0))
    fail(subject, 1)
    assert subject.opens_in() == 5.0
    subject.use(RULE)
    assert subject.opens_in() == 5.0


def test_recent_forgets_in_parts_and_stays_small() -> None:
    recent = Recent(60.0)
    for second in range(600):
        recent.note(float(second), second % 2 == 0, latency=second / 10)
    calls, failures = recent.counts(599.0)
    assert 54 <= calls <= 60
    assert failures * 2 == calls
    fastest = recent.fastest(599.0)
    assert fastest is not None and 54.0 <= fastest <= 54.6
    assert recent.counts(10_000.0) == (0, 0)


def test_a_reason_nobody_knows_has_no_name() -> None:
    subject, clock = breaker()
    subject.busy(1.0, clock.now, 12_345)
    assert subject.availability().reason == ""
    assert ErrorReason.Name(DOWN) == "ERROR_REASON_UPSTREAM_UNAVAILABLE"
