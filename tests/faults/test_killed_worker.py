"""Row 3: one of two workers is killed with SIGKILL while streams are open on both."""

from __future__ import annotations

import asyncio
import os
import signal
import time
from pathlib import Path

from faults.load import Callers, Tally, during, streaming, whole
from faults.observe import connections, listens, until, workers
from faults.report import report
from faults.scale import NOISE, pick
from faults.scene import own
from harness import Stack, holds

STREAMS = 200  # over both workers
CONNECTIONS = 10
# All workers listen, and all connections are accepted, within so many seconds.
OPENED_WITHIN = 30.0
LEASE = pick(3.0, 60.0)
CHUNKS_PER_SECOND = 5
# Streams outlive the lease, so that those of the live worker show that theirs are renewed.
SECONDS = LEASE + pick(6, 15)


async def _at_home(callers: Callers, running: Stack, pids: list[int]) -> list[int]:
    """The worker behind each connection, which are opened one by one."""
    port = int(running.target.rpartition(":")[2])
    homes: list[int] = []
    known = {caller for pid in pids for caller in connections(pid, port)}
    async with asyncio.timeout(OPENED_WITHIN):
        # The first one to listen makes the server ready.
        while not all(listens(pid, port) for pid in pids):
            await asyncio.sleep(0.01)
        for channel in callers.channels:
            await channel.channel_ready()
            # Told apart by address: another connection may end meanwhile.
            while not (fresh := {caller: pid for pid in pids for caller in connections(pid, port) - known}):
                await asyncio.sleep(0.01)
            homes.append(next(iter(fresh.values())))
            known |= fresh.keys()
    return homes


async def test_a_killed_worker_takes_only_its_own_calls(tmp_path: Path) -> None:
    environment = {"TRUNKLINE__BUDGETS__HOLD_LEASE_SECONDS": str(LEASE)}
    behaviour = {"chunks": int(SECONDS * CHUNKS_PER_SECOND), "pace": 1 / CHUNKS_PER_SECOND}
    async with (
        own(tmp_path, workers=2, environment=environment, **behaviour) as (running, state),
        Callers(running, CONNECTIONS) as callers,
    ):
        pids = workers(running.process.pid)
        homes = await _at_home(callers, running, pids)
        victim = max(pids, key=homes.count)
        tallies = [Tally() for _ in homes]
        ask = streaming(running.model, max_tokens=4096)
        # A hundred on the victim, as many on the other one, if the kernel gave it a connection.
        shares = [STREAMS // 2 // homes.count(home) for home in homes]
        reading = [
            asyncio.create_task(callers.streamed(ask, tallies[index], SECONDS + 60, index))
            for index, share in enumerate(shares)
            for _ in range(share)
        ]
        opened = len(reading)
        assert await until(lambda: _open(state, opened), 20) is not None
        doomed = sum(share for share, home in zip(shares, homes, strict=True) if home == victim)
        os.kill(victim, signal.SIGKILL)
        killed = time.monotonic()
        waited = await until(lambda: _holds(running, opened - doomed), LEASE * 2)
        assert waited is not None
        released = time.monotonic() - killed
        served = Tally()
        async with Callers(running, 2) as late:
            await during(lambda _: late.answered(whole(running.model), served), 1.0, at_once=4)
        await asyncio.gather(*reading)
        assert await until(lambda: _holds(running, 0), 10) is not None
    lost = sum(tally.failed for tally, home in zip(tallies, homes, strict=True) if home == victim)
    others = sum(tally.failed for tally, home in zip(tallies, homes, strict=True) if home != victim)
    finished = sum(tally.ended["OK"] for tally in tallies)
    report(3, f"kill -9 of a worker: its streams, all of them lost ({lost})", doomed)
    report(3, f"errors of the other worker's {opened - doomed} streams", others, "0")
    report(3, f"holds of the dead released after, s (lease {LEASE:g} s)", released, f"≤ {LEASE:g}")
    report(3, "calls refused while one worker was gone", served.failed, "0")
    assert lost == doomed and others == 0 and finished == opened - doomed
    # The sweep comes twice a second.
    assert released <= LEASE + 0.5 * NOISE


async def _open(state: object, count: int) -> bool:
    return state.open == count  # type: ignore[attr-defined]


async def _holds(running: Stack, count: int) -> bool:
    return await holds(running) == count
