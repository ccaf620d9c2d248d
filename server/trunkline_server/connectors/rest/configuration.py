"""Reads an integration's configuration together with its template, and finds what is wrong with it. Pure: no I/O."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import TypeAlias

from trunkline.v1.api_pb2 import ApiConfiguration, ApiTool
from trunkline.v1.authentication_pb2 import Authentication
from trunkline.v1.integration_pb2 import Integration
from yarl import URL

from trunkline_server.connectors.rest.auth.places import credential_headers, effective
from trunkline_server.connectors.rest.auth.table import violations
from trunkline_server.connectors.rest.request import (
    HEADER_NAME,
    HEADER_VALUE,
    METHODS,
    PLACEHOLDER,
    RESERVED_HEADERS,
    Target,
    has_steps,
)
from trunkline_server.connectors.rest.template_models import Template
from trunkline_server.connectors.rest.templates import TemplateError, tool_of
from trunkline_server.domain.addresses import OutboundPolicy
from trunkline_server.domain.schemas import SchemaError, compiled, field_path, schema_object
from trunkline_server.domain.timeouts import Timeouts, timeouts_of, told

Violations: TypeAlias = list[tuple[str, str]]

# The contract's limits, protos/trunkline/v1/integration.proto.
DEFAULT_TIMEOUT = 30.0
_TIMEOUT = (0.1, 600.0)
_MAX_TOOLS = 128
_MAX_HEADERS = 32
_MAX_HEADER_VALUE = 1024
_MAX_CACHE_TTL = 86_400.0
_TOOL_NAME = re.compile(r"[A-Za-z0-9_-]{1,64}")
_PATH = re.compile(r"/[A-Za-z0-9._~!$&'()*+,;=:@%{}/-]*")
_ROOT = "configuration"


def target_of(integration: Integration, template: Template | None) -> Target:
    """Where the integration's calls go: its own configuration over its template's."""
    configuration = integration.configuration
    return Target(
        endpoint=configuration.endpoint or (template.endpoint if template else ""),
        authentication=effective(configuration.authentication, template.authentication if template else None),
        headers={**_lower(template.headers if template else {}), **_lower(configuration.api.headers)},
    )


def timeout_of(integration: Integration, template: Template | None) -> float:
    """The timeout of one call, in seconds."""
    configuration = integration.configuration
    if configuration.HasField("timeout"):
        return configuration.timeout.ToNanoseconds() / 1e9
    return template.timeout_seconds if template else DEFAULT_TIMEOUT


def parts_of(integration: Integration, template: Template | None, default: Timeouts) -> Timeouts:
    """The timeouts of the parts of one call."""
    return timeouts_of(integration.configuration.timeouts, told(template.timeouts if template else {}), default)


def endpoint_problem(endpoint: str, policy: OutboundPolicy) -> str | None:
    """What is wrong with a base address, or None."""
    problem = policy.url_problem(endpoint)
    if problem is None:
        try:
            URL(endpoint)
        except ValueError:
            return "is not a URL"
    return problem


def violations_of(integration: Integration, template: Template | None, policy: OutboundPolicy) -> Violations:
    """(field path, what is wrong) of an integration of type `api`."""
    api = integration.configuration.api
    found: Violations = []
    if integration.configuration.WhichOneof("kind") not in (None, "api"):
        found.append((_ROOT, "must hold `api` for an integration of this type"))
    if api.template and template is None:
        found.append((f"{_ROOT}.api.template", "is not a template that `ListConnectors` names"))
    if integration.configuration.HasField("timeout"):
        found += _range(f"{_ROOT}.timeout", timeout_of(integration, None), *_TIMEOUT)
    target = target_of(integration, template)
    if target.endpoint:
        problem = endpoint_problem(target.endpoint, policy)
        found += [(f"{_ROOT}.endpoint", problem)] if problem else []
    elif not api.template:
        found.append((f"{_ROOT}.endpoint", "is required without a template"))
    found += violations(target.authentication, target.endpoint, policy, template)
    found += _headers(api, target.authentication)
    found += _fixed_path(f"{_ROOT}.api.check_path", api.check_path) if api.check_path else []
    return found + tool_violations(f"{_ROOT}.api.tools", api.tools)


def check_template(template: Template) -> None:
    """The rules of a tenant's configuration, for a template. Raises TemplateError naming the key."""
    problem = endpoint_problem(template.endpoint, OutboundPolicy())
    found = [("endpoint", problem)] if problem else []
    found += _fixed_path("check_path", template.check_path)
    found += [("headers", f"{name!r} is not allowed") for name in template.headers if name.lower() in RESERVED_HEADERS]
    found += tool_violations("tools", [tool_of(tool) for tool in template.tools])
    if found:
        raise TemplateError(f"{template.name}.toml: {found[0][0]}: {found[0][1]}")


def tool_violations(root: str, tools: Sequence[ApiTool]) -> Violations:
    """What is wrong with tools; paths are `root` with an index."""
    found: Violations = []
    if len(tools) > _MAX_TOOLS:
        found.append((root, f"must be at most {_MAX_TOOLS}"))
    names = Counter(tool.name for tool in tools)
    for index, tool in enumerate(tools[:_MAX_TOOLS]):
        path = f"{root}[{index}]"
        if not _TOOL_NAME.fullmatch(tool.name):
            found.append((f"{path}.name", "must be 1 to 64 of [A-Za-z0-9_-]"))
        elif names[tool.name] > 1:
            found.append((f"{path}.name", f"{tool.name!r} is there twice"))
        found += _tool(path, tool)
    return found


def _tool(root: str, tool: ApiTool) -> Violations:
    found: Violations = []
    if tool.method not in METHODS:
        found.append((f"{root}.method", f"must be one of {', '.join(METHODS)}"))
    found += _path(f"{root}.path", tool.path)
    try:
        compiled(tool.parameters_schema_json)
        properties = schema_object(tool.parameters_schema_json).get("properties", {})
    except SchemaError as error:
        found.append((f"{root}.parameters_schema_json", str(error)))
        properties = None
    placeholders = PLACEHOLDER.findall(tool.path)
    if properties is not None:
        missing = [name for name in dict.fromkeys(placeholders) if name not in properties]
        found += [(f"{root}.path", f"{{{name}}} is not among the schema's properties") for name in missing]
    for index, name in enumerate(tool.query_parameters):
        if not name or name in placeholders:
            found.append((f"{root}.query_parameters[{index}]", "must be a parameter that is not part of the path"))
    if tool.HasField("cache_ttl"):
        if tool.method != "GET":
            found.append((f"{root}.cache_ttl", "is only for GET"))
        found += _range(f"{root}.cache_ttl", tool.cache_ttl.ToNanoseconds() / 1e9, 0.001, _MAX_CACHE_TTL)
    return found


def _path(field: str, path: str) -> Violations:
    """A path with or without placeholders, relative to the endpoint."""
    bare = PLACEHOLDER.sub("x", path)
    if not _PATH.fullmatch(path) or "{" in bare or "}" in bare:
        return [(field, "must start with `/` and hold only path characters and {names}; no query, no fragment")]
    if path.startswith("//") or has_steps(bare):
        return [(field, "must not start with `//` nor have `.` or `..` as a segment")]
    return []


def _fixed_path(field: str, path: str) -> Violations:
    return [(field, "must not have {names}")] if "{" in path else _path(field, path)


def _headers(api: ApiConfiguration, authentication: Authentication) -> Violations:
    found: Violations = []
    root = f"{_ROOT}.api.headers"
    if len(api.headers) > _MAX_HEADERS:
        found.append((root, f"must be at most {_MAX_HEADERS}"))
    repeated = Counter(name.lower() for name in api.headers)
    for name, value in sorted(api.headers.items()):
        field = field_path(name, root=root)
        lower = name.lower()
        if not HEADER_NAME.fullmatch(name):
            found.append((field, "is not a header's name"))
        elif lower in RESERVED_HEADERS or lower in credential_headers(authentication):
            found.append((field, "is set by the authentication or by HTTP itself"))
        elif repeated[lower] > 1:
            found.append((field, "is there twice"))
        if len(value) > _MAX_HEADER_VALUE or not HEADER_VALUE.fullmatch(value):
            found.append((field, f"must be at most {_MAX_HEADER_VALUE} printable ASCII characters"))
    return found


def _range(field: str, seconds: float, least: float, most: float) -> Violations:
    return [] if least <= seconds <= most else [(field, f"must be from {least:g} s to {most:g} s")]


def _lower(headers: Mapping[str, str]) -> dict[str, str]:
    return {name.lower(): value for name, value in headers.items()}
