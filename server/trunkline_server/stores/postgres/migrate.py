"""Migrations: the SQL files beside this one, each in a transaction of its own, once and in order.

Run them with a login that owns the schema; see migrations/0001_tenancy.sql for what it needs.
"""

from __future__ import annotations

import hashlib
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

import asyncpg

from trunkline_server.stores.postgres.pool import driver_errors

# Any number, the same in every version: "trunklin" as ASCII.
_LOCK = int.from_bytes(b"trunklin", "big")
_CONNECT_SECONDS = 10.0
_LOCK_MILLISECONDS = 60_000
_STATEMENT_SECONDS = 600.0

_TABLE = """
CREATE SCHEMA IF NOT EXISTS trunkline;
CREATE TABLE IF NOT EXISTS trunkline.schema_migrations (
    version    int PRIMARY KEY,
    name       text NOT NULL,
    checksum   text NOT NULL,
    applied_at timestamptz NOT NULL DEFAULT now()
)
"""


class MigrationError(Exception):
    """The migrations here do not fit those of the database. The message says what to do."""


@dataclass(frozen=True, slots=True)
class Migration:
    """One file, `NNNN_name.sql`. `checksum` is the SHA-256 of its bytes, in hex."""

    version: int
    name: str
    checksum: str
    sql: str


async def migrate(dsn: str, migrations: Sequence[Migration] | None = None) -> list[str]:
    """Apply what is pending and return its names. Several may run at once: one works, the others wait.

    `migrations` are those of the package unless given. Raises MigrationError, STORE_UNAVAILABLE, INTERNAL with the
    SQLSTATE of a statement that failed; the migrations before it stay.
    """
    async with _connect(dsn) as connection:
        # Of the session, so that it covers all transactions; it ends with the connection.
        await connection.execute("SELECT pg_advisory_lock($1)", _LOCK)
        await connection.execute(_TABLE)
        todo = await _pending(connection, packaged() if migrations is None else migrations)
        for migration in todo:
            async with connection.transaction():
                await connection.execute(migration.sql)
                await connection.execute(
                    "INSERT INTO trunkline.schema_migrations (version, name, checksum) VALUES ($1, $2, $3)",
                    *(migration.version, migration.name, migration.checksum),
                )
        return [migration.name for migration in todo]


async def pending(dsn: str, migrations: Sequence[Migration] | None = None) -> list[str]:
    """The names of migrations not applied yet; changes nothing. Raises as `migrate`."""
    async with _connect(dsn) as connection:
        todo = await _pending(connection, packaged() if migrations is None else migrations)
        return [migration.name for migration in todo]


@cache
def packaged() -> tuple[Migration, ...]:
    """The migrations of this package, by version."""
    folder = files(__package__).joinpath("migrations")
    sources = {file.name.removesuffix(".sql"): file.read_bytes() for file in folder.iterdir() if file.name[0].isdigit()}
    return tuple(
        Migration(int(name[:4]), name, hashlib.sha256(sql).hexdigest(), sql.decode())
        for name, sql in sorted(sources.items())
    )


async def _pending(connection: Any, migrations: Sequence[Migration]) -> list[Migration]:
    applied: dict[int, str] = {}
    if await connection.fetchval("SELECT to_regclass('trunkline.schema_migrations') IS NOT NULL"):
        applied = dict(await connection.fetch("SELECT version, checksum FROM trunkline.schema_migrations"))
    for migration in migrations:
        if applied.get(migration.version, migration.checksum) != migration.checksum:
            raise MigrationError(
                f"migration {migration.name} was changed after it was applied: "
                "restore the file, and put the change into a new migration"
            )
    return [migration for migration in migrations if migration.version not in applied]


@asynccontextmanager
async def _connect(dsn: str) -> AsyncIterator[Any]:
    with driver_errors():
        connection = await asyncpg.connect(
            dsn,
            timeout=_CONNECT_SECONDS,
            command_timeout=_STATEMENT_SECONDS,
            server_settings={"lock_timeout": str(_LOCK_MILLISECONDS), "timezone": "UTC"},
        )
        try:
            yield connection
        finally:
            await connection.close(timeout=_CONNECT_SECONDS)
