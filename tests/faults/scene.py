"""A Trunkline and the upstreams behind it, for one row."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

import grpc
from harness import Stack, provider, stack
from trunkline.v1 import integration_pb2_grpc
from trunkline.v1.configuration_pb2 import IntegrationType
from trunkline.v1.integration_pb2 import CreateIntegrationRequest
from upstream import MODEL, Upstream, upstream

# Of the Trunkline that rows share, in seconds.
IDLE = 3.0
WRITE_TIMEOUT = 3.0


@asynccontextmanager
async def own(
    base: Path, *, workers: int = 1, environment: Mapping[str, str] | None = None, **behaviour: object
) -> AsyncIterator[tuple[Stack, Upstream]]:
    """A Trunkline and its upstream for one test, which may kill what it likes."""
    settings = {"TRUNKLINE__SERVER__MAX_CONCURRENT_REQUESTS": "5000", "TRUNKLINE__OBSERVABILITY__ACCESS_LOG": "off"}
    async with (
        upstream(**behaviour) as state,
        stack(
            base,
            [provider("mock", state.url, [MODEL])],
            model=f"vllm/{MODEL}",
            workers=workers,
            budget_usd=1_000_000,
            environment=settings | dict(environment or {}),
        ) as running,
    ):
        yield running, state


@asynccontextmanager
async def joined(running: Stack, name: str, count: int = 1, **behaviour: object) -> AsyncIterator[list[Upstream]]:
    """Integrations `name-0`, `name-1`, … of the model `vllm/<name>`, each before an upstream of its own."""
    async with AsyncExitStack() as closing, grpc.aio.insecure_channel(running.target) as channel:
        stub = integration_pb2_grpc.IntegrationServiceStub(channel)
        states = []
        for number in range(count):
            state = await closing.enter_async_context(upstream())
            found = provider(f"{name}-{number}", state.url, [name])
            found.configuration.authentication.secret = "sk-test-upstream-secret"
            request = CreateIntegrationRequest(
                integration_id=found.integration_id,
                type=IntegrationType.INTEGRATION_TYPE_LLM_PROVIDER,
                configuration=found.configuration,
            )
            await stub.CreateIntegration(request, metadata=running.metadata(), timeout=10)
            # Its models are asked for before it is created; only then does it misbehave.
            for key, value in behaviour.items():
                setattr(state, key, value)
            states.append(state)
        yield states
