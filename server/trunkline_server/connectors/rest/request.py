"""From a tool and its parameters to an HTTP request. Pure: no I/O.

Path parameters are percent-encoded whole, so a value stays inside its segment; what a server might still read as a
step up is refused. Parameters reach the upstream only as far as the schema let them.
"""

from __future__ import annotations

import re
import ssl
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote, unquote, urlencode

import orjson
from trunkline.v1.api_pb2 import ApiTool
from trunkline.v1.authentication_pb2 import Authentication
from yarl import URL

from trunkline_server.connectors.rest.auth.places import credential_headers, credential_parameter
from trunkline_server.domain.errors import Reason, invalid_fields
from trunkline_server.domain.schemas import field_path, invalid_parameters

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
_WITH_BODY = frozenset({"POST", "PUT", "PATCH"})
_DEFAULT_HEADERS = {"accept": "application/json, */*;q=0.5", "user-agent": "trunkline"}
_STEPS = re.compile(r"(^|[/\\])\.{1,2}($|[/\\;])")


@dataclass(frozen=True, slots=True)
class HttpRequest:
    """What goes over the wire. `headers` and `url` may hold the credential; `tls` are settings of its own, with a
    client certificate."""

    method: str
    url: URL = field(repr=False)
    headers: Mapping[str, str] = field(repr=False)
    body: bytes | None = field(repr=False)
    tls: ssl.SSLContext | None = None


@dataclass(frozen=True, slots=True)
class Target:
    """Where an integration's calls go. `authentication` is the effective one, without its secret."""

    endpoint: str
    authentication: Authentication
    headers: Mapping[str, str]


def build(target: Target, tool: ApiTool, parameters: Mapping[str, Any]) -> HttpRequest:
    """The request of a tool call, without its credential. Raises INVALID_PARAMETERS for values that do not fit a path
    or a query string."""
    rest = dict(parameters)
    path, violations = _fill(tool.path, rest)
    in_query = set(tool.query_parameters) if tool.method in _WITH_BODY else set(rest)
    pairs: list[tuple[str, str]] = []
    credential = credential_parameter(target.authentication)
    for name in [name for name in rest if name in in_query]:
        values, problem = _query_values(rest.pop(name))
        if not problem and credential and name == credential:
            problem = "is the name of the credential"
        if problem:
            violations.append((field_path(name), problem))
        pairs += [(name, value) for value in values]
    if violations:
        raise invalid_parameters(violations)
    body = orjson.dumps(rest) if tool.method in _WITH_BODY else None
    return _request(target, tool.method, path, pairs, body)


def build_check(target: Target, path: str) -> HttpRequest:
    """The request of a live check: GET, without parameters and credential."""
    return _request(target, "GET", path, [], None)


def _request(target: Target, method: str, path: str, query: list[tuple[str, str]], body: bytes | None) -> HttpRequest:
    headers = _DEFAULT_HEADERS | _extra(target)
    if body is None:
        headers.pop("content-type", None)
    else:
        headers.setdefault("content-type", "application/json")
    base = URL(target.endpoint)
    url = URL.build(
        scheme=base.scheme,
        authority=base.raw_authority,
        path=base.raw_path.rstrip("/") + path,
        query_string=urlencode(query, quote_via=quote, safe=""),
        encoded=True,
    )
    return HttpRequest(method, url, headers, body)


def _extra(target: Target) -> dict[str, str]:
    """The configured headers. They were checked when stored; what would split a request is refused all the same."""
    for name, value in target.headers.items():
        if not HEADER_NAME.fullmatch(name) or not HEADER_VALUE.fullmatch(value):
            field = field_path(name, root="configuration.api.headers")
            raise invalid_fields(
                [(field, "cannot be sent as a header")], reason=Reason.ERROR_REASON_INVALID_CONFIGURATION
            )
    reserved = RESERVED_HEADERS | credential_headers(target.authentication)
    return {name.lower(): value for name, value in target.headers.items() if name.lower() not in reserved}


def _fill(template: str, parameters: dict[str, Any]) -> tuple[str, list[tuple[str, str]]]:
    """The path with its placeholders filled; takes what it uses out of `parameters`."""
    violations: list[tuple[str, str]] = []
    texts: dict[str, str] = {}
    for name in dict.fromkeys(PLACEHOLDER.findall(template)):
        text = _scalar(parameters.pop(name, None))
        if text is None:
            violations.append((field_path(name), "is part of the path and must be a string, number or boolean"))
        elif not text or has_steps(text):
            violations.append((field_path(name), "is part of the path and must not be empty, `.` or `..`"))
        else:
            texts[name] = text
    if violations:
        return "", violations
    path = PLACEHOLDER.sub(lambda match: quote(texts[match[1]], safe=""), template)
    # Harmless values can still make a step with what stands around them.
    if has_steps(path):
        return "", [(field_path(), "makes a path with `.` or `..` in it")]
    return path, []


def has_steps(path: str) -> bool:
    """Whether a segment is `.` or `..`, also where a server would decode the path once or twice."""
    once = unquote(path)
    return any(_STEPS.search(form) for form in (path, once, unquote(once)))


def _scalar(value: object) -> str | None:
    if isinstance(value, str):
        return value
    if isinstance(value, bool | int | float):
        return orjson.dumps(value).decode()
    return None


def _query_values(value: object) -> tuple[list[str], str]:
    """A value as it is repeated in the query string, or what is wrong with it. Null is left out."""
    if value is None:
        return [], ""
    items: Iterable[object] = value if isinstance(value, list) else [value]
    texts = [_scalar(item) for item in items]
    good = [text for text in texts if text is not None]
    if len(good) < len(texts):
        return [], "goes into the query string and must be a string, number, boolean or a list of these"
    return good, ""
