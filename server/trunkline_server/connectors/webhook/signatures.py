"""How received webhooks are signed: one function for each scheme. Pure.

Each takes the headers (names in lower case), the body as it came and the keys, and answers whether one of the keys
made one of the signatures: HMAC-SHA256 (RFC 2104), compared in constant time.

- Standard Webhooks: https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md
- Stripe: https://docs.stripe.com/webhooks#verify-manually
- GitHub: https://docs.github.com/en/webhooks/using-webhooks/validating-webhook-deliveries
- Slack: https://api.slack.com/authentication/verifying-requests-from-slack
"""

from __future__ import annotations

import hmac
import re
from base64 import b64encode
from collections.abc import Iterable, Mapping, Sequence

# Unix seconds. The length keeps out what no clock will tell.
_TIME = re.compile(r"[0-9]{1,12}", re.ASCII)


def standard(headers: Mapping[str, str], body: bytes, keys: Sequence[bytes], now: float, tolerance: float) -> bool:
    """`webhook-signature`: `v1,<base64>` of `id.timestamp.body`, several apart by spaces. Other versions are ignored,
    as the specification says."""
    message_id, time = headers.get("webhook-id", ""), headers.get("webhook-timestamp", "")
    given = [part[3:] for part in headers.get("webhook-signature", "").split(" ") if part.startswith("v1,")]
    signed = b"%b.%b." % (_bytes(message_id), _bytes(time)) + body
    made = [b64encode(_digest(key, signed)) for key in keys]
    return bool(message_id) and _fresh(time, now, tolerance) and _match(made, given)


def stripe(headers: Mapping[str, str], body: bytes, keys: Sequence[bytes], now: float, tolerance: float) -> bool:
    """`Stripe-Signature`: `t=<time>,v1=<hex>,…` of `t.body`. Other versions are ignored: `v0` is for tests only."""
    pairs = [part.strip().partition("=") for part in headers.get("stripe-signature", "").split(",")]
    times = [value for name, _, value in pairs if name == "t"]
    if len(times) != 1:
        return False
    made = _hex(keys, _bytes(times[0]) + b"." + body)
    return _fresh(times[0], now, tolerance) and _match(made, [value for name, _, value in pairs if name == "v1"])


def github(headers: Mapping[str, str], body: bytes, keys: Sequence[bytes], now: float, tolerance: float) -> bool:
    """`X-Hub-Signature-256`: `sha256=<hex>` of the body. No time is signed."""
    del now, tolerance
    scheme, _, given = headers.get("x-hub-signature-256", "").partition("=")
    return _match(_hex(keys, body), [given]) and scheme == "sha256"


def slack(headers: Mapping[str, str], body: bytes, keys: Sequence[bytes], now: float, tolerance: float) -> bool:
    """`X-Slack-Signature`: `v0=<hex>` of `v0:time:body`."""
    time = headers.get("x-slack-request-timestamp", "")
    version, _, given = headers.get("x-slack-signature", "").partition("=")
    made = _hex(keys, b"v0:%b:" % _bytes(time) + body)
    return _match(made, [given]) and version == "v0" and _fresh(time, now, tolerance)


def _fresh(time: str, now: float, tolerance: float) -> bool:
    """Whether a signed time is within the tolerance, to either side: neither clock is right."""
    return _TIME.fullmatch(time) is not None and abs(now - int(time)) <= tolerance


def _match(made: Iterable[bytes], given: Sequence[str]) -> bool:
    """Whether one of the signatures is among those given, in a time that does not tell how much of it is right."""
    return any([hmac.compare_digest(own, _bytes(one)) for own in made for one in given])


def _hex(keys: Sequence[bytes], signed: bytes) -> list[bytes]:
    return [_digest(key, signed).hex().encode() for key in keys]


def _digest(key: bytes, signed: bytes) -> bytes:
    return hmac.digest(key, signed, "sha256")


def _bytes(text: str) -> bytes:
    # As the header's bytes were, whatever they were.
    return text.encode("utf-8", "surrogateescape")
