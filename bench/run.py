"""`make bench`: what one server core carries, against the bare ceiling of the same run.

The server has core 0 for itself; the upstream, Redis, Postgres and the load generator share core 1. The load generator
is h2load (`apt-get install nghttp2-client`), which takes a gRPC-framed request from a file. It counts a gRPC error as
success, so the server's own counters are read before and after, and any call that is not OK fails the run.
"""

from __future__ import annotations

import argparse
import asyncio
import re
import shutil
import statistics
import sys
import tempfile
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aiohttp
import grpc

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT / "tests"), str(ROOT / "bench")]

from chain import costs  # noqa: E402
from harness import Stack, provider, stack  # noqa: E402
from mock_upstream import CHUNKS  # noqa: E402
from trunkline.v1.common_pb2 import CallContext  # noqa: E402
from trunkline.v1.completion_pb2 import CompleteRequest, StreamCompleteRequest  # noqa: E402
from trunkline_server.embedded.process import free_port  # noqa: E402

SERVER_CORE, OTHER_CORE = ("taskset", "-c", "0"), ("taskset", "-c", "1")
LLM = "/trunkline.v1.LLMService"


@dataclass(frozen=True)
class Load:
    """One load: `clients` connections with `streams` calls each in flight, for `seconds`."""

    target: str
    path: str
    payload: bytes
    clients: int
    streams: int
    seconds: int
    headers: tuple[str, ...] = ()


async def h2load(load: Load, folder: Path) -> float:
    """Calls per second."""
    body = folder / "request.bin"
    body.write_bytes(b"\0" + len(load.payload).to_bytes(4, "big") + load.payload)
    headers = ("content-type: application/grpc", "te: trailers", *load.headers)
    process = await asyncio.create_subprocess_exec(
        *(*OTHER_CORE, "h2load", "-D", str(load.seconds), "--warm-up-time", "1"),
        *("-c", str(load.clients), "-m", str(load.streams), "-d", str(body)),
        *(part for header in headers for part in ("-H", header)),
        f"http://{load.target}{load.path}",
        stdout=asyncio.subprocess.PIPE,
    )
    out, _ = await process.communicate()
    found = re.search(rb"finished in [\d.]+\w+, ([\d.]+) req/s", out)
    if found is None:
        raise SystemExit(f"h2load said nothing of use:\n{out.decode()}")
    return float(found[1])


@asynccontextmanager
async def process(*command: str) -> AsyncIterator[asyncio.subprocess.Process]:
    """A process for the time of the block."""
    started = await asyncio.create_subprocess_exec(*command)
    try:
        yield started
    finally:
        started.kill()
        await started.wait()


async def outcomes(running: Stack) -> dict[str, float]:
    """Calls by code, as the server counts them."""
    async with aiohttp.ClientSession() as http, http.get(f"http://{running.admin}/metrics") as response:
        text = await response.text()
    found: dict[str, float] = {}
    for code, value in re.findall(r'trunkline_calls_total\{code="(\w+)".*?\} ([\d.e+]+)', text):
        found[code] = found.get(code, 0.0) + float(value)
    return found


async def latencies(target: str, path: str, payload: bytes, metadata: Any, n: int) -> list[float]:
    """Milliseconds of `n` calls, one after the other."""
    found = []
    async with grpc.aio.insecure_channel(target) as channel:
        call: Any = channel.unary_unary(path)
        for _ in range(n):
            started = time.perf_counter()
            await call(payload, metadata=metadata)
            found.append(1000 * (time.perf_counter() - started))
    return found[n // 10 :]


async def direct(url: str, n: int) -> list[float]:
    """Milliseconds of `n` calls of the upstream itself."""
    found = []
    body = b'{"model":"mock-1","messages":[{"role":"user","content":"Say something."}]}'
    async with aiohttp.ClientSession() as http:
        for _ in range(n):
            started = time.perf_counter()
            async with http.post(f"{url}/chat/completions", data=body) as response:
                await response.read()
            found.append(1000 * (time.perf_counter() - started))
    return found[n // 10 :]


def rss(pid: int) -> float:
    """MiB that a process and its children hold."""
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    own = int(re.findall(r"VmRSS:\s+(\d+)", Path(f"/proc/{pid}/status").read_text())[0]) / 1024
    return own + sum(rss(int(child)) for child in children)


def worker(pid: int) -> int:
    """The one worker of a supervisor."""
    return int(Path(f"/proc/{pid}/task/{pid}/children").read_text().split()[0])


def quantile(values: list[float], share: float) -> float:
    """The value below which `share` of the values lie."""
    return sorted(values)[int(share * (len(values) - 1))]


def say(text: str) -> None:
    """Progress."""
    print(text, file=sys.stderr, flush=True)


async def main(seconds: int, runs: int) -> None:
    """Measure and print."""
    folder = Path(tempfile.mkdtemp(prefix="trunkline-bench-"))
    port, bare = free_port(), free_port()
    url = f"http://127.0.0.1:{port}/v1"
    request = CompleteRequest(
        model="vllm/mock-1", prompt="Say something.", max_tokens=128, context=CallContext(agent_id="bench")
    )
    unary, streamed = request.SerializeToString(), StreamCompleteRequest(request=request).SerializeToString()
    environment = {"TRUNKLINE__SERVER__MAX_CONCURRENT_REQUESTS": "10000"}
    async with (
        process(*OTHER_CORE, sys.executable, str(ROOT / "bench/mock_upstream.py"), str(port)),
        process(*SERVER_CORE, sys.executable, str(ROOT / "bench/bare.py"), str(bare), url),
        stack(
            folder,
            [provider("bench", url, ["mock-1"])],
            model="vllm/mock-1",
            budget_usd=1_000_000,
            command=SERVER_CORE,
            environment=environment,
        ) as running,
    ):
        _pin_others()
        await measure(running, f"127.0.0.1:{bare}", url, unary, streamed, seconds, runs, folder)


def _pin_others() -> None:
    import os  # noqa: PLC0415

    os.sched_setaffinity(0, {1})
    for process in Path("/proc").iterdir():
        if not process.name.isdigit():
            continue
        try:
            name = (process / "comm").read_text().strip()
            if name.startswith(("redis-server", "postgres")):
                os.sched_setaffinity(int(process.name), {1})
        except OSError:
            continue


async def measure(
    running: Stack, bare: str, url: str, unary: bytes, streamed: bytes, seconds: int, runs: int, folder: Path
) -> None:
    """All loads, then the table."""
    bearer = (f"authorization: Bearer {running.key}",)
    loads = {
        "bare echo": Load(bare, "/bare/Echo", unary, 4, 16, seconds),
        "bare pass-through": Load(bare, "/bare/Unary", unary, 4, 16, seconds),
        "Trunkline unary": Load(running.target, f"{LLM}/Complete", unary, 4, 16, seconds, bearer),
        "bare pass-through, streamed": Load(bare, "/bare/Stream", streamed, 4, 8, seconds),
        "Trunkline streamed": Load(running.target, f"{LLM}/StreamComplete", streamed, 4, 8, seconds, bearer),
    }
    before_rss = rss(worker(running.process.pid))
    rates: dict[str, list[float]] = {name: [] for name in loads}
    before = await outcomes(running)
    for _ in range(runs):
        for name, load in loads.items():
            say(f"{name} …")
            rates[name].append(await h2load(load, folder))
    after = await outcomes(running)
    # A load that ends cancels what is in flight; nothing else may fail.
    failed = {
        c: n - before.get(c, 0) for c, n in after.items() if c not in ("OK", "CANCELLED") and n > before.get(c, 0)
    }
    if failed:
        raise SystemExit(f"calls failed: {failed}")
    say("latency …")
    ours: list[float] = []
    theirs: list[float] = []
    through: list[float] = []
    for _ in range(3):
        theirs += await direct(url, 500)
        through += await latencies(bare, "/bare/Unary", unary, (), 500)
        ours += await latencies(running.target, f"{LLM}/Complete", unary, running.metadata(), 500)
    table(rates)
    print()
    for share in (0.5, 0.99):
        a, b, c = (quantile(values, share) for values in (theirs, through, ours))
        print(
            f"latency p{100 * share:.0f}, one caller: upstream {a:.2f} ms, bare pass-through {b:.2f} ms, "
            f"Trunkline {c:.2f} ms, added {c - a:.2f} ms" + ("   (target <= 1.0)" if share == 0.5 else "")
        )
    print(f"memory of the worker: {before_rss:.0f} MiB before, {rss(worker(running.process.pid)):.0f} MiB after\n")
    print("cost of each interceptor (in process, no-op handler, stores in memory):")
    for name, microseconds in await costs():
        print(f"  {name:<18} {microseconds:6.1f} us")


def table(rates: dict[str, list[float]]) -> None:
    """Rates, best and spread, and the ratio to the bare pass-through."""
    best = {name: max(values) for name, values in rates.items()}
    targets = {"Trunkline unary": "target >= 1,300", "Trunkline streamed": "target >= 12,000"}
    print(f"\n{'one server core':<30}{'best':>12}{'lowest':>12}{'ratio':>8}")
    for name, values in rates.items():
        factor = CHUNKS if "streamed" in name else 1
        ceiling = best["bare pass-through, streamed" if "streamed" in name else "bare pass-through"]
        unit = "tokens/s" if factor > 1 else "calls/s"
        row = f"{name:<30}{factor * best[name]:>12,.0f}{factor * min(values):>12,.0f}{best[name] / ceiling:>8.2f}"
        print(f"{row}  {unit:<9}{targets.get(name, '')}".rstrip())
    print(f"(mean of the runs: {', '.join(f'{n} {statistics.mean(v):,.0f}' for n, v in rates.items())} calls/s)")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=int, default=4, help="of each load")
    parser.add_argument("--runs", type=int, default=2, help="of all loads")
    options = parser.parse_args()
    for command in ("h2load", "taskset"):
        if shutil.which(command) is None:
            raise SystemExit(f"{command} not found: apt-get install nghttp2-client util-linux")
    asyncio.run(main(options.seconds, options.runs))
