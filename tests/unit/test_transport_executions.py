"""Shared executions: who executes, who reads, and what is left when somebody goes."""

from __future__ import annotations

import asyncio
import time

import pytest
from google.protobuf.message import Message
from trunkline.v1.completion_pb2 import CompleteResponse, ContentDelta, StreamCompleteResponse
from trunkline_server.domain.call import Call
from trunkline_server.domain.errors import Reason, TrunklineError, quota
from trunkline_server.domain.sharing import MAX_SHARED_BYTES
from trunkline_server.transport.chain import Sink
from trunkline_server.transport.executions import COALESCED, KEYED, Executions
from trunkline_server.transport.shared import Work
from unit.sharing_parts import Caught, Script, Store, Workers, a_call, hang, pause, text, until, work

EACH = pytest.mark.parametrize("at", [0, 1], ids=["same worker", "other worker"])


@EACH
async def test_all_read_one_execution_from_the_first_answer(at: int) -> None:
    async with Workers() as workers:
        script = Script(*text("a", "b"), pause, *text("c"))
        first = Caught(workers.both[0], work(script))
        await until(lambda: first.got == ["a", "b"])
        others = [Caught(workers.both[at], work(script)), Caught(workers.both[at], work(script), after=1)]
        await until(lambda: others[0].got == ["a", "b"] and others[1].got == ["b"])
        script.go.set()
        await asyncio.gather(first.task, *(one.task for one in others))
        assert [one.got for one in (first, *others)] == [["a", "b", "c"], ["a", "b", "c"], ["b", "c"]]
        kept = Caught(workers.both[at], work(script), after=2)
        await kept.task
        assert kept.got == ["c"]
        assert len(script.calls) == 1


@EACH
async def test_an_error_of_the_call_is_everybodys_and_frees_the_key(at: int) -> None:
    async with Workers() as workers:
        script = Script(*text("a"), pause, TrunklineError(Reason.ERROR_REASON_UPSTREAM_REJECTED, "no"))
        both = [Caught(workers.both[0], work(script))]
        await until(lambda: both[0].got == ["a"])
        both.append(Caught(workers.both[at], work(script)))
        await until(lambda: both[1].got == ["a"])
        script.go.set()
        assert [await one.reason() for one in both] == ["UPSTREAM_REJECTED"] * 2
        assert workers.store.keys == {}


@EACH
@pytest.mark.parametrize("reason", [Reason.ERROR_REASON_CALLER_DEADLINE, Reason.ERROR_REASON_BUDGET_EXCEEDED])
async def test_what_concerns_the_first_alone_does_not_end_the_others(at: int, reason: int) -> None:
    async with Workers() as workers:
        lost = Script(pause, quota(reason, "not you", "key/1"))  # type: ignore[arg-type]
        first = Caught(workers.both[0], work(lost, COALESCED))
        await until(lambda: len(lost.calls) == 1)
        won = Script(*text("a"))
        others = [Caught(workers.both[at], work(won if at else lost, COALESCED)) for _ in range(5)]
        await asyncio.sleep(0.05)
        lost.go.set()
        lost.steps = tuple(text("a"))
        assert await first.reason() == Reason.Name(reason).removeprefix("ERROR_REASON_")  # type: ignore[arg-type]
        await asyncio.gather(*(one.task for one in others))
        assert [one.got for one in others] == [["a"]] * 5
        assert len(lost.calls) + len(won.calls) == 2


@EACH
async def test_who_has_read_of_a_lost_execution_cannot_go_on(at: int) -> None:
    async with Workers() as workers:
        lost = Script(*text("a"), pause, TrunklineError(Reason.ERROR_REASON_CALLER_DEADLINE, "late"))
        first = Caught(workers.both[0], work(lost))
        await until(lambda: first.got == ["a"])
        won = Script(*text("x", "y"))
        reader = Caught(workers.both[at], work(lost))
        resumed = Caught(workers.both[at], work(lost), after=4)
        await until(lambda: reader.got == ["a"])
        lost.go.set()
        assert await first.reason() == "CALLER_DEADLINE"
        assert await reader.reason() == "STREAM_TRUNCATED"
        assert await resumed.reason() == "NOTHING_TO_RESUME"
        again = Caught(workers.both[at], work(won))
        await again.task
        assert again.got == ["x", "y"]


async def test_a_dead_worker_is_replaced_by_one_of_its_followers() -> None:
    async with Workers() as workers:
        dead = Script(pause)
        first = Caught(workers.both[0], work(dead))
        await until(lambda: len(dead.calls) == 1)
        script = Script(*text("a"))
        followers = [Caught(workers.both[1], work(script)) for _ in range(5)]
        await asyncio.sleep(0.05)
        workers.store.lose()
        await asyncio.gather(*(one.task for one in followers))
        assert [one.got for one in followers] == [["a"]] * 5
        assert len(script.calls) == 1
        first.task.cancel()
        await until(lambda: dead.ended == 1)


@EACH
async def test_the_last_to_leave_cuts_it_off(at: int) -> None:
    async with Workers() as workers:
        script = Script(*text("a"), pause)
        first, second = Caught(workers.both[0], work(script)), Caught(workers.both[at], work(script))
        await until(lambda: first.got == second.got == ["a"])
        first.task.cancel()
        await asyncio.sleep(0.05)
        assert script.ended == 0
        second.task.cancel()
        await until(lambda: script.ended == 1)
        await until(lambda: not workers.store.keys)


async def test_a_window_keeps_it_until_somebody_comes_back() -> None:
    async with Workers() as workers:
        script = Script(*text("a"), pause, *text("b"))
        first = Caught(workers.both[0], work(script), window=0.2, seconds=0.1)
        await until(lambda: first.got == ["a"])
        assert await first.reason() == "CALLER_DEADLINE"
        back = Caught(workers.both[1], work(script), after=1, window=0.2)
        await asyncio.sleep(0.4)
        assert script.ended == 0
        script.go.set()
        await back.task
        assert back.got == ["b"]


async def test_a_window_ends() -> None:
    async with Workers() as workers:
        script = Script(*text("a"), pause)
        first = Caught(workers.both[0], work(script), window=0.15)
        await until(lambda: first.got == ["a"])
        left = time.monotonic()
        first.task.cancel()
        await until(lambda: script.ended == 1)
        assert time.monotonic() - left > 0.1
        assert await Caught(workers.both[0], work(script), after=1).reason() == "NOTHING_TO_RESUME"


async def test_nothing_is_executed_for_who_only_resumes() -> None:
    async with Workers() as workers:
        script = Script(*text("a"))
        assert await Caught(workers.both[0], work(script), after=1).reason() == "NOTHING_TO_RESUME"
        assert script.calls == []


async def test_another_body_is_refused_wherever_it_comes_from() -> None:
    async with Workers() as workers:
        script = Script(*text("a"), pause)
        first = Caught(workers.both[0], work(script))
        await until(lambda: first.got == ["a"])
        for one in workers.both:
            assert await Caught(one, work(script, digest=b"other")).reason() == "IDEMPOTENCY_KEY_REUSED"
        right = Caught(workers.both[1], work(script))
        script.go.set()
        await asyncio.gather(first.task, right.task)
        assert len(script.calls) == 1


async def test_without_the_store_only_keyed_calls_are_refused() -> None:
    async with Workers() as workers:
        workers.store.away = True
        script = Script(pause, *text("a"))
        assert await Caught(workers.both[0], work(script)).reason() == "STORE_UNAVAILABLE"
        together = [Caught(workers.both[0], work(script, COALESCED)) for _ in range(3)]
        await until(lambda: len(script.calls) == 1)
        script.go.set()
        await asyncio.gather(*(one.task for one in together))
        assert len(script.calls) == 1


async def test_a_store_that_goes_away_meanwhile_costs_no_answer() -> None:
    async with Workers() as workers:
        script = Script(pause, *text("a"))
        first, follower = Caught(workers.both[0], work(script)), Caught(workers.both[1], work(script))
        shared = Caught(workers.both[1], Work(COALESCED, "acme", "c", b"d", script, StreamCompleteResponse.FromString))
        await until(lambda: len(script.calls) == 2)
        await asyncio.sleep(0.05)
        workers.store.away = True
        assert await follower.reason() == "STORE_UNAVAILABLE"
        script.go.set()
        await asyncio.gather(first.task, shared.task)
        assert (first.got, shared.got) == (["a"], ["a"])


async def test_too_large_an_answer_is_read_to_its_end_but_not_shared_between_workers() -> None:
    async with Workers() as workers:
        big = "x" * (MAX_SHARED_BYTES // 4)
        script = Script(*text("a", *[big] * 5), pause, *text("end"))
        first = Caught(workers.both[0], work(script))
        await until(lambda: len(first.got) == 6)
        assert await Caught(workers.both[0], work(script)).reason() == "IDEMPOTENCY_IN_FLIGHT"
        assert await Caught(workers.both[1], work(script)).reason() == "IDEMPOTENCY_IN_FLIGHT"
        script.go.set()
        await first.task
        assert first.got[-1] == "end"
        assert await Caught(workers.both[1], work(script)).reason() == "IDEMPOTENCY_KEY_REUSED"


async def test_too_large_an_answer_is_made_again_for_who_coalesces_elsewhere() -> None:
    async with Workers() as workers:
        script = Script(pause, *text(*["x" * (MAX_SHARED_BYTES // 4)] * 5), pause)
        calls = [Caught(one, work(script, COALESCED)) for one in workers.both]
        await until(lambda: len(script.calls) == 1)
        await asyncio.sleep(0.05)
        script.go.set()
        await asyncio.gather(*(one.task for one in calls))
        assert [len(one.got) for one in calls] == [5, 5]
        assert len(script.calls) == 2


async def test_it_waits_for_its_fastest_reader() -> None:
    executions = Executions(Store())
    sent = 0
    chunk = StreamCompleteResponse(content_delta=ContentDelta(text="x" * 64 * 1024))

    async def pour(call: Call, sink: Sink) -> None:
        nonlocal sent
        for _ in range(100):
            await sink(chunk)
            sent += 1

    stuck, read = asyncio.Event(), 0

    async def slow(message: Message) -> None:
        nonlocal read
        read += 1
        await stuck.wait()

    joined = asyncio.create_task(executions.join(work(pour), a_call(), slow))
    await until(lambda: read == 1)
    await asyncio.sleep(0.05)
    assert 3 <= sent <= 5
    stuck.set()
    await joined
    assert (sent, read) == (100, 100)


async def test_draining_lets_it_end_or_cuts_it_off() -> None:
    async with Workers() as workers:
        ends, hangs = Script(*text("a"), pause), Script(*text("a"), pause)
        lost = [Caught(workers.both[at], work(script), window=60) for at, script in enumerate((ends, hangs)) if at == 0]
        other = Work(KEYED, "acme", "other", b"d", hangs, StreamCompleteResponse.FromString)
        lost.append(Caught(workers.both[0], other, window=60))
        await until(lambda: all(one.got == ["a"] for one in lost))
        for one in lost:
            one.task.cancel()
        asyncio.get_running_loop().call_later(0.05, ends.go.set)
        assert await workers.both[0].drain(0.3) == 1
        assert (ends.ended, hangs.ended) == (1, 1)
        assert list(workers.store.keys) == ["key"], "the one is kept, the other free again"


async def test_an_unknown_fault_tells_followers_nothing() -> None:
    async with Workers() as workers:
        script = Script(pause, RuntimeError("the password is hunter2"))
        first, follower = Caught(workers.both[0], work(script)), Caught(workers.both[1], work(script))
        await until(lambda: len(script.calls) == 1)
        await asyncio.sleep(0.05)
        script.go.set()
        with pytest.raises(RuntimeError):
            await first.task
        with pytest.raises(TrunklineError, match="a fault of the server") as caught:
            await follower.task
        assert "hunter2" not in str(caught.value.status())


async def test_whose_call_it_is_pays_and_is_told_so() -> None:
    executions = Executions(Store())

    async def answer(call: Call, sink: Sink) -> None:
        call.facts["trunkline.cost_nano_usd"] = 7
        await asyncio.sleep(0.02)
        await sink(CompleteResponse(request_id=call.request_id))

    what = Work(COALESCED, "acme", "c", b"d", answer, CompleteResponse.FromString)
    calls, got = [a_call(1.0), a_call(5.0)], []

    async def take(message: Message) -> None:
        got.append(message)

    await asyncio.gather(*(executions.join(what, call, take) for call in calls))
    assert [one.shared for one in got] in ([True, False], [False, True])  # type: ignore[attr-defined]
    assert sorted(call.facts.get("trunkline.cost_nano_usd", 0) for call in calls) == [0, 7]  # type: ignore[type-var]
    assert sorted("trunkline.shared" in call.facts for call in calls) == [False, True]


async def test_a_claim_is_given_up_with_its_caller() -> None:
    async with Workers() as workers:
        script = Script(*text("a"))
        workers.store.tell.clear()
        first = Caught(workers.both[0], work(script))
        await until(lambda: bool(workers.store.keys))
        first.task.cancel()
        await until(lambda: len(workers.both[0]) == 0)
        await until(lambda: not workers.store.keys)
        assert script.calls == []


async def test_who_resumes_does_not_take_over_from_who_left() -> None:
    async with Workers() as workers:
        script = Script(*text("a"))
        workers.store.tell.clear()
        first = Caught(workers.both[0], work(script))
        await until(lambda: bool(workers.store.keys))
        resumed = Caught(workers.both[0], work(script), after=1)
        await asyncio.sleep(0.01)
        first.task.cancel()
        await asyncio.sleep(0.01)
        workers.store.tell.set()
        assert await resumed.reason() == "NOTHING_TO_RESUME"
        assert (script.calls, workers.store.keys) == ([], {})


async def test_what_nobody_could_read_again_has_no_window() -> None:
    async with Workers() as workers:
        script = Script(*text("a"), pause, *text(*["x" * (MAX_SHARED_BYTES // 4)] * 5), hang)
        first = Caught(workers.both[0], work(script), window=60)
        await until(lambda: first.got == ["a"])
        first.task.cancel()
        await asyncio.sleep(0.01)
        script.go.set()
        await until(lambda: script.ended == 1)
        await until(lambda: not workers.store.keys)


async def test_who_comes_too_late_to_coalesce_is_executed() -> None:
    executions = Executions(Store())
    script = Script(*text(*["x" * (MAX_SHARED_BYTES // 4)] * 6), pause)
    first = Caught(executions, work(script, COALESCED))
    await until(lambda: len(first.got) == 6)
    late = Caught(executions, work(script, COALESCED))
    await until(lambda: len(script.calls) == 2)
    script.go.set()
    await asyncio.gather(first.task, late.task)
    assert len(late.got) == 6
