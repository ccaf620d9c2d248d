"""API templates: one TOML file each, read strictly, see template_models.py, and told as the contract tells them."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import orjson
from pydantic import ValidationError
from trunkline.v1.api_pb2 import ApiTool, BodyEncoding, CacheClass, CallRate, Pagination, PaginationStyle
from trunkline.v1.authentication_pb2 import AuthenticationScheme
from trunkline.v1.configuration_pb2 import IntegrationType
from trunkline.v1.connector_pb2 import Connector, ConnectorTool

from trunkline_server.connectors.rest.connector_schema import configuration_schema
from trunkline_server.connectors.rest.template_models import (
    Rate,
    Template,
    TemplatePagination,
    TemplateTool,
)
from trunkline_server.domain.duration import duration
from trunkline_server.domain.timeouts import told

_NAME = re.compile(r"[a-z][a-z0-9_-]{0,63}")
SHIPPED = Path(__file__).parent.parent / "templates"


class TemplateError(ValueError):
    """A template file is not valid; the message names the file and the key."""


def parse_template(name: str, text: str) -> Template:
    """One template from its TOML text. Raises TemplateError."""
    try:
        return Template.model_validate({**tomllib.loads(text), "name": name})
    except tomllib.TOMLDecodeError as error:
        raise TemplateError(f"{name}.toml is not TOML: {error}") from None
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        key = ".".join(str(step) for step in first["loc"])
        raise TemplateError(f"{name}.toml: {key}: {first['msg']}") from None


def load_templates(directory: Path = SHIPPED) -> dict[str, Template]:
    """The templates of a directory, by name and in its order. Reads files: for start-up. Raises TemplateError."""
    return {path.stem: _read(path) for path in sorted(directory.glob("*.toml"))}


def _read(path: Path) -> Template:
    if not _NAME.fullmatch(path.stem):
        raise TemplateError(f"{path.name}: a template's name must be 1 to 64 of [a-z0-9_-], starting with a letter")
    try:
        return parse_template(path.stem, path.read_text("utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        raise TemplateError(f"{path.name} cannot be read: {type(error).__name__}") from None


def load_all(directory: str = "") -> dict[str, Template]:
    """The shipped templates, and those of the operator's directory over them. Reads files: for start-up. Raises
    TemplateError, also for a directory that cannot be read."""
    if not directory:
        return load_templates()
    own = Path(directory)
    if not own.is_dir():
        raise TemplateError(f"integrations.template_dir: {own} is not a directory")
    return load_templates() | load_templates(own)


def scheme_of(name: str) -> AuthenticationScheme.ValueType:
    """The scheme as in the contract, by its name in a template."""
    return AuthenticationScheme.Value(f"AUTHENTICATION_SCHEME_{name.upper()}")


def tool_of(tool: TemplateTool) -> ApiTool:
    """The tool as in the contract."""
    found = ApiTool(
        name=tool.name,
        description=tool.description,
        method=tool.method,
        path=tool.path,
        parameters_schema_json=orjson.dumps(tool.parameters),
        query_parameters=tool.query,
        header_parameters=tool.header_parameters,
        result_schema_json=_json(tool.result),
        read_only=tool.reads,
        cost_nano_usd=tool.cost_nano_usd,
        approval_required=tool.approval_required,
        body_encoding=BodyEncoding.Value(f"BODY_ENCODING_{tool.body.upper()}"),
        constants_json=_json(tool.constants),
        deprecation=tool.deprecation,
    )
    if tool.cache_class:
        found.cache_class = CacheClass.Value(f"CACHE_CLASS_{tool.cache_class.upper()}")
    if tool.cache_ttl_seconds is not None:
        found.cache_ttl.CopyFrom(duration(tool.cache_ttl_seconds))
    if tool.timeout_seconds is not None:
        found.timeout.CopyFrom(duration(tool.timeout_seconds))
    if tool.pagination is not None:
        found.pagination.CopyFrom(_pagination(tool.pagination))
    return found


def connector_of(template: Template) -> Connector:
    """The template as `ListConnectors` shows it."""
    own = template.authentication.scheme
    schemes = [scheme_of(one) for one in dict.fromkeys((own, *template.authentication.alternatives))]
    return Connector(
        name=template.name,
        type=IntegrationType.INTEGRATION_TYPE_API,
        display_name=template.display_name,
        default_endpoint=template.endpoint,
        authentication=scheme_of(own),
        authentications=schemes,
        timeout=duration(template.timeout_seconds),
        timeouts=told(template.timeouts),
        configuration_schema_json=configuration_schema(template, schemes),
        settings_schema_json=_json(template.settings),
        tools=[_connector_tool(tool) for tool in template.tools],
        rates=[rate_of(rate) for rate in template.rates],
        api_version=template.version.value if template.version else "",
        notes=template.notes,
        documentation_url=template.documentation,
        secret_description=template.secret_description,
    )


def rate_of(rate: Rate) -> CallRate:
    """The rate as in the contract."""
    return CallRate(calls=rate.calls, per=duration(rate.per_seconds), subject=rate.subject)


def _connector_tool(tool: TemplateTool) -> ConnectorTool:
    return ConnectorTool(
        name=tool.name,
        description=tool.description,
        parameters_schema_json=orjson.dumps(tool.parameters),
        result_schema_json=_json(tool.result),
        has_side_effects=not tool.reads,
        approval_required=tool.approval_required,
        cost_nano_usd=tool.cost_nano_usd,
    )


def _pagination(pages: TemplatePagination) -> Pagination:
    found = Pagination(
        style=PaginationStyle.Value(f"PAGINATION_STYLE_{pages.style.upper()}"),
        parameter=pages.parameter,
        next=pages.next,
        items=pages.items,
        has_more=pages.has_more,
        size_parameter=pages.size_parameter,
        page_size=pages.page_size,
        next_of_last_item=pages.next_of_last_item,
    )
    if pages.first is not None:
        found.first = pages.first
    return found


def _json(value: Mapping[str, Any] | None) -> bytes:
    return orjson.dumps(value) if value else b""
