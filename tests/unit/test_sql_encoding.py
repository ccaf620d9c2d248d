"""Rows as JSON, and JSON as parameters of PostgreSQL."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

import orjson
import pytest
from trunkline.v1.database_pb2 import ColumnType, ResultColumn
from trunkline_server.connectors.sql.encoding import Encoder, columns_json, interval
from trunkline_server.connectors.sql.postgres_types import Mismatch, convert, moment

T = ColumnType
MOMENT = datetime(2026, 1, 31, 23, 59, 59, 500000)


def encoded(value: Any, kind: ColumnType.ValueType = T.COLUMN_TYPE_OTHER, database_type: str = "") -> Any:
    column = ResultColumn(name="a", type=kind, database_type=database_type)
    return orjson.loads(Encoder([column]).encode([(value,), (None,)]))[0][0]


@pytest.mark.parametrize(
    ("value", "kind", "told"),
    [
        (True, T.COLUMN_TYPE_BOOLEAN, True),
        (2**63 - 1, T.COLUMN_TYPE_INTEGER, 2**63 - 1),
        (2**70, T.COLUMN_TYPE_INTEGER, str(2**70)),
        (1.5, T.COLUMN_TYPE_FLOAT, 1.5),
        (0.0, T.COLUMN_TYPE_FLOAT, 0.0),
        (float("nan"), T.COLUMN_TYPE_FLOAT, "NaN"),
        (float("inf"), T.COLUMN_TYPE_FLOAT, "Infinity"),
        (float("-inf"), T.COLUMN_TYPE_FLOAT, "-Infinity"),
        (1e308, T.COLUMN_TYPE_FLOAT, 1e308),
        (Decimal("1.50"), T.COLUMN_TYPE_DECIMAL, "1.50"),
        (Decimal("1E+3"), T.COLUMN_TYPE_DECIMAL, "1000"),
        (Decimal("NaN"), T.COLUMN_TYPE_DECIMAL, "NaN"),
        ("ü", T.COLUMN_TYPE_TEXT, "ü"),
        (b"\x00\xff", T.COLUMN_TYPE_BYTES, "AP8="),
        (bytearray(b"a"), T.COLUMN_TYPE_BYTES, "YQ=="),
        (MOMENT.replace(tzinfo=UTC), T.COLUMN_TYPE_TIMESTAMP, "2026-01-31T23:59:59.500000Z"),
        (MOMENT, T.COLUMN_TYPE_DATETIME, "2026-01-31T23:59:59.500000"),
        (date(2026, 1, 31), T.COLUMN_TYPE_DATE, "2026-01-31"),
        (time(23, 59, 59), T.COLUMN_TYPE_TIME, "23:59:59"),
        (time(23, 59, tzinfo=UTC), T.COLUMN_TYPE_OTHER, "23:59:00+00:00"),
        (timedelta(days=1, hours=2), T.COLUMN_TYPE_INTERVAL, "P1DT2H"),
        (UUID(int=1), T.COLUMN_TYPE_UUID, str(UUID(int=1))),
        (orjson.Fragment(b'{"a": 1}'), T.COLUMN_TYPE_JSON, {"a": 1}),
        ([1, [2, None]], T.COLUMN_TYPE_ARRAY, [1, [2, None]]),
        (None, T.COLUMN_TYPE_TEXT, None),
    ],
)
def test_a_value_is_told_as_its_type_says(value: Any, kind: ColumnType.ValueType, told: Any) -> None:
    assert encoded(value, kind) == told


def test_numbers_in_lists_are_told_too() -> None:
    assert encoded([1.5, float("nan")], T.COLUMN_TYPE_ARRAY, "float8[]") == [1.5, "NaN"]


def test_what_is_finite_together_is_told_as_it_is() -> None:
    column = ResultColumn(name="a", type=T.COLUMN_TYPE_FLOAT)
    rows = [(1e308,), (1e308,), (None,), (float("inf"),), (float("-inf"),)]
    assert orjson.loads(Encoder([column]).encode(rows)) == [[1e308], [1e308], [None], ["Infinity"], ["-Infinity"]]


def test_columns_are_told_by_name_and_type() -> None:
    column = ResultColumn(name="a", type=T.COLUMN_TYPE_DATETIME, database_type="timestamp")
    assert columns_json([column]) == [{"name": "a", "type": "datetime", "database_type": "timestamp"}]


@pytest.mark.parametrize(
    ("value", "told"),
    [
        (timedelta(), "PT0S"),
        (timedelta(days=2), "P2D"),
        (timedelta(seconds=1.5), "PT1.5S"),
        (timedelta(hours=26, minutes=3, seconds=4), "P1DT2H3M4S"),
        (-timedelta(days=1, minutes=5), "P-1DT-5M"),
    ],
)
def test_a_length_of_time_is_iso(value: timedelta, told: str) -> None:
    assert interval(value) == told


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("2026-01-31 23:59:59.5+00", "2026-01-31T23:59:59.5Z"),
        ("infinity", "infinity"),
        ("0044-03-15 00:00:00+00 BC", "0044-03-15T00:00:00Z BC"),
    ],
)
def test_a_moment_is_rfc_3339(text: str, told: str) -> None:
    assert moment(text) == told


@pytest.mark.parametrize(
    ("value", "name", "kind", "converted"),
    [
        (None, "int4", "scalar", None),
        (True, "bool", "scalar", True),
        (5, "int8", "scalar", 5),
        ("9007199254740993", "int8", "scalar", 9007199254740993),
        (1, "float8", "scalar", 1.0),
        ("-Infinity", "float8", "scalar", float("-inf")),
        (1.5, "numeric", "scalar", "1.5"),
        ("1.50", "numeric", "scalar", "1.50"),
        ("a", "text", "scalar", "a"),
        ("AP8=", "bytea", "scalar", b"\x00\xff"),
        ("2026-01-31T00:00:00Z", "timestamptz", "scalar", "2026-01-31T00:00:00Z"),
        ("infinity", "timestamptz", "scalar", "infinity"),
        ("2026-01-31T00:00:00", "timestamp", "scalar", "2026-01-31T00:00:00"),
        ("2026-01-31", "date", "scalar", "2026-01-31"),
        ("23:59", "time", "scalar", "23:59"),
        ("P1DT2H", "interval", "scalar", "P1DT2H"),
        (str(UUID(int=1)), "uuid", "scalar", str(UUID(int=1))),
        ({"a": [1]}, "jsonb", "scalar", '{"a":[1]}'),
        ("a", "mood", "scalar", "a"),
        (7, "money", "scalar", "7"),
        ([1, None, [2]], "int4[]", "array", [1, None, [2]]),
    ],
)
def test_json_becomes_a_parameter(value: Any, name: str, kind: str, converted: Any) -> None:
    assert convert(value, name, kind) == converted


@pytest.mark.parametrize(
    ("value", "name", "kind"),
    [
        (1, "bool", "scalar"),
        ("true", "bool", "scalar"),
        (True, "int4", "scalar"),
        (1.5, "int4", "scalar"),
        ("x", "int4", "scalar"),
        ("x", "float8", "scalar"),
        (True, "float8", "scalar"),
        ([], "float8", "scalar"),
        ("x", "numeric", "scalar"),
        ([], "numeric", "scalar"),
        (5, "text", "scalar"),
        ("a\0b", "text", "scalar"),
        ("!", "bytea", "scalar"),
        ("yesterday", "timestamptz", "scalar"),
        ("2026-01-31T00:00:00Z", "timestamp", "scalar"),
        ("2026-02-30", "date", "scalar"),
        (5, "date", "scalar"),
        ("25:00", "time", "scalar"),
        ("P", "interval", "scalar"),
        ("1 day", "interval", "scalar"),
        ("x", "uuid", "scalar"),
        ({}, "mood", "scalar"),
        (1, "int4[]", "array"),
        (["x"], "int4[]", "array"),
    ],
)
def test_a_mismatch_says_what_is_wanted_and_not_what_came(value: Any, name: str, kind: str) -> None:
    with pytest.raises(Mismatch) as caught:
        convert(value, name, kind)
    assert str(caught.value)
    assert value not in ("yesterday", "2026-02-30", "1 day") or value not in str(caught.value)
