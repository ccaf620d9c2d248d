"""The JSON Schema of the configuration that a template takes: the contract's message, narrowed to the template."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import Any

import orjson
from trunkline.v1.authentication_pb2 import AuthenticationScheme
from trunkline.v1.configuration_pb2 import Configuration

from trunkline_server.connectors.rest.template_models import Template
from trunkline_server.domain.message_schemas import message_schema

# What other kinds have, and what only answers tell.
_LEFT_OUT = frozenset(
    f"trunkline.v1.{name}"
    for name in (
        "Configuration.llm_provider",
        "Configuration.mcp",
        "Authentication.secret_set",
        "Authentication.secret_hint",
    )
)


def configuration_schema(template: Template, schemes: Sequence[AuthenticationScheme.ValueType]) -> bytes:
    """The schema, as JSON text. `schemes` are those that the template takes."""
    schema = orjson.loads(_whole())
    schema["required"] = ["api"]
    properties = schema["properties"]
    properties["endpoint"]["default"] = template.endpoint
    authentication = properties["authentication"]["properties"]
    own = AuthenticationScheme.AUTHENTICATION_SCHEME_UNSPECIFIED
    authentication["scheme"]["enum"] = [AuthenticationScheme.Name(scheme) for scheme in (own, *schemes)]
    authentication["secret"] |= {"writeOnly": True, "description": template.secret_description}
    api = properties["api"]
    api["required"] = ["template"]
    api["properties"]["template"] = {"const": template.name}
    api["properties"]["enabledTools"]["items"]["enum"] = [tool.name for tool in template.tools]
    if template.settings:
        _settings(api, template.settings)
    else:
        del api["properties"]["settingsJson"]
    return orjson.dumps(schema)


def _settings(api: dict[str, Any], settings: Any) -> None:
    api["properties"]["settingsJson"] |= {"contentMediaType": "application/json", "contentSchema": settings}
    defaults = {
        name for name, one in settings.get("properties", {}).items() if isinstance(one, dict) and "default" in one
    }
    if set(settings.get("required", ())) - defaults:
        api["required"].append("settingsJson")


@cache
def _whole() -> bytes:
    return orjson.dumps(message_schema(Configuration.DESCRIPTOR, _LEFT_OUT))
