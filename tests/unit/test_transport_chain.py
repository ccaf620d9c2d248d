"""The chain: its order, one shape for unary and streams, and what it does with every kind of end."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import pytest
from google.protobuf.message import Message
from trunkline.v1.completion_pb2 import CompleteRequest
from trunkline.v1.llm_pb2 import GetModelRequest, GetModelResponse
from trunkline_server.app import interceptors_of
from trunkline_server.config import Settings
from trunkline_server.domain.call import Call, Caller
from trunkline_server.domain.deadline import Deadline
from trunkline_server.domain.errors import Reason, TrunklineError, not_found
from trunkline_server.domain.fairness import Queueing
from trunkline_server.domain.tab import Settlements
from trunkline_server.ops.metrics import CallMetrics
from trunkline_server.transport.chain import ORDER, compose
from trunkline_server.transport.interceptors.authorization import Authorization
from trunkline_server.transport.interceptors.errors import Errors
from trunkline_server.transport.interceptors.limits import Limits, weight
from trunkline_server.transport.interceptors.replay import Replay
from trunkline_server.transport.methods import Method, methods


def call_of(*permissions: str) -> Call:
    call = Call("trunkline.v1.LLMService/GetModel", "r", "t", Deadline.after(5), 0.0, 0.0, "h")
    call.caller = Caller("acme", "key", frozenset(permissions))
    call.request = GetModelRequest(name="m")
    return call


def method_of(function: Any, *, streaming: bool = False) -> Method:
    return Method(
        "trunkline.v1.LLMService/GetModel", GetModelRequest, "llm.models", False, False, streaming, True, function
    )


async def gather(chain: Any, call: Call) -> list[Message]:
    found: list[Message] = []

    async def sink(message: Message) -> None:
        found.append(message)

    await chain(call, sink)
    return found


async def one(call: Call, request: Message) -> Message:
    return GetModelResponse()


async def three(call: Call, request: Message) -> AsyncIterator[Message]:
    for _ in range(3):
        yield GetModelResponse()


def test_the_order_is_the_designs() -> None:
    assert ORDER == (
        "request_context", "tracing", "metrics", "errors", "authentication", "authorization", "validation", "limits",
        "replay", "budget",
    )  # fmt: skip
    wired = [one.name for one in interceptors_of(Settings(), None, CallMetrics(), *[None] * 6)]  # type: ignore[arg-type]
    assert tuple(wired) == ORDER


def test_a_wrong_order_is_refused() -> None:
    with pytest.raises(ValueError, match="the chain is"):
        compose([Limits(1), Errors()], method_of(one))


def test_every_method_declares_a_permission() -> None:
    found = list(methods({}))
    assert len(found) > 50
    assert [method.name for method in found if not method.permission] == []


async def test_unary_and_streams_pass_the_same_chain() -> None:
    interceptors = [Errors(), Authorization(), Limits(10)]
    assert len(await gather(compose(interceptors, method_of(one)), call_of("llm.*"))) == 1
    assert len(await gather(compose(interceptors, method_of(three, streaming=True)), call_of("*"))) == 3


async def test_a_missing_permission_is_named() -> None:
    call = call_of("tools.read")
    assert await gather(compose([Errors(), Authorization()], method_of(one)), call) == []
    assert call.error is not None
    assert call.error.reason == Reason.ERROR_REASON_PERMISSION_MISSING
    assert call.error.metadata["permission"] == "llm.models"


async def test_text_of_unknown_exceptions_stays_inside() -> None:
    async def fails(call: Call, request: Message) -> Message:
        raise RuntimeError("the password is hunter2")

    call = call_of("*")
    await gather(compose([Errors()], method_of(fails)), call)
    assert call.error is not None
    assert call.reason == "INTERNAL"
    assert "hunter2" not in str(call.error.status())


async def test_typed_errors_keep_their_code() -> None:
    async def fails(call: Call, request: Message) -> Message:
        raise not_found("model", "m")

    call = call_of("*")
    await gather(compose([Errors()], method_of(fails)), call)
    assert (call.code, call.reason) == (5, "NOT_FOUND")


async def test_limits_count_down_after_every_end() -> None:
    limits = Limits(1, Queueing(size=0))
    release = asyncio.Event()

    async def waits(call: Call, request: Message) -> Message:
        await release.wait()
        return GetModelResponse()

    chain = compose([Errors(), limits], replace(method_of(waits), permission="llm.complete"))
    first = asyncio.create_task(gather(chain, call_of("*")))
    await asyncio.sleep(0)
    second = call_of("*")
    await gather(chain, second)
    assert second.reason == "OVERLOADED"
    assert len(await gather(compose([Errors(), limits], method_of(one)), call_of("*"))) == 1, "reads pass beside"
    first.cancel()
    with pytest.raises(asyncio.CancelledError):
        await first
    assert limits.queued.in_flight == limits.beside.in_flight == 0


async def test_calls_wait_for_a_place_and_reads_have_a_bound_of_their_own() -> None:
    limits = Limits(1)
    release = asyncio.Event()

    async def waits(call: Call, request: Message) -> Message:
        await release.wait()
        return GetModelResponse()

    work = compose([Errors(), limits], replace(method_of(waits), permission="llm.complete"))
    reads = compose([Errors(), limits], method_of(waits))
    calls = [call_of("*") for _ in range(40)]
    tasks = [asyncio.create_task(gather(reads if at >= 2 else work, call)) for at, call in enumerate(calls)]
    await asyncio.sleep(0)
    assert (limits.queued.in_flight, limits.queued.depth) == (1, 1)
    release.set()
    await asyncio.gather(*tasks)
    assert [call.reason for call in calls] == [""] * 18 + ["OVERLOADED"] * 22
    assert limits.queued.in_flight == limits.beside.in_flight == limits.queued.depth == 0


def test_a_call_weighs_its_prompt_and_what_it_may_answer() -> None:
    short = CompleteRequest(prompt="word " * 10, max_tokens=16)
    assert weight(short) < weight(CompleteRequest(prompt="word " * 1000, max_tokens=16))
    assert weight(short) < weight(CompleteRequest(prompt="word " * 10))
    assert 0 < weight(GetModelRequest(name="m")) < weight(short)


async def test_a_stream_is_closed_in_the_task_that_ran_it() -> None:
    closed_in: list[asyncio.Task[Any] | None] = []

    async def endless(call: Call, request: Message) -> AsyncIterator[Message]:
        try:
            while True:
                yield GetModelResponse()
                await asyncio.sleep(0)
        finally:
            closed_in.append(asyncio.current_task())

    task = asyncio.create_task(gather(compose([Errors()], method_of(endless, streaming=True)), call_of("*")))
    await asyncio.sleep(0.01)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert closed_in == [task]


async def test_settlements_outlive_their_callers() -> None:
    settlements, done = Settlements(), asyncio.Event()

    async def settle() -> None:
        await asyncio.sleep(0.01)
        done.set()

    async def caller() -> None:
        settlements.start(settle())
        await asyncio.Event().wait()

    task = asyncio.create_task(caller())
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert await settlements.drain(1) == 0
    assert done.is_set()


async def test_an_absent_method_says_so() -> None:
    call = call_of("*")
    await gather(compose([Errors()], method_of(None)), call)
    assert isinstance(call.error, TrunklineError)
    assert call.reason == "NOT_IMPLEMENTED"


def test_only_what_must_not_happen_twice_is_replayed() -> None:
    """The request id of a judgement names the call that is judged: another judgement of it is no repetition."""

    async def proceed(call: Call, sink: Any) -> None:
        raise NotImplementedError

    replay = Replay(SimpleNamespace(join=None))  # type: ignore[arg-type]
    kept = {one.name.rpartition("/")[2] for one in methods({}) if replay.wrap(one, proceed) is not proceed}
    assert kept == {"Complete", "StreamComplete", "Embed", "ExecuteTool"}
