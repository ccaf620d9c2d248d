"""What every scheme offers to the engine, and the errors that they share."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

from yarl import URL

from trunkline_server.connectors.rest.request import HttpRequest
from trunkline_server.domain.deadline import Deadline
from trunkline_server.domain.errors import Reason, TrunklineError


class Authenticator(Protocol):
    """Authenticates the calls of one integration."""

    async def apply(self, request: HttpRequest, secret: str, deadline: Deadline, tenant_id: str) -> HttpRequest:
        """The request with its credential. Waits for nothing unless a token must be fetched. Raises
        UPSTREAM_AUTHENTICATION for a credential that is missing, cannot be used or is refused by its token endpoint;
        INTEGRATION_UNAVAILABLE where that endpoint fails, ADDRESS_FORBIDDEN, CALLER_DEADLINE."""
        ...

    def refused(self, request: HttpRequest, secret: str, tenant_id: str) -> bool:
        """The system answered 401 to this request: whether `apply` may find another credential. Forgets the one that
        was refused."""
        ...

    def masked(self, request: HttpRequest) -> HttpRequest:
        """The request as it would go out, with MASK where the credential would stand."""
        ...

    def sent(self, request: HttpRequest, secret: str) -> str:
        """The credential as the system saw it: what it may echo."""
        ...


class Plain:
    """No authentication; and the base of schemes whose credential is never renewed."""

    async def apply(self, request: HttpRequest, secret: str, deadline: Deadline, tenant_id: str) -> HttpRequest:
        """See `Authenticator`."""
        return request

    def refused(self, request: HttpRequest, secret: str, tenant_id: str) -> bool:
        """See `Authenticator`."""
        return False

    def masked(self, request: HttpRequest) -> HttpRequest:
        """See `Authenticator`."""
        return request

    def sent(self, request: HttpRequest, secret: str) -> str:
        """See `Authenticator`."""
        return secret


def with_headers(request: HttpRequest, headers: Mapping[str, str]) -> HttpRequest:
    """The request with these headers too; names are lower case."""
    return HttpRequest(request.method, request.url, {**request.headers, **headers}, request.body, request.tls)


def with_url(request: HttpRequest, path: str, query: str) -> HttpRequest:
    """The request with another path and query string, both encoded."""
    url = request.url
    found = URL.build(scheme=url.scheme, authority=url.raw_authority, path=path, query_string=query, encoded=True)
    return HttpRequest(request.method, found, request.headers, request.body, request.tls)


def usable(secret: str, problem: str | None) -> None:
    """Raise UPSTREAM_AUTHENTICATION unless there is a secret without a problem."""
    if not secret:
        raise unusable("the integration holds no credential")
    if problem:
        raise unusable(f"the integration's credential {problem}")


def unusable(finding: str) -> TrunklineError:
    """UPSTREAM_AUTHENTICATION: nothing was sent."""
    return TrunklineError(Reason.ERROR_REASON_UPSTREAM_AUTHENTICATION, f"{finding}; rotate a new one in")
