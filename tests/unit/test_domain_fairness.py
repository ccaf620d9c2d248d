"""The gate: who goes in, who waits, who is refused, and that no place is ever lost."""

from __future__ import annotations

import asyncio
import time

import pytest
from google.rpc.error_details_pb2 import RetryInfo
from trunkline.v1.completion_pb2 import Priority
from trunkline_server.domain.deadline import Deadline
from trunkline_server.domain.errors import Reason, TrunklineError
from trunkline_server.domain.fairness import Gate, Queueing
from virtual_time import virtual_time

LOW, NORMAL, HIGH, CRITICAL = (
    Priority.PRIORITY_LOW,
    Priority.PRIORITY_NORMAL,
    Priority.PRIORITY_HIGH,
    Priority.PRIORITY_CRITICAL,
)


class Heard:
    """Signals that are kept."""

    def __init__(self) -> None:
        self.decisions: list[str] = []
        self.levels: list[float] = []

    def decided(self, decision: str, provider: str = "", model: str = "", reason: str = "") -> None:
        self.decisions.append(decision)

    def level(self, name: str, value: float, provider: str = "", model: str = "") -> None:
        self.levels.append(value)


class Scene:
    """A gate, and callers that note when they got in. `limit` callers of the tenant `inside` are in already."""

    def __init__(self, limit: int = 1, size: int = 10, seconds: float = 60.0) -> None:
        self.heard = Heard()
        clock = asyncio.get_running_loop().time
        self.gate = Gate(limit, Queueing(size, seconds), signals=self.heard, clock=clock)
        self.entered: list[str] = []
        for _ in range(limit):
            assert self.gate.admit()

    async def call(self, name: str, priority: int = NORMAL, weight: float = 1, seconds: float = 100) -> None:
        await self.gate.enter(name[0], priority, weight, Deadline(time.monotonic() + seconds))
        self.entered.append(name)

    async def start(self, name: str, priority: int = NORMAL, weight: float = 1, seconds: float = 100) -> asyncio.Task:  # type: ignore[type-arg]
        task = asyncio.create_task(self.call(name, priority, weight, seconds))
        # Once for the task, once for whoever has to make way for it.
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        return task

    async def drain(self) -> list[str]:
        while self.gate.in_flight:
            self.gate.leave(1.0)
            await asyncio.sleep(0)
        return self.entered


def refusal_of(task: asyncio.Task[None]) -> TrunklineError:
    error = task.exception()
    assert isinstance(error, TrunklineError)
    assert error.reason == Reason.ERROR_REASON_OVERLOADED
    assert any(detail.Is(RetryInfo.DESCRIPTOR) for detail in error.status().details)
    return error


def test_classes_go_in_their_order_and_unspecified_is_normal() -> None:
    async def run() -> None:
        scene = Scene()
        for name, priority in (("a", LOW), ("b", NORMAL), ("c", 0), ("d", CRITICAL), ("e", HIGH)):
            await scene.start(name, priority)
        assert scene.gate.depth == 5
        assert await scene.drain() == ["d", "e", "b", "c", "a"]
        assert scene.heard.decisions == ["queued"] * 5
        assert scene.heard.levels == [1, 2, 3, 4, 5, 4, 3, 2, 1, 0]

    virtual_time(run())


def test_a_tenant_that_sends_much_delays_itself() -> None:
    async def run() -> None:
        scene = Scene()
        for name in ("a1", "a2", "a3", "a4", "b1", "b2"):
            await scene.start(name)
        assert await scene.drain() == ["a1", "b1", "a2", "b2", "a3", "a4"]

    virtual_time(run())


def test_shares_are_of_tokens_and_not_of_calls() -> None:
    async def run() -> None:
        scene = Scene()
        for name, weight in (("a1", 100), ("a2", 100), *((f"b{number}", 25) for number in range(8))):
            await scene.start(name, weight=weight)
        assert await scene.drain() == ["a1", "b0", "b1", "b2", "b3", "a2", "b4", "b5", "b6", "b7"]

    virtual_time(run())


def test_who_was_away_has_saved_nothing_up() -> None:
    async def run() -> None:
        scene = Scene()
        for number in range(6):
            await scene.start(f"a{number}", weight=10)
        for _ in range(3):
            scene.gate.leave(1.0)
            await asyncio.sleep(0)
        for number in range(3):
            await scene.start(f"b{number}", weight=10)
        assert await scene.drain() == ["a0", "a1", "a2", "b0", "a3", "b1", "a4", "b2", "a5"]

    virtual_time(run())


def test_a_wait_that_cannot_end_in_time_is_refused_at_once() -> None:
    async def run() -> None:
        scene = Scene(limit=2)
        for _ in range(20):
            scene.gate.leave(4.0)
            assert scene.gate.admit()
        for name in ("a", "b", "c"):
            await scene.start(name)
        # Two places that are free once in 4 s each: a fourth waits for about 8 s.
        hasty, patient = await scene.start("d", seconds=7), await scene.start("e", seconds=9)
        assert refusal_of(hasty).retry_after == pytest.approx(8)
        assert not patient.done()
        # The urgent one waits for one place only.
        urgent = await scene.start("f", HIGH, seconds=3)
        assert not urgent.done()
        assert scene.heard.decisions == [*["queued"] * 3, "queue_refused", "queued", "queued"]
        await scene.drain()

    virtual_time(run())


@pytest.mark.parametrize(("deadline", "bound", "waits"), [(3.0, 60.0, 3.0), (60.0, 2.0, 2.0)])
def test_who_waited_too_long_is_refused(deadline: float, bound: float, waits: float) -> None:
    async def run() -> None:
        scene = Scene(seconds=bound)
        began = time.monotonic()
        task = await scene.start("a", seconds=deadline)
        await asyncio.wait([task])
        assert time.monotonic() - began == pytest.approx(waits)
        refusal_of(task)
        assert (scene.gate.depth, scene.gate.in_flight) == (0, 1)
        assert scene.heard.decisions == ["queued", "queue_timeout"]
        late = await scene.start("b", seconds=0)
        refusal_of(late)

    virtual_time(run())


def test_a_full_queue_gives_up_the_newest_of_the_lowest_class() -> None:
    async def run() -> None:
        scene = Scene(size=4)
        waiting = [await scene.start(name, LOW) for name in ("a1", "b1", "b2")] + [await scene.start("c1")]
        await scene.start("d1", HIGH)
        refusal_of(waiting[2])
        refused = await scene.start("e1", LOW)
        refusal_of(refused)
        assert scene.heard.decisions == [*["queued"] * 4, "shed", "queued", "queue_refused"]
        assert await scene.drain() == ["d1", "c1", "a1", "b1"]

    virtual_time(run())


def test_in_a_full_queue_of_one_class_the_longest_tenant_makes_way() -> None:
    async def run() -> None:
        scene = Scene(size=4)
        waiting = [await scene.start(f"a{number}") for number in range(4)]
        first, second = await scene.start("b1"), await scene.start("b2")
        refusal_of(waiting[3])
        refusal_of(waiting[2])
        assert not first.done() and not second.done()
        # Both have as many now: another one would only trade places.
        for name in ("a5", "b3"):
            refusal_of(await scene.start(name))
        assert await scene.drain() == ["a0", "b1", "a1", "b2"]

    virtual_time(run())


def test_a_place_that_a_cancelled_caller_got_goes_to_the_next() -> None:
    async def run() -> None:
        scene = Scene()
        first, second = await scene.start("a"), await scene.start("b")
        # Let in, and cancelled before it has run again.
        scene.gate.leave(1.0)
        first.cancel()
        await asyncio.wait([first, second])
        assert first.cancelled()
        assert scene.entered == ["b"]
        assert (scene.gate.in_flight, scene.gate.depth) == (1, 0)

    virtual_time(run())


def test_who_is_cancelled_or_late_when_its_turn_comes_is_passed_over() -> None:
    async def run() -> None:
        scene = Scene()
        first, second = await scene.start("a"), await scene.start("b")
        # Cancelled, and its turn comes before it has run again.
        first.cancel()
        scene.gate.leave(1.0)
        await asyncio.wait([first, second])
        assert scene.entered == ["b"]
        assert (scene.gate.in_flight, scene.gate.depth) == (1, 0)
        waits = await scene.start("c")
        waits.cancel()
        await asyncio.wait([waits])
        assert scene.gate.depth == 0

    virtual_time(run())


def test_a_smaller_limit_cuts_nobody_off_and_a_larger_one_lets_waiters_in() -> None:
    async def run() -> None:
        scene = Scene(limit=3)
        for name in ("a", "b", "c"):
            await scene.start(name)
        scene.gate.limit = 1
        assert scene.gate.in_flight == 3
        for _ in range(2):
            scene.gate.leave(1.0)
        assert (scene.gate.in_flight, scene.gate.depth) == (1, 3)
        scene.gate.limit = 3
        await asyncio.sleep(0)
        assert scene.entered == ["a", "b"]
        assert (scene.gate.in_flight, scene.gate.depth, scene.gate.limit) == (3, 1, 3)
        await scene.drain()

    virtual_time(run())
