"""What `list_schemas`, `list_tables` and `describe_table` answer, from what a dialect's statements over the catalogue
give."""

from __future__ import annotations

from collections import Counter
from collections.abc import AsyncIterator, Mapping, Sequence
from typing import Any

import orjson

from trunkline_server.connectors.sql.configuration import Shape
from trunkline_server.connectors.sql.port import Described, Result, Session
from trunkline_server.connectors.sql.tools import DESCRIBE_TABLE, LIST_SCHEMAS
from trunkline_server.domain.errors import Reason, TrunklineError, invalid_fields

_BATCH = 1000
_TABLES = ("schema", "table", "kind", "comment")
_COLUMNS = ("name", "type", "nullable", "default", "comment", "primary_key", "references")
_INDEXES = ("name", "unique", "definition")
_BOOLEANS = frozenset(("nullable", "primary_key", "unique"))


async def catalogue(shape: Shape, session: Session, tool: str, asked: Mapping[str, Any], seconds: float) -> bytes:
    """The answer of one of the tools. Raises INVALID_PARAMETERS for a schema or table that is not there, or not to be
    shown, and as `Session.run`."""
    if tool == DESCRIBE_TABLE:
        return await _described(shape, session, _schema(shape, asked), str(asked["table"]), seconds)
    schemas = [wanted] if (wanted := _schema(shape, asked)) else list(shape.database.schemas)
    statement = shape.dialect.tables(schemas)
    async with session.run(statement, seconds) as result:
        if tool == LIST_SCHEMAS:
            counts: Counter[str] = Counter()
            async for row in _rows(result):
                counts[str(row[0])] += 1
            return orjson.dumps({"schemas": [{"schema": name, "tables": count} for name, count in counts.items()]})
        return await _tables(result, str(asked.get("name_contains", "")).lower(), shape.whole.rows)


async def _tables(result: Result, contained: str, most: int) -> bytes:
    found: list[dict[str, Any]] = []
    truncated = False
    async for row in _rows(result):
        if contained in str(row[1]).lower():
            truncated = len(found) >= most
            if truncated:
                break
            found.append(_named(_TABLES, row))
    return orjson.dumps({"tables": found, "truncated": truncated})


async def _described(shape: Shape, session: Session, schema: str, table: str, seconds: float) -> bytes:
    async with session.run(shape.dialect.columns(schema, table), seconds) as result:
        columns = [_named(_COLUMNS, row) async for row in _rows(result)]
    if not columns:
        raise _invalid("parameters_json.table", "is no table or view that the integration's user may read")
    indexes: list[dict[str, Any]] = []
    if isinstance(shape.dialect, Described):
        async with session.run(shape.dialect.indexes(schema, table), seconds) as result:
            indexes = [_named(_INDEXES, row) async for row in _rows(result)]
    return orjson.dumps({"schema": schema, "table": table, "columns": columns, "indexes": indexes})


def _schema(shape: Shape, asked: Mapping[str, Any]) -> str:
    """The schema that was asked for; without one, the first of those that are shown. Raises INVALID_PARAMETERS."""
    shown = shape.database.schemas
    wanted = str(asked.get("schema", ""))
    if wanted and shown and wanted not in shown:
        raise _invalid("parameters_json.schema", "is none of those that the integration shows")
    return wanted or (shown[0] if shown and "table" in asked else "")


async def _rows(result: Result) -> AsyncIterator[Sequence[Any]]:
    while rows := await result.fetch(_BATCH):
        for row in rows:
            yield row


def _named(names: Sequence[str], row: Sequence[Any]) -> dict[str, Any]:
    return {
        name: bool(value) if name in _BOOLEANS else None if value is None else str(value)
        for name, value in zip(names, row, strict=False)
    }


def _invalid(field: str, problem: str) -> TrunklineError:
    return invalid_fields([(field, problem)], reason=Reason.ERROR_REASON_INVALID_PARAMETERS)
