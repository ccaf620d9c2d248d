"""PostgreSQL as an integration, against a real server: types, caps, roles, errors."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import orjson
import pytest
import pytest_asyncio
from integration.postgres_parts import PostgresServer, superuser
from sql_calls import LOCAL, Scene, call
from sql_scene import FOREIGN_ROW, PASSWORD, READER, clear, database, furnish
from trunkline.v1.database_pb2 import NamedQuery, QueryParameter
from trunkline_server.connectors.sql import SqlConnector
from trunkline_server.domain.errors import TrunklineError

pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def dsn(pg_server: PostgresServer) -> AsyncIterator[str]:
    """A database with tables and users."""
    await pg_server.execute("CREATE DATABASE sales")
    found = pg_server.database("sales")
    await furnish(found)
    yield found
    await clear(found)
    await pg_server.execute("DROP DATABASE sales WITH (FORCE)")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def connector() -> AsyncIterator[SqlConnector]:
    async with SqlConnector(LOCAL) as entered:
        yield entered


@pytest.fixture
def scene(connector: SqlConnector, dsn: str) -> Scene:
    """As the owner, who may write."""
    return Scene(connector, dsn, allow_writes=True)


TYPES = (
    ("true", "boolean", True),
    ("1::int2", "integer", 1),
    ("9223372036854775807", "integer", 2**63 - 1),
    ("7::oid", "integer", 7),
    ("0.1::float4", "float", 0.1),
    ("0.1::float8", "float", 0.1),
    ("'NaN'::float8", "float", "NaN"),
    ("'-Infinity'::float4", "float", "-Infinity"),
    ("12345678901234567890.120::numeric", "decimal", "12345678901234567890.120"),
    ("'NaN'::numeric", "decimal", "NaN"),
    ("'ü'::text", "text", "ü"),
    ("'a'::varchar(5)", "text", "a"),
    ("'a'::char(3)", "text", "a  "),
    ("'\\x00ff'::bytea", "bytes", "AP8="),
    ("'2026-01-31 23:59:59.5+02'::timestamptz", "timestamp", "2026-01-31T21:59:59.5Z"),
    ("'infinity'::timestamptz", "timestamp", "infinity"),
    ("'2026-01-31 23:59:59.5'::timestamp", "datetime", "2026-01-31T23:59:59.5"),
    ("'2026-01-31'::date", "date", "2026-01-31"),
    ("'-infinity'::date", "date", "-infinity"),
    ("'0044-03-15 BC'::date", "date", "0044-03-15 BC"),
    ("'23:59:59.5'::time", "time", "23:59:59.5"),
    ("'24:00'::time", "time", "24:00:00"),
    ("'23:59:59+02'::timetz", "other", "23:59:59+02"),
    ("'1 year 2 days 3.5 s'::interval", "interval", "P1Y2DT3.5S"),
    ("'00000000-0000-0000-0000-000000000001'::uuid", "uuid", "00000000-0000-0000-0000-000000000001"),
    ("'{\"a\": [1, null]}'::jsonb", "json", {"a": [1, None]}),
    ("'{\"a\":1e400}'::json->'b'", "json", None),
    ("ARRAY[1, NULL, 3]", "array", [1, None, 3]),
    ("ARRAY[[1, 2], [3, 4]]", "array", [[1, 2], [3, 4]]),
    ("ARRAY[1.5, 'NaN']::float8[]", "array", [1.5, "NaN"]),
    ("ARRAY['1.50']::numeric[]", "array", ["1.50"]),
    ("ARRAY['2026-01-31 00:00Z']::timestamptz[]", "array", ["2026-01-31T00:00:00Z"]),
    ("ARRAY['\\x00']::bytea[]", "array", ["AA=="]),
    ("'[1,3)'::int4range", "other", "[1,3)"),
    ("'{[1,3)}'::int4multirange", "other", "{[1,3)}"),
    ("'10.0.0.0/8'::cidr", "other", "10.0.0.0/8"),
    ("'10.0.0.1'::inet", "other", "10.0.0.1"),
    ("'1.50'::money", "other", "$1.50"),
    ("B'101'", "other", "101"),
    ("point(1, 2)", "other", "(1,2)"),
    ("'((1,2),(3,4))'::box", "other", "(3,4),(1,2)"),
    ("to_tsvector('simple', 'a b')", "other", "'a':1 'b':2"),
    ("ROW(1, 'a')", "other", "(1,a)"),
    ("ROW(1, 'a')::pair", "other", "(1,a)"),
    ("'happy'::mood", "other", "happy"),
    ("ARRAY['happy']::mood[]", "array", ["happy"]),
    ("5::positive", "integer", 5),
    ("'pg_class'::regclass", "other", "pg_class"),
    ("'x'::\"char\"", "text", "x"),
    ("NULL::int", "integer", None),
    ("(SELECT most_common_vals FROM pg_stats WHERE false)", "other", None),
)


async def test_every_type_is_told_as_the_contract_says(scene: Scene, dsn: str) -> None:
    async with superuser(dsn) as connection:
        await connection.execute(
            "CREATE TYPE pair AS (a int, b text); CREATE TYPE mood AS ENUM ('happy'); "
            "CREATE DOMAIN positive AS int CHECK (value > 0)"
        )
    found = await scene.run("query", sql="SELECT " + ", ".join(sql for sql, _, _ in TYPES))
    told = [(column["type"], value) for column, value in zip(found["columns"], found["rows"][0], strict=True)]
    assert told == [(kind, value) for _, kind, value in TYPES]
    again = await scene.run("query", sql="SELECT " + ", ".join(sql for sql, _, _ in TYPES))
    assert again == found


async def test_parameters_are_values_of_the_types_of_their_places(scene: Scene) -> None:
    asked = [
        *(True, 1, 0.5, "1.50", "text", "AP8=", "2026-01-31T23:59:59+02:00", "2026-01-31T23:59:59", "2026-01-31"),
        *("23:59", "P1DT2H", "00000000-0000-0000-0000-000000000001", {"a": 1}, [1, None], None, "10.0.0.1", "[1,3)"),
    ]
    types = (
        *("bool", "int8", "float8", "numeric", "text", "bytea", "timestamptz", "timestamp", "date"),
        *("time", "interval", "uuid", "jsonb", "int[]", "int", "inet", "int4range"),
    )
    sql = "SELECT " + ", ".join(f"${number}::{name}" for number, name in enumerate(types, 1))
    told = (await scene.rows(sql, *asked))[0]
    assert told == [
        *(True, 1, 0.5, "1.50", "text", "AP8=", "2026-01-31T21:59:59Z", "2026-01-31T23:59:59", "2026-01-31"),
        *("23:59:00", "P1DT2H", "00000000-0000-0000-0000-000000000001", {"a": 1}, [1, None], None, "10.0.0.1"),
        "[1,3)",
    ]


@pytest.mark.parametrize(
    ("sql", "parameters", "field"),
    [
        ("SELECT $1::int", ["no number 77"], "[0]"),
        ("SELECT 1, $1::text, $2::date", ["a", "no date 77"], "[1]"),
        ("SELECT $1::int", [7777777777], "[0]"),
        ("SELECT $1::inet", ["no address 77"], ""),
        ("SELECT $1::int", [], ""),
        ("SELECT 1", [77], ""),
    ],
)
async def test_a_mismatch_is_told_by_its_place_and_not_shown(
    scene: Scene, sql: str, parameters: list[Any], field: str
) -> None:
    error = await scene.refused("query", sql=sql, parameters=parameters)
    assert error.reason_name == "INVALID_PARAMETERS"
    assert error.metadata["field"] == f"parameters_json.parameters{field}"
    assert "77" not in str(error.status())


@pytest.mark.parametrize(
    ("sql", "reason", "metadata"),
    [
        ("SELECT * FROM nothing", "UPSTREAM_REJECTED", {"sqlstate": "42P01", "position": "15"}),
        ("SELECT nothing FROM orders", "UPSTREAM_REJECTED", {"sqlstate": "42703"}),
        ("SELECT FROM WHERE", "UPSTREAM_REJECTED", {"sqlstate": "42601"}),
        ("SELECT 'value 77'::int", "UPSTREAM_REJECTED", {"sqlstate": "22P02"}),
        ("SELECT name::int FROM orders", "UPSTREAM_REJECTED", {"sqlstate": "22P02"}),
        ("SELECT 1 / 0", "UPSTREAM_REJECTED", {"sqlstate": "22012"}),
        ("SELECT evil_write()", "INVALID_PARAMETERS", {"field": "parameters_json.sql"}),
    ],
)
async def test_errors_of_the_database_hold_no_data(
    scene: Scene, sql: str, reason: str, metadata: dict[str, str]
) -> None:
    error = await scene.refused("query", sql=sql)
    assert error.reason_name == reason and metadata.items() <= error.metadata.items()
    assert "77" not in str(error.status()) and "name " not in error.message
    assert await scene.rows("SELECT 1") == [[1]], "the connection serves on"


async def test_writing_is_for_integrations_that_allow_it(scene: Scene, connector: SqlConnector, dsn: str) -> None:
    made = await scene.run("execute", sql="INSERT INTO lines VALUES ($1, 1), ($2, 2) RETURNING id", parameters=[1, 2])
    assert (made["affected"], made["rows"]) == (2, [[1], [2]])
    changed = await scene.run("execute", sql="UPDATE lines SET order_id = 3 WHERE id = 1")
    assert (changed["affected"], changed["rows"], changed["columns"]) == (1, [], [])
    error = await scene.refused("execute", sql="INSERT INTO lines VALUES (3, 1), (4, 777)")
    assert error.metadata["sqlstate"] == "23503" and error.metadata["table"] == "lines"
    assert "777" not in str(error.status())
    assert await scene.rows("SELECT count(*) FROM lines") == [[2]], "nothing is half-written"
    assert (await scene.refused("query", sql="DELETE FROM lines")).reason_name == "INVALID_PARAMETERS"
    assert "execute" not in connector.tools(database(dsn))
    await scene.run("execute", sql="CREATE TABLE extra (a int)")
    await scene.run("execute", sql="DROP TABLE extra")


async def test_a_role_and_a_user_bind_what_is_read(connector: SqlConnector, dsn: str) -> None:
    as_role = Scene(connector, dsn, role="few")
    as_reader = Scene(connector, dsn, secret=f"{READER}:{PASSWORD}")
    for one in (as_role, as_reader):
        assert len(await one.rows("SELECT * FROM orders")) == 20
        error = await one.refused("query", sql="SELECT * FROM hidden.secrets")
        assert error.reason_name == "UPSTREAM_REJECTED" and error.metadata["sqlstate"] == "42501"
        assert FOREIGN_ROW not in str(error.status())
        assert (await one.run("list_schemas")) == {"schemas": [{"schema": "public", "tables": 2}]}
    assert await as_role.rows("SELECT current_user::text, session_user::text") == [["few", "postgres"]]
    for role in ("nobody", 'x"; DELETE FROM orders; --'):
        error = await Scene(connector, dsn, role=role).refused("query", sql="SELECT 1")
        assert error.reason_name == "UPSTREAM_AUTHENTICATION"


async def test_the_catalogue_is_told(scene: Scene, connector: SqlConnector, dsn: str) -> None:
    schemas = {one["schema"] for one in (await scene.run("list_schemas"))["schemas"]}
    assert schemas == {"public", "hidden"}
    tables = (await scene.run("list_tables", schema="public", name_contains="ORD"))["tables"]
    assert tables == [{"schema": "public", "table": "orders", "kind": "table", "comment": "what was ordered"}]
    orders = await scene.run("describe_table", table="orders")
    by_name = {one["name"]: one for one in orders["columns"]}
    assert by_name["id"]["primary_key"] and not by_name["id"]["nullable"]
    assert by_name["name"]["default"] == "'none'::text" and by_name["name"]["comment"] == "of the customer"
    assert [one["name"] for one in orders["indexes"]] == ["orders_by_name", "orders_pkey"]
    lines = await scene.run("describe_table", schema="public", table="lines")
    assert lines["columns"][1]["references"] == "public.orders.id"
    narrow = Scene(connector, dsn, schemas=["public"])
    assert {one["schema"] for one in (await narrow.run("list_tables"))["tables"]} == {"public"}
    error = await narrow.refused("describe_table", schema="hidden", table="secrets")
    assert error.metadata["field"] == "parameters_json.schema"
    assert (await narrow.refused("describe_table", table="secrets")).metadata["field"] == "parameters_json.table"


async def test_explaining_executes_nothing(scene: Scene) -> None:
    found = await scene.run("explain", sql="SELECT * FROM orders WHERE id = $1", parameters=[1])
    assert found["rows"][0][0][0]["Plan"]["Relation Name"] == "orders"
    for sql in ("DELETE FROM orders", "EXPLAIN ANALYZE SELECT 1", "SHOW all", "SELECT 1; DELETE FROM orders"):
        assert (await scene.refused("explain", sql=sql)).metadata["field"] == "parameters_json.sql"


async def test_named_queries_are_tools(connector: SqlConnector, dsn: str) -> None:
    by_name = NamedQuery(
        name="by_name",
        sql="SELECT id FROM orders WHERE name = $1 AND ($2::int IS NULL OR id = $2)",
        parameters=[QueryParameter(name="name"), QueryParameter(name="number", optional=True)],
    )
    rename = NamedQuery(
        name="rename",
        sql="UPDATE orders SET name = $1 WHERE id = $2",
        parameters=[QueryParameter(name="name"), QueryParameter(name="id")],
        writes=True,
    )
    one = Scene(connector, dsn, named_queries=[by_name, rename], named_queries_only=True, allow_writes=True)
    assert (await one.run("by_name", name="name 3"))["rows"] == [[3]]
    assert (await one.run("by_name", name="name 3", number=4))["rows"] == []
    assert (await one.run("rename", name="name 3", id=3))["affected"] == 1
    error = await one.refused("by_name", name="name 3", number="many")
    assert error.metadata["field"] == "parameters_json.number"
    shown = await connector.preview(call(connector, one.integration, one.secret, "by_name", name="name 3"))
    assert orjson.loads(shown.body) == {"sql": by_name.sql, "parameters": 2}
    assert "name 3" not in str(shown) and one.secret not in str(shown)


async def test_rows_beyond_the_cap_are_left_out(scene: Scene, connector: SqlConnector, dsn: str) -> None:
    found = await scene.run("query", sql="SELECT * FROM generate_series(1, 20000)")
    assert (found["row_count"], found["truncated"], found["rows"][-1]) == (10_000, True, [10_000])
    found = await scene.run("query", sql="SELECT * FROM generate_series(1, 100)", max_rows=100)
    assert (found["row_count"], found["truncated"]) == (100, False)
    capped = Scene(connector, dsn, max_rows=1000)
    assert (await capped.run("query", sql="SELECT * FROM generate_series(1, 1001)", max_rows=5000))["truncated"]
    batches, told = await capped.stream("SELECT * FROM generate_series(1, 1001)")
    assert told == {"row_count": 1000, "truncated": True}
    assert sum(one.rows.row_count for one in batches) == 1000


async def test_bytes_beyond_the_cap_are_an_error(scene: Scene, connector: SqlConnector, dsn: str) -> None:
    small = Scene(connector, dsn, max_bytes=2048)
    for sql in ("SELECT repeat('x', 3000)", "SELECT repeat('x', 100) FROM generate_series(1, 100)"):
        error = await small.refused("query", sql=sql)
        assert error.reason_name == "OVER_CAP" and error.metadata["cap_bytes"] == "2048"
        with pytest.raises(TrunklineError) as caught:
            await small.stream(sql)
        assert caught.value.reason_name == "OVER_CAP"
    assert (await scene.refused("query", sql="SELECT repeat('x', 5000000)")).reason_name == "OVER_CAP"
    with pytest.raises(TrunklineError) as caught:
        await scene.stream("SELECT repeat('x', 5000000)")
    assert caught.value.metadata["of"] == "row"
    error = await scene.refused("query", sql="SELECT repeat('x', 100000000)")
    assert error.reason_name == "OVER_CAP", "what no memory should hold is broken off as it comes"
    assert await scene.rows("SELECT 1") == [[1]]
    error = await scene.refused(
        "execute", sql="INSERT INTO lines SELECT n, 1 FROM generate_series(100, 200) n RETURNING repeat('x', 50000)"
    )
    assert error.reason_name == "OVER_CAP"
    assert await scene.rows("SELECT count(*) FROM lines WHERE id >= 100") == [[0]], "nothing is half-written"


async def test_a_stream_tells_its_columns_first_and_every_row_once(scene: Scene) -> None:
    batches, told = await scene.stream("SELECT n, repeat('x', 100) AS text FROM generate_series(1, 30000) n")
    assert [one.name for one in batches[0].rows.columns] == ["n", "text"]
    assert not any(one.rows.columns for one in batches[1:])
    numbers = [row[0] for one in batches for row in orjson.loads(one.rows.rows_json)]
    assert numbers == list(range(1, 30001)) and told == {"row_count": 30000, "truncated": False}
    assert max(len(one.rows.rows_json) for one in batches) < 512 * 1024
    assert len(batches) < 40
    batches, told = await scene.stream("SELECT 1 AS a WHERE false")
    assert len(batches) == 1 and batches[0].rows.rows_json == b"[]" and batches[0].rows.columns[0].name == "a"
    assert told == {"row_count": 0, "truncated": False}
    # Larger rows than the ones before: the messages are cut to what they may have.
    batches, _ = await scene.stream("SELECT repeat('x', n * 1000) FROM generate_series(1, 2000, 20) n")
    assert max(len(one.rows.rows_json) for one in batches) < 4 * 1024 * 1024
