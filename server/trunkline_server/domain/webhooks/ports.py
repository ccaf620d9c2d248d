"""What webhooks ask of the world. Times are seconds unless a name says otherwise; every method of a store may raise
STORE_UNAVAILABLE."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal, Protocol

from trunkline.v1.webhook_pb2 import WebhookAttempt, WebhookDelivery, WebhookDeliveryStatus, WebhookEndpoint

from trunkline_server.domain.events_filter import EventFilter
from trunkline_server.domain.ports import Actor


@dataclass(frozen=True, slots=True)
class Answer:
    """How an endpoint answered. `status` is 0 where it did not, and `error` says why; `body` is what came of the body,
    at most 4 KiB. `retry_after` is what the receiver asked for, `latency` how long it all took, in seconds."""

    status: int = 0
    error: str = ""
    body: bytes = b""
    retry_after: float | None = None
    latency: float = 0.0


class Sender(Protocol):
    """Sends messages by POST."""

    async def send(self, url: str, timeout: float, headers: Mapping[str, str], body: bytes) -> Answer:  # noqa: ASYNC109
        """Send, and wait for at most `timeout`. Raises nothing but CancelledError; redirects are not followed."""
        ...


@dataclass(frozen=True, slots=True)
class Secret:
    """A key that signs until `expire_time`, without end where that is None."""

    key: bytes = field(repr=False)
    expire_time: datetime | None = None


@dataclass(frozen=True, slots=True)
class Destination:
    """What is needed to send to an endpoint. The present secret is the first one."""

    url: str
    timeout: float
    secrets: Sequence[Secret]
    etag: str = ""

    def keys(self, now: datetime) -> Sequence[bytes]:
        """The keys that sign now."""
        return [one.key for one in self.secrets if one.expire_time is None or now < one.expire_time]


class Endpoints(Protocol):
    """The endpoints of a tenant, and their deliveries. Unknown ids raise NOT_FOUND."""

    async def create(self, actor: Actor, endpoint: WebhookEndpoint, secret: str) -> WebhookEndpoint:
        """Raises ALREADY_EXISTS."""
        ...

    async def get(self, tenant_id: str, endpoint_id: str) -> WebhookEndpoint: ...
    async def list(self, tenant_id: str, page_size: int, page_token: str) -> tuple[Sequence[WebhookEndpoint], str]: ...
    async def update(self, actor: Actor, endpoint: WebhookEndpoint, paths: Sequence[str]) -> WebhookEndpoint:
        """Set the fields named by `paths`. Raises ETAG_MISMATCH, INVALID_REQUEST (`endpoint.status`)."""
        ...

    async def delete(self, actor: Actor, endpoint_id: str, etag: str) -> None: ...
    async def rotate(self, actor: Actor, endpoint_id: str, secret: str, overlap: float) -> WebhookEndpoint:
        """Another secret; the present one signs for `overlap` seconds more, the one before it no longer."""
        ...

    async def destination(self, tenant_id: str, endpoint_id: str) -> Destination:
        """Raises INTERNAL where a secret cannot be decrypted."""
        ...

    async def activate(self, actor: Actor, endpoint_id: str, etag: str) -> WebhookEndpoint:
        """It was verified, as of this etag: it gets the events from now on. Raises ETAG_MISMATCH."""
        ...

    async def deliveries(
        self,
        tenant_id: str,
        endpoint_id: str,
        status: WebhookDeliveryStatus.ValueType,
        page_size: int,
        page_token: str,
    ) -> tuple[Sequence[WebhookDelivery], str]:
        """The newest first, of one status unless it is UNSPECIFIED."""
        ...

    async def delivery(
        self, tenant_id: str, endpoint_id: str, event_id: str
    ) -> tuple[WebhookDelivery, bytes | None, Sequence[WebhookAttempt]]:
        """One delivery, the serialised event as far as it is kept, and the attempts. Raises NOT_FOUND."""
        ...

    async def redeliver(self, actor: Actor, endpoint_id: str, event_id: str, since: datetime | None) -> int:
        """Make one delivery due now, or all dead letters that were given up `since`; returns how many. Raises NOT_FOUND
        for the delivery, LIVE_CHECK_FAILED where the endpoint is neither active nor paused."""
        ...


# ── Of the relay, over all tenants ──────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True, slots=True)
class Unpublished:
    """An event that no delivery was made of yet. `payload` is None where no endpoint could get it."""

    cursor: int
    tenant_id: str
    event_id: str
    type: str
    payload: bytes | None


@dataclass(frozen=True, slots=True)
class Wish:
    """What an endpoint wants, of the events behind `after_cursor`."""

    endpoint: int
    filter: EventFilter
    after_cursor: int


@dataclass(frozen=True, slots=True)
class Due:
    """A delivery that waits. `attempts` were made since it was recorded or last redelivered; `tries` tells whether
    anything happened to it since. `due`: its time has come."""

    tenant_id: str
    endpoint: int
    endpoint_id: str
    etag: str
    ordered: bool
    max_concurrency: int
    event_id: str
    cursor: int
    type: str
    attempts: int
    tries: int
    due: bool


@dataclass(frozen=True, slots=True)
class Outcome:
    """What an attempt found. `delay` is until the next one, None where the delivery ended."""

    due: Due
    status: Literal["pending", "delivered", "dead"]
    time: datetime
    answer: Answer
    delay: float | None = None


@dataclass(frozen=True, slots=True)
class Backlog:
    """How old the oldest event is that was not looked at, and how many deliveries wait (counted to a bound)."""

    lag: float
    waiting: int


class Relaying(Protocol):
    """What the relay reads and writes."""

    async def publish(self, most: int) -> tuple[int, int]:
        """Turn up to `most` events into deliveries, in one transaction: how many events, and how many deliveries."""
        ...

    async def due(self, busy: Sequence[int]) -> Sequence[Due]:
        """Deliveries that may be made now, by endpoint, but those of the endpoints `busy`."""
        ...

    async def payloads(self, cursors: Sequence[int], most_bytes: int) -> Mapping[int, bytes | None]:
        """The serialised events; None for one that is larger, absent where there is none."""
        ...

    async def destination(self, tenant_id: str, endpoint_id: str) -> Destination:
        """See Endpoints."""
        ...

    async def record(self, outcomes: Sequence[Outcome]) -> None: ...
    async def disable(self, due: Due, reason: str, unless_succeeded: bool = False) -> bool:
        """Disable the endpoint of a delivery, with an event; `unless_succeeded`: only where nothing was delivered to it
        since that delivery was first tried. Returns whether this did it."""
        ...

    async def tidy(self, days: int) -> None:
        """Bury the deliveries of disabled endpoints; remove what ended so many days ago, and what was deleted."""
        ...

    async def backlog(self) -> Backlog: ...


class Meter(Protocol):
    """Who measures the relay."""

    def attempted(self, outcome: str, seconds: float) -> None:
        """An attempt ended: `delivered`, `failed`, `dead` or `poison`."""
        ...

    def backlog(self, found: Backlog) -> None: ...
