"""A live server: with the real small model behind it, or with an upstream that does as it is told."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import grpc
import pytest
import pytest_asyncio
from harness import Stack, provider, stack
from trunkline_server.embedded import MissingPartError, embedded_model
from upstream import MODEL, Upstream, upstream


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def live_server(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Stack]:
    """Trunkline in front of a real model."""
    base: Path = tmp_path_factory.mktemp("live")
    try:
        async with embedded_model(base / "model") as model:
            integration = provider("local", model.base_url, [model.model_name], profile="llamacpp")
            async with stack(base, [integration], model=f"llamacpp/{model.model_name}") as running:
                yield running
    except MissingPartError as missing:
        pytest.skip(str(missing))


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def mock(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[tuple[Stack, Upstream]]:
    """Trunkline in front of an upstream that does as it is told."""
    async with upstream() as state:
        integration = provider("mock", state.url, [MODEL])
        async with stack(tmp_path_factory.mktemp("mock"), [integration], model=f"vllm/{MODEL}") as running:
            yield running, state


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def channel(mock: tuple[Stack, Upstream]) -> AsyncIterator[grpc.aio.Channel]:
    """A channel to the mocked stack."""
    async with grpc.aio.insecure_channel(mock[0].target) as opened:
        yield opened
