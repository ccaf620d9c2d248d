"""What a template must be like beyond its form: the rules of an integration's configuration, and what only it says."""

from __future__ import annotations

import orjson
from trunkline.v1.api_pb2 import ApiConfiguration

from trunkline_server.connectors.rest.configuration import endpoint_problem, rate_violations
from trunkline_server.connectors.rest.request import PLACEHOLDER, RESERVED_HEADERS
from trunkline_server.connectors.rest.settings import CREDENTIAL, Violations, plain_names
from trunkline_server.connectors.rest.template_models import Template, TemplateTool
from trunkline_server.connectors.rest.templates import TemplateError, rate_of, tool_of
from trunkline_server.connectors.rest.tool_rules import fixed_path, tool_violations
from trunkline_server.domain.addresses import OutboundPolicy
from trunkline_server.domain.schemas import SchemaError, violations_in


def check_template(template: Template) -> None:
    """Raises TemplateError naming the file and the key."""
    found = _address(template) + _check(template) + _settings(template)
    # A value is judged with its integration.
    settings = dict.fromkeys(plain_names(template, certain=True), "x")
    found += tool_violations("tools", [tool_of(tool) for tool in template.tools], settings)
    parameters = {name for tool in template.tools for name in tool.parameters.get("properties", {})}
    rates = ApiConfiguration(rates=[rate_of(rate) for rate in template.rates])
    found += rate_violations("rates", rates, {tool.name for tool in template.tools}, parameters)
    if found:
        raise TemplateError(f"{template.name}.toml: {found[0][0]}: {found[0][1]}")


def _address(template: Template) -> Violations:
    filled = PLACEHOLDER.sub("x", template.endpoint)
    problem = endpoint_problem(filled, OutboundPolicy())
    found = [("endpoint", problem)] if problem else []
    certain = plain_names(template, certain=True)
    for key, path in (("endpoint", template.endpoint), ("check_path", template.check_path)):
        unknown = [name for name in PLACEHOLDER.findall(path) if name not in {*certain, CREDENTIAL}]
        found += [(key, f"{{{name}}} is no setting that is required or has a default") for name in unknown]
    plain = plain_names(template, certain=False)
    for name, value in template.headers.items():
        if name.lower() in RESERVED_HEADERS:
            found.append(("headers", f"{name!r} is not allowed"))
        unknown = [one for one in PLACEHOLDER.findall(value) if one not in plain]
        found += [("headers", f"{{{one}}} is no setting of a plain type") for one in unknown]
    return found


def _check(template: Template) -> Violations:
    if not template.check_tool:
        filled = PLACEHOLDER.sub("x", template.check_path)
        return fixed_path("check_path", filled) if filled else []
    tool: TemplateTool | None = next((one for one in template.tools if one.name == template.check_tool), None)
    if tool is None:
        return [("check_tool", "is none of the tools")]
    if not tool.reads:
        return [("check_tool", "must be a tool that reads")]
    try:
        return violations_in(orjson.dumps(tool.parameters), template.check_parameters, "check_parameters")
    except SchemaError as error:
        return [("check_tool", f"cannot be checked, its schema {error}")]


def _settings(template: Template) -> Violations:
    try:
        violations_in(orjson.dumps(template.settings), {}, "settings")
    except SchemaError as error:
        return [("settings", str(error))]
    return []
