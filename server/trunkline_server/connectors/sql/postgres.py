"""PostgreSQL by asyncpg: no pool of its own, a portal for each statement, the address that was judged."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager, suppress
from typing import Any

import asyncpg
from trunkline.v1.authentication_pb2 import AuthenticationScheme
from trunkline.v1.configuration_pb2 import IntegrationType
from trunkline.v1.connector_pb2 import Connector
from trunkline.v1.database_pb2 import ResultColumn

from trunkline_server.connectors.sql import postgres_catalogue as catalogue
from trunkline_server.connectors.sql.port import Access, Result, Statement
from trunkline_server.connectors.sql.postgres_errors import error_of, timed_out
from trunkline_server.connectors.sql.postgres_types import TEXTS, Mismatch, column_type, convert
from trunkline_server.domain.duration import duration
from trunkline_server.domain.errors import Reason, TrunklineError, invalid_fields

CONNECTOR = Connector(
    name="postgresql",
    type=IntegrationType.INTEGRATION_TYPE_DATABASE,
    display_name="PostgreSQL",
    default_endpoint="postgresql://localhost:5432/database",
    authentication=AuthenticationScheme.AUTHENTICATION_SCHEME_BASIC,
    timeout=duration(30.0),
    notes=["Placeholders are $1, $2, ….", "Best with a role that may only read."],
    documentation_url="https://www.postgresql.org/docs/current/",
    secret_description="user:password",
)
# Who enters without authentication.
_NOBODY = "trunkline"
# The database is the first to tell that a statement takes too long; then the connection can be used again.
_GRACE_SECONDS = 0.25
# What a statement that only reads may leave in its session by functions that it calls; with its end, in one round trip.
_FORGET = "RESET ALL; SELECT pg_advisory_unlock_all()"
_END_SECONDS = 1.0
# The most that one wait may bring, in bytes: a fetch is held in memory as a whole.
_MOST_RECEIVED = 64 * 1024 * 1024
_ARGUMENT = re.compile(r"query argument \$(\d+)")
_BAD_INPUT = frozenset(("22P02", "22007", "22008", "22003", "22P03", "22021", "22023", "2202E"))
# After one of these it is open whether a transaction was committed.
_UNTOLD = (Reason.ERROR_REASON_INTEGRATION_UNAVAILABLE, Reason.ERROR_REASON_UPSTREAM_TIMEOUT)
# Of `SET ROLE`: not allowed, not there.
_NO_ROLE = frozenset(("42501", "22023", "42704"))
# Exchanged as they are; every other type that turns up is exchanged as text.
_PLAIN = frozenset(("bool", "int2", "int4", "int8", "oid", "float8", "text", "varchar", "bpchar", "name", "bytea"))
_KNOWN = _PLAIN | {one.name for one in TEXTS}
# Those that pools of connections between here and the database take at the start; others are set in each transaction.
_SETTINGS = {
    "application_name": "trunkline",
    "timezone": "UTC",
    "datestyle": "ISO, YMD",
    "standard_conforming_strings": "on",
    "client_encoding": "UTF8",
}


class Postgres:
    """Implements `Dialect` and `Described` of port.py."""

    @property
    def connector(self) -> Connector:
        """See the port."""
        return CONNECTOR

    @property
    def port(self) -> int:
        """See the port."""
        return 5432

    @property
    def parser(self) -> str:
        """See the port."""
        return "postgres"

    async def connect(self, access: Access, seconds: float) -> PostgresSession:
        """See the port. The addresses are tried one after the other."""
        last: Exception = OSError("no address")
        try:
            async with asyncio.timeout(seconds):
                for address in access.addresses:
                    try:
                        return PostgresSession(await _connected(access, address, seconds), access.role)
                    except OSError as error:
                        last = error
        except TimeoutError:
            raise timed_out(seconds, "connect") from None
        except Exception as error:
            last = error
        found = error_of(last)
        if found is None:
            raise last
        found.metadata.setdefault("sent", "no")
        raise found from None

    def tables(self, schemas: Sequence[str]) -> Statement:
        """See the port."""
        return catalogue.tables(schemas)

    def columns(self, schema: str, table: str) -> Statement:
        """See the port."""
        return catalogue.columns(schema, table)

    def indexes(self, schema: str, table: str) -> Statement:
        """See the port."""
        return catalogue.indexes(schema, table)

    def about(self) -> Statement:
        """See the port."""
        return Statement(catalogue.ABOUT)

    def explain(self, statement: Statement) -> Statement:
        """See the port."""
        return Statement(f"EXPLAIN (FORMAT JSON) {statement.sql}", statement.parameters)

    def error(self, error: Exception) -> TrunklineError | None:
        """See the port."""
        return error_of(error)


async def _connected(access: Access, address: str, seconds: float) -> asyncpg.Connection[Any]:
    # Whatever the environment says of a database is the server's own, and not this one.
    connection = await asyncpg.connect(
        host=address,
        port=access.port,
        user=access.user or _NOBODY,
        password=access.password,
        database=access.database,
        ssl=access.tls or False,
        timeout=seconds,
        statement_cache_size=0,
        server_settings=_SETTINGS,
        target_session_attrs="any",
    )
    for one in TEXTS:
        _as_text(connection, one.oid, one.name, "pg_catalog", one.decode)
    return connection


def _as_text(connection: Any, oid: int, name: str, schema: str, decode: Any = str) -> None:
    """As `Connection.set_type_codec`, which asks the server for what is known here, and takes no composite types."""
    settings = connection._protocol.get_settings()
    settings.add_python_codec(oid, name, schema, [], "scalar", str, decode, "text")


class _Meter(asyncio.Protocol):
    """Between a connection and asyncpg: breaks off what would not fit the memory."""

    def __init__(self, connection: Any) -> None:
        self._transport = connection._transport
        self._inner = connection._protocol
        self.received = 0
        self.over = False
        self._transport.set_protocol(self)
        self.connection_lost = self._inner.connection_lost  # type: ignore[method-assign]
        self.pause_writing = self._inner.pause_writing  # type: ignore[method-assign]
        self.resume_writing = self._inner.resume_writing  # type: ignore[method-assign]
        self.eof_received = self._inner.eof_received  # type: ignore[method-assign]

    def data_received(self, data: bytes) -> None:
        """Pass on, and count."""
        self.received += len(data)
        if self.received > _MOST_RECEIVED:
            self.over = True
            self._transport.abort()
        else:
            self._inner.data_received(data)


class PostgresSession:
    """Implements `Session` of port.py."""

    def __init__(self, connection: asyncpg.Connection[Any], role: str) -> None:
        self._connection: Any = connection
        self._role = role
        self._meter = _Meter(connection)
        self._clean = True
        self._writes = False

    @property
    def usable(self) -> bool:
        """See the port."""
        return self._clean and not self._connection.is_closed() and not self._connection.is_in_transaction()

    async def close(self) -> None:
        """See the port."""
        try:
            await self._connection.close(timeout=_END_SECONDS)
        except Exception:
            self._connection.terminate()

    @asynccontextmanager
    async def run(self, statement: Statement, seconds: float) -> AsyncIterator[Result]:
        """See the port."""
        self._clean, self._writes = False, statement.writes
        with self._told(seconds):
            try:
                await self._begin(statement.writes, seconds)
                found = await self._open(statement, seconds)
            except BaseException:
                await self._roll_back()
                raise
        try:
            yield found
        except BaseException:
            await self._roll_back()
            raise
        if not found.ended:
            await self._roll_back()
            return
        await self._commit(statement.writes, seconds)

    async def _commit(self, writes: bool, seconds: float) -> None:
        try:
            with self._told(seconds):
                ending = "COMMIT" if writes else f"COMMIT; {_FORGET}"
                await self._connection.execute(ending, timeout=seconds + _GRACE_SECONDS)
        except TrunklineError as error:
            if not writes or error.reason not in _UNTOLD or error.metadata.get("sent") == "no":
                raise
            raise TrunklineError(
                error.reason,
                "the database did not tell whether it kept what was written; look before you try again",
                metadata={**error.metadata, "outcome": "unknown"},
            ) from None
        if writes:
            # A statement that writes may have left something in the session: settings, locks, temporary tables. It is
            # done, whatever becomes of the connection.
            with suppress(Exception):
                await self._connection.execute("DISCARD ALL", timeout=_END_SECONDS)
                self._clean = True
        else:
            self._clean = True

    async def _begin(self, writes: bool, seconds: float) -> None:
        role = self._role.replace('"', '""')
        parts = [
            f"BEGIN READ {'WRITE' if writes else 'ONLY'}",
            f"SET LOCAL statement_timeout = {max(1, round(seconds * 1000))}",
            "SET LOCAL intervalstyle = iso_8601",
            *([f'SET LOCAL ROLE "{role}"'] if role else []),
        ]
        try:
            await self._connection.execute("; ".join(parts), timeout=seconds + _GRACE_SECONDS)
        except asyncpg.PostgresError as error:
            if error.sqlstate not in _NO_ROLE:
                raise
            raise TrunklineError(
                Reason.ERROR_REASON_UPSTREAM_AUTHENTICATION,
                "the integration's user may not take on its role; grant it, or correct `role`",
                metadata={"sqlstate": error.sqlstate},
            ) from None

    async def _open(self, statement: Statement, seconds: float) -> PostgresResult:
        prepared = await self._prepared(statement.sql, seconds)
        values = _parameters(prepared, statement.parameters)
        limit = seconds + _GRACE_SECONDS
        try:
            if statement.writes or not prepared.get_attributes():
                rows = await prepared.fetch(*values, timeout=limit)
                return PostgresResult(self, prepared, seconds, rows=rows)
            portal = await prepared.cursor(*values, timeout=limit)
        except asyncpg.PostgresError as error:
            raise _unfit(error, statement) or error from None
        return PostgresResult(self, prepared, seconds, portal=portal)

    async def _prepared(self, sql: str, seconds: float) -> Any:
        """The statement. Where it has types that are to be exchanged as text, these are known before the next one."""
        connection, limit = self._connection, seconds + _GRACE_SECONDS
        prepared = await connection.prepare(sql, name="", timeout=limit)
        types = [*(one.type for one in prepared.get_attributes()), *prepared.get_parameters()]
        # Domains and enumerations are scalar and text already; arrays are made of what their elements are.
        others = [one for one in types if one.kind != "array" and one.name not in _KNOWN and one.kind != "scalar"]
        for one in others:
            _as_text(connection, one.oid, one.name, one.schema)
        return await connection.prepare(sql, name="", timeout=limit) if others else prepared

    async def _roll_back(self) -> None:
        """End the transaction; the statement was cancelled by whoever left. A connection that takes longer than a
        second for it is ended, which ends the statement too."""
        connection = self._connection
        if connection.is_closed():
            return
        try:
            async with asyncio.timeout(_END_SECONDS):
                if connection.is_in_transaction():
                    await connection.execute("ROLLBACK")
                await connection.execute("DISCARD ALL" if self._writes else _FORGET)
            self._clean = True
        except BaseException as error:
            connection.terminate()
            if not isinstance(error, Exception):
                raise

    @contextmanager
    def _told(self, seconds: float) -> Iterator[None]:
        """Exceptions within, as what they mean."""
        self._meter.received = 0
        try:
            yield
        except TimeoutError:
            raise timed_out(seconds) from None
        except TrunklineError:
            raise
        except Exception as error:
            raise self._meaning(error) from None

    def _meaning(self, error: Exception) -> Exception:
        if self._meter.over:
            return TrunklineError(
                Reason.ERROR_REASON_OVER_CAP,
                f"the rows are too large: more than {_MOST_RECEIVED} bytes came at once; leave large columns out",
                metadata={"cap_bytes": str(_MOST_RECEIVED), "of": "row"},
            )
        found = error_of(error)
        if found is None and isinstance(error, (ValueError, OverflowError)):
            # A value that Python has no form of.
            message = "a value of the result cannot be told; cast it to text in the statement"
            return TrunklineError(Reason.ERROR_REASON_UPSTREAM_MALFORMED, message)
        return found or error


class PostgresResult:
    """Implements `Result` of port.py, over a portal, or over the rows of a statement that writes."""

    def __init__(
        self, session: PostgresSession, prepared: Any, seconds: float, *, portal: Any = None, rows: Sequence[Any] = ()
    ) -> None:
        self._session = session
        self._seconds = seconds
        self._portal = portal
        self._rows = rows
        self._at = 0
        self.ended = portal is None and not rows
        self.columns = [
            ResultColumn(name=one.name, type=column_type(one.type.name, one.type.kind), database_type=one.type.name)
            for one in prepared.get_attributes()
        ]
        status = prepared.get_statusmsg() or "" if portal is None else ""
        count = status.rpartition(" ")[2]
        self.affected = int(count) if count.isdigit() and not status.startswith(("SELECT", "SHOW")) else None

    async def fetch(self, most: int) -> Sequence[Sequence[Any]]:
        """See the port."""
        if self._portal is None:
            rows = self._rows[self._at : self._at + most]
            self._at += len(rows)
        else:
            with self._session._told(self._seconds):
                rows = await self._portal.fetch(most, timeout=self._seconds + _GRACE_SECONDS)
        self.ended = len(rows) < most
        return list(map(tuple, rows))


def _parameters(prepared: Any, values: Sequence[Any]) -> list[Any]:
    wanted = prepared.get_parameters()
    if len(wanted) != len(values):
        raise _invalid(
            "parameters_json.parameters", f"must be {len(wanted)}, as many as the statement has placeholders"
        )
    found, problems = [], []
    for number, (value, one) in enumerate(zip(values, wanted, strict=True)):
        try:
            found.append(convert(value, one.name, one.kind))
        except Mismatch as mismatch:
            what = f"must be {mismatch}: the statement takes {one.name}"
            problems.append((f"parameters_json.parameters[{number}]", what))
    if problems:
        raise invalid_fields(problems, reason=Reason.ERROR_REASON_INVALID_PARAMETERS)
    return found


def _unfit(error: asyncpg.PostgresError, statement: Statement) -> TrunklineError | None:
    """An error of binding that speaks of a parameter. The texts show values: only a number is taken from them."""
    found = _ARGUMENT.search(str(error)) if type(error) is asyncpg.DataError else None
    if found:
        return _invalid(f"parameters_json.parameters[{int(found[1]) - 1}]", "does not fit the type of its place")
    if error.sqlstate in _BAD_INPUT and statement.parameters and not statement.writes:
        return _invalid("parameters_json.parameters", "a value does not suit its place in the statement")
    return None


def _invalid(field: str, problem: str) -> TrunklineError:
    return invalid_fields([(field, problem)], reason=Reason.ERROR_REASON_INVALID_PARAMETERS)
