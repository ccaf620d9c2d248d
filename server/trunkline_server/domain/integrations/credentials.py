"""The credential of an integration: a secret that is stored, or a reference to where one is kept; and where it goes."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

import orjson
from trunkline.v1.integration_pb2 import Integration, UpdateIntegrationRequest

from trunkline_server.domain.errors import Reason, TrunklineError, invalid_fields
from trunkline_server.domain.secrets import FIELD

SECRET_PATH = "configuration.authentication.secret"
_INVALID = Reason.ERROR_REASON_INVALID_CONFIGURATION


@dataclass(frozen=True, slots=True)
class Change:
    """What becomes of the credential: `secret` replaces the stored one (empty: none is stored any more), None keeps it.
    `inherited`: it is what it was, and the request does not name it."""

    secret: str | None = field(repr=False)
    inherited: bool = False


def take_secret(integration: Integration) -> str | None:
    """The secret of a configuration, removed from it; None where none was given."""
    authentication = integration.configuration.authentication
    secret = authentication.secret or None
    authentication.ClearField("secret")
    return secret


def updated(current: Integration, changed: Integration, request: UpdateIntegrationRequest) -> Change:
    """The change that an update makes; takes the secret from `changed`, which holds one credential afterwards."""
    secret = take_secret(changed)
    before, after = _reference(current), _reference(changed)
    if secret is not None:
        _refer(changed, "")
        return Change(secret)
    if after and after != before:
        return Change("")
    named = after and any(f"{FIELD}.".startswith(f"{path}.") for path in request.update_mask.paths)
    return Change(None, inherited=not named and _has_credential(current, after))


def rolled_back(current: Integration, wanted: Integration, secret: str) -> Change:
    """The change that a rollback makes; sets the reference of `wanted`. The credential stays while calls go where they
    went. Elsewhere goes the version's own reference, or the new secret. Raises INVALID_CONFIGURATION without it."""
    if secret:
        _refer(wanted, "")
        return Change(secret)
    if not moved(current, wanted):
        _refer(wanted, _reference(current))
        return Change(None, inherited=True)
    if _reference(wanted):
        return Change("")
    if _has_credential(current, _reference(current)):
        raise secret_stays("secret")
    return Change(None)


def rotated(integration: Integration, secret: str, reference: str) -> Change:
    """The change that a rotation makes, to one of the two; sets the integration's reference."""
    _refer(integration, reference)
    return Change(secret)


def moved(before: Integration, after: Integration) -> bool:
    """Whether calls, and so the credential, may go to another host."""
    return _place(before) != _place(after)


def _has_credential(integration: Integration, reference: str) -> bool:
    return bool(reference or integration.configuration.authentication.secret_set)


def _reference(integration: Integration) -> str:
    return integration.configuration.authentication.secret_reference


def _refer(integration: Integration, reference: str) -> None:
    if reference or _reference(integration):
        integration.configuration.authentication.secret_reference = reference


def _place(integration: Integration) -> tuple[object, ...]:
    configuration = integration.configuration
    settings, api = configuration.llm_provider, configuration.api
    database, storage = configuration.database, configuration.storage
    origins = urlsplit(configuration.endpoint)[:2], urlsplit(configuration.authentication.oauth2.token_url)[:2]
    return (
        *(*origins, settings.provider, dict(settings.options), api.template, _settings(api.settings_json)),
        *(database.connector, database.tls, database.tls_ca_pem, storage.connector, storage.region, storage.bucket),
    )


def secret_stays(path: str) -> TrunklineError:
    """A stored secret is never sent where its owner did not mean it to go: who cannot read it must not learn it so."""
    why = "is required with another endpoint, provider, template, option, setting, bucket, token URL or TLS"
    return invalid_fields([(path, why)], reason=_INVALID)


def _settings(text: bytes) -> Any:
    try:
        return orjson.loads(text or b"{}")
    except orjson.JSONDecodeError:
        return text
