"""SQL Server's types, by the first word of their declaration."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

from trunkline.v1.database_pb2 import ColumnType, ResultColumn

_TYPES: Final[Mapping[str, ColumnType.ValueType]] = {
    name: kind
    for kind, names in (
        (ColumnType.COLUMN_TYPE_BOOLEAN, ("bit",)),
        (ColumnType.COLUMN_TYPE_INTEGER, ("tinyint", "smallint", "int", "bigint")),
        (ColumnType.COLUMN_TYPE_FLOAT, ("float", "real")),
        (ColumnType.COLUMN_TYPE_DECIMAL, ("decimal", "numeric", "money", "smallmoney")),
        (ColumnType.COLUMN_TYPE_TEXT, ("char", "varchar", "nchar", "nvarchar", "text", "ntext", "xml")),
        (ColumnType.COLUMN_TYPE_BYTES, ("binary", "varbinary", "image", "timestamp", "rowversion")),
        (ColumnType.COLUMN_TYPE_TIMESTAMP, ("datetimeoffset",)),
        (ColumnType.COLUMN_TYPE_DATETIME, ("datetime", "datetime2", "smalldatetime")),
        (ColumnType.COLUMN_TYPE_DATE, ("date",)),
        (ColumnType.COLUMN_TYPE_TIME, ("time",)),
        (ColumnType.COLUMN_TYPE_UUID, ("uniqueidentifier",)),
    )
    for name in names
}


def column(name: str, declared: str) -> ResultColumn:
    """What a column is, by its declaration such as `NVARCHAR(50)`."""
    word = declared.lower()
    kind = _TYPES.get(word.partition("(")[0].strip(), ColumnType.COLUMN_TYPE_OTHER)
    return ResultColumn(name=name, type=kind, database_type=word)


def finish(columns: Sequence[ResultColumn]) -> Callable[[list[list[Any]]], list[list[Any]]] | None:
    """What is left to do for rows: values of other types become text. None where nothing is."""
    others = [at for at, one in enumerate(columns) if one.type == ColumnType.COLUMN_TYPE_OTHER]
    if not others:
        return None

    def finished(rows: list[list[Any]]) -> list[list[Any]]:
        for row in rows:
            for at in others:
                if row[at] is not None:
                    row[at] = str(row[at])
        return rows

    return finished
