"""The types of PostgreSQL: what the values of each are, and how JSON becomes one.

Many are exchanged as text, which PostgreSQL writes and reads exactly: infinite dates, years of any number, intervals in
months. Timestamps so written are also read twice as fast as Python's own are made.
"""

from __future__ import annotations

import binascii
import re
from base64 import b64decode
from collections.abc import Callable, Mapping
from datetime import date, datetime, time
from decimal import Decimal, InvalidOperation
from typing import Any, NamedTuple
from uuid import UUID

import orjson
from trunkline.v1.database_pb2 import ColumnType

_T = ColumnType
_INFINITE = frozenset(("infinity", "-infinity", "Infinity", "-Infinity"))
_INTERVAL = re.compile(r"[-+]?P(?=.)[-+0-9.,YMWD]*(T[-+0-9.,HMS]+)?")


def moment(text: str) -> str:
    """A timestamp as PostgreSQL writes it in UTC, as RFC 3339 does."""
    return text.replace(" ", "T", 1).replace("+00", "Z", 1)


def _date_time(text: str) -> str:
    return text.replace(" ", "T", 1)


class Text(NamedTuple):
    """A type that is exchanged as text: its OID, its name, and what its text becomes."""

    oid: int
    name: str
    decode: Callable[[str], Any] = str


# OIDs are those of pg_type.dat, which never change.
TEXTS = (
    Text(700, "float4", float),
    Text(1700, "numeric"),
    Text(1184, "timestamptz", moment),
    Text(1114, "timestamp", _date_time),
    Text(1082, "date"),
    Text(1083, "time"),
    Text(1266, "timetz"),
    Text(1186, "interval"),
    Text(2950, "uuid"),
    Text(114, "json", orjson.Fragment),
    Text(3802, "jsonb", orjson.Fragment),
    Text(790, "money"),
    Text(869, "inet"),
    Text(650, "cidr"),
    Text(18, "char"),
    Text(1560, "bit"),
    Text(1562, "varbit"),
    Text(27, "tid"),
    Text(2249, "record"),
    Text(2277, "anyarray"),
    *(
        Text(oid, name)
        for oid, name in (
            *((600, "point"), (601, "lseg"), (602, "path"), (603, "box"), (604, "polygon"), (628, "line")),
            *((718, "circle"), (3904, "int4range"), (3906, "numrange"), (3908, "tsrange"), (3910, "tstzrange")),
            *((3912, "daterange"), (3926, "int8range"), (4451, "int4multirange"), (4532, "nummultirange")),
            *((4533, "tsmultirange"), (4534, "tstzmultirange"), (4535, "datemultirange"), (4536, "int8multirange")),
        )
    ),
)

# By PostgreSQL's own names; arrays, and what is not here, are told apart by `column_type`.
_TYPES: Mapping[str, ColumnType.ValueType] = {
    "bool": _T.COLUMN_TYPE_BOOLEAN,
    **dict.fromkeys(("int2", "int4", "int8", "oid", "xid", "cid"), _T.COLUMN_TYPE_INTEGER),
    **dict.fromkeys(("float4", "float8"), _T.COLUMN_TYPE_FLOAT),
    "numeric": _T.COLUMN_TYPE_DECIMAL,
    **dict.fromkeys(("text", "varchar", "bpchar", "name", "char"), _T.COLUMN_TYPE_TEXT),
    "bytea": _T.COLUMN_TYPE_BYTES,
    "timestamptz": _T.COLUMN_TYPE_TIMESTAMP,
    "timestamp": _T.COLUMN_TYPE_DATETIME,
    "date": _T.COLUMN_TYPE_DATE,
    "time": _T.COLUMN_TYPE_TIME,
    "interval": _T.COLUMN_TYPE_INTERVAL,
    "uuid": _T.COLUMN_TYPE_UUID,
    **dict.fromkeys(("json", "jsonb"), _T.COLUMN_TYPE_JSON),
}


def column_type(name: str, kind: str) -> ColumnType.ValueType:
    """What the values of a type are."""
    if kind == "array":
        return _T.COLUMN_TYPE_ARRAY
    return _TYPES.get(name, _T.COLUMN_TYPE_OTHER)


class Mismatch(ValueError):
    """A JSON value is none of the type; the text says what it must be, and not what it is."""


def _boolean(value: Any) -> bool:
    if isinstance(value, bool):
        return value
    raise Mismatch("true or false")


def _integer(value: Any) -> int:
    if isinstance(value, int) and not isinstance(value, bool):
        return value
    # Where numbers are doubles, large ones are sent as strings.
    if isinstance(value, str) and re.fullmatch(r"[-+]?[0-9]{1,19}", value):
        return int(value)
    raise Mismatch("a whole number")


def _float(value: Any) -> float:
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        return float(value)
    if value in ("NaN", "Infinity", "-Infinity"):
        return float(value)
    raise Mismatch("a number, or NaN, Infinity or -Infinity as a string")


def _decimal(value: Any) -> str:
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        return repr(value)
    try:
        return str(Decimal(_string(value)))
    except (InvalidOperation, ValueError):
        raise Mismatch("a number, or one as a string") from None


def _string(value: Any) -> str:
    if not isinstance(value, str):
        raise Mismatch("a string")
    if "\0" in value:
        raise Mismatch("a string without NUL characters")
    return value


def _bytes(value: Any) -> bytes:
    try:
        return b64decode(_string(value), validate=True)
    except (binascii.Error, ValueError):
        raise Mismatch("bytes in base64") from None


def _read(what: str, read: Callable[[str], Any]) -> Callable[[Any], str]:
    """Text that `read` takes, as it is."""

    def converted(value: Any) -> str:
        if isinstance(value, str) and value in _INFINITE:
            return value
        try:
            read(_string(value))
        except ValueError:
            raise Mismatch(what) from None
        return str(value)

    return converted


def _local(text: str) -> None:
    if datetime.fromisoformat(text).tzinfo is not None:
        raise ValueError


def _length(text: str) -> None:
    if not _INTERVAL.fullmatch(text):
        raise ValueError


def _json(value: Any) -> str:
    return orjson.dumps(value).decode()


def _text(value: Any) -> str:
    """Of a type whose text only PostgreSQL knows."""
    if isinstance(value, bool) or value is None or isinstance(value, (list, dict)):
        raise Mismatch("a string, as PostgreSQL writes the type")
    return _string(str(value))


_CONVERTERS: Mapping[str, Callable[[Any], Any]] = {
    "bool": _boolean,
    **dict.fromkeys(("int2", "int4", "int8", "oid", "xid", "cid"), _integer),
    **dict.fromkeys(("float4", "float8"), _float),
    "numeric": _decimal,
    **dict.fromkeys(("text", "varchar", "bpchar", "name", "char"), _string),
    "bytea": _bytes,
    "timestamptz": _read("a moment, as 2026-01-31T23:59:59Z", datetime.fromisoformat),
    "timestamp": _read("a date and a time without a zone, as 2026-01-31T23:59:59", _local),
    "date": _read("a date, as 2026-01-31", date.fromisoformat),
    "time": _read("a time of day, as 23:59:59", time.fromisoformat),
    "interval": _read("a length of time in ISO 8601, as P1DT2H", _length),
    "uuid": _read("a UUID", UUID),
    **dict.fromkeys(("json", "jsonb"), _json),
}


def _converter(name: str) -> Callable[[Any], Any]:
    found: Callable[[Any], Any] = _CONVERTERS.get(name, _text)
    return found


def convert(value: Any, name: str, kind: str) -> Any:
    """A JSON value as a parameter of a type; null is NULL. Raises Mismatch."""
    if value is None:
        return None
    if kind == "array":
        return _array(value, name.removesuffix("[]"))
    return _converter(name)(value)


def _array(value: Any, name: str) -> list[Any]:
    if not isinstance(value, list):
        raise Mismatch("a list")
    inner = _converter(name)
    try:
        return [None if one is None else _array(one, name) if isinstance(one, list) else inner(one) for one in value]
    except Mismatch as mismatch:
        raise Mismatch(f"a list, each of it {mismatch}") from None
