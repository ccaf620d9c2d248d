"""FAULTS 19: 1,000 identical calls at once make one upstream call, and at most two when the one that executes fails."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator

import grpc
import pytest
import pytest_asyncio
from e2e.calls import ask
from faults.crowd import FULL, Crowd, crowd, outcomes, until
from faults.report import report
from trunkline.v1.completion_pb2 import CompleteResponse, StreamCompleteResponse

pytestmark = pytest.mark.asyncio(loop_scope="module")
CALLS = 1000
ROUNDS = 5 if FULL else 1
# Long enough for all calls to arrive while the first one runs.
STALL = 3.0


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def both(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Crowd]:
    async with crowd(tmp_path_factory.mktemp("identical")) as opened:
        yield opened


def same(answer: CompleteResponse | StreamCompleteResponse) -> bytes:
    """The answer without what differs between callers."""
    rest = type(answer)()
    rest.CopyFrom(answer)
    part = rest.finished if isinstance(rest, StreamCompleteResponse) else rest
    for name in ("shared", "cost", "cost_details", "cache", "request_id", "trace_id"):
        part.ClearField(name)
    return rest.SerializeToString(deterministic=True)


def assert_paid_once(answers: list[CompleteResponse]) -> None:
    (payer,) = [answer for answer in answers if not answer.shared]
    assert payer.cost_details.nano_usd > 0
    for answer in answers:
        assert answer is payer or (answer.cost.units, answer.cost.nanos, answer.HasField("cost_details")) == (0, 0, 0)
        assert answer is payer or answer.cache.origin_request_id == payer.request_id
    assert len({same(answer) for answer in answers}) == 1
    assert len({answer.request_id for answer in answers}) == len(answers)


@pytest.mark.parametrize("round_", range(ROUNDS))
async def test_whole_answers(both: Crowd, round_: int) -> None:
    both.expect(stall=STALL)
    request = ask(both.model, prompt=f"whole {round_}", coalesce=True)
    answers, errors = await outcomes([both.whole(number, request) for number in range(CALLS)])
    report(19, f"upstream calls for {CALLS} identical calls", len(both.state.requests), "1")
    assert (len(answers), dict(errors)) == (CALLS, {})
    assert len(both.state.requests) == 1
    assert_paid_once(answers)


@pytest.mark.parametrize("round_", range(ROUNDS))
async def test_streams(both: Crowd, round_: int) -> None:
    both.expect(stall=STALL, chunks=20, pace=0.02)
    request = ask(both.model, prompt=f"stream {round_}", coalesce=True)
    streams, errors = await outcomes([both.streamed(number, request) for number in range(CALLS)])
    report(19, f"upstream calls for {CALLS} identical streams", len(both.state.requests), "1")
    assert (len(streams), dict(errors)) == (CALLS, {})
    assert len(both.state.requests) == 1
    assert sum(not events[-1].finished.shared for events in streams) == 1
    assert len({tuple(event.SerializeToString(deterministic=True) for event in events[:-1]) for events in streams}) == 1
    assert len({same(events[-1]) for events in streams}) == 1


async def test_the_deadline_of_the_first_is_its_own(both: Crowd) -> None:
    both.expect(stall=STALL)
    request = ask(both.model, prompt="short deadline", coalesce=True)
    first = asyncio.create_task(both.whole(0, request, STALL - 1))
    await until(lambda: both.state.open == 1)
    answers, errors = await outcomes([both.whole(number, request) for number in range(CALLS)])
    report(19, "the same where the first one's deadline passes", len(both.state.requests), "≤ 2")
    assert (len(answers), dict(errors)) == (CALLS, {})
    assert len(both.state.requests) <= 2
    assert_paid_once(answers)
    with pytest.raises(grpc.aio.AioRpcError) as late:
        await first
    assert late.value.code() == grpc.StatusCode.DEADLINE_EXCEEDED


async def test_an_error_of_the_call_is_everybodys(both: Crowd) -> None:
    both.expect(stall=STALL, status=400)
    request = ask(both.model, prompt="refused", coalesce=True)
    answers, errors = await outcomes([both.whole(number, request) for number in range(CALLS)])
    report(19, "the same where the provider refuses", len(both.state.requests), "≤ 2")
    assert (answers, dict(errors)) == ([], {grpc.StatusCode.INVALID_ARGUMENT: CALLS})
    assert len(both.state.requests) == 1


async def test_the_worker_of_the_first_is_killed(both: Crowd) -> None:
    both.expect(stall=STALL)
    request = ask(both.model, prompt="killed", coalesce=True)

    async def patient(number: int) -> CompleteResponse:
        """A caller whose server went away asks the other one."""
        try:
            return await both.whole(number, request)
        except grpc.aio.AioRpcError as error:
            assert error.code() == grpc.StatusCode.UNAVAILABLE
            return await both.whole(number + 1, request)

    first = asyncio.create_task(patient(0))
    await until(lambda: both.state.open == 1)
    others = asyncio.create_task(outcomes([patient(number) for number in range(1, CALLS)]))
    await asyncio.sleep(STALL / 2)
    killed = time.monotonic()
    await both.kill_worker(0)
    answers, errors = await others
    answers.append(await first)
    seconds = time.monotonic() - killed
    report(19, "the same where its worker is killed", len(both.state.requests), "≤ 2")
    report(19, "answered after the kill, s", seconds)
    assert (len(answers), dict(errors)) == (CALLS, {})
    assert len(both.state.requests) == 2
    assert_paid_once(answers)
