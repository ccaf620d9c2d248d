"""Access tokens of integrations: fetched once for all servers, kept until shortly before their end."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from urllib.parse import urlencode

from yarl import URL

from trunkline_server.connectors.rest.answers import HttpAnswer, mask, retry_after
from trunkline_server.connectors.rest.auth.base import usable, with_headers
from trunkline_server.connectors.rest.auth.grants import Ask, Grant, GrantType
from trunkline_server.connectors.rest.auth.refreshing import RefreshTokens
from trunkline_server.connectors.rest.request import HttpRequest
from trunkline_server.connectors.rest.template_models import ErrorMap
from trunkline_server.domain.access_tokens import SecretKeeper, SharedTokens, Token, Tokens, fetched_once
from trunkline_server.domain.addresses import OutboundPolicy
from trunkline_server.domain.deadline import Deadline, caller_deadline
from trunkline_server.domain.errors import Reason, TrunklineError
from trunkline_server.domain.redaction import MASK
from trunkline_server.domain.token_answers import Given, given, refusal

# How long one server may take to ask for a token, in seconds. The lease of the lock is longer (stores/redis/tokens.py):
# refresh tokens are read and stored meanwhile.
FETCH_SECONDS = 8.0
# How long a server waits for others that fetch one: two of them may die, each within its lease.
_PATIENCE_SECONDS = 20.0
# The lifetime of a token whose endpoint does not say it. RFC 6749 shows an hour: a shorter guess costs a request, a
# longer one a refused call.
_UNSAID_SECONDS = 600.0
# For fetches that are on their way at the end: a refresh token may be being replaced.
_CLOSING_SECONDS = 5.0
_HEADERS = {
    "content-type": "application/x-www-form-urlencoded",
    "accept": "application/json",
    "user-agent": "trunkline",
}
_BEARER = "Bearer "
# The token endpoint's own failures; the integration itself was not asked.
_FAILURES = (
    Reason.ERROR_REASON_INTEGRATION_UNAVAILABLE,
    Reason.ERROR_REASON_UPSTREAM_TIMEOUT,
    Reason.ERROR_REASON_CALLER_DEADLINE,
)
# One request of at most so many seconds, over the connections that the policy guards.
Send = Callable[[HttpRequest, Deadline, float], Awaitable[HttpAnswer]]


class AccessTokens:
    """The tokens of every integration. Without `shared` each process fetches its own, without `secrets` a refresh token
    that is replaced lives as long as the process."""

    def __init__(
        self, policy: OutboundPolicy, send: Send, shared: SharedTokens | None, secrets: SecretKeeper | None
    ) -> None:
        self._policy = policy
        self._send = send
        self._shared = shared
        self._refresh_tokens = RefreshTokens(secrets)
        self._tokens: Tokens[Grant] = Tokens(self._once)

    async def close(self) -> None:
        """End every fetch, and store what is not stored yet."""
        await self._tokens.close(_CLOSING_SECONDS)
        await self._refresh_tokens.close(_CLOSING_SECONDS)

    async def get(self, grant: Grant, deadline: Deadline) -> str:
        """A token that has not expired. Raises UPSTREAM_AUTHENTICATION, INTEGRATION_UNAVAILABLE, ADDRESS_FORBIDDEN,
        CALLER_DEADLINE."""
        try:
            return await self._tokens.get(grant, deadline.at)
        except TimeoutError:
            raise (caller_deadline() if deadline.caller else _unavailable("took too long")) from None

    def drop(self, grant: Grant, token: str) -> bool:
        """The system refused the token: whether another one may help."""
        return self._tokens.drop(grant, token)

    async def _once(self, grant: Grant, refused: str) -> Token:
        if self._shared is None:
            return await self._fetch(grant)
        try:
            return await fetched_once(
                self._shared, grant.tenant_id, grant.key, refused, lambda: self._fetch(grant), _PATIENCE_SECONDS
            )
        except TimeoutError:
            raise _unavailable("took too long") from None

    async def _fetch(self, grant: Grant) -> Token:
        deadline = Deadline.after(FETCH_SECONDS)
        if not grant.kind.replaced:
            return (await self._ask(grant, grant.secret, deadline)).token
        secret = await self._refresh_tokens.latest(grant)
        try:
            found = await self._ask(grant, secret, deadline)
        except TrunklineError as error:
            newer = await self._refresh_tokens.latest(grant)
            if error.reason != Reason.ERROR_REASON_UPSTREAM_AUTHENTICATION or newer == secret:
                raise
            # Another server was faster, and nothing that is shared told of it.
            secret = newer
            found = await self._ask(grant, secret, deadline)
        await self._refresh_tokens.replace(grant, secret, found.refresh_token)
        return found.token

    async def _ask(self, grant: Grant, secret: str, deadline: Deadline) -> Given:
        """One request of a token."""
        ask = grant.kind.ask(grant.oauth2, secret)
        if problem := self._policy.url_problem(ask.url):
            message = f"the integration's token endpoint {problem}"
            raise TrunklineError(Reason.ERROR_REASON_ADDRESS_FORBIDDEN, message)
        request = HttpRequest("POST", URL(ask.url), _HEADERS | dict(ask.headers), urlencode(ask.form).encode())
        try:
            answer = await self._send(request, deadline, FETCH_SECONDS)
        except TrunklineError as error:
            if error.reason not in _FAILURES:
                raise
            finding = error.metadata.get("finding", "")
            raise _unavailable(f"is not reachable: {finding}" if finding else "took too long") from None
        if answer.status != 200:
            raise _refused(answer, ask, grant.kind)
        try:
            return given(answer.body, _UNSAID_SECONDS)
        except ValueError as error:
            raise _unavailable(f"gave no access token that can be used: {error}") from None


class Fetched:
    """A bearer token that is fetched for the secret; implements `Authenticator`. `grant_of` makes the grant of a tenant
    and a secret."""

    def __init__(self, grant_of: Callable[[str, str], Grant], tokens: AccessTokens) -> None:
        self._grant_of = grant_of
        self._tokens = tokens
        # The grant made last: a secret seldom changes.
        self._made: Grant | None = None

    async def apply(self, request: HttpRequest, secret: str, deadline: Deadline, tenant_id: str) -> HttpRequest:
        """See `Authenticator`."""
        usable(secret, None)
        token = await self._tokens.get(self._grant(tenant_id, secret), deadline)
        return with_headers(request, {"authorization": _BEARER + token})

    def refused(self, request: HttpRequest, secret: str, tenant_id: str) -> bool:
        """See `Authenticator`."""
        return self._tokens.drop(self._grant(tenant_id, secret), self.sent(request, secret))

    def masked(self, request: HttpRequest) -> HttpRequest:
        """See `Authenticator`."""
        return with_headers(request, {"authorization": _BEARER + MASK})

    def sent(self, request: HttpRequest, secret: str) -> str:
        """See `Authenticator`."""
        return request.headers.get("authorization", "").removeprefix(_BEARER)

    def _grant(self, tenant_id: str, secret: str) -> Grant:
        made = self._made
        if made is None or made.secret != secret or made.tenant_id != tenant_id:
            made = self._made = self._grant_of(tenant_id, secret)
        return made


def _refused(answer: HttpAnswer, ask: Ask, kind: GrantType) -> TrunklineError:
    """The error of an answer without a token; the endpoint's own words are masked."""
    found = refusal(answer.status, answer.body)
    told = ", ".join(filter(None, (f"HTTP {answer.status}", found.code)))
    metadata = {"http_status": str(answer.status)}
    metadata |= {"upstream_code": found.code} if found.code else {}
    metadata |= {"upstream_message": mask(found.said, "", ask.hidden)} if found.said else {}
    if found.refused:
        message = f"the token endpoint refused the integration's {kind.names} ({told}): {kind.advice}"
        return TrunklineError(Reason.ERROR_REASON_UPSTREAM_AUTHENTICATION, message, metadata=metadata)
    error = _unavailable(f"gives no access token now ({told})")
    error.metadata |= metadata
    error.retry_after = retry_after(answer, ErrorMap()) if found.passing else None
    return error


def _unavailable(finding: str) -> TrunklineError:
    """INTEGRATION_UNAVAILABLE: no token now, perhaps later."""
    return TrunklineError(
        Reason.ERROR_REASON_INTEGRATION_UNAVAILABLE,
        f"the integration's token endpoint {finding}; try again shortly",
        metadata={"finding": f"its token endpoint {finding}"},
    )
