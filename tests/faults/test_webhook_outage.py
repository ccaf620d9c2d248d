"""Row 23: a receiver is away for ten minutes of a schedule that is scaled down, while another one works."""

from __future__ import annotations

import asyncio
from collections import Counter
from pathlib import Path

import asyncpg
from faults.hooks import endpoint
from faults.report import report
from faults.scale import NOISE, pick
from harness import stack
from trunkline.v1.event_pb2 import Event
from webhook_parts import Receiver, health, missing, receiver, record, until

# Seconds of the real schedule that one of the test stands for.
SCALE = pick(60.0, 10.0)
OUTAGE = 600.0 / SCALE
# No pause longer than five minutes is reached within the outage.
PAUSES = tuple(max(0.1, seconds / SCALE) for seconds in (5, 300, 300, 300, 300, 300, 1800, 7200))
# One retry interval with its jitter, and the second in which the relay sees to what is due.
INTERVAL = 300 / SCALE * 1.2 + 1.0
EVENTS_PER_SECOND = 10


async def test_an_outage_of_a_receiver_loses_nothing(tmp_path: Path) -> None:
    environment = {"TRUNKLINE__EVENTS__WEBHOOK_RETRY_SECONDS": ",".join(f"{one:g}" for one in PAUSES)}
    loop = asyncio.get_running_loop()
    async with stack(tmp_path, [], model="", environment=environment) as running, receiver() as well:
        async with receiver() as there:
            await endpoint(running, there, "outage")
            await endpoint(running, well, "well")
            port = int(there.url.split(":")[2].split("/")[0])
            made = [health() for _ in range(20)]
            await record(running.postgres_dsn, *made)
            await until(lambda: not missing(made, there))
            taken = Counter(there.ids)
            # A while it refuses, then it is gone altogether.
            there.answers(503)
            made += await _stream(running.postgres_dsn, OUTAGE / 4)
        # The port is closed now.
        made += await _stream(running.postgres_dsn, OUTAGE * 3 / 4)
        lag = await _lag(made, well)
        async with receiver(there.secrets, port) as back:
            recovered = loop.time()
            await until(lambda: not [one for one in missing(made, back) if one not in taken], 240)
            took = max((one.at for one in back.got), default=recovered) - recovered
            connection = await asyncpg.connect(running.postgres_dsn)
            try:
                await until(lambda: _delivered(connection, 2 * len(made)), 30)
            finally:
                await connection.close()
            came, tried = taken + back.counts(), there.counts() + back.counts()
            forged = len(there.forged) + len(back.forged) + len(well.forged)
    ids = {one.event_id for one in made}
    lost = len(ids - set(came))
    report(23, f"events lost, of {len(made)}, the receiver away for {OUTAGE:g} s", lost, "0")
    report(23, "delivered after the recovery within, s", took, f"{INTERVAL * NOISE:g}")
    report(23, "ids that are no event's", len(set(tried) - ids), "0")
    report(23, "events that came more than once, each with one id", sum(count > 1 for count in tried.values()))
    report(23, "signatures that the reference library refuses", forged, "0")
    report(23, "events missing at the receiver beside it", lag, "0")
    assert lost == 0 and forged == 0 and not set(tried) - ids and lag == 0
    assert took <= INTERVAL * NOISE


async def _stream(dsn: str, seconds: float) -> list[Event]:
    made: list[Event] = []
    end = asyncio.get_running_loop().time() + seconds
    while asyncio.get_running_loop().time() < end:
        batch = [health() for _ in range(EVENTS_PER_SECOND // 5)]
        await record(dsn, *batch)
        made += batch
        await asyncio.sleep(0.2)
    return made


async def _lag(made: list[Event], well: Receiver) -> int:
    await until(lambda: not missing(made, well), 60)
    return len(missing(made, well))


async def _delivered(connection: asyncpg.Connection, count: int) -> bool:
    found = await connection.fetchval("SELECT count(*) FROM trunkline.webhook_deliveries WHERE status = 'delivered'")
    return bool(found == count)
