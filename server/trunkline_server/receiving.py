"""What receives webhooks in a worker, joined from its parts."""

from __future__ import annotations

from contextlib import AsyncExitStack

from aiohttp import web

from trunkline_server.connectors.webhook import WebhookConnector
from trunkline_server.domain.receivers import Receivers
from trunkline_server.ops import admin
from trunkline_server.ops.accesslog import AccessLog
from trunkline_server.ops.receivers import ReceiverEndpoint
from trunkline_server.parts import Parts
from trunkline_server.stores import postgres


async def receive(
    parts: Parts, log: AccessLog, application: web.Application, address: str, stack: AsyncExitStack
) -> None:
    """Receive at an address of its own, or by the `application` of the admin address where that is empty."""
    receivers = Receivers(parts.directory, postgres.PgReceivers(parts.database), WebhookConnector())
    own = web.Application() if address else application
    ReceiverEndpoint(receivers, log).add_to(own)
    if address:
        stack.push_async_callback((await admin.serve(own, address)).cleanup)
