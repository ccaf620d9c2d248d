"""The command `trunkline` as a process of its own."""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

_COMMAND = (sys.executable, "-c", "from trunkline_server.cli import main; main()")
_SECONDS = 60.0


@dataclass(frozen=True, slots=True)
class Done:
    """How a command ended, and what it wrote."""

    code: int
    out: str
    err: str


async def trunkline(directory: Path, *arguments: str, **environment: str) -> Done:
    """Run the command in a directory, with nothing of Trunkline in its environment but what is given."""
    process = await asyncio.create_subprocess_exec(
        *(*_COMMAND, *arguments),
        cwd=directory,
        env=_clean(os.environ) | environment,
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    try:
        async with asyncio.timeout(_SECONDS):
            out, err = await process.communicate()
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    assert process.returncode is not None
    return Done(process.returncode, out.decode(), err.decode())


def _clean(environ: Mapping[str, str]) -> dict[str, str]:
    ours = ("TRUNKLINE", "DATABASE_URL", "REDIS_CLUSTER_URLS", "SSL_CERT_")
    return {name: value for name, value in environ.items() if not name.startswith(ours)}
