"""Placeholders, types and errors of MySQL, SQL Server and Oracle, without a server."""

import ssl
from datetime import timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from trunkline.v1.database_pb2 import ColumnType
from trunkline_server.connectors.sql import (
    mysql_errors,
    mysql_types,
    oracle_errors,
    placeholders,
    sqlserver_errors,
    sqlserver_types,
)
from trunkline_server.connectors.sql.dialects import DIALECTS, dialects
from trunkline_server.connectors.sql.port import Statement
from trunkline_server.domain.errors import TrunklineError

MYSQL = [
    ("SELECT %s, %s", "SELECT ?, ?"),
    ("SELECT '%s', %s", "SELECT '%s', ?"),
    ('SELECT "%s", %s', 'SELECT "%s", ?'),
    ("SELECT `%s`, %s", "SELECT `%s`, ?"),
    ("SELECT 'a''%s', %s", "SELECT 'a''%s', ?"),
    (r"SELECT 'a\'%s', %s", r"SELECT 'a\'%s', ?"),
    (r"SELECT 'a\\', %s", r"SELECT 'a\\', ?"),
    ("SELECT /* %s ' */ %s", "SELECT /* %s ' */ ?"),
    ("SELECT 1 -- %s\n, %s", "SELECT 1 -- %s\n, ?"),
    ("SELECT 1--%s", "SELECT 1--?"),
    ("SELECT 1 # %s\n, %s", "SELECT 1 # %s\n, ?"),
    ("SELECT 7 % 2, a LIKE 'x%'", "SELECT 7 % 2, a LIKE 'x%'"),
    ("SELECT 'open %s", "SELECT 'open %s"),
    ("SELECT /* open %s", "SELECT /* open %s"),
]
TSQL = [
    ("SELECT %s, %s", "SELECT @p0, @p1", 2),
    ("SELECT N'%s', [%s], \"%s\", %s", "SELECT N'%s', [%s], \"%s\", @p0", 1),
    (r"SELECT 'a\', %s", r"SELECT 'a\', @p0", 1),
    ("SELECT [a]]%s], %s", "SELECT [a]]%s], @p0", 1),
    ("SELECT 1 --%s\n, %s", "SELECT 1 --%s\n, @p0", 1),
    ("SELECT 1", "SELECT 1", 0),
]


@pytest.mark.parametrize(("written", "sent"), MYSQL)
def test_placeholders_of_mysql(written: str, sent: str) -> None:
    assert placeholders.mysql(written) == sent


@pytest.mark.parametrize(("written", "sent", "count"), TSQL)
def test_placeholders_of_sql_server(written: str, sent: str, count: int) -> None:
    assert placeholders.tsql(written) == (sent, count)


def test_times_are_as_the_database_writes_them() -> None:
    assert mysql_types.time_text(timedelta(hours=9, minutes=30)) == "09:30:00"
    assert mysql_types.time_text(-timedelta(hours=838, minutes=59, seconds=58, microseconds=500_000)) == "-838:59:58.5"
    assert mysql_types.time_text(timedelta(microseconds=1)) == "00:00:00.000001"


def field(code: int, flags: int = 0, charset: int = 45, length: int = 10) -> Any:
    return SimpleNamespace(name="a", type_code=code, flags=flags, charsetnr=charset, length=length)


@pytest.mark.parametrize(
    ("of", "kind", "name"),
    [
        (field(8, 32), ColumnType.COLUMN_TYPE_INTEGER, "bigint unsigned"),
        (field(13, 32), ColumnType.COLUMN_TYPE_INTEGER, "year"),
        (field(16, length=1), ColumnType.COLUMN_TYPE_BOOLEAN, "bit"),
        (field(245, charset=63), ColumnType.COLUMN_TYPE_JSON, "json"),
        (field(252, charset=63), ColumnType.COLUMN_TYPE_BYTES, "blob"),
        (field(254, 256, 63), ColumnType.COLUMN_TYPE_TEXT, "enum"),
        (field(242, charset=63), ColumnType.COLUMN_TYPE_BYTES, "binary"),
    ],
)
def test_types_of_mysql(of: Any, kind: int, name: str) -> None:
    column = mysql_types.column(of)
    assert (column.type, column.database_type) == (kind, name)


@pytest.mark.parametrize(
    ("declared", "kind", "name"),
    [
        (sqlserver_types.Declared("a", 38, 8), ColumnType.COLUMN_TYPE_INTEGER, "bigint"),
        (sqlserver_types.Declared("a", 111, 4), ColumnType.COLUMN_TYPE_DATETIME, "smalldatetime"),
        (sqlserver_types.Declared("a", 106, 17, 38, 9), ColumnType.COLUMN_TYPE_DECIMAL, "decimal(38,9)"),
        (sqlserver_types.Declared("a", 43, 10), ColumnType.COLUMN_TYPE_TIMESTAMP, "datetimeoffset"),
        (sqlserver_types.Declared("a", 5), ColumnType.COLUMN_TYPE_OTHER, "type 5"),
    ],
)
def test_types_of_sql_server(declared: sqlserver_types.Declared, kind: int, name: str) -> None:
    column = sqlserver_types.column(declared)
    assert (column.type, column.database_type) == (kind, name)


def of_driver(module: str, *arguments: Any, **attributes: Any) -> Exception:
    """An exception as one of the driver's, whose text repeats data."""
    kind = type("Raised", (Exception,), {"__module__": module})
    error: Exception = kind(*arguments)
    for name, value in attributes.items():
        setattr(error, name, value)
    return error


@pytest.mark.parametrize(
    ("number", "state", "reason"),
    [
        (1045, "28000", "UPSTREAM_AUTHENTICATION"),
        (1792, "25006", "INVALID_PARAMETERS"),
        (1366, "22007", "INVALID_PARAMETERS"),
        (9999, "22001", "INVALID_PARAMETERS"),
        (1062, "23000", "UPSTREAM_REJECTED"),
        (1213, "40001", "INTEGRATION_UNAVAILABLE"),
        (1969, "70100", "UPSTREAM_TIMEOUT"),
        (9999, "HY000", "UPSTREAM_REJECTED"),
        (0, None, "INTEGRATION_UNAVAILABLE"),
    ],
)
def test_errors_of_mysql(number: int, state: str | None, reason: str) -> None:
    error = mysql_errors.error_of(of_driver("asyncmy.errors", number, "secret", sqlstate=state))
    assert error is not None
    assert error.reason_name == reason
    assert error.metadata["errno"] == str(number)
    assert "secret" not in str(error.status())


@pytest.mark.parametrize(
    ("number", "reason"),
    [(18456, "UPSTREAM_AUTHENTICATION"), (245, "INVALID_PARAMETERS"), (1205, "INTEGRATION_UNAVAILABLE")],
)
def test_errors_of_sql_server(number: int, reason: str) -> None:
    error = sqlserver_errors.error_of(of_driver("pytds.tds_base", "secret", msg_no=number))
    assert error is not None
    assert error.reason_name == reason
    assert "secret" not in str(error.status())


@pytest.mark.parametrize(
    ("code", "full", "reason"),
    [
        (1017, "ORA-01017", "UPSTREAM_AUTHENTICATION"),
        (1456, "ORA-01456", "INVALID_PARAMETERS"),
        (1008, "ORA-01008", "INVALID_PARAMETERS"),
        (0, "DPY-4024", "UPSTREAM_TIMEOUT"),
        (0, "DPY-6005", "INTEGRATION_UNAVAILABLE"),
        (99999, "ORA-99999", "UPSTREAM_REJECTED"),
    ],
)
def test_errors_of_oracle(code: int, full: str, reason: str) -> None:
    told = SimpleNamespace(code=code, full_code=full, message="secret")
    error = oracle_errors.error_of(of_driver("oracledb.exceptions", told))
    assert error is not None
    assert error.reason_name == reason
    assert "secret" not in str(error.status())


@pytest.mark.parametrize("errors", [mysql_errors, sqlserver_errors, oracle_errors])
def test_errors_of_connections(errors: Any) -> None:
    known = TrunklineError(1, "a")
    assert errors.error_of(known) is known
    assert errors.error_of(KeyError()) is None
    assert errors.error_of(TimeoutError()).reason_name == "UPSTREAM_TIMEOUT"
    assert errors.error_of(ConnectionResetError()).reason_name == "INTEGRATION_UNAVAILABLE"
    assert "certificate" in errors.error_of(ssl.SSLError()).message


def test_each_dialect_is_described() -> None:
    assert [one.connector.name for one in dialects()] == list(DIALECTS)
    for dialect in dialects():
        assert dialect.connector.default_endpoint.startswith(f"{dialect.connector.name}://")
        assert f":{dialect.port}/" in dialect.connector.default_endpoint
        schemas = dialect.tables(("a", "b")).parameters
        assert [*schemas] in (["a", "b"], [["a", "b"]])
        assert set(dialect.columns("a", "b").parameters) == {"a", "b"}


@pytest.mark.parametrize("name", ["sqlserver", "oracle"])
def test_plans_that_are_not_told(name: str) -> None:
    with pytest.raises(TrunklineError) as caught:
        DIALECTS[name]().explain(Statement("SELECT 1"))
    assert caught.value.reason_name == "NOT_IMPLEMENTED"
