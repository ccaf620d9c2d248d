"""The databases, by the name of their connector. None imports its driver before the first connection is made,
unless the server has another use for it: a worker does not pay for those that it never calls."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from trunkline_server.connectors.sql.mysql import MySqlDialect
from trunkline_server.connectors.sql.oracle import OracleDialect
from trunkline_server.connectors.sql.port import Dialect
from trunkline_server.connectors.sql.postgres import Postgres
from trunkline_server.connectors.sql.sqlserver import SqlServerDialect

DIALECTS: Mapping[str, Callable[[], Dialect]] = {
    "mysql": MySqlDialect,
    "oracle": OracleDialect,
    "postgresql": Postgres,
    "sqlserver": SqlServerDialect,
}


def dialects() -> Sequence[Dialect]:
    """One of each."""
    return [make() for make in DIALECTS.values()]
