"""A connection to MySQL or MariaDB, one statement at a time."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Sequence
from contextlib import asynccontextmanager
from typing import Any, TypeVar

import orjson
from asyncmy.errors import MySQLError
from trunkline.v1.database_pb2 import ResultColumn

from trunkline_server.connectors.sql import mysql_types, placeholders, refusals
from trunkline_server.connectors.sql.ending import completed
from trunkline_server.connectors.sql.mysql_errors import error_of
from trunkline_server.connectors.sql.mysql_wire import Rows, Wire, open_wire
from trunkline_server.connectors.sql.port import Access, Statement
from trunkline_server.domain.errors import TrunklineError

_T = TypeVar("_T")

# The databases count the time in which the caller takes the rows too, so their own limit of a reading statement is only
# for what a lost worker left: a statement is ended from here, at its time, by KILL.
_READING_SECONDS = 900.0
# The dialect that statements are checked in: strict, `"` and `\` as by default, whatever the server is set to.
_SETTINGS = (
    "SET character_set_client=utf8mb4, character_set_results=utf8mb4, character_set_connection=utf8mb4,"
    " sql_mode='STRICT_TRANS_TABLES,ERROR_FOR_DIVISION_BY_ZERO,NO_ENGINE_SUBSTITUTION',"
    " time_zone='+00:00', autocommit=1, net_write_timeout=600, "
)
# A read-only transaction alone does not stop DDL in MariaDB: that commits first, and then it is as the session is.
_READ_ONLY = {True: "tx_read_only", False: "transaction_read_only"}
# To roll back, or to end the statement from a second connection.
_ENDING_SECONDS = 2.0
_CLOSING_SECONDS = 1.0


async def connect(access: Access, seconds: float) -> MySqlSession:
    """A session, set up. Raises typed errors."""
    wire: Wire | None = None
    try:
        async with asyncio.timeout(seconds):
            wire = await open_wire(access, seconds)
            session = MySqlSession(wire, access)
            await session.set_up()
            return session
    except BaseException as error:
        if wire is not None:
            wire.close()
        if isinstance(error, Exception):
            # Anything else that the driver raises: what came is not of the protocol.
            raise (error_of(error) or refusals.MALFORMED.error({})) from None
        raise


class MySqlResult:
    """Implements `Result` of port.py."""

    def __init__(self, rows: Rows, session: MySqlSession, seconds: float, writes: bool) -> None:
        self._rows = rows
        self._session = session
        self._seconds = seconds
        self._finish = mysql_types.finish(rows.fields)
        self._waiting: Sequence[Sequence[Any]] = ()
        self._columns = [mysql_types.column(field) for field in rows.fields]
        self._affected = rows.affected if writes and not rows.fields else None

    @property
    def columns(self) -> Sequence[ResultColumn]:
        """See the port."""
        return self._columns

    @property
    def affected(self) -> int | None:
        """See the port."""
        return self._affected

    @property
    def complete(self) -> bool:
        """Whether every row was taken."""
        return self._rows.ended and not self._waiting

    async def fetch(self, most: int) -> Sequence[Sequence[Any]]:
        """See the port."""
        if not self._waiting and not self._rows.ended:
            rows: Sequence[Sequence[Any]] = await self._session.ask(self._rows.more(), self._seconds, self._rows)
            self._waiting = self._finish(rows) if self._finish else rows
        if len(self._waiting) <= most:
            taken, self._waiting = self._waiting, ()
        else:
            taken, self._waiting = self._waiting[:most], self._waiting[most:]
        return taken


class MySqlSession:
    """Implements `Session` of port.py."""

    def __init__(self, wire: Wire, access: Access) -> None:
        self._wire = wire
        self._access = access
        self._mariadb = "MariaDB" in wire.server_version
        self._limit = _READING_SECONDS
        # Whether all that was asked is answered, so that the next question can be asked.
        self._in_turn = True
        self._clean = True

    @property
    def usable(self) -> bool:
        """See the port."""
        return self._clean and not self._wire.broken

    async def set_up(self) -> None:
        """The settings and the role, as after each call."""
        self._limit = _READING_SECONDS
        await self._wire.query(_SETTINGS + self._bounds(_READING_SECONDS, False))
        if self._access.role:
            role = self._access.role.replace("`", "``")
            await self._wire.query(f"SET ROLE `{role}`")

    @asynccontextmanager
    async def run(self, statement: Statement, seconds: float) -> AsyncGenerator[MySqlResult, None]:
        """See the port."""
        self._clean = False
        try:
            result = await self._begin(statement, seconds)
            yield result
            if result.complete:
                await self._query("COMMIT", seconds)
        except BaseException as error:
            await completed(self._undo())
            if isinstance(error, Exception) and (known := error_of(error)) not in (None, error):
                raise known from None
            raise
        if result.complete:
            await self._renew()
        else:
            await completed(self._undo())

    async def close(self) -> None:
        """See the port."""
        try:
            async with asyncio.timeout(_CLOSING_SECONDS):
                await self._wire.ensure_closed()
        except Exception:
            self._wire.close()

    async def ask(self, work: Awaitable[_T], seconds: float, rows: Rows | None = None) -> _T:
        """Wait for the server, for so many seconds at most."""
        self._in_turn = False
        try:
            async with asyncio.timeout(seconds):
                answer = await work
        except MySQLError as error:
            # The server's own errors are whole answers.
            self._in_turn = error.sqlstate is not None
            self._wire.flow(True)
            raise
        except (TrunklineError, OSError):
            raise
        except Exception:
            # What came is not of the protocol.
            raise refusals.MALFORMED.error({}) from None
        self._in_turn = rows is None or rows.ended
        return answer

    async def _begin(self, statement: Statement, seconds: float) -> MySqlResult:
        sql = placeholders.mysql(statement.sql)
        values = [_value(index, value) for index, value in enumerate(statement.parameters)]
        limit = seconds if statement.writes else max(seconds, _READING_SECONDS)
        if statement.writes or limit != self._limit:
            await self._query("SET " + self._bounds(limit, statement.writes), seconds)
            self._limit = limit
        await self._query(f"START TRANSACTION READ {'WRITE' if statement.writes else 'ONLY'}", seconds)
        prepared = await self.ask(self._wire.prepare(sql), seconds)
        if prepared.parameter_count != len(values):
            raise refusals.count_mismatch(prepared.parameter_count, len(values))
        rows: Rows = await self.ask(self._wire.execute(prepared, values), seconds)
        self._in_turn = rows.ended
        return MySqlResult(rows, self, seconds, statement.writes)

    async def _query(self, sql: str, seconds: float) -> None:
        await self.ask(self._wire.query(sql), seconds)

    def _bounds(self, seconds: float, writes: bool) -> str:
        """How long statements may take, in MySQL only those that read, and whether they may write, as assignments."""
        limit = (
            f"max_statement_time={seconds:.3f}"
            if self._mariadb
            else f"max_execution_time={min(round(seconds * 1000), 2**31)}"
        )
        return f"{limit}, {_READ_ONLY[self._mariadb]}={int(not writes)}"

    async def _undo(self) -> None:
        """Roll back; what still runs is ended with its connection."""
        try:
            async with asyncio.timeout(_ENDING_SECONDS):
                if self._in_turn and not self._wire.broken:
                    await self._wire.query("ROLLBACK")
                    await self._renewed()
                    return
                self._wire.close()
                await self._kill()
        except Exception:
            self._wire.close()

    async def _renew(self) -> None:
        """Make the connection fit for another call, if that can be done."""
        try:
            async with asyncio.timeout(_ENDING_SECONDS):
                await self._renewed()
        except Exception:
            self._wire.close()

    async def _renewed(self) -> None:
        await self._wire.reset()
        await self.set_up()
        self._in_turn = self._clean = True

    async def _kill(self) -> None:
        other = await open_wire(self._access, _ENDING_SECONDS)
        try:
            await other.query(f"KILL {int(self._wire.thread_id())}")
        finally:
            other.close()


def _value(index: int, value: Any) -> Any:
    """A JSON value as a parameter: lists and objects are JSON text."""
    if isinstance(value, list | dict):
        return orjson.dumps(value).decode()
    if isinstance(value, int) and not -(2**63) <= value < 2**64:
        raise refusals.bad_value(index, "is beyond 64 bits; send it as a string")
    return value
