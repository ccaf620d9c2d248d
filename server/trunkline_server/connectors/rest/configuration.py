"""Reads an integration's configuration together with its template, and finds what is wrong with it. Pure: no I/O."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping, Sequence

from trunkline.v1.api_pb2 import ApiConfiguration, ApiTool
from trunkline.v1.authentication_pb2 import Authentication
from trunkline.v1.integration_pb2 import Integration
from yarl import URL

from trunkline_server.connectors.rest.auth.places import credential_headers, effective
from trunkline_server.connectors.rest.auth.table import violations
from trunkline_server.connectors.rest.request import (
    HEADER_NAME,
    HEADER_VALUE,
    PLACEHOLDER,
    RESERVED_HEADERS,
    Target,
)
from trunkline_server.connectors.rest.settings import Settings, Violations, fill_endpoint, fill_headers, read_settings
from trunkline_server.connectors.rest.template_models import Template
from trunkline_server.connectors.rest.tool_rules import MAX_TOOLS, fixed_path, ranged, tool_violations
from trunkline_server.domain.addresses import OutboundPolicy
from trunkline_server.domain.duration import seconds
from trunkline_server.domain.schemas import SchemaError, field_path, schema_object
from trunkline_server.domain.timeouts import Timeouts, timeouts_of, told

# The contract's limits, protos/trunkline/v1/configuration.proto and api.proto.
DEFAULT_TIMEOUT = 30.0
_TIMEOUT = (0.1, 600.0)
_MAX_HEADERS = 32
_MAX_HEADER_VALUE = 1024
_MAX_RATES = 8
_RATE_PER = (0.1, 86_400.0)
_ROOT = "configuration"


def target_of(integration: Integration, template: Template | None, settings: Settings) -> tuple[Target, Violations]:
    """Where the integration's calls go: its own configuration over its template's, with its settings; and (field path,
    what is wrong) of settings that do not fit."""
    configuration = integration.configuration
    endpoint, found = fill_endpoint(configuration.endpoint or (template.endpoint if template else ""), settings)
    headers, problems = fill_headers({**_lower(_told_headers(template)), **_lower(configuration.api.headers)}, settings)
    authentication = effective(configuration.authentication, template.authentication if template else None)
    return Target(endpoint, authentication, headers), found + problems


def _told_headers(template: Template | None) -> Mapping[str, str]:
    """The template's headers, the version of the API among them."""
    if template is None:
        return {}
    version = template.version
    return {**template.headers, version.header: version.value} if version and version.header else template.headers


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


def violations_of(
    integration: Integration, template: Template | None, template_tools: Sequence[ApiTool], policy: OutboundPolicy
) -> Violations:
    """(field path, what is wrong) of an integration of type `api`."""
    api = integration.configuration.api
    found: Violations = []
    if integration.configuration.WhichOneof("kind") not in (None, "api"):
        found.append((_ROOT, "must hold `api` for an integration of this type"))
    if api.template and template is None:
        found.append((f"{_ROOT}.api.template", "is not a template that `ListConnectors` names"))
    if integration.configuration.HasField("timeout"):
        found += ranged(f"{_ROOT}.timeout", timeout_of(integration, None), *_TIMEOUT)
    settings, problems = read_settings(template, api.settings_json)
    target, unfilled = target_of(integration, template, settings)
    found += problems or unfilled
    if target.endpoint:
        problem = None if problems or unfilled else endpoint_problem(target.endpoint, policy)
        found += [(f"{_ROOT}.endpoint", problem)] if problem else []
    elif not api.template:
        found.append((f"{_ROOT}.endpoint", "is required without a template"))
    found += violations(target.authentication, target.endpoint, policy, template)
    found += _headers(api, target.authentication)
    found += fixed_path(f"{_ROOT}.api.check_path", api.check_path) if api.check_path else []
    taken = credential_headers(target.authentication)
    return found + _tools(api, template_tools, settings, taken)


def _tools(
    api: ApiConfiguration, template_tools: Sequence[ApiTool], settings: Settings, taken: Collection[str]
) -> Violations:
    """What is wrong with the integration's own tools, with those it chooses of the template's, and with its rates."""
    of_template = {tool.name for tool in template_tools}
    found = [
        (f"{_ROOT}.api.enabled_tools[{index}]", "is no tool of the template")
        for index, name in enumerate(api.enabled_tools)
        if name not in of_template
    ]
    names = {tool.name for tool in api.tools} | (of_template & set(api.enabled_tools) or of_template)
    if len(names) > MAX_TOOLS:
        found.append((f"{_ROOT}.api.tools", f"must be at most {MAX_TOOLS}, with those of the template"))
        return found
    found += tool_violations(f"{_ROOT}.api.tools", api.tools, settings, taken)
    parameters = {name for tool in (*template_tools, *api.tools) for name in _parameters(tool)}
    return found + rate_violations(f"{_ROOT}.api.rates", api, names, parameters)


def rate_violations(
    root: str, api: ApiConfiguration, tools: Collection[str], parameters: Collection[str]
) -> Violations:
    """What is wrong with call rates; paths are `root` with an index."""
    found: Violations = []
    if len(api.rates) > _MAX_RATES:
        found.append((root, f"must be at most {_MAX_RATES}"))
    for index, rate in enumerate(api.rates[:_MAX_RATES]):
        if rate.calls < 1:
            found.append((f"{root}[{index}].calls", "must be at least 1"))
        found += ranged(f"{root}[{index}].per", seconds(rate.per), *_RATE_PER)
        parameter = PLACEHOLDER.fullmatch(rate.subject)
        if rate.subject and (parameter[1] not in parameters if parameter else rate.subject not in tools):
            found.append((f"{root}[{index}].subject", "must be a tool's name, or a tool's parameter as `{name}`"))
    return found


def _parameters(tool: ApiTool) -> Collection[str]:
    try:
        properties: Mapping[str, object] = schema_object(tool.parameters_schema_json).get("properties", {})
    except SchemaError:
        return ()
    return properties.keys()


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


def _lower(headers: Mapping[str, str]) -> dict[str, str]:
    return {name.lower(): value for name, value in headers.items()}
