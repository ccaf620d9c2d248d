"""Where a credential stands in a request, and the scheme that holds for an integration. Pure: no I/O."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from trunkline.v1.authentication_pb2 import Authentication, AuthenticationScheme

from trunkline_server.connectors.rest.template_models import TemplateAuthentication
from trunkline_server.connectors.rest.templates import scheme_of

DEFAULT_KEY_HEADER = "x-api-key"
DEFAULT_SIGNATURE_HEADER = "x-signature"
# Stands in the path of an endpoint for the key of API_KEY_PATH.
SECRET_IN_PATH = "{secret}"

_Scheme = AuthenticationScheme


def effective(own: Authentication, template: TemplateAuthentication | None) -> Authentication:
    """How an integration is authenticated: its own configuration over its template's. Without either, not at all. The
    secret is left out."""
    found = Authentication()
    found.CopyFrom(own)
    for field in ("secret", "secret_set", "secret_hint"):
        found.ClearField(field)
    if template is None:
        found.scheme = own.scheme or _Scheme.AUTHENTICATION_SCHEME_NONE
        return found
    scheme = scheme_of(template.scheme)
    found.scheme = own.scheme or scheme
    if found.scheme == scheme:
        found.parameter_name = own.parameter_name or template.parameter_name
    if found.scheme in FETCHED:
        oauth2 = template.oauth2
        found.oauth2.token_url = own.oauth2.token_url or oauth2.token_url
        found.oauth2.audience = own.oauth2.audience or oauth2.audience
        found.oauth2.credentials_in_body = own.oauth2.credentials_in_body or oauth2.credentials_in_body
        if not own.oauth2.scopes:
            found.oauth2.scopes.extend(oauth2.scopes)
    if found.scheme == _Scheme.AUTHENTICATION_SCHEME_HMAC:
        for field, value in template.signature.model_dump().items():
            setattr(found.signature, field, getattr(own.signature, field) or value)
    return found


def _authorization(authentication: Authentication) -> frozenset[str]:
    return frozenset(("authorization",))


def _key_header(authentication: Authentication) -> frozenset[str]:
    return frozenset((authentication.parameter_name.lower() or DEFAULT_KEY_HEADER,))


def _signature_headers(authentication: Authentication) -> frozenset[str]:
    signature = authentication.signature
    named = (signature.header or DEFAULT_SIGNATURE_HEADER, signature.timestamp_header, signature.key_id_header)
    return frozenset(name.lower() for name in named if name)


FETCHED = frozenset(
    (
        _Scheme.AUTHENTICATION_SCHEME_OAUTH2_CLIENT_CREDENTIALS,
        _Scheme.AUTHENTICATION_SCHEME_OAUTH2_REFRESH_TOKEN,
        _Scheme.AUTHENTICATION_SCHEME_SERVICE_ACCOUNT,
    )
)
_HEADERS: Mapping[int, Callable[[Authentication], frozenset[str]]] = {
    _Scheme.AUTHENTICATION_SCHEME_BEARER: _authorization,
    _Scheme.AUTHENTICATION_SCHEME_BASIC: _authorization,
    _Scheme.AUTHENTICATION_SCHEME_API_KEY_HEADER: _key_header,
    _Scheme.AUTHENTICATION_SCHEME_HMAC: _signature_headers,
    **dict.fromkeys(FETCHED, _authorization),
}


def credential_headers(authentication: Authentication) -> frozenset[str]:
    """The headers that authenticate, in lower case."""
    headers = _HEADERS.get(authentication.scheme)
    return headers(authentication) if headers else frozenset()


def credential_parameter(authentication: Authentication) -> str:
    """The query parameter that authenticates; empty where none does."""
    by_query = authentication.scheme == _Scheme.AUTHENTICATION_SCHEME_API_KEY_QUERY
    return authentication.parameter_name if by_query else ""
