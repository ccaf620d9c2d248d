"""What is measured of each integration, as its `Monitoring` says."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

from trunkline.v1.analytics_pb2 import RecordedRequest
from trunkline.v1.configuration_pb2 import Monitoring

from trunkline_server.domain.integrations.health import faults_of

METRICS = frozenset(("latency", "errors", "cost", "tokens", "throughput"))


class Meter(Protocol):
    """Measures calls by integration. `wanted` are names of METRICS."""

    def called(self, tenant_id: str, record: RecordedRequest, wanted: frozenset[str]) -> None:
        """A call of `record.integration_id` ended."""
        ...

    def failed(self, tenant_id: str, integration_id: str, reason: str) -> None:
        """A call failed at an integration; `reason` is an ErrorReason without prefix."""
        ...


def wanted(monitoring: Monitoring) -> frozenset[str]:
    """The metrics that are measured: none of an integration that is not monitored, else all that it does not leave
    out."""
    if monitoring.HasField("enabled") and not monitoring.enabled:
        return frozenset()
    return METRICS.intersection(monitoring.metrics) or METRICS


def measure(meter: Meter, tenant_id: str, record: RecordedRequest, monitored: Mapping[str, frozenset[str]]) -> None:
    """Tell the meter of a settled call. `monitored` are the wanted metrics by integration; what it lacks is gone. An
    answer from a cache was no call."""
    own, failures = record.integration_id, {name: reason for name, (reason, _) in faults_of(record).items()}
    if (names := monitored.get(own)) and not record.cache_hit:
        meter.called(tenant_id, record, names)
        if record.status_code:
            failures[own] = record.error_reason
    for name, reason in failures.items():
        if "errors" in monitored.get(name, ()):
            meter.failed(tenant_id, name, reason)
