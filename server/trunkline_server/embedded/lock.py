"""One user per data directory: an advisory lock which the kernel drops with its last holder."""

import asyncio
import fcntl
import os
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from trunkline_server.embedded.errors import EmbeddedError, InUseError
from trunkline_server.embedded.process import alive

# A server whose parent was killed shuts down by itself meanwhile.
_ORPHAN_SECONDS = 10.0


@asynccontextmanager
async def directory_lock(data_dir: Path) -> AsyncIterator[int]:
    """Hold `<data_dir>.lock`; yields its file descriptor.

    The server inherits the descriptor, so the lock also stands while a server outlives a killed parent.
    Raises InUseError when another live process holds it, EmbeddedError when the file cannot be opened.
    """
    path = data_dir.with_name(data_dir.name + ".lock")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError as error:
        raise EmbeddedError(f"cannot use {data_dir}: {error}; choose a directory you may write to") from error
    try:
        await _acquire(descriptor, data_dir)
        os.ftruncate(descriptor, 0)
        os.pwrite(descriptor, str(os.getpid()).encode(), 0)
        yield descriptor
    finally:
        os.close(descriptor)


async def _acquire(descriptor: int, data_dir: Path) -> None:
    deadline = time.monotonic() + _ORPHAN_SECONDS
    while True:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return
        except BlockingIOError:
            holder = os.pread(descriptor, 20, 0).decode()
        if time.monotonic() > deadline or (holder.isdigit() and alive(int(holder))):
            raise InUseError(
                f"{data_dir} is in use by process {holder} or a server it left: stop it, or choose another directory"
            )
        await asyncio.sleep(0.02)
