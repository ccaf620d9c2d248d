"""Events that follow from a settled call, and those of breakers, checks and changed routing. Pure; ids are derived, so
that building an event twice gives one event."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise
from uuid import UUID, uuid5

from google.protobuf.duration_pb2 import Duration
from google.protobuf.timestamp_pb2 import Timestamp
from google.rpc.error_details_pb2 import ErrorInfo
from google.rpc.status_pb2 import Status
from trunkline.v1.analytics_pb2 import RecordedRequest
from trunkline.v1.common_pb2 import Attempt, AttemptOutcome
from trunkline.v1.event_pb2 import (
    CostBudgetAlert,
    Event,
    ExperimentArmStopped,
    IntegrationHealthChanged,
    IntegrationRequestCompleted,
    ProviderBreakerClosed,
    ProviderBreakerOpened,
    ProviderFailover,
    RoutingChanged,
    WebhookEndpointDisabled,
    WebhookReceived,
)
from trunkline.v1.integration_health_pb2 import HealthCheck

from trunkline_server.domain.duration import duration
from trunkline_server.domain.experiment_keeping import Verdict
from trunkline_server.domain.money import to_money
from trunkline_server.domain.opening import BreakerKey, Opening, reason_name

REQUEST_COMPLETED = "integration.request_completed"
HEALTH_CHANGED = "integration.health_changed"
BUDGET_ALERT = "cost.budget_alert"
FAILOVER = "provider.failover"
BREAKER_OPENED = "provider.breaker_opened"
BREAKER_CLOSED = "provider.breaker_closed"
ROUTING_CHANGED = "routing.changed"
ARM_STOPPED = "experiment.arm_stopped"
WEBHOOK_RECEIVED = "webhook.received"
ENDPOINT_DISABLED = "webhook.endpoint_disabled"

SCHEMA_VERSION = 1
# Any fixed UUID serves; changing it would give every event a second id.
_NAMESPACE = UUID("6f1d3c52-9a0e-5c0b-8a57-3f2f0c9d7e41")
# The names that domain.admission.window gives, and the period each stands for.
_PERIODS = (
    (re.compile(r"\d{4}-\d\d-\d\d"), "day"),
    (re.compile(r"\d{4}-W\d\d"), "week"),
    (re.compile(r"\d{4}-\d\d"), "month"),
)


@dataclass(frozen=True, slots=True)
class Alert:
    """A threshold that a charge crossed. `threshold` is a share of `limit`; `spent` is after the charge, nano-USD."""

    budget_id: str
    window: str
    threshold: float
    spent: int
    limit: int


def events_of(entry: str, tenant_id: str, record: RecordedRequest, alerts: Sequence[Alert]) -> tuple[Event, ...]:
    """Every event of a settled call: its completion (of an integration), failovers, budget alerts.

    `entry` names the settlement for good, see domain.ports.Settled. Times are those of the record, so that the events
    of an entry are the same each time.
    """
    at = Timestamp()
    at.FromNanoseconds(record.create_time.ToNanoseconds() + record.latency.ToNanoseconds())
    found: list[Event] = []

    def add(type_: str, key: str, **payload: object) -> None:
        event_id = str(uuid5(_NAMESPACE, f"{type_}/{key}"))
        found.append(
            Event(
                event_id=event_id,
                type=type_,
                tenant_id=tenant_id,
                schema_version=SCHEMA_VERSION,
                trace_id=record.trace_id,
                create_time=at,
                **payload,  # type: ignore[arg-type]
            )
        )

    if record.integration_id:
        add(REQUEST_COMPLETED, entry, integration_request_completed=_completed(record, at))
    for failed, following in failovers(record.attempts):
        payload = _failover(failed, following, record.request_id, at)
        add(FAILOVER, f"{entry}/{failed.number}", provider_failover=payload)
    for alert in alerts:
        # By window and not by entry: a threshold is reported once in a window, even if counters are rebuilt.
        key = f"{tenant_id}/{alert.budget_id}/{alert.window}/{alert.threshold!r}/{alert.limit}"
        add(BUDGET_ALERT, key, cost_budget_alert=_budget_alert(tenant_id, alert, at))
    return tuple(found)


def breaker_opened(key: BreakerKey, provider: str, opening: Opening, left: float) -> Event:
    """A breaker opened, as the board knows it: now, for `left` seconds."""
    at = _now()
    payload = ProviderBreakerOpened(
        provider=provider,
        model=key.model,
        integration_id=key.integration_id,
        reason=reason_name(opening.reason),
        retry_after=duration(left),
        timestamp=at,
    )
    return _of_breaker(BREAKER_OPENED, key, opening, at, provider_breaker_opened=payload)


def breaker_closed(key: BreakerKey, provider: str, opening: Opening, lasted: float) -> Event:
    """A breaker closed, as the board knows it: now, after `lasted` seconds."""
    at = _now()
    payload = ProviderBreakerClosed(
        provider=provider,
        model=key.model,
        integration_id=key.integration_id,
        open_for=duration(lasted),
        timestamp=at,
    )
    return _of_breaker(BREAKER_CLOSED, key, opening, at, provider_breaker_closed=payload)


def _of_breaker(type_: str, key: BreakerKey, opening: Opening, at: Timestamp, **payload: object) -> Event:
    return Event(
        event_id=str(uuid5(_NAMESPACE, f"{type_}/{'/'.join(key)}/{opening.id}")),
        type=type_,
        tenant_id=key.tenant_id,
        schema_version=SCHEMA_VERSION,
        create_time=at,
        **payload,  # type: ignore[arg-type]
    )


def health_changed(tenant_id: str, integration_id: str, check: HealthCheck, number: int) -> Event:
    """A live check, of this number, found otherwise than the one before it."""
    payload = IntegrationHealthChanged(
        integration_id=integration_id, healthy=check.healthy, detail=check.detail, timestamp=check.check_time
    )
    return Event(
        event_id=str(uuid5(_NAMESPACE, f"{HEALTH_CHANGED}/{tenant_id}/{integration_id}/{number}")),
        type=HEALTH_CHANGED,
        tenant_id=tenant_id,
        schema_version=SCHEMA_VERSION,
        create_time=check.check_time,
        integration_health_changed=payload,
    )


def routing_changed(
    tenant_id: str, revision: int, kind: str, item_id: str, action: str, at: datetime, trace_id: str = ""
) -> Event:
    """A policy, a task mapping or an experiment was changed; see the contract for `kind` and `action`."""
    moment = Timestamp()
    moment.FromDatetime(at)
    return Event(
        event_id=str(uuid5(_NAMESPACE, f"{ROUTING_CHANGED}/{tenant_id}/{revision}")),
        type=ROUTING_CHANGED,
        tenant_id=tenant_id,
        schema_version=SCHEMA_VERSION,
        trace_id=trace_id,
        create_time=moment,
        routing_changed=RoutingChanged(revision=revision, kind=kind, id=item_id, action=action, timestamp=moment),
    )


def webhook_received(
    tenant_id: str,
    integration_id: str,
    source_id: str,
    source_type: str,
    body: bytes,
    content_type: str,
    now: float,
    trace_id: str,
) -> Event:
    """Another system sent a webhook whose signature was right. By the sender's id of it: one that comes again is the
    same event. `now` is Unix time."""
    at = Timestamp()
    at.FromMicroseconds(round(now * 1e6))
    payload = WebhookReceived(
        integration_id=integration_id,
        source_event_id=source_id,
        source_type=source_type,
        body=body,
        content_type=content_type,
        timestamp=at,
    )
    return Event(
        event_id=str(uuid5(_NAMESPACE, f"{WEBHOOK_RECEIVED}/{tenant_id}/{integration_id}/{source_id}")),
        type=WEBHOOK_RECEIVED,
        tenant_id=tenant_id,
        schema_version=SCHEMA_VERSION,
        trace_id=trace_id,
        create_time=at,
        webhook_received=payload,
    )


def arm_stopped(tenant_id: str, experiment_id: str, verdict: Verdict, at: Timestamp) -> Event:
    """A guardrail stopped an arm, which happens once."""
    payload = ExperimentArmStopped(
        experiment_id=experiment_id,
        arm_id=verdict.arm_id,
        model=verdict.model,
        metric=verdict.metric,
        mean=verdict.mean,
        control_mean=verdict.control_mean,
        timestamp=at,
    )
    return Event(
        event_id=str(uuid5(_NAMESPACE, f"{ARM_STOPPED}/{tenant_id}/{experiment_id}/{verdict.arm_id}")),
        type=ARM_STOPPED,
        tenant_id=tenant_id,
        schema_version=SCHEMA_VERSION,
        create_time=at,
        experiment_arm_stopped=payload,
    )


def endpoint_disabled(tenant_id: str, endpoint_id: str, reason: str, etag: str) -> Event:
    """An endpoint gets no more events, as of this etag of it."""
    at = _now()
    return Event(
        event_id=str(uuid5(_NAMESPACE, f"{ENDPOINT_DISABLED}/{tenant_id}/{endpoint_id}/{etag}")),
        type=ENDPOINT_DISABLED,
        tenant_id=tenant_id,
        schema_version=SCHEMA_VERSION,
        create_time=at,
        webhook_endpoint_disabled=WebhookEndpointDisabled(endpoint_id=endpoint_id, reason=reason, timestamp=at),
    )


def _now() -> Timestamp:
    at = Timestamp()
    at.GetCurrentTime()
    return at


def failovers(attempts: Sequence[Attempt]) -> Iterator[tuple[Attempt, Attempt]]:
    """(failed attempt, the next one that was made), where the next went to another provider."""
    made = [one for one in attempts if one.outcome != AttemptOutcome.ATTEMPT_OUTCOME_SKIPPED]
    for failed, following in pairwise(made):
        if failed.outcome == AttemptOutcome.ATTEMPT_OUTCOME_FAILED and failed.provider != following.provider:
            yield failed, following


def period_of(window: str) -> str:
    """`day`, `week`, `month` or `total`, from the name of a window."""
    return next((period for pattern, period in _PERIODS if pattern.fullmatch(window)), "total")


def _completed(record: RecordedRequest, at: Timestamp) -> IntegrationRequestCompleted:
    return IntegrationRequestCompleted(
        integration_id=record.integration_id,
        tool_name=record.tool_name or "complete",
        execution_time=Duration(seconds=record.latency.seconds, nanos=record.latency.nanos),
        cost=to_money(record.cost_details.nano_usd),
        success=record.status_code == 0,
        timestamp=at,
        request_id=record.request_id,
    )


def _failover(failed: Attempt, following: Attempt, request_id: str, at: Timestamp) -> ProviderFailover:
    return ProviderFailover(
        original_provider=failed.provider,
        fallback_provider=following.provider,
        reason=reason_of(failed.error),
        request_id=request_id,
        timestamp=at,
    )


def _budget_alert(tenant_id: str, alert: Alert, at: Timestamp) -> CostBudgetAlert:
    return CostBudgetAlert(
        tenant_id=tenant_id,
        current_spend=to_money(alert.spent),
        budget_limit=to_money(alert.limit),
        utilization_percentage=100 * alert.spent / alert.limit if alert.limit else 100.0,
        period=period_of(alert.window),
        timestamp=at,
        budget_id=alert.budget_id,
        threshold=alert.threshold,
    )


def reason_of(error: Status) -> str:
    """The ErrorReason of a failed attempt, without prefix; empty where its error names none."""
    info = ErrorInfo()
    for detail in error.details:
        if detail.Unpack(info):
            return info.reason
    return ""
