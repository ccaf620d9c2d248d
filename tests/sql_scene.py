"""A PostgreSQL that tests read as an enterprise's: integrations with it, and users of few and of many rights."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

import asyncpg
from trunkline.v1.authentication_pb2 import Authentication, AuthenticationScheme
from trunkline.v1.configuration_pb2 import Configuration, IntegrationType
from trunkline.v1.database_pb2 import DatabaseConfiguration, DatabaseTls
from trunkline.v1.integration_pb2 import Integration

READER, PASSWORD = "reader", "reader-password-0001"
# The value that nobody but its owner may see.
FOREIGN_ROW = "a foreign row"
_SETUP = f"""
CREATE TABLE orders (id int PRIMARY KEY, name text NOT NULL DEFAULT 'none', made timestamptz);
COMMENT ON TABLE orders IS 'what was ordered';
COMMENT ON COLUMN orders.name IS 'of the customer';
INSERT INTO orders SELECT n, 'name ' || n, '2026-01-01Z' FROM generate_series(1, 20) n;
CREATE INDEX orders_by_name ON orders (name);
CREATE TABLE lines (id int PRIMARY KEY, order_id int REFERENCES orders (id));
CREATE SEQUENCE numbers;
CREATE SCHEMA hidden;
CREATE TABLE hidden.secrets (value text);
INSERT INTO hidden.secrets VALUES ('{FOREIGN_ROW}');
CREATE FUNCTION evil_write() RETURNS int LANGUAGE plpgsql AS
  $$ BEGIN DELETE FROM orders; DELETE FROM hidden.secrets; RETURN 1; END $$;
CREATE ROLE few NOLOGIN;
CREATE ROLE {READER} LOGIN PASSWORD '{PASSWORD}';
GRANT SELECT ON orders, lines TO {READER}, few;
"""
_TEARDOWN = f"DROP OWNED BY {READER}; DROP OWNED BY few; DROP ROLE {READER}; DROP ROLE few"


async def furnish(dsn: str) -> None:
    """Make the tables and users in a database."""
    await _execute(dsn, _SETUP)


async def clear(dsn: str) -> None:
    """Take the users away, who belong to the server."""
    await _execute(dsn, _TEARDOWN)


async def _execute(dsn: str, sql: str) -> None:
    connection = await asyncpg.connect(dsn)
    try:
        await connection.execute(sql)
    finally:
        await connection.close()


def endpoint(dsn: str, host: str = "127.0.0.1") -> str:
    """The endpoint of an integration with a database."""
    parts = urlsplit(dsn)
    return f"postgresql://{host}:{parts.port}{parts.path}"


def owner(dsn: str) -> str:
    """The secret of the superuser."""
    return f"postgres:{urlsplit(dsn).password}"


def database(dsn: str, host: str = "127.0.0.1", **fields: Any) -> Integration:
    """An integration with a database; `fields` are those of its DatabaseConfiguration."""
    fields.setdefault("tls", DatabaseTls.DATABASE_TLS_NONE)
    return Integration(
        integration_id="sales",
        type=IntegrationType.INTEGRATION_TYPE_DATABASE,
        configuration=Configuration(
            endpoint=endpoint(dsn, host),
            authentication=Authentication(scheme=AuthenticationScheme.AUTHENTICATION_SCHEME_BASIC),
            database=DatabaseConfiguration(connector="postgresql", **fields),
        ),
    )
