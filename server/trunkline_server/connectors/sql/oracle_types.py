"""Oracle's types: what a column is, and how the driver is to fetch it.

NUMBER is an integer only where it is declared as one of up to 18 digits; else it is exact. DATE has a time. TIMESTAMP
WITH TIME ZONE comes without its zone, as the driver reads it: a DATETIME. LOBs are fetched as a whole.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any, Final

import oracledb
from trunkline.v1.database_pb2 import ColumnType, ResultColumn

_TYPES: Final[Mapping[Any, ColumnType.ValueType]] = {
    oracledb.DB_TYPE_BOOLEAN: ColumnType.COLUMN_TYPE_BOOLEAN,
    oracledb.DB_TYPE_BINARY_INTEGER: ColumnType.COLUMN_TYPE_INTEGER,
    oracledb.DB_TYPE_BINARY_FLOAT: ColumnType.COLUMN_TYPE_FLOAT,
    oracledb.DB_TYPE_BINARY_DOUBLE: ColumnType.COLUMN_TYPE_FLOAT,
    oracledb.DB_TYPE_CHAR: ColumnType.COLUMN_TYPE_TEXT,
    oracledb.DB_TYPE_NCHAR: ColumnType.COLUMN_TYPE_TEXT,
    oracledb.DB_TYPE_VARCHAR: ColumnType.COLUMN_TYPE_TEXT,
    oracledb.DB_TYPE_NVARCHAR: ColumnType.COLUMN_TYPE_TEXT,
    oracledb.DB_TYPE_CLOB: ColumnType.COLUMN_TYPE_TEXT,
    oracledb.DB_TYPE_NCLOB: ColumnType.COLUMN_TYPE_TEXT,
    oracledb.DB_TYPE_LONG: ColumnType.COLUMN_TYPE_TEXT,
    oracledb.DB_TYPE_XMLTYPE: ColumnType.COLUMN_TYPE_TEXT,
    oracledb.DB_TYPE_RAW: ColumnType.COLUMN_TYPE_BYTES,
    oracledb.DB_TYPE_BLOB: ColumnType.COLUMN_TYPE_BYTES,
    oracledb.DB_TYPE_LONG_RAW: ColumnType.COLUMN_TYPE_BYTES,
    oracledb.DB_TYPE_DATE: ColumnType.COLUMN_TYPE_DATETIME,
    oracledb.DB_TYPE_TIMESTAMP: ColumnType.COLUMN_TYPE_DATETIME,
    oracledb.DB_TYPE_TIMESTAMP_TZ: ColumnType.COLUMN_TYPE_DATETIME,
    oracledb.DB_TYPE_TIMESTAMP_LTZ: ColumnType.COLUMN_TYPE_TIMESTAMP,
    oracledb.DB_TYPE_INTERVAL_DS: ColumnType.COLUMN_TYPE_INTERVAL,
    oracledb.DB_TYPE_JSON: ColumnType.COLUMN_TYPE_JSON,
}
# Fetched as a whole with the row, not one by one afterwards.
_WHOLE: Final[Mapping[Any, Any]] = {
    oracledb.DB_TYPE_CLOB: oracledb.DB_TYPE_LONG,
    oracledb.DB_TYPE_NCLOB: oracledb.DB_TYPE_LONG_NVARCHAR,
    oracledb.DB_TYPE_BLOB: oracledb.DB_TYPE_LONG_RAW,
}


def column(info: Any) -> ResultColumn:
    """What a column is, as the driver's FetchInfo tells."""
    name = str(info.type_code.name).removeprefix("DB_TYPE_").lower().replace("_", " ")
    return ResultColumn(name=info.name, type=_kind(info), database_type=name)


def _kind(info: Any) -> ColumnType.ValueType:
    if info.type_code is oracledb.DB_TYPE_NUMBER:
        return ColumnType.COLUMN_TYPE_INTEGER if _is_whole(info) else ColumnType.COLUMN_TYPE_DECIMAL
    return _TYPES.get(info.type_code, ColumnType.COLUMN_TYPE_OTHER)


def _is_whole(info: Any) -> bool:
    return info.scale == 0 and 0 < (info.precision or 0) <= 18


def handler(cursor: Any, info: Any) -> Any:
    """How the driver fetches a column: an output type handler of its own."""
    if info.type_code is oracledb.DB_TYPE_NUMBER:
        return cursor.var(int if _is_whole(info) else Decimal, arraysize=cursor.arraysize)
    if (whole := _WHOLE.get(info.type_code)) is not None:
        return cursor.var(whole, arraysize=cursor.arraysize)
    return None


def finish(infos: Sequence[Any]) -> Callable[[list[Any]], list[Any]] | None:
    """What is left to do for rows; None where nothing is."""
    changes = [(at, change) for at, info in enumerate(infos) if (change := _change(info)) is not None]
    if not changes:
        return None

    def finished(rows: list[Any]) -> list[Any]:
        made = [list(row) for row in rows]
        for at, change in changes:
            for row in made:
                if row[at] is not None:
                    row[at] = change(row[at])
        return made

    return finished


def _change(info: Any) -> Callable[[Any], Any] | None:
    if info.type_code is oracledb.DB_TYPE_TIMESTAMP_LTZ:
        return _aware
    return str if _kind(info) == ColumnType.COLUMN_TYPE_OTHER else None


def _aware(value: datetime) -> datetime:
    return value.replace(tzinfo=UTC)
