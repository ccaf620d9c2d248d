"""Rows as JSON, as `ColumnType` of the contract says. The rows of a batch are one value to the encoder: no code runs
for a value of an ordinary type."""

from __future__ import annotations

import math
from base64 import b64encode
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime, timedelta
from datetime import time as time_of_day
from operator import itemgetter
from typing import Any, TypeAlias

import orjson
from trunkline.v1.database_pb2 import ColumnType, ResultColumn

Row: TypeAlias = Sequence[Any]

_OPTIONS = orjson.OPT_UTC_Z
_FLOAT = ColumnType.COLUMN_TYPE_FLOAT
_ARRAY = ColumnType.COLUMN_TYPE_ARRAY
_PREFIX = len("COLUMN_TYPE_")
_FLOATS = ("float", "double", "real")


class Encoder:
    """Encodes the rows of one result."""

    def __init__(self, columns: Sequence[ResultColumn]) -> None:
        self._floats = [itemgetter(number) for number, one in enumerate(columns) if one.type == _FLOAT]
        # JSON has no NaN; those within arrays are looked for one by one.
        self._nested = any(one.type == _ARRAY and one.database_type.startswith(_FLOATS) for one in columns)

    def encode(self, rows: Sequence[Row]) -> bytes:
        """A JSON array of arrays. `rows` are tuples or lists."""
        if self._nested or any(_unbound(rows, pick) for pick in self._floats):
            rows = [[_plain(value) for value in row] for row in rows]
        try:
            return orjson.dumps(rows, default=_told, option=_OPTIONS)
        except orjson.JSONEncodeError:
            # A whole number beyond 64 bits, a time of day with a zone.
            return orjson.dumps([[_plain(value) for value in row] for row in rows], default=_told, option=_OPTIONS)


def columns_json(columns: Sequence[ResultColumn]) -> list[dict[str, str]]:
    """The columns, for a result in JSON."""
    return [
        {
            "name": one.name,
            "type": ColumnType.Name(one.type)[_PREFIX:].lower(),
            "database_type": one.database_type,
        }
        for one in columns
    ]


def _unbound(rows: Iterable[Row], pick: Callable[[Row], Any]) -> bool:
    """Whether a column of floating-point numbers may hold one that is not finite: such a one makes the sum so."""
    try:
        return not math.isfinite(sum(filter(None, map(pick, rows))))
    except (TypeError, OverflowError):
        return True


def _plain(value: Any) -> Any:
    if isinstance(value, float) and not math.isfinite(value):
        return "NaN" if math.isnan(value) else "Infinity" if value > 0 else "-Infinity"
    if isinstance(value, int) and not isinstance(value, bool) and not -(2**63) <= value < 2**64:
        return str(value)
    if isinstance(value, time_of_day) and value.tzinfo is not None:
        return value.isoformat()
    if isinstance(value, (list, tuple)):
        return [_plain(one) for one in value]
    return value


def _told(value: Any) -> Any:
    """What the encoder does not know."""
    if isinstance(value, (bytes, bytearray, memoryview)):
        return b64encode(value).decode()
    if isinstance(value, timedelta):
        return interval(value)
    if isinstance(value, Iterable) and not isinstance(value, (str, datetime)):
        return list(value)
    return format(value, "f") if hasattr(value, "as_tuple") and value.is_finite() else str(value)


def interval(value: timedelta) -> str:
    """A length of time in ISO 8601: days, and hours, minutes, seconds, each with the sign of the whole."""
    sign, whole = ("-", -value) if value < timedelta() else ("", value)
    minutes, seconds = divmod(whole.seconds, 60)
    hours, minutes = divmod(minutes, 60)
    fraction = f"{seconds}.{whole.microseconds:06d}".rstrip("0") if whole.microseconds else str(seconds)
    date = f"{sign}{whole.days}D" if whole.days else ""
    clock = "".join(
        f"{sign}{amount}{unit}"
        for amount, unit in ((hours, "H"), (minutes, "M"), (fraction, "S"))
        if amount not in (0, "0")
    )
    return f"P{date}{'T' if clock or not date else ''}{clock or ('' if date else '0S')}"
