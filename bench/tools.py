"""What a tool costs: ExecuteTool against a local HTTP tool through a real server, beside a bare aiohttp pass-through.

The method is that of run.py: the worker has core 0 for itself, everything else shares core 1. The CPU time of the
worker per call is told as well: on a machine that does other work it is the steadier figure, and its inverse is what
one core carries.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT / "tests"), str(ROOT / "bench")]

import run  # noqa: E402
from harness import Stack, stack  # noqa: E402
from run import OTHER_CORE, SERVER_CORE, Load, h2load, latencies, outcomes, process, quantile, say  # noqa: E402
from trunkline.v1.api_pb2 import ApiConfiguration, ApiTool  # noqa: E402
from trunkline.v1.authentication_pb2 import Authentication, AuthenticationScheme  # noqa: E402
from trunkline.v1.common_pb2 import CallContext  # noqa: E402
from trunkline.v1.completion_pb2 import CompleteRequest  # noqa: E402
from trunkline.v1.configuration_pb2 import Configuration, IntegrationType  # noqa: E402
from trunkline.v1.integration_pb2 import Integration  # noqa: E402
from trunkline.v1.tool_pb2 import ExecuteToolRequest  # noqa: E402
from trunkline_server.embedded.process import free_port  # noqa: E402

_SCHEMA = b'{"type":"object","required":["id"],"properties":{"id":{"type":"integer"},"q":{"type":"string"}}}'
_RESULT = b'{"type":"object","required":["id","choices"],"properties":{"choices":{"type":"array"}}}'
_TICKS = os.sysconf("SC_CLK_TCK")
_AT_ONCE = 32


@dataclass(frozen=True)
class Figures:
    """Of one way: ms of calls one after the other, calls a second at 32, CPU of the process per call in us."""

    times: Sequence[float]
    rate: float
    cpu: float | None


def tool(url: str) -> Integration:
    """A tool with a path, a query and a schema of its result."""
    own = ApiTool(
        name="read",
        method="GET",
        path="/things/{id}",
        parameters_schema_json=_SCHEMA,
        result_schema_json=_RESULT,
    )
    scheme = AuthenticationScheme.AUTHENTICATION_SCHEME_BEARER
    return Integration(
        integration_id="bench",
        type=IntegrationType.INTEGRATION_TYPE_API,
        configuration=Configuration(
            endpoint=url, authentication=Authentication(scheme=scheme), api=ApiConfiguration(tools=[own])
        ),
    )


async def main(seconds: int) -> None:
    """Measure and print."""
    folder = Path(tempfile.mkdtemp(prefix="trunkline-bench-"))
    port, bare = free_port(), free_port()
    url = f"http://127.0.0.1:{port}/v1"
    environment = {"TRUNKLINE__SERVER__MAX_CONCURRENT_REQUESTS": "10000"}
    async with (
        process(*OTHER_CORE, sys.executable, str(ROOT / "bench/mock_upstream.py"), str(port)),
        process(*SERVER_CORE, sys.executable, str(ROOT / "bench/bare.py"), str(bare), url) as passing,
        stack(
            folder, [tool(url)], model="none", budget_usd=1_000_000, command=SERVER_CORE, environment=environment
        ) as running,
    ):
        run._pin_others(running.process.pid)
        await measure(running, passing.pid, f"127.0.0.1:{bare}", url, seconds, folder)


async def measure(running: Stack, passing: int, bare: str, url: str, seconds: int, folder: Path) -> None:
    """All ways, then the table."""
    asked = ExecuteToolRequest(
        integration_id="bench",
        tool_name="read",
        parameters_json=b'{"id":7,"q":"word"}',
        context=CallContext(agent_id="bench"),
    ).SerializeToString()
    chat = CompleteRequest(model="mock-1", prompt="Say something.").SerializeToString()
    bearer = (f"authorization: Bearer {running.key}",)
    one = {
        "upstream": (Load(url.split("/")[2], "/v1/things/7", b"{}", 1, 1, seconds, plain=True), None),
        "bare pass-through": (Load(bare, "/bare/Unary", chat, 1, 1, seconds), passing),
        "ExecuteTool": (
            Load(running.target, "/trunkline.v1.ToolService/ExecuteTool", asked, 1, 1, seconds, bearer),
            run.worker(running.process.pid),
        ),
    }
    before = await outcomes(running)
    found: dict[str, Figures] = {}
    times: dict[str, list[float]] = {name: [] for name in one}
    for _ in range(3):
        for name, (load, _) in one.items():
            say(f"{name}, one caller …")
            times[name] += await latencies(load, folder)
    for name, (load, pid) in one.items():
        say(f"{name}, {_AT_ONCE} callers …")
        found[name] = await under_load(replace(load, clients=4, streams=_AT_ONCE // 4), pid, times[name], folder)
    after = await outcomes(running)
    failed = {code: n for code, n in after.items() if code not in ("OK", "CANCELLED") and n > before.get(code, 0)}
    if failed:
        raise SystemExit(f"calls failed: {failed}")
    table(found)


async def under_load(load: Load, pid: int | None, times: Sequence[float], folder: Path) -> Figures:
    """The figures of a way at 32 callers. HTTP/1.1 has one call in flight on each connection."""
    wide = replace(load, clients=_AT_ONCE, streams=1) if load.plain else load
    await h2load(wide, folder, "-n", "500")
    calls, began = 4000, cpu_seconds(pid)
    await h2load(wide, folder, "-n", str(calls))
    ended = cpu_seconds(pid)
    cpu = None if began is None or ended is None else (ended - began) / calls * 1e6
    return Figures(times, await h2load(wide, folder), cpu)


def cpu_seconds(pid: int | None) -> float | None:
    """CPU time that a process has used."""
    if pid is None:
        return None
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / _TICKS


def table(found: dict[str, Figures]) -> None:
    """One line for each way, then the overhead."""
    print(f"\n{'':<20}{'p50 ms':>9}{'p99 ms':>9}{'calls/s at 32':>15}{'CPU us/call':>13}")
    for name, one in found.items():
        cpu = "" if one.cpu is None else f"{one.cpu:,.0f}"
        print(f"{name:<20}{quantile(list(one.times), 0.5):>9.2f}{quantile(list(one.times), 0.99):>9.2f}"
              f"{one.rate:>15,.0f}{cpu:>13}")  # fmt: skip
    added = [
        quantile(list(found["ExecuteTool"].times), share) - quantile(list(found["upstream"].times), share)
        for share in (0.5, 0.99)
    ]
    print(f"\nadded to the upstream: p50 {added[0]:.2f} ms (target <= 1.5), p99 {added[1]:.2f} ms; "
          f"calls/s per core: target >= 1,000")  # fmt: skip


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=int, default=4, help="of each load")
    asyncio.run(main(parser.parse_args().seconds))
