"""The HTTP addresses of a worker: the admin's, and where webhooks are received."""

from __future__ import annotations

from contextlib import AsyncExitStack

from aiohttp import web

from trunkline_server.config import Server
from trunkline_server.connectors.webhook import WebhookConnector
from trunkline_server.domain.receivers import Receivers
from trunkline_server.ops import admin
from trunkline_server.ops.accesslog import AccessLog
from trunkline_server.ops.receivers import ReceiverEndpoint
from trunkline_server.parts import Parts
from trunkline_server.stores import postgres


async def serve_http(
    parts: Parts, log: AccessLog, application: web.Application, server: Server, stack: AsyncExitStack
) -> None:
    """Serve the admin's `application`, and receive webhooks: at an address of their own, or by the same application."""
    receivers = Receivers(parts.directory, postgres.PgReceivers(parts.database), WebhookConnector())
    own = web.Application() if server.receive else application
    ReceiverEndpoint(receivers, log).add_to(own)
    served = [(application, server.admin), *([(own, server.receive)] if server.receive else [])]
    for one, address in served:
        stack.push_async_callback((await admin.serve(one, address)).cleanup)
