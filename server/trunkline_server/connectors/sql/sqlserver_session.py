"""A connection to SQL Server, one statement at a time, in a thread of its own."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from typing import Any, TypeVar

import orjson
from trunkline.v1.database_pb2 import ResultColumn

from trunkline_server.connectors.sql import placeholders, refusals, sqlserver_types
from trunkline_server.connectors.sql.ending import completed
from trunkline_server.connectors.sql.port import Access, Statement
from trunkline_server.connectors.sql.sqlserver_errors import error_of
from trunkline_server.connectors.sql.sqlserver_wire import Wire

_T = TypeVar("_T")
_ENDING_SECONDS = 2.0


async def connect(access: Access, seconds: float) -> SqlServerSession:
    """A session, set up. Raises typed errors."""
    threads = ThreadPoolExecutor(1, "sqlserver")
    loop = asyncio.get_running_loop()
    end = loop.time() + seconds
    last: Exception = refusals.AWAY.error({})
    try:
        for left, address in zip(range(len(access.addresses), 0, -1), access.addresses, strict=True):
            share = max((end - loop.time()) / left, 0.001)
            try:
                # The thread gives up by itself: each of its waits is bound.
                wire = await asyncio.wait_for(loop.run_in_executor(threads, Wire, access, address, share), share)
                session = SqlServerSession(wire, threads, access)
                await session.set_up(seconds)
                return session
            except OSError as error:
                last = error
        raise last
    except BaseException as error:
        threads.shutdown(wait=False)
        if isinstance(error, Exception):
            # Anything else that the driver raises: what came is not of the protocol.
            raise (error_of(error) or refusals.MALFORMED.error({})) from None
        raise


class SqlServerResult:
    """Implements `Result` of port.py."""

    def __init__(self, session: SqlServerSession, seconds: float, columns: list[ResultColumn], affected: int | None):
        self._session = session
        self._seconds = seconds
        self._columns = columns
        self._affected = affected
        self._finish = sqlserver_types.finish(columns)
        self.complete = not columns

    @property
    def columns(self) -> Sequence[ResultColumn]:
        """See the port."""
        return self._columns

    @property
    def affected(self) -> int | None:
        """See the port."""
        return self._affected

    async def fetch(self, most: int) -> Sequence[Sequence[Any]]:
        """See the port."""
        if self.complete:
            return ()
        rows = await self._session.ask(lambda wire: wire.fetch(most), self._seconds)
        if len(rows) < most:
            await self._session.finish(self._seconds)
            self.complete = True
        return self._finish(rows) if self._finish else rows


class SqlServerSession:
    """Implements `Session` of port.py."""

    def __init__(self, wire: Wire, threads: ThreadPoolExecutor, access: Access) -> None:
        self._wire = wire
        self._threads = threads
        self._role = access.role
        self._in_turn = True
        self._clean = True
        self._closed = False

    @property
    def usable(self) -> bool:
        """See the port."""
        return self._clean and not self._closed

    async def set_up(self, seconds: float) -> None:
        """The settings and the role. A session that has taken on a role cannot be reset: it serves one call."""
        await self.ask(lambda wire: wire.command("SET XACT_ABORT ON; SET TEXTSIZE 2147483647"), seconds)
        if self._role:
            role = self._role.replace("'", "''")
            await self.ask(lambda wire: wire.command(f"EXECUTE AS USER = N'{role}' WITH NO REVERT"), seconds)

    @asynccontextmanager
    async def run(self, statement: Statement, seconds: float) -> AsyncGenerator[SqlServerResult, None]:
        """See the port. What only reads is rolled back always, as there are no read-only transactions."""
        self._clean = False
        try:
            result = await self._begin(statement, seconds)
            yield result
            if result.complete:
                await self.ask(lambda wire: wire.end(statement.writes), seconds)
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
        if not self._closed:
            self._closed = True
            self._wire.shut()
            self._threads.submit(self._wire.close)
            self._threads.shutdown(wait=False)

    async def ask(self, work: Callable[[Wire], _T], seconds: float) -> _T:
        """What the thread finds out. One that is not waited for to the end finds its socket shut."""
        if self._closed:
            raise refusals.AWAY.error({})
        self._in_turn = False

        def bound() -> _T:
            self._wire.bound(seconds)
            return work(self._wire)

        try:
            async with asyncio.timeout(seconds):
                answer = await asyncio.get_running_loop().run_in_executor(self._threads, bound)
        except (TimeoutError, asyncio.CancelledError):
            self._wire.shut()
            raise
        except Exception as error:
            # A whole answer is an error with a number.
            self._in_turn = bool(getattr(error, "msg_no", 0))
            raise (error_of(error) or refusals.MALFORMED.error({})) from None
        self._in_turn = True
        return answer

    async def finish(self, seconds: float) -> None:
        """The end of the answer. Raises UPSTREAM_REJECTED where another result follows."""
        if await self.ask(lambda wire: wire.finish(), seconds):
            self._in_turn = False
            raise refusals.SEVERAL.error({})

    async def _begin(self, statement: Statement, seconds: float) -> SqlServerResult:
        sql, count = placeholders.tsql(statement.sql)
        if count != len(statement.parameters):
            raise refusals.count_mismatch(count, len(statement.parameters))
        values = [_value(index, value) for index, value in enumerate(statement.parameters)]

        def begin(wire: Wire) -> list[sqlserver_types.Declared]:
            wire.command(f"SET LOCK_TIMEOUT {round(seconds * 1000)}")
            wire.begin()
            wire.execute(sql, values)
            return wire.columns()

        columns = [sqlserver_types.column(one) for one in await self.ask(begin, seconds)]
        affected = None
        if columns:
            self._in_turn = False
        else:
            told = await self.ask(lambda wire: wire.affected(), seconds)
            affected = told if statement.writes and told >= 0 else None
            await self.finish(seconds)
        return SqlServerResult(self, seconds, columns, affected)

    async def _undo(self) -> None:
        """Roll back; what still runs is ended with its connection."""
        try:
            if self._in_turn:
                await self.ask(lambda wire: wire.end(False), _ENDING_SECONDS)
                await self._renew()
                return
        except Exception:
            pass  # It is of no more use.
        await self.close()

    async def _renew(self) -> None:
        """Make the connection fit for another call, if that can be done."""
        if self._role:
            return
        try:
            await self.ask(lambda wire: wire.reset(), _ENDING_SECONDS)
            await self.set_up(_ENDING_SECONDS)
            self._clean = True
        except Exception:
            await self.close()


def _value(index: int, value: Any) -> Any:
    """A JSON value as a parameter: lists and objects are JSON text."""
    if isinstance(value, list | dict):
        return orjson.dumps(value).decode()
    if isinstance(value, int) and not -(2**63) <= value < 2**63:
        raise refusals.bad_value(index, "is beyond 64 bits; send it as a string")
    return value
