"""Two or more trees of this repository against each other, load by load in turn: what a change costs or saves.

Run: `python bench/compare.py [--load one|unary|streamed] [--rounds 8] TREE TREE…`. A tree is the path of a checkout;
with `<python>:` before it, its server runs by that interpreter. The first tree is the measure of the others: each of
its loads is set against theirs of the same seconds, because the speed of shared machines changes within minutes. CPU is
that of the worker's threads, by call.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import statistics
import sys
import tempfile
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import run as bench
from trunkline_server.embedded.process import free_port

_CALLS = 1200
_LOADS = {"one": (1, 1), "unary": bench.WHOLE, "streamed": bench.STREAMED}


@dataclass
class Side:
    """A tree under load: what each round found, and the CPU of a call in microseconds."""

    name: str
    running: bench.Stack
    folder: Path
    found: list[float] = field(default_factory=list)
    cpu: list[float] = field(default_factory=list)

    def used(self) -> float:
        """Microseconds of CPU until now."""
        worker = bench.worker(self.running.process.pid)
        tasks = Path(f"/proc/{worker}/task").iterdir()
        return sum(int((one / "schedstat").read_text().split()[0]) for one in tasks) / 1e3


async def measure(side: Side, load: str, seconds: int) -> None:
    """One load: calls per second, or for one caller the median latency in ms."""
    unary, streamed = bench.requests()
    method, payload = ("StreamComplete", streamed) if load == "streamed" else ("Complete", unary)
    bearer = (f"authorization: Bearer {side.running.key}",)
    way = bench.Load(side.running.target, f"{bench.LLM}/{method}", payload, *_LOADS[load], seconds, bearer)
    before, used = await bench.outcomes(side.running), side.used()
    if load == "one":
        side.found.append(bench.quantile(await bench.latencies(way, side.folder, _CALLS), 0.5))
    else:
        side.found.append(await bench.h2load(way, side.folder))
        await bench.quiet(side.running)
    used, after = side.used() - used, await bench.outcomes(side.running)
    if failed := bench.refused(before, after):
        raise SystemExit(f"{side.name}: calls failed: {failed}")
    side.cpu.append(used / (after["OK"] - before.get("OK", 0)))


@asynccontextmanager
async def side(tree: str, upstream: str) -> AsyncIterator[Side]:
    """A server of a tree, as `make bench` runs it."""
    python, _, root = tree.rpartition(":")
    folder, mine = Path(tempfile.mkdtemp(prefix="trunkline-compare-")), sys.executable
    environment = {"PYTHONPATH": f"{root}/server:{root}/gen/python"}
    sys.executable = python or mine  # The harness starts the server by it.
    async with bench.server(folder, upstream, environment) as running:
        sys.executable = mine
        yield Side(tree, running, folder)


async def main(trees: list[str], load: str, rounds: int, seconds: int) -> None:
    """Measure in turn, and print."""
    port = free_port()
    upstream = f"http://127.0.0.1:{port}/v1"
    mock = (*bench.OTHER_CORE, sys.executable, str(bench.ROOT / "bench/mock_upstream.py"), str(port))
    async with AsyncExitStack() as opened:
        await opened.enter_async_context(bench.process(*mock))
        sides = [await opened.enter_async_context(side(tree, upstream)) for tree in trees]
        for number in range(rounds + 1):
            bench.say(f"round {number} of {rounds} …" if number else "warming up …")
            for one in sides if number % 2 else reversed(sides):
                await measure(one, load, seconds)
                if not number:
                    one.found.clear()
                    one.cpu.clear()
    table(sides, "ms at the median" if load == "one" else "calls/s")


def table(sides: list[Side], unit: str) -> None:
    """Medians; the ratios are those of the rounds."""
    print(f"{unit:<50}{'median':>10}{'ratio':>8}{'CPU us':>10}{'ratio':>8}")
    for one in sides:
        row = f"{one.name[-48:]:<50}"
        digits = 2 if unit.startswith("ms") else 0
        for own, measures, after in ((one.found, sides[0].found, digits), (one.cpu, sides[0].cpu, 0)):
            ratio = statistics.median(mine / other for mine, other in zip(own, measures, strict=True))
            row += f"{statistics.median(own):>10,.{after}f}{ratio:>8.2f}"
        print(row)


def absolute(tree: str) -> str:
    """The tree with its whole path: the servers run elsewhere."""
    python, colon, path = tree.rpartition(":")
    return f"{python}{colon}{os.path.abspath(path)}"


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("trees", nargs="+", metavar="TREE", type=absolute)
    parser.add_argument("--load", choices=_LOADS, default="one")
    parser.add_argument("--rounds", type=int, default=8)
    parser.add_argument("--seconds", type=int, default=2, help="of each load but `one`")
    options = parser.parse_args()
    asyncio.run(main(options.trees, options.load, options.rounds, options.seconds))
