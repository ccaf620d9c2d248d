"""Requests that are signed with the secret: HMAC over what `RequestSignature` names."""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
import time
from collections.abc import Callable, Mapping

from trunkline.v1.authentication_pb2 import RequestSignature

from trunkline_server.connectors.rest.auth.base import Plain, usable, with_headers
from trunkline_server.connectors.rest.auth.keys import control_problem
from trunkline_server.connectors.rest.auth.places import DEFAULT_SIGNATURE_HEADER
from trunkline_server.connectors.rest.request import HttpRequest
from trunkline_server.domain.deadline import Deadline
from trunkline_server.domain.redaction import MASK

DEFAULT_PAYLOAD = "{timestamp}.{method}.{path}.{body}"
DEFAULT_FORMAT = "{signature}"
_NAMES = re.compile(r"\{([^{}]*)\}")

# What can be signed, by name: of a request and the timestamp.
PAYLOAD: Mapping[str, Callable[[HttpRequest, str], bytes]] = {
    "timestamp": lambda request, now: now.encode(),
    "method": lambda request, now: request.method.encode(),
    "path": lambda request, now: request.url.raw_path_qs.encode(),
    "body": lambda request, now: request.body or b"",
    "body_sha256": lambda request, now: hashlib.sha256(request.body or b"").hexdigest().encode(),
}
# What can stand in the signature's header.
FORMAT = frozenset(("signature", "timestamp", "key_id"))
_ENCODINGS: Mapping[str, Callable[[bytes], str]] = {
    "hex": bytes.hex,
    "base64": lambda digest: base64.b64encode(digest).decode(),
}


def unknown_names(text: str, known: frozenset[str]) -> str | None:
    """What is wrong with a text whose {names} must be known ones, or None."""
    unknown = next((name for name in _NAMES.findall(text) if name not in known), None)
    if unknown is None and not re.search(r"[{}]", _NAMES.sub("", text)):
        return None
    return f"may name {', '.join(sorted(f'{{{name}}}' for name in known))} only, in braces"


class Signed(Plain):
    """HMAC. `clock` gives Unix seconds."""

    def __init__(self, signature: RequestSignature, clock: Callable[[], float] = time.time) -> None:
        self._algorithm = signature.algorithm or "sha256"
        self._encode = _ENCODINGS[signature.encoding or "hex"]
        # Literal texts at even places, names at odd ones: what a value holds is never read again.
        self._payload = _NAMES.split(signature.payload or DEFAULT_PAYLOAD)
        self._format = _NAMES.split(signature.format or DEFAULT_FORMAT)
        self._header = (signature.header or DEFAULT_SIGNATURE_HEADER).lower()
        self._timestamp_header = signature.timestamp_header.lower()
        self._key_id = signature.key_id
        self._constant = {signature.key_id_header.lower(): signature.key_id} if signature.key_id_header else {}
        self._clock = clock

    async def apply(self, request: HttpRequest, secret: str, deadline: Deadline, tenant_id: str) -> HttpRequest:
        """See `Authenticator`."""
        usable(secret, control_problem(secret))
        now = str(int(self._clock()))
        parts = [
            PAYLOAD[part](request, now) if place % 2 else part.encode() for place, part in enumerate(self._payload)
        ]
        digest = hmac.digest(secret.encode(), b"".join(parts), self._algorithm)
        return self._with(request, self._encode(digest), now)

    def masked(self, request: HttpRequest) -> HttpRequest:
        """See `Authenticator`."""
        return self._with(request, MASK, str(int(self._clock())))

    def _with(self, request: HttpRequest, signature: str, now: str) -> HttpRequest:
        values = {"signature": signature, "timestamp": now, "key_id": self._key_id}
        written = "".join(values[part] if place % 2 else part for place, part in enumerate(self._format))
        headers = {**self._constant, self._header: written}
        if self._timestamp_header:
            headers[self._timestamp_header] = now
        return with_headers(request, headers)
