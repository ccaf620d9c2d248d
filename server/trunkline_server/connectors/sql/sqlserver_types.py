"""SQL Server's types, by their number in the protocol.

https://learn.microsoft.com/openspecs/windows_protocols/ms-tds/ffb02215-af07-4b50-8545-1fd522106c68
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final, NamedTuple

from trunkline.v1.database_pb2 import ColumnType, ResultColumn


class Declared(NamedTuple):
    """A column as the driver has read it; `size` in bytes."""

    name: str
    number: int
    size: int | None = None
    precision: int | None = None
    scale: int | None = None


_TYPES: Final[Mapping[int, tuple[ColumnType.ValueType, str]]] = {
    34: (ColumnType.COLUMN_TYPE_BYTES, "image"),
    35: (ColumnType.COLUMN_TYPE_TEXT, "text"),
    36: (ColumnType.COLUMN_TYPE_UUID, "uniqueidentifier"),
    40: (ColumnType.COLUMN_TYPE_DATE, "date"),
    41: (ColumnType.COLUMN_TYPE_TIME, "time"),
    42: (ColumnType.COLUMN_TYPE_DATETIME, "datetime2"),
    43: (ColumnType.COLUMN_TYPE_TIMESTAMP, "datetimeoffset"),
    48: (ColumnType.COLUMN_TYPE_INTEGER, "tinyint"),
    50: (ColumnType.COLUMN_TYPE_BOOLEAN, "bit"),
    52: (ColumnType.COLUMN_TYPE_INTEGER, "smallint"),
    56: (ColumnType.COLUMN_TYPE_INTEGER, "int"),
    58: (ColumnType.COLUMN_TYPE_DATETIME, "smalldatetime"),
    59: (ColumnType.COLUMN_TYPE_FLOAT, "real"),
    60: (ColumnType.COLUMN_TYPE_DECIMAL, "money"),
    61: (ColumnType.COLUMN_TYPE_DATETIME, "datetime"),
    62: (ColumnType.COLUMN_TYPE_FLOAT, "float"),
    98: (ColumnType.COLUMN_TYPE_OTHER, "sql_variant"),
    99: (ColumnType.COLUMN_TYPE_TEXT, "ntext"),
    104: (ColumnType.COLUMN_TYPE_BOOLEAN, "bit"),
    106: (ColumnType.COLUMN_TYPE_DECIMAL, "decimal"),
    108: (ColumnType.COLUMN_TYPE_DECIMAL, "numeric"),
    122: (ColumnType.COLUMN_TYPE_DECIMAL, "smallmoney"),
    127: (ColumnType.COLUMN_TYPE_INTEGER, "bigint"),
    165: (ColumnType.COLUMN_TYPE_BYTES, "varbinary"),
    167: (ColumnType.COLUMN_TYPE_TEXT, "varchar"),
    173: (ColumnType.COLUMN_TYPE_BYTES, "binary"),
    175: (ColumnType.COLUMN_TYPE_TEXT, "char"),
    231: (ColumnType.COLUMN_TYPE_TEXT, "nvarchar"),
    239: (ColumnType.COLUMN_TYPE_TEXT, "nchar"),
    240: (ColumnType.COLUMN_TYPE_BYTES, "udt"),
    241: (ColumnType.COLUMN_TYPE_TEXT, "xml"),
}
# Types that may be null have one number for all sizes: (number, size) to the number of the type.
_SIZED: Final[Mapping[tuple[int, int], int]] = {
    (38, 1): 48,
    (38, 2): 52,
    (38, 4): 56,
    (38, 8): 127,
    (109, 4): 59,
    (109, 8): 62,
    (110, 4): 122,
    (110, 8): 60,
    (111, 4): 58,
    (111, 8): 61,
}


def column(declared: Declared) -> ResultColumn:
    """What a column is."""
    number = _SIZED.get((declared.number, declared.size or 0), declared.number)
    kind, name = _TYPES.get(number, (ColumnType.COLUMN_TYPE_OTHER, f"type {number}"))
    if number in (106, 108) and declared.precision is not None:
        name = f"{name}({declared.precision},{declared.scale})"
    return ResultColumn(name=declared.name, type=kind, database_type=name)


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
