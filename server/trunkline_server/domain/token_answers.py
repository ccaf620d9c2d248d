"""What a token endpoint answers (RFC 6749, 5): a token, or a refusal. Pure: no I/O."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any

import orjson

from trunkline_server.domain.access_tokens import Token

# What a header can carry.
_TOKEN = re.compile(r"[\x21-\x7e]+")
_DIGITS = re.compile(r"[0-9]{1,9}")
_CODE = re.compile(r"[a-z_]{1,64}")
# A refusal that passes, beside the statuses from 500 on.
_PASSING_STATUSES = frozenset({408, 429})
_PASSING_CODES = frozenset({"temporarily_unavailable", "server_error"})


@dataclass(frozen=True, slots=True)
class Given:
    """A token, and the refresh token that takes the place of the one before, if any."""

    token: Token
    refresh_token: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why there is no token: `code` as in the RFC, `said` the endpoint's own words, not masked. `passing`: it may give
    one later. `refused`: it never will for this credential; neither: the answer is no such answer."""

    code: str
    said: str = field(repr=False)
    passing: bool
    refused: bool


def given(body: bytes, unsaid: float | None = None) -> Given:
    """The token of an answer with status 200; `unsaid` is its lifetime where the answer says none. Raises ValueError
    with what is wrong."""
    found = _object(body)
    if found is None:
        raise ValueError("the answer is not a JSON object")
    value, kind, lifetime = found.get("access_token"), found.get("token_type"), found.get("expires_in", unsaid)
    if not isinstance(value, str) or not _TOKEN.fullmatch(value):
        raise ValueError("access_token is missing, or cannot stand in a header")
    if not isinstance(kind, str) or kind.lower() != "bearer":
        raise ValueError("token_type is not Bearer")
    if isinstance(lifetime, str) and _DIGITS.fullmatch(lifetime):
        lifetime = int(lifetime)  # Not as in the RFC, and often met.
    if isinstance(lifetime, bool) or not isinstance(lifetime, int | float) or lifetime <= 0:
        raise ValueError("expires_in is not a number of seconds above 0")
    following = found.get("refresh_token")
    return Given(Token(value, float(lifetime)), following if isinstance(following, str) else "")


def refusal(status: int, body: bytes) -> Refusal:
    """What an answer with another status means."""
    found = _object(body) or {}
    code, said = found.get("error"), found.get("error_description")
    code = code if isinstance(code, str) and _CODE.fullmatch(code) else ""
    passing = status >= 500 or status in _PASSING_STATUSES or code in _PASSING_CODES
    return Refusal(code, said if isinstance(said, str) else "", passing, not passing and 400 <= status < 500)


def _object(body: bytes) -> dict[str, Any] | None:
    try:
        found = orjson.loads(body)
    except orjson.JSONDecodeError:
        return None
    return found if isinstance(found, dict) else None
