"""SQL Server. The driver is imported when the first connection is made. Not verified against a server."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from importlib import import_module
from typing import TYPE_CHECKING, Any, cast

from google.protobuf.duration_pb2 import Duration
from trunkline.v1.authentication_pb2 import AuthenticationScheme
from trunkline.v1.configuration_pb2 import IntegrationType
from trunkline.v1.connector_pb2 import Connector

from trunkline_server.connectors.sql.port import Access, Session, Statement
from trunkline_server.connectors.sql.sqlserver_errors import error_of
from trunkline_server.domain.errors import Reason, TrunklineError

if TYPE_CHECKING:
    from types import ModuleType

_CONNECTOR = Connector(
    name="sqlserver",
    type=IntegrationType.INTEGRATION_TYPE_DATABASE,
    display_name="SQL Server",
    default_endpoint="sqlserver://localhost:1433/database",
    authentication=AuthenticationScheme.AUTHENTICATION_SCHEME_BASIC,
    authentications=[AuthenticationScheme.AUTHENTICATION_SCHEME_BASIC],
    timeout=Duration(seconds=30),
    documentation_url="https://learn.microsoft.com/sql/t-sql/",
    secret_description="user:password",
    notes=[
        "Placeholders are %s; values travel as typed parameters of sp_executesql.",
        "There are no read-only transactions: what reads is rolled back; give the user rights to read only.",
        "A role is a user without login, taken on by EXECUTE AS USER; its connections serve one call each.",
        "A server that sends the connection elsewhere is not followed.",
        "Not verified against a server.",
    ],
)

_TABLES = """
SELECT s.name, o.name, CASE o.type WHEN 'V' THEN 'view' ELSE 'table' END, CAST(p.value AS NVARCHAR(4000))
FROM sys.objects o JOIN sys.schemas s ON s.schema_id = o.schema_id
LEFT JOIN sys.extended_properties p
  ON p.class = 1 AND p.major_id = o.object_id AND p.minor_id = 0 AND p.name = 'MS_Description'
WHERE o.type IN ('U', 'V') AND o.is_ms_shipped = 0{test}
ORDER BY s.name, o.name"""

_COLUMNS = """
SELECT c.name,
       CASE WHEN t.name IN ('decimal', 'numeric') THEN CONCAT(t.name, '(', c.precision, ',', c.scale, ')')
            WHEN t.name IN ('char', 'varchar', 'binary', 'varbinary')
              THEN CONCAT(t.name, '(', IIF(c.max_length = -1, 'max', CAST(c.max_length AS VARCHAR(9))), ')')
            WHEN t.name IN ('nchar', 'nvarchar')
              THEN CONCAT(t.name, '(', IIF(c.max_length = -1, 'max', CAST(c.max_length / 2 AS VARCHAR(9))), ')')
            ELSE t.name END,
       c.is_nullable, d.definition, CAST(p.value AS NVARCHAR(4000)),
       CAST(CASE WHEN EXISTS (
         SELECT 1 FROM sys.index_columns k JOIN sys.indexes i ON i.object_id = k.object_id AND i.index_id = k.index_id
         WHERE i.is_primary_key = 1 AND k.object_id = c.object_id AND k.column_id = c.column_id
       ) THEN 1 ELSE 0 END AS BIT),
       (SELECT TOP 1 CONCAT(OBJECT_SCHEMA_NAME(f.referenced_object_id), '.', OBJECT_NAME(f.referenced_object_id), '.',
                            COL_NAME(f.referenced_object_id, f.referenced_column_id))
        FROM sys.foreign_key_columns f
        WHERE f.parent_object_id = c.object_id AND f.parent_column_id = c.column_id
        ORDER BY f.constraint_object_id)
FROM sys.columns c
JOIN sys.objects o ON o.object_id = c.object_id JOIN sys.schemas s ON s.schema_id = o.schema_id
JOIN sys.types t ON t.user_type_id = c.user_type_id
LEFT JOIN sys.default_constraints d ON d.object_id = c.default_object_id
LEFT JOIN sys.extended_properties p
  ON p.class = 1 AND p.major_id = c.object_id AND p.minor_id = c.column_id AND p.name = 'MS_Description'
WHERE s.name = COALESCE(NULLIF(%s, ''), SCHEMA_NAME()) AND o.name = %s
ORDER BY c.column_id"""


class SqlServerDialect:
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
        return 1433

    @property
    def parser(self) -> str:
        """See the port."""
        return "tsql"

    async def connect(self, access: Access, seconds: float) -> Session:
        """See the port."""
        if self._sessions is None:
            # In a thread: it takes a while.
            self._sessions = await asyncio.to_thread(import_module, "trunkline_server.connectors.sql.sqlserver_session")
        return cast(Session, await cast(Any, self._sessions).connect(access, seconds))

    def tables(self, schemas: Sequence[str]) -> Statement:
        """See the port."""
        test = f" AND s.name IN ({', '.join(['%s'] * len(schemas))})" if schemas else ""
        return Statement(_TABLES.format(test=test), tuple(schemas))

    def columns(self, schema: str, table: str) -> Statement:
        """See the port."""
        return Statement(_COLUMNS, (schema, table))

    def about(self) -> Statement:
        """See the port."""
        return Statement("SELECT 'SQL Server', 0")

    def explain(self, statement: Statement) -> Statement:
        """Raises NOT_IMPLEMENTED: a plan would need batches of its own."""
        raise TrunklineError(Reason.ERROR_REASON_NOT_IMPLEMENTED, "plans of SQL Server are not told; use its own tools")

    def error(self, error: Exception) -> TrunklineError | None:
        """See the port."""
        return error_of(error)
