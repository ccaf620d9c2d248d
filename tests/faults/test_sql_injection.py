"""Row 27: injections, stacked statements, DDL and sleeps through a real server to a real PostgreSQL.

Every payload goes to each tool that takes text, twice: as the owner of everything, whom only the first two walls hold
back, and as a user who may read two tables. Counted in the database itself: whatever was written there, and rows of the
table that may not be read in whatever was answered."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import AsyncIterator
from typing import Any

import grpc
import orjson
import pytest
import pytest_asyncio
import sql_payloads as payloads
from faults.load import reason_of
from faults.report import report
from faults.scale import NOISE, pick
from google.protobuf.duration_pb2 import Duration
from sql_scene import FOREIGN_ROW, PASSWORD, READER, database
from sql_served import Served, served
from trunkline.v1.database_pb2 import NamedQuery, QueryParameter

pytestmark = pytest.mark.asyncio(loop_scope="module")
USERS = {"as-owner": "", "as-reader": f"{READER}:{PASSWORD}"}
# Nothing of it is written to disk, which would have to be cleared away afterwards.
WORK = "SELECT count(*) FROM pg_class a, pg_class b, pg_class c, pg_class d"
# All that a write would change: tables, rows, functions, users, sequences, settings, files that were loaded.
_STATE = """
SELECT md5(concat_ws('|',
  (SELECT string_agg(t::text, ',' ORDER BY id) FROM orders t),
  (SELECT count(*) FROM lines), (SELECT string_agg(value, ',') FROM hidden.secrets),
  (SELECT string_agg(relname || relkind::text || coalesce(relacl::text, ''), ',' ORDER BY oid) FROM pg_class
     WHERE relnamespace::regnamespace::text NOT LIKE 'pg_%'),
  (SELECT count(*) FROM pg_proc), (SELECT count(*) FROM pg_largeobject_metadata),
  (SELECT string_agg(rolname || rolsuper::text, ',' ORDER BY rolname) FROM pg_roles),
  (SELECT last_value::text || is_called::text FROM numbers),
  (SELECT count(*) FROM pg_replication_slots), (SELECT count(*) FROM pg_description),
  (SELECT string_agg(name || setting, ',' ORDER BY name) FROM pg_file_settings),
  (SELECT count(*) FROM pg_locks l JOIN pg_database d ON d.oid = l.database AND d.datname = current_database()
     WHERE locktype = 'advisory'), (SELECT count(*) FROM pg_listening_channels())))
"""


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def scene(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Served]:
    async with served(tmp_path_factory.mktemp("injection")) as one:
        by_name = NamedQuery(
            name="by_name", sql="SELECT id FROM orders WHERE name = $1", parameters=[QueryParameter(name="name")]
        )
        for name, secret in USERS.items():
            await one.create(database(one.dsn, named_queries=[by_name]), name, secret)
        yield one


async def ended(call: Any) -> tuple[str, str]:
    """(reason or OK, all that the caller got)."""
    try:
        answer = await call
        return "OK", answer.result_json.decode()
    except grpc.aio.AioRpcError as error:
        return reason_of(error), f"{error.details()}{error.trailing_metadata()}"


async def streamed(call: Any) -> tuple[str, str]:
    told = []
    try:
        async for message in call:
            told.append(message.rows.rows_json.decode())
    except grpc.aio.AioRpcError as error:
        return reason_of(error), "".join(told)
    return "OK", "".join(told)


async def test_no_statement_does_more_than_read(scene: Served) -> None:
    before, outcomes, foreign, sent = await scene.value(_STATE), Counter[str](), 0, 0
    for name in USERS:
        for sql in payloads.REFUSED:
            calls = [ended(scene.execute(name, "query", {"sql": sql}))]
            # In the short form the other ways get a share each.
            if pick(sent % 4 == 0, True):
                calls.append(streamed(scene.stream(name, "query", {"sql": sql})))
            if pick(sent % 4 == 2, True):
                calls.append(ended(scene.execute(name, "explain", {"sql": sql})))
            for call in calls:
                reason, told = await call
                outcomes[reason] += 1
                foreign += FOREIGN_ROW in told
                sent += 1
    report(27, f"{sent} calls of {len(set(payloads.REFUSED))} statements: let through", outcomes["OK"], "0")
    assert outcomes.keys() == {"INVALID_PARAMETERS"}, outcomes
    assert await scene.value(_STATE) == before, "something was written"
    assert foreign == 0


async def test_what_the_database_refuses_stays_refused(scene: Served) -> None:
    before, foreign, outcomes = await scene.value(_STATE), 0, Counter[str]()
    for sql in payloads.FOREIGN:
        for call in (
            ended(scene.execute("as-reader", "query", {"sql": sql})),
            streamed(scene.stream("as-reader", "query", {"sql": sql})),
        ):
            reason, told = await call
            outcomes[reason] += 1
            foreign += FOREIGN_ROW in told
        # The owner may read everything, and write nothing all the same.
        await ended(scene.execute("as-owner", "query", {"sql": sql}))
    report(27, f"{outcomes.total()} queries of foreign tables: foreign rows", foreign, "0")
    assert foreign == 0 and outcomes["UPSTREAM_REJECTED"] > outcomes.total() / 2, outcomes
    assert await scene.value(_STATE) == before


async def test_a_value_stays_a_value(scene: Served) -> None:
    before, rows, sent = await scene.value(_STATE), 0, 0
    for value in (*payloads.VALUES, *payloads.REFUSED):
        if "\0" in value:
            continue
        sql = "SELECT name FROM orders WHERE name = $1 UNION ALL SELECT $1"
        for call in (
            scene.result("as-owner", "by_name", name=value),
            scene.result("as-reader", "query", sql="SELECT id FROM orders WHERE name = $1", parameters=[value]),
        ):
            rows += (await call)["row_count"]
            sent += 1
        assert (await scene.result("as-reader", "query", sql=sql, parameters=[value]))["rows"] == [[value]]
    report(27, f"{sent} values that look like statements: rows", rows, "0")
    assert rows == 0
    assert await scene.value(_STATE) == before
    report(27, "payloads in all", len({*payloads.REFUSED, *payloads.FOREIGN, *payloads.VALUES}), ">= 200")


@pytest.mark.parametrize(
    "sql", ["SELECT pg_sleep(60)", "SELECT count(*) FROM pg_class a, pg_class b, pg_class c, pg_class d"]
)
async def test_a_statement_that_sleeps_is_ended_in_time(scene: Served, sql: str) -> None:
    bound = 1.0
    worst = 0.0
    await scene.result("as-reader", "query", sql="SELECT 1")
    for _ in range(pick(3, 20)):
        started = time.monotonic()
        reason, _ = await ended(scene.execute("as-reader", "query", {"sql": sql}, timeout=Duration(seconds=1)))
        worst = max(worst, abs(time.monotonic() - started - bound))
        assert reason == "UPSTREAM_TIMEOUT"
    left = "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'trunkline' AND state = 'active'"
    assert await scene.value(left) == 0
    how = "asleep" if "sleep" in sql else "at work"
    report(27, f"statement timeout of 1 s, {how}: off by", f"{worst * 100:.1f} %", "<= 10 %")
    assert worst <= 0.1 * bound * NOISE
    assert orjson.loads((await scene.execute("as-reader", "query", {"sql": "SELECT 1"})).result_json)["rows"] == [[1]]
