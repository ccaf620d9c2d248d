"""A database behind a whole server: made, listed, called, streamed, left, and asked for what it must refuse."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import grpc
import orjson
import pytest
import pytest_asyncio
from e2e.calls import fields_of, refusal, status_of
from google.protobuf.duration_pb2 import Duration
from google.rpc.error_details_pb2 import ErrorInfo
from sql_scene import PASSWORD, READER, database, owner
from sql_served import Served, served
from trunkline.v1.database_pb2 import NamedQuery, QueryParameter
from trunkline.v1.integration_pb2 import CheckIntegrationRequest, RotateCredentialRequest
from trunkline.v1.tool_pb2 import ListToolsRequest
from trunkline_server.embedded.process import free_port

pytestmark = pytest.mark.asyncio(loop_scope="module")
RUNNING = (
    "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'trunkline' AND xact_start IS NOT NULL "
    "AND datname = current_database()"
)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def scene(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Served]:
    async with served(tmp_path_factory.mktemp("databases")) as one:
        by_name = NamedQuery(
            name="by_name",
            description="Orders of a customer.",
            sql="SELECT id FROM orders WHERE name = $1",
            parameters=[QueryParameter(name="name", schema_json=b'{"type": "string"}')],
            cost_nano_usd=1000,
        )
        reads = database(one.dsn, named_queries=[by_name], max_bytes=100_000)
        await one.create(reads, "sales", f"{READER}:{PASSWORD}")
        await one.create(database(one.dsn), "archive", f"{READER}:{PASSWORD}")
        await one.create(database(one.dsn, allow_writes=True), "writable")
        yield one


def children(pid: int) -> list[int]:
    """The processes of a server: its worker, then the scribe."""
    return [int(one) for one in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def resident(pid: int) -> float:
    """MiB of memory."""
    return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE") / (1 << 20)


async def becomes(scene: Served, count: int) -> bool:
    for _ in range(200):
        if await scene.value(RUNNING) == count:
            return True
        await asyncio.sleep(0.05)
    return False


async def failure(call: Any) -> ErrorInfo:
    try:
        async for _ in call:
            pass
    except grpc.aio.AioRpcError as error:
        info = ErrorInfo()
        assert status_of(error).details[0].Unpack(info)
        return info
    raise AssertionError("the stream ended well")


async def test_its_tools_are_listed(scene: Served) -> None:
    found = await scene.tools.ListTools(ListToolsRequest(integration_id="sales"), metadata=scene.metadata)
    tools = {tool.name: tool for tool in found.tools}
    assert tools.keys() == {"query", "explain", "list_schemas", "list_tables", "describe_table", "by_name"}
    assert tools["query"].streams_output and tools["query"].repeatable and tools["by_name"].cost_nano_usd == 1000
    writable = await scene.tools.ListTools(ListToolsRequest(integration_id="writable"), metadata=scene.metadata)
    assert [tool.name for tool in writable.tools if tool.has_side_effects] == ["execute"]


async def test_it_is_checked_and_called(scene: Served) -> None:
    request = CheckIntegrationRequest(integration_id="sales")
    check = (await scene.integrations.CheckIntegration(request, metadata=scene.metadata)).check
    assert check.healthy and "PostgreSQL" in check.detail
    answer = await scene.execute("sales", "by_name", {"name": "name 3"})
    assert orjson.loads(answer.result_json)["rows"] == [[3]] and answer.cost.nanos == 1000
    assert answer.content_type == "application/json"
    rows = await scene.result("sales", "query", sql="SELECT id, made FROM orders WHERE id = $1", parameters=[7])
    assert rows["rows"] == [[7, "2026-01-01T00:00:00Z"]]
    assert (await scene.result("sales", "list_tables"))["tables"][0]["table"] == "lines"
    asked = {"sql": "SELECT $1::text", "parameters": ["no"]}
    preview = await scene.execute("sales", "query", asked, validate_only=True)
    assert orjson.loads(preview.preview.body) == {"sql": "SELECT $1::text", "parameters": 1}


async def test_rows_are_streamed_in_batches(scene: Served) -> None:
    numbers: list[int] = []
    sequence, columns, finished = 0, 0, None
    sql = "SELECT n, 'name ' || n FROM generate_series(1, 100000) n"
    async for message in scene.stream("archive", "query", {"sql": sql, "max_rows": 60000}):
        sequence += 1
        assert message.sequence == sequence
        if message.HasField("rows"):
            numbers += [row[0] for row in orjson.loads(message.rows.rows_json)]
            columns += len(message.rows.columns)
        else:
            finished = message.finished
    assert numbers == list(range(1, 60001)) and columns == 2
    assert finished is not None
    assert orjson.loads(finished.result_json) == {"row_count": 60000, "truncated": True}


async def test_memory_does_not_grow_with_the_result(scene: Served) -> None:
    sql = "SELECT n, repeat('x', 500) FROM generate_series(1, 400000) n"
    (worker, *_) = children(scene.running.process.pid)
    async for _ in scene.stream("archive", "query", {"sql": sql, "max_rows": 20000}):
        pass
    before = most = resident(worker)
    count = 0
    async for message in scene.stream("archive", "query", {"sql": sql}):
        count += message.rows.row_count
        most = max(most, resident(worker))
    assert count == 400_000
    assert most - before < 50, "MiB, of 200 that came"


async def test_a_stream_that_is_cancelled_half_way_ends_in_the_database(scene: Served) -> None:
    sql = "SELECT n, repeat('x', 500) FROM generate_series(1, 100000000) n"
    call = scene.stream("archive", "query", {"sql": sql})
    count = 0
    async for message in call:
        count += message.rows.row_count
        if count > 5000:
            assert await scene.value(RUNNING) == 1
            call.cancel()
            break
    assert await becomes(scene, 0)
    assert (await scene.result("archive", "query", sql="SELECT 1"))["rows"] == [[1]]


async def test_a_call_that_is_cancelled_ends_in_the_database(scene: Served) -> None:
    call = scene.execute("archive", "query", {"sql": "SELECT pg_sleep(60)"})
    assert await becomes(scene, 1)
    call.cancel()
    assert await becomes(scene, 0)
    slow = {"sql": "SELECT pg_sleep(60)"}
    _, info, _ = await refusal(scene.execute("archive", "query", slow, timeout=Duration(nanos=300_000_000)))
    assert info.reason == "UPSTREAM_TIMEOUT"
    assert await becomes(scene, 0)


@pytest.mark.parametrize(
    ("tool", "asked", "reason", "fields"),
    [
        ("query", {"sql": "SELECT 1; SELECT 2"}, "INVALID_PARAMETERS", {"parameters_json.sql"}),
        ("query", {"sql": "DROP TABLE orders"}, "INVALID_PARAMETERS", {"parameters_json.sql"}),
        ("query", {"sql": "DELETE FROM orders"}, "INVALID_PARAMETERS", {"parameters_json.sql"}),
        ("execute", {"sql": "DELETE FROM orders"}, "NOT_FOUND", set()),
        (
            "query",
            {"sql": "SELECT $1::int", "parameters": ["hidden-0"]},
            "INVALID_PARAMETERS",
            {"parameters_json.parameters[0]"},
        ),
        ("by_name", {"name": 5}, "INVALID_PARAMETERS", {"parameters_json.name"}),
        ("query", {}, "INVALID_PARAMETERS", {"parameters_json.sql"}),
        ("query", {"sql": "SELECT * FROM hidden.secrets"}, "UPSTREAM_REJECTED", set()),
        ("query", {"sql": "SELECT evil_write()"}, "INVALID_PARAMETERS", {"parameters_json.sql"}),
        ("query", {"sql": "SELECT repeat('x', 200000)"}, "OVER_CAP", set()),
    ],
)
async def test_bad_input_is_a_typed_error_and_nothing_is_written(
    scene: Served, tool: str, asked: Any, reason: str, fields: set[str]
) -> None:
    _, info, status = await refusal(scene.execute("sales", tool, asked))
    assert info.reason == reason and fields_of(status) == fields
    assert "hidden-0" not in str(status)
    assert (await failure(scene.stream("sales", tool, asked))).reason == reason
    assert await scene.value("SELECT count(*) FROM orders") == 20


async def test_writes_are_whole_or_not_at_all(scene: Served) -> None:
    told = await scene.result("writable", "execute", sql="INSERT INTO lines VALUES (1, 1), (2, 1) RETURNING id")
    assert (told["affected"], told["rows"]) == (2, [[1], [2]])
    dangling = {"sql": "INSERT INTO lines VALUES (3, 1), (4, 99)"}
    _, info, _ = await refusal(scene.execute("writable", "execute", dangling))
    assert info.reason == "UPSTREAM_REJECTED" and info.metadata["sqlstate"] == "23503"
    assert await scene.value("SELECT count(*) FROM lines") == 2
    slow = {"sql": "WITH x AS (INSERT INTO lines VALUES (5, 1) RETURNING id) SELECT id, pg_sleep(60) FROM x"}
    _, info, _ = await refusal(scene.execute("writable", "execute", slow, timeout=Duration(nanos=300_000_000)))
    assert info.reason == "UPSTREAM_TIMEOUT"
    assert await scene.value("SELECT count(*) FROM lines") == 2


async def test_a_database_that_is_not_there_is_not_stored(scene: Served) -> None:
    dead = database(f"postgresql://x:y@127.0.0.1:{free_port()}/nothing")
    _, info, status = await refusal(scene.create(dead, "dead"))
    assert info.reason == "LIVE_CHECK_FAILED" and "127.0.0.1" not in str(status)
    inside = database(scene.dsn, host="10.0.0.1")
    _, info, status = await refusal(scene.create(inside, "inside"))
    assert (info.reason, fields_of(status)) == ("INVALID_CONFIGURATION", {"configuration.endpoint"})
    _, info, status = await refusal(scene.create(database(scene.dsn), "secretless", "no-colon"))
    assert fields_of(status) == {"configuration.authentication.secret"} and "no-colon" not in str(status)


async def test_a_rotated_credential_is_used_at_once(scene: Served) -> None:
    await scene.create(database(scene.dsn), "rotating", f"{READER}:{PASSWORD}")
    who = {"sql": "SELECT current_user::text"}
    assert (await scene.result("rotating", "query", **who))["rows"] == [[READER]]
    request = RotateCredentialRequest(integration_id="rotating", secret=owner(scene.dsn))
    await scene.integrations.RotateCredential(request, metadata=scene.metadata, timeout=30)
    assert (await scene.result("rotating", "query", **who))["rows"] == [["postgres"]]
