"""A tool as it is called: what its integration and template say of it, read once. Pure: no I/O."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import jsonschema_rs
import orjson
from trunkline.v1.api_pb2 import ApiTool, BodyEncoding, Pagination

from trunkline_server.connectors.rest.request import PLACEHOLDER, WITH_BODY
from trunkline_server.connectors.rest.settings import Settings, Violations, fill_path, fill_value
from trunkline_server.domain.schemas import SchemaError, compiled_result, schema_object


class Operation:
    """`path` has its settings, `names` are the parameters that fill the rest; `query` go into the query string where
    there is a body, `headers` are header names by parameter; `constants` win over what a caller sends, `defaults` do
    not. `key_header` is where an idempotency key goes, if anywhere. `problems` are settings that do not fit."""

    __slots__ = (
        "_result",
        "constants",
        "defaults",
        "deprecation",
        "form",
        "has_body",
        "headers",
        "key_header",
        "method",
        "name",
        "names",
        "pagination",
        "path",
        "problems",
        "query",
        "reads",
        "result_schema_json",
    )

    def __init__(self, tool: ApiTool, settings: Settings, key_header: str = "") -> None:
        self.name = tool.name
        self.method = tool.method
        self.reads = reads(tool)
        self.has_body = tool.method in WITH_BODY
        self.form = tool.body_encoding == BodyEncoding.BODY_ENCODING_FORM
        self.path, self.problems = _path(tool, settings)
        self.names = tuple(dict.fromkeys(PLACEHOLDER.findall(self.path)))
        self.query = frozenset(tool.query_parameters)
        self.headers = {name: header.lower() for name, header in tool.header_parameters.items()}
        self.constants: Mapping[str, Any] = (
            fill_value(orjson.loads(tool.constants_json), settings) if tool.constants_json else {}
        )
        self.pagination: Pagination | None = tool.pagination if tool.HasField("pagination") else None
        self.defaults: Mapping[str, Any] = _page_size(tool.pagination)
        self.key_header = "" if self.reads else key_header.lower()
        self.deprecation = tool.deprecation
        self.result_schema_json = tool.result_schema_json
        self._result: jsonschema_rs.Validator | None = None

    @property
    def result(self) -> jsonschema_rs.Validator | None:
        """The validator of results, compiled at the first of them; None where they are not checked."""
        if self._result is None and self.result_schema_json:
            try:
                self._result = compiled_result(self.result_schema_json)
            except SchemaError:
                # Stored before schemas of results were checked.
                self.result_schema_json = b""
        return self._result


def reads(tool: ApiTool) -> bool:
    """Whether it only reads."""
    return tool.read_only if tool.HasField("read_only") else tool.method == "GET"


def _path(tool: ApiTool, settings: Settings) -> tuple[str, Violations]:
    if not settings or "{" not in tool.path:
        return tool.path, []
    try:
        properties: Mapping[str, Any] = schema_object(tool.parameters_schema_json).get("properties", {})
    except SchemaError:
        properties = {}
    return fill_path(tool.path, settings, properties.keys())


def _page_size(pages: Pagination) -> Mapping[str, Any]:
    """The size of a page, where the caller says none."""
    return {pages.size_parameter: pages.page_size} if pages.size_parameter and pages.page_size else {}
