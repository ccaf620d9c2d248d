"""The JSON Schema of the `Configuration` that a profile takes, in the JSON form of the contract with its field names.

It tells what can be told so; that options of an address are given where they are needed, and fit into one.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import orjson
from trunkline.v1.connector_pb2 import Connector

from trunkline_server.providers import urls
from trunkline_server.providers.profiles import Profile

_TEXT = {"type": "string"}
# A Duration in the JSON form of Protobuf.
_DURATION = {"type": "string", "pattern": r"^[0-9]+(\.[0-9]{1,9})?s$"}
_SECRETS = {"secret": {"type": "string", "maxLength": 16384}, "secret_reference": {"type": "string", "maxLength": 512}}


def connector_of(profile: Profile) -> Connector:
    """The profile as `ListConnectors` shows it."""
    connector = profile.connector()
    connector.configuration_schema_json = configuration_schema(profile)
    if connector.authentication:
        connector.authentications.append(connector.authentication)
    return connector


def configuration_schema(profile: Profile) -> bytes:
    """As JSON text."""
    options = {name: _option(profile, name) for name in sorted({"provider", *profile.options})}
    provider = {
        "provider": {"const": profile.name},
        "models": {"type": "array", "items": _TEXT},
        "region": {"type": "string", "pattern": "^[a-z0-9-]{0,32}$"},
        "options": _object(options, _needed(profile, "options")),
        "price_overrides": {"type": "array", "items": {"type": "object"}},
        "model_overrides": {"type": "array", "items": {"type": "object"}, "maxItems": 256},
        "data_retention": _DURATION,
    }
    address: dict[str, Any] = {"type": "string", "maxLength": 2048}
    if profile.endpoint and "{" not in profile.endpoint:
        address["default"] = profile.endpoint
    configuration = {
        "endpoint": address,
        "authentication": {"type": "object", "properties": _SECRETS, "not": {"required": sorted(_SECRETS)}},
        "circuit_breaker": {"type": "object"},
        "timeout": _DURATION,
        "timeouts": _object(dict.fromkeys(("connect", "first_byte", "idle"), _DURATION)),
        "llm_provider": _object(provider, ("provider", *_needed(profile, "provider"))),
    }
    required = ["llm_provider", *([] if profile.endpoint else ["endpoint"])]
    schema = {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": f"Configuration of {profile.display_name}",
        **_object(configuration, required),
    }
    return orjson.dumps(schema)


def _option(profile: Profile, name: str) -> Mapping[str, Any]:
    found: dict[str, Any] = {"type": "string"}
    if name in profile.parameters:
        found["pattern"] = f"^(?:{urls.OPTION})$"
    if default := profile.parameters.get(name):
        found["default"] = default
    return found


def _needed(profile: Profile, level: str) -> tuple[str, ...]:
    """Options without a default that stand in the paths: no integration can do without them. Those of the default
    endpoint alone are not needed with another endpoint."""
    paths = urls.paths_of(profile)
    needed = tuple(name for name, default in profile.parameters.items() if not default and f"{{{name}}}" in paths)
    return needed if level == "options" else (("options",) if needed else ())


def _object(properties: Mapping[str, Any], required: Any = ()) -> dict[str, Any]:
    found: dict[str, Any] = {"type": "object", "properties": dict(properties), "additionalProperties": False}
    if required:
        found["required"] = list(required)
    return found
