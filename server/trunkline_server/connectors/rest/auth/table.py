"""The table of schemes: what authenticates, what is wrong with a configuration, and what with a secret."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from trunkline.v1.authentication_pb2 import Authentication, AuthenticationScheme

from trunkline_server.connectors.rest.auth.base import Authenticator, Plain
from trunkline_server.connectors.rest.auth.certificates import (
    ClientCertificate,
    Contexts,
    certificate_problem,
)
from trunkline_server.connectors.rest.auth.grants import GRANTS, Grant, account_token_uri
from trunkline_server.connectors.rest.auth.keys import (
    InPath,
    InQuery,
    basic,
    bearer,
    control_problem,
    header_problem,
    key_header,
    path_problem,
)
from trunkline_server.connectors.rest.auth.places import FETCHED, SECRET_IN_PATH, credential_headers
from trunkline_server.connectors.rest.auth.signing import FORMAT, PAYLOAD, Signed, unknown_names
from trunkline_server.connectors.rest.auth.tokens import AccessTokens, Fetched, Send
from trunkline_server.connectors.rest.request import HEADER_NAME, HEADER_VALUE, RESERVED_HEADERS
from trunkline_server.connectors.rest.template_models import Template
from trunkline_server.connectors.rest.templates import scheme_of
from trunkline_server.domain.access_tokens import SecretKeeper, SharedTokens
from trunkline_server.domain.addresses import OutboundPolicy

Violations: TypeAlias = list[tuple[str, str]]
SECRET_FIELD = "configuration.authentication.secret"
_FIELD = "configuration.authentication"
_PARAMETER_NAME = re.compile(r"[A-Za-z0-9_-]{1,64}")
# RFC 6749, 3.3.
_SCOPE = re.compile(r"[\x21\x23-\x5b\x5d-\x7e]+")


@dataclass(frozen=True, slots=True)
class Place:
    """Where an integration's calls go: its id and its endpoint."""

    integration_id: str
    endpoint: str


class Authenticators:
    """Makes authenticators, and owns what they share: tokens and certificates."""

    def __init__(
        self,
        policy: OutboundPolicy,
        send: Send,
        shared: SharedTokens | None = None,
        secrets: SecretKeeper | None = None,
    ) -> None:
        self.tokens = AccessTokens(policy, send, shared, secrets)
        self.contexts = Contexts()

    async def close(self) -> None:
        """End what runs, and forget certificates."""
        await self.tokens.close()
        self.contexts.clear()

    def of(self, integration_id: str, endpoint: str, authentication: Authentication) -> Authenticator:
        """The authenticator of an integration; `authentication` is the effective one, see places.py."""
        return _SCHEMES[authentication.scheme].make(self, Place(integration_id, endpoint), authentication)


def violations(
    authentication: Authentication, endpoint: str, policy: OutboundPolicy, template: Template | None
) -> Violations:
    """(field path, what is wrong) of an effective authentication."""
    scheme = _SCHEMES.get(authentication.scheme)
    if scheme is None:
        return [(f"{_FIELD}.scheme", "is none that HTTP APIs take")]
    found: Violations = []
    if template is not None and authentication.scheme not in _allowed(template):
        found.append((f"{_FIELD}.scheme", f"is none that {template.display_name} takes"))
    name = authentication.parameter_name
    if name and not _PARAMETER_NAME.fullmatch(name):
        found.append((f"{_FIELD}.parameter_name", "must be at most 64 of [A-Za-z0-9_-]"))
    by_path = authentication.scheme == AuthenticationScheme.AUTHENTICATION_SCHEME_API_KEY_PATH
    if SECRET_IN_PATH in endpoint and not by_path:
        found.append(("configuration.endpoint", "has {secret}, which is for API_KEY_PATH only"))
    if authentication.HasField("oauth2") and authentication.scheme not in FETCHED:
        found.append((f"{_FIELD}.oauth2", "is for the OAuth 2 schemes and service accounts only"))
    if authentication.HasField("signature") and scheme.problems is not _signature:
        found.append((f"{_FIELD}.signature", "is for HMAC only"))
    return found + list(scheme.problems(authentication, endpoint, policy))


def secret_violations(authentication: Authentication, secret: str, policy: OutboundPolicy) -> Violations:
    """(field path, what is wrong) of a secret for an effective authentication; never shows it. An absent one is for
    the live check to find."""
    scheme = _SCHEMES.get(authentication.scheme)
    if scheme is None or not secret:
        return []
    problem = scheme.secret(secret)
    if problem is None and authentication.scheme == AuthenticationScheme.AUTHENTICATION_SCHEME_SERVICE_ACCOUNT:
        said = "" if authentication.oauth2.token_url else policy.url_problem(account_token_uri(secret))
        problem = f"has a token_uri that {said}" if said else None
    return [(SECRET_FIELD, problem)] if problem else []


def _allowed(template: Template) -> Sequence[int]:
    named = (template.authentication.scheme, *template.authentication.alternatives)
    return [scheme_of(name) for name in named]


# ── What is wrong with a configuration ──────────────────────────────────────────────────────────────────────────────


def _nothing(authentication: Authentication, endpoint: str, policy: OutboundPolicy) -> Violations:
    return []


def _key_header(authentication: Authentication, endpoint: str, policy: OutboundPolicy) -> Violations:
    if authentication.parameter_name.lower() in RESERVED_HEADERS - {"authorization"}:
        return [(f"{_FIELD}.parameter_name", "is a header that HTTP needs itself")]
    return []


def _key_query(authentication: Authentication, endpoint: str, policy: OutboundPolicy) -> Violations:
    if authentication.parameter_name:
        return []
    return [(f"{_FIELD}.parameter_name", "is required for an API key in the query")]


def _key_path(authentication: Authentication, endpoint: str, policy: OutboundPolicy) -> Violations:
    _, _, after_scheme = endpoint.partition("://")
    _, _, path = after_scheme.partition("/")
    if path.count(SECRET_IN_PATH) == 1 and endpoint.count(SECRET_IN_PATH) == 1:
        return []
    return [("configuration.endpoint", "must have {secret} in its path, once, for an API key in the path")]


def _client(authentication: Authentication, endpoint: str, policy: OutboundPolicy) -> Violations:
    oauth2, found = authentication.oauth2, _oauth2(authentication, endpoint, policy)
    if not oauth2.token_url:
        found.append((f"{_FIELD}.oauth2.token_url", "is required"))
    if not oauth2.client_id:
        found.append((f"{_FIELD}.oauth2.client_id", "is required"))
    return found


def _refresh(authentication: Authentication, endpoint: str, policy: OutboundPolicy) -> Violations:
    found = _client(authentication, endpoint, policy)
    if authentication.secret_reference:
        why = "cannot hold a refresh token: one that the server replaces must be stored; give it as `secret`"
        found.append((f"{_FIELD}.secret_reference", why))
    return found


def _oauth2(authentication: Authentication, endpoint: str, policy: OutboundPolicy) -> Violations:
    oauth2, found = authentication.oauth2, list[tuple[str, str]]()
    if oauth2.token_url and (problem := policy.url_problem(oauth2.token_url)):
        found.append((f"{_FIELD}.oauth2.token_url", problem))
    for field in ("client_id", "audience"):
        if control_problem(getattr(oauth2, field)):
            found.append((f"{_FIELD}.oauth2.{field}", "must not hold control characters"))
    found += [
        (f"{_FIELD}.oauth2.scopes[{index}]", "must be printable ASCII without spaces, quotes and backslashes")
        for index, scope in enumerate(oauth2.scopes)
        if not _SCOPE.fullmatch(scope)
    ]
    return found


def _signature(authentication: Authentication, endpoint: str, policy: OutboundPolicy) -> Violations:
    signature, root = authentication.signature, f"{_FIELD}.signature"
    checks = (
        ("payload", unknown_names(signature.payload, frozenset(PAYLOAD))),
        ("format", unknown_names(signature.format, FORMAT)),
        ("format", _unsendable(signature.format)),
        ("key_id", _unsendable(signature.key_id)),
        ("format", _unsigned(signature.format)),
    )
    found = [(f"{root}.{field}", problem) for field, problem in checks if problem]
    names = {field: getattr(signature, field).lower() for field in ("header", "timestamp_header", "key_id_header")}
    for field, name in names.items():
        if name and (not HEADER_NAME.fullmatch(name) or name in RESERVED_HEADERS - {"authorization"}):
            found.append((f"{root}.{field}", "is no header, or one that HTTP needs itself"))
    if len(credential_headers(authentication)) < 1 + sum(bool(names[one]) for one in names if one != "header"):
        found.append((f"{root}.header", "must differ from the other headers of the signature"))
    return found


def _unsendable(text: str) -> str | None:
    return None if HEADER_VALUE.fullmatch(text) else "must be printable ASCII"


def _unsigned(text: str) -> str | None:
    return "must have {signature}" if text and "{signature}" not in text else None


def _certificate(authentication: Authentication, endpoint: str, policy: OutboundPolicy) -> Violations:
    if not endpoint or endpoint.startswith("https://"):
        return []
    return [("configuration.endpoint", "must use https for a client certificate")]


# ── The table ───────────────────────────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True, slots=True)
class _Scheme:
    """How a scheme is made, and what is wrong with its configuration and with its secret."""

    make: Callable[[Authenticators, Place, Authentication], Authenticator]
    problems: Callable[[Authentication, str, OutboundPolicy], Violations]
    secret: Callable[[str], str | None]


def _fetched(owner: Authenticators, place: Place, authentication: Authentication) -> Authenticator:
    return Fetched(
        lambda tenant_id, secret: Grant.of(tenant_id, place.integration_id, authentication, secret), owner.tokens
    )


def _grant(scheme: int, problems: Callable[[Authentication, str, OutboundPolicy], Violations]) -> _Scheme:
    return _Scheme(_fetched, problems, GRANTS[scheme].problem)


_S = AuthenticationScheme
_SCHEMES: Mapping[int, _Scheme] = {
    _S.AUTHENTICATION_SCHEME_NONE: _Scheme(lambda owner, place, one: Plain(), _nothing, control_problem),
    _S.AUTHENTICATION_SCHEME_BEARER: _Scheme(lambda owner, place, one: bearer(), _nothing, header_problem),
    _S.AUTHENTICATION_SCHEME_API_KEY_HEADER: _Scheme(
        lambda owner, place, one: key_header(one.parameter_name), _key_header, header_problem
    ),
    _S.AUTHENTICATION_SCHEME_API_KEY_QUERY: _Scheme(
        lambda owner, place, one: InQuery(one.parameter_name), _key_query, control_problem
    ),
    _S.AUTHENTICATION_SCHEME_API_KEY_PATH: _Scheme(
        lambda owner, place, one: InPath(place.endpoint), _key_path, path_problem
    ),
    _S.AUTHENTICATION_SCHEME_BASIC: _Scheme(lambda owner, place, one: basic(), _nothing, control_problem),
    _S.AUTHENTICATION_SCHEME_HMAC: _Scheme(
        lambda owner, place, one: Signed(one.signature), _signature, control_problem
    ),
    _S.AUTHENTICATION_SCHEME_MTLS: _Scheme(
        lambda owner, place, one: ClientCertificate(place.integration_id, owner.contexts),
        _certificate,
        certificate_problem,
    ),
    **{
        scheme: _grant(scheme, problems)
        for scheme, problems in (
            (_S.AUTHENTICATION_SCHEME_OAUTH2_CLIENT_CREDENTIALS, _client),
            (_S.AUTHENTICATION_SCHEME_OAUTH2_REFRESH_TOKEN, _refresh),
            (_S.AUTHENTICATION_SCHEME_SERVICE_ACCOUNT, _oauth2),
        )
    },
}
