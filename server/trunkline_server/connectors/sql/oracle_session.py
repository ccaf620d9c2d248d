"""A connection to Oracle by the thin driver, one statement at a time."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncGenerator, Awaitable, Sequence
from contextlib import asynccontextmanager, suppress
from typing import Any, TypeVar

import oracledb
import orjson
from trunkline.v1.database_pb2 import ResultColumn

from trunkline_server.connectors.sql import oracle_types, refusals
from trunkline_server.connectors.sql.ending import completed
from trunkline_server.connectors.sql.oracle_errors import error_of
from trunkline_server.connectors.sql.port import Access, Statement
from trunkline_server.domain.errors import TrunklineError

_T = TypeVar("_T")
_ENDING_SECONDS = 2.0
_CLOSING_SECONDS = 1.0
# How much longer the driver waits than the caller, who ends the statement.
_GRACE_SECONDS = 5.0
_FETCH_ROWS = 1000


async def connect(access: Access, seconds: float) -> OracleSession:
    """A session, set up. Raises typed errors."""
    loop = asyncio.get_running_loop()
    end = loop.time() + seconds
    last: Exception = refusals.AWAY.error({})
    for left, address in zip(range(len(access.addresses), 0, -1), access.addresses, strict=True):
        share = max((end - loop.time()) / left, 0.001)
        connection: Any = None
        try:
            async with asyncio.timeout(share):
                connection = await _open(access, address, share)
                session = OracleSession(connection)
                await session.set_up(access)
                return session
        except Exception as error:
            if connection is not None:
                connection.terminate()
            last = error_of(error) or refusals.MALFORMED.error({})
    raise last from None


async def _open(access: Access, address: str, seconds: float) -> Any:
    return await oracledb.connect_async(
        host=address,
        port=access.port,
        service_name=access.database,
        user=access.user,
        password=access.password,
        protocol="tcp" if access.tls is None else "tcps",
        ssl_context=None if access.tls is None else strict(access.tls, access.host),
        # The driver would compare the address; the context checks the host.
        ssl_server_dn_match=False,
        tcp_connect_timeout=seconds,
        retry_count=0,
        stmtcachesize=0,
        program="trunkline",
        machine="trunkline",
        terminal="trunkline",
        osuser="trunkline",
    )


def strict(context: ssl.SSLContext, host: str) -> ssl.SSLContext:
    """The context, for `host` whatever the address. The driver turns `check_hostname` off in each that it is given, to
    compare names by itself: this one stays as it is."""
    kind: Any = type(context)

    class Strict(kind):  # type: ignore[misc]
        @property
        def check_hostname(self) -> bool:
            return True

        @check_hostname.setter
        def check_hostname(self, value: bool) -> None:
            pass

        def wrap_bio(self, *args: Any, **named: Any) -> ssl.SSLObject:
            made: ssl.SSLObject = kind.wrap_bio(self, *args[:2], server_side=False, server_hostname=host)
            return made

    if not hasattr(kind, "_strict"):
        context.check_hostname = True
        Strict._strict = True
        context.__class__ = Strict
    return context


class OracleResult:
    """Implements `Result` of port.py."""

    def __init__(self, session: OracleSession, cursor: Any, seconds: float, writes: bool) -> None:
        infos = cursor.description or ()
        self._session = session
        self._cursor = cursor
        self._seconds = seconds
        self._finish = oracle_types.finish(infos)
        self._columns = [oracle_types.column(info) for info in infos]
        self._affected = int(cursor.rowcount) if writes and not infos else None
        self.complete = not infos

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
        rows = await self._session.ask(self._cursor.fetchmany(most), self._seconds)
        self.complete = len(rows) < most
        return self._finish(rows) if self._finish else rows


class OracleSession:
    """Implements `Session` of port.py. Between two waits nothing runs in the database: a result is fetched piece by
    piece, so that leaving it early needs no cancelling."""

    def __init__(self, connection: Any) -> None:
        self._connection = connection
        connection.outputtypehandler = oracle_types.handler
        self._in_turn = True
        self._clean = True
        self._closed = False

    @property
    def usable(self) -> bool:
        """See the port."""
        return self._clean and not self._closed and bool(self._connection.is_healthy())

    async def set_up(self, access: Access) -> None:
        """The settings and the role."""
        await self._connection.execute(
            "ALTER SESSION SET TIME_ZONE = '+00:00' NLS_TIMESTAMP_FORMAT = 'YYYY-MM-DD HH24:MI:SS.FF'"
        )
        if access.role:
            role = access.role.upper() if access.role.isidentifier() else access.role
            if '"' in role:
                raise refusals.LOGIN.error({})
            await self._connection.execute(f'SET ROLE "{role}"')

    @asynccontextmanager
    async def run(self, statement: Statement, seconds: float) -> AsyncGenerator[OracleResult, None]:
        """See the port. DDL is not bound by the read-only transaction, but by grants and the check of statements."""
        self._clean = False
        cursor: Any = None
        try:
            self._connection.call_timeout = round((seconds + _GRACE_SECONDS) * 1000)
            cursor = self._connection.cursor()
            cursor.arraysize = cursor.prefetchrows = _FETCH_ROWS
            if not statement.writes:
                await self.ask(cursor.execute("SET TRANSACTION READ ONLY"), seconds)
            values = [_value(index, value) for index, value in enumerate(statement.parameters)]
            await self.ask(cursor.execute(statement.sql, values), seconds)
            result = OracleResult(self, cursor, seconds, statement.writes)
            yield result
            if result.complete:
                end = self._connection.commit if statement.writes else self._connection.rollback
                await self.ask(end(), seconds)
        except BaseException as error:
            await completed(self._undo(cursor))
            if isinstance(error, Exception) and (known := error_of(error)) not in (None, error):
                raise known from None
            raise
        if result.complete:
            cursor.close()
            self._clean = True
        else:
            await completed(self._undo(cursor))

    async def close(self) -> None:
        """See the port."""
        if self._closed:
            return
        self._closed = True
        try:
            async with asyncio.timeout(_CLOSING_SECONDS):
                await self._connection.close()
        except Exception:
            self._terminate()

    async def ask(self, work: Awaitable[_T], seconds: float) -> _T:
        """Wait for the server, for so many seconds at most; then the statement is ended."""
        self._in_turn = False
        try:
            async with asyncio.timeout(seconds):
                answer = await work
        except (TrunklineError, OSError):
            raise
        except Exception as error:
            told = error.args[0] if error.args else None
            # The database's own errors are whole answers.
            self._in_turn = bool(getattr(told, "code", 0)) and not getattr(told, "is_session_dead", False)
            raise (error_of(error) or refusals.MALFORMED.error({})) from None
        self._in_turn = True
        return answer

    async def _undo(self, cursor: Any) -> None:
        """Roll back; what still runs is ended with its connection."""
        try:
            async with asyncio.timeout(_ENDING_SECONDS):
                if self._in_turn:
                    if cursor is not None:
                        cursor.close()
                    await self._connection.rollback()
                    self._clean = True
                    return
                self._connection.cancel()
        except Exception:
            pass  # It is of no more use.
        self._terminate()

    def _terminate(self) -> None:
        self._closed = True
        with suppress(Exception):  # It may be gone already.
            self._connection.terminate()


def _value(index: int, value: Any) -> Any:
    """A JSON value as a parameter: lists and objects are JSON text, truth is 1 or 0."""
    if isinstance(value, bool):
        return int(value)
    if isinstance(value, list | dict):
        return orjson.dumps(value).decode()
    if isinstance(value, int) and abs(value) >= 10**38:
        raise refusals.bad_value(index, "is beyond 38 digits; send it as a string")
    return value
