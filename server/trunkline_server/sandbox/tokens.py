"""The sandbox's token endpoint: OAuth 2 client credentials and refresh tokens, and JWTs of a service account."""

from __future__ import annotations

import base64
import binascii
import random
import time
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import parse_qsl, unquote_plus

import orjson
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa

from trunkline_server.sandbox.asked import Asked

TOKEN_PATH = "/_sandbox/token"
CLIENT_ID = "sandbox-client"
_JWT_BEARER = "urn:ietf:params:oauth:grant-type:jwt-bearer"


class Tokens:
    """Access tokens, and who may have them. `issued` counts them; `seconds` is how long they live."""

    def __init__(self, random_: random.Random, seconds: float = 3600.0) -> None:
        self._random = random_
        self._ends: dict[str, float] = {}
        self.seconds = seconds
        self.issued = 0
        self.client_secret = ""
        self.refresh_token = self._new("refresh")
        self.public_key: rsa.RSAPublicKey | None = None

    def valid(self, token: str) -> bool:
        """Whether the token was issued and has not ended."""
        return self._ends.get(token, 0.0) > time.monotonic()

    def live(self) -> list[str]:
        """Those that have not ended."""
        return [token for token in self._ends if self.valid(token)]

    def end(self, token: str) -> None:
        """End one."""
        self._ends.pop(token, None)

    def end_all(self) -> None:
        """End all that were issued."""
        self._ends.clear()

    def answer(self, asked: Asked) -> tuple[int, dict[str, Any]]:
        """Status and body (RFC 6749, 5) for a request to the token endpoint."""
        form = dict(parse_qsl(asked.body.decode("utf-8", "replace")))
        grants: Mapping[str, Callable[[Asked, dict[str, str]], bool]] = {
            "client_credentials": self._client,
            "refresh_token": self._refresh,
            _JWT_BEARER: self._assertion,
        }
        grant = grants.get(form.get("grant_type", ""))
        if grant is None:
            return 400, {"error": "unsupported_grant_type"}
        if not grant(asked, form):
            return (401, {"error": "invalid_client"}) if grant == self._client else (400, {"error": "invalid_grant"})
        token = self._new("access")
        self._ends[token] = time.monotonic() + self.seconds
        self.issued += 1
        answer: dict[str, Any] = {"access_token": token, "token_type": "Bearer", "expires_in": round(self.seconds)}
        if form["grant_type"] == "refresh_token":
            self.refresh_token = answer["refresh_token"] = self._new("refresh")
        return 200, answer

    def _client(self, asked: Asked, form: dict[str, str]) -> bool:
        told = _basic(asked.headers.get("authorization", "")) or (form.get("client_id"), form.get("client_secret"))
        return told == (CLIENT_ID, self.client_secret)

    def _refresh(self, asked: Asked, form: dict[str, str]) -> bool:
        return form.get("refresh_token") == self.refresh_token and self._client(asked, form)

    def _assertion(self, asked: Asked, form: dict[str, str]) -> bool:
        """RFC 7523, 3: signed by the account's key, for this endpoint, not ended, at most an hour long."""
        signed, _, signature = form.get("assertion", "").rpartition(".")
        if self.public_key is None or not signed:
            return False
        try:
            self.public_key.verify(_decoded(signature), signed.encode(), padding.PKCS1v15(), hashes.SHA256())
            claims = orjson.loads(_decoded(signed.partition(".")[2]))
        except (InvalidSignature, ValueError):
            return False
        now = time.time()
        timely = claims.get("iat", 0) - 60 <= now < claims.get("exp", 0) <= claims.get("iat", 0) + 3600
        issuer = str(claims.get("iss", ""))
        return timely and issuer.startswith(CLIENT_ID) and claims.get("aud") == asked.base_url + TOKEN_PATH

    def _new(self, kind: str) -> str:
        return f"sandbox-{kind}-{self._random.randbytes(16).hex()}"


def _basic(header: str) -> tuple[str, str] | None:
    """Client id and secret of HTTP basic, which RFC 6749, 2.3.1, wants form-encoded."""
    scheme, _, text = header.partition(" ")
    if scheme.lower() != "basic":
        return None
    try:
        user, _, password = base64.b64decode(text, validate=True).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError):
        return None
    return unquote_plus(user), unquote_plus(password)


def _decoded(part: str) -> bytes:
    return base64.urlsafe_b64decode(part + "=" * (-len(part) % 4))
