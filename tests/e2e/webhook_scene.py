"""An endpoint and its receiver, in front of a Trunkline whose retries are quick."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import grpc
from google.protobuf.field_mask_pb2 import FieldMask
from harness import Stack, stack
from trunkline.v1 import webhook_pb2_grpc
from trunkline.v1.webhook_pb2 import (
    CreateWebhookEndpointRequest,
    CreateWebhookEndpointResponse,
    DeleteWebhookEndpointRequest,
    GetWebhookDeliveryRequest,
    GetWebhookEndpointRequest,
    ListWebhookDeliveriesRequest,
    UpdateWebhookEndpointRequest,
    VerifyWebhookEndpointRequest,
    WebhookDelivery,
    WebhookDeliveryStatus,
    WebhookEndpoint,
    WebhookEndpointStatus,
)
from webhook_parts import Receiver, receiver

Status = WebhookEndpointStatus
DEAD = WebhookDeliveryStatus.WEBHOOK_DELIVERY_STATUS_DEAD
DELIVERED = WebhookDeliveryStatus.WEBHOOK_DELIVERY_STATUS_DELIVERED
PENDING = WebhookDeliveryStatus.WEBHOOK_DELIVERY_STATUS_PENDING


class Hooks:
    """A Trunkline whose retries are quick, and its WebhookService."""

    def __init__(self, running: Stack, channel: grpc.aio.Channel) -> None:
        self.running = running
        self.stub: Any = webhook_pb2_grpc.WebhookServiceStub(channel)

    def __getattr__(self, name: str) -> Any:
        method = getattr(self.stub, name)
        return lambda request, **more: method(request, **({"metadata": self.running.metadata(), "timeout": 30} | more))

    @property
    def dsn(self) -> str:
        return self.running.postgres_dsn

    async def make(self, there: Receiver, name: str, **fields: Any) -> CreateWebhookEndpointResponse:
        """A verified endpoint."""
        endpoint = WebhookEndpoint(endpoint_id=name, url=there.url, **fields)
        made = await self.CreateWebhookEndpoint(CreateWebhookEndpointRequest(endpoint=endpoint))
        there.secrets.append(made.secret)
        verified = await self.VerifyWebhookEndpoint(VerifyWebhookEndpointRequest(endpoint_id=name))
        assert verified.endpoint.status == Status.WEBHOOK_ENDPOINT_STATUS_ACTIVE
        assert not there.forged
        return made

    async def deliveries(self, name: str, status: Any = 0) -> list[WebhookDelivery]:
        """The newest ones."""
        request = ListWebhookDeliveriesRequest(endpoint_id=name, status=status)
        return list((await self.ListWebhookDeliveries(request)).deliveries)

    async def delivery(self, name: str, event_id: str) -> Any:
        return await self.GetWebhookDelivery(GetWebhookDeliveryRequest(endpoint_id=name, event_id=event_id))

    async def get(self, name: str) -> WebhookEndpoint:
        found: WebhookEndpoint = (await self.GetWebhookEndpoint(GetWebhookEndpointRequest(endpoint_id=name))).endpoint
        return found

    async def update(self, name: str, *paths: str, **fields: Any) -> WebhookEndpoint:
        request = UpdateWebhookEndpointRequest(
            endpoint=WebhookEndpoint(endpoint_id=name, **fields), update_mask=FieldMask(paths=paths)
        )
        found: WebhookEndpoint = (await self.UpdateWebhookEndpoint(request)).endpoint
        return found

    async def status(self, name: str, event_id: str) -> Any:
        return next((one.status for one in await self.deliveries(name) if one.event_id == event_id), 0)


@asynccontextmanager
async def started(base: Path) -> AsyncIterator[Hooks]:
    """A server of its own."""
    environment = {"TRUNKLINE__EVENTS__WEBHOOK_RETRY_SECONDS": "0.2,0.3,0.4"}
    async with (
        stack(base, [], model="", environment=environment) as running,
        grpc.aio.insecure_channel(running.target) as channel,
    ):
        yield Hooks(running, channel)


@asynccontextmanager
async def endpoint(hooks: Hooks, name: str, **fields: Any) -> AsyncIterator[Receiver]:
    """A verified endpoint and its receiver, gone behind the block."""
    async with receiver() as there:
        await hooks.make(there, name, **fields)
        yield there
        await hooks.DeleteWebhookEndpoint(DeleteWebhookEndpointRequest(endpoint_id=name))
        assert not there.forged, "a signature was wrong"


async def is_status(hooks: Hooks, name: str, event_id: str, status: Any) -> bool:
    return bool(await hooks.status(name, event_id) == status)


async def is_disabled(hooks: Hooks, name: str) -> bool:
    return (await hooks.get(name)).status == Status.WEBHOOK_ENDPOINT_STATUS_DISABLED
