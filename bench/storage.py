"""A large object through a whole server: MB/s both ways, beside the store alone, and how much the worker grows.

The store is moto on the same machine, as are the caller and the worker: the figures say what Trunkline costs beside the
emulator, not what a real store would give.
"""

from __future__ import annotations

import argparse
import asyncio
import hashlib
import os
import sys
import tempfile
import time
from collections.abc import AsyncIterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT / "tests"), str(ROOT / "bench")]

import aiohttp  # noqa: E402
from e2e.storage_scene import Scene, scene  # noqa: E402
from faults.observe import rss, workers  # noqa: E402
from yarl import URL  # noqa: E402

_SAMPLE_SECONDS = 0.05


async def main(megabytes: int) -> None:
    """Measure and print."""
    data = os.urandom(1 << 20) * megabytes
    sha256 = hashlib.sha256(data).hexdigest()
    async with scene(Path(tempfile.mkdtemp(prefix="trunkline-bench-"))) as one:
        await one.put(data[: 16 << 20], key="warm")
        (worker,) = workers(one.running.process.pid)
        before = rss(worker)
        samples: list[float] = []
        sampling = asyncio.create_task(_sample(worker, samples))
        began = time.perf_counter()
        sent = await one.put(data, key="large")
        put = time.perf_counter() - began
        began = time.perf_counter()
        read, size, _ = await one.get("large")
        get = time.perf_counter() - began
        sampling.cancel()
        assert sent.result["sha256"] == sha256 == read and size == len(data)
        alone = await _alone(one, data)
    print(f"{megabytes} MiB; parts of 5 MiB; checksums equal")
    for name, seconds, bare in (("put", put, alone[0]), ("get", get, alone[1])):
        print(f"{name}: {len(data) / seconds / 1e6:,.0f} MB/s; the store alone {len(data) / bare / 1e6:,.0f} MB/s")
    print(f"the worker held {before:.0f} MB, at most {max(samples):.0f} MB: {max(samples) - before:.0f} MB more")


async def _sample(worker: int, samples: list[float]) -> None:
    while True:
        samples.append(rss(worker))
        await asyncio.sleep(_SAMPLE_SECONDS)


async def _alone(one: Scene, data: bytes) -> tuple[float, float]:
    """Seconds of the same object by presigned URLs: one request each way."""
    put, get = await one.run("presign_put", key="alone"), await one.run("presign_get", key="alone")

    async def pieces() -> AsyncIterator[bytes]:
        for at in range(0, len(data), 1 << 20):
            yield data[at : at + (1 << 20)]

    async with aiohttp.ClientSession() as http:
        began = time.perf_counter()
        headers = {"content-length": str(len(data)), "content-type": "application/octet-stream"}
        async with http.put(URL(put["url"], encoded=True), data=pieces(), headers=headers) as answer:
            answer.raise_for_status()
        middle = time.perf_counter()
        async with http.get(URL(get["url"], encoded=True)) as answer:
            async for _ in answer.content.iter_chunked(1 << 18):
                pass
    return middle - began, time.perf_counter() - middle


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--megabytes", type=int, default=200)
    asyncio.run(main(parser.parse_args().megabytes))
