"""MySQL and MariaDB. The driver is imported when the first connection is made."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from importlib import import_module
from typing import TYPE_CHECKING, Any, cast

from google.protobuf.duration_pb2 import Duration
from trunkline.v1.authentication_pb2 import AuthenticationScheme
from trunkline.v1.configuration_pb2 import IntegrationType
from trunkline.v1.connector_pb2 import Connector

from trunkline_server.connectors.sql.mysql_errors import error_of
from trunkline_server.connectors.sql.port import Access, Session, Statement
from trunkline_server.domain.errors import TrunklineError

if TYPE_CHECKING:
    from types import ModuleType

_CONNECTOR = Connector(
    name="mysql",
    type=IntegrationType.INTEGRATION_TYPE_DATABASE,
    display_name="MySQL, MariaDB",
    default_endpoint="mysql://localhost:3306/database",
    authentication=AuthenticationScheme.AUTHENTICATION_SCHEME_BASIC,
    authentications=[
        AuthenticationScheme.AUTHENTICATION_SCHEME_BASIC,
        AuthenticationScheme.AUTHENTICATION_SCHEME_NONE,
    ],
    timeout=Duration(seconds=30),
    documentation_url="https://mariadb.com/kb/en/sql-statements/",
    secret_description="user:password",
    notes=[
        "Placeholders are %s; values travel beside the statement, never in it.",
        "The session's sql_mode is strict, without ANSI_QUOTES and NO_BACKSLASH_ESCAPES, and its time zone is UTC.",
        "A statement that is left early is ended by KILL over a second connection.",
    ],
)
_OWN_SCHEMAS = ("information_schema", "mysql", "performance_schema", "sys")

_TABLES = """
SELECT table_schema, table_name, IF(table_type LIKE '%VIEW%', 'view', 'table'),
       IF(table_type LIKE '%VIEW%', NULL, NULLIF(table_comment, ''))
FROM information_schema.tables
WHERE table_schema {test} ({marks})
ORDER BY table_schema, table_name"""

_COLUMNS = """
SELECT c.column_name, c.column_type, c.is_nullable = 'YES', c.column_default, NULLIF(c.column_comment, ''),
       c.column_key = 'PRI',
       (SELECT MIN(CONCAT_WS('.', k.referenced_table_schema, k.referenced_table_name, k.referenced_column_name))
        FROM information_schema.key_column_usage k
        WHERE k.table_schema = c.table_schema AND k.table_name = c.table_name AND k.column_name = c.column_name
          AND k.referenced_table_name IS NOT NULL)
FROM information_schema.columns c
WHERE c.table_schema = COALESCE(NULLIF(%s, ''), DATABASE()) AND c.table_name = %s
ORDER BY c.ordinal_position"""

_INDEXES = """
SELECT index_name, MIN(non_unique) = 0, GROUP_CONCAT(column_name ORDER BY seq_in_index SEPARATOR ', ')
FROM information_schema.statistics
WHERE table_schema = COALESCE(NULLIF(%s, ''), DATABASE()) AND table_name = %s
GROUP BY index_name
ORDER BY index_name"""

# By grants to the user; those of its roles are not seen here.
_ABOUT = """
SELECT CONCAT(@@version_comment, ' ', VERSION()), EXISTS (
  SELECT 1 FROM (
    SELECT grantee, privilege_type FROM information_schema.user_privileges
    UNION ALL SELECT grantee, privilege_type FROM information_schema.schema_privileges
    UNION ALL SELECT grantee, privilege_type FROM information_schema.table_privileges
  ) held
  WHERE grantee = CONCAT('\\'', REPLACE(CURRENT_USER(), '@', '\\'@\\''), '\\'')
    AND privilege_type IN ('INSERT', 'UPDATE', 'DELETE', 'CREATE', 'DROP', 'ALTER'))"""


class MySqlDialect:
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
        return 3306

    @property
    def parser(self) -> str:
        """See the port."""
        return "mysql"

    async def connect(self, access: Access, seconds: float) -> Session:
        """See the port."""
        if self._sessions is None:
            # In a thread: it takes a while.
            self._sessions = await asyncio.to_thread(import_module, "trunkline_server.connectors.sql.mysql_session")
        return cast(Session, await cast(Any, self._sessions).connect(access, seconds))

    def tables(self, schemas: Sequence[str]) -> Statement:
        """See the port."""
        names = tuple(schemas) or _OWN_SCHEMAS
        marks = ", ".join(["%s"] * len(names))
        return Statement(_TABLES.format(test="IN" if schemas else "NOT IN", marks=marks), names)

    def columns(self, schema: str, table: str) -> Statement:
        """See the port."""
        return Statement(_COLUMNS, (schema, table))

    def indexes(self, schema: str, table: str) -> Statement:
        """(index, unique, definition) of a table, by name."""
        return Statement(_INDEXES, (schema, table))

    def about(self) -> Statement:
        """One row: what the server calls itself, and whether the user may write any table."""
        return Statement(_ABOUT)

    def explain(self, statement: Statement) -> Statement:
        """See the port."""
        return Statement(f"EXPLAIN FORMAT=JSON {statement.sql}", statement.parameters)

    def error(self, error: Exception) -> TrunklineError | None:
        """See the port."""
        return error_of(error)
