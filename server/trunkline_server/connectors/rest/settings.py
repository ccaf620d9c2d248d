"""Settings of an integration: checked against its template's schema, and filled in where `{name}` stands. Pure: no I/O.

A value never changes more than the place it is meant for: in a host it is one label, unless the template leaves the
whole host to the setting; in a path it stays inside its segment.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from typing import Any, TypeAlias
from urllib.parse import quote

import orjson

from trunkline_server.connectors.rest.encoding import scalar
from trunkline_server.connectors.rest.request import HEADER_VALUE, PLACEHOLDER, has_steps
from trunkline_server.connectors.rest.template_models import Template
from trunkline_server.domain.schemas import SchemaError, field_path, violations_in

Violations: TypeAlias = list[tuple[str, str]]
Settings: TypeAlias = Mapping[str, Any]

ROOT = "configuration.api.settings_json"
# Stands in an endpoint for the credential, not for a setting.
CREDENTIAL = "secret"
_PARTS = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*://)([^/?#]*)(.*)", re.DOTALL)
_LABEL = re.compile(r"[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?")
_HOST = re.compile(r"[A-Za-z0-9]([A-Za-z0-9.-]{0,251}[A-Za-z0-9])?")


def read_settings(template: Template | None, settings_json: bytes) -> tuple[Settings, Violations]:
    """The settings with the template's defaults, None for absent ones without, and (field path, what is wrong) of them;
    never shows a value."""
    try:
        told = orjson.loads(settings_json or b"{}")
    except orjson.JSONDecodeError:
        return {}, [(ROOT, "is not JSON")]
    if not isinstance(told, dict):
        return {}, [(ROOT, "must be a JSON object")]
    schema = template.settings if template else {}
    if not schema:
        return {}, [(field_path(name, root=ROOT), "is no setting: the template has none") for name in told]
    known: Mapping[str, Any] = schema.get("properties", {})
    settings = {
        name: one["default"] for name, one in known.items() if isinstance(one, dict) and "default" in one
    } | told
    try:
        return dict.fromkeys(known) | settings, violations_in(orjson.dumps(schema), settings, ROOT)
    except SchemaError as error:
        return settings, [(ROOT, f"cannot be checked, the template's schema {error}")]


def fill_endpoint(endpoint: str, settings: Settings) -> tuple[str, Violations]:
    """The base address with its settings, and (field path, what is wrong) of those that cannot stand there."""
    parts = _PARTS.fullmatch(endpoint)
    if "{" not in endpoint or parts is None:
        return endpoint, []
    found: Violations = []

    def in_host(match: re.Match[str]) -> str:
        if match[1] == CREDENTIAL:
            # Refused with the authentication: it may stand in the path only.
            return match[0]
        text = scalar(settings.get(match[1]))
        fits, what = (_HOST, "a host name") if match[0] == parts[2] else (_LABEL, "one label of a host name")
        if text is None or not fits.fullmatch(text):
            found.append((field_path(match[1], root=ROOT), f"is part of the address and must be {what}"))
        return text or ""

    host = PLACEHOLDER.sub(in_host, parts[2])
    path, problems = fill_path(parts[3], settings, {CREDENTIAL})
    return parts[1] + host + path, found + problems


def fill_path(path: str, settings: Settings, parameters: Collection[str]) -> tuple[str, Violations]:
    """The path with its settings, percent-encoded whole; `parameters` are left for the call."""
    found: Violations = []

    def value(match: re.Match[str]) -> str:
        if match[1] in parameters or match[1] not in settings:
            return match[0]
        text = scalar(settings[match[1]])
        if not text or has_steps(text):
            found.append((field_path(match[1], root=ROOT), "is part of a path and must not be empty, `.` or `..`"))
            return ""
        return quote(text, safe="")

    filled = PLACEHOLDER.sub(value, path)
    if not found and has_steps(PLACEHOLDER.sub("x", filled)):
        found.append((ROOT, "makes a path with `.` or `..` in it"))
    return filled, found


def fill_headers(headers: Mapping[str, str], settings: Settings) -> tuple[dict[str, str], Violations]:
    """The headers with their settings; one whose setting is absent is left out."""
    found: Violations = []

    def value(match: re.Match[str]) -> str:
        text = scalar(settings[match[1]]) if match[1] in settings else match[0]
        if text is None or not HEADER_VALUE.fullmatch(text):
            found.append((field_path(match[1], root=ROOT), "goes into a header and must be printable ASCII"))
        return text or ""

    absent = {name for name, one in settings.items() if one is None}
    sent = {name: text for name, text in headers.items() if absent.isdisjoint(PLACEHOLDER.findall(text))}
    return {name: PLACEHOLDER.sub(value, text) for name, text in sent.items()}, found


def fill_value(value: Any, settings: Settings) -> Any:
    """A constant with its settings. One that is nothing but `{name}` keeps the setting's type, and is left out where
    that is absent."""
    if isinstance(value, dict):
        filled = {name: fill_value(one, settings) for name, one in value.items()}
        return {name: one for name, one in filled.items() if one is not None or value[name] is None}
    if isinstance(value, list | tuple):
        return [fill_value(one, settings) for one in value]
    if not isinstance(value, str):
        return value
    whole = PLACEHOLDER.fullmatch(value)
    if whole and whole[1] in settings:
        return settings[whole[1]]
    return PLACEHOLDER.sub(lambda match: scalar(settings.get(match[1])) or match[0], value)


def plain_names(template: Template, *, certain: bool) -> Collection[str]:
    """The settings of a plain type; `certain`: only those that are required or have a default."""
    known: Mapping[str, Any] = template.settings.get("properties", {})
    required = template.settings.get("required", ())
    return {
        name
        for name, one in known.items()
        if isinstance(one, dict)
        and one.get("type") in ("string", "integer", "number", "boolean")
        and (not certain or name in required or "default" in one)
    }
