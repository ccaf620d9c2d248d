"""Calls that share an execution, over two servers: attached, resumed, coalesced, and cut off by the last to leave."""

from __future__ import annotations

import asyncio
import itertools
import time
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass
from typing import Any

import grpc
import pytest
import pytest_asyncio
from e2e.calls import ask, llm, read, refusal, status_of
from e2e.replicas import replica
from google.protobuf.duration_pb2 import Duration
from google.rpc.error_details_pb2 import ErrorInfo
from harness import Stack, holds, provider, stack
from trunkline.v1.completion_pb2 import CompleteRequest, StreamCompleteRequest, StreamCompleteResponse
from upstream import MODEL, Upstream, upstream

_numbers = itertools.count()


@dataclass
class Scene:
    """Two servers and what is behind them."""

    running: Stack
    channels: list[grpc.aio.Channel]
    state: Upstream

    def ask(self, **fields: Any) -> CompleteRequest:
        return ask(self.running.model, prompt=f"Say {next(_numbers)}.", **fields)

    def stream(self, at: int, request: CompleteRequest, timeout: float = 20, **fields: Any) -> Any:
        """Start a stream at one of the servers."""
        whole = StreamCompleteRequest(request=request, **fields)
        return llm(self.channels[at]).StreamComplete(whole, metadata=self.running.metadata(), timeout=timeout)

    def complete(self, at: int, request: CompleteRequest, timeout: float = 20) -> Any:
        """Start a call at one of the servers."""
        return llm(self.channels[at]).Complete(request, metadata=self.running.metadata(), timeout=timeout)

    def reset(self, **behaviour: Any) -> None:
        self.state.__dict__.update({"chunks": 5, "pace": 0.0, "status": 200, "stall": 0.0, **behaviour})
        self.state.requests.clear()


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def both(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Scene]:
    async with AsyncExitStack() as opened:
        state = await opened.enter_async_context(upstream())
        base = tmp_path_factory.mktemp("sharing")
        integration = provider("mock", state.url, [MODEL])
        running = await opened.enter_async_context(stack(base, [integration], model=f"vllm/{MODEL}"))
        second = await opened.enter_async_context(replica(running))
        targets = (running.target, second.target)
        channels = [await opened.enter_async_context(grpc.aio.insecure_channel(target)) for target in targets]
        yield Scene(running, channels, state)


@pytest.fixture
def scene(both: Scene) -> Scene:
    both.reset()
    return both


async def until(condition: Callable[[], bool], seconds: float = 5) -> None:
    async with asyncio.timeout(seconds):
        while not condition():
            await asyncio.sleep(0.005)


async def some(call: Any, count: int) -> list[StreamCompleteResponse]:
    """The first events of a stream."""
    events = aiter(call)
    return [await anext(events) for _ in range(count)]


def reason_of(error: grpc.aio.AioRpcError | None) -> str:
    assert error is not None
    info = ErrorInfo()
    assert status_of(error).details[0].Unpack(info)
    return info.reason


pytestmark = pytest.mark.asyncio(loop_scope="module")
BOTH = pytest.mark.parametrize("at", [0, 1], ids=["same server", "other server"])


@BOTH
async def test_a_repetition_attaches_from_the_first_event(scene: Scene, at: int) -> None:
    scene.reset(chunks=20, pace=0.03)
    request = scene.ask(request_id=f"attach-{at}")
    first = scene.stream(0, request)
    begun = await some(first, 6)
    second = asyncio.create_task(read(scene.stream(at, request)))
    changed = scene.ask(request_id=f"attach-{at}")
    _, refused = await read(scene.stream(at, changed))
    assert reason_of(refused) == "IDEMPOTENCY_KEY_REUSED"
    rest, error = await read(first)
    again, second_error = await second
    kept, kept_error = await read(scene.stream(1 - at, request))
    assert (error, second_error, kept_error) == (None, None, None)
    assert begun + rest == again == kept
    assert [event.sequence for event in again] == list(range(1, len(again) + 1))
    assert len(scene.state.requests) == 1


@BOTH
async def test_a_lost_stream_is_resumed(scene: Scene, at: int) -> None:
    scene.reset(chunks=40, pace=0.03)
    request = scene.ask(request_id=f"resume-{at}")
    window = Duration(seconds=5)
    lost = scene.stream(0, request, resume_window=window)
    begun = await some(lost, 5)
    lost.cancel()
    await asyncio.sleep(0.3)
    assert scene.state.open == 1
    rest, error = await read(scene.stream(at, request, last_sequence=begun[-1].sequence, resume_window=window))
    assert error is None
    assert [event.sequence for event in begun + rest] == list(range(1, len(begun + rest) + 1))
    words = "".join(event.content_delta.text for event in begun + rest)
    assert words == "".join(f"word{number} " for number in range(40))
    assert len(scene.state.requests) == 1
    # What was kept is resumed as well.
    kept, error = await read(scene.stream(1 - at, request, last_sequence=begun[-1].sequence))
    assert (kept, error) == (rest, None)


@BOTH
async def test_nothing_to_resume_executes_nothing(scene: Scene, at: int) -> None:
    _, error = await read(scene.stream(at, scene.ask(request_id=f"never-{at}"), last_sequence=3))
    assert error is not None
    assert (error.code(), reason_of(error)) == (grpc.StatusCode.NOT_FOUND, "NOTHING_TO_RESUME")
    assert scene.state.requests == []


async def test_the_end_of_the_resume_window_closes_the_upstream(scene: Scene) -> None:
    scene.reset(chunks=400, pace=0.02)
    request = scene.ask(request_id="window")
    lost = scene.stream(0, request, resume_window=Duration(seconds=1))
    await some(lost, 5)
    lost.cancel()
    left = time.monotonic()
    await asyncio.sleep(0.5)
    assert scene.state.open == 1
    await until(lambda: scene.state.open == 0)
    print(f"upstream closed {time.monotonic() - left:.2f} s after the reader left, with a window of 1 s")
    record = await scene.running.recorded("window")
    assert record is not None
    assert record.cost_details.nano_usd > 0
    assert await holds(scene.running) == 0


@pytest.mark.parametrize("shared", [{"request_id": "leave"}, {"coalesce": True}], ids=["request_id", "coalesce"])
@BOTH
async def test_the_last_reader_to_leave_closes_the_upstream(scene: Scene, at: int, shared: dict[str, Any]) -> None:
    scene.reset(chunks=400, pace=0.02)
    fields = {name: value if value is True else f"{value}-{at}" for name, value in shared.items()}
    request = scene.ask(**fields)
    first = scene.stream(0, request)
    await some(first, 5)
    second = scene.stream(at, request)
    await some(second, 5)
    first.cancel()
    await some(second, 20)
    assert scene.state.open == 1
    second.cancel()
    left = time.monotonic()
    await until(lambda: scene.state.open == 0)
    print(f"upstream closed {1000 * (time.monotonic() - left):.0f} ms after the last reader left")
    assert len(scene.state.requests) == 1
    async with asyncio.timeout(5):
        while await holds(scene.running):
            await asyncio.sleep(0.02)


@BOTH
async def test_an_error_of_the_call_is_everybodys_and_frees_the_key(scene: Scene, at: int) -> None:
    scene.reset(status=400, stall=0.5)
    request = scene.ask(request_id=f"fails-{at}")
    first = asyncio.create_task(refusal(scene.complete(0, request)))
    await until(lambda: scene.state.open == 1)
    second = asyncio.create_task(refusal(scene.complete(at, request)))
    (code, info, status), other = await first, await second
    assert (code, info, status.message, len(status.details)) == (*other[:2], other[2].message, len(other[2].details))
    assert info.reason == "UPSTREAM_REJECTED"
    assert len(scene.state.requests) == 1
    scene.reset()
    assert (await scene.complete(at, request)).completion


@BOTH
async def test_a_follower_outlives_the_deadline_of_the_first(scene: Scene, at: int) -> None:
    scene.reset(stall=1.0)
    request = scene.ask(request_id=f"patient-{at}")
    first = asyncio.create_task(_await(scene.complete(0, request, timeout=0.6)))
    await until(lambda: scene.state.open == 1)
    second = asyncio.create_task(_await(scene.complete(at, request)))
    with pytest.raises(grpc.aio.AioRpcError) as caught:
        await first
    assert caught.value.code() is grpc.StatusCode.DEADLINE_EXCEEDED
    # The caller's library may find it before the server tells why.
    if "grpc-status-details-bin" in dict(caught.value.trailing_metadata() or ()):
        info = ErrorInfo()
        assert status_of(caught.value).details[0].Unpack(info)
        assert info.reason == "CALLER_DEADLINE"
    assert (await second).completion
    assert len(scene.state.requests) <= 2


async def _await(call: Any) -> Any:
    return await call


@pytest.mark.parametrize("request_id", ["", "mine"], ids=["coalesce", "coalesce and request_id"])
async def test_identical_calls_share_one_upstream_call(scene: Scene, request_id: str) -> None:
    scene.reset(stall=0.7)
    request = scene.ask(coalesce=True)
    requests = []
    for number in range(6):
        one = CompleteRequest()
        one.CopyFrom(request)
        one.context.agent_id, one.priority = f"agent-{number}", number % 3
        one.request_id = request_id and f"{request_id}-{number}"
        requests.append(one)
    answers = await asyncio.gather(*(_await(scene.complete(at % 2, one)) for at, one in enumerate(requests)))
    assert len(scene.state.requests) == 1
    (payer,) = [answer for answer in answers if not answer.shared]
    assert payer.cost_details.nano_usd > 0
    for answer in answers:
        if answer is payer:
            continue
        assert (answer.completion, answer.usage) == (payer.completion, payer.usage)
        assert (answer.cost.units, answer.cost.nanos, answer.HasField("cost_details")) == (0, 0, False)
        assert answer.cache.origin_request_id == payer.request_id
        assert answer.cache.saved_nano_usd == payer.cost_details.nano_usd
        assert answer.request_id != payer.request_id
        assert answer.trace_id != payer.trace_id
    scene.reset()
    assert not (await scene.complete(0, request)).shared
    assert len(scene.state.requests) == 1
    if request_id:
        again = [await scene.complete(1, one) for one in requests]
        assert again == list(answers)
        assert len(scene.state.requests) == 1


async def test_coalesced_streams_are_whole_wherever_they_join(scene: Scene) -> None:
    scene.reset(chunks=20, pace=0.03)
    request = scene.ask(coalesce=True)
    first = scene.stream(0, request)
    begun = await some(first, 5)
    joined = [asyncio.create_task(read(scene.stream(at, request))) for at in (0, 1, 1)]
    rest, error = await read(first)
    assert error is None
    payer = begun + rest
    for events, problem in await asyncio.gather(*joined):
        assert problem is None
        assert events[:-1] == payer[:-1]
        assert events[-1].finished.shared
        assert events[-1].finished.cache.origin_request_id == payer[-1].finished.request_id
    assert len(scene.state.requests) == 1


async def test_a_server_that_stops_lets_a_call_without_a_reader_end(scene: Scene) -> None:
    scene.reset(chunks=40, pace=0.05)
    kept, cut = (scene.ask(request_id=f"drain-{number}") for number in range(2))
    async with replica(scene.running, TRUNKLINE__SERVER__GRACE_SECONDS="4") as third:
        async with grpc.aio.insecure_channel(third.target) as channel:
            scene.channels.append(channel)
            lost = [scene.stream(-1, kept, resume_window=Duration(seconds=30))]
            begun = await some(lost[0], 5)
            scene.state.chunks = 400
            lost.append(scene.stream(-1, cut, resume_window=Duration(seconds=30)))
            await some(lost[1], 5)
            scene.channels.pop()
            for call in lost:
                call.cancel()
        assert await third.stop() == 0
    assert scene.state.open == 0
    rest, error = await read(scene.stream(0, kept, last_sequence=begun[-1].sequence))
    assert error is None
    assert [event.sequence for event in begun + rest] == list(range(1, len(begun + rest) + 1))
    _, error = await read(scene.stream(0, cut, last_sequence=1))
    assert reason_of(error) == "NOTHING_TO_RESUME"
    assert '"cut_off":1' in third.logs()
    assert await holds(scene.running) == 0
