"""Row 17: callers that stop reading."""

from __future__ import annotations

import asyncio
import socket
import struct
import time
from collections import Counter

import grpc
import pytest
from faults.load import Callers, reason_of, streaming
from faults.observe import rss, until, workers
from faults.report import report
from faults.scale import NOISE, pick
from faults.scene import WRITE_TIMEOUT, joined
from harness import Stack, holds
from upstream import Upstream

pytestmark = pytest.mark.asyncio(loop_scope="session")

STREAMS = pick(20, 200)
KB = 1000
CHUNK = 4096
# HTTP/2's default, RFC 9113, 6.9.2: what the caller's own side takes in. gRPC would widen it while the caller reads.
WINDOW = 65_535
FIXED_WINDOW = {"grpc.http2.bdp_probe": 0}
# Where struct tcp_info of Linux has tcpi_bytes_acked.
BYTES_ACKED = 120


def _taken(state: Upstream) -> list[int]:
    """Bytes of each stream that the other side has taken, its system's buffers included."""
    assert state.server is not None
    found = []
    for connection in state.server.connections:
        link = connection.transport.get_extra_info("socket")
        info = link.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, 192)
        found.append(struct.unpack_from("Q", info, BYTES_ACKED)[0])
    # The connection on which the models were asked for is still there.
    return [taken for taken in found if taken > CHUNK]


async def _settled(state: Upstream) -> list[int]:
    """What was taken once no more is."""
    before: list[int] = []
    while (now := _taken(state)) != before:
        before = now
        await asyncio.sleep(0.3)
    return now


async def test_what_is_buffered_for_a_caller_that_does_not_read(shared: Stack) -> None:
    worker, ended = workers(shared.process.pid)[0], Counter[str]()
    async with (
        joined(shared, "torrent", chunks=20_000, padding=CHUNK) as (state,),
        Callers(shared, STREAMS, options=FIXED_WINDOW) as callers,
    ):
        before, ask = rss(worker), streaming("vllm/torrent")
        calls = [callers.stream(ask, 60, number) for number in range(STREAMS)]
        await asyncio.gather(*(call.read() for call in calls))
        begun = time.monotonic()
        taken = await _settled(state)
        grown = rss(worker) - before
        assert len(taken) == STREAMS
        closed = await until(lambda: _gone(state), 3 * WRITE_TIMEOUT)
        cut = time.monotonic() - begun
        for call in calls:
            try:
                while await call.read() is not grpc.aio.EOF:
                    pass
            except grpc.aio.AioRpcError as error:
                ended[reason_of(error)] += 1
    buffered = (max(taken) - WINDOW) / KB
    report(17, f"{STREAMS} callers that stopped reading: taken for each beyond its window, KB", buffered, "≤ 256")
    report(17, "memory of the worker for each, its connection and call included, KB", grown * 1000 / STREAMS)
    report(17, f"cut off after, s (write timeout {WRITE_TIMEOUT:g} s)", cut, f"≤ {WRITE_TIMEOUT * 1.5:g}")
    assert buffered <= 256
    assert ended == {"SLOW_CONSUMER": STREAMS}
    assert closed is not None and cut <= WRITE_TIMEOUT * 1.5 * NOISE
    assert await holds(shared) == 0


async def _gone(state: Upstream) -> bool:
    return state.open == 0
