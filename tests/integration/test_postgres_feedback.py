"""Judgements: joined to their calls once, summed by model once, and corrected when they are replaced."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest_asyncio
from integration.postgres_parts import make_tenants, refused, settled, superuser
from trunkline.v1.llm_pb2 import RecordFeedbackRequest
from trunkline_server.domain.ports import Settled
from trunkline_server.domain.steering import Judged
from trunkline_server.stores.postgres import Database, PgFeedback, PgLedger
from trunkline_server.stores.postgres.routing import read_routing

JOINED = ("provider", "model", "task", "experiment_id", "arm_id")


@pytest_asyncio.fixture(autouse=True)
async def tenants(database: Database) -> None:
    await make_tenants(database, "acme", "bolt")


def judged(request_id: str, score: float, aspect: str = "", comment: str = "") -> RecordFeedbackRequest:
    return RecordFeedbackRequest(request_id=request_id, score=score, aspect=aspect, comment=comment)


def routed(entry: str, tenant_id: str = "acme", arm_id: str = "b", **fields: Any) -> Settled:
    one = settled(entry, tenant_id)
    one.record.route.task, one.record.route.experiment_id, one.record.route.arm_id = "analysis", "x", arm_id
    for name, value in fields.items():
        setattr(one.record, name, value)
    return one


async def rows(dsn: str) -> list[Any]:
    async with superuser(dsn) as connection:
        return list(await connection.fetch("SELECT * FROM trunkline.feedback ORDER BY request_id, aspect, key_id"))


async def quality(database: Database, tenant_id: str = "acme") -> Any:
    async with database.tenant_transaction(tenant_id) as connection:
        return (await read_routing(connection, tenant_id)).judged


async def test_a_judgement_is_joined_to_its_call_at_once(database: Database, pg_dsn: str) -> None:
    await PgLedger(database).write([routed("1")])
    await PgFeedback(database).record("acme", "key-1", judged("request-1", 0.25, "accuracy", "so so"))
    (row,) = await rows(pg_dsn)
    assert [row[name] for name in JOINED] == ["openai", "gpt-4o", "analysis", "x", "b"]
    assert (row["score"], row["aspect"], row["comment"]) == (0.25, "accuracy", "so so")
    assert await quality(database) == {"openai/gpt-4o": Judged(1, 0.25)}


async def test_one_that_comes_before_its_call_is_joined_later_and_once(database: Database, pg_dsn: str) -> None:
    store = PgFeedback(database)
    await store.record("acme", "key-1", judged("request-1", 0.5))
    assert [(await rows(pg_dsn))[0][name] for name in JOINED] == [None] * 5
    assert await store.resolve() == 0 and await quality(database) == {}
    await PgLedger(database).write([routed("1")])
    # Two processes at once join it once.
    joined = await asyncio.gather(*(PgFeedback(database).resolve() for _ in range(4)))
    assert sum(joined) == 1 and await store.resolve() == 0
    assert await quality(database) == {"openai/gpt-4o": Judged(1, 0.5)}


async def test_a_second_judgement_takes_the_place_of_the_first(database: Database, pg_dsn: str) -> None:
    store = PgFeedback(database)
    first = await store.record("acme", "key-1", judged("request-1", 0.0, comment="bad"))
    assert await store.record("acme", "key-1", judged("request-1", 0.5)) == first
    await PgLedger(database).write([routed("1")])
    assert await store.record("acme", "key-1", judged("request-1", 1.0, comment="good")) == first
    assert await store.record("acme", "key-1", judged("request-1", 0.75, comment="well")) == first
    (row,) = await rows(pg_dsn)
    assert (row["score"], row["comment"]) == (0.75, "well")
    assert await quality(database) == {"openai/gpt-4o": Judged(1, 0.75)}


async def test_aspects_and_keys_judge_for_themselves(database: Database) -> None:
    store = PgFeedback(database)
    await PgLedger(database).write([routed("1")])
    ids = {
        await store.record("acme", key, judged("request-1", score, aspect))
        for key, aspect, score in (("k1", "", 0.0), ("k1", "tone", 0.5), ("k2", "", 1.0))
    }
    assert len(ids) == 3
    assert await quality(database) == {"openai/gpt-4o": Judged(3, 0.5)}


async def test_many_at_once_lose_no_score(database: Database) -> None:
    await PgLedger(database).write([routed(str(number)) for number in range(8)])
    store = PgFeedback(database)
    for _ in range(3):
        scores = [(number, again / 10) for number in range(8) for again in range(4)]
        await asyncio.gather(*(store.record("acme", "k", judged(f"request-{n}", score)) for n, score in scores))
    async with database.tenant_transaction("acme") as connection:
        whole = await connection.fetchval("SELECT sum(score) FROM trunkline.feedback")
    (found,) = (await quality(database)).values()
    assert found.samples == 8 and abs(found.mean * 8 - whole) < 1e-9


async def test_of_calls_with_one_id_the_one_that_succeeded_is_meant(database: Database, pg_dsn: str) -> None:
    failed, served = routed("1", arm_id="failed", status_code=14), routed("2", arm_id="served", request_id="request-1")
    later = routed("3", arm_id="later", status_code=4, request_id="request-1")
    await PgLedger(database).write([failed, served, later])
    await PgFeedback(database).record("acme", "k", judged("request-1", 1.0))
    assert (await rows(pg_dsn))[0]["arm_id"] == "served"


async def test_tenants_judge_their_own_calls(database: Database) -> None:
    await PgLedger(database).write([routed("1", "bolt")])
    store = PgFeedback(database)
    await store.record("acme", "k", judged("request-1", 1.0))
    assert await store.resolve() == 0 and await quality(database) == {} == await quality(database, "bolt")
    await PgLedger(database).write([routed("2", "bolt", request_id="request-9")])
    await store.record("bolt", "k", judged("request-9", 1.0))
    assert await quality(database, "bolt") == {"openai/gpt-4o": Judged(1, 1.0)}


async def test_one_without_a_call_is_given_up_after_a_day(database: Database, pg_dsn: str) -> None:
    store = PgFeedback(database)
    await store.record("acme", "k", judged("nowhere", 1.0))
    async with superuser(pg_dsn) as connection:
        await connection.execute("UPDATE trunkline.feedback SET create_time = now() - interval '25 hours'")
    assert await store.resolve() == 1 and await store.resolve() == 0
    assert [(await rows(pg_dsn))[0][name] for name in JOINED] == [""] * 5
    assert await quality(database) == {}


async def test_those_that_wait_in_vain_keep_nobody_waiting(database: Database, pg_dsn: str) -> None:
    async with superuser(pg_dsn) as connection:
        await connection.execute("""
            INSERT INTO trunkline.feedback (tenant_id, request_id, aspect, key_id, feedback_id, score, comment,
            create_time) SELECT 'acme', 'nowhere-' || n, '', 'k', 'f-' || n, 1, '', now() - n * interval '1 second'
            FROM generate_series(1, 700) AS n
        """)
    store = PgFeedback(database)
    await store.record("acme", "k", judged("request-1", 1.0))
    await PgLedger(database).write([routed("1")])
    assert [await store.resolve() for _ in range(2)] == [0, 1]


async def test_what_cannot_be_stored_is_refused(database: Database) -> None:
    async with refused("INVALID_REQUEST"):
        await PgFeedback(database).record("acme", "k", judged("request-1", 1.0, comment="a\0b"))
