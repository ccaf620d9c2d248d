"""Databases and object storage from Go: clients/go/cmd/data against a live server, its memory, and what the database
itself says of a statement that was left.

TRUNKLINE_DATA_ROWS (1,000,000) and TRUNKLINE_DATA_MIB (200) say how much.
"""

from __future__ import annotations

import asyncio
import importlib.util
import json
import os
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import aiohttp
import asyncpg
import pytest
from e2e.registry_parts import Registry, registry
from e2e.test_languages import make, output
from trunkline.v1.configuration_pb2 import IntegrationType
from trunkline.v1.connector_pb2 import ListConnectorsRequest
from trunkline_server.embedded.process import free_port

PROGRAM = Path(__file__).resolve().parents[2] / "clients/go/target/data"
ROWS = int(os.environ.get("TRUNKLINE_DATA_ROWS", "1000000"))
MIB = 1 << 20
SIZE = int(os.environ.get("TRUNKLINE_DATA_MIB", "200")) * MIB
# What a worker may grow by, whatever goes through it.
GROWTH = 50 * MIB
RUN_SECONDS = 900.0


@asynccontextmanager
async def server(base: Path, kind: IntegrationType.ValueType) -> AsyncIterator[Registry]:
    """A server with one worker, that has connectors of this type; and the program."""
    if missing := await make("client-missing-go"):
        pytest.skip(f"{missing} not found: the Go program for data is left out")
    await make("client-go")
    async with registry(base) as running:
        found = await running.call(running.integrations.ListConnectors, ListConnectorsRequest(type=kind))
        if not found.connectors:
            pytest.skip(f"no connectors of type {IntegrationType.Name(kind)} are served")
        yield running


def memory(running: Registry) -> int:
    """The bytes of the largest child of the supervisor: its worker."""
    parent = running.running.process.pid
    children = Path(f"/proc/{parent}/task/{parent}/children").read_text().split()
    return max(int(Path(f"/proc/{child}/statm").read_text().split()[1]) for child in children) * os.sysconf(
        "SC_PAGESIZE"
    )


async def run(running: Registry, plan: str, size: int, **environment: str) -> tuple[dict[str, Any], int]:
    """The steps of a plan by name, and by how much the worker grew at most after the first two."""
    settings = {
        "TRUNKLINE_TARGET": running.running.target,
        "TRUNKLINE_KEY": running.running.key,
        "DATA_SIZE": str(size),
    }
    done = asyncio.create_task(output(str(PROGRAM), plan, limit=RUN_SECONDS, env=os.environ | settings | environment))
    sizes: list[int] = []
    while not done.done():
        sizes.append(memory(running))
        await asyncio.wait((done,), timeout=0.1)
    code, out, err = done.result()
    steps = {line["step"]: line for line in map(json.loads, out.splitlines())}
    assert code == 0, f"{out}{err}\n{running.running.logs()[-2000:]}"
    # Drivers are loaded with the first call of each kind.
    settled = sizes[len(sizes) // 10]
    return steps, max(sizes) - settled


async def test_a_million_rows(tmp_path: Path) -> None:
    async with server(tmp_path, IntegrationType.INTEGRATION_TYPE_DATABASE) as running:
        dsn = urlsplit(running.running.postgres_dsn)
        endpoint = f"postgresql://{dsn.hostname}:{dsn.port}{dsn.path}"
        login = f"{dsn.username}:{dsn.password or 'none'}"
        steps, growth = await run(running, "rows", ROWS, DATA_ENDPOINT=endpoint, DATA_LOGIN=login)
        assert {"query", "list_tables", "describe_table"} <= set(steps["tools"]["tools"])
        assert steps["stream"]["rows"] == ROWS and json.loads(steps["stream"]["end"])["row_count"] == ROWS
        assert ROWS / 2 <= steps["cancel"]["rows"] < ROWS
        assert growth <= GROWTH, f"the worker grew by {growth / MIB:.0f} MiB"
        connection = await asyncpg.connect(running.running.postgres_dsn)
        query = """SELECT count(*) FROM pg_stat_activity
            WHERE state <> 'idle' AND query LIKE '%data_go%' AND pid <> pg_backend_pid()"""
        try:
            async with asyncio.timeout(10):
                while await connection.fetchval(query):
                    await asyncio.sleep(0.1)
        finally:
            await connection.close()


@asynccontextmanager
async def s3() -> AsyncIterator[str]:
    """An S3 emulator with the bucket `data`; its address."""
    if importlib.util.find_spec("moto") is None:
        pytest.skip("moto is not installed: the S3 emulator is left out")
    port = free_port()
    command = ("-c", "from moto.server import main; main()", "-H", "127.0.0.1", "-p", str(port))
    null = asyncio.subprocess.DEVNULL
    process = await asyncio.create_subprocess_exec(sys.executable, *command, stdout=null, stderr=null)
    url = f"http://127.0.0.1:{port}"
    try:
        async with asyncio.timeout(90), aiohttp.ClientSession() as http:
            while True:
                try:
                    async with http.put(f"{url}/data") as answer:
                        assert answer.status == 200, await answer.text()
                        break
                except aiohttp.ClientConnectionError:
                    assert process.returncode is None, "the emulator ended"
                    await asyncio.sleep(0.2)
        yield url
    finally:
        process.kill()
        await process.wait()


async def test_a_large_object(tmp_path: Path) -> None:
    async with server(tmp_path, IntegrationType.INTEGRATION_TYPE_STORAGE) as running, s3() as url:
        environment = {"DATA_ENDPOINT": url, "DATA_LOGIN": "key:secret", "DATA_BUCKET": "data"}
        steps, growth = await run(running, "objects", SIZE, **environment)
        assert {"put_object", "get_object", "stat_object"} <= set(steps["tools"]["tools"])
        sums = {steps[name]["sha256"] for name in ("put", "get", "put, cut and resumed", "get, cut and resumed")}
        assert len(sums) == 1 and steps["get"]["bytes"] == SIZE
        assert 0 < steps["put, cut and resumed"]["resumed_at"] < SIZE
        assert growth <= GROWTH, f"the worker grew by {growth / MIB:.0f} MiB"
