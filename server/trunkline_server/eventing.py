"""What serves the events and webhooks of a worker, joined from its parts."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import AsyncExitStack

from trunkline_server.config import Settings
from trunkline_server.connectors.webhooks_out import WebhookSender
from trunkline_server.domain.events_feed import EventFeed
from trunkline_server.parts import Parts
from trunkline_server.services.event import EventService
from trunkline_server.services.webhook import WebhookService
from trunkline_server.stores import postgres


async def event_services(
    settings: Settings, parts: Parts, stack: AsyncExitStack
) -> tuple[EventFeed, Mapping[str, object]]:
    """The subscriptions, to be ended by a drain, and the services by name."""
    feed = EventFeed(postgres.PgEventFeed(parts.database), settings.events.max_subscriptions)
    sender = await stack.enter_async_context(WebhookSender(parts.policy))
    webhooks = postgres.PgWebhooks(parts.database, parts.keyring)
    return feed, {
        "EventService": EventService(feed, parts.directory),
        "WebhookService": WebhookService(webhooks, sender, parts.policy),
    }
