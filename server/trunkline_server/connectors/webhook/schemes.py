"""The schemes of received webhooks: what a secret is, how a signature is checked, and what a body says. Pure."""

from __future__ import annotations

import binascii
import re
from base64 import b64decode
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import orjson
from trunkline.v1.receiver_pb2 import WebhookScheme

from trunkline_server.connectors.webhook import signatures

_PREFIX = "whsec_"
# The specification of Standard Webhooks: 24 to 64 bytes; some senders make shorter ones.
_STANDARD_BYTES = range(16, 65)
_PLAIN = re.compile(r"[\x20-\x7e]{8,512}")

Verify = Callable[[Mapping[str, str], bytes, Sequence[bytes], float, float], bool]
# Headers and the body's JSON object (empty where it is none) -> the sender's id and type, empty where it gives none.
Describe = Callable[[Mapping[str, str], Mapping[str, Any]], tuple[object, object]]


@dataclass(frozen=True, slots=True)
class Scheme:
    """One scheme. `key` makes a key of a secret, None where it is no such secret; `wants` says what one is.
    `in_body`: the id or the type stands in the body."""

    name: str
    title: str
    wants: str
    key: Callable[[str], bytes | None]
    verify: Verify
    describe: Describe
    in_body: bool = True

    def keys(self, secret: str) -> tuple[bytes, ...] | None:
        """The keys of a secret, one for each line that is not empty; None where one of them is no such secret."""
        found = [self.key(line.strip()) for line in secret.splitlines() if line.strip()]
        usable = tuple(key for key in found if key is not None)
        return usable if len(usable) == len(found) else None


def body_object(body: bytes) -> Mapping[str, Any]:
    """The JSON object that a body is; empty for anything else."""
    try:
        found = orjson.loads(body)
    except orjson.JSONDecodeError:
        return {}
    return found if isinstance(found, dict) else {}


def _standard_key(secret: str) -> bytes | None:
    text = secret.removeprefix(_PREFIX)
    try:
        key = b64decode(text + "=" * (-len(text) % 4), validate=True)
    except (binascii.Error, ValueError):
        return None
    return key if len(key) in _STANDARD_BYTES else None


def _plain_key(secret: str) -> bytes | None:
    return secret.encode() if _PLAIN.fullmatch(secret) else None


def _stripe_key(secret: str) -> bytes | None:
    return _plain_key(secret) if secret.startswith(_PREFIX) else None


def _slack_told(headers: Mapping[str, str], told: Mapping[str, Any]) -> tuple[object, object]:
    event = told.get("event")
    inner = event.get("type") if isinstance(event, dict) else None
    return told.get("event_id"), inner or told.get("type")


SCHEMES: Mapping[int, Scheme] = {
    WebhookScheme.WEBHOOK_SCHEME_STANDARD: Scheme(
        "standard",
        "Standard Webhooks",
        "whsec_ and base64 of 16 to 64 bytes",
        _standard_key,
        signatures.standard,
        lambda headers, told: (headers.get("webhook-id"), told.get("type")),
    ),
    WebhookScheme.WEBHOOK_SCHEME_STRIPE: Scheme(
        "stripe",
        "Stripe",
        "whsec_…, the signing secret of the endpoint, as Stripe shows it",
        _stripe_key,
        signatures.stripe,
        lambda headers, told: (told.get("id"), told.get("type")),
    ),
    WebhookScheme.WEBHOOK_SCHEME_GITHUB: Scheme(
        "github",
        "GitHub",
        "8 to 512 printable ASCII characters",
        _plain_key,
        signatures.github,
        lambda headers, told: (headers.get("x-github-delivery"), headers.get("x-github-event")),
        in_body=False,
    ),
    WebhookScheme.WEBHOOK_SCHEME_SLACK: Scheme(
        "slack",
        "Slack",
        "the app's signing secret, as Slack shows it",
        _plain_key,
        signatures.slack,
        _slack_told,
    ),
}
