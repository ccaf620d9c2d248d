"""What an endpoint may be, how its status changes, and how it is verified."""

from __future__ import annotations

import secrets
import time
from collections.abc import Sequence
from datetime import UTC, datetime

from trunkline.v1.webhook_pb2 import WebhookEndpoint, WebhookEndpointStatus

from trunkline_server.domain.addresses import OutboundPolicy
from trunkline_server.domain.deadline import Deadline
from trunkline_server.domain.duration import duration
from trunkline_server.domain.errors import (
    Reason,
    TrunklineError,
    invalid_fields,
    live_check_failed,
)
from trunkline_server.domain.ports import Actor
from trunkline_server.domain.webhooks.message import verification_body
from trunkline_server.domain.webhooks.ports import Endpoints, Sender
from trunkline_server.domain.webhooks.signing import PREFIX, headers, key_of, new_secret

Status = WebhookEndpointStatus
_PENDING, _ACTIVE = Status.WEBHOOK_ENDPOINT_STATUS_PENDING, Status.WEBHOOK_ENDPOINT_STATUS_ACTIVE
_PAUSED = Status.WEBHOOK_ENDPOINT_STATUS_PAUSED
# The contract's defaults.
_CONCURRENCY, _TIMEOUT = 8, 15.0


def with_defaults(endpoint: WebhookEndpoint) -> WebhookEndpoint:
    """A copy with the contract's defaults in place of what is absent."""
    whole = WebhookEndpoint()
    whole.CopyFrom(endpoint)
    whole.max_concurrency = endpoint.max_concurrency or _CONCURRENCY
    if not endpoint.HasField("timeout"):
        whole.timeout.CopyFrom(duration(_TIMEOUT))
    return whole


def changed_status(
    before: WebhookEndpoint, wanted: WebhookEndpoint, paths: Sequence[str]
) -> WebhookEndpointStatus.ValueType:
    """The status after an update of these fields. Another URL must be verified anew. Raises INVALID_REQUEST."""
    if "url" in paths and wanted.url != before.url:
        return _PENDING
    if "status" not in paths or wanted.status == before.status:
        return before.status
    if before.status not in (_ACTIVE, _PAUSED):
        raise invalid_fields([("endpoint.status", "verify the endpoint first: only a verified one is held or let go")])
    if wanted.status not in (_ACTIVE, _PAUSED):
        raise invalid_fields([("endpoint.status", "may be set to ACTIVE or PAUSED")])
    return wanted.status


def check_url(policy: OutboundPolicy, url: str) -> None:
    """Raise INVALID_CONFIGURATION where calls may not go to an address, as far as it shows without resolving it. It may
    have a query."""
    base, _, query = url.partition("?")
    problem = "is required" if not url else policy.url_problem(base)
    if not problem and ("#" in query or any(char <= " " or char in "\x7f\\" for char in query)):
        problem = "must not have a fragment, spaces or control characters"
    if problem:
        raise invalid_fields([("endpoint.url", problem)], reason=Reason.ERROR_REASON_INVALID_CONFIGURATION)


def checked_secret(secret: str) -> str:
    """The secret that was given, or a new one. Raises INVALID_REQUEST."""
    if secret and key_of(secret) is None:
        raise invalid_fields([("secret", f"must be {PREFIX} and base64 of 24 to 64 bytes")])
    return secret or new_secret()


def not_active(endpoint_id: str) -> TrunklineError:
    """FAILED_PRECONDITION: nothing is delivered to the endpoint."""
    return live_check_failed(f"webhook endpoint {endpoint_id}", "it is not verified; verify it first")


async def verify(
    endpoints: Endpoints, sender: Sender, actor: Actor, endpoint_id: str, deadline: Deadline
) -> WebhookEndpoint:
    """Send the challenge, and activate the endpoint where it answers with it. Raises NOT_FOUND, LIVE_CHECK_FAILED,
    ETAG_MISMATCH where it was changed meanwhile, CALLER_DEADLINE."""
    destination = await endpoints.destination(actor.tenant_id, endpoint_id)
    challenge = secrets.token_urlsafe(24)
    body = verification_body(challenge)
    signed = headers(f"msg_{secrets.token_hex(16)}", int(time.time()), body, destination.keys(datetime.now(UTC)))
    within = min(destination.timeout, deadline.remaining())
    deadline.check()
    answer = await sender.send(destination.url, within, signed, body)
    deadline.check()
    subject = f"webhook endpoint {endpoint_id}"
    if not 200 <= answer.status < 300:
        raise live_check_failed(subject, answer.error)
    if challenge.encode() not in answer.body:
        raise live_check_failed(subject, "the answer does not hold the challenge")
    return await endpoints.activate(actor, endpoint_id, destination.etag)
