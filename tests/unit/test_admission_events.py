"""Events of a settled call."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from google.protobuf.duration_pb2 import Duration
from google.protobuf.timestamp_pb2 import Timestamp
from google.rpc.code_pb2 import Code
from trunkline.v1.analytics_pb2 import RecordedRequest
from trunkline.v1.common_pb2 import Attempt, AttemptOutcome, CostDetails
from trunkline.v1.event_pb2 import Event
from trunkline_server.domain.errors import ProviderError, Reason
from trunkline_server.domain.events import Alert, events_of, period_of, routing_changed

FAILED = AttemptOutcome.ATTEMPT_OUTCOME_FAILED
SUCCEEDED = AttemptOutcome.ATTEMPT_OUTCOME_SUCCEEDED
SKIPPED = AttemptOutcome.ATTEMPT_OUTCOME_SKIPPED


def attempt(number: int, provider: str, outcome: AttemptOutcome.ValueType) -> Attempt:
    found = Attempt(number=number, provider=provider, outcome=outcome)
    if outcome == FAILED:
        found.error.CopyFrom(ProviderError(Reason.ERROR_REASON_UPSTREAM_TIMEOUT, "slow").status())
    return found


def recorded(*attempts: Attempt, status: int = 0) -> RecordedRequest:
    return RecordedRequest(
        request_id="r-1",
        trace_id="trace",
        integration_id="openai-main",
        create_time=Timestamp(seconds=100),
        latency=Duration(seconds=1, nanos=500_000_000),
        cost_details=CostDetails(nano_usd=2_500_000_000),
        attempts=attempts,
        status_code=status,
    )


def of_type(events: tuple[Event, ...], name: str) -> list[Event]:
    return [event for event in events if event.type == name]


def test_completion_says_what_it_cost_and_when() -> None:
    (event,) = events_of("acme/h", "acme", recorded(), [])
    assert (event.type, event.tenant_id, event.trace_id) == ("integration.request_completed", "acme", "trace")
    assert event.schema_version == 1
    assert event.create_time.ToMilliseconds() == 101_500
    told = event.integration_request_completed
    assert (told.tool_name, told.success, told.request_id) == ("complete", True, "r-1")
    assert (told.cost.units, told.cost.nanos) == (2, 500_000_000)
    assert told.execution_time.ToMilliseconds() == 1500
    (event,) = events_of("acme/h", "acme", recorded(status=Code.UNAVAILABLE), [])
    assert not event.integration_request_completed.success


def test_a_call_without_integration_completes_none() -> None:
    record = recorded()
    record.integration_id = ""
    assert events_of("acme/h", "acme", record, []) == ()


def test_failover_is_told_for_each_change_of_provider() -> None:
    record = recorded(
        attempt(1, "openai", FAILED),
        attempt(2, "openai", FAILED),  # A retry is no failover.
        attempt(3, "groq", SKIPPED),
        attempt(4, "anthropic", FAILED),
        attempt(5, "mistral", SUCCEEDED),
    )
    told = [event.provider_failover for event in of_type(events_of("e", "acme", record, []), "provider.failover")]
    assert [(one.original_provider, one.fallback_provider) for one in told] == [
        ("openai", "anthropic"),
        ("anthropic", "mistral"),
    ]
    assert {(one.reason, one.request_id) for one in told} == {("UPSTREAM_TIMEOUT", "r-1")}


def test_the_last_failure_is_no_failover() -> None:
    assert not of_type(events_of("e", "acme", recorded(attempt(1, "openai", FAILED)), []), "provider.failover")


def test_an_alert_is_one_event_in_its_window_whatever_the_entry() -> None:
    alert = Alert("monthly", "2026-11", 0.8, 850, 1000)
    (first,) = of_type(events_of("e1", "acme", recorded(), [alert]), "cost.budget_alert")
    (again,) = of_type(events_of("e2", "acme", recorded(), [alert]), "cost.budget_alert")
    (other,) = of_type(
        events_of("e1", "acme", recorded(), [Alert("monthly", "2026-12", 0.8, 850, 1000)]), "cost.budget_alert"
    )
    assert first.event_id == again.event_id != other.event_id
    told = first.cost_budget_alert
    assert (told.budget_id, told.period, told.threshold) == ("monthly", "month", 0.8)
    assert told.utilization_percentage == pytest.approx(85)
    assert (told.current_spend.nanos, told.budget_limit.nanos) == (850, 1000)


def test_a_change_of_routing_is_one_event_for_its_revision() -> None:
    at = datetime(2026, 11, 21, 12, tzinfo=UTC)
    first, again, other = (
        routing_changed("acme", revision, "policy", "p", "update", at, trace_id="t") for revision in (7, 7, 8)
    )
    assert first == again and first.event_id != other.event_id
    told = first.routing_changed
    assert (told.revision, told.kind, told.id, told.action) == (7, "policy", "p", "update")
    assert told.timestamp.ToDatetime(UTC) == at and (first.type, first.trace_id) == ("routing.changed", "t")


def test_building_twice_gives_the_same_bytes() -> None:
    record = recorded(attempt(1, "a", FAILED), attempt(2, "b", SUCCEEDED))
    first, second = (events_of("e", "acme", record, [Alert("m", "total", 1.0, 2, 1)]) for _ in range(2))
    assert [event.SerializeToString(deterministic=True) for event in first] == [
        event.SerializeToString(deterministic=True) for event in second
    ]
    assert len({event.event_id for event in first}) == 3


@pytest.mark.parametrize(
    ("window", "period"), [("2026-11-05", "day"), ("2026-W45", "week"), ("2026-11", "month"), ("total", "total")]
)
def test_periods(window: str, period: str) -> None:
    assert period_of(window) == period
