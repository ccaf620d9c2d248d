"""Schemes that send the secret as it is: in a header, in the query, in the path."""

from __future__ import annotations

import base64
import re
from collections.abc import Callable
from urllib.parse import quote

from yarl import URL

from trunkline_server.connectors.rest.auth.base import Plain, usable, with_headers, with_url
from trunkline_server.connectors.rest.auth.places import DEFAULT_KEY_HEADER, SECRET_IN_PATH
from trunkline_server.connectors.rest.request import HttpRequest, has_steps
from trunkline_server.domain.deadline import Deadline
from trunkline_server.domain.redaction import MASK

_CONTROL = re.compile(r"[\x00-\x1f\x7f]")
_HEADER_SAFE = re.compile(r"[\x21-\x7e]([\x20-\x7e]*[\x21-\x7e])?")
# As yarl writes the placeholder.
_PLACE = quote(SECRET_IN_PATH)


def control_problem(secret: str) -> str | None:
    """What is wrong with a secret in which no control characters may be, or None."""
    return "must not hold control characters, such as a line break" if _CONTROL.search(secret) else None


def header_problem(secret: str) -> str | None:
    """What is wrong with a secret that a header carries as it is, or None."""
    return None if _HEADER_SAFE.fullmatch(secret) else "holds characters that no header can carry"


def path_problem(secret: str) -> str | None:
    """What is wrong with a secret that is part of a path, or None."""
    return control_problem(secret) or ("must not be a step in a path" if has_steps(secret) else None)


class InHeader(Plain):
    """The secret in a header. `write` makes its value."""

    def __init__(self, name: str, write: Callable[[str], str], problem: Callable[[str], str | None], mask: str) -> None:
        self._name = name
        self._write = write
        self._problem = problem
        self._mask = mask

    async def apply(self, request: HttpRequest, secret: str, deadline: Deadline, tenant_id: str) -> HttpRequest:
        """See `Authenticator`."""
        usable(secret, self._problem(secret) if secret else None)
        return with_headers(request, {self._name: self._write(secret)})

    def masked(self, request: HttpRequest) -> HttpRequest:
        """See `Authenticator`."""
        return with_headers(request, {self._name: self._mask})


class InQuery(Plain):
    """The secret in a query parameter, once: one that is there already gives way."""

    def __init__(self, name: str) -> None:
        self._prefix = f"{quote(name, safe='')}="

    async def apply(self, request: HttpRequest, secret: str, deadline: Deadline, tenant_id: str) -> HttpRequest:
        """See `Authenticator`."""
        usable(secret, control_problem(secret))
        return self._with(request, quote(secret, safe=""))

    def masked(self, request: HttpRequest) -> HttpRequest:
        """See `Authenticator`."""
        return self._with(request, MASK)

    def _with(self, request: HttpRequest, value: str) -> HttpRequest:
        url = request.url
        pairs = [pair for pair in url.raw_query_string.split("&") if pair and not pair.startswith(self._prefix)]
        return with_url(request, url.raw_path, "&".join([*pairs, self._prefix + value]))


class InPath(Plain):
    """The secret where the endpoint's path has `{secret}`, and nowhere else: parameters cannot ask for it."""

    def __init__(self, endpoint: str) -> None:
        self._base = URL(endpoint).raw_path.rstrip("/")

    async def apply(self, request: HttpRequest, secret: str, deadline: Deadline, tenant_id: str) -> HttpRequest:
        """See `Authenticator`."""
        usable(secret, path_problem(secret))
        # A colon may stand in a path (RFC 3986, 3.3), and keys such as `12:AB` are documented with it.
        return self._with(request, quote(secret, safe=":"))

    def masked(self, request: HttpRequest) -> HttpRequest:
        """See `Authenticator`."""
        return self._with(request, MASK)

    def _with(self, request: HttpRequest, text: str) -> HttpRequest:
        path = request.url.raw_path
        if not path.startswith(self._base):
            return request
        return with_url(
            request, self._base.replace(_PLACE, text) + path[len(self._base) :], request.url.raw_query_string
        )


def bearer() -> InHeader:
    """`Authorization: Bearer`."""
    return InHeader("authorization", "Bearer {}".format, header_problem, f"Bearer {MASK}")


def basic() -> InHeader:
    """HTTP basic (RFC 7617); the secret is `user:password`."""
    return InHeader("authorization", _basic, control_problem, f"Basic {MASK}")


def key_header(name: str) -> InHeader:
    """The secret alone in the header of this name."""
    return InHeader(name.lower() or DEFAULT_KEY_HEADER, str, header_problem, MASK)


def _basic(secret: str) -> str:
    return "Basic " + base64.b64encode(secret.encode()).decode()
