"""Webhooks of other systems: from a request whose sender nobody knows to an event that is stored.

`Receivers` alone knows the order: find the receiver, read no more than it takes, check the signature, leave what is not
wanted, store. Nothing is done for a request before its signature is known to be right.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Protocol

from trunkline.v1.access_pb2 import TenantStatus
from trunkline.v1.event_pb2 import Event
from trunkline.v1.integration_health_pb2 import IntegrationStatus
from trunkline.v1.integration_pb2 import Integration

from trunkline_server.domain.errors import Reason, TrunklineError, not_found
from trunkline_server.domain.events import webhook_received
from trunkline_server.domain.events_filter import EventFilter
from trunkline_server.domain.ports import Directory

# The largest body, where an integration does not say, in bytes.
MAX_BYTES = 1 << 20
# The sender's ids and types are kept so long, in characters; an id that is longer is told by its digest.
_MAX_ID, _MAX_TYPE, _MAX_CONTENT_TYPE = 256, 128, 256

# The form of the ids of tenants and integrations; what is none is looked for nowhere.
_SLUG = re.compile(r"[a-z][a-z0-9-]{0,63}")
_OFF = (IntegrationStatus.INTEGRATION_STATUS_DISABLED,)


def receive_path(tenant_id: str, integration_id: str) -> str:
    """Where an integration receives, on the HTTP port."""
    return f"/webhooks/{tenant_id}/{integration_id}"


@dataclass(frozen=True, slots=True)
class Said:
    """What a webhook says of itself: the sender's id and type of it, each empty where it gives none. A `challenge` is
    to be answered, and is no event."""

    source_id: str = ""
    source_type: str = ""
    challenge: str = ""


class WebhookReader(Protocol):
    """Reads what senders sign."""

    def read(
        self, integration: Integration, secret: str, headers: Mapping[str, str], body: bytes, now: float
    ) -> Said | None:
        """What a body says, None where its signature is not right: forged, too old, or by another secret. Names of
        headers are in lower case, `now` is Unix time."""
        ...


class Receipts(Protocol):
    """Which receivers there are, and where their events go. Errors: STORE_UNAVAILABLE, OVERLOADED."""

    async def known(self, tenant_id: str, integration_id: str) -> bool:
        """Whether there is such an integration, of type `webhook`. However many ask, this costs little."""
        ...

    async def write(self, event: Event) -> None:
        """The event is committed when this returns; one that is there already is left alone."""
        ...


@dataclass(frozen=True, slots=True)
class Receiver:
    """An integration that receives now. `max_bytes` is the largest body."""

    tenant_id: str
    integration: Integration
    max_bytes: int
    secret: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Receipt:
    """What became of a webhook whose signature was right. `outcome`: `recorded`, `left` (its type is not wanted) or
    `challenge`, which is the answer then."""

    outcome: str
    event_id: str = ""
    source_type: str = ""
    challenge: str = ""


class Receivers:
    """Receives. `clock` is Unix time."""

    def __init__(
        self, directory: Directory, receipts: Receipts, reader: WebhookReader, clock: Callable[[], float] = time.time
    ) -> None:
        self._directory = directory
        self._receipts = receipts
        self._reader = reader
        self._clock = clock

    async def find(self, tenant_id: str, integration_id: str) -> Receiver:
        """The receiver. Raises NOT_FOUND, the same for every cause, STORE_UNAVAILABLE, OVERLOADED,
        SECRET_UNAVAILABLE."""
        missing = not_found("receiver", "")
        if not (_SLUG.fullmatch(tenant_id) and _SLUG.fullmatch(integration_id)):
            raise missing
        if not await self._receipts.known(tenant_id, integration_id):
            raise missing
        try:
            view = await self._directory.tenant(tenant_id)
        except TrunklineError as error:
            raise (missing if error.reason == Reason.ERROR_REASON_NOT_FOUND else error) from None
        integration = view.integrations.get(integration_id)
        if integration is None or not integration.configuration.HasField("webhook") or integration.status in _OFF:
            raise missing
        if view.tenant.status == TenantStatus.TENANT_STATUS_SUSPENDED:
            raise missing
        webhook = integration.configuration.webhook
        most = webhook.max_bytes if webhook.HasField("max_bytes") else MAX_BYTES
        return Receiver(tenant_id, integration, most, view.secret(integration_id))

    async def receive(self, receiver: Receiver, headers: Mapping[str, str], body: bytes, trace_id: str) -> Receipt:
        """Store what a body says, as an event. Names of headers are in lower case. Raises CREDENTIAL_INVALID for a
        signature that is not right, STORE_UNAVAILABLE, OVERLOADED."""
        now, integration = self._clock(), receiver.integration
        said = self._reader.read(integration, receiver.secret, headers, body, now)
        if said is None:
            raise TrunklineError(Reason.ERROR_REASON_CREDENTIAL_INVALID, "the signature is not right")
        if said.challenge:
            return Receipt("challenge", challenge=said.challenge)
        source_type = said.source_type[:_MAX_TYPE]
        if not EventFilter(integration.configuration.webhook.types, ()).wants(said.source_type, ""):
            return Receipt("left", source_type=source_type)
        event = webhook_received(
            receiver.tenant_id,
            integration.integration_id,
            source_id_of(said.source_id, body),
            source_type,
            body,
            headers.get("content-type", "")[:_MAX_CONTENT_TYPE],
            now,
            trace_id,
        )
        await self._receipts.write(event)
        return Receipt("recorded", event.event_id, source_type)


def source_id_of(source_id: str, body: bytes) -> str:
    """The sender's id; the digest of the body where it gives none. One that is too long is told by its own digest."""
    if not source_id:
        return f"sha256:{sha256(body).hexdigest()}"
    if len(source_id) > _MAX_ID:
        return f"sha256:{sha256(source_id.encode(errors='replace')).hexdigest()}"
    return source_id
