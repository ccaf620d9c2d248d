"""OpenAPI documents for tests of the import, and what comes of them."""

from __future__ import annotations

from typing import Any

import orjson
import pytest
from google.rpc.error_details_pb2 import BadRequest
from trunkline.v1.api_pb2 import ApiTool
from trunkline.v1.connector_pb2 import ImportOpenApiRequest, ImportOpenApiResponse
from trunkline_server.connectors.openapi import import_document
from trunkline_server.connectors.rest.template_rules import check_template
from trunkline_server.connectors.rest.templates import parse_template, tool_of
from trunkline_server.connectors.rest.tool_rules import tool_violations
from trunkline_server.domain.errors import Reason, TrunklineError

Json = dict[str, Any]


def document(paths: Json, version: str = "3.0.3", **more: Any) -> Json:
    return {
        "openapi": version,
        "info": {"title": "Orders", "version": "1"},
        "servers": [{"url": "https://orders.example.com/v1/"}],
        "paths": paths,
        **more,
    }


def imported(value: Json | bytes, **options: Any) -> ImportOpenApiResponse:
    """Imported, and the template told the same."""
    text = value if isinstance(value, bytes) else orjson.dumps(value)
    found = import_document(ImportOpenApiRequest(document=text, **options))
    template = parse_template("imported", found.template_toml)
    if template.endpoint:
        check_template(template)
    assert [told(tool_of(tool)) for tool in template.tools] == [told(tool) for tool in found.configuration.api.tools]
    assert not tool_violations("tools", found.configuration.api.tools, {})
    return found


def told(tool: ApiTool) -> tuple[Any, ...]:
    """A tool, without the order of keys in its schemas."""
    bare = ApiTool()
    bare.CopyFrom(tool)
    bare.parameters_schema_json = bare.result_schema_json = b""
    return bare, orjson.loads(tool.parameters_schema_json), orjson.loads(tool.result_schema_json or b"{}")


def the_tool(operation: Json, method: str = "get", path: str = "/a", **more: Any) -> tuple[ApiTool, Json]:
    """The one tool of a document with one operation, and the schema of its parameters."""
    found = imported(document({path: {method: operation}}, **more))
    (tool,) = found.configuration.api.tools
    return tool, orjson.loads(tool.parameters_schema_json)


def left_out(operation: Json, method: str = "get", path: str = "/a", **more: Any) -> str:
    """Why the one operation is left out."""
    found = imported(document({path: {method: operation}}, **more))
    assert not found.configuration.api.tools
    (finding,) = [one for one in found.findings if one.skipped]
    return finding.description


def refused(value: Json | bytes, **options: Any) -> dict[str, str]:
    """The fields that a refusal names."""
    with pytest.raises(TrunklineError) as caught:
        imported(value, **options)
    assert caught.value.reason == Reason.ERROR_REASON_INVALID_REQUEST
    (bad,) = [one for one in caught.value.details if isinstance(one, BadRequest)]
    return {one.field: one.description for one in bad.field_violations}


def json_body(schema: Json, required: bool = True) -> Json:
    return {"required": required, "content": {"application/json": {"schema": schema}}}


def parameter(name: str, place: str, schema: Json | None = None, **more: Any) -> Json:
    return {"name": name, "in": place, "schema": schema or {"type": "string"}, **more}
