"""Reads the configuration of object storage, and finds what is wrong with it. Pure: no I/O."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from trunkline.v1.authentication_pb2 import Authentication, AuthenticationScheme
from trunkline.v1.integration_pb2 import Integration
from trunkline.v1.tool_pb2 import Tool

from trunkline_server.connectors.rest.auth.base import Authenticator
from trunkline_server.connectors.rest.auth.table import SECRET_FIELD, Authenticators
from trunkline_server.connectors.rest.auth.table import secret_violations as account_violations
from trunkline_server.connectors.rest.auth.table import violations as account_configuration_violations
from trunkline_server.connectors.storage.azure import AzureStore, account_of
from trunkline_server.connectors.storage.catalogue import NONE, SERVICE_ACCOUNT, TIMEOUT
from trunkline_server.connectors.storage.gcs import QUANTUM, SCOPE, GcsStore
from trunkline_server.connectors.storage.keys import below, prefix_problem
from trunkline_server.connectors.storage.port import Place, Store
from trunkline_server.connectors.storage.s3 import S3Store
from trunkline_server.connectors.storage.signing import keys_of
from trunkline_server.connectors.storage.tools import presign_seconds, tools_of
from trunkline_server.domain.addresses import OutboundPolicy
from trunkline_server.domain.duration import seconds
from trunkline_server.domain.timeouts import Timeouts, timeouts_of

STORES: Mapping[str, Callable[[Place], Store]] = {"s3": S3Store, "azure_blob": AzureStore, "gcs": GcsStore}
DEFAULT_OBJECT_BYTES = 5 << 30
DEFAULT_PART_BYTES = 8 << 20
_ROOT = "configuration"
_STORAGE = f"{_ROOT}.storage"
# The rules of naming of each service, without those that only it can check.
_BUCKETS: Mapping[str, tuple[re.Pattern[str], str]] = {
    "s3": (re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{1,61}[A-Za-z0-9]"), "must be 3 to 63 of [a-z0-9.-]"),
    "azure_blob": (re.compile(r"\$root|[a-z0-9](-?[a-z0-9]){2,62}"), "must be 3 to 63 of [a-z0-9-]"),
    "gcs": (re.compile(r"[a-z0-9][a-z0-9._-]{1,220}[a-z0-9]"), "must be 3 to 222 of [a-z0-9._-]"),
}


@dataclass(frozen=True, slots=True)
class Shape:
    """What calls of an integration have in common, read once. `authenticator` fetches access tokens, where the store
    wants those; `keyless`: nothing authenticates. Times are seconds, sizes bytes."""

    store: Store
    integration_id: str
    bucket: str
    prefix: str
    tools: Mapping[str, Tool]
    timeout: float
    timeouts: Timeouts
    most_bytes: int
    part_bytes: int
    presign_seconds: int
    keyless: bool
    authenticator: Authenticator | None


def shape_of(integration: Integration, default: Timeouts, authenticators: Authenticators) -> Shape:
    """The store and the tools of an integration whose configuration is valid."""
    configuration, storage = integration.configuration, integration.configuration.storage
    endpoint = configuration.endpoint.rstrip("/")
    store = STORES[storage.connector](Place(endpoint, storage.bucket, storage.region, storage.path_style))
    timeout = seconds(configuration.timeout) or TIMEOUT
    authentication = effective(integration)
    fetched = authentication.scheme == SERVICE_ACCOUNT
    keyless = authentication.scheme == NONE
    return Shape(
        store=store,
        integration_id=integration.integration_id,
        bucket=storage.bucket,
        prefix=below(storage.prefix),
        tools=tools_of(
            integration.integration_id, storage, timeout, signs=not keyless, lists_uploads=store.lists_uploads
        ),
        timeout=timeout,
        timeouts=timeouts_of(configuration.timeouts, store.connector.timeouts, default),
        most_bytes=storage.max_object_bytes or DEFAULT_OBJECT_BYTES,
        part_bytes=storage.part_bytes or DEFAULT_PART_BYTES,
        presign_seconds=presign_seconds(storage),
        keyless=keyless,
        authenticator=authenticators.of(integration.integration_id, endpoint, authentication) if fetched else None,
    )


def effective(integration: Integration) -> Authentication:
    """How an integration is authenticated, without its secret: by the connector's own scheme unless it says another."""
    found = Authentication()
    found.CopyFrom(integration.configuration.authentication)
    for field in ("secret", "secret_set", "secret_hint"):
        found.ClearField(field)
    kind = STORES.get(integration.configuration.storage.connector)
    if kind and not found.scheme:
        found.scheme = kind.connector.authentication  # type: ignore[attr-defined]
    if found.scheme == SERVICE_ACCOUNT and not found.oauth2.scopes:
        found.oauth2.scopes.append(SCOPE)
    return found


def credential_problem(store: Store, secret: str) -> str | None:
    """What is wrong with a secret that signs requests itself, or None; never shows it."""
    name = store.connector.name
    if name == "s3" and keys_of(secret) is None:
        return "must be access_key_id:secret_access_key, or with :session_token behind"
    if name == "azure_blob" and account_of(secret) is None:
        return "must be account:key, the key in base64"
    return None


def violations_of(integration: Integration, policy: OutboundPolicy) -> Sequence[tuple[str, str]]:
    """(field path, what is wrong) of an integration with `storage`."""
    configuration, storage = integration.configuration, integration.configuration.storage
    if storage.connector not in STORES:
        return [(f"{_STORAGE}.connector", f"must be one of {', '.join(STORES)}")]
    found: list[tuple[str, str]] = []
    pattern, rule = _BUCKETS[storage.connector]
    if not pattern.fullmatch(storage.bucket) or ".." in storage.bucket:
        found.append((f"{_STORAGE}.bucket", rule))
    if problem := prefix_problem(storage.prefix):
        found.append((f"{_STORAGE}.prefix", problem))
    if storage.connector != "s3":
        found += [
            (f"{_STORAGE}.{field}", "is for s3 only") for field in ("region", "path_style") if getattr(storage, field)
        ]
    found += _of_sizes(integration)
    if not found:
        found += _of_access(integration, policy)
    if configuration.endpoint and (problem := policy.url_problem(configuration.endpoint)):
        found.append((f"{_ROOT}.endpoint", problem))
    return found


def _of_sizes(integration: Integration) -> list[tuple[str, str]]:
    storage, found = integration.configuration.storage, list[tuple[str, str]]()
    part = storage.part_bytes or DEFAULT_PART_BYTES
    if storage.connector == "gcs" and part % QUANTUM:
        found.append((f"{_STORAGE}.part_bytes", f"must be a multiple of {QUANTUM} for gcs"))
    most = STORES[storage.connector].most_parts * part  # type: ignore[attr-defined]
    if most and storage.max_object_bytes > most:
        found.append((f"{_STORAGE}.max_object_bytes", f"must be at most {most} with parts of {part} bytes"))
    return found


def _of_access(integration: Integration, policy: OutboundPolicy) -> list[tuple[str, str]]:
    configuration, storage = integration.configuration, integration.configuration.storage
    authentication, found = effective(integration), list[tuple[str, str]]()
    allowed = STORES[storage.connector].connector.authentications  # type: ignore[attr-defined]
    if authentication.scheme not in allowed:
        names = " or ".join(_scheme_name(scheme) for scheme in allowed)
        found.append((f"{_ROOT}.authentication.scheme", f"must be {names}"))
    elif authentication.scheme == SERVICE_ACCOUNT:
        found += account_configuration_violations(authentication, configuration.endpoint, policy, None)
    elif storage.connector == "azure_blob" and authentication.scheme == NONE and not configuration.endpoint:
        found.append((f"{_ROOT}.endpoint", "is required where no credential names the account"))
    if storage.connector == "s3" and not storage.path_style and "." in storage.bucket:
        found.append((f"{_STORAGE}.path_style", "is required for a bucket with dots: no certificate fits its name"))
    return found


def secret_violations(integration: Integration, secret: str, policy: OutboundPolicy) -> Sequence[tuple[str, str]]:
    """(field path, what is wrong) of a secret; never shows it."""
    authentication, storage = effective(integration), integration.configuration.storage
    if authentication.scheme == NONE or not secret:
        return []
    if authentication.scheme == SERVICE_ACCOUNT:
        return account_violations(authentication, secret, policy)
    store = STORES[storage.connector](Place(integration.configuration.endpoint, storage.bucket))
    problem = credential_problem(store, secret)
    return [(SECRET_FIELD, problem)] if problem else []


def _scheme_name(scheme: int) -> str:
    return AuthenticationScheme.Name(scheme).removeprefix("AUTHENTICATION_SCHEME_")  # type: ignore[arg-type]
