"""Emulators of object stores as processes of their own: moto for S3, Azurite for Azure, fake-gcs-server for Google.

Azurite and fake-gcs-server are installed below .tools/ when they are first needed; they need node and Go.
"""

from __future__ import annotations

import asyncio
import os
import shutil
import sys
import time
from asyncio.subprocess import DEVNULL, STDOUT, Process
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import aiohttp
import orjson
import pytest
from aiohttp import web
from token_upstream import service_account
from trunkline.v1.authentication_pb2 import Authentication, AuthenticationScheme
from trunkline.v1.configuration_pb2 import Configuration, IntegrationType
from trunkline.v1.integration_pb2 import Integration
from trunkline.v1.storage_pb2 import StorageConfiguration
from trunkline_server.connectors.storage.configuration import STORES, effective
from trunkline_server.connectors.storage.port import Ask, Place
from trunkline_server.embedded.process import free_port
from yarl import URL

BUCKET = "trunkline-tests"
TOOLS = Path(os.environ.get("TRUNKLINE_TOOLS") or Path(__file__).resolve().parents[1] / ".tools")
AZURITE, FAKE_GCS = "3.37.0", "v1.56.1"
# The account that every Azurite has, as its documentation tells.
_AZURE_KEY = "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw=="
_ACCOUNT = "devstoreaccount1"
_START_SECONDS = 120.0
# aiohttp's own, which no signature covers.
_SKIP = ("Content-Type",)


@dataclass
class Emulator:
    """A store with an empty bucket. `storage` is what its configurations have in common; `process` may be stopped."""

    connector: str
    endpoint: str
    secret: str = field(repr=False)
    process: Process
    storage: Mapping[str, Any] = field(default_factory=dict)
    authentication: Authentication = field(default_factory=Authentication)

    def integration(self, integration_id: str = "bucket", **storage: Any) -> Integration:
        """An integration of the bucket that may do everything."""
        found: dict[str, Any] = {"connector": self.connector, "bucket": BUCKET, "part_bytes": 5 << 20}
        found |= {"allow_writes": True, "allow_deletes": True} | dict(self.storage) | storage
        configuration = Configuration(
            endpoint=self.endpoint, authentication=self.authentication, storage=StorageConfiguration(**found)
        )
        kind = IntegrationType.INTEGRATION_TYPE_STORAGE
        return Integration(integration_id=integration_id, type=kind, configuration=configuration)

    async def ask(self, method: str, path: str, query: Sequence[tuple[str, str]] = ()) -> tuple[int, bytes]:
        """A request that its own API takes, signed."""
        store = STORES[self.connector](Place(self.endpoint, BUCKET, path_style=True))
        signed = store.sign(Ask(method, path, query), self.secret, time.time())
        headers = {name: value for name, value in signed.headers.items() if name != "host"}
        async with (
            aiohttp.ClientSession() as http,
            http.request(method, URL(signed.url, encoded=True), headers=headers, skip_auto_headers=_SKIP) as answer,
        ):
            return answer.status, await answer.read()


@asynccontextmanager
async def s3(directory: Path, port: int = 0) -> AsyncIterator[Emulator]:
    """moto."""
    port = port or free_port()
    command = (sys.executable, "-m", "moto.server", "-H", "127.0.0.1", "-p", str(port))
    async with _process(command, port, directory / "moto.log") as process:
        secret = "AKIAIOSFODNN7EXAMPLE:wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"
        one = Emulator("s3", f"http://127.0.0.1:{port}", secret, process, {"path_style": True})
        await _made(lambda: one.ask("PUT", f"/{BUCKET}"))
        yield one


@asynccontextmanager
async def azure(directory: Path) -> AsyncIterator[Emulator]:
    """Azurite."""
    script, port = await _azurite(), free_port()
    options = ("--inMemoryPersistence", "--loose", "--skipApiVersionCheck", "--disableTelemetry", "--silent")
    command = ("node", str(script), "--blobHost", "127.0.0.1", "--blobPort", str(port), *options)
    async with _process(command, port, directory / "azurite.log") as process:
        one = Emulator("azure_blob", f"http://127.0.0.1:{port}/{_ACCOUNT}", f"{_ACCOUNT}:{_AZURE_KEY}", process)
        await _made(lambda: one.ask("PUT", f"/{BUCKET}", [("restype", "container")]))
        yield one


@asynccontextmanager
async def gcs(directory: Path) -> AsyncIterator[Emulator]:
    """fake-gcs-server, and a token endpoint for the service account."""
    binary, port = await _fake_gcs(), free_port()
    options = ("-scheme", "http", "-host", "127.0.0.1", "-port", str(port), "-backend", "memory")
    command = (str(binary), *options, "-public-host", f"127.0.0.1:{port}")
    async with _process(command, port, directory / "gcs.log") as process, _tokens() as tokens:
        one = Emulator("gcs", f"http://127.0.0.1:{port}", service_account(token_uri=tokens), process)
        url = f"{one.endpoint}/storage/v1/b?project=tests"
        await _made(lambda: _post(url, {"name": BUCKET}))
        yield one


EMULATORS: Mapping[str, Callable[[Path], AbstractAsyncContextManager[Emulator]]] = {
    "s3": s3,
    "azure": azure,
    "gcs": gcs,
}


def keyless(one: Emulator) -> Emulator:
    """The emulator without authentication."""
    return replace(
        one, authentication=Authentication(scheme=AuthenticationScheme.AUTHENTICATION_SCHEME_NONE), secret=""
    )


def scheme_of(integration: Integration) -> int:
    """The scheme that holds."""
    return effective(integration).scheme


@asynccontextmanager
async def _process(command: Sequence[str], port: int, log_path: Path) -> AsyncIterator[Process]:
    with log_path.open("wb") as log:
        process = await asyncio.create_subprocess_exec(*command, cwd=log_path.parent, stdout=log, stderr=STDOUT)
    try:
        async with asyncio.timeout(_START_SECONDS):
            while not await _listens(port):
                assert process.returncode is None, log_path.read_text(errors="replace")[-2000:]
                await asyncio.sleep(0.1)
        yield process
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()


async def _listens(port: int) -> bool:
    try:
        _, writer = await asyncio.open_connection("127.0.0.1", port)
    except OSError:
        return False
    writer.close()
    return True


async def _made(make: Callable[[], Awaitable[tuple[int, bytes]]]) -> None:
    status, body = await make()
    assert status in (200, 201), body


async def _post(url: str, body: object) -> tuple[int, bytes]:
    async with aiohttp.ClientSession() as http, http.post(url, json=body) as answer:
        return answer.status, await answer.read()


@asynccontextmanager
async def _tokens() -> AsyncIterator[str]:
    async def token(request: web.Request) -> web.Response:
        return web.json_response({"access_token": "ya29.tests", "expires_in": 3600, "token_type": "Bearer"})

    app = web.Application()
    app.router.add_post("/token", token)
    runner = web.AppRunner(app)
    await runner.setup()
    port = free_port()
    await web.TCPSite(runner, "127.0.0.1", port).start()
    try:
        yield f"http://127.0.0.1:{port}/token"
    finally:
        await runner.cleanup()


async def _azurite() -> Path:
    """Installed once; skips the test where that is not possible."""
    prefix = TOOLS / "azurite"
    script = prefix / "node_modules/azurite/dist/src/blob/main.js"
    if script.exists():
        return script
    if shutil.which("npm") is None or shutil.which("node") is None:
        pytest.skip("Azurite needs node and npm")
    prefix.mkdir(parents=True, exist_ok=True)
    (prefix / "package.json").write_bytes(orjson.dumps({"dependencies": {"azurite": AZURITE}}))
    arguments = ("npm", "install", "--ignore-scripts", "--no-audit", "--no-fund", "--silent")
    await _install(arguments, prefix, {}, "npm could not install Azurite")
    return script


async def _fake_gcs() -> Path:
    """Built once; skips the test where that is not possible."""
    binary = TOOLS / "bin" / "fake-gcs-server"
    if binary.exists():
        return binary
    if shutil.which("go") is None:
        pytest.skip("fake-gcs-server needs Go")
    binary.parent.mkdir(parents=True, exist_ok=True)
    arguments = ("go", "install", f"github.com/fsouza/fake-gcs-server@{FAKE_GCS}")
    await _install(arguments, TOOLS, {"GOBIN": str(binary.parent)}, "Go could not build fake-gcs-server")
    return binary


async def _install(command: Sequence[str], folder: Path, environment: Mapping[str, str], reason: str) -> None:
    process = await asyncio.create_subprocess_exec(
        *command, cwd=folder, env=os.environ | dict(environment), stdout=DEVNULL, stderr=DEVNULL
    )
    async with asyncio.timeout(600):
        if await process.wait() != 0:
            pytest.skip(reason)
