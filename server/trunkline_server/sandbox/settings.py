"""Values for a template's settings, where a test has none of its own. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


def samples(schema: Mapping[str, Any]) -> dict[str, str]:
    """A value for each setting: its default, its first example, or the first that is allowed."""
    properties: Mapping[str, Mapping[str, Any]] = schema.get("properties", {})
    return {name: str(_sample(name, one)) for name, one in properties.items()}


def _sample(name: str, schema: Mapping[str, Any]) -> Any:
    for found in (schema.get("default"), *schema.get("examples", ())[:1], *schema.get("enum", ())[:1]):
        if found is not None:
            return found
    return f"sandbox-{name}"
