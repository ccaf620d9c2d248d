"""What the tests of Postgres share."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from itertools import count
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import asyncpg
import pytest
from google.protobuf.timestamp_pb2 import Timestamp
from trunkline.v1.access_pb2 import ApiKey, Tenant
from trunkline.v1.analytics_pb2 import RecordedRequest
from trunkline.v1.authentication_pb2 import AuthenticationScheme
from trunkline.v1.common_pb2 import CallContext, CostDetails, Usage
from trunkline.v1.configuration_pb2 import (
    CircuitBreaker,
    Configuration,
    IntegrationType,
    LlmProviderConfiguration,
    Monitoring,
    PriceOverride,
)
from trunkline.v1.event_pb2 import Event
from trunkline.v1.integration_pb2 import Integration
from trunkline_server.domain.errors import Reason, TrunklineError
from trunkline_server.domain.keys import new_api_key
from trunkline_server.domain.ports import Actor, Settled
from trunkline_server.stores.crypto import Keyring
from trunkline_server.stores.postgres import Database, PgKeys, PgTenants

ACTOR = Actor(tenant_id="acme", key_id="key-1", trace_id="trace-1")
KEYRING = Keyring([("k1", b"1" * 32)])
SECRET = "sk-a-secret-of-some-length"


@dataclass
class PostgresServer:
    """Makes and drops databases. `dsn` is the superuser's."""

    dsn: str
    numbers: "count[int]" = field(default_factory=count)

    def database(self, name: str) -> str:
        """The DSN of a database."""
        return urlunsplit(urlsplit(self.dsn)._replace(path=f"/{name}"))

    async def execute(self, sql: str) -> None:
        connection = await asyncpg.connect(self.dsn)
        try:
            await connection.execute(sql)
        finally:
            await connection.close()


@asynccontextmanager
async def superuser(dsn: str) -> AsyncIterator[Any]:
    """A connection that nothing binds."""
    connection = await asyncpg.connect(dsn)
    try:
        yield connection
    finally:
        await connection.close()


@asynccontextmanager
async def refused(reason: str, **metadata: str) -> AsyncIterator[None]:
    """The block raises a TrunklineError of this reason, with this metadata among its own."""
    with pytest.raises(TrunklineError) as caught:
        yield
    assert caught.value.reason_name == reason
    assert metadata.items() <= caught.value.metadata.items()
    assert caught.value.reason in Reason.values()


def actor(tenant_id: str) -> Actor:
    return Actor(tenant_id=tenant_id, key_id="key-1")


async def make_tenants(database: Database, *tenant_ids: str) -> None:
    for tenant_id in tenant_ids:
        await PgTenants(database).create(ACTOR, Tenant(tenant_id=tenant_id))


async def make_key(database: Database, tenant_id: str = "acme", **fields: Any) -> tuple[str, str]:
    """(key id, token) of a new key."""
    key_id, token, digest = new_api_key()
    fields.setdefault("roles", ["agent"])
    await PgKeys(database).create(actor(tenant_id), ApiKey(key_id=key_id, **fields), digest)
    return key_id, token


def openai(integration_id: str = "openai") -> Integration:
    integration = Integration(
        integration_id=integration_id,
        type=IntegrationType.INTEGRATION_TYPE_LLM_PROVIDER,
        configuration=Configuration(
            endpoint="https://api.example.com/v1",
            circuit_breaker=CircuitBreaker(failure_threshold=7),
            llm_provider=LlmProviderConfiguration(
                provider="openai",
                price_overrides=[PriceOverride(model="*", input_nano_usd_per_million=2**53 + 1)],
            ),
        ),
        monitoring=Monitoring(enabled=False, metrics=["cost"]),
        display_name="OpenAI",
    )
    authentication = integration.configuration.authentication
    authentication.scheme = AuthenticationScheme.AUTHENTICATION_SCHEME_BEARER
    return integration


def settled(
    entry: str,
    tenant_id: str = "acme",
    nano_usd: int = 5,
    budgets: Sequence[tuple[str, str]] = (("b", "2026-11"),),
    at: Timestamp | None = None,
    key_id: str = "",
) -> Settled:
    if at is None:
        at = Timestamp()
        at.GetCurrentTime()
    record = RecordedRequest(
        request_id=f"request-{entry}",
        create_time=at,
        method="trunkline.v1.LLMService/Complete",
        context=CallContext(tenant_id=tenant_id, agent_id="agent-1", user_id="user-1", workflow_id="flow-1"),
        integration_id="openai",
        provider="openai",
        model="gpt-4o",
        usage=Usage(input_tokens=10, output_tokens=0),
        cost_details=CostDetails(nano_usd=nano_usd, price_version="prices/1"),
        key_id=key_id,
    )
    event = Event(event_id=f"event-{entry}", type="integration.request_completed", tenant_id=tenant_id)
    event.create_time.CopyFrom(at)
    return Settled(entry, tenant_id, record, budgets, [event])
