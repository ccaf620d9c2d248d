"""Many calls in one, and one result in many messages."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from pathlib import Path
from typing import Any

import grpc
import orjson
import pytest
import pytest_asyncio
from e2e.calls import fields_of, refusal, status_of
from e2e.commands import Done, trunkline
from e2e.tool_scene import LARGE, PRICE, Hub, asking, hub
from google.rpc.error_details_pb2 import ErrorInfo
from google.rpc.status_pb2 import Status
from trunkline.v1 import tool_pb2_grpc
from trunkline.v1.tool_pb2 import (
    BatchExecuteToolsRequest,
    BatchExecuteToolsResponse,
    ExecuteToolRequest,
    StreamExecuteToolRequest,
    StreamExecuteToolResponse,
    ToolInputFinished,
)

pytestmark = pytest.mark.asyncio(loop_scope="module")
WRITE_TIMEOUT = 2
FINISH = StreamExecuteToolRequest(finish=ToolInputFinished())


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def scene(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Hub]:
    timeout = {"TRUNKLINE__SERVER__WRITE_TIMEOUT_SECONDS": str(WRITE_TIMEOUT)}
    async with hub(tmp_path_factory.mktemp("many"), **timeout) as opened:
        yield opened


# ── Batches ───────────────────────────────────────────────────────────────────────────────────────────────────────


async def batch(scene: Hub, requests: Sequence[ExecuteToolRequest], **fields: Any) -> BatchExecuteToolsResponse:
    answer: BatchExecuteToolsResponse = await scene.tools.BatchExecuteTools(
        BatchExecuteToolsRequest(requests=requests, **fields), metadata=scene.metadata, timeout=30
    )
    return answer


def reason_of(status: Status) -> str:
    info = ErrorInfo()
    assert status.details[0].Unpack(info)
    return str(info.reason)


async def test_each_call_of_a_batch_ends_as_it_would_alone(scene: Hub) -> None:
    asked = [
        asking("paid", request_id="in-batch-1"),
        asking("nothing"),
        asking("read", parameters={"n": "x"}),
        asking("paid", parameters={"fail": 1}),
        asking("approved"),
        asking("paid"),
    ]
    before = scene.calls("/paid")
    outcomes = (await batch(scene, asked)).outcomes
    kinds = [one.WhichOneof("outcome") for one in outcomes]
    assert kinds == ["response", "error", "error", "error", "error", "response"]
    reasons = [reason_of(one.error) for one in outcomes if one.HasField("error")]
    assert reasons == ["NOT_FOUND", "INVALID_PARAMETERS", "UPSTREAM_REJECTED", "APPROVAL_REQUIRED"]
    assert fields_of(outcomes[2].error) == {"parameters_json.n"}
    for number in (1, 2, 4):
        _, _, alone = await refusal(scene.tools.ExecuteTool(asked[number], metadata=scene.metadata))
        assert outcomes[number].error == alone
    first, last = outcomes[0].response, outcomes[5].response
    assert (first.cost.nanos, last.cost.nanos, first.request_id) == (PRICE, PRICE, "in-batch-1")
    assert last.request_id.endswith(".5")
    for request_id in (first.request_id, last.request_id):
        record = await scene.running.recorded(request_id)
        assert record is not None and record.cost_details.nano_usd == PRICE
    assert scene.calls("/paid") - before == 3
    again = await batch(scene, asked[:1])
    assert again.outcomes[0].response.result_json == first.result_json
    assert scene.calls("/paid") - before == 3, "its id makes it one call, in a batch too"


async def test_a_batch_stops_where_it_is_told_to(scene: Hub) -> None:
    asked = [asking("read"), asking("nothing"), asking("read"), asking("read")]
    before = scene.calls("/read")
    outcomes = (await batch(scene, asked, max_concurrency=1, stop_on_error=True)).outcomes
    assert outcomes[0].HasField("response")
    assert [reason_of(one.error) for one in outcomes[1:]] == ["NOT_FOUND", "CALLER_CANCELLED", "CALLER_CANCELLED"]
    assert scene.calls("/read") - before == 1


async def test_cancelling_a_batch_cancels_all_of_it(scene: Hub) -> None:
    scene.started.clear()
    scene.left.clear()
    request = BatchExecuteToolsRequest(requests=[asking("slow"), asking("slow", request_id="slow-1")])
    call = scene.tools.BatchExecuteTools(request, metadata=scene.metadata, timeout=30)
    async with asyncio.timeout(10):
        await scene.started.wait()
        while scene.calls("/slow") < 2:
            await asyncio.sleep(0.02)
        call.cancel()
        await scene.left.wait()
    record = await scene.running.recorded("slow-1")
    assert record is not None and record.error_reason == "CALLER_CANCELLED"


async def test_results_that_do_not_fit_are_told(scene: Hub) -> None:
    outcomes = (await batch(scene, [asking("large") for _ in range(8)] + [asking("read")])).outcomes
    kinds = [one.WhichOneof("outcome") for one in outcomes]
    assert kinds == ["response"] * 5 + ["error"] * 3 + ["response"]
    assert reason_of(outcomes[5].error) == "MESSAGE_TOO_LARGE"
    assert "StreamExecuteTool" in outcomes[5].error.message


async def test_a_batch_is_checked_before_any_of_it_runs(scene: Hub) -> None:
    before = len(scene.upstream.seen)
    twice = [asking("read", request_id="a"), asking("read", request_id="a")]
    for wrong, path in ((twice, "requests"), ([asking("read"), asking("")], "requests[1].tool_name")):
        code, _, status = await refusal(batch(scene, wrong))
        assert (code, fields_of(status)) == (grpc.StatusCode.INVALID_ARGUMENT, {path})
    foreign = asking("read")
    foreign.context.tenant_id = "other"
    outcomes = (await batch(scene, [foreign])).outcomes
    assert reason_of(outcomes[0].error) == "TENANT_MISMATCH"
    assert len(scene.upstream.seen) == before


# ── Streams ───────────────────────────────────────────────────────────────────────────────────────────────────────


async def stream(
    scene: Hub, *requests: StreamExecuteToolRequest
) -> tuple[list[StreamExecuteToolResponse], grpc.aio.AioRpcError | None]:
    call = scene.tools.StreamExecuteTool(iter(requests), metadata=scene.metadata, timeout=30)
    found: list[StreamExecuteToolResponse] = []
    try:
        async for message in call:
            found.append(message)
    except grpc.aio.AioRpcError as error:
        return found, error
    return found, None


def start(tool: str, **fields: Any) -> StreamExecuteToolRequest:
    return StreamExecuteToolRequest(start=asking(tool, **fields))


async def test_a_large_result_comes_in_pieces(scene: Hub) -> None:
    messages, error = await stream(scene, start("large", request_id="pieces-1"))
    assert error is None
    assert [one.sequence for one in messages] == list(range(1, len(messages) + 1))
    chunks = [one.chunk for one in messages[:-1]]
    assert max(map(len, chunks)) <= 256 * 1024 and len(chunks) == 3
    assert len(orjson.loads(b"".join(chunks))["text"]) == LARGE
    finished = messages[-1].finished
    assert (finished.result_json, finished.http_status, finished.request_id) == (b"", 200, "pieces-1")
    record = await scene.running.recorded("pieces-1")
    assert record is not None
    assert record.method == "trunkline.v1.ToolService/StreamExecuteTool"


async def test_pages_come_one_by_one_and_each_is_paid(scene: Hub) -> None:
    messages, error = await stream(scene, start("paged", request_id="pages-1"), FINISH)
    assert error is None
    kinds = [one.WhichOneof("message") for one in messages]
    finished = messages[-1].finished
    assert kinds == ["chunk", "progress"] * finished.pages + ["finished"]
    assert [orjson.loads(one.chunk)["items"] for one in messages if one.chunk] == [[at] for at in range(finished.pages)]
    assert (finished.cost.nanos, finished.pages_left) == (finished.pages * PRICE, False)
    record = await scene.running.recorded("pages-1")
    assert record is not None and record.cost_details.nano_usd == finished.pages * PRICE


@pytest.mark.parametrize(
    ("sent", "path"),
    [
        ((), "start"),
        ((FINISH,), "start"),
        ((StreamExecuteToolRequest(chunk=b"x"),), "start"),
        ((start("read"), StreamExecuteToolRequest(chunk=b"x")), "chunk"),
        ((start("read"), start("read")), "start"),
        ((start("read"), StreamExecuteToolRequest(chunk=bytes(1 + (1 << 20)))), "chunk"),
        ((start(""),), "start.tool_name"),
    ],
)
async def test_what_is_sent_in_a_wrong_way_is_refused(scene: Hub, sent: Any, path: str) -> None:
    before = len(scene.upstream.seen)
    messages, error = await stream(scene, *sent)
    assert messages == [] and error is not None
    assert error.code() == grpc.StatusCode.INVALID_ARGUMENT
    assert fields_of(status_of(error)) == {path}
    assert len(scene.upstream.seen) == before


async def test_a_stream_asks_for_the_same_rights(scene: Hub) -> None:
    _, key = await scene.key("agent", tools=["hub/paid"])
    call = scene.tools.StreamExecuteTool(iter([start("read")]), metadata=scene.running.metadata(key), timeout=10)
    with pytest.raises(grpc.aio.AioRpcError) as caught:
        async for _ in call:
            pass
    assert caught.value.code() == grpc.StatusCode.PERMISSION_DENIED


async def test_leaving_a_stream_leaves_the_upstream(scene: Hub) -> None:
    scene.started.clear()
    scene.left.clear()
    call = scene.tools.StreamExecuteTool(iter([start("slow", request_id="left-1")]), metadata=scene.metadata)
    reading = asyncio.ensure_future(call.read())
    async with asyncio.timeout(10):
        await scene.started.wait()
        call.cancel()
        await scene.left.wait()
    reading.cancel()
    await asyncio.gather(reading, return_exceptions=True)
    record = await scene.running.recorded("left-1")
    assert record is not None and record.error_reason == "CALLER_CANCELLED"


async def test_a_caller_that_stops_reading_is_cut_off(scene: Hub) -> None:
    """After the write timeout, with a window that does not grow."""
    options = [("grpc.http2.bdp_probe", 0)]
    async with grpc.aio.insecure_channel(scene.running.target, options=options) as channel:
        tools: Any = tool_pb2_grpc.ToolServiceStub(channel)
        call = tools.StreamExecuteTool(iter([start("large")]), metadata=scene.metadata, timeout=60)
        await call.read()
        await asyncio.sleep(3 * WRITE_TIMEOUT)
        with pytest.raises(grpc.aio.AioRpcError) as caught:
            while await call.read() is not grpc.aio.EOF:
                pass
    assert reason_of(status_of(caught.value)) == "SLOW_CONSUMER"


async def test_a_caller_that_sends_nothing_is_ended_by_its_deadline(scene: Hub) -> None:
    call = scene.tools.StreamExecuteTool(metadata=scene.metadata, timeout=1)
    with pytest.raises(grpc.aio.AioRpcError) as caught:
        await call.read()
    assert caught.value.code() == grpc.StatusCode.DEADLINE_EXCEEDED


# ── The command line ──────────────────────────────────────────────────────────────────────────────────────────────


async def test_the_commands(scene: Hub, tmp_path: Path) -> None:
    async def command(*arguments: str, key: str = scene.running.key) -> Done:
        where = {"TRUNKLINE_TARGET": scene.running.target, "TRUNKLINE_KEY": key}
        return await trunkline(tmp_path, "tools", *arguments, **where)

    listed = await command("list", "--query", "money")
    assert (listed.code, "paid" in listed.out, "read" in listed.out.split()) == (0, True, False)
    assert "needed" in (await command("show", "approved", "--integration", "hub")).out
    ran = await command("run", "paid", "--integration", "hub", "--params", '{"a": 1}')
    assert orjson.loads(ran.out)["path"] == "/paid" and "$0.001" in ran.err
    looked = await command("preview", "approved", "--integration", "hub", "--params", '{"a": 1}')
    assert "POST" in looked.out and "missing" in looked.out
    _, approver = await scene.key("approver")
    allowed = await command("approve", "approved", "--integration", "hub", "--params", '{"a": 1}', key=approver)
    run = ("run", "approved", "--integration", "hub", "--params", '{"a":1}', "--approval", allowed.out.strip())
    assert [(await command(*run)).code for _ in range(2)] == [0, 1]
    lines = tmp_path / "calls"
    lines.write_text(
        '{"integration": "hub", "tool": "read", "params": {"n": 1}}\n{"integration": "hub", "tool": "no"}\n'
    )
    several = await command("batch", str(lines))
    first, second = map(orjson.loads, several.out.splitlines())
    assert (several.code, first["path"], second["error"]) == (1, "/read", "NOT_FOUND")
