"""What is sent to webhooks, when, and in which order: pure parts."""

from __future__ import annotations

import base64
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any

import orjson
import pytest
from google.protobuf.duration_pb2 import Duration
from hypothesis import given
from hypothesis import strategies as st
from standardwebhooks.webhooks import Webhook
from trunkline.v1.event_pb2 import Event
from trunkline.v1.webhook_pb2 import WebhookEndpoint, WebhookEndpointStatus
from trunkline_server.domain.addresses import OutboundPolicy
from trunkline_server.domain.deadline import Deadline
from trunkline_server.domain.errors import TrunklineError
from trunkline_server.domain.events import endpoint_disabled
from trunkline_server.domain.events_filter import EventFilter, integration_of
from trunkline_server.domain.ports import Actor
from trunkline_server.domain.webhooks.endpoints import changed_status, check_url, checked_secret, verify, with_defaults
from trunkline_server.domain.webhooks.lanes import Lane, Lanes
from trunkline_server.domain.webhooks.message import Poison, event_body, read_event, verification_body
from trunkline_server.domain.webhooks.ports import Answer, Destination, Due, Secret
from trunkline_server.domain.webhooks.schedule import STANDARD, Schedule
from trunkline_server.domain.webhooks.signing import headers, key_of, new_secret
from webhook_parts import failover, health

Status = WebhookEndpointStatus
PENDING, ACTIVE = Status.WEBHOOK_ENDPOINT_STATUS_PENDING, Status.WEBHOOK_ENDPOINT_STATUS_ACTIVE
PAUSED, DISABLED = Status.WEBHOOK_ENDPOINT_STATUS_PAUSED, Status.WEBHOOK_ENDPOINT_STATUS_DISABLED


# ── Signatures ──────────────────────────────────────────────────────────────────────────────────────────────────────


@given(st.binary(max_size=200).map(lambda raw: orjson.dumps({"data": raw.hex()})))
def test_the_reference_library_verifies(body: bytes) -> None:
    old, new = new_secret(), new_secret()
    keys = [key for one in (new, old) if (key := key_of(one))]
    made = dict(headers("msg_1", int(datetime.now(UTC).timestamp()), body, keys))
    for secret in (old, new):
        Webhook(secret).verify(body, made)
    for broken in ({"webhook-id": "msg_2"}, {"webhook-signature": made["webhook-signature"][:-20]}):
        other = made | broken
        with pytest.raises(Exception, match=r"(?i)signature"):
            Webhook(old).verify(body, other)


@pytest.mark.parametrize("size,fine", [(23, False), (24, True), (64, True), (65, False)])
def test_secrets_are_of_24_to_64_bytes(size: int, fine: bool) -> None:
    secret = "whsec_" + base64.b64encode(b"k" * size).decode()
    assert (key_of(secret) is not None) == fine
    if fine:
        assert checked_secret(secret) == secret
    else:
        with pytest.raises(TrunklineError, match="24 to 64"):
            checked_secret(secret)


def test_what_is_no_secret() -> None:
    assert key_of("whsec_!!!") is None and key_of("sk-abc") is None
    assert key_of(checked_secret("")) is not None


def test_keys_sign_until_their_end() -> None:
    at = datetime(2026, 1, 1, tzinfo=UTC)
    where = Destination("u", 1.0, [Secret(b"new"), Secret(b"old", at)])
    assert where.keys(datetime(2025, 12, 31, tzinfo=UTC)) == [b"new", b"old"]
    assert where.keys(at) == [b"new"]
    assert "new" not in repr(where)


# ── The schedule ────────────────────────────────────────────────────────────────────────────────────────────────────


def test_the_schedule_takes_about_three_days() -> None:
    assert sum(STANDARD) == pytest.approx(75.6 * 3600, rel=0.01)
    schedule = Schedule(pick=lambda low, high: (low + high) / 2)
    assert [schedule.after(attempts) for attempts in range(1, 11)] == [*STANDARD, None]


@given(st.integers(1, 9), st.floats(0, 1e9) | st.none())
def test_pauses_are_within_their_jitter(attempts: int, asked: float | None) -> None:
    pause = Schedule().after(attempts, asked)
    usual = STANDARD[attempts - 1]
    assert pause is not None
    if asked is None or asked < usual * 0.8:
        assert 0.8 * usual <= pause <= 1.2 * usual
    else:
        assert min(asked, 86_400.0) <= pause <= max(1.2 * usual, 86_400.0)


# ── Messages ────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_body_is_the_payload_with_its_tenant_and_trace() -> None:
    told = orjson.loads(event_body(health("crm", "acme")))
    assert set(told) == {"type", "timestamp", "data"}
    assert told["data"]["healthy"] is False, "what is not set is told, too"
    assert (told["data"]["tenant_id"], told["data"]["integration_id"]) == ("acme", "crm")
    assert "trace_id" not in orjson.loads(event_body(failover()))["data"]
    assert orjson.loads(verification_body("abc"))["data"] == {"challenge": "abc"}


@pytest.mark.parametrize("payload", [None, b"\xff\xff", b"", Event(event_id="a", type="b").SerializeToString()])
def test_poison_is_said_so(payload: bytes | None) -> None:
    with pytest.raises(Poison):
        event_body(read_event(payload))


def test_a_moment_that_json_cannot_tell_is_poison() -> None:
    event = health()
    event.create_time.seconds = 10**15
    with pytest.raises(Poison):
        event_body(event)


def test_an_event_of_a_disabled_endpoint_comes_once() -> None:
    one, again, other = (endpoint_disabled("acme", "e", "why", etag) for etag in ("1", "1", "2"))
    assert one.event_id == again.event_id != other.event_id
    assert one.webhook_endpoint_disabled.reason == "why"


# ── Filters ─────────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    "types,integrations,type_,about,wanted",
    [
        ((), (), "a.b", "", True),
        ((), (), "webhook.received", "x", False),
        (("*",), (), "webhook.received", "x", True),
        (("webhook.*",), (), "webhook.received", "x", True),
        (("integration.*",), (), "integration.health_changed", "", True),
        (("integration.*",), (), "integrations.other", "", False),
        (("integration",), (), "integration.health_changed", "", False),
        (("a.b", "c.d"), (), "c.d", "", True),
        ((), ("crm",), "a.b", "crm", True),
        ((), ("crm",), "a.b", "erp", False),
        ((), ("crm",), "a.b", "", True),
        (("a.b",), ("crm",), "c.d", "crm", False),
    ],
)
def test_filters(types: tuple[str, ...], integrations: tuple[str, ...], type_: str, about: str, wanted: bool) -> None:
    assert EventFilter(types, integrations, unless=("webhook.received",)).wants(type_, about) == wanted


def test_which_integration_an_event_names() -> None:
    assert integration_of(health("crm")) == "crm"
    assert integration_of(failover()) == "" and integration_of(Event()) == ""


# ── Lanes ───────────────────────────────────────────────────────────────────────────────────────────────────────────


def due(endpoint: int, number: int, *, ordered: bool = False, most: int = 4, ready: bool = True) -> Due:
    event_id = f"{endpoint}-{number}"
    return Due("acme", endpoint, f"e{endpoint}", "1", ordered, most, event_id, number, "a.b", 0, 0, ready)


def test_endpoints_take_turns_and_keep_to_their_concurrency() -> None:
    lanes = Lanes()
    found = [due(1, n) for n in range(8)] + [due(2, n) for n in range(8)]
    runs = list(lanes.pick(found, 5))
    assert sorted(run[0].endpoint for run in runs)[:2] == [1, 1] and len(runs) == 5
    assert {run[0].endpoint for run in runs[:2]} == {1, 2}
    more = list(lanes.pick(found, 100))
    assert len(runs) + len(more) == 8 and sorted(lanes.look()) == [1, 2]
    assert len({run[0].event_id for run in (*runs, *more)}) == 8, "nothing begins twice"
    lanes.ended(runs[0])
    assert len(lanes.look()) == 1


def test_with_fewer_places_than_endpoints_others_come_first() -> None:
    lanes = Lanes()
    first = set()
    for _ in range(6):
        (run,) = lanes.pick([due(endpoint, 1) for endpoint in (1, 2, 3)], 1)
        first.add(run[0].endpoint)
        lanes.ended(run)
        lanes.look()
    assert first == {1, 2, 3}
    assert list(lanes.pick([], 5)) == []


@pytest.mark.parametrize("ordered", [False, True])
def test_what_ends_while_somebody_looks_does_not_begin_again(ordered: bool) -> None:
    lanes = Lanes()
    (first, *_) = lanes.pick([due(1, 0, ordered=ordered)], 10)
    lanes.look()
    # The look was before it ended, and tells so afterwards.
    lanes.ended(first)
    stale = [due(1, 0, ordered=ordered), due(1, 1, ordered=ordered)]
    begun = [one.event_id for run in lanes.pick(stale, 10) for one in run]
    assert begun == ([] if ordered else ["1-1"])
    # Redelivered: the next look means it.
    lanes.look()
    assert [one.event_id for run in lanes.pick(stale[:1], 10) for one in run] == ["1-0"]


def test_an_ordered_endpoint_has_one_run_and_its_first_one_holds_up_the_rest() -> None:
    lanes = Lanes()
    waiting = [due(1, n, ordered=True) for n in range(3)]
    (run,) = lanes.pick(waiting, 10)
    assert [one.cursor for one in run] == [0, 1, 2]
    assert lanes.look() == [1] and list(lanes.pick(waiting, 10)) == []
    lanes.ended([run[0]])
    assert lanes.look() == [1], "the rest of the run is still there"
    lanes.ended(run)
    late = [due(1, 0, ordered=True, ready=False), due(1, 1, ordered=True)]
    assert list(lanes.pick(late, 10)) == []


def test_who_fails_gets_one_until_it_is_well() -> None:
    now = 100.0
    lanes = Lanes(lambda: now)
    (first, *_) = list(lanes.pick([due(1, n, most=8) for n in range(8)], 1))
    lanes.ended(first, Answer(error="no connection"))
    assert lanes.of(1).limit == 1
    sizes = []
    for _ in range(4):
        lanes.look()
        runs = list(lanes.pick([due(1, n, most=8) for n in range(8)], 100))
        sizes.append(len(runs))
        lanes.of(1).running.clear()
        lanes.of(1).answered(Answer(200), now)
    assert sizes == [1, 2, 4, 8]


def test_retry_after_rests_the_endpoint_for_a_while() -> None:
    lane = Lane(most=8)
    lane.answered(Answer(429, retry_after=1e6), 50.0)
    assert lane.rest_until == 350.0 and lane.limit == 1
    lane.answered(Answer(400, retry_after=1e6), 50.0)
    assert lane.rest_until == 350.0, "only those statuses ask"
    lanes = Lanes(lambda: 10.0)
    lanes.rest(7, 5.0)
    assert lanes.look() == [7]


# ── Endpoints ───────────────────────────────────────────────────────────────────────────────────────────────────────


def test_defaults_are_those_of_the_contract() -> None:
    whole = with_defaults(WebhookEndpoint(endpoint_id="e"))
    assert (whole.max_concurrency, whole.timeout.seconds) == (8, 15)
    own = with_defaults(WebhookEndpoint(max_concurrency=3, timeout=Duration(seconds=2)))
    assert (own.max_concurrency, own.timeout.seconds) == (3, 2)


@pytest.mark.parametrize(
    "before,wanted,paths,after",
    [
        (ACTIVE, PAUSED, ["status"], PAUSED),
        (PAUSED, ACTIVE, ["status"], ACTIVE),
        (ACTIVE, PAUSED, ["description"], ACTIVE),
        (ACTIVE, ACTIVE, ["url", "status"], PENDING),
        (DISABLED, DISABLED, ["status"], DISABLED),
        (DISABLED, ACTIVE, ["status"], None),
        (PENDING, PAUSED, ["status"], None),
        (ACTIVE, DISABLED, ["status"], None),
    ],
)
def test_how_a_status_changes(before: int, wanted: int, paths: list[str], after: int | None) -> None:
    def changed() -> int:
        return changed_status(
            WebhookEndpoint(status=before, url="a"),  # type: ignore[arg-type]
            WebhookEndpoint(status=wanted, url="b"),  # type: ignore[arg-type]
            paths,
        )

    if after is None:
        with pytest.raises(TrunklineError) as caught:
            changed()
        assert caught.value.metadata["field"] == "endpoint.status"
    else:
        assert changed() == after


@pytest.mark.parametrize(
    "url,fine",
    [
        ("https://hooks.example.com/a?b=c", True),
        ("https://hooks.example.com/a?b=c#d", False),
        ("https://hooks.example.com/a?b= c", False),
        ("http://hooks.example.com/", False),
        ("https://10.0.0.1/", False),
        ("", False),
    ],
)
def test_addresses_are_judged(url: str, fine: bool) -> None:
    if fine:
        check_url(OutboundPolicy(), url)
    else:
        with pytest.raises(TrunklineError) as caught:
            check_url(OutboundPolicy(), url)
        assert caught.value.reason_name == "INVALID_CONFIGURATION"


# ── Verification ────────────────────────────────────────────────────────────────────────────────────────────────────


class OneEndpoint:
    """An endpoint at etag 1; notes what is activated."""

    activated = ""

    async def destination(self, tenant_id: str, endpoint_id: str) -> Destination:
        return Destination("https://e.example/", 5.0, [Secret(b"k" * 24)], "1")

    async def activate(self, actor: Actor, endpoint_id: str, etag: str) -> WebhookEndpoint:
        self.activated = etag
        return WebhookEndpoint(endpoint_id=endpoint_id, status=ACTIVE)


@pytest.mark.parametrize(
    "answer,finding",
    [
        (lambda told: Answer(200, body=b"yes: " + told), ""),
        (lambda told: Answer(200, body=b"yes"), "does not hold the challenge"),
        (lambda told: Answer(500, "answered 500", told), "answered 500"),
        (lambda told: Answer(0, "no connection"), "no connection"),
    ],
)
async def test_who_answers_with_the_challenge_is_verified(answer: Callable[[bytes], Answer], finding: str) -> None:
    class Sender:
        async def send(self, url: str, timeout: float, headers: Mapping[str, str], body: bytes) -> Answer:  # noqa: ASYNC109
            Webhook("whsec_" + base64.b64encode(b"k" * 24).decode()).verify(body, dict(headers))
            assert url == "https://e.example/" and timeout <= 5.0
            return answer(orjson.loads(body)["data"]["challenge"].encode())

    endpoints: Any = OneEndpoint()
    verifying = verify(endpoints, Sender(), Actor("acme", "k"), "e", Deadline.after(10))
    if not finding:
        assert (await verifying).status == ACTIVE and endpoints.activated == "1"
        return
    with pytest.raises(TrunklineError, match=finding) as caught:
        await verifying
    assert caught.value.reason_name == "LIVE_CHECK_FAILED" and not endpoints.activated


async def test_a_verification_keeps_to_the_callers_deadline() -> None:
    endpoints: Any = OneEndpoint()
    sender: Any = None
    with pytest.raises(TrunklineError) as caught:
        await verify(endpoints, sender, Actor("acme", "k"), "e", Deadline.after(-1))
    assert caught.value.reason_name == "CALLER_DEADLINE"
