"""Credentials that are changed for access tokens: what is asked of the token endpoint, and what their secrets are."""

from __future__ import annotations

import base64
import hashlib
import re
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote_plus

import orjson
from trunkline.v1.authentication_pb2 import Authentication, AuthenticationScheme, OAuth2

from trunkline_server.assertions import assertion, signing_key
from trunkline_server.connectors.rest.auth.base import unusable
from trunkline_server.connectors.rest.auth.keys import control_problem

_JWT_BEARER = "urn:ietf:params:oauth:grant-type:jwt-bearer"
# Of a signed statement, in seconds: the longest that Google takes.
_ASSERTION_SECONDS = 3600
_ORIGIN = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True, slots=True)
class Ask:
    """One request of a token. `hidden` is what the endpoint must not echo to anybody."""

    url: str
    form: Mapping[str, str] = field(repr=False)
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    hidden: tuple[str, ...] = field(default=(), repr=False)


@dataclass(frozen=True, slots=True)
class GrantType:
    """One way to an access token. `ask` raises UPSTREAM_AUTHENTICATION for a secret that cannot be used; `problem`
    finds what is wrong with one. `origin` tells a credential through all its refresh tokens. `names` is what the
    endpoint refuses, `advice` what to do then."""

    ask: Callable[[OAuth2, str], Ask]
    problem: Callable[[str], str | None]
    origin: Callable[[str], str]
    names: str
    advice: str
    replaced: bool = False


@dataclass(frozen=True, slots=True)
class Grant:
    """A credential that is changed for tokens; `key` tells it from all others without holding it."""

    key: bytes
    tenant_id: str
    integration_id: str
    kind: GrantType
    oauth2: OAuth2
    secret: str = field(repr=False)

    @classmethod
    def of(cls, tenant_id: str, integration_id: str, authentication: Authentication, secret: str) -> Grant:
        """The grant of an integration. A refresh token that takes the place of another does not change its key."""
        kind, oauth2 = GRANTS[authentication.scheme], authentication.oauth2
        parts = (
            *(tenant_id, integration_id, authentication.scheme, oauth2.token_url, oauth2.client_id),
            *(list(oauth2.scopes), oauth2.audience, oauth2.credentials_in_body, kind.origin(secret)),
        )
        return cls(hashlib.sha256(orjson.dumps(parts)).digest(), tenant_id, integration_id, kind, oauth2, secret)


def successor(secret: str, refresh_token: str) -> str:
    """The secret with the refresh token that took the place of its own. It keeps what it came from (`origin`)."""
    found = _members(secret) or {}
    return orjson.dumps(found | {"refresh_token": refresh_token, "origin": _origin(secret)}).decode()


def refresh_token(secret: str) -> str:
    """The refresh token of a secret."""
    return str((_members(secret) or {}).get("refresh_token", ""))


# ── Client credentials: RFC 6749, 4.4 ───────────────────────────────────────────────────────────────────────────────


def _client_credentials(oauth2: OAuth2, secret: str) -> Ask:
    form = {"grant_type": "client_credentials"} | _wanted(oauth2)
    return _as_client(oauth2, secret, form, ())


def _wanted(oauth2: OAuth2) -> dict[str, str]:
    found = {"scope": " ".join(oauth2.scopes), "audience": oauth2.audience}
    return {name: value for name, value in found.items() if value}


def _as_client(oauth2: OAuth2, secret: str, form: dict[str, str], hidden: tuple[str, ...]) -> Ask:
    """The form with the client's id and secret (RFC 6749, 2.3.1); a public client has an id alone."""
    if not secret:
        return Ask(oauth2.token_url, form | {"client_id": oauth2.client_id}, hidden=hidden)
    if oauth2.credentials_in_body:
        form |= {"client_id": oauth2.client_id, "client_secret": secret}
        return Ask(oauth2.token_url, form, hidden=(*hidden, secret))
    pair = base64.b64encode(f"{quote_plus(oauth2.client_id)}:{quote_plus(secret)}".encode()).decode()
    return Ask(oauth2.token_url, form, {"authorization": f"Basic {pair}"}, (*hidden, secret, quote_plus(secret), pair))


# ── Refresh token: RFC 6749, 6 ──────────────────────────────────────────────────────────────────────────────────────


def _refresh(oauth2: OAuth2, secret: str) -> Ask:
    if problem := _refresh_problem(secret):
        raise unusable(f"the integration's credential {problem}")
    found = _members(secret) or {}
    token = found["refresh_token"]
    form = {"grant_type": "refresh_token", "refresh_token": token} | _wanted(oauth2)
    return _as_client(oauth2, found.get("client_secret", ""), form, (token,))


def _refresh_problem(secret: str) -> str | None:
    found = _members(secret)
    if found is None:
        return 'must be a JSON object: {"refresh_token": "…", "client_secret": "…"}'
    if found.keys() - {"refresh_token", "client_secret", "origin"}:
        return "must have no members but refresh_token and client_secret"
    if not isinstance(found.get("refresh_token"), str) or not found["refresh_token"]:
        return "must have a refresh_token, a text"
    texts = [found["refresh_token"], found.get("client_secret", "")]
    if not all(isinstance(text, str) for text in texts) or any(control_problem(text) for text in texts):
        return "must have texts without control characters"
    if "origin" in found and not (isinstance(found["origin"], str) and _ORIGIN.fullmatch(found["origin"])):
        return "must have no origin of its own"
    return None


def _origin(secret: str) -> str:
    found = (_members(secret) or {}).get("origin")
    return found if isinstance(found, str) else _digest(secret)


# ── Service account: RFC 7523, 2.1 ──────────────────────────────────────────────────────────────────────────────────


def _service_account(oauth2: OAuth2, secret: str) -> Ask:
    if problem := _account_shape(secret):
        raise unusable(f"the integration's credential {problem}")
    account = _members(secret) or {}
    url, now = oauth2.token_url or account["token_uri"], int(time.time())
    claims: dict[str, object] = {
        "iss": account["client_email"],
        "aud": oauth2.audience or account.get("token_uri", url),
        "iat": now,
        "exp": now + _ASSERTION_SECONDS,
    }
    if oauth2.client_id:
        # Google lets an account act for this one; other servers want a subject always.
        claims["sub"] = oauth2.client_id
    if oauth2.scopes:
        claims["scope"] = " ".join(oauth2.scopes)
    try:
        signed = assertion(signing_key(account["private_key"]), claims, account.get("private_key_id"))
    except ValueError as error:
        raise unusable(f"the integration's credential cannot be used: {error}") from None
    return Ask(url, {"grant_type": _JWT_BEARER, "assertion": signed}, hidden=(signed,))


def account_token_uri(secret: str) -> str:
    """Where a key file says that its tokens come from; empty where it does not."""
    found = (_members(secret) or {}).get("token_uri")
    return found if isinstance(found, str) else ""


def _account_shape(secret: str) -> str | None:
    found = _members(secret)
    if found is None:
        return "must be the JSON of a service account's key file"
    for name in ("client_email", "private_key", "token_uri"):
        if not isinstance(found.get(name), str) or not found[name]:
            return f"must be the JSON of a key file with {name}, a text"
    return None


def _account_problem(secret: str) -> str | None:
    if problem := _account_shape(secret):
        return problem
    try:
        signing_key((_members(secret) or {})["private_key"])
    except ValueError as error:
        return f"cannot be used: {error}"
    return None


def _members(secret: str) -> dict[str, Any] | None:
    try:
        found = orjson.loads(secret)
    except orjson.JSONDecodeError:
        return None
    return found if isinstance(found, dict) else None


def _digest(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()


GRANTS: Mapping[int, GrantType] = {
    AuthenticationScheme.AUTHENTICATION_SCHEME_OAUTH2_CLIENT_CREDENTIALS: GrantType(
        _client_credentials,
        control_problem,
        _digest,
        "client",
        "check oauth2.client_id, and that its secret has not expired; then rotate a new one in",
    ),
    AuthenticationScheme.AUTHENTICATION_SCHEME_OAUTH2_REFRESH_TOKEN: GrantType(
        _refresh,
        _refresh_problem,
        _origin,
        "refresh token",
        "it was revoked, has expired or belongs to another client; authorize anew and rotate the new one in",
        replaced=True,
    ),
    AuthenticationScheme.AUTHENTICATION_SCHEME_SERVICE_ACCOUNT: GrantType(
        _service_account,
        _account_problem,
        _digest,
        "service account",
        "check that its key was not deleted, that the account is enabled, and the clock of this server; then rotate a "
        "new key in",
    ),
}
