"""Tools whose input or result comes in pieces: order, cost, what is tried again, and what a cut leaves behind."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import aclosing
from dataclasses import replace
from typing import Any

import pytest
from trunkline.v1.access_pb2 import Tenant
from trunkline.v1.common_pb2 import AttemptOutcome
from trunkline.v1.configuration_pb2 import Configuration, IntegrationType
from trunkline.v1.database_pb2 import DatabaseConfiguration, RowBatch
from trunkline.v1.integration_pb2 import Integration
from trunkline.v1.tool_pb2 import (
    ExecuteToolRequest,
    StreamExecuteToolRequest,
    StreamExecuteToolResponse,
    Tool,
    ToolInputFinished,
)
from trunkline_server.domain.connectors import ToolAnswer, ToolCall, ToolInput, ToolPiece
from trunkline_server.domain.deadline import Deadline
from trunkline_server.domain.duration import duration
from trunkline_server.domain.errors import Reason, TrunklineError
from trunkline_server.domain.ports import TenantView
from trunkline_server.domain.tab import Settlements, Tab
from unit.domain_parts import FakeAdmission
from unit.service_parts import TENANT, CheckedApi, MemoryDirectory, Tools, a_call, refused
from unit.test_domain_tool_streaming import sent

PRICE = 7
SHA = "ab" * 32
AWAY = TrunklineError(Reason.ERROR_REASON_INTEGRATION_UNAVAILABLE, "away", metadata={"sent": "no"})


class Shelf(CheckedApi):
    """`rows` streams batches, `put` takes chunks; `fail_at` fails before the batch of that number."""

    def __init__(self) -> None:
        super().__init__()
        self.fail_at: dict[int, TrunklineError] = {}
        self.opened = self.closed = 0
        self.got: list[bytes] = []
        self.sha256 = ""

    def tools(self, integration: Integration) -> dict[str, Tool]:
        common: dict[str, Any] = {"timeout": duration(5), "cost_nano_usd": PRICE, "integration_id": "hub"}
        return {
            "rows": Tool(name="rows", streams_output=True, repeatable=True, **common),
            "put": Tool(name="put", takes_input=True, repeatable=True, has_side_effects=True, **common),
        }

    async def stream(
        self, call: ToolCall, given: ToolInput | None, deadline: Deadline
    ) -> AsyncGenerator[ToolPiece, None]:
        self.opened += 1
        try:
            if given is None:
                for at in range(3):
                    if at in self.fail_at:
                        raise self.fail_at.pop(at)
                    yield StreamExecuteToolResponse(rows=RowBatch(row_count=at))
            else:
                if 0 in self.fail_at:
                    raise self.fail_at.pop(0)
                while (chunk := await given.next()) is not None:
                    self.got.append(chunk)
                self.sha256 = given.sha256
            yield ToolAnswer(0, "application/json", json=b'{"size":2}')
        finally:
            self.closed += 1


class Scene:
    """One integration with such tools."""

    def __init__(self) -> None:
        self.shelf, self.admission = Shelf(), FakeAdmission()
        hub = Integration(
            integration_id="hub",
            type=IntegrationType.INTEGRATION_TYPE_DATABASE,
            configuration=Configuration(database=DatabaseConfiguration(connector="postgresql")),
        )
        directory = MemoryDirectory()
        directory.view = TenantView(Tenant(tenant_id=TENANT), {"hub": hub}, {}, ())
        self.tools = Tools(directory, self.shelf, kind="database")
        self.call = a_call(tab=Tab(self.admission, Settlements()))

    def stream(self, tool: str, *messages: StreamExecuteToolRequest) -> AsyncGenerator[StreamExecuteToolResponse, None]:
        start = ExecuteToolRequest(integration_id="hub", tool_name=tool)
        call = replace(self.call, incoming=sent(*messages))
        return self.tools.service.stream_execute_tool(call, StreamExecuteToolRequest(start=start))

    async def all(self, tool: str, *messages: StreamExecuteToolRequest) -> list[StreamExecuteToolResponse]:
        return [message async for message in self.stream(tool, *messages)]

    async def end(self, code: int = 0, reason: str = "") -> int:
        assert self.call.tab is not None
        await self.call.tab.close(code, reason)
        assert self.admission.held == {}
        return self.admission.spent


def chunk(data: bytes) -> StreamExecuteToolRequest:
    return StreamExecuteToolRequest(chunk=data)


FINISH = StreamExecuteToolRequest(finish=ToolInputFinished(sha256=SHA.upper()))


async def test_batches_come_in_order_and_cost_once() -> None:
    scene = Scene()
    messages = await scene.all("rows")
    assert [one.sequence for one in messages] == [1, 2, 3, 4]
    assert [one.rows.row_count for one in messages[:3]] == [0, 1, 2]
    finished = messages[-1].finished
    assert (finished.result_json, finished.cost.nanos, len(finished.attempts)) == (b'{"size":2}', PRICE, 1)
    assert await scene.end() == PRICE


async def test_what_fails_before_the_first_batch_is_tried_again() -> None:
    scene = Scene()
    scene.shelf.fail_at[0] = AWAY
    messages = await scene.all("rows")
    assert [one.outcome for one in messages[-1].finished.attempts] == [
        AttemptOutcome.ATTEMPT_OUTCOME_FAILED,
        AttemptOutcome.ATTEMPT_OUTCOME_SUCCEEDED,
    ]
    assert (scene.shelf.opened, scene.shelf.closed) == (2, 2)


async def test_what_fails_later_ends_the_call_and_is_recorded() -> None:
    scene = Scene()
    scene.shelf.fail_at[2] = AWAY
    with refused("INTEGRATION_UNAVAILABLE"):
        await scene.all("rows")
    assert (scene.shelf.opened, scene.shelf.closed) == (1, 1)
    assert await scene.end(14, "INTEGRATION_UNAVAILABLE") == PRICE
    (record,) = scene.admission.records
    assert [one.outcome for one in record.attempts] == [AttemptOutcome.ATTEMPT_OUTCOME_FAILED]


async def test_a_caller_that_leaves_ends_the_work() -> None:
    scene = Scene()
    async with aclosing(scene.stream("rows")) as messages:
        await anext(messages)
        assert scene.shelf.closed == 0
    assert scene.shelf.closed == 1


async def test_input_reaches_the_tool_with_its_checksum() -> None:
    scene = Scene()
    messages = await scene.all("put", chunk(b"a"), chunk(b""), chunk(b"b"), FINISH)
    assert (scene.shelf.got, scene.shelf.sha256) == ([b"a", b"b"], SHA)
    assert [one.WhichOneof("message") for one in messages] == ["finished"]
    assert await scene.end() == PRICE


@pytest.mark.parametrize(
    ("messages", "field"),
    [((chunk(b"a"),), "finish"), ((chunk(b"a"), StreamExecuteToolRequest(start=ExecuteToolRequest())), "finish")],
)
async def test_input_ends_with_finish(messages: tuple[StreamExecuteToolRequest, ...], field: str) -> None:
    scene = Scene()
    with refused("INVALID_REQUEST", field):
        await scene.all("put", *messages)
    assert scene.shelf.closed == 1


async def test_a_call_with_input_is_made_once() -> None:
    scene = Scene()
    scene.shelf.fail_at[0] = AWAY
    with refused("INTEGRATION_UNAVAILABLE"):
        await scene.all("put", FINISH)
    assert scene.shelf.opened == 1


async def test_input_for_a_tool_without_one_is_refused_before_anything_is_called() -> None:
    scene = Scene()
    with refused("INVALID_REQUEST", "chunk"):
        await scene.all("rows", chunk(b"a"))
    assert scene.shelf.opened == 0


async def test_input_ends_with_the_callers_deadline() -> None:
    scene = Scene()
    scene.call = replace(scene.call, deadline=Deadline.after(0.02))

    async def never() -> AsyncGenerator[StreamExecuteToolRequest, None]:
        yield chunk(b"a")
        await asyncio.sleep(60)

    start = ExecuteToolRequest(integration_id="hub", tool_name="put")
    call = replace(scene.call, incoming=never())
    with refused("CALLER_DEADLINE"):
        async for _ in scene.tools.service.stream_execute_tool(call, StreamExecuteToolRequest(start=start)):
            pass
