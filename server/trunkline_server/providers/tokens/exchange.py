"""A credential changed for an access token at its token endpoint (RFC 6749, RFC 7523)."""

from __future__ import annotations

import time
from collections.abc import Mapping
from urllib.parse import urlencode

from trunkline_server import heads
from trunkline_server.domain.access_tokens import Token
from trunkline_server.domain.deadline import Deadline
from trunkline_server.domain.errors import ProviderError, Reason
from trunkline_server.domain.redaction import conceal
from trunkline_server.domain.token_answers import given, refusal
from trunkline_server.providers.errors import mask
from trunkline_server.providers.http import Bound, Http
from trunkline_server.providers.tokens.grant import Grant, failed
from trunkline_server.providers.wire import HttpResponse, MalformedError

_HEADERS = {"Content-Type": "application/x-www-form-urlencoded", "Accept": "application/json"}


async def fetch(http: Http, grant: Grant, seconds: float) -> Token:
    """Ask for a token; `seconds` bound all of it. Raises ProviderError: UPSTREAM_AUTHENTICATION where the credential is
    refused, UPSTREAM_UNAVAILABLE where the endpoint fails or is too slow, UPSTREAM_MALFORMED, ADDRESS_FORBIDDEN."""
    ask = grant.ask()
    body = urlencode(ask.form).encode()
    bound = Bound(Deadline.after(seconds).at, caller=False)
    try:
        with await http.send("POST", ask.url, _HEADERS, body, bound, grant.endpoint) as response:
            answer = await http.whole(response, bound, grant.endpoint)
        if answer.status != 200:
            raise _refused(grant, answer, ask.form)
        return given(answer.body).token
    except (MalformedError, ValueError) as error:
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


def _refused(grant: Grant, answer: HttpResponse, form: Mapping[str, str]) -> ProviderError:
    """The error of an answer without a token; what the endpoint says is told without anything that was sent."""
    status, found = answer.status, refusal(answer.status, answer.body)
    told = ", ".join(filter(None, (f"HTTP {status}", found.code)))
    metadata = _about(grant) | {"http_status": str(status)}
    if found.code:
        metadata["upstream_code"] = found.code
    if found.said:
        metadata["upstream_message"] = _concealed(found.said, form)
    if found.passing:
        return failed(
            Reason.ERROR_REASON_UPSTREAM_UNAVAILABLE,
            f"{grant.endpoint} gives no access token now ({told})",
            metadata,
            retry=True,
            retry_after=heads.retry_after(answer.headers, time.time()),
        )
    if found.refused:
        message = f"{grant.endpoint} refused the credential of {grant.provider} ({told}): {grant.advice}"
        return failed(Reason.ERROR_REASON_UPSTREAM_AUTHENTICATION, message, metadata)
    raise MalformedError(f"HTTP {status}")


def _concealed(text: str, form: Mapping[str, str]) -> str:
    return mask(conceal(text, hidden=form.values()))
