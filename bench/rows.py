"""How fast rows come: a table streamed through StreamExecuteTool by a real server, beside asyncpg reading the same rows
with a cursor in a process of its own.

The worker, and asyncpg in its turn, have core 0; PostgreSQL and the client, which decodes nothing, share core 1. Both
ways take turns. The CPU time of the process is told as well: on a machine that does other work it is the steadier
figure.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT / "tests"), str(ROOT / "bench")]

import asyncpg  # noqa: E402
import grpc  # noqa: E402
import orjson  # noqa: E402
import uvloop  # noqa: E402
from harness import stack  # noqa: E402
from run import OTHER_CORE, SERVER_CORE, _children, say  # noqa: E402
from sql_scene import database, owner  # noqa: E402
from trunkline.v1 import integration_pb2_grpc  # noqa: E402
from trunkline.v1.common_pb2 import CallContext  # noqa: E402
from trunkline.v1.integration_pb2 import CreateIntegrationRequest  # noqa: E402
from trunkline.v1.tool_pb2 import (  # noqa: E402
    ExecuteToolRequest,
    StreamExecuteToolRequest,
    StreamExecuteToolResponse,
)

_TICKS = os.sysconf("SC_CLK_TCK")
_SQL = "SELECT id, name, amount, created, active FROM bench_rows"
_TABLE = """
CREATE TABLE bench_rows AS
SELECT n::bigint AS id, 'name of row ' || n AS name, n * 1.25::float8 AS amount,
       '2026-01-01Z'::timestamptz + n * interval '1.5 seconds' AS created, n % 3 = 0 AS active
FROM generate_series(1, {rows}) n
"""
# What asyncpg is asked for at a time: more does not make it faster.
_FETCH = 2000


@dataclass(frozen=True)
class Figures:
    """Of one reading: rows, seconds, seconds of CPU of the process that reads them, MiB that it grew by."""

    rows: int
    seconds: float
    cpu: float
    grown: float

    @property
    def rate(self) -> float:
        """Rows a second."""
        return self.rows / self.seconds


async def direct(dsn: str) -> None:
    """Read the table with asyncpg, and print the figures as JSON."""
    connection = await asyncpg.connect(dsn)
    rows, before, started, cpu = 0, _memory(os.getpid()), time.perf_counter(), time.process_time()
    async with connection.transaction(readonly=True):
        cursor = await connection.cursor(_SQL)
        while found := await cursor.fetch(_FETCH):
            rows += len(found)
    took, used = time.perf_counter() - started, time.process_time() - cpu
    print(json.dumps([rows, took, used, _memory(os.getpid()) - before]))
    await connection.close()


async def streamed(call: Any, pid: int) -> Figures:
    """Read the table through the server."""
    before, cpu, started = _memory(pid), _cpu(pid), time.perf_counter()
    most, number, last = before, 0, b""
    async for message in call:
        last = message
        number += 1
        if number % 50 == 0:
            most = max(most, _memory(pid))
    took, used = time.perf_counter() - started, _cpu(pid) - cpu
    told = orjson.loads(StreamExecuteToolResponse.FromString(last).finished.result_json)
    return Figures(told["row_count"], took, used, most - before)


async def main(rows: int, rounds: int) -> None:
    """Measure and print."""
    # Inherited by all that is started from here; the worker is given the other core.
    os.sched_setaffinity(0, {int(OTHER_CORE[-1])})
    folder = Path(tempfile.mkdtemp(prefix="trunkline-bench-"))
    async with (
        stack(folder, [], model="none", command=SERVER_CORE) as running,
        grpc.aio.insecure_channel(running.target, options=(("grpc.max_receive_message_length", 16 << 20),)) as channel,
    ):
        worker, scribe, *_ = _children(running.process.pid)
        _pin(scribe)
        say(f"{rows:,} rows are made …")
        connection = await asyncpg.connect(running.postgres_dsn)
        await connection.execute(_TABLE.format(rows=rows))
        await connection.execute("VACUUM (ANALYZE, FREEZE) bench_rows")
        await connection.close()
        one = database(running.postgres_dsn)
        one.configuration.authentication.secret = owner(running.postgres_dsn)
        wanted = CreateIntegrationRequest(integration_id="rows", type=one.type, configuration=one.configuration)
        stub: Any = integration_pb2_grpc.IntegrationServiceStub(channel)
        await stub.CreateIntegration(wanted, metadata=running.metadata())
        asked = ExecuteToolRequest(
            integration_id="rows",
            tool_name="query",
            parameters_json=orjson.dumps({"sql": _SQL}),
            context=CallContext(agent_id="bench"),
        )
        start = StreamExecuteToolRequest(start=asked).SerializeToString()
        method: Any = channel.stream_stream("/trunkline.v1.ToolService/StreamExecuteTool")
        ours: list[Figures] = []
        theirs: list[Figures] = []
        for number in range(rounds + 1):
            say(f"round {number} of {rounds}, 0 warms up …")
            found = await streamed(method(iter([start]), metadata=running.metadata()), worker)
            other = await _direct(running.postgres_dsn)
            assert found.rows == other.rows == rows
            ours.append(found)
            theirs.append(other)
        table(ours, theirs)


async def _direct(dsn: str) -> Figures:
    process = await asyncio.create_subprocess_exec(
        *SERVER_CORE, sys.executable, __file__, "--direct", dsn, stdout=asyncio.subprocess.PIPE
    )
    told, _ = await process.communicate()
    return Figures(*json.loads(told))


def _pin(pid: int) -> None:
    """To the core that is not the worker's."""
    for thread in Path(f"/proc/{pid}/task").iterdir():
        os.sched_setaffinity(int(thread.name), {int(OTHER_CORE[-1])})


def _memory(pid: int) -> float:
    """MiB that are resident."""
    return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE") / (1 << 20)


def _cpu(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / _TICKS


def table(ours: Sequence[Figures], theirs: Sequence[Figures]) -> None:
    """A line for each way, by its best round, then the ratio. The first round, which warms up, counts for memory."""
    print(f"\n{'':<24}{'rows/s':>12}{'CPU us/row':>12}{'grew by MiB':>13}")
    for name, found in (("asyncpg, cursor", theirs), ("StreamExecuteTool", ours)):
        best = max(found[1:], key=lambda one: one.rate)
        cpu = min(one.cpu / one.rows for one in found[1:]) * 1e6
        print(f"{name:<24}{best.rate:>12,.0f}{cpu:>12.2f}{max(one.grown for one in found):>13.1f}")
    ratio = max(one.rate for one in ours[1:]) / max(one.rate for one in theirs[1:])
    print(f"\nrows/s through Trunkline: {ratio:.0%} of asyncpg (target >= 50 %); memory: target <= 50 MiB")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--direct", help="read this DSN's table with asyncpg, and nothing else")
    given = parser.parse_args()
    uvloop.run(direct(given.direct) if given.direct else main(given.rows, given.rounds))
