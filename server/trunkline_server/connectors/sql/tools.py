"""The tools of a database: those that all have, and its named queries."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import orjson
from trunkline.v1.database_pb2 import DatabaseConfiguration, NamedQuery
from trunkline.v1.tool_pb2 import Tool

from trunkline_server.domain.duration import duration

QUERY, EXECUTE, EXPLAIN = "query", "execute", "explain"
LIST_SCHEMAS, LIST_TABLES, DESCRIBE_TABLE = "list_schemas", "list_tables", "describe_table"
BUILT_IN = frozenset((QUERY, EXECUTE, EXPLAIN, LIST_SCHEMAS, LIST_TABLES, DESCRIBE_TABLE))
# sqlglot's names of dialects: how a placeholder is written.
_PLACEHOLDERS = {"postgres": "$1, $2, …", "mysql": "%s", "tsql": "%s", "oracle": ":1, :2, …"}


def _object(properties: Mapping[str, Any], *required: str) -> bytes:
    schema = {"type": "object", "properties": properties, "required": list(required), "additionalProperties": False}
    return orjson.dumps(schema)


def _told(properties: Mapping[str, Any]) -> bytes:
    return orjson.dumps({"type": "object", "properties": properties, "required": list(properties)})


_STRING = {"type": "string"}
_NAME = {"type": "string", "maxLength": 256}
_TEXT = {"type": ["string", "null"]}
_COUNT = {"type": "integer", "minimum": 0}
_BOOLEAN = {"type": "boolean"}


def _list(**properties: Any) -> Mapping[str, Any]:
    return {"type": "array", "items": {"type": "object", "properties": properties, "required": list(properties)}}


_COLUMNS = _list(name=_STRING, type=_STRING, database_type=_STRING)
_ROWS = _told(
    {
        "columns": _COLUMNS,
        "rows": {"type": "array", "items": {"type": "array"}},
        "row_count": _COUNT,
        "truncated": _BOOLEAN,
    }
)
_SCHEMAS = _told({"schemas": _list(schema=_STRING, tables=_COUNT)})
_TABLES = _told({"tables": _list(schema=_STRING, table=_STRING, kind=_STRING, comment=_TEXT), "truncated": _BOOLEAN})
_TABLE = _told(
    {
        "schema": _STRING,
        "table": _STRING,
        "columns": _list(
            **{"name": _STRING, "type": _STRING, "nullable": _BOOLEAN, "default": _TEXT, "comment": _TEXT},
            **{"primary_key": _BOOLEAN, "references": _TEXT},
        ),
        "indexes": _list(name=_STRING, unique=_BOOLEAN, definition=_STRING),
    }
)


def tools_of(integration_id: str, database: DatabaseConfiguration, parser: str, timeout: float) -> Mapping[str, Tool]:
    """The tools of a configuration, by name."""
    found = {}
    for tool in _tools(database, parser):
        tool.integration_id = integration_id
        tool.timeout.CopyFrom(duration(timeout))
        tool.repeatable = not tool.has_side_effects
        found[tool.name] = tool
    return found


def _tools(database: DatabaseConfiguration, parser: str) -> Iterator[Tool]:
    if not database.named_queries_only:
        yield from _free(database, parser)
    yield Tool(
        name=LIST_SCHEMAS,
        description="The schemas that hold tables or views, and how many.",
        parameters_schema_json=_object({}),
        result_schema_json=_SCHEMAS,
    )
    yield Tool(
        name=LIST_TABLES,
        description="Tables and views, by schema and name.",
        parameters_schema_json=_object({"schema": _NAME, "name_contains": _NAME}),
        result_schema_json=_TABLES,
    )
    yield Tool(
        name=DESCRIBE_TABLE,
        description="The columns and indexes of a table.",
        parameters_schema_json=_object({"schema": _NAME, "table": _NAME}, "table"),
        result_schema_json=_TABLE,
    )
    for query in database.named_queries:
        yield Tool(
            name=query.name,
            description=query.description,
            parameters_schema_json=parameters_schema(query),
            result_schema_json=_ROWS if not query.writes else b"",
            has_side_effects=query.writes,
            approval_required=query.approval_required,
            cost_nano_usd=query.cost_nano_usd,
            streams_output=not query.writes,
        )


def _free(database: DatabaseConfiguration, parser: str) -> Iterator[Tool]:
    """The tools that take any statement."""
    written = _PLACEHOLDERS.get(parser, "?")
    sql = {
        "type": "string",
        "minLength": 1,
        "maxLength": 65536,
        "description": f"One statement. Placeholders: {written}",
    }
    values = {"type": "array", "maxItems": 1024, "description": "The values of the placeholders, in their order."}
    statement: Mapping[str, Any] = {"sql": sql, "parameters": values}
    most = {"type": "integer", "minimum": 1, "description": "At most so many rows."}
    yield Tool(
        name=QUERY,
        description="Runs a query in a read-only transaction.",
        parameters_schema_json=_object({**statement, "max_rows": most}, "sql"),
        result_schema_json=_ROWS,
        streams_output=True,
    )
    if database.allow_writes:
        yield Tool(
            name=EXECUTE,
            description="Runs a statement that may write, in a transaction of its own.",
            parameters_schema_json=_object(statement, "sql"),
            has_side_effects=True,
        )
    yield Tool(
        name=EXPLAIN,
        description="Tells how a query would be executed, without executing it.",
        parameters_schema_json=_object(statement, "sql"),
        result_schema_json=_ROWS,
    )


def parameters_schema(query: NamedQuery) -> bytes:
    """The JSON Schema of a named query's parameters. Raises orjson.JSONDecodeError."""
    properties, required = {}, []
    for one in query.parameters:
        schema = orjson.loads(one.schema_json or b"{}")
        if one.description:
            schema = {"description": one.description, **schema}
        properties[one.name] = schema
        if not one.optional and one.name not in required:
            required.append(one.name)
    return _object(properties, *required)
