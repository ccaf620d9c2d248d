"""Oracle. The driver is imported when the first connection is made. Not verified against a server."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from importlib import import_module
from typing import TYPE_CHECKING, Any, cast

from google.protobuf.duration_pb2 import Duration
from trunkline.v1.authentication_pb2 import AuthenticationScheme
from trunkline.v1.configuration_pb2 import IntegrationType
from trunkline.v1.connector_pb2 import Connector

from trunkline_server.connectors.sql.oracle_errors import error_of
from trunkline_server.connectors.sql.port import Access, Session, Statement
from trunkline_server.domain.errors import Reason, TrunklineError

if TYPE_CHECKING:
    from types import ModuleType

_CONNECTOR = Connector(
    name="oracle",
    type=IntegrationType.INTEGRATION_TYPE_DATABASE,
    display_name="Oracle Database",
    default_endpoint="oracle://localhost:1521/service",
    authentication=AuthenticationScheme.AUTHENTICATION_SCHEME_BASIC,
    authentications=[AuthenticationScheme.AUTHENTICATION_SCHEME_BASIC],
    timeout=Duration(seconds=30),
    documentation_url="https://docs.oracle.com/en/database/oracle/oracle-database/",
    secret_description="user:password",
    notes=[
        "The endpoint's path is the service name. Placeholders are :1, :2, …",
        "DDL is not bound by a read-only transaction: give the user rights to read only.",
        "Only for servers that are trusted: the driver follows redirects, and a hostile server can make it loop.",
        "Not verified against a server.",
    ],
)

_TABLES = """
SELECT o.owner, o.object_name, CASE o.object_type WHEN 'TABLE' THEN 'table' ELSE 'view' END, c.comments
FROM all_objects o
LEFT JOIN all_tab_comments c ON c.owner = o.owner AND c.table_name = o.object_name
WHERE o.object_type IN ('TABLE', 'VIEW', 'MATERIALIZED VIEW') AND o.secondary = 'N' AND {test}
ORDER BY o.owner, o.object_name"""
_NO_OWN = "o.owner NOT IN (SELECT username FROM all_users WHERE oracle_maintained = 'Y')"

_COLUMNS = """
SELECT t.column_name,
       t.data_type || CASE WHEN t.data_precision IS NOT NULL
                             THEN '(' || t.data_precision || ',' || NVL(t.data_scale, 0) || ')'
                           WHEN t.char_length > 0 THEN '(' || t.char_length || ')' END,
       CASE t.nullable WHEN 'Y' THEN 1 ELSE 0 END, t.data_default, m.comments,
       (SELECT COUNT(*) FROM all_constraints p
        JOIN all_cons_columns k ON k.owner = p.owner AND k.constraint_name = p.constraint_name
        WHERE p.constraint_type = 'P' AND p.owner = t.owner AND p.table_name = t.table_name
          AND k.column_name = t.column_name),
       (SELECT MIN(r.owner || '.' || r.table_name || '.' || r.column_name) FROM all_constraints f
        JOIN all_cons_columns k ON k.owner = f.owner AND k.constraint_name = f.constraint_name
        JOIN all_cons_columns r ON r.owner = f.r_owner AND r.constraint_name = f.r_constraint_name
          AND r.position = k.position
        WHERE f.constraint_type = 'R' AND f.owner = t.owner AND f.table_name = t.table_name
          AND k.column_name = t.column_name)
FROM all_tab_columns t
LEFT JOIN all_col_comments m ON m.owner = t.owner AND m.table_name = t.table_name AND m.column_name = t.column_name
WHERE t.owner = NVL(:1, SYS_CONTEXT('USERENV', 'CURRENT_SCHEMA')) AND t.table_name = :2
ORDER BY t.column_id"""


class OracleDialect:
    """Implements `Dialect` of port.py."""

    def __init__(self) -> None:
        self._sessions: ModuleType | None = None

    @property
    def connector(self) -> Connector:
        """See the port."""
        return _CONNECTOR

    @property
    def port(self) -> int:
        """See the port."""
        return 1521

    @property
    def parser(self) -> str:
        """See the port."""
        return "oracle"

    async def connect(self, access: Access, seconds: float) -> Session:
        """See the port."""
        if self._sessions is None:
            # In a thread: it takes a while.
            self._sessions = await asyncio.to_thread(import_module, "trunkline_server.connectors.sql.oracle_session")
        return cast(Session, await cast(Any, self._sessions).connect(access, seconds))

    def tables(self, schemas: Sequence[str]) -> Statement:
        """See the port."""
        marks = ", ".join(f":{index}" for index in range(1, len(schemas) + 1))
        return Statement(_TABLES.format(test=f"o.owner IN ({marks})" if schemas else _NO_OWN), tuple(schemas))

    def columns(self, schema: str, table: str) -> Statement:
        """See the port."""
        return Statement(_COLUMNS, (schema, table))

    def about(self) -> Statement:
        """See the port."""
        return Statement("SELECT 'Oracle', 0 FROM dual")

    def explain(self, statement: Statement) -> Statement:
        """Raises NOT_IMPLEMENTED: EXPLAIN PLAN writes into a table."""
        raise TrunklineError(Reason.ERROR_REASON_NOT_IMPLEMENTED, "plans of Oracle are not told; use its own tools")

    def error(self, error: Exception) -> TrunklineError | None:
        """See the port."""
        return error_of(error)
