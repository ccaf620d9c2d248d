"""Receivers and events for the tests of webhooks."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any
from uuid import uuid4

import asyncpg
import orjson
from aiohttp import web
from standardwebhooks.webhooks import Webhook
from trunkline.v1.event_pb2 import Event, IntegrationHealthChanged, ProviderFailover, WebhookReceived
from trunkline_server.stores.postgres.outbox import take_turn, write_events


def health(integration_id: str = "crm", tenant_id: str = "acme", event_id: str = "") -> Event:
    """An event about an integration."""
    event = Event(
        event_id=event_id or str(uuid4()),
        type="integration.health_changed",
        tenant_id=tenant_id,
        schema_version=1,
        trace_id="4bf92f3577b34da6a3ce929d0e0e4736",
        integration_health_changed=IntegrationHealthChanged(integration_id=integration_id, detail="it is down"),
    )
    event.create_time.GetCurrentTime()
    return event


def failover(tenant_id: str = "acme", request_id: str = "r-1") -> Event:
    """An event about no integration."""
    payload = ProviderFailover(original_provider="a", fallback_provider="b", request_id=request_id)
    event = Event(event_id=str(uuid4()), type="provider.failover", tenant_id=tenant_id, provider_failover=payload)
    event.create_time.GetCurrentTime()
    return event


def received(body: bytes, tenant_id: str = "acme") -> Event:
    """An event of a receiver."""
    payload = WebhookReceived(integration_id="crm", source_type="ping", body=body)
    event = Event(event_id=str(uuid4()), type="webhook.received", tenant_id=tenant_id, webhook_received=payload)
    event.create_time.GetCurrentTime()
    return event


async def record(dsn: str, *events: Event) -> None:
    """Write events as the server does: each tenant's in one committed transaction."""
    connection = await asyncpg.connect(dsn)
    try:
        for tenant_id in sorted({event.tenant_id for event in events}):
            async with connection.transaction():
                await take_turn(connection, tenant_id)
                await write_events(connection, tenant_id, [one for one in events if one.tenant_id == tenant_id])
    finally:
        await connection.close()


async def record_poison(dsn: str, tenant_id: str = "acme", type_: str = "provider.failover") -> str:
    """Write an event that nobody can read; returns its id."""
    event_id = str(uuid4())
    connection = await asyncpg.connect(dsn)
    try:
        async with connection.transaction():
            await take_turn(connection, tenant_id)
            await connection.execute(
                "INSERT INTO trunkline.outbox (tenant_id, event_id, type, create_time, payload) "
                "VALUES ($1, $2, $3, now(), $4)",
                *(tenant_id, event_id, type_, b"\xff\xff no message"),
            )
    finally:
        await connection.close()
    return event_id


@dataclass(slots=True)
class Delivered:
    """A message whose signature is right."""

    id: str
    type: str
    body: Any
    signatures: int
    headers: dict[str, str]
    at: float


@dataclass
class Receiver:
    """A real HTTP receiver: the reference library verifies every message; what it refuses is in `forged`."""

    url: str = ""
    secrets: list[str] = field(default_factory=list)
    got: list[Delivered] = field(default_factory=list)
    forged: list[str] = field(default_factory=list)
    # Of each message: (status, headers, body); None answers 200.
    answer: Callable[[Delivered], Awaitable[tuple[int, dict[str, str], bytes]]] | None = None
    under_way: int = 0
    most_under_way: int = 0

    @property
    def ids(self) -> list[str]:
        """The ids of events, as they came."""
        return [one.id for one in self.got if one.type != "webhook.verification"]

    def counts(self) -> Counter[str]:
        """How often each event came."""
        return Counter(self.ids)

    def answers(self, status: int, headers: dict[str, str] | None = None, body: bytes = b"") -> None:
        """Always answer this, but verifications."""

        async def fixed(_: Delivered) -> tuple[int, dict[str, str], bytes]:
            return status, headers or {}, body

        self.answer = fixed

    async def handle(self, request: web.BaseRequest) -> web.StreamResponse:
        body = await request.read()
        headers = {name.lower(): value for name, value in request.headers.items()}
        if not any(_verifies(secret, body, headers) for secret in self.secrets):
            self.forged.append(headers.get("webhook-id", ""))
            return web.Response(status=401)
        told = orjson.loads(body)
        message = Delivered(
            headers["webhook-id"],
            told["type"],
            told,
            len(headers["webhook-signature"].split()),
            headers,
            asyncio.get_running_loop().time(),
        )
        self.got.append(message)
        if message.type == "webhook.verification":
            return web.json_response({"challenge": told["data"]["challenge"]})
        self.under_way += 1
        self.most_under_way = max(self.most_under_way, self.under_way)
        try:
            status, more, text = await self.answer(message) if self.answer else (200, {}, b"thanks")
        finally:
            self.under_way -= 1
        return web.Response(status=status, headers=more, body=text)


def _verifies(secret: str, body: bytes, headers: dict[str, str]) -> bool:
    try:
        Webhook(secret).verify(body, headers)
    except Exception:
        return False
    return True


@asynccontextmanager
async def receiver(
    secrets: Sequence[str] = (), port: int = 0, kind: type[Receiver] = Receiver
) -> AsyncIterator[Receiver]:
    """Listen until the end of the block."""
    found = kind(secrets=list(secrets))
    runner = web.ServerRunner(web.Server(found.handle), shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", port).start()
    found.url = f"http://127.0.0.1:{runner.addresses[0][1]}/hook"
    try:
        yield found
    finally:
        await runner.cleanup()


async def until(condition: Callable[[], Any], seconds: float = 30.0) -> None:
    """Wait for a condition, which may be a coroutine function."""
    async with asyncio.timeout(seconds):
        while True:
            found = condition()
            if await found if asyncio.iscoroutine(found) else found:
                return
            await asyncio.sleep(0.05)


def missing(events: Iterable[Event], there: Receiver) -> list[str]:
    """The events that did not come."""
    came = set(there.ids)
    return [event.event_id for event in events if event.event_id not in came]
