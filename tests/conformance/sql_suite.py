"""One suite for every database behind `connectors/sql/port.py`, against a real server. Each case stands by itself: it
opens its own connections to a database with an empty `conf_rows` and whatever other cases left.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Any

import orjson
import pytest
from conformance.sql_databases import SNOWMAN
from conformance.sql_subject import (
    INSERT,
    PATIENT,
    Subject,
    labels,
    marker_of,
    refused,
    rows_of,
    until_gone,
    until_running,
    write,
)
from trunkline.v1.database_pb2 import ColumnType
from trunkline_server.connectors.sql.port import Statement
from trunkline_server.domain.errors import TrunklineError

_SHORT = 0.3


# --- values


def read_back(found: Any, expected: Any) -> Any:
    """A value; where its JSON form came, which will do too, what that means."""
    if not isinstance(found, str) or isinstance(expected, str):
        return found
    make = getattr(type(expected), "fromisoformat", type(expected))
    return make(found)


async def types_come_back_as_they_went_in(subject: Subject) -> None:
    cases, table = subject.says.types, f"conf_{marker_of()}"
    names = [f"c{index}" for index in range(len(cases))]
    columns = ", ".join(f"{name} {case.ddl} NULL" for name, case in zip(names, cases, strict=True))
    async with subject.session() as session:
        await write(session, Statement(f"CREATE TABLE {table} ({columns})", (), True))
    async with subject.session() as session:
        # A column at a time: the placeholder of a case is always the first.
        for name, case in zip(names, cases, strict=True):
            value = case.expression or subject.says.marks[0]
            sql = f"INSERT INTO {table} ({name}) VALUES ({value})"
            await write(session, Statement(sql, (case.given,), True))
            null = f"INSERT INTO {table} ({name}) VALUES ({subject.says.marks[0]})"
            if not case.expression:
                await write(session, Statement(null, (None,), True))
            read = Statement(f"SELECT {name} FROM {table} WHERE {name} IS NOT NULL")
            async with session.run(read, PATIENT) as result:
                [column] = result.columns
                [[found]] = await result.fetch(2)
                assert not await result.fetch(2)
            assert (column.name.lower(), ColumnType.Name(column.type)) == (name, ColumnType.Name(case.type)), case.ddl
            assert column.database_type
            if case.type == ColumnType.COLUMN_TYPE_JSON:
                found = orjson.loads(orjson.dumps(found))
            found = read_back(found, case.expected)
            assert (found, type(found)) == (case.expected, type(case.expected)), case.ddl
        everything = await rows_of(session, Statement(f"SELECT {', '.join(names)} FROM {table}"))
        for row in everything:
            assert sum(value is not None for value in row) <= 1
    async with subject.session() as session:
        await write(session, Statement(f"DROP TABLE {table}", (), True))


HOSTILE = (
    "",
    "it's",
    "''",
    "\\",
    "\\'",
    "\\' OR 1=1 -- ",
    "'; DROP TABLE conf_rows; -- ",
    '" OR ""="',
    "%s %(a)s %% {mark} ? :1 $1 @p0",
    "0x27",
    "a\\\nb\r\n\t",
    "\u02bc\uff07\u2019",
    "\xbf'",
    "縗' OR 1=1 #",
    SNOWMAN,
    "x" * 199,
)


async def text_is_never_a_part_of_the_statement(subject: Subject) -> None:
    async with subject.session() as session:
        for index, text in enumerate(HOSTILE):
            assert await write(session, subject.statement(INSERT, index, text, writes=True)) == 1
            found = await rows_of(session, subject.statement("SELECT label FROM conf_rows WHERE id = {mark}", index))
            assert found == [[text]] or (text == "" and found == [[None]] and subject.says.name == "oracle")
            again = subject.statement("SELECT COUNT(*) FROM conf_rows WHERE label = {mark}", text)
            assert text == "" or await rows_of(session, again) == [[1]], text
    assert len(await labels(subject)) == len(HOSTILE)


async def a_placeholder_in_a_literal_is_text(subject: Subject) -> None:
    mark = subject.says.marks[0]
    async with subject.session() as session:
        sql = f"SELECT 'a {mark} ''b' AS a /* {mark} ' */, {{mark}} AS b{subject.says.from_nothing} -- {mark}"
        sql = sql.replace("{mark}", mark)
        assert await rows_of(session, Statement(sql, ("c",))) == [[f"a {mark} 'b", "c"]]


async def an_empty_result_has_columns(subject: Subject) -> None:
    async with subject.session() as session:
        async with session.run(Statement("SELECT id, label FROM conf_rows"), PATIENT) as result:
            assert [column.name.lower() for column in result.columns] == ["id", "label"]
            assert result.affected is None
            assert not await result.fetch(10)
            assert not await result.fetch(10)
        assert session.usable


async def rows_come_in_batches_in_order(subject: Subject) -> None:
    async with subject.session() as session:
        seen = 0
        async with session.run(subject.statement(subject.says.numbers, count=10_000), PATIENT) as result:
            while batch := await result.fetch(700):
                assert len(batch) <= 700
                assert [int(row[0]) for row in batch] == list(range(seen + 1, seen + 1 + len(batch)))
                seen += len(batch)
        assert seen == 10_000
        assert session.usable


# --- what is refused


async def there_is_a_value_for_each_placeholder(subject: Subject) -> None:
    async with subject.session() as session:
        for given in ((), (1, 2)):
            async with refused("INVALID_PARAMETERS", field="parameters_json.parameters"):
                await rows_of(session, subject.statement("SELECT label FROM conf_rows WHERE id = {mark}", *given))
        async with refused("INVALID_PARAMETERS"):
            await rows_of(session, Statement("SELECT label FROM conf_rows", ("a",)))
        assert session.usable


async def a_value_of_another_type_is_refused(subject: Subject) -> None:
    async with subject.session() as session:
        with pytest.raises(TrunklineError) as caught:
            await write(session, subject.statement(subject.says.mismatch, "not-a-number", writes=True))
        assert caught.value.reason_name == "INVALID_PARAMETERS"
        assert "not-a-number" not in str(caught.value.status())
    assert await labels(subject) == []


WRITES = (
    "DROP VIEW conf_nothing",
    "INSERT INTO conf_rows (id, label) VALUES (2, 'b')",
    "UPDATE conf_rows SET label = 'c'",
    "DELETE FROM conf_rows",
    "CREATE TABLE conf_made (a INT)",
    "DROP TABLE conf_rows",
    "ALTER TABLE conf_rows ADD conf_more INT",
    "TRUNCATE TABLE conf_rows",
)


async def a_reading_transaction_writes_nothing(subject: Subject) -> None:
    async with subject.session() as session:
        await write(session, subject.statement(INSERT, 1, "a", writes=True))
    for sql in WRITES if subject.says.refuses_ddl else WRITES[:3]:
        async with subject.session() as session:
            if subject.says.refuses_writes:
                async with refused("INVALID_PARAMETERS", "UPSTREAM_REJECTED"):
                    await rows_of(session, Statement(sql))
            else:
                await rows_of(session, Statement(sql))
        assert await labels(subject) == ["a"], sql


async def two_statements_are_refused(subject: Subject) -> None:
    if not subject.says.refuses_several:
        pytest.skip("the statement check alone refuses them")
    async with subject.session() as session:
        for sql in ("SELECT 1; SELECT 2", "SELECT 1; DELETE FROM conf_rows", "SELECT 1; COMMIT; DELETE FROM conf_rows"):
            async with refused("UPSTREAM_REJECTED", "INVALID_PARAMETERS"):
                await rows_of(session, Statement(sql, (), True))
            assert session.usable


async def errors_are_typed_and_tell_no_data(subject: Subject) -> None:
    secret = "sec-ret-4711"
    bad = (
        f"SELEC '{secret}'",
        f"SELECT * FROM conf_nothing WHERE label = '{secret}'",
        f"SELECT conf_nothing FROM conf_rows WHERE label = '{secret}'",
    )
    async with subject.session() as session:
        for sql in bad:
            with pytest.raises(TrunklineError) as caught:
                await rows_of(session, Statement(sql))
            assert caught.value.reason_name == "UPSTREAM_REJECTED"
            assert secret not in str(caught.value.status())
            assert caught.value.__cause__ is None or secret not in str(caught.value.__cause__)
        await write(session, subject.statement(INSERT, 1, secret, writes=True))
        with pytest.raises(TrunklineError) as caught:
            await write(session, subject.statement(INSERT, 1, secret, writes=True))
        assert caught.value.reason_name == "UPSTREAM_REJECTED"
        assert secret not in str(caught.value.status())


async def a_connection_that_cannot_be_made_is_typed(subject: Subject) -> None:
    async with refused("UPSTREAM_AUTHENTICATION"), subject.session(password="wrong"):
        pass
    async with (
        refused("UPSTREAM_AUTHENTICATION", "INTEGRATION_UNAVAILABLE"),
        subject.session(database="conf_nothing"),
    ):
        pass
    async with refused("INTEGRATION_UNAVAILABLE", "UPSTREAM_TIMEOUT"), subject.session(port=1):
        pass


# --- ends


async def a_timeout_ends_the_statement_in_the_database(subject: Subject) -> None:
    marker = marker_of()
    async with subject.session() as session, refused("UPSTREAM_TIMEOUT"):
        await rows_of(session, subject.statement(subject.says.slow, marker=marker), _SHORT)
    await until_gone(subject, marker)


async def a_cancelled_call_ends_the_statement_in_the_database(subject: Subject) -> None:
    marker = marker_of()
    async with subject.session() as session:
        task = asyncio.create_task(rows_of(session, subject.statement(subject.says.slow, marker=marker)))
        await until_running(subject, marker)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
    await until_gone(subject, marker)


async def leaving_early_ends_the_statement_in_the_database(subject: Subject) -> None:
    marker = marker_of()
    numbers = subject.says.numbers.replace("SELECT", f"SELECT /* {marker} */", 1).format(count=900_000)
    async with subject.session() as session:
        async with session.run(Statement(numbers), PATIENT) as result:
            assert len(await result.fetch(10)) == 10
        await until_gone(subject, marker)
    async with subject.session() as session:
        assert await rows_of(session, subject.statement(subject.says.numbers, count=1))


async def an_error_of_the_reader_rolls_back(subject: Subject) -> None:
    async with subject.session() as session:
        with pytest.raises(KeyError):
            async with session.run(subject.statement(INSERT, 1, "a", writes=True), PATIENT):
                raise KeyError
    assert await labels(subject) == []


async def a_write_is_committed_and_counted(subject: Subject) -> None:
    async with subject.session() as session:
        for index in range(3):
            assert await write(session, subject.statement(INSERT, index, f"label {index}", writes=True)) == 1
        assert await labels(subject) == ["label 0", "label 1", "label 2"]
    async with subject.session() as session:
        update = subject.statement("UPDATE conf_rows SET label = {mark} WHERE id > {mark}", "x", 0, writes=True)
        assert await write(session, update) == 2
    assert await labels(subject) == ["label 0", "x", "x"]


async def nothing_of_a_call_is_left_for_the_next(subject: Subject) -> None:
    if not subject.says.leaves:
        pytest.skip("nothing is known that a statement leaves")
    async with subject.session() as session:
        for _ in range(2):
            await rows_of(session, Statement(subject.says.leaves))
            assert session.usable
            assert await rows_of(session, Statement(subject.says.left)) == []
        with pytest.raises(TrunklineError):
            await rows_of(session, Statement("SELEC"))
        assert session.usable
        assert await rows_of(session, subject.statement(subject.says.numbers, count=2)) == [[1], [2]]


async def a_role_is_taken_on(subject: Subject) -> None:
    if not subject.says.role:
        pytest.skip("no role is prepared")
    async with subject.session() as session:
        for sql in subject.says.role:
            try:
                await write(session, Statement(sql, (), True))
            except TrunklineError as error:
                assert "1396" in error.message, error  # It is there already.
    as_user = {"user": "conf_user", "password": "a-password", "database": ""}
    read = Statement(f"SELECT label FROM {subject.access.database}.conf_rows")
    async with subject.session(**as_user) as session, refused("UPSTREAM_REJECTED"):
        await rows_of(session, read)
    async with subject.session(**as_user, role="conf_reader") as session:
        for _ in range(2):
            assert await rows_of(session, read) == []
    async with refused("UPSTREAM_AUTHENTICATION", "UPSTREAM_REJECTED"), subject.session(**as_user, role="no`such"):
        pass


# --- the catalogue


async def the_catalogue_tells_tables_and_columns(subject: Subject) -> None:
    async with subject.session() as session:
        tables = await rows_of(session, subject.dialect.tables(()))
        [[schema, name, kind, _comment]] = [row for row in tables if row[1].lower() == "conf_rows"]
        assert kind == "table"
        assert [schema, name] in [row[:2] for row in await rows_of(session, subject.dialect.tables((schema,)))]
        assert await rows_of(session, subject.dialect.tables(("conf_nothing",))) == []
        for asked in (schema, ""):
            columns = await rows_of(session, subject.dialect.columns(asked, name))
            assert [row[0].lower() for row in columns] == ["id", "label"]
            assert [bool(row[2]) for row in columns] == [False, True]
            assert [bool(row[5]) for row in columns] == [True, False]
            assert all(row[1] for row in columns)
            assert [row[6] for row in columns] == [None, None]


async def a_statement_is_explained_and_not_executed(subject: Subject) -> None:
    read = subject.statement("SELECT label FROM conf_rows WHERE id = {mark}", 1)
    if not subject.says.explains:
        async with refused("NOT_IMPLEMENTED"):
            subject.dialect.explain(read)
        return
    async with subject.session() as session:
        assert await rows_of(session, subject.dialect.explain(read))
    assert await labels(subject) == []


Case = Callable[[Subject], Awaitable[None]]
CASES: Sequence[Case] = (
    types_come_back_as_they_went_in,
    text_is_never_a_part_of_the_statement,
    a_placeholder_in_a_literal_is_text,
    an_empty_result_has_columns,
    rows_come_in_batches_in_order,
    there_is_a_value_for_each_placeholder,
    a_value_of_another_type_is_refused,
    a_reading_transaction_writes_nothing,
    two_statements_are_refused,
    errors_are_typed_and_tell_no_data,
    a_connection_that_cannot_be_made_is_typed,
    a_timeout_ends_the_statement_in_the_database,
    a_cancelled_call_ends_the_statement_in_the_database,
    leaving_early_ends_the_statement_in_the_database,
    an_error_of_the_reader_rolls_back,
    a_write_is_committed_and_counted,
    nothing_of_a_call_is_left_for_the_next,
    a_role_is_taken_on,
    the_catalogue_tells_tables_and_columns,
    a_statement_is_explained_and_not_executed,
)
