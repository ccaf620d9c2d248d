"""The routing configuration in Postgres: turns, revisions, etags, what is written along, and who sees it."""

import asyncio
from collections.abc import Callable

import pytest
import pytest_asyncio
from google.protobuf.timestamp_pb2 import Timestamp
from integration.postgres_parts import ACTOR, KEYRING, actor, make_tenants, refused, superuser
from trunkline.v1.event_pb2 import Event
from trunkline.v1.experiment_pb2 import Experiment, ExperimentArm, ExperimentState
from trunkline.v1.policy_pb2 import RoutingLink, RoutingMatch, RoutingPolicy, TaskMapping
from trunkline_server.domain.errors import Reason, TrunklineError
from trunkline_server.domain.ports import Actor
from trunkline_server.domain.steering import Judged, RoutingView
from trunkline_server.stores.postgres import Database, PgAudit, PgDirectory, PgRouting

RUNNING = ExperimentState.EXPERIMENT_STATE_RUNNING
STOPPED = ExperimentState.EXPERIMENT_STATE_STOPPED


def policy(policy_id: str = "p", **fields: object) -> RoutingPolicy:
    return RoutingPolicy(policy_id=policy_id, **fields)  # type: ignore[arg-type]


def to(item: RoutingPolicy | None) -> Callable[..., RoutingPolicy | None]:
    return lambda before, view: item


@pytest_asyncio.fixture
async def routing(database: Database) -> PgRouting:
    await make_tenants(database, "acme", "other")
    return PgRouting(database)


async def view_of(database: Database, tenant_id: str = "acme") -> RoutingView:
    async def announce(_: str) -> None:
        return

    directory = PgDirectory(database, KEYRING, announce)
    try:
        return (await directory.tenant(tenant_id)).routing
    finally:
        await directory.close()


async def test_an_item_from_its_making_to_its_end(routing: PgRouting, database: Database) -> None:
    wanted = policy(
        order=3,
        max_provider_share=0.5,
        match=RoutingMatch(labels={"a": "1", "b": "2"}),
        chain=[RoutingLink(model="openai/gpt-4o", weight=0.25)],
        etag="the caller's",
        version=99,
        create_time=Timestamp(seconds=1),
        update_time=Timestamp(seconds=1),
    )
    made = await routing.write(ACTOR, RoutingPolicy, "p", "", to(wanted))
    assert made is not None
    assert (made.version, made.policy_id, made.order, made.max_provider_share) == (1, "p", 3, 0.5)
    assert made.etag not in ("", "the caller's") and made.create_time == made.update_time
    assert made.create_time.seconds > 1 and made.match.labels == {"a": "1", "b": "2"}
    assert await routing.get("acme", RoutingPolicy, "p") == made

    seen: list[RoutingPolicy | None] = []

    def edit(before: RoutingPolicy | None, view: RoutingView) -> RoutingPolicy | None:
        seen.append(before)
        assert view.revision == 1 and list(view.policies) == [made]
        return policy(order=4)

    changed = await routing.write(ACTOR, RoutingPolicy, "p", "", edit)
    assert changed is not None and seen == [made]
    assert (changed.version, changed.order, changed.create_time) == (2, 4, made.create_time)
    assert changed.etag != made.etag and changed.update_time.ToMicroseconds() > made.update_time.ToMicroseconds()
    # What changes nothing makes no revision; neither does the end of what is not there.
    assert await routing.write(ACTOR, RoutingPolicy, "p", "", to(policy(order=4, etag="x"))) == changed
    assert await routing.write(ACTOR, RoutingPolicy, "none", "", to(None)) is None
    assert (await view_of(database)) == RoutingView(2, (changed,))

    assert await routing.write(Actor("acme", ""), RoutingPolicy, "p", "", to(None)) is None
    async with refused("NOT_FOUND", resource_type="policy", resource_name="p"):
        await routing.get("acme", RoutingPolicy, "p")
    changes, following = await routing.changes("acme", 0, "")
    assert [(c.revision, c.action, c.key_id, c.policy.version, c.policy.order) for c in changes] == [
        (3, "delete", "", 2, 4),
        (2, "update", "key-1", 2, 4),
        (1, "create", "key-1", 1, 3),
    ]
    assert following == "" and changes[2].policy.policy_id == "p" and changes[2].create_time == made.create_time


async def test_an_edit_may_change_in_place_what_it_is_given(routing: PgRouting) -> None:
    def later(before: RoutingPolicy | None, view: RoutingView) -> RoutingPolicy | None:
        assert before is not None
        before.order += 1
        return before

    await routing.write(ACTOR, RoutingPolicy, "p", "", to(policy(order=1)))
    changed = await routing.write(ACTOR, RoutingPolicy, "p", "", later)
    assert changed is not None and (changed.order, changed.version) == (2, 2)
    assert await routing.get("acme", RoutingPolicy, "p") == changed


async def test_what_goes_along_with_a_change(routing: PgRouting, database: Database, pg_dsn: str) -> None:
    made = await routing.write(ACTOR, RoutingPolicy, "p", "", to(policy()))
    assert made is not None
    await routing.write(ACTOR, RoutingPolicy, "p", "", to(policy(order=4)))
    await routing.write(Actor("acme", ""), RoutingPolicy, "p", "", to(None))
    async with superuser(pg_dsn) as connection:
        rows = await connection.fetch(
            "SELECT * FROM trunkline.audit_log WHERE resource_type = 'policy' ORDER BY sequence"
        )
        events = await connection.fetch("SELECT * FROM trunkline.outbox WHERE type = 'routing.changed' ORDER BY cursor")
    assert [(row["action"], row["resource_id"], row["actor_key_id"]) for row in rows] == [
        ("policy.create", "p", "key-1"),
        ("policy.update", "p", "key-1"),
        ("policy.delete", "p", ""),
    ]
    assert (await PgAudit(database).verify("acme")).intact
    told = [Event.FromString(row["payload"]) for row in events]
    assert [(e.routing_changed.revision, e.routing_changed.action, e.tenant_id) for e in told] == [
        (1, "create", "acme"),
        (2, "update", "acme"),
        (3, "delete", "acme"),
    ]
    assert all(e.routing_changed.kind == "policy" and e.routing_changed.id == "p" for e in told)
    assert told[0].routing_changed.timestamp == made.create_time and told[0].trace_id == "trace-1"


async def test_what_an_edit_refuses_leaves_no_trace(routing: PgRouting, database: Database, pg_dsn: str) -> None:
    def refuse(before: RoutingPolicy | None, view: RoutingView) -> RoutingPolicy | None:
        raise TrunklineError(Reason.ERROR_REASON_ETAG_MISMATCH, "changed meanwhile")

    async with refused("ETAG_MISMATCH"):
        await routing.write(ACTOR, RoutingPolicy, "p", "", refuse)
    async with refused("NOT_FOUND", resource_type="tenant"):
        await routing.write(actor("none"), RoutingPolicy, "p", "", to(policy()))
    async with superuser(pg_dsn) as connection:
        assert await connection.fetchval("SELECT count(*) FROM trunkline.outbox") == 0
        assert await connection.fetchval("SELECT count(*) FROM trunkline.routing_changes") == 0
    assert await view_of(database) == RoutingView()


async def test_writers_take_turns_and_revisions_have_no_gaps(routing: PgRouting, database: Database) -> None:
    def one_more(before: RoutingPolicy | None, view: RoutingView) -> RoutingPolicy | None:
        if before is not None and before.order == 5:
            raise TrunklineError(Reason.ERROR_REASON_INVALID_REQUEST, "enough")
        return policy(order=1 if before is None else before.order + 1)

    results = await asyncio.gather(
        *(routing.write(ACTOR, RoutingPolicy, "p", "", one_more) for _ in range(8)),
        *(routing.write(actor("other"), RoutingPolicy, "p", "", one_more) for _ in range(3)),
        *(routing.write(ACTOR, TaskMapping, f"t{n}", "", lambda *_: TaskMapping(primary_model="m")) for n in range(3)),
        return_exceptions=True,
    )
    assert sum(isinstance(one, TrunklineError) for one in results) == 3
    changes, _ = await routing.changes("acme", 0, "")
    assert [c.revision for c in changes] == [8, 7, 6, 5, 4, 3, 2, 1]
    assert sorted(c.policy.order for c in changes if c.HasField("policy")) == [1, 2, 3, 4, 5]
    times = [c.create_time.ToMicroseconds() for c in changes]
    assert times == sorted(times, reverse=True)
    assert (await view_of(database, "other")).revision == 3


async def test_another_tenant_sees_nothing(routing: PgRouting, database: Database) -> None:
    await routing.write(ACTOR, RoutingPolicy, "p", "", to(policy()))
    async with refused("NOT_FOUND"):
        await routing.get("other", RoutingPolicy, "p")
    assert await routing.list("other", RoutingPolicy, 0, "") == ([], "")
    assert await routing.changes("other", 0, "") == ([], "")
    assert await view_of(database, "other") == RoutingView()
    async with database.tenant_transaction("other") as connection:
        for table in ("routing_items", "routing_revisions", "routing_changes"):
            assert await connection.fetchval(f"SELECT count(*) FROM trunkline.{table}") == 0


async def test_pages(routing: PgRouting) -> None:
    for name in ("a", "b", "c"):
        await routing.write(ACTOR, RoutingPolicy, name, "", to(policy(name)))
    first, following = await routing.list("acme", RoutingPolicy, 2, "")
    rest, end = await routing.list("acme", RoutingPolicy, 2, following)
    assert ([p.policy_id for p in first], [p.policy_id for p in rest], end) == (["a", "b"], ["c"], "")
    newest, following = await routing.changes("acme", 2, "")
    oldest, end = await routing.changes("acme", 2, following)
    assert ([c.revision for c in newest], [c.revision for c in oldest], end) == ([3, 2], [1], "")
    for bad in ("?", "YQ=="):
        async with refused("INVALID_REQUEST", field="page_token"):
            await routing.changes("acme", 2, bad)


async def test_experiments_of_a_view_are_those_that_run(routing: PgRouting, database: Database, pg_dsn: str) -> None:
    def state(now: ExperimentState.ValueType) -> Callable[..., Experiment]:
        arm = ExperimentArm(arm_id="a", model="m", share=1, current_share=0.5, stopped=True, stop_reason="cost")
        return lambda before, view: Experiment(model="*", arms=[arm], state=now, stop_time=Timestamp(seconds=7))

    for name in ("runs", "ends"):
        await routing.write(ACTOR, Experiment, name, "", state(RUNNING))
    stopped = await routing.write(Actor("acme", ""), Experiment, "ends", "stop", state(STOPPED))
    assert stopped is not None and stopped.stop_time.seconds == 7 and stopped.arms[0].stop_reason == "cost"
    async with superuser(pg_dsn) as connection:
        await connection.execute("INSERT INTO trunkline.model_quality VALUES ('acme', 'openai', 'gpt-4o', 4, 3.0)")
    view = await view_of(database)
    assert [one.experiment_id for one in view.experiments] == ["runs"] and view.revision == 3
    assert view.judged == {"openai/gpt-4o": Judged(4, 0.75)}
    changes, _ = await routing.changes("acme", 1, "")
    assert (changes[0].action, changes[0].experiment.experiment_id) == ("stop", "ends")


async def test_a_newer_release_wrote_the_body(routing: PgRouting, database: Database, pg_dsn: str) -> None:
    await routing.write(ACTOR, RoutingPolicy, "p", "", to(policy(order=2)))
    async with superuser(pg_dsn) as connection:
        await connection.execute(
            """UPDATE trunkline.routing_items SET body = body || '{"novel": {"x": 1}, "objective": "NOVEL"}'"""
        )
    (found,) = (await view_of(database)).policies
    assert found.order == 2 and found.objective == 0


@pytest.mark.parametrize("table", ["routing_items", "model_quality"])
async def test_a_schema_older_than_this_keeps_no_call_away(
    routing: PgRouting, database: Database, pg_dsn: str, table: str
) -> None:
    async with superuser(pg_dsn) as connection:
        await connection.execute(f"DROP TABLE trunkline.{table}")
    assert await view_of(database) == RoutingView()
