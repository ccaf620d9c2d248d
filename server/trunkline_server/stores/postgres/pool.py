"""The connection pool, transactions bound to a tenant, and the one place where driver errors become ours."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from typing import Any

import asyncpg
from asyncpg.exceptions._base import DataError as ClientDataError

from trunkline_server.domain.errors import (
    Reason,
    TrunklineError,
    already_exists,
    not_found,
    store_outdated,
    store_unavailable,
)

# The run-time role: no owner of anything, so row-level security binds it.
APP_ROLE = "trunkline_app"
_TRANSACTION = {"isolation": "read_committed", "readonly": False}
_SNAPSHOT = {"isolation": "repeatable_read", "readonly": True}

# The server cannot serve now: no connection, shutting down, out of resources, a timeout, a deadlock, a standby.
_UNAVAILABLE = (
    OSError,
    TimeoutError,
    asyncpg.PostgresConnectionError,
    asyncpg.OperatorInterventionError,
    asyncpg.InsufficientResourcesError,
    asyncpg.TransactionRollbackError,
    asyncpg.LockNotAvailableError,
    asyncpg.ReadOnlySQLTransactionError,
    asyncpg.IdleInTransactionSessionTimeoutError,
    asyncpg.InternalClientError,
    asyncpg.TargetServerAttributeNotMatched,
)
# The schema is older than this server: `trunkline migrate` has yet to run.
_OUTDATED = (asyncpg.UndefinedColumnError, asyncpg.UndefinedTableError, asyncpg.UndefinedFunctionError)
# A value that no column can hold: a NUL in a text, a number out of range. The server's classes, then the driver's own.
_UNSTORABLE = (asyncpg.DataError, asyncpg.CheckViolationError, ClientDataError)


@contextmanager
def driver_errors(creating: tuple[str, str] | None = None, tenant_id: str = "") -> Iterator[None]:
    """Turn what the driver raises into TrunklineErrors. Nothing of the statement or its values goes along.

    Raises STORE_UNAVAILABLE; ALREADY_EXISTS where a unique key is taken and `creating` is (kind, name);
    NOT_FOUND of the tenant where a row refers to none; INVALID_REQUEST for unstorable values; else INTERNAL.
    """
    try:
        yield
    except _UNAVAILABLE:
        raise store_unavailable("postgres") from None
    except _OUTDATED as error:
        raise store_outdated(str(error.sqlstate)) from None
    except asyncpg.UniqueViolationError as error:
        raise (already_exists(*creating) if creating else _internal(error)) from None
    except asyncpg.ForeignKeyViolationError as error:
        raise (not_found("tenant", tenant_id) if tenant_id else _internal(error)) from None
    except _UNSTORABLE:
        raise TrunklineError(
            Reason.ERROR_REASON_INVALID_REQUEST, "a value cannot be stored: a NUL character, or out of range"
        ) from None
    except asyncpg.InterfaceError as error:
        # The driver has no class of its own for a connection or pool that closed under us.
        raise (store_unavailable("postgres") if "clos" in str(error) else _internal(error)) from None
    except asyncpg.PostgresError as error:
        raise _internal(error) from None


def _internal(error: Exception) -> TrunklineError:
    # The driver's text may quote a row; the SQLSTATE never does.
    state = getattr(error, "sqlstate", None) or type(error).__name__
    return TrunklineError(
        Reason.ERROR_REASON_INTERNAL, "a statement failed", metadata={"store": "postgres", "sqlstate": state}
    )


class Database:
    """The pool. Every connection runs as `trunkline_app`."""

    def __init__(self, pool: Any, acquire_seconds: float) -> None:
        self._pool = pool
        self._acquire_seconds = acquire_seconds

    @asynccontextmanager
    async def connection(self) -> AsyncIterator[Any]:
        """A connection without a tenant: it sees no rows, but may call the functions that look across tenants."""
        with driver_errors():
            async with self._pool.acquire(timeout=self._acquire_seconds) as connection:
                yield connection

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[Any]:
        """A transaction without a tenant, for one that writes for several: see `set_tenant`."""
        async with self.connection() as connection, connection.transaction(**_TRANSACTION):
            yield connection

    @asynccontextmanager
    async def tenant_transaction(
        self, tenant_id: str, *, creating: tuple[str, str] | None = None, snapshot: bool = False
    ) -> AsyncIterator[Any]:
        """A transaction that sees and writes the rows of one tenant only.

        `creating` is the (kind, name) of ALREADY_EXISTS; `snapshot` reads everything as of one moment, and only reads.
        Raises as `driver_errors`.
        """
        with driver_errors(creating, tenant_id):
            async with (
                self._pool.acquire(timeout=self._acquire_seconds) as connection,
                connection.transaction(**(_SNAPSHOT if snapshot else _TRANSACTION)),
            ):
                await set_tenant(connection, tenant_id)
                yield connection

    async def ping(self) -> None:
        """Ask the server for an answer. Raises STORE_UNAVAILABLE."""
        async with self.connection() as connection:
            await connection.execute("SELECT 1")


async def set_tenant(connection: Any, tenant_id: str) -> None:
    """Bind the transaction to a tenant, until it ends or is bound to another."""
    await connection.execute("SELECT set_config('trunkline.tenant_id', $1, true)", tenant_id)


@asynccontextmanager
async def open_database(
    dsn: str,
    *,
    max_connections: int = 10,
    connect_seconds: float = 5.0,
    acquire_seconds: float = 3.0,
    statement_seconds: float = 10.0,
) -> AsyncIterator[Database]:
    """The database of a DSN, until the block ends. Connects when first asked, so it may start before Postgres does.

    The driver gives a statement a second more than the server, which can tell more of a slow one; it alone notices a
    server that answers nothing. Raises STORE_UNAVAILABLE, INTERNAL.
    """
    milliseconds = str(round(statement_seconds * 1000))
    with driver_errors():
        pool = await asyncpg.create_pool(
            dsn,
            min_size=0,
            max_size=max_connections,
            timeout=connect_seconds,
            command_timeout=statement_seconds + 1,
            server_settings={
                "role": APP_ROLE,
                "application_name": "trunkline",
                "statement_timeout": milliseconds,
                "lock_timeout": milliseconds,
                "idle_in_transaction_session_timeout": milliseconds,
                "timezone": "UTC",
            },
        )
    try:
        yield Database(pool, acquire_seconds)
    finally:
        try:
            async with asyncio.timeout(statement_seconds):
                await pool.close()
        except (TimeoutError, OSError, asyncpg.PostgresError, asyncpg.InterfaceError):
            pool.terminate()
