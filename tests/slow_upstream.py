"""Upstreams that take too long: one that never takes a connection, and one that speaks at a pace."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager


@contextmanager
def black_hole() -> Iterator[int]:
    """A port of the loopback whose backlog is full: what connects there is never answered."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen(0)
        port: int = listener.getsockname()[1]
        waiting = [socket.socket() for _ in range(4)]
        for one in waiting:
            one.setblocking(False)
            one.connect_ex(("127.0.0.1", port))
        try:
            yield port
        finally:
            for one in waiting:
                one.close()


@asynccontextmanager
async def speaker(speech: Sequence[tuple[float, bytes]]) -> AsyncIterator[int]:
    """A port where each connection hears the pieces of `speech`, each after its pause in seconds, then silence."""
    over = asyncio.Event()

    async def speak(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await reader.readuntil(b"\r\n\r\n")
            for pause, piece in speech:
                await asyncio.sleep(pause)
                writer.write(piece)
                await writer.drain()
            await over.wait()
        except (ConnectionError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.close()

    server = await asyncio.start_server(speak, "127.0.0.1", 0)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        over.set()
        server.close()
