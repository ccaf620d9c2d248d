"""What a dead primary costs: its first calls, which wait for a connection that never comes about, and later ones, whose
breaker is open. `python bench/failover.py`; DESIGN §5's bars are 1.5 × the connect timeout and 2 ms."""

from __future__ import annotations

import asyncio
import socket
import statistics
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import grpc

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT / "tests"), str(ROOT / "bench")]

from e2e.calls import ask, llm  # noqa: E402
from harness import Stack, provider, stack  # noqa: E402
from run import process, quantile  # noqa: E402
from trunkline_server.embedded.process import free_port  # noqa: E402

CONNECT = 0.3
# As many failures in a row open a breaker.
FAILURES = 5
CALLS = 1000


@contextmanager
def black_hole() -> Iterator[str]:
    """An address where connections are neither accepted nor refused: its queue is full."""
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        listening.listen(0)
        address = listening.getsockname()
        queued = []
        for _ in range(4):
            waiting = socket.socket()
            waiting.setblocking(False)
            waiting.connect_ex(address)
            queued.append(waiting)
        try:
            yield f"http://127.0.0.1:{address[1]}/v1"
        finally:
            for waiting in queued:
                waiting.close()


async def timed(running: Stack, channel: grpc.aio.Channel, model: str) -> float:
    """Milliseconds of one call."""
    started = time.perf_counter()
    await llm(channel).Complete(ask(model), metadata=running.metadata(), timeout=10)
    return 1e3 * (time.perf_counter() - started)


async def main() -> None:
    """Measure and print."""
    port = free_port()
    environment = {"TRUNKLINE__ROUTING__ALIASES": '{"with-spare": ["vllm/dead-1", "vllm/mock-1"]}'}
    with black_hole() as nowhere:
        dead = provider("dead", nowhere, ["dead-1"])
        dead.configuration.timeouts.connect.FromMilliseconds(round(CONNECT * 1000))
        alive = provider("alive", f"http://127.0.0.1:{port}/v1", ["mock-1"])
        async with (
            process(sys.executable, str(ROOT / "bench/mock_upstream.py"), str(port)),
            stack(
                Path(tempfile.mkdtemp(prefix="trunkline-bench-")),
                [dead, alive],
                model="vllm/mock-1",
                environment=environment,
            ) as running,
            grpc.aio.insecure_channel(running.target) as channel,
        ):
            for _ in range(50):
                await timed(running, channel, "vllm/mock-1")
            first = [await timed(running, channel, "with-spare") for _ in range(FAILURES)]
            pairs = [
                (await timed(running, channel, "vllm/mock-1"), await timed(running, channel, "with-spare"))
                for _ in range(CALLS)
            ]
    tell(first, *map(list, zip(*pairs, strict=True)))


def tell(first: list[float], direct: list[float], spare: list[float]) -> None:
    """The table. Milliseconds."""
    worst, (alone, beside) = max(first), map(statistics.median, (direct, spare))
    print(f"connect timeout {1000 * CONNECT:.0f} ms; {FAILURES} calls until the breaker opens:")
    print(f"  longest {worst:.0f} ms = {worst / 1000 / CONNECT:.2f} x the connect timeout   (target <= 1.5)")
    print(f"breaker open, {CALLS} calls in turn with calls of the spare alone:")
    print(f"  p50 {beside:.2f} ms, alone {alone:.2f} ms, added {beside - alone:.2f} ms   (target <= 2)")
    print(f"  p99 {quantile(spare, 0.99):.2f} ms, alone {quantile(direct, 0.99):.2f} ms")


if __name__ == "__main__":
    asyncio.run(main())
