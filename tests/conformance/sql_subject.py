"""A database as the cases of the conformance suite use it."""

import asyncio
import itertools
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from typing import Any

import pytest
from conformance.sql_databases import Dialectal
from trunkline_server.connectors.sql.port import Access, Dialect, Session, Statement
from trunkline_server.domain.errors import TrunklineError

# Servers share the machine with other work: patient, and no case measures time.
PATIENT = 60.0
_numbers = itertools.count(1)


@dataclass(frozen=True)
class Subject:
    """A database of the suite."""

    dialect: Dialect
    access: Access
    says: Dialectal

    @asynccontextmanager
    async def session(self, **changes: Any) -> AsyncIterator[Session]:
        """A session, closed at the end."""
        session = await self.dialect.connect(replace(self.access, **changes), PATIENT)
        try:
            yield session
        finally:
            await session.close()

    def with_marks(self, sql: str, **more: Any) -> str:
        """The text in the database's dialect; each `{mark}` is the next placeholder."""
        for mark in self.says.marks:
            sql = sql.replace("{mark}", mark, 1)
        return sql.format(**more) if more else sql

    def statement(self, sql: str, *parameters: Any, writes: bool = False, **more: Any) -> Statement:
        """A statement, in the database's dialect."""
        return Statement(self.with_marks(sql, **more), parameters, writes)


async def rows_of(session: Session, statement: Statement, seconds: float = PATIENT) -> list[list[Any]]:
    """All rows of a statement."""
    found: list[list[Any]] = []
    async with session.run(statement, seconds) as result:
        while batch := await result.fetch(1000):
            found += [list(row) for row in batch]
    return found


async def write(session: Session, statement: Statement) -> int | None:
    """How many rows it wrote."""
    async with session.run(statement, PATIENT) as result:
        while await result.fetch(100):
            pass
        return result.affected


@asynccontextmanager
async def refused(*reasons: str, field: str = "") -> AsyncIterator[None]:
    """The block raises an error of one of these reasons."""
    with pytest.raises(TrunklineError) as caught:
        yield
    error = caught.value
    assert error.reason_name in reasons, f"{error.reason_name}: {error}"
    if field:
        assert error.metadata["field"] == field


async def until_gone(subject: Subject, marker: str) -> None:
    """Wait until the server's own list of statements has none with the marker."""
    statement = subject.statement(subject.says.running, f"%{marker}%")
    async with subject.session() as session, asyncio.timeout(PATIENT):
        while await rows_of(session, statement) != [[0]]:
            await asyncio.sleep(0.05)


async def until_running(subject: Subject, marker: str) -> None:
    """Wait until the server's own list of statements has one with the marker."""
    statement = subject.statement(subject.says.running, f"%{marker}%")
    async with subject.session() as session, asyncio.timeout(PATIENT):
        while await rows_of(session, statement) == [[0]]:
            await asyncio.sleep(0.05)


def marker_of() -> str:
    return f"marker{next(_numbers)}x"


async def prepare(subject: Subject) -> None:
    """An empty `conf_rows`."""
    async with subject.session() as session:
        columns = f"id {subject.says.big} NOT NULL PRIMARY KEY, label {subject.says.text}"
        with_table = subject.statement("SELECT COUNT(*) FROM conf_rows")
        try:
            await rows_of(session, with_table)
        except TrunklineError:
            sql = subject.says.create.format(table="conf_rows", columns=columns)
            await write(session, Statement(sql, (), True))
    async with subject.session() as session:
        await write(session, subject.statement("DELETE FROM conf_rows", writes=True))


async def labels(subject: Subject) -> list[Any]:
    """What `conf_rows` holds, as another connection sees it."""
    async with subject.session() as session:
        return [row[0] for row in await rows_of(session, Statement("SELECT label FROM conf_rows ORDER BY id"))]


INSERT = "INSERT INTO conf_rows (id, label) VALUES ({mark}, {mark})"
