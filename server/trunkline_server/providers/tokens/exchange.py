"""A credential changed for an access token at its token endpoint (RFC 6749, RFC 7523)."""

from __future__ import annotations

import re
import time
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode

import orjson

from trunkline_server import heads
from trunkline_server.domain.deadline import Deadline
from trunkline_server.domain.errors import ProviderError, Reason
from trunkline_server.providers.errors import mask
from trunkline_server.providers.http import Bound, Http
from trunkline_server.providers.tokens.grant import Grant, Token, failed
from trunkline_server.providers.wire import HttpResponse, MalformedError

_HEADERS = {"Content-Type": "application/x-www-form-urlencoded", "Accept": "application/json"}
_TOKEN = re.compile(r"[\x21-\x7e]+")
_CODE = re.compile(r"[a-z_]{1,64}")
# A refusal that passes, beside the statuses from 500 on.
_PASSING_STATUSES = frozenset({408, 429})
_PASSING_CODES = frozenset({"temporarily_unavailable", "server_error"})


async def fetch(http: Http, grant: Grant, seconds: float) -> Token:
    """Ask for a token; `seconds` bound all of it. Raises ProviderError: UPSTREAM_AUTHENTICATION where the credential is
    refused, UPSTREAM_UNAVAILABLE where the endpoint fails or is too slow, UPSTREAM_MALFORMED, ADDRESS_FORBIDDEN."""
    ask = grant.ask()
    body = urlencode(ask.form).encode()
    bound = Bound(Deadline.after(seconds).at, caller=False)
    try:
        async with http.send("POST", ask.url, _HEADERS, body, bound, grant.endpoint) as response:
            answer = await http.whole(response, bound, grant.endpoint)
        if answer.status != 200:
            raise _refused(grant, answer, ask.form)
        return _token(answer.body)
    except MalformedError as error:
        said = f"{grant.endpoint} gave no access token that can be used: {error}"
        raise failed(Reason.ERROR_REASON_UPSTREAM_MALFORMED, said, _about(grant), retry=True) from None
    except ProviderError as error:
        if error.reason == Reason.ERROR_REASON_UPSTREAM_TIMEOUT:
            raise unavailable(grant, error.message) from None
        error.metadata |= _about(grant)
        raise


def unavailable(grant: Grant, message: str) -> ProviderError:
    """UPSTREAM_UNAVAILABLE: no token now, perhaps later."""
    return failed(Reason.ERROR_REASON_UPSTREAM_UNAVAILABLE, message, _about(grant), retry=True)


def _about(grant: Grant) -> dict[str, str]:
    return {"provider": grant.provider, "token_endpoint": grant.endpoint}


def _token(body: bytes) -> Token:
    found = _object(body)
    if found is None:
        raise MalformedError("the answer is not a JSON object")
    value, kind, lifetime = found.get("access_token"), found.get("token_type"), found.get("expires_in")
    if not isinstance(value, str) or not _TOKEN.fullmatch(value):
        raise MalformedError("access_token is missing, or cannot stand in a header")
    if not isinstance(kind, str) or kind.lower() != "bearer":
        raise MalformedError("token_type is not Bearer")
    if isinstance(lifetime, bool) or not isinstance(lifetime, int | float) or lifetime <= 0:
        raise MalformedError("expires_in is not a number of seconds above 0")
    return Token(value, float(lifetime))


def _object(body: bytes) -> dict[str, Any] | None:
    try:
        found = orjson.loads(body)
    except orjson.JSONDecodeError:
        return None
    return found if isinstance(found, dict) else None


def _refused(grant: Grant, answer: HttpResponse, form: Mapping[str, str]) -> ProviderError:
    """The error of an answer without a token; what the endpoint says is told without anything that was sent."""
    status, found = answer.status, _object(answer.body) or {}
    code, said = found.get("error"), found.get("error_description")
    code = code if isinstance(code, str) and _CODE.fullmatch(code) else ""
    told = ", ".join(filter(None, (f"HTTP {status}", code)))
    metadata = _about(grant) | {"http_status": str(status)}
    if code:
        metadata["upstream_code"] = code
    if isinstance(said, str):
        metadata["upstream_message"] = _concealed(said, form)
    if status >= 500 or status in _PASSING_STATUSES or code in _PASSING_CODES:
        return failed(
            Reason.ERROR_REASON_UPSTREAM_UNAVAILABLE,
            f"{grant.endpoint} gives no access token now ({told})",
            metadata,
            retry=True,
            retry_after=heads.retry_after(answer.headers, time.time()),
        )
    if 400 <= status < 500:
        message = f"{grant.endpoint} refused the credential of {grant.provider} ({told}): {grant.advice}"
        return failed(Reason.ERROR_REASON_UPSTREAM_AUTHENTICATION, message, metadata)
    raise MalformedError(f"HTTP {status}")


def _concealed(text: str, form: Mapping[str, str]) -> str:
    for value in form.values():
        text = text.replace(value, "***")
    return mask(text)
