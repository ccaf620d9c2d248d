"""The databases, by the name of their connector. A driver is imported when the first integration of its kind is used: a
worker does not pay for those that it never calls."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cache

from trunkline_server.connectors.sql.port import Dialect


@cache
def _postgresql() -> Dialect:
    from trunkline_server.connectors.sql.postgres import PostgresDialect  # noqa: PLC0415  see above

    return PostgresDialect()


@cache
def _mysql() -> Dialect:
    from trunkline_server.connectors.sql.mysql import MySqlDialect  # noqa: PLC0415

    return MySqlDialect()


@cache
def _sqlserver() -> Dialect:
    from trunkline_server.connectors.sql.sqlserver import SqlServerDialect  # noqa: PLC0415

    return SqlServerDialect()


@cache
def _oracle() -> Dialect:
    from trunkline_server.connectors.sql.oracle import OracleDialect  # noqa: PLC0415

    return OracleDialect()


DIALECTS: Mapping[str, Callable[[], Dialect]] = {
    "mysql": _mysql,
    "oracle": _oracle,
    "postgresql": _postgresql,
    "sqlserver": _sqlserver,
}
