"""The batcher, and the sharding of keys."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from typing import Any

import pytest
import structlog.testing
from redis.crc import key_slot
from redis.exceptions import ClusterDownError, NoPermissionError, RedisClusterException, ResponseError
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import TimeoutError as RedisTimeoutError
from trunkline_server.domain.errors import Reason, not_found
from trunkline_server.stores.redis.batch import Batcher, Command, Done, Errands, Patience
from trunkline_server.stores.redis.contact import PROBE_EVERY, Contact
from trunkline_server.stores.redis.errors import translate
from trunkline_server.stores.redis.pipe import Pipe
from trunkline_server.stores.redis.scripts import SCRIPTS, SHARDS, shard_of


class Wire:
    """Answers each command with itself when told to."""

    def __init__(self) -> None:
        self.batches: list[list[Command]] = []
        self.open = asyncio.Event()
        self.error: Exception | None = None
        self.errands = Errands()

    def exchange(self, commands: Sequence[Command], done: Done) -> None:
        self.errands.run(self._answers(commands), done)

    async def _answers(self, commands: Sequence[Command]) -> Sequence[Any]:
        self.batches.append(list(commands))
        await self.open.wait()
        if self.error:
            raise self.error
        return list(commands)


async def test_calls_of_one_tick_travel_together_behind_the_first() -> None:
    wire = Wire()
    wire.open.set()
    batcher = Batcher(wire.exchange, 2)
    answers = await asyncio.gather(*(batcher.call((number,)) for number in range(100)))
    assert answers == [(number,) for number in range(100)]
    assert [len(batch) for batch in wire.batches] == [1, 99]


async def test_calls_gather_while_the_connections_are_busy() -> None:
    wire = Wire()
    batcher = Batcher(wire.exchange, 2)
    futures = []
    for number in range(10):
        futures.append(batcher.call((number,)))
        await asyncio.sleep(0)
        await asyncio.sleep(0)
    assert [len(batch) for batch in wire.batches] == [1, 1]
    wire.open.set()
    assert await asyncio.gather(*futures) == [(number,) for number in range(10)]
    assert sorted(len(batch) for batch in wire.batches) == [1, 1, 8]


def test_patience_grows_while_the_loop_has_no_pause_and_ends_with_one() -> None:
    clock = [100.0, 7.0]
    patience = Patience(lambda: clock[0], lambda: clock[1])

    def after(wall: float, cpu: float) -> float:
        clock[0], clock[1] = clock[0] + wall, clock[1] + cpu
        return patience.seconds()

    assert after(0.01, 0.01) == 0.0, "judged by too short a time"
    assert [after(0.03, 0.029) for _ in range(8)] == pytest.approx([0.001, 0.002, 0.003, 0.004, *[0.005] * 4])
    assert after(0.001, 0.0) == 0.005
    # One caller after the other.
    assert after(0.04, 0.03) == 0.0
    assert after(3600.0, 0.02) == 0.0


async def test_calls_gather_for_a_while_when_the_loop_is_busy() -> None:
    class Patient(Patience):
        def seconds(self) -> float:
            return 0.005

    wire = Wire()
    wire.open.set()
    batcher = Batcher(wire.exchange, 2, Patient())
    first = batcher.call((0,))
    for _ in range(3):
        await asyncio.sleep(0)
    second = batcher.call((1,))
    assert wire.batches == []
    assert await asyncio.gather(first, second) == [(0,), (1,)]
    assert wire.batches == [[(0,), (1,)]]
    # What came while all were under way gathers too.
    wire.open.clear()
    narrow = Batcher(wire.exchange, 1, Patient())
    futures = [narrow.call((2,))]
    await asyncio.sleep(0.02)
    futures += [narrow.call((3,)), narrow.call((4,))]
    wire.open.set()
    assert await asyncio.gather(*futures) == [(2,), (3,), (4,)]
    assert wire.batches[1:] == [[(2,)], [(3,), (4,)]]


async def test_those_that_wait_fail_with_a_batch_that_cannot_be_exchanged() -> None:
    wire = Wire()
    wire.error = RedisTimeoutError("too slow")
    batcher = Batcher(wire.exchange, 2)
    futures = []
    for number in range(10):
        futures.append(batcher.call((number,)))
        await asyncio.sleep(0)
        await asyncio.sleep(0)
    wire.open.set()
    answers = await asyncio.gather(*futures)
    assert all(isinstance(answer, RedisTimeoutError) for answer in answers)
    assert len(wire.batches) <= 3, "calls that waited were sent to a server that does not answer"


def test_a_server_that_is_away_is_asked_once_in_a_while_and_by_one() -> None:
    now = [100.0]
    contact = Contact(lambda: now[0])
    assert not contact.away
    contact.heard(False)
    assert contact.away and not contact.claim()
    now[0] += PROBE_EVERY
    assert [contact.claim() for _ in range(1000)].count(True) == 1
    contact.left()  # It was cancelled.
    assert contact.claim() and not contact.claim()
    contact.heard(False)
    assert contact.away and not contact.claim()
    now[0] += PROBE_EVERY
    assert contact.claim()
    contact.heard(True)
    assert not contact.away


async def test_a_cancelled_call_leaves_the_others_alone() -> None:
    wire = Wire()
    batcher = Batcher(wire.exchange, 1)
    calls = [batcher.call((number,)) for number in range(3)]
    await asyncio.sleep(0.01)
    assert wire.batches == [[(0,)]]
    calls[0].cancel()  # On its way: carried out.
    calls[1].cancel()  # Not yet sent: dropped.
    wire.open.set()
    assert await calls[2] == (2,)
    assert await batcher.call((3,)) == (3,)
    assert wire.batches == [[(0,)], [(2,)], [(3,)]]


async def test_an_error_reaches_every_caller_and_the_next_batch_goes() -> None:
    wire = Wire()
    wire.open.set()
    wire.error = OSError("gone")
    batcher = Batcher(wire.exchange, 1)
    with structlog.testing.capture_logs() as logs:
        answers: list[object] = await asyncio.gather(batcher.call((1,)), batcher.call((2,)))
    assert answers == [wire.error] * 2
    assert [(one["event"], one["error"], one["calls"], one["waiting"]) for one in logs] == [
        ("redis_batch_failed", "OSError('gone')", 1, 1)
    ]
    wire.error = None
    assert await batcher.call((3,)) == (3,)


async def test_large_crowds_are_cut() -> None:
    wire = Wire()
    wire.open.set()
    batcher = Batcher(wire.exchange, 1)
    answers = await asyncio.gather(*(batcher.call((number,)) for number in range(1200)))
    assert answers == [(number,) for number in range(1200)]
    assert max(map(len, wire.batches)) == 128


async def test_closing_answers_everyone() -> None:
    wire = Wire()
    batcher = Batcher(wire.exchange, 1)
    sent = batcher.call((1,))
    await asyncio.sleep(0.01)
    waiting = batcher.call((2,))
    batcher.close()
    async with asyncio.timeout(1):
        assert isinstance(await sent, ConnectionResetError)
        assert isinstance(await waiting, ConnectionResetError)


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (RedisConnectionError("secret"), "STORE_UNAVAILABLE"),
        (RedisTimeoutError("secret"), "STORE_UNAVAILABLE"),
        (TimeoutError("secret"), "STORE_UNAVAILABLE"),
        (ConnectionResetError("secret"), "STORE_UNAVAILABLE"),
        (ClusterDownError("secret"), "STORE_UNAVAILABLE"),
        (RedisClusterException("secret"), "STORE_UNAVAILABLE"),
        (ResponseError("MISCONF secret"), "STORE_UNAVAILABLE"),
        (ResponseError("BUSY secret"), "STORE_UNAVAILABLE"),
        (ResponseError("WRONGTYPE secret"), "INTERNAL"),
        (NoPermissionError("secret"), "INTERNAL"),
    ],
)
def test_errors_are_translated_without_their_text(error: Exception, expected: str) -> None:
    found = translate(error)
    assert found.reason_name == expected
    assert "secret" not in str(found)


def test_our_own_errors_pass() -> None:
    error = not_found("budget", "b")
    assert translate(error) is error
    assert error.reason == Reason.ERROR_REASON_NOT_FOUND


def test_shards_spread_over_slots_and_tenants_over_shards() -> None:
    slots = {key_slot(shard.encode()) for shard in SHARDS}
    assert len(slots) == 16
    # A cluster of three masters has a shard on each.
    assert len({slot * 3 // 16384 for slot in slots}) == 3
    assert {shard_of(f"tenant-{number}") for number in range(400)} == set(SHARDS)
    assert all(key_slot(f"{shard}:usage".encode()) == key_slot(shard.encode()) for shard in SHARDS)


def test_every_script_is_routed_by_one_key() -> None:
    assert all("KEYS[2]" not in script.text for script in SCRIPTS.values())


class Line(asyncio.Transport):
    """A connection that keeps what is written."""

    def __init__(self) -> None:
        super().__init__()
        self.written = b""
        self.aborted = False

    def write(self, data: Any) -> None:
        self.written += data

    def abort(self) -> None:
        self.aborted = True


def a_pipe(timeout: float) -> tuple[Pipe, Line]:
    """A pipe that stands."""
    pipe, line = Pipe(None, timeout), Line()  # type: ignore[arg-type]
    pipe._transport = line
    return pipe, line


def send(pipe: Pipe) -> asyncio.Future[Any]:
    """A command, and what the pipe tells of it."""
    told = asyncio.get_running_loop().create_future()
    pipe.send([("PING",)], told.set_result)
    return told


async def test_a_batch_that_takes_too_long_ends_its_connection() -> None:
    pipe, line = a_pipe(0.01)
    answer = await send(pipe)
    assert isinstance(answer, TimeoutError) and str(answer) == "redis took too long"
    assert line.aborted and not pipe.is_open


async def test_a_process_that_stood_still_does_not_take_redis_for_slow(monkeypatch: pytest.MonkeyPatch) -> None:
    pipe, line = a_pipe(0.05)
    answer = send(pipe)
    clock = time.monotonic
    with monkeypatch.context() as patch:
        # The timer comes eight seconds late, as when another process had the processor.
        patch.setattr(time, "monotonic", lambda: clock() + 8)
        await asyncio.sleep(0.02)
        assert not answer.done()
    pipe.data_received(b"+PONG\r\n")
    assert await answer == [b"PONG"]
    assert not line.aborted
    # Where none lies there, the time is over once more.
    assert isinstance(await send(pipe), TimeoutError)
