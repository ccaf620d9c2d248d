"""What came of experiments, summed in Postgres, and the keeper on the real store."""

from __future__ import annotations

from typing import Any

import pytest
import pytest_asyncio
from google.protobuf.timestamp_pb2 import Timestamp
from integration.postgres_parts import actor, make_tenants, settled, superuser
from simulated_arms import COST, experiment
from trunkline.v1.event_pb2 import Event
from trunkline.v1.experiment_pb2 import Experiment, ExperimentGuardrail
from trunkline.v1.llm_pb2 import RecordFeedbackRequest
from trunkline_server.domain.experiment_keeping import ended, running
from trunkline_server.domain.keeper import Keeper
from trunkline_server.domain.ports import Settled
from trunkline_server.stores.postgres import Database, PgExperiments, PgFeedback, PgLedger, PgRouting, open_database


@pytest_asyncio.fixture(autouse=True)
async def tenants(database: Database) -> None:
    await make_tenants(database, "acme", "bolt")


def called(entry: str, arm_id: str, tenant_id: str = "acme", **fields: Any) -> Settled:
    one = settled(entry, tenant_id, nano_usd=fields.pop("nano_usd", 1_000_000))
    one.record.route.experiment_id, one.record.route.arm_id = "x", arm_id
    one.record.latency.FromMilliseconds(fields.pop("ms", 100))
    for name, value in fields.items():
        setattr(one.record, name, value)
    return one


async def written(database: Database, tenant_id: str, one: Experiment, action: str = "") -> None:
    await PgRouting(database).write(actor(tenant_id), Experiment, one.experiment_id, action, lambda *_: one)


async def test_sums_are_those_of_the_calls(database: Database) -> None:
    calls = [
        called("1", "a", ms=100, nano_usd=1_000_000),
        called("2", "a", ms=300, nano_usd=3_000_000),
        called("3", "a", ms=9000, status_code=14, error_reason="UPSTREAM_UNAVAILABLE", nano_usd=2_000_000),
        called("4", "a", ms=9000, status_code=1, error_reason="CALLER_CANCELLED", nano_usd=2_000_000),
        called("5", "b"),
        called("6", "b", "bolt"),
    ]
    await PgLedger(database).write(calls)
    feedback = PgFeedback(database)
    for key, request_id, aspect, score in (
        ("k1", "1", "", 0.2),
        ("k2", "1", "", 0.4),
        ("k1", "2", "", 0.7),
        ("k1", "2", "tone", 0.0),
    ):
        judgement = RecordFeedbackRequest(request_id=f"request-{request_id}", aspect=aspect, score=score)
        await feedback.record("acme", key, judgement)
    found, as_of = await PgExperiments(database).totals("acme", Experiment(experiment_id="x"))
    assert as_of.seconds > 1_700_000_000 and set(found) == {"a", "b"}
    one = found["a"]
    assert (one.calls, one.judged, one.failures) == (4, 3, 1)
    assert (one.cost.n, one.cost.mean, one.cost.m2) == (4, pytest.approx(0.002), pytest.approx(2e-6))
    # Of those that succeeded.
    assert (one.latency.n, one.latency.mean, one.latency.m2) == (2, pytest.approx(0.2), pytest.approx(0.02))
    # A value for each call that was judged.
    assert (one.quality.n, one.quality.mean) == (2, pytest.approx(0.5))
    assert (found["b"].calls, found["b"].quality.n) == (1, 0)
    tone, _ = await PgExperiments(database).totals("acme", Experiment(experiment_id="x", aspect="tone"))
    assert (tone["a"].quality.n, tone["a"].quality.mean) == (1, 0.0)
    nothing, _ = await PgExperiments(database).totals("acme", Experiment(experiment_id="y"))
    assert nothing == {}


async def test_the_request_log_tells_arm_task_and_shadow(database: Database, pg_dsn: str) -> None:
    one = called("1", "s")
    one.record.route.shadow, one.record.route.task = True, "analysis"
    await PgLedger(database).write([one, settled("2")])
    async with superuser(pg_dsn) as connection:
        rows = await connection.fetch(
            "SELECT task, experiment_id, arm_id, shadow FROM trunkline.request_log ORDER BY entry"
        )
    assert [tuple(row) for row in rows] == [("analysis", "x", "s", True), ("", "", "", False)]


async def test_running_experiments_of_all_tenants_are_found(database: Database) -> None:
    store = PgExperiments(database)
    assert await store.running() == []
    for tenant_id in ("acme", "bolt"):
        await written(database, tenant_id, experiment(COST))
    assert [(tenant_id, one.experiment_id) for tenant_id, one in await store.running()] == [
        ("acme", "x"),
        ("bolt", "x"),
    ]
    await written(database, "acme", ended(experiment(COST), Timestamp(seconds=1)), "stop")
    assert [tenant_id for tenant_id, _ in await store.running()] == ["bolt"]


async def test_one_at_a_time_has_the_turn(database: Database, pg_dsn: str) -> None:
    async with open_database(pg_dsn) as other:
        async with PgExperiments(database).turn() as mine, PgExperiments(other).turn() as theirs:
            assert mine and not theirs
        async with PgExperiments(other).turn() as theirs:
            assert theirs


async def test_a_losing_arm_is_stopped_for_good(database: Database, pg_dsn: str) -> None:
    rail = ExperimentGuardrail(metric=COST, max_loss=0.2)  # type: ignore[arg-type]
    await written(database, "acme", experiment(COST, guardrails=[rail]))
    prices = {"a": 1_000_000, "b": 3_000_000}
    calls = [called(f"{arm}-{n}", arm, nano_usd=prices[arm] + 1000 * n) for arm in "ab" for n in range(60)]
    await PgLedger(database).write(calls)
    told: list[str] = []

    async def announce(tenant_id: str) -> None:
        told.append(tenant_id)

    keeper = Keeper(PgExperiments(database), PgRouting(database), announce, clock=lambda: 0.0)
    assert await keeper.look() == 1 and told == ["acme"]
    now = await PgRouting(database).get("acme", Experiment, "x")
    assert now.arms[1].stopped and "cost is 0.00302" in now.arms[1].stop_reason and not running(now)
    assert await keeper.look() == 0
    changes, _ = await PgRouting(database).changes("acme", 10, "")
    assert [(one.action, one.key_id) for one in changes] == [("stop_arm", ""), ("create", "key-1")]
    async with superuser(pg_dsn) as connection:
        rows = await connection.fetch(
            "SELECT payload FROM trunkline.outbox WHERE type = 'experiment.arm_stopped' AND tenant_id = 'acme'"
        )
    (event,) = (Event.FromString(row["payload"]) for row in rows)
    stopped = event.experiment_arm_stopped
    assert (stopped.experiment_id, stopped.arm_id, stopped.metric) == ("x", "b", "cost")
    assert stopped.mean == pytest.approx(0.0030295) and stopped.control_mean == pytest.approx(0.0010295)
