"""FAULTS row 21: the clocks of the Redis server and of the workers step by an hour, forward and back.

`clock`: the server's real wall clock, by a preloaded library (needs a C compiler): keys of Redis end by it too. `TIME`:
what the scripts are told, everywhere.
"""

from __future__ import annotations

import asyncio
import shutil
import struct
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

import pytest
from faults.report import report
from faults.scale import pick
from integration.redis_parts import SHARD, TENANT, MemoryLedger, ask, budget, plain, record, server, worker
from trunkline_server.domain.errors import TrunklineError
from trunkline_server.domain.ports import Admission, Ask, RateLimit
from trunkline_server.domain.replays import Outcome, Replay
from trunkline_server.stores.redis import client as client_module
from trunkline_server.stores.redis.replay import RedisReplay
from trunkline_server.stores.redis.scripts import SCRIPTS, Script

HOUR = 3600
PER_MINUTE = 6000
SECONDS = pick(4.0, 20.0)
FLIGHT = RateLimit("tenant", max_concurrent=2)
Step = Callable[[int], None]


@asynccontextmanager
async def stepped(kind: str, base: Path, patch: pytest.MonkeyPatch) -> AsyncIterator[tuple[str, Step]]:
    """A Redis and what sets its clock, and that of this process, off by so many seconds."""
    real, offset = time.time, [0]
    patch.setattr(time, "time", lambda: real() + offset[0])
    file = base / "offset"
    file.write_bytes(struct.pack("@l", 0))
    if kind == "clock":
        patch.setenv("LD_PRELOAD", str(await _library(base)))
        patch.setenv("CLOCK_OFFSET", str(file))
    else:
        _tell_scripts(patch)
    async with server("single", base, durable=False) as (urls, _), plain(urls[0]) as redis:
        patch.delenv("LD_PRELOAD", raising=False)

        async def tell(seconds: int) -> None:
            await redis.set("skew", seconds * 1_000_000)

        def step(seconds: int) -> None:
            offset[0] = seconds
            with file.open("r+b") as out:
                out.write(struct.pack("@l", seconds))
            telling.append(asyncio.create_task(tell(seconds)))

        telling: list[asyncio.Task[None]] = []
        yield urls[0], step
        await asyncio.gather(*telling)


async def _library(base: Path) -> Path:
    compiler = shutil.which("cc")
    if compiler is None:
        pytest.skip("no C compiler to build what sets the server's clock")
    built = base / "clock.so"
    source = Path(__file__).with_name("clock.c")
    process = await asyncio.create_subprocess_exec(compiler, "-shared", "-fPIC", "-O1", "-o", str(built), str(source))
    assert await process.wait() == 0
    return built


def _tell_scripts(patch: pytest.MonkeyPatch) -> None:
    """Scripts ask a key how far the clock is off."""
    told = "local server = time[1] * 1000000 + time[2]"
    text = f"{told} + tonumber(redis.call('GET', 'skew') or 0)"
    asking = {name for name, script in SCRIPTS.items() if told in script.text}
    assert {"admit", "widen", "settle", "renew", "watch"} <= asking
    assert all("TIME" not in script.text for name, script in SCRIPTS.items() if name not in asking)
    patched = {name: _script(script.text.replace(told, text)) for name, script in SCRIPTS.items()}
    patch.setattr(client_module, "SCRIPTS", patched)
    patch.setattr(client_module, "EPOCH_TEXT", client_module.EPOCH_TEXT.replace(told, text))


def _script(text: str) -> Script:
    from hashlib import sha1  # noqa: PLC0415

    return Script(text, sha1(text.encode(), usedforsecurity=False).hexdigest())


@pytest.mark.parametrize("kind", ["clock", "TIME"])
@pytest.mark.parametrize("steps", [(HOUR, 0), (-HOUR, 0)], ids=["forward and back", "back and forward"])
async def test_nothing_ends_early(
    kind: str, steps: tuple[int, ...], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    limit, ledger = budget(1000), MemoryLedger()
    async with (
        stepped(kind, tmp_path, monkeypatch) as (url, step),
        worker([url], ledger, lease=60) as (store, admission),
    ):
        replay = RedisReplay(store)
        await replay.begin(TENANT, "kept", b"d", "c1")
        await replay.end(TENANT, "kept", b"d", "c1", [b"answer"], Outcome(), keep=True)
        flying = replace(ask("flying", 100, limit, rates=(FLIGHT,)), tokens=5)
        await admission.admit(flying)
        # Nobody renews this one.
        async with worker([url], ledger, lease=60, tend=False) as (_, other):
            await other.admit(ask("other", 50, limit, rates=(FLIGHT,)))
        done = ask("done", 40, limit)
        await admission.admit(done)
        await admission.settle(done, 30, record(30))
        early = 0
        for seconds in steps:
            step(seconds)
            assert kind == "TIME" or abs(await _server_time(url) - time.time()) < 5, "the server's clock did not move"
            for _ in range(5):
                await asyncio.sleep(0.15)  # Both turns of the watching task, and a settlement sent again.
                await admission.settle(done, 30, record(30))
                (level,) = await admission.levels(TENANT, [limit])
                early += (level.spent, level.held) != (30, 150)
                early += not await _limited(admission, ask("x", 1, rates=(FLIGHT,)))
                early += (await replay.begin(TENANT, "kept", b"d", "")).state is not Replay.DONE
        await admission.settle(flying, 0, b"")
        await admission.settle(ask("other", 50, limit, rates=(FLIGHT,)), 0, b"")
        (level,) = await admission.levels(TENANT, [limit])
        report(21, f"{kind} by {steps[0]:+} s and back: what ended early", early, "0")
        assert early == 0
        assert (level.spent, level.held) == (30, 0)
        async with plain(url) as redis:
            assert not await redis.exists(f"{SHARD}:flight:{TENANT}/tenant")


@pytest.mark.parametrize("kind", ["clock", "TIME"])
@pytest.mark.parametrize("first", [HOUR, -HOUR], ids=["forward", "back"])
async def test_nothing_is_refilled_twice(
    kind: str, first: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rate = RateLimit("key/k", PER_MINUTE, PER_MINUTE * 10)
    async with stepped(kind, tmp_path, monkeypatch) as (url, step), worker([url], MemoryLedger()) as (_, admission):
        began, made, stepping = time.monotonic(), 0, [first, 0]
        numbers = iter(range(10**9))
        while (passed := time.monotonic() - began) < SECONDS:
            if stepping and passed > SECONDS * (3 - len(stepping)) / 3:
                step(stepping.pop(0))
            asks = [replace(ask(f"h{next(numbers)}", 0, rates=(rate,)), tokens=10) for _ in range(100)]
            made += sum([not refused for refused in await asyncio.gather(*(_limited(admission, one) for one in asks))])
        allowed = PER_MINUTE * (1 + passed / 60)
        error = made / allowed - 1
        report(21, f"{kind} by {first:+} s: admitted beyond the limit, %", 100 * error, "± 1")
        assert made > PER_MINUTE, "the bucket was never empty"
        assert abs(error) <= 0.01


async def _server_time(url: str) -> int:
    async with plain(url) as redis:
        return int((await redis.time())[0])


async def _limited(admission: Admission, one: Ask) -> bool:
    try:
        await admission.admit(one)
    except TrunklineError as error:
        assert error.reason_name == "RATE_LIMITED"
        return True
    return False
