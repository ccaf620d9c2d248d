"""What the engine asks of a database: one adapter each, which knows its driver, its dialect and its catalogue.

No method lets a driver's exception through: `Dialect.error` turns it into a TrunklineError that never holds a value, a
parameter, a row or an address. Times are seconds. What is cancelled, or left early, is cancelled in the database too.
"""

from __future__ import annotations

import ssl
from collections.abc import Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from typing import Any, Protocol, runtime_checkable

from trunkline.v1.connector_pb2 import Connector
from trunkline.v1.database_pb2 import ResultColumn

from trunkline_server.domain.errors import TrunklineError


@dataclass(frozen=True, slots=True)
class Access:
    """Where a database is, and as whom it is entered. `addresses` are those of `host` that the operator allows: a
    driver connects to one of them and resolves nothing itself. `tls` checks the certificate against `host`; None: no
    TLS."""

    host: str
    addresses: Sequence[str]
    port: int
    database: str
    user: str = ""
    password: str = field(default="", repr=False)
    role: str = ""
    tls: ssl.SSLContext | None = None


@dataclass(frozen=True, slots=True)
class Statement:
    """One statement. `parameters` are JSON values, in the order of the placeholders of the dialect."""

    sql: str
    parameters: Sequence[Any] = ()
    writes: bool = False


class Result(Protocol):
    """What a statement gives, read batch by batch."""

    @property
    def columns(self) -> Sequence[ResultColumn]:
        """The columns; empty for a statement that gives no rows."""
        ...

    @property
    def affected(self) -> int | None:
        """How many rows were written; None where the database does not tell, or the statement only reads."""
        ...

    async def fetch(self, most: int) -> Sequence[Sequence[Any]]:
        """The next rows, at most so many; none at the end. Values are what `ColumnType` says, as Python has them: bool,
        int, float, Decimal, str, bytes, datetime (aware for TIMESTAMP), date, time, timedelta, UUID, list; a JSON value
        is decoded, or an `orjson.Fragment` of its text; what is OTHER is a str. A str that is the value's JSON form
        already will do for any other type too."""
        ...


class Session(Protocol):
    """One connection, used by one call at a time."""

    def run(self, statement: Statement, seconds: float) -> AbstractAsyncContextManager[Result]:
        """The statement in a transaction of its own, read-only unless it writes, as the role of the access; each wait
        for the database is at most so many `seconds`, which the database knows too. Leaving the block after an error or
        before the last row rolls back and cancels; else it commits. Raises INVALID_PARAMETERS (field paths below
        `parameters_json`), UPSTREAM_REJECTED, UPSTREAM_TIMEOUT, UPSTREAM_AUTHENTICATION, INTEGRATION_UNAVAILABLE."""
        ...

    @property
    def usable(self) -> bool:
        """Whether another call may use the connection: it stands, and nothing of this one is left in it."""
        ...

    async def close(self) -> None:
        """End the connection; never raises, and takes a second at most."""
        ...


class Dialect(Protocol):
    """One kind of database."""

    @property
    def connector(self) -> Connector:
        """What integrations can be made of; its `default_endpoint` has the scheme of endpoints, as `postgresql://…`."""
        ...

    @property
    def port(self) -> int:
        """The usual port."""
        ...

    @property
    def parser(self) -> str:
        """The name that sqlglot has for the dialect."""
        ...

    async def connect(self, access: Access, seconds: float) -> Session:
        """A new connection. Raises UPSTREAM_AUTHENTICATION, UPSTREAM_TIMEOUT, INTEGRATION_UNAVAILABLE."""
        ...

    def tables(self, schemas: Sequence[str]) -> Statement:
        """(schema, table, kind, comment) of tables and views, by schema and name; `kind` is `table` or `view`. No
        schemas: all but the database's own."""
        ...

    def columns(self, schema: str, table: str) -> Statement:
        """(column, type, nullable, default, comment, primary_key, references) of a table, in order. `references` is
        `schema.table.column`, or null. Empty `schema`: the database's usual one."""
        ...

    def about(self) -> Statement:
        """One row: (what the server calls itself, whether the user may write any table); not true where it cannot be
        told."""
        ...

    def explain(self, statement: Statement) -> Statement:
        """What tells how a statement would be executed, without executing it; rows of any shape."""
        ...

    def error(self, error: Exception) -> TrunklineError | None:
        """What a driver's exception means; None for one that is none of the driver's."""
        ...


@runtime_checkable
class Described(Protocol):
    """What a dialect may tell besides; the engine does without where it does not."""

    def indexes(self, schema: str, table: str) -> Statement:
        """(index, unique, definition) of a table, by name. Empty `schema`: the database's usual one."""
        ...
