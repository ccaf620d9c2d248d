"""`make bench`: what one server core carries, against the bare ceiling of the same run.

The worker has core 0 for itself; the upstream, Redis, Postgres, the scribe (which writes the ledger) and the load
generator share core 1. The load generator is h2load (`apt-get install nghttp2-client`), which takes a gRPC-framed
request from a file. It counts a gRPC error as success, so the server's own counters are read before and after, and any
call that failed fails the run.

The bare server is tuned as the workers are: gRPC's older listener, threads in turns. Another one, as grpc.aio comes,
tells how fast the machine is beside that on which the targets were set.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import platform
import re
import shutil
import statistics
import sys
import tempfile
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT / "tests"), str(ROOT / "bench")]

import decode  # noqa: E402
from chain import costs  # noqa: E402
from faults.observe import scrape, value  # noqa: E402
from harness import Stack, provider, stack  # noqa: E402
from mock_upstream import CHUNKS  # noqa: E402
from trunkline.v1.common_pb2 import CallContext  # noqa: E402
from trunkline.v1.completion_pb2 import CompleteRequest, StreamCompleteRequest  # noqa: E402
from trunkline_server.embedded.process import free_port  # noqa: E402
from trunkline_server.main import GRPC  # noqa: E402

# What untuned bare grpc.aio carried where the targets were set: calls/s, tokens/s, and ms of one caller.
REFERENCE = (2250.0, 18_500.0, 0.53)
SERVER_CORE, OTHER_CORE = ("taskset", "-c", "0"), ("taskset", "-c", "1")
LLM = "/trunkline.v1.LLMService"
# Connections, and calls in flight on each.
WHOLE, STREAMED = (8, 32), (4, 16)
_ENVIRONMENT = {"TRUNKLINE__SERVER__MAX_CONCURRENT_REQUESTS": "10000"}
# What a load leaves behind ends within so many seconds.
_QUIET_SECONDS = 30.0


@dataclass(frozen=True)
class Load:
    """One load: `clients` connections with `streams` calls each in flight. `plain`: HTTP/1.1, not gRPC."""

    target: str
    path: str
    payload: bytes
    clients: int
    streams: int
    seconds: int
    headers: tuple[str, ...] = ()
    plain: bool = False


async def h2load(load: Load, folder: Path, *amount: str) -> float:
    """Calls per second, for the load's seconds or for another `amount`."""
    body = folder / "request.bin"
    framed = b"\0" + len(load.payload).to_bytes(4, "big") + load.payload
    body.write_bytes(load.payload if load.plain else framed)
    kind = ("content-type: application/json",) if load.plain else ("content-type: application/grpc", "te: trailers")
    headers = (*kind, *load.headers)
    process = await asyncio.create_subprocess_exec(
        *(*OTHER_CORE, "h2load", *(("--h1",) if load.plain else ())),
        *(amount or ("-D", str(load.seconds), "--warm-up-time", "1")),
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
async def process(
    *command: str, environment: Mapping[str, str] | None = None
) -> AsyncIterator[asyncio.subprocess.Process]:
    """A process for the time of the block."""
    started = await asyncio.create_subprocess_exec(*command, env=environment)
    try:
        yield started
    finally:
        started.kill()
        await started.wait()


async def outcomes(running: Stack) -> dict[str, float]:
    """Calls by code, or by reason where they were refused, as the server counts them."""
    text = await scrape(running)
    found: dict[str, float] = {}
    for code, reason, count in re.findall(r'trunkline_calls_total\{code="(\w+)".*reason="(\w*)"\} ([\d.e+]+)', text):
        name = code if code in ("OK", "CANCELLED") else reason
        found[name] = found.get(name, 0.0) + float(count)
    return found


def refused(before: dict[str, float], after: dict[str, float]) -> dict[str, float]:
    """What failed in between. A load that ends cancels what is in flight; nothing else may fail."""
    more = {name: count - before.get(name, 0) for name, count in after.items() if name not in ("OK", "CANCELLED")}
    return {name: count for name, count in more.items() if count > 0}


async def quiet(running: Stack) -> None:
    """Wait until no call is in flight: what a load leaves behind is not to disturb the next one on the same core."""
    async with asyncio.timeout(_QUIET_SECONDS):
        while await value(running, "trunkline_calls_in_flight"):
            pass  # Each look takes a tenth of a second.


async def latencies(load: Load, folder: Path, calls: int = 1500) -> list[float]:
    """Milliseconds of calls made one after the other, the first tenth left out."""
    log = folder / "latency.tsv"
    log.unlink(missing_ok=True)
    await h2load(load, folder, "-n", str(calls), f"--log-file={log}")
    found = [int(line.split("\t")[2]) / 1000 for line in log.read_text().splitlines()]
    return found[len(found) // 10 :]


def rss(pid: int) -> float:
    """MiB that a process and its children hold."""
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    own = int(re.findall(r"VmRSS:\s+(\d+)", Path(f"/proc/{pid}/status").read_text())[0]) / 1024
    return own + sum(rss(int(child)) for child in children)


def worker(pid: int) -> int:
    """The one worker of a supervisor."""
    return _children(pid)[0]


def _children(pid: int) -> list[int]:
    """The processes of a supervisor: the worker first, then those beside it."""
    return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def quantile(values: list[float], share: float) -> float:
    """The value below which `share` of the values lie."""
    return sorted(values)[int(share * (len(values) - 1))]


def say(text: str) -> None:
    """Progress."""
    print(text, file=sys.stderr, flush=True)


async def main(seconds: int, runs: int) -> None:
    """Measure and print."""
    folder = Path(tempfile.mkdtemp(prefix="trunkline-bench-"))
    port, bare, untuned = free_port(), free_port(), free_port()
    url = f"http://127.0.0.1:{port}/v1"
    bares = (*SERVER_CORE, sys.executable, str(ROOT / "bench/bare.py"))
    async with (
        process(*OTHER_CORE, sys.executable, str(ROOT / "bench/mock_upstream.py"), str(port)),
        process(*bares, str(bare), url, environment=GRPC | os.environ),
        process(*bares, str(untuned), url, "untuned"),
        server(folder, url) as running,
    ):
        await measure(running, f"127.0.0.1:{bare}", f"127.0.0.1:{untuned}", url, seconds, runs, folder)


def requests() -> tuple[bytes, bytes]:
    """What the loads send: a whole answer is asked for, and a stream."""
    request = CompleteRequest(
        model="vllm/mock-1", prompt="Say something.", max_tokens=128, context=CallContext(agent_id="bench")
    )
    return request.SerializeToString(), StreamCompleteRequest(request=request).SerializeToString()


@asynccontextmanager
async def server(folder: Path, url: str, more: Mapping[str, str] | None = None) -> AsyncIterator[Stack]:
    """A server before the upstream at `url`, its worker alone on its core. `more`: of its environment."""
    async with stack(
        folder,
        [provider("bench", url, ["mock-1"])],
        model="vllm/mock-1",
        budget_usd=1_000_000,
        command=SERVER_CORE,
        environment=_ENVIRONMENT | dict(more or {}),
    ) as running:
        _pin_others(running.process.pid)
        yield running


def _pin_others(supervisor: int) -> None:
    """The other core is for all that runs beside the worker."""
    os.sched_setaffinity(0, {1})
    for beside in _children(supervisor)[1:]:
        for thread in Path(f"/proc/{beside}/task").iterdir():
            os.sched_setaffinity(int(thread.name), {1})
    for process in Path("/proc").iterdir():
        if not process.name.isdigit():
            continue
        try:
            name = (process / "comm").read_text().strip()
            if name.startswith(("redis-server", "postgres")):
                os.sched_setaffinity(int(process.name), {1})
        except OSError:
            continue


async def measure(running: Stack, bare: str, untuned: str, url: str, seconds: int, runs: int, folder: Path) -> None:
    """All loads, then the table."""
    unary, streamed = requests()
    bearer = (f"authorization: Bearer {running.key}",)
    loads = {
        "bare echo": Load(bare, "/bare/Echo", unary, *WHOLE, seconds),
        "bare pass-through": Load(bare, "/bare/Unary", unary, *WHOLE, seconds),
        "bare pass-through, untuned": Load(untuned, "/bare/Unary", unary, *WHOLE, seconds),
        "Trunkline unary": Load(running.target, f"{LLM}/Complete", unary, *WHOLE, seconds, bearer),
        "bare streamed": Load(bare, "/bare/Stream", streamed, *STREAMED, seconds),
        "bare streamed, untuned": Load(untuned, "/bare/Stream", streamed, *STREAMED, seconds),
        "Trunkline streamed": Load(running.target, f"{LLM}/StreamComplete", streamed, *STREAMED, seconds, bearer),
    }
    before_rss = rss(worker(running.process.pid))
    rates: dict[str, list[float]] = {name: [] for name in loads}
    before = await outcomes(running)
    for _ in range(runs):
        for name, load in loads.items():
            say(f"{name} …")
            rates[name].append(await h2load(load, folder))
            if name.startswith("Trunkline"):
                await quiet(running)
    if failed := refused(before, await outcomes(running)):
        raise SystemExit(f"calls failed: {failed}")
    say("latency …")
    chat = b'{"model":"mock-1","messages":[{"role":"user","content":"Say something."}]}'
    ways = (
        Load(url.split("/")[2], "/v1/chat/completions", chat, 1, 1, seconds, plain=True),
        Load(bare, "/bare/Unary", unary, 1, 1, seconds),
        Load(untuned, "/bare/Unary", unary, 1, 1, seconds),
        Load(running.target, f"{LLM}/Complete", unary, 1, 1, seconds, bearer),
    )
    times: list[list[float]] = [[] for _ in ways]
    for _ in range(3):
        for way, found in zip(ways, times, strict=True):
            found += await latencies(way, folder)
    table(rates)
    print()
    for share in (0.5, 0.99):
        upstream, tuned, plain, ours = (quantile(values, share) for values in times)
        print(
            f"latency p{100 * share:.0f}, one caller: upstream {upstream:.2f} ms, bare pass-through {tuned:.2f} ms "
            f"({plain:.2f} ms untuned), Trunkline {ours:.2f} ms, added {ours - upstream:.2f} ms"
            + ("   (target <= 1.0)" if share == 0.5 else "")
        )
    scaled(rates, *(quantile(values, 0.5) for values in (times[0], times[2], times[3])))
    print(f"memory of the worker: {before_rss:.0f} MiB before, {rss(worker(running.process.pid)):.0f} MiB after\n")
    print("cost of each interceptor (in process, no-op handler, stores in memory):")
    for name, microseconds in await costs():
        print(f"  {name:<18} {microseconds:6.1f} us")


def interpreter() -> str:
    """What runs the servers; one that is a shared library is slower."""
    shared = "libpython" in Path("/proc/self/maps").read_text()
    return f"Python {platform.python_version()}" + (
        ", a shared library: some 10 % slower than others" if shared else ""
    )


def table(rates: dict[str, list[float]]) -> None:
    """Rates, best and spread, and the ratio to the bare pass-through."""
    best = {name: max(values) for name, values in rates.items()}
    targets = {"Trunkline unary": "target >= 1,300", "Trunkline streamed": "target >= 12,000"}
    print(f"\n{interpreter()}\n{'one server core':<30}{'best':>12}{'lowest':>12}{'ratio':>8}")
    for name, values in rates.items():
        factor = CHUNKS if "streamed" in name else 1
        ceiling = best["bare streamed" if "streamed" in name else "bare pass-through"]
        unit = "tokens/s" if factor > 1 else "calls/s"
        row = f"{name:<30}{factor * best[name]:>12,.0f}{factor * min(values):>12,.0f}{best[name] / ceiling:>8.2f}"
        print(f"{row}  {unit:<9}{targets.get(name, '')}".rstrip())
    print(f"(mean of the runs: {', '.join(f'{n} {statistics.mean(v):,.0f}' for n, v in rates.items())} calls/s)")


def scaled(rates: dict[str, list[float]], upstream: float, untuned: float, ours: float) -> None:
    """What the best of these figures would be on a machine where untuned bare grpc.aio is as fast as `REFERENCE`."""
    best = {name: max(values) for name, values in rates.items()}
    calls, tokens, latency = REFERENCE
    unary = calls * best["Trunkline unary"] / best["bare pass-through, untuned"]
    streamed = tokens * best["Trunkline streamed"] / best["bare streamed, untuned"]
    added = (ours - upstream) * latency / untuned
    print(
        f"where untuned bare grpc.aio carries {calls:,.0f} calls/s and {tokens:,.0f} tokens/s, with {latency} ms for "
        f"one caller, that is: {unary:,.0f} calls/s, {streamed:,.0f} tokens/s, added p50 {added:.2f} ms\n"
    )


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=int, default=4, help="of each load")
    parser.add_argument("--runs", type=int, default=2, help="of all loads")
    options = parser.parse_args()
    for command in ("h2load", "taskset"):
        if shutil.which(command) is None:
            raise SystemExit(f"{command} not found: apt-get install nghttp2-client util-linux")
    asyncio.run(main(options.seconds, options.runs))
    print()
    decode.main()
