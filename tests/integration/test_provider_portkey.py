"""A real Portkey Gateway before a real model: unary, streaming, refused by the gateway, and down."""

from __future__ import annotations

import asyncio
import os
import shutil
import signal
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import orjson
import pytest
import pytest_asyncio
from rest_upstream import LOCAL
from trunkline.v1.completion_pb2 import CompleteRequest
from trunkline_server.domain.deadline import Deadline
from trunkline_server.domain.errors import ProviderError, Reason
from trunkline_server.domain.fold import fold
from trunkline_server.domain.ports import Target
from trunkline_server.embedded import MissingPartError, embedded_model
from trunkline_server.providers.driver import ProviderDriver

# Later servers of hono share the upstream's read-only headers with the answer, and every stream of the gateway fails.
MANIFEST = {"dependencies": {"@portkey-ai/gateway": "1.15.2"}, "overrides": {"@hono/node-server": "1.13.8"}}
PREFIX = Path(__file__).resolve().parents[2] / ".tools" / "portkey"
SERVER = PREFIX / "node_modules/@portkey-ai/gateway/build/start-server.js"
SECONDS = 60.0
ASK = CompleteRequest(prompt="Name a colour.", max_tokens=8, temperature=0, seed=7)

pytestmark = pytest.mark.asyncio(loop_scope="module")


async def _install() -> None:
    """Install the gateway once; skip where that is not possible."""
    if SERVER.exists():
        return
    if shutil.which("npm") is None or shutil.which("node") is None:
        pytest.skip("Portkey Gateway needs node and npm")
    PREFIX.mkdir(parents=True, exist_ok=True)
    (PREFIX / "package.json").write_bytes(orjson.dumps(MANIFEST))
    arguments = ("install", "--ignore-scripts", "--no-audit", "--no-fund")
    install = await asyncio.create_subprocess_exec("npm", *arguments, cwd=PREFIX, stdout=asyncio.subprocess.DEVNULL)
    async with asyncio.timeout(180):
        if await install.wait() != 0:
            pytest.skip("npm could not install Portkey Gateway")


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@asynccontextmanager
async def _gateway() -> AsyncIterator[int]:
    await _install()
    port = _free_port()
    # The gateway refuses private addresses unless they are trusted.
    environment = os.environ | {"TRUSTED_CUSTOM_HOSTS": "127.0.0.1,localhost"}
    process = await asyncio.create_subprocess_exec(
        *("node", str(SERVER), f"--port={port}", "--headless"), env=environment, stdout=asyncio.subprocess.DEVNULL
    )
    try:
        async with asyncio.timeout(30):
            while not await _listens(port):
                assert process.returncode is None
                await asyncio.sleep(0.1)
        yield port
    finally:
        if process.returncode is None:
            process.send_signal(signal.SIGKILL)
        await process.wait()


async def _listens(port: int) -> bool:
    try:
        _, writer = await asyncio.open_connection("127.0.0.1", port)
    except OSError:
        return False
    writer.close()
    return True


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def gateway() -> AsyncIterator[int]:
    async with _gateway() as port:
        yield port


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def model(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[str]:
    try:
        async with embedded_model(tmp_path_factory.mktemp("model"), n_parallel=2, n_ctx=2048) as server:
            yield server.base_url
    except MissingPartError as missing:
        pytest.skip(str(missing))


def _target(port: int, **options: str) -> Target:
    endpoint = f"http://127.0.0.1:{port}/v1"
    name = "smollm2-135m-instruct"
    return Target("i", "portkey", "openai", name, endpoint, SECONDS, "any-key", {"secret_as": "upstream", **options})


async def test_unary_and_streamed_answers_agree(gateway: int, model: str) -> None:
    target = _target(gateway, custom_host=model)
    async with ProviderDriver(LOCAL) as driver:
        whole = await driver.complete(target, ASK, Deadline.after(SECONDS))
        events = [event async for event in driver.stream(target, ASK, Deadline.after(SECONDS))]
    folded = fold(events)
    assert whole.completion
    assert folded.completion == whole.completion
    assert folded.usage.output_tokens == whole.usage.output_tokens == 8
    assert whole.provider == "openai"


async def test_the_provider_behind_the_gateway_is_down(gateway: int) -> None:
    target = _target(gateway, custom_host=f"http://127.0.0.1:{_free_port()}/v1")
    async with ProviderDriver(LOCAL) as driver:
        with pytest.raises(ProviderError) as caught:
            await driver.complete(target, ASK, Deadline.after(SECONDS))
    assert caught.value.reason == Reason.ERROR_REASON_UPSTREAM_UNAVAILABLE
    assert caught.value.fallback


async def test_the_gateway_refuses(gateway: int) -> None:
    async with ProviderDriver(LOCAL) as driver:
        with pytest.raises(ProviderError) as caught:
            await driver.complete(_target(gateway, config="{not json"), ASK, Deadline.after(SECONDS))
    assert caught.value.metadata["gateway"] == "true"
    assert caught.value.fallback


async def test_the_gateway_is_down() -> None:
    async with ProviderDriver(LOCAL) as driver:
        with pytest.raises(ProviderError) as caught:
            await driver.complete(_target(_free_port()), ASK, Deadline.after(SECONDS))
    assert caught.value.reason == Reason.ERROR_REASON_UPSTREAM_UNAVAILABLE
    assert caught.value.fallback
