"""Shared executions: who executes, who reads, and what is left when somebody goes."""

from __future__ import annotations

import asyncio
import secrets
import time
from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import pytest
from google.protobuf.message import Message
from trunkline.v1.completion_pb2 import CompleteResponse, ContentDelta, StreamCompleteResponse
from trunkline_server.domain.call import Call, Caller
from trunkline_server.domain.deadline import Deadline
from trunkline_server.domain.errors import Reason, TrunklineError, quota, store_unavailable
from trunkline_server.domain.replays import Follow, Followed, Found, Outcome, Replay
from trunkline_server.domain.sharing import MAX_SHARED_BYTES
from trunkline_server.transport.chain import Sink
from trunkline_server.transport.executions import COALESCED, KEYED, Executions
from trunkline_server.transport.shared import Kind, Work

Proceed = Callable[[Call, Sink], Awaitable[None]]


@dataclass
class Store:
    """Keeps the port's promises in memory, for any number of workers; claims end by `lose`."""

    keys: dict[str, dict[str, Any]] = field(default_factory=dict)
    shown: dict[str, list[bytes]] = field(default_factory=dict)
    ends: dict[str, Outcome] = field(default_factory=dict)
    listeners: list[asyncio.Queue[Follow]] = field(default_factory=list)
    away: bool = False
    begun: int = 0

    async def begin(self, tenant_id: str, key: str, digest: bytes, claim: str) -> Found:
        await self._contact()
        self.begun += 1
        found = self.keys.get(key)
        if found is None:
            if not claim:
                return Found(Replay.NONE)
            self.keys[key] = {"digest": digest, "claim": claim}
            return Found(Replay.NEW)
        if found["digest"] != digest:
            return Found(Replay.REUSED)
        if "answers" in found:
            return Found(Replay.DONE, answers=found["answers"])
        return Found(Replay.IN_FLIGHT, found["claim"])

    async def end(
        self,
        tenant_id: str,
        key: str,
        digest: bytes,
        claim: str,
        answers: Sequence[bytes],
        outcome: Outcome,
        keep: bool,
    ) -> None:
        await self._contact()
        if self.keys.get(key, {}).get("claim") != claim:
            return
        self.shown[claim], self.ends[claim] = list(answers), outcome
        del self.keys[key]
        if keep:
            self.keys[key] = {"digest": digest, "claim": claim, "answers": list(answers)}

    async def push(
        self, tenant_id: str, claim: str, first: int, answers: Sequence[bytes], too_large: bool = False
    ) -> int:
        await self._contact()
        shown = self.shown.setdefault(claim, [])
        shown[first:] = answers
        if too_large:
            self.ends[claim] = Outcome(too_large=True)
        return len(shown)

    async def read(self, tenant_id: str, key: str, claim: str, first: int) -> Followed:
        await self._contact()
        found = self.keys.get(key, {})
        alive = found.get("claim") == claim and "answers" not in found
        return Followed(alive, self.shown.get(claim, [])[first:], self.ends.get(claim))

    async def follow(self, follow: Follow) -> None:
        await self._contact()
        for listener in self.listeners:
            listener.put_nowait(follow)

    async def follows(self) -> AsyncGenerator[Follow, None]:
        heard: asyncio.Queue[Follow] = asyncio.Queue()
        self.listeners.append(heard)
        while True:
            yield await heard.get()

    async def run(self) -> None:
        await asyncio.Event().wait()

    def lose(self) -> None:
        """Whoever holds a claim has died."""
        self.keys.clear()

    async def _contact(self) -> None:
        await asyncio.sleep(0)
        if self.away:
            raise store_unavailable("redis")


class Script:
    """A handler that plays: messages, pauses (events), errors."""

    def __init__(self, *steps: Any) -> None:
        self.steps = steps
        self.calls: list[Call] = []
        self.ended = 0
        self.go = asyncio.Event()

    async def __call__(self, call: Call, sink: Sink) -> None:
        self.calls.append(call)
        try:
            for step in self.steps:
                if isinstance(step, Message):
                    await sink(step)
                elif isinstance(step, Exception):
                    raise step
                else:
                    await step(self)
        finally:
            await asyncio.sleep(0)
            self.ended += 1


async def pause(script: Script) -> None:
    await script.go.wait()


def text(*words: str) -> list[StreamCompleteResponse]:
    return [
        StreamCompleteResponse(sequence=at, content_delta=ContentDelta(text=word)) for at, word in enumerate(words, 1)
    ]


def a_call(seconds: float = 10.0) -> Call:
    token = secrets.token_hex(4)
    now = time.monotonic()
    caller = Caller("acme", "k", frozenset("*"))
    return Call("m", f"r-{token}", token, Deadline(now + seconds), now, time.time(), token, caller=caller)


def work(proceed: Proceed, kind: Kind = KEYED, digest: bytes = b"d") -> Work:
    return Work(kind, "acme", "key", digest, proceed, StreamCompleteResponse.FromString)


class Caught:
    """A caller at a worker, and what it gets."""

    def __init__(
        self, executions: Executions, what: Work, after: int = 0, window: float = 0, seconds: float = 10
    ) -> None:
        self.got: list[str] = []
        self.call = a_call(seconds)
        self.task = asyncio.ensure_future(executions.join(what, self.call, self._take, after, window))

    async def _take(self, message: Message) -> None:
        assert isinstance(message, StreamCompleteResponse)
        self.got.append(message.content_delta.text)

    async def reason(self) -> str:
        with pytest.raises(TrunklineError) as caught:
            await self.task
        return caught.value.reason_name


async def until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(5):
        while not condition():
            await asyncio.sleep(0.001)


class Workers:
    """Two workers that hear each other."""

    def __init__(self) -> None:
        self.store = Store()
        self.both = [Executions(self.store), Executions(self.store)]
        self._tasks: list[asyncio.Task[None]] = []

    async def __aenter__(self) -> Workers:
        self._tasks = [asyncio.create_task(one.run()) for one in self.both]
        await until(lambda: len(self.store.listeners) == 2)
        return self

    async def __aexit__(self, *_: object) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        assert [len(one) for one in self.both] == [0, 0], "no execution is left"


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
