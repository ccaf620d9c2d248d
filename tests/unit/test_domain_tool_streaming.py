"""Streams and batches of calls: pages, pieces, what each costs, and what fits."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Sequence
from contextlib import aclosing

import pytest
from google.rpc.error_details_pb2 import ErrorInfo
from trunkline.v1.access_pb2 import Tenant
from trunkline.v1.api_pb2 import ApiConfiguration, ApiTool, Pagination
from trunkline.v1.configuration_pb2 import Configuration
from trunkline.v1.integration_pb2 import Integration
from trunkline.v1.tool_pb2 import (
    BatchExecuteToolsRequest,
    ExecuteToolRequest,
    StreamExecuteToolRequest,
    StreamExecuteToolResponse,
    ToolInputFinished,
    ToolOutcome,
)
from trunkline_server.domain.call import Call
from trunkline_server.domain.connectors import ToolAnswer, ToolCall
from trunkline_server.domain.deadline import Deadline
from trunkline_server.domain.errors import Reason, TrunklineError
from trunkline_server.domain.ports import TenantView
from trunkline_server.domain.tab import Settlements, Tab
from trunkline_server.domain.tools.streaming import CHUNK
from unit.domain_parts import FakeAdmission
from unit.service_parts import API, TENANT, CheckedApi, MemoryDirectory, Tools, a_call, refused

PRICE = 7


class Book(CheckedApi):
    """Pages of one answer each, `failures` before or between them; `tells`: each says whether another follows."""

    def __init__(self, pages: int = 3, tells: bool = False) -> None:
        super().__init__()
        self.count, self.tells = pages, tells
        self.read = self.opened = self.closed = self.running = self.most = 0
        self.fail_at: dict[int, TrunklineError] = {}

    async def pages(self, call: ToolCall, deadline: Deadline) -> AsyncGenerator[ToolAnswer, None]:
        self.opened += 1
        try:
            for at in range(self.count):
                if at in self.fail_at:
                    raise self.fail_at.pop(at)
                self.read += 1
                more = at + 1 < self.count if self.tells else None
                yield ToolAnswer(200, "application/json", json=b"[%d]" % at, warnings=("old",), more=more)
        finally:
            self.closed += 1

    async def execute(self, call: ToolCall, deadline: Deadline) -> ToolAnswer:
        self.running += 1
        self.most = max(self.most, self.running)
        try:
            await asyncio.sleep(0)
            return await super().execute(call, deadline)
        finally:
            self.running -= 1


class Scene:
    """A book with a tool of pages and one without."""

    def __init__(self, api: Book | None = None, max_bytes: int = 4 << 20) -> None:
        self.api, self.admission = api or Book(), FakeAdmission()
        tools = [
            ApiTool(name="paged", method="GET", path="/", pagination=Pagination(), cost_nano_usd=PRICE),
            ApiTool(name="whole", method="GET", path="/"),
        ]
        hub = Integration(
            integration_id="hub", type=API, configuration=Configuration(api=ApiConfiguration(tools=tools))
        )
        directory = MemoryDirectory()
        directory.view = TenantView(Tenant(tenant_id=TENANT), {"hub": hub}, {}, ())
        self.tools = Tools(directory, self.api, max_bytes=max_bytes)
        self.call = a_call(tab=Tab(self.admission, Settlements()))

    def stream(self, tool: str = "paged", **fields: int) -> AsyncGenerator[StreamExecuteToolResponse, None]:
        start = ExecuteToolRequest(integration_id="hub", tool_name=tool, **fields)  # type: ignore[arg-type]
        return self.tools.service.stream_execute_tool(self.call, StreamExecuteToolRequest(start=start))

    async def all(self, tool: str = "paged", **fields: int) -> list[StreamExecuteToolResponse]:
        return [message async for message in self.stream(tool, **fields)]

    async def end(self, code: int = 0, reason: str = "") -> int:
        """As the budget interceptor ends the call: what it cost."""
        assert self.call.tab is not None
        await self.call.tab.close(code, reason)
        assert self.admission.held == {}
        return self.admission.spent


async def sent(*messages: StreamExecuteToolRequest) -> AsyncIterator[StreamExecuteToolRequest]:
    for message in messages:
        yield message


@pytest.mark.parametrize("tells", [False, True])
async def test_pages_to_the_end(tells: bool) -> None:
    scene = Scene(Book(tells=tells))
    messages = await scene.all()
    kinds = [one.WhichOneof("message") for one in messages]
    assert kinds == ["chunk", "progress"] * 3 + ["finished"]
    assert [one.sequence for one in messages] == [1, 2, 3, 4, 5, 6, 7]
    assert b"".join(one.chunk for one in messages) == b"[0][1][2]"
    assert [one.progress.detail for one in messages if one.HasField("progress")] == ["page 1", "page 2", "page 3"]
    finished = messages[-1].finished
    assert (finished.pages, finished.pages_left, finished.cost.nanos) == (3, False, 3 * PRICE)
    assert (list(finished.warnings), len(finished.attempts), finished.result_json) == (["old"], 3, b"")
    assert [ask.amount for ask in scene.admission.asks] == [100 * PRICE]
    assert await scene.end() == 3 * PRICE
    assert (scene.api.opened, scene.api.closed) == (1, 1)


async def test_no_more_pages_than_asked_for() -> None:
    scene = Scene(Book(5))
    finished = (await scene.all(max_pages=2))[-1].finished
    assert (finished.pages, finished.pages_left, scene.api.read, scene.api.closed) == (2, True, 2, 1)
    assert [ask.amount for ask in scene.admission.asks] == [2 * PRICE]
    exact = (await Scene(Book(2, tells=True)).all(max_pages=2))[-1].finished
    assert (exact.pages, exact.pages_left) == (2, False)


async def test_a_caller_that_stops_reading_stops_the_upstream() -> None:
    scene = Scene(Book(50))
    async with aclosing(scene.stream()) as messages:
        async for message in messages:
            if message.sequence == 3:
                break
        assert scene.api.read == 2
        for _ in range(20):
            await asyncio.sleep(0)
        assert scene.api.read == 2
    assert scene.api.closed == 1
    assert await scene.end(1, "CALLER_CANCELLED") == 2 * PRICE


async def test_a_first_page_that_fails_in_passing_is_asked_for_again() -> None:
    scene = Scene()
    scene.api.fail_at[0] = TrunklineError(Reason.ERROR_REASON_INTEGRATION_UNAVAILABLE, "down", metadata={"sent": "no"})
    messages = await scene.all()
    assert (messages[-1].finished.pages, scene.api.opened, scene.api.closed) == (3, 2, 2)
    assert await scene.end() == 3 * PRICE


@pytest.mark.parametrize(("name", "pages_paid"), [("UPSTREAM_TIMEOUT", 3), ("UPSTREAM_REJECTED", 2)])
async def test_a_later_page_that_fails_ends_the_call(name: str, pages_paid: int) -> None:
    scene = Scene()
    scene.api.fail_at[2] = TrunklineError(Reason.Value(f"ERROR_REASON_{name}"), "no")
    with refused(name):
        await scene.all()
    assert (scene.api.opened, scene.api.closed) == (1, 1)
    assert await scene.end(4, name) == pages_paid * PRICE


async def test_pieces_of_a_whole_result() -> None:
    scene = Scene()
    scene.api.outcome = ToolAnswer(200, "image/png", raw=bytes(CHUNK + 1))
    messages = await scene.all("whole")
    assert [len(one.chunk) for one in messages[:-1]] == [CHUNK, 1]
    assert (messages[-1].finished.content_type, messages[-1].finished.result_bytes) == ("image/png", b"")
    assert await scene.end() == 0


async def test_a_stream_can_be_previewed() -> None:
    scene = Scene()
    (only,) = await scene.all(validate_only=True)
    assert only.finished.preview.cost_nano_usd == PRICE
    assert (scene.api.opened, scene.admission.asks) == (0, [])


async def test_nothing_is_called_before_the_input_has_ended() -> None:
    scene = Scene()
    chunk, finish = StreamExecuteToolRequest(chunk=b"x"), StreamExecuteToolRequest(finish=ToolInputFinished())
    scene.call.incoming = sent(chunk)
    with refused("INVALID_REQUEST", "chunk"):
        await scene.all()
    scene.call.incoming = sent(StreamExecuteToolRequest())
    with refused("INVALID_REQUEST", "message"):
        await scene.all()
    with refused("INVALID_REQUEST", "start"):
        await anext(scene.tools.service.stream_execute_tool(scene.call, finish))
    scene.call.incoming = sent(finish)
    assert len(await scene.all()) == 7


async def test_a_caller_that_never_ends_its_input_meets_its_deadline() -> None:
    scene = Scene()
    scene.call.deadline = Deadline.after(0.02)
    gate = asyncio.Event()

    async def never() -> AsyncIterator[StreamExecuteToolRequest]:
        await gate.wait()
        yield StreamExecuteToolRequest()

    scene.call.incoming = never()
    with refused("CALLER_DEADLINE"):
        await scene.all()
    assert scene.api.opened == 0


# ── Batches ───────────────────────────────────────────────────────────────────────────────────────────────────────


def reasons(outcomes: Sequence[ToolOutcome]) -> list[str]:
    found = []
    for outcome in outcomes:
        info = ErrorInfo()
        found.append(info.reason if outcome.error.details and outcome.error.details[0].Unpack(info) else "")
    return found


async def batch(scene: Scene, *tools: str, call: Call | None = None, **fields: int) -> list[ToolOutcome]:
    requests = [ExecuteToolRequest(integration_id="hub", tool_name=tool) for tool in tools]
    request = BatchExecuteToolsRequest(requests=requests, **fields)  # type: ignore[arg-type]
    return list((await scene.tools.service.batch_execute_tools(call or a_call(), request)).outcomes)


@pytest.mark.parametrize(("asked", "most"), [(0, 8), (3, 3), (32, 20)])
async def test_so_many_at_a_time(asked: int, most: int) -> None:
    scene = Scene()
    outcomes = await batch(scene, *["whole"] * 20, max_concurrency=asked)
    assert (scene.api.most, reasons(outcomes)) == (most, [""] * 20)
    assert [one.response.request_id for one in outcomes] == [f"r-1.{at}" for at in range(20)]


async def test_the_first_error_leaves_the_others_alone() -> None:
    scene = Scene()
    outcomes = await batch(scene, "whole", "none", "whole", "whole", max_concurrency=1, stop_on_error=True)
    assert reasons(outcomes) == ["", "NOT_FOUND", "CALLER_CANCELLED", "CALLER_CANCELLED"]
    assert len(scene.api.executed) == 1
    assert reasons(await batch(scene, "none", "whole")) == ["NOT_FOUND", ""]


@pytest.mark.parametrize("limit", [6000, 9000, 20_000, 1 << 20])
async def test_an_answer_never_exceeds_its_limit(limit: int) -> None:
    scene = Scene(max_bytes=limit)
    scene.api.outcome = ToolAnswer(200, "application/json", json=b'"' + b"x" * 2500 + b'"')
    requests = [ExecuteToolRequest(integration_id="hub", tool_name=tool) for tool in ["whole", "none"] * 10]
    answer = await scene.tools.service.batch_execute_tools(a_call(), BatchExecuteToolsRequest(requests=requests))
    assert answer.ByteSize() <= limit
    told = reasons(answer.outcomes)
    assert set(told[1::2]) <= {"NOT_FOUND", "MESSAGE_TOO_LARGE"} and len(told) == 20
    assert (limit > 100_000) == ("MESSAGE_TOO_LARGE" not in told)
