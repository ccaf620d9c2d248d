"""Call rates: no window ever holds more starts, and every wait is told exactly."""

from __future__ import annotations

from collections import defaultdict

import pytest
from hypothesis import given
from hypothesis import strategies as st
from trunkline_server.domain.call_rates import MAX_HOLD, MOST_LOGGED, LocalCallRates, Rate, Use

KEY = "k"


class Clock:
    """Time as the test says."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


def paced() -> tuple[LocalCallRates, Clock]:
    clock = Clock()
    return LocalCallRates(clock), clock


@pytest.mark.parametrize(
    ("calls", "seconds", "kept"),
    [(3, 1.0, (3, 1.0)), (1000, 60.0, (1000, 60.0)), (5000, 3600.0, (1000, 720.0)), (1001, 10.0, (500, 5.0))],
)
def test_a_large_rate_is_kept_by_a_shorter_one(calls: int, seconds: float, kept: tuple[int, float]) -> None:
    rate = Rate.of("r", calls, seconds)
    assert (rate.calls, rate.seconds) == kept
    assert rate.calls <= MOST_LOGGED


async def test_turns_are_told_ahead() -> None:
    rates, clock = paced()
    three = [Rate("r", 3, 1.0)]
    assert [await rates.turn(KEY, three, 60) for _ in range(8)] == [0, 0, 0, 1, 1, 1, 2, 2]
    clock.now += 2.5
    assert await rates.turn(KEY, three, 60) == 0
    # The two turns at 2 s count until 3 s.
    assert await rates.turn(KEY, three, 60) == pytest.approx(0.5)


async def test_a_wait_that_is_too_long_takes_nothing() -> None:
    rates, _ = paced()
    one = [Rate("r", 1, 10.0)]
    assert await rates.turn(KEY, one, 5) == 0
    assert [await rates.turn(KEY, one, 5) for _ in range(3)] == [10, 10, 10]
    assert await rates.turn("another", one, 5) == 0


async def test_all_rates_bind_or_none_is_taken() -> None:
    rates, _ = paced()
    all_calls, chat = Rate("all", 30, 1.0), Rate("chat", 1, 1.0)
    assert await rates.turn(KEY, [all_calls, chat], 0.5) == 0
    assert await rates.turn(KEY, [all_calls, chat], 0.5) == 1
    assert (await rates.uses(KEY, [all_calls, chat])) == [Use(29, 0), Use(0, 1)]


async def test_a_turn_far_ahead_does_not_keep_others_waiting() -> None:
    rates, _ = paced()
    all_calls = Rate("all", 2, 1.0)
    slow = [all_calls, Rate("chat/a", 1, 60.0)]
    assert [await rates.turn(KEY, slow, 600) for _ in range(2)] == [0, 60]
    assert await rates.turn(KEY, [all_calls, Rate("chat/b", 1, 60.0)], 600) == 0


async def test_a_hold_moves_every_start() -> None:
    rates, clock = paced()
    await rates.hold(KEY, 4.25)
    await rates.hold(KEY, 1)
    assert rates.held(KEY) == 4.25
    assert await rates.turn(KEY, [Rate("r", 1, 1.0)], 60) == 4.25
    assert (await rates.uses(KEY, [Rate("s", 1, 1.0)])) == [Use(0, 4.25)]
    clock.now += 5
    assert rates.held(KEY) == 0
    await rates.hold(KEY, 10 * MAX_HOLD)
    assert rates.held(KEY) == MAX_HOLD


async def test_memory_is_bounded() -> None:
    rates, _ = paced()
    for number in range(5000):
        await rates.hold(str(number), 10 + number)
        await rates.turn(str(number), [Rate("r", 1, 1.0)], 1)
    assert rates.held("0") == 0
    assert rates.held("4999") > 0


steps = st.lists(st.tuples(st.integers(0, 3), st.sampled_from(("a", "b", "c")), st.floats(0, 3)), max_size=60)


@given(steps=steps, calls=st.integers(1, 4), of_chat=st.integers(1, 3))
async def test_no_window_holds_more(steps: list[tuple[int, str, float]], calls: int, of_chat: int) -> None:
    rates, clock = paced()
    starts: dict[str, list[float]] = defaultdict(list)
    limits = {"all": (calls, 1.0), **{f"chat/{chat}": (of_chat, 2.5) for chat in "abc"}}
    for quarters, chat, most in steps:
        clock.now += quarters / 4
        asked = [Rate(name, *limits[name]) for name in ("all", f"chat/{chat}")]
        wait = await rates.turn(KEY, asked, most)
        assert wait >= 0
        if wait == 0 or wait < most:
            for rate in asked:
                starts[rate.name].append(clock.now + wait)
    for name, found in starts.items():
        most_calls, seconds = limits[name]
        found.sort()
        assert all(later - earlier >= seconds - 1e-9 for earlier, later in zip(found, found[most_calls:], strict=False))
