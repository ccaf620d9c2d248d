"""MySQL's and MariaDB's types: what a column is, and how the driver makes its values.

TIMESTAMP is aware, as the session's zone is UTC. TIME may be longer than a day or negative, so it is text. JSON of
MariaDB is text to its clients. A zero date is NULL: the calendar has none.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any, Final, Protocol

import orjson
from trunkline.v1.database_pb2 import ColumnType, ResultColumn

# https://dev.mysql.com/doc/dev/mysql-server/latest/field__types_8h.html
_TIMESTAMP, _TIME, _BIT, _JSON, _DECIMAL, _NEW_DECIMAL = 7, 11, 16, 245, 0, 246
_UNSIGNED, _ENUM, _SET = 32, 256, 2048
_BINARY_CHARSET = 63

_TYPES: Final[dict[int, tuple[ColumnType.ValueType, str]]] = {
    0: (ColumnType.COLUMN_TYPE_DECIMAL, "decimal"),
    1: (ColumnType.COLUMN_TYPE_INTEGER, "tinyint"),
    2: (ColumnType.COLUMN_TYPE_INTEGER, "smallint"),
    3: (ColumnType.COLUMN_TYPE_INTEGER, "int"),
    4: (ColumnType.COLUMN_TYPE_FLOAT, "float"),
    5: (ColumnType.COLUMN_TYPE_FLOAT, "double"),
    6: (ColumnType.COLUMN_TYPE_TEXT, "null"),
    _TIMESTAMP: (ColumnType.COLUMN_TYPE_TIMESTAMP, "timestamp"),
    8: (ColumnType.COLUMN_TYPE_INTEGER, "bigint"),
    9: (ColumnType.COLUMN_TYPE_INTEGER, "mediumint"),
    10: (ColumnType.COLUMN_TYPE_DATE, "date"),
    _TIME: (ColumnType.COLUMN_TYPE_OTHER, "time"),
    12: (ColumnType.COLUMN_TYPE_DATETIME, "datetime"),
    13: (ColumnType.COLUMN_TYPE_INTEGER, "year"),
    14: (ColumnType.COLUMN_TYPE_DATE, "date"),
    _BIT: (ColumnType.COLUMN_TYPE_INTEGER, "bit"),
    _JSON: (ColumnType.COLUMN_TYPE_JSON, "json"),
    _NEW_DECIMAL: (ColumnType.COLUMN_TYPE_DECIMAL, "decimal"),
    255: (ColumnType.COLUMN_TYPE_BYTES, "geometry"),
}
# The rest is text or bytes, by its character set: (name of text, name of bytes).
_STRINGS: Final[dict[int, tuple[str, str]]] = {
    15: ("varchar", "varbinary"),
    249: ("tinytext", "tinyblob"),
    250: ("mediumtext", "mediumblob"),
    251: ("longtext", "longblob"),
    252: ("text", "blob"),
    253: ("varchar", "varbinary"),
    254: ("char", "binary"),
}

# How the driver makes a value of its bytes: type, unsigned, code (0 bytes, 1 UTF-8, 2 ASCII), encoding, converter.
Spec = tuple[int, bool, int, str | None, Callable[[Any], Any] | None]


class Field(Protocol):
    """A column as the driver has read it."""

    name: str
    type_code: int
    flags: int
    charsetnr: int
    length: int


def column(field: Field) -> ResultColumn:
    """What the column is."""
    if (known := _TYPES.get(field.type_code)) is not None:
        kind, name = known
        if field.type_code == _BIT and field.length == 1:
            kind = ColumnType.COLUMN_TYPE_BOOLEAN
        if field.flags & _UNSIGNED and kind == ColumnType.COLUMN_TYPE_INTEGER and field.type_code not in (_BIT, 13):
            name += " unsigned"
        return ResultColumn(name=field.name, type=kind, database_type=name)
    text, binary = _STRINGS.get(field.type_code, ("text", "binary"))
    if field.flags & _ENUM:
        text = "enum"
    elif field.flags & _SET:
        text = "set"
    elif field.charsetnr == _BINARY_CHARSET:
        return ResultColumn(name=field.name, type=ColumnType.COLUMN_TYPE_BYTES, database_type=binary)
    return ResultColumn(name=field.name, type=ColumnType.COLUMN_TYPE_TEXT, database_type=text)


def spec(field: Field, kind: ColumnType.ValueType) -> Spec:
    """How the driver makes the column's values."""
    unsigned = bool(field.flags & _UNSIGNED)
    if field.type_code in (_DECIMAL, _NEW_DECIMAL):
        return field.type_code, unsigned, 2, "ascii", Decimal
    if field.type_code == _BIT:
        return field.type_code, unsigned, 0, None, _flag if field.length == 1 else _number
    if field.type_code == _JSON:
        return field.type_code, unsigned, 0, None, orjson.Fragment
    return field.type_code, unsigned, 1 if kind == ColumnType.COLUMN_TYPE_TEXT else 0, None, None


def finish(columns: Sequence[Field]) -> Callable[[Sequence[Sequence[Any]]], Sequence[Sequence[Any]]] | None:
    """What is left to do for rows that the driver has made; None where nothing is."""
    changes = [(at, _AFTER[field.type_code]) for at, field in enumerate(columns) if field.type_code in _AFTER]
    if not changes:
        return None

    def finished(rows: Sequence[Sequence[Any]]) -> Sequence[Sequence[Any]]:
        made = [list(row) for row in rows]
        for at, change in changes:
            for row in made:
                if row[at] is not None:
                    row[at] = change(row[at])
        return made

    return finished


def _flag(value: bytes) -> bool:
    return value != b"\0"


def _number(value: bytes) -> int:
    return int.from_bytes(value, "big")


def _aware(value: datetime) -> datetime:
    return value.replace(tzinfo=UTC)


def time_text(value: timedelta) -> str:
    """As the database writes it: `-838:59:59.5`."""
    micros = (value.days * 86_400 + value.seconds) * 1_000_000 + value.microseconds
    seconds, rest = divmod(abs(micros), 1_000_000)
    minutes, second = divmod(seconds, 60)
    fraction = f".{rest:06d}".rstrip("0") if rest else ""
    return f"{'-' if micros < 0 else ''}{minutes // 60:02d}:{minutes % 60:02d}:{second:02d}{fraction}"


_AFTER: Final[dict[int, Callable[[Any], Any]]] = {_TIMESTAMP: _aware, _TIME: time_text}
