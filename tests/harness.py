"""A whole Trunkline for tests: real Postgres, real Redis, the real server in its own processes, and an upstream."""

from __future__ import annotations

import asyncio
import base64
import os
import secrets
import signal
import sys
from asyncio.subprocess import Process
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import asyncpg
import grpc
from google.type.money_pb2 import Money
from grpc_health.v1 import health_pb2, health_pb2_grpc
from redis.asyncio import Redis
from trunkline.v1.access_pb2 import ApiKey, Tenant
from trunkline.v1.analytics_pb2 import RecordedRequest
from trunkline.v1.authentication_pb2 import Authentication, AuthenticationScheme
from trunkline.v1.budget_pb2 import Budget, BudgetPeriod, BudgetScope
from trunkline.v1.configuration_pb2 import Configuration, IntegrationType, LlmProviderConfiguration, PriceOverride
from trunkline.v1.integration_pb2 import Integration
from trunkline_server.domain.keys import new_api_key
from trunkline_server.domain.ports import Actor
from trunkline_server.embedded import EmbeddedPostgres, EmbeddedRedis, embedded_postgres, embedded_redis
from trunkline_server.embedded.process import free_port
from trunkline_server.stores import postgres
from trunkline_server.stores.crypto import Keyring

START_SECONDS = 30.0
# A server that starts slowly is not left alone for ever longer.
_EAGER = (("grpc.max_reconnect_backoff_ms", 500),)
TENANT = "acme"
# Nano-USD per million tokens: what the upstream of the tests is taken to cost.
INPUT_PRICE, OUTPUT_PRICE = 1_000_000_000, 2_000_000_000


@dataclass
class Stack:
    """A running Trunkline. `key` is an admin's, `operator_key` an operator's."""

    target: str
    admin: str
    key: str
    operator_key: str
    model: str
    postgres_dsn: str
    redis_url: str
    process: Process
    actor: Actor
    log_path: Path
    environment: Mapping[str, str] = field(repr=False, default_factory=dict)
    # For tests that stop a store.
    postgres: EmbeddedPostgres | None = None
    redis: EmbeddedRedis | None = None

    async def recorded(self, request_id: str, seconds: float = 10.0) -> RecordedRequest | None:
        """The call as the request log has it; None when it is not there within `seconds`."""
        loop = asyncio.get_running_loop()
        give_up = loop.time() + seconds
        connection = await asyncpg.connect(self.postgres_dsn)
        try:
            while True:
                row = await connection.fetchrow(
                    "SELECT record FROM trunkline.request_log WHERE request_id = $1", request_id
                )
                if row is not None:
                    return RecordedRequest.FromString(row["record"])
                if loop.time() > give_up:
                    return None
                await asyncio.sleep(0.05)
        finally:
            await connection.close()

    def metadata(self, key: str | None = None) -> tuple[tuple[str, str], ...]:
        """Call metadata with a key; the admin's by default."""
        return (("authorization", f"Bearer {self.key if key is None else key}"),)

    def logs(self) -> str:
        """What the server wrote."""
        return self.log_path.read_text(errors="replace")

    async def stop(self, seconds: float = 60.0) -> int:
        """SIGTERM, and wait for the exit code."""
        if self.process.returncode is None:
            self.process.send_signal(signal.SIGTERM)
        return await asyncio.wait_for(self.process.wait(), seconds)


def provider(
    integration_id: str, endpoint: str, models: Sequence[str], profile: str = "vllm", **options: str
) -> Integration:
    """An `llm_provider` integration with prices."""
    return Integration(
        integration_id=integration_id,
        type=IntegrationType.INTEGRATION_TYPE_LLM_PROVIDER,
        configuration=Configuration(
            endpoint=endpoint,
            authentication=Authentication(scheme=AuthenticationScheme.AUTHENTICATION_SCHEME_BEARER),
            llm_provider=LlmProviderConfiguration(
                provider=profile,
                models=models,
                options=options,
                price_overrides=[
                    PriceOverride(
                        model="*",
                        input_nano_usd_per_million=INPUT_PRICE,
                        output_nano_usd_per_million=OUTPUT_PRICE,
                    )
                ],
            ),
        ),
    )


@asynccontextmanager
async def stack(
    base: Path,
    integrations: Sequence[Integration],
    *,
    model: str,
    workers: int = 1,
    budget_usd: int = 1000,
    environment: Mapping[str, str] | None = None,
    command: Sequence[str] = (),
    credentials: grpc.ChannelCredentials | None = None,
) -> AsyncIterator[Stack]:
    """Start everything; a monthly hard budget of `budget_usd` is set for the tenant. `credentials`: how to reach a
    server whose environment asks for TLS."""
    credential_keys = f"k1:{_key()}"
    async with (
        embedded_postgres(base / "postgres", durable=False) as pg,
        embedded_redis(base / "redis", durable=False) as redis,
    ):
        await postgres.migrate(pg.dsn)
        actor, key, operator_key = await _prepare(pg.dsn, credential_keys, integrations, budget_usd)
        settings = _settings(pg.dsn, redis.url, credential_keys, workers) | dict(environment or {})
        log_path = base / "server.log"
        whole = bare_environment() | settings
        with log_path.open("wb") as log:
            process = await asyncio.create_subprocess_exec(
                *command, sys.executable, "-m", "trunkline_server.main", env=whole, stdout=log, stderr=log
            )
        running = Stack(
            target=settings["TRUNKLINE__SERVER__LISTEN"],
            admin=settings["TRUNKLINE__SERVER__ADMIN"],
            key=key,
            operator_key=operator_key,
            model=model,
            postgres_dsn=pg.dsn,
            redis_url=redis.url,
            process=process,
            actor=actor,
            log_path=log_path,
            environment=settings,
            postgres=pg,
            redis=redis,
        )
        try:
            await ready(running, credentials)
            yield running
        finally:
            await _end(process)


async def _end(process: Process) -> None:
    if process.returncode is None:
        process.terminate()
        try:
            await asyncio.wait_for(process.wait(), 45)
        except TimeoutError:
            process.kill()


def _settings(dsn: str, redis_url: str, credential_keys: str, workers: int) -> dict[str, str]:
    return {
        "DATABASE_URL": dsn,
        "REDIS_CLUSTER_URLS": redis_url,
        "TRUNKLINE__SECURITY__CREDENTIAL_KEYS": credential_keys,
        "TRUNKLINE__SECURITY__ALLOW_HTTP": "true",
        "TRUNKLINE__SECURITY__ALLOWED_ADDRESSES": "127.0.0.0/8",
        "TRUNKLINE__SERVER__LISTEN": f"127.0.0.1:{free_port()}",
        "TRUNKLINE__SERVER__ADMIN": f"127.0.0.1:{free_port()}",
        "TRUNKLINE__SERVER__WORKERS": str(workers),
        "TRUNKLINE__SERVER__DRAIN_SECONDS": "0.2",
        # Upstreams count their calls: nobody checks them unasked, but for the tests of just that.
        "TRUNKLINE__INTEGRATIONS__CHECK_INTERVAL_SECONDS": "0",
    }


async def ready(running: Stack, credentials: grpc.ChannelCredentials | None = None) -> None:
    """Wait until `readiness` is SERVING. Raises RuntimeError with the log's end."""
    give_up = asyncio.get_running_loop().time() + START_SECONDS
    async with (
        grpc.aio.secure_channel(running.target, credentials, options=_EAGER)
        if credentials
        else grpc.aio.insecure_channel(running.target, options=_EAGER) as channel
    ):
        health = health_pb2_grpc.HealthStub(channel)
        while True:
            try:
                found = await health.Check(health_pb2.HealthCheckRequest(service="readiness"), timeout=1)
                if found.status == health_pb2.HealthCheckResponse.SERVING:
                    return
            except grpc.aio.AioRpcError:
                pass
            if running.process.returncode is not None or asyncio.get_running_loop().time() > give_up:
                raise RuntimeError(f"the server did not get ready:\n{running.logs()[-4000:]}")
            await asyncio.sleep(0.05)


async def _prepare(
    dsn: str, credential_keys: str, integrations: Sequence[Integration], budget_usd: int
) -> tuple[Actor, str, str]:
    actor = Actor(TENANT, "setup")
    async with postgres.open_database(dsn) as database:
        await postgres.PgTenants(database).create(actor, Tenant(tenant_id=TENANT))
        tokens = []
        for roles in (["admin"], ["admin", "operator"]):
            key_id, token, secret_hash = new_api_key()
            await postgres.PgKeys(database).create(
                actor, ApiKey(key_id=key_id, tenant_id=TENANT, roles=roles), secret_hash
            )
            tokens.append(token)
        store = postgres.PgIntegrations(database, Keyring.from_config([credential_keys]))
        for integration in integrations:
            await store.create(actor, integration, "sk-test-upstream-secret")
        await postgres.PgBudgets(database).create(
            actor,
            Budget(
                budget_id="monthly",
                scope=BudgetScope.BUDGET_SCOPE_TENANT,
                limit=Money(currency_code="USD", units=budget_usd),
                period=BudgetPeriod.BUDGET_PERIOD_MONTH,
            ),
        )
    return actor, tokens[0], tokens[1]


async def holds(running: Stack) -> int:
    """How many holds are open in Redis. What workers hold ahead they give back a second after the last call, which is
    waited for."""
    async with Redis.from_url(running.redis_url) as client:
        for _ in range(30):
            found = [name async for key in client.scan_iter("*:holds") for name in await client.hkeys(key)]
            if not any(b"/allotment-" in name for name in found):
                break
            await asyncio.sleep(0.1)
        return len(found)


def _key() -> str:
    return base64.b64encode(secrets.token_bytes(32)).decode()


def bare_environment() -> dict[str, str]:
    """The environment without anything that would configure the server."""
    return {k: v for k, v in os.environ.items() if not k.startswith("TRUNKLINE") and not k.endswith("_API_KEY")}
