"""What is measured of each integration: as wanted, and of so many integrations only."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from prometheus_client import REGISTRY
from trunkline.v1.analytics_pb2 import RecordedRequest
from trunkline.v1.common_pb2 import CostDetails, Usage
from trunkline_server.domain.integrations.monitoring import METRICS
from trunkline_server.ops.metrics import IntegrationMetrics


@pytest.fixture
def metrics() -> Iterator[IntegrationMetrics]:
    made = IntegrationMetrics(most=2)
    yield made
    for one in vars(made).values():
        if hasattr(one, "collect"):
            REGISTRY.unregister(one)


def value(name: str, integration: str, tenant: str = "acme", **labels: str) -> float | None:
    whole = {"tenant": tenant, "integration": integration, **labels}
    return REGISTRY.get_sample_value(f"trunkline_integration_{name}", whole)


def record(name: str) -> RecordedRequest:
    made = RecordedRequest(integration_id=name, usage=Usage(input_tokens=3, output_tokens=4))
    made.cost_details.CopyFrom(CostDetails(nano_usd=9))
    made.latency.FromMilliseconds(20)
    return made


def test_only_what_is_wanted_is_measured(metrics: IntegrationMetrics) -> None:
    metrics.called("acme", record("all"), METRICS)
    metrics.called("acme", record("some"), frozenset({"cost"}))
    assert value("calls_total", "all") == 1 and value("seconds_sum", "all") == 0.02
    assert value("tokens_total", "all", direction="output") == 4
    assert value("cost_nano_usd_total", "all") == value("cost_nano_usd_total", "some") == 9
    assert value("calls_total", "some") is None and value("seconds_count", "some") is None
    metrics.failed("acme", "some", "UPSTREAM_TIMEOUT")
    assert value("errors_total", "some", reason="UPSTREAM_TIMEOUT") == 1


def test_the_rest_is_measured_together(metrics: IntegrationMetrics) -> None:
    for number in range(5):
        metrics.called("acme", record(f"i{number}"), METRICS)
    metrics.called("other", record("i0"), METRICS)
    assert value("calls_total", "i1") == 1 and value("calls_total", "i2") is None
    assert value("calls_total", "other", tenant="") == 4
