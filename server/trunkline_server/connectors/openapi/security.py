"""Security schemes of a document as the authentication of an integration."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from trunkline_server.connectors.openapi.document import Document, DocumentError, pointer_of
from trunkline_server.connectors.openapi.schemas import Note
from trunkline_server.connectors.rest.template_models import TemplateAuthentication, TemplateOAuth2
from trunkline_server.domain.errors import invalid_fields

_SCHEMES = "/components/securitySchemes"
_NAME = re.compile(r"[A-Za-z0-9_-]{1,64}")
_KEY_PLACES = {"header": "api_key_header", "query": "api_key_query"}
_HTTP = ("bearer", "basic")


@dataclass(frozen=True, slots=True)
class Security:
    """The chosen scheme; without one `name` is empty. `secret` is what the secret is, for people."""

    name: str
    authentication: TemplateAuthentication
    secret: str = ""

    def serves(self, requirements: object) -> bool:
        """Whether the credential is enough for an operation with these security requirements."""
        if not isinstance(requirements, list) or not requirements:
            return True
        return any(isinstance(one, Mapping) and one.keys() <= {self.name} for one in requirements)


def security_of(document: Document, wanted: str, note: Note) -> Security:
    """The scheme of this name, or the first that can be used: those that the document asks for everywhere come first.
    Raises DocumentError, and INVALID_REQUEST where the wanted one cannot be used."""
    components = document.root.get("components")
    schemes = components.get("securitySchemes") if isinstance(components, Mapping) else None
    schemes = schemes if isinstance(schemes, Mapping) else {}
    if wanted:
        found = _read(document, wanted, schemes[wanted], note) if wanted in schemes else None
        if found is None:
            raise invalid_fields([("security_scheme", "is no scheme of the document that can be used")])
        return found
    unusable = []
    for name in dict.fromkeys((*_everywhere(document), *schemes)):
        if name not in schemes:
            continue
        if found := _read(document, name, schemes[name], note):
            return found
        unusable.append(name)
    for name in unusable:
        note(pointer_of(_SCHEMES, name), "cannot be used: calls go without a credential")
    return Security("", TemplateAuthentication(scheme="none"))


def _everywhere(document: Document) -> list[str]:
    requirements = document.root.get("security")
    found = requirements if isinstance(requirements, list) else []
    return [name for one in found if isinstance(one, Mapping) and len(one) == 1 for name in one]


def _read(document: Document, name: str, node: object, note: Note) -> Security | None:
    place = pointer_of(_SCHEMES, name)
    scheme, place = document.resolve(node, place)
    kind, told = scheme.get("type"), str(scheme.get("description") or "")[:300]
    if kind == "http" and str(scheme.get("scheme")).lower() in _HTTP:
        authentication = TemplateAuthentication.model_validate({"scheme": str(scheme["scheme"]).lower()})
        return Security(name, authentication, told)
    if kind == "apiKey" and scheme.get("in") in _KEY_PLACES and _NAME.fullmatch(str(scheme.get("name"))):
        kinds = {"scheme": _KEY_PLACES[scheme["in"]], "parameter_name": scheme["name"]}
        return Security(name, TemplateAuthentication.model_validate(kinds), told)
    if kind == "mutualTLS":
        return Security(name, TemplateAuthentication(scheme="mtls"), told)
    if kind in ("oauth2", "openIdConnect"):
        return Security(name, _oauth2(scheme, place, note), told)
    return None


def _oauth2(scheme: Mapping[str, Any], place: str, note: Note) -> TemplateAuthentication:
    flows = scheme.get("flows")
    flow = flows.get("clientCredentials") if isinstance(flows, Mapping) else None
    if not isinstance(flow, Mapping):
        note(place, "its flow needs a person: the secret is an access token, sent as a bearer token")
        return TemplateAuthentication(scheme="bearer")
    scopes = flow.get("scopes")
    if not isinstance(flow.get("tokenUrl"), str) or not isinstance(scopes, Mapping | None):
        raise DocumentError(pointer_of(place, "flows", "clientCredentials"), "must have a `tokenUrl` and `scopes`")
    return TemplateAuthentication(
        scheme="oauth2_client_credentials",
        oauth2=TemplateOAuth2(token_url=flow["tokenUrl"], scopes=tuple(scopes or ())),
    )
