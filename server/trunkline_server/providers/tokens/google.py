"""Vertex AI with a service account: the secret is the JSON of its key, as Google hands it out. Text that is no JSON is
a ready access token."""

from __future__ import annotations

import time
from functools import partial
from typing import Any

import orjson

from trunkline_server.assertions import assertion, signing_key
from trunkline_server.domain.ports import Target
from trunkline_server.providers.errors import unusable
from trunkline_server.providers.profiles import Profile
from trunkline_server.providers.tokens.grant import Ask, Grant, Source, key

# Whom a signed statement is for, always; where it is sent is the profile's `token_url`.
_AUDIENCE = "https://oauth2.googleapis.com/token"
_GRANT_TYPE = "urn:ietf:params:oauth:grant-type:jwt-bearer"
# The longest that Google takes, in seconds.
_LIFETIME = 3600
_ADVICE = (
    "check that the key of the service account was not deleted, that the account is enabled, and that the clock of "
    "this server is right; then rotate the integration's credential"
)


def _applies(target: Target) -> bool:
    # No access token begins so; JSON that is no key is refused later, and never sent.
    return target.secret.lstrip().startswith("{")


def _grant(profile: Profile, target: Target) -> Grant:
    return Grant(
        key("google", target.integration_id, profile.token_url, profile.token_scope, target.secret),
        target.provider,
        "Google's token endpoint",
        _ADVICE,
        partial(_ask, profile, target),
    )


def _ask(profile: Profile, target: Target) -> Ask:
    assertion = _assertion(_account(target), profile.token_scope, target.provider, int(time.time()))
    return Ask(profile.token_url, {"grant_type": _GRANT_TYPE, "assertion": assertion})


def _account(target: Target) -> dict[str, Any]:
    """The service account's key. Its `token_uri` is not looked at."""
    try:
        found = orjson.loads(target.secret)
    except orjson.JSONDecodeError:
        raise unusable(target.provider, "it is not valid JSON") from None
    if found.get("type") != "service_account":
        raise unusable(target.provider, 'it is JSON, but no key of a service account ("type": "service_account")')
    for name in ("client_email", "private_key"):
        if not isinstance(found.get(name), str) or not found[name]:
            raise unusable(target.provider, f"it has no {name}")
    return dict(found)


def _assertion(account: dict[str, Any], scope: str, provider: str, now: int) -> str:
    """The statement that Google changes for a token: a JWT, signed RS256. `now` is Unix time."""
    claims = {"iss": account["client_email"], "scope": scope, "aud": _AUDIENCE, "iat": now, "exp": now + _LIFETIME}
    try:
        # 2,048 bits are Google's size.
        return assertion(signing_key(account["private_key"]), claims, account.get("private_key_id"))
    except ValueError as error:
        raise unusable(provider, str(error)) from None


SOURCE = Source(_applies, _grant, lambda options: [])
