"""Row 24: the active relay is killed with SIGKILL again and again, under a stream of events with a poison event among
them; another one takes over each time."""

from __future__ import annotations

import asyncio
from pathlib import Path

import asyncpg
from faults.hooks import endpoint, kill_active, relays, start
from faults.report import report
from faults.scale import NOISE, pick
from harness import stack
from trunkline.v1.event_pb2 import Event
from webhook_parts import Delivered, health, missing, receiver, record, record_poison, until

KILLS = pick(10, 50)
BATCH, PAUSE = 5, 0.05
# What an event may take while no relay is killed, beside the take-over.
BAR = 3.0 * NOISE


async def test_nothing_is_lost_when_relays_are_killed(tmp_path: Path) -> None:
    environment = {"TRUNKLINE__EVENTS__WEBHOOK_RETRY_SECONDS": "0.5,1,1,2,2"}
    async with (
        stack(tmp_path, [], model="", environment=environment) as running,
        receiver() as there,
        receiver() as orderly,
        relays(running, 3) as beside,
    ):
        loop = asyncio.get_running_loop()
        slow = iter(range(10**9))

        async def answer(_: Delivered) -> tuple[int, dict[str, str], bytes]:
            # So that kills find deliveries under way.
            await asyncio.sleep(0.02)
            return (500 if next(slow) % 50 == 0 else 200), {}, b""

        there.answer = answer
        await endpoint(running, there, "stream")
        await endpoint(running, orderly, "orderly", ordered=True)
        made: list[Event] = []
        written: dict[str, float] = {}
        poison: list[str] = []
        done = asyncio.Event()

        async def stream() -> None:
            while not done.is_set():
                batch = [health() for _ in range(BATCH)]
                await record(running.postgres_dsn, *batch)
                written.update(dict.fromkeys((one.event_id for one in batch), loop.time()))
                made.extend(batch)
                if len(made) % (BATCH * 40) == BATCH:
                    poison.append(await record_poison(running.postgres_dsn))
                await asyncio.sleep(PAUSE)

        connection = await asyncpg.connect(running.postgres_dsn)
        try:
            writing = asyncio.create_task(stream())
            takeovers = []
            for _ in range(KILLS):
                pid = await kill_active(connection)
                killed = loop.time()
                await until(lambda killed=killed: there.got[-1].at > killed + 0.1, 120)
                takeovers.append(there.got[-1].at - killed)
                # It catches up, and is killed with what comes just then under way.
                until_now = list(made)
                await until(lambda until_now=until_now: not missing(until_now, there), 120)
                # The supervisor replaces its own.
                for place, process in enumerate(beside):
                    if process.pid == pid:
                        await process.wait()
                        beside[place] = await start(running)
            done.set()
            await writing
            await until(lambda: not missing(made, there) and not missing(made, orderly), 120)
            await until(lambda: _ended(connection), 60)
            rows = await connection.fetch("SELECT event_id FROM trunkline.webhook_deliveries WHERE status = 'dead'")
        finally:
            await connection.close()
    dead, letters = {row["event_id"] for row in rows}, len(rows)
    lost = len(missing(made, there)) + len(missing(made, orderly))
    twice = sum(count > 1 for one in (there, orderly) for count in one.counts().values())
    waits = sorted(one.at - written[one.id] for one in there.got if one.id in written)
    report(24, f"events lost, of {len(made)} to two endpoints, {KILLS} relays killed", lost, "0")
    report(24, "signatures that were wrong", len(there.forged) + len(orderly.forged), "0")
    report(24, "events that came more than once, of both, each with one id", twice)
    report(24, "poison events in the dead letters of both", f"{letters} of {2 * len(poison)}", "all")
    report(24, "p50 from the commit to the delivery, kills included, s", waits[len(waits) // 2], f"{BAR:g}")
    report(24, "longest from a kill to deliveries again, s", max(takeovers))
    assert lost == 0 and not there.forged and not orderly.forged
    assert poison and dead == set(poison) and letters == 2 * len(poison)
    assert waits[len(waits) // 2] <= BAR
    # In their order, but for what a killed relay had under way and the next one repeats.
    first = list(dict.fromkeys(orderly.ids))
    assert first == [one.event_id for one in made]


async def _ended(connection: asyncpg.Connection) -> bool:
    return not await connection.fetchval("SELECT count(*) FROM trunkline.webhook_deliveries WHERE status = 'pending'")
