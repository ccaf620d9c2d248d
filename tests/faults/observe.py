"""What can be seen of a running Trunkline from outside: its processes, sockets, metrics and books."""

from __future__ import annotations

import asyncio
import os
import re
import time
from collections import Counter
from collections.abc import Awaitable, Callable
from pathlib import Path

import aiohttp
import asyncpg
from harness import Stack

_LISTEN, _ESTABLISHED = "0A", "01"
_BUCKET = re.compile(r'_bucket\{le="([^"]+)"\} (\S+)')


def workers(supervisor: int) -> list[int]:
    """The worker processes of a supervisor; the scribe is none."""
    children = Path(f"/proc/{supervisor}/task/{supervisor}/children").read_text().split()
    return [int(child) for child in children if b"\0worker\0" in Path(f"/proc/{child}/cmdline").read_bytes()]


def rss(pid: int) -> float:
    """MB that a process holds."""
    found = re.search(r"VmRSS:\s+(\d+)", Path(f"/proc/{pid}/status").read_text())
    assert found is not None
    return int(found[1]) * 1024 / 1e6


def listens(pid: int, port: int) -> bool:
    """Whether a process accepts connections at a port."""
    return bool(_own(pid, port, _LISTEN))


def connections(pid: int, port: int) -> set[str]:
    """The callers, by address, of the established connections that a process has accepted at a port of its own."""
    return {row[2] for row in _own(pid, port, _ESTABLISHED)}


def _own(pid: int, port: int, state: str) -> list[list[str]]:
    inodes = set()
    for entry in Path(f"/proc/{pid}/fd").iterdir():
        try:
            inodes.add(os.readlink(entry))
        except OSError:
            continue
    return [
        row
        for row in sockets()
        if int(row[1].rpartition(":")[2], 16) == port and row[3] == state and f"socket:[{row[9]}]" in inodes
    ]


def sockets() -> list[list[str]]:
    """The rows of /proc/net/tcp: local and remote address, state and queues in hexadecimal, the inode tenth."""
    rows = []
    for name in ("tcp", "tcp6"):
        rows += [line.split() for line in Path(f"/proc/net/{name}").read_text().splitlines()[1:]]
    return rows


async def scrape(running: Stack) -> str:
    """The metrics of all workers."""
    async with aiohttp.ClientSession() as http, http.get(f"http://{running.admin}/metrics") as response:
        return await response.text()


async def value(running: Stack, name: str) -> float:
    """The sum of a metric over its labels."""
    return sum(float(found) for found in re.findall(rf"^{name}(?:\{{.*\}})? (\S+)$", await scrape(running), re.M))


async def buckets(running: Stack, name: str) -> Counter[float]:
    """The cumulative counts of a histogram without labels, by upper bound."""
    lines = re.findall(rf"^{name}{_BUCKET.pattern}$", await scrape(running), re.M)
    return Counter({float(bound): int(float(count)) for bound, count in lines})


def bound_of(before: Counter[float], after: Counter[float], share: float) -> float:
    """The bucket below whose bound `share` of what was observed in between lies."""
    grown = {bound: after[bound] - before[bound] for bound in sorted(after)}
    total = max(grown.values())
    return next(bound for bound, count in grown.items() if count >= share * total)


async def ledger(running: Stack, where: str = "true") -> tuple[int, int]:
    """Entries of the ledger and their nano-USD, where an SQL condition on their request log holds."""
    connection = await asyncpg.connect(running.postgres_dsn)
    try:
        query = f"SELECT count(*), coalesce(sum(nano_usd), 0)::bigint FROM trunkline.request_log WHERE {where}"
        row = await connection.fetchrow(query)
        return row[0], row[1]
    finally:
        await connection.close()


async def until(holds_true: Callable[[], Awaitable[bool]], seconds: float) -> float | None:
    """Wait until a condition holds; returns after how many seconds, None when it never did."""
    begun = time.monotonic()
    while time.monotonic() - begun < seconds:
        if await holds_true():
            return time.monotonic() - begun
        await asyncio.sleep(0.02)
    return None
