"""From a tool and its parameters to an HTTP request. Pure: no I/O.

Path parameters are percent-encoded whole, so a value stays inside its segment; what a server might still read as a
step up is refused. Parameters reach the upstream only as far as the schema let them.
"""

from __future__ import annotations

import re
import ssl
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, unquote, urlencode

import orjson
from trunkline.v1.authentication_pb2 import Authentication
from yarl import URL

from trunkline_server.connectors.rest.auth.places import credential_headers, credential_parameter
from trunkline_server.connectors.rest.encoding import bracketed, form, redact, repeated, scalar
from trunkline_server.domain.errors import Reason, invalid_fields
from trunkline_server.domain.schemas import field_path, invalid_parameters

if TYPE_CHECKING:
    from trunkline_server.connectors.rest.operation import Operation

PLACEHOLDER = re.compile(r"\{([A-Za-z_][A-Za-z0-9_-]*)\}")
METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")
# Set by the engine or by HTTP itself; a configuration never sets them.
RESERVED_HEADERS = frozenset(
    (
        "accept-encoding",
        "authorization",
        "connection",
        "content-length",
        "cookie",
        "expect",
        "host",
        "keep-alive",
        "proxy-authorization",
        "proxy-connection",
        "te",
        "trailer",
        "transfer-encoding",
        "upgrade",
    )
)
HEADER_NAME = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]{1,64}")
HEADER_VALUE = re.compile(r"[\x20-\x7e\t]*")
WITH_BODY = frozenset({"POST", "PUT", "PATCH"})
_DEFAULT_HEADERS = {"accept": "application/json, */*;q=0.5", "user-agent": "trunkline"}
_STEPS = re.compile(r"(^|[/\\])\.{1,2}($|[/\\;])")
_HEADER_SAFE = re.compile(r"[\x21-\x7e]([\x20-\x7e]*[\x21-\x7e])?")
_MAX_HEADER_PARAMETER = 4096


@dataclass(frozen=True, slots=True)
class HttpRequest:
    """What goes over the wire. `headers` and `url` may hold the credential; `tls` are settings of its own, with a
    client certificate."""

    method: str
    url: URL = field(repr=False)
    headers: Mapping[str, str] = field(repr=False)
    body: bytes | None = field(repr=False)
    tls: ssl.SSLContext | None = None


@dataclass(frozen=True)
class Target:
    """Where an integration's calls go. `authentication` is the effective one, without its secret."""

    endpoint: str
    authentication: Authentication
    headers: Mapping[str, str]

    @cached_property
    def sent(self) -> Mapping[str, str]:
        """The headers of every call, by lower-case name. They were checked when stored; what would split a request
        is refused all the same. Raises INVALID_CONFIGURATION."""
        for name, value in self.headers.items():
            if not HEADER_NAME.fullmatch(name) or not HEADER_VALUE.fullmatch(value):
                path = field_path(name, root="configuration.api.headers")
                raise invalid_fields(
                    [(path, "cannot be sent as a header")], reason=Reason.ERROR_REASON_INVALID_CONFIGURATION
                )
        reserved = RESERVED_HEADERS | credential_headers(self.authentication)
        own = {name.lower(): value for name, value in self.headers.items() if name.lower() not in reserved}
        return _DEFAULT_HEADERS | own


def build(
    target: Target,
    operation: Operation,
    parameters: Mapping[str, Any],
    key: str = "",
    redacted: Collection[str] = (),
) -> HttpRequest:
    """The request of a tool call, without its credential; `key` is its idempotency key, fields in `redacted` are
    masked. Raises INVALID_PARAMETERS for values that do not fit a path, a query string or a header."""
    rest = {**operation.defaults, **parameters, **operation.constants}
    if redacted:
        rest = redact(rest, redacted)
    path, violations = _fill(operation, rest)
    headers = _headers(operation, rest, violations)
    query = operation.query if operation.has_body else rest.keys()
    pairs: list[tuple[str, str]] = []
    for name in [name for name in rest if name in query]:
        pairs += _pairs(target, operation, name, rest.pop(name), violations)
    fields: list[tuple[str, str]] = []
    if operation.form and operation.has_body:
        for name, value in rest.items():
            fields += _found(bracketed(name, value), name, "is nested too deep for a form", violations)
    if violations:
        raise invalid_parameters(violations)
    if key and operation.key_header:
        headers[operation.key_header] = key
    body = (form(fields) if operation.form else _json(rest)) if operation.has_body else None
    if operation.form and operation.has_body:
        headers["content-type"] = "application/x-www-form-urlencoded"
    return _request(target, operation.method, path, pairs, body, headers)


def build_check(target: Target, path: str) -> HttpRequest:
    """The request of a live check: GET, without parameters and credential."""
    return _request(target, "GET", path, [], None, {})


def _request(
    target: Target, method: str, path: str, query: list[tuple[str, str]], body: bytes | None, own: Mapping[str, str]
) -> HttpRequest:
    headers = {**target.sent, **own}
    if body is None:
        headers.pop("content-type", None)
    else:
        headers.setdefault("content-type", "application/json")
    base = _base(target.endpoint)
    url = URL.build(
        scheme=base.scheme,
        authority=base.raw_authority,
        path=base.raw_path.rstrip("/") + path,
        query_string=urlencode(query, quote_via=quote, safe=""),
        encoded=True,
    )
    return HttpRequest(method, url, headers, body)


@lru_cache(maxsize=1024)
def _base(endpoint: str) -> URL:
    return URL(endpoint)


def _fill(operation: Operation, parameters: dict[str, Any]) -> tuple[str, list[tuple[str, str]]]:
    """The path with its placeholders filled; takes what it uses out of `parameters`."""
    if not operation.names:
        return operation.path, []
    violations: list[tuple[str, str]] = []
    texts: dict[str, str] = {}
    for name in operation.names:
        text = scalar(parameters.pop(name, None))
        if text is None:
            violations.append((field_path(name), "is part of the path and must be a string, number or boolean"))
        elif not text or has_steps(text):
            violations.append((field_path(name), "is part of the path and must not be empty, `.` or `..`"))
        else:
            texts[name] = text
    if violations:
        return "", violations
    path = PLACEHOLDER.sub(lambda match: quote(texts[match[1]], safe=""), operation.path)
    # Harmless values can still make a step with what stands around them.
    if has_steps(path):
        return "", [(field_path(), "makes a path with `.` or `..` in it")]
    return path, []


def _headers(operation: Operation, parameters: dict[str, Any], violations: list[tuple[str, str]]) -> dict[str, str]:
    """The headers that parameters fill; takes those out of `parameters`."""
    found: dict[str, str] = {}
    for name, header in operation.headers.items():
        value = parameters.pop(name, None)
        if value is None:
            continue
        text = scalar(value)
        if text is None or len(text) > _MAX_HEADER_PARAMETER or not _HEADER_SAFE.fullmatch(text):
            violations.append((field_path(name), "goes into a header and must be printable ASCII"))
        else:
            found[header] = text
    return found


def _pairs(
    target: Target, operation: Operation, name: str, value: object, violations: list[tuple[str, str]]
) -> list[tuple[str, str]]:
    """A parameter as it goes into the query string."""
    if name and name == credential_parameter(target.authentication):
        violations.append((field_path(name), "is the name of the credential"))
        return []
    if operation.form:
        return _found(bracketed(name, value), name, "is nested too deep for a query string", violations)
    texts = repeated(value)
    problem = "goes into the query string and must be a string, number, boolean or a list of these"
    return _found(None if texts is None else [(name, text) for text in texts], name, problem, violations)


def _json(content: Mapping[str, Any]) -> bytes:
    try:
        return orjson.dumps(content)
    except orjson.JSONEncodeError:
        raise invalid_parameters([(field_path(), "is nested too deep to be sent")]) from None


def _found(
    pairs: list[tuple[str, str]] | None, name: str, problem: str, violations: list[tuple[str, str]]
) -> list[tuple[str, str]]:
    if pairs is None:
        violations.append((field_path(name), problem))
    return pairs or []


def has_steps(path: str) -> bool:
    """Whether a segment is `.` or `..`, also where a server would decode the path once or twice."""
    once = unquote(path)
    return any(_STEPS.search(form) for form in (path, once, unquote(once)))
