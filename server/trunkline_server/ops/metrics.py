"""Prometheus metrics. With several workers, PROMETHEUS_MULTIPROC_DIR makes each scrape show all of them."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from typing import Any

from google.rpc.code_pb2 import Code
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest, multiprocess
from trunkline.v1.analytics_pb2 import RecordedRequest

from trunkline_server.domain.call import Call
from trunkline_server.ops import values
from trunkline_server.ops.later import later

if "PROMETHEUS_MULTIPROC_DIR" in os.environ:
    values.defer()

# Integrations that one process measures apart: each is up to 70 time series.
MOST_INTEGRATIONS = 500
# What a call spent, among its facts: input and output tokens, nano-USD.
_SPENT = ("gen_ai.usage.input_tokens", "gen_ai.usage.output_tokens", "trunkline.cost_nano_usd")
_BUCKETS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60)


class CallMetrics:
    """What is counted of each call. Labels are bound once for each method."""

    def __init__(self) -> None:
        self.calls = Counter("trunkline_calls", "Calls by method and status.", ("method", "code", "reason"))
        self.seconds = Histogram(
            "trunkline_call_seconds", "From the arrival of a call to its end.", ("method",), buckets=_BUCKETS
        )
        self.first = Histogram(
            "trunkline_first_answer_seconds", "From arrival to the first message.", ("method",), buckets=_BUCKETS
        )
        self.in_flight = Gauge(
            "trunkline_calls_in_flight", "Calls that are running.", ("method",), multiprocess_mode="livesum"
        )
        self.tokens = Counter("trunkline_tokens", "Tokens by model and direction.", ("provider", "model", "direction"))
        self.cost = Counter("trunkline_cost_nano_usd", "Cost in nano-USD.", ("provider", "model"))

    def of(self, method: str) -> MethodMetrics:
        """The metrics of one method."""
        return MethodMetrics(self, method)


class MethodMetrics:
    """The metrics of one method. What happens is noted, and counted a moment later."""

    def __init__(self, metrics: CallMetrics, method: str) -> None:
        self._metrics = metrics
        self._method = method
        self._ok = metrics.calls.labels(method, "OK", "")
        self._seconds = metrics.seconds.labels(method)
        self._first = metrics.first.labels(method)
        self._in_flight = metrics.in_flight.labels(method)
        self._spending: dict[tuple[Any, Any], Sequence[Counter]] = {}
        self._running = 0
        self._due = False
        # (code, reason, seconds, seconds to the first message, facts) of calls that have ended.
        self._ended: list[tuple[int, str, float, float | None, Mapping[str, Any]]] = []

    def begin(self) -> None:
        """A call begins."""
        self._running += 1
        self._count()

    def end(self, call: Call, seconds: float) -> None:
        """A call ends after `seconds`."""
        self._running -= 1
        first = None if call.first_sent is None else call.first_sent - call.arrived
        self._ended.append((call.code, call.reason, seconds, first, call.facts))
        self._count()

    def _count(self) -> None:
        if not self._due:
            self._due = True
            later(self._counted)

    def _counted(self) -> None:
        self._due = False
        ended, self._ended = self._ended, []
        self._in_flight.set(self._running)
        spent: dict[tuple[Any, Any], list[float]] = {}
        for code, reason, _, _, facts in ended:
            if code:
                self._metrics.calls.labels(self._method, Code.Name(code), reason).inc()  # type: ignore[arg-type]
            model = facts.get("gen_ai.response.model")
            if model is not None:
                sums = spent.setdefault((facts["gen_ai.provider.name"], model), [0.0, 0.0, 0.0])
                for place, fact in enumerate(_SPENT):
                    sums[place] += facts[fact]
        self._ok.inc(sum(not one[0] for one in ended))
        values.observe(self._seconds, [one[2] for one in ended])
        values.observe(self._first, [one[3] for one in ended if one[3] is not None])
        for key, sums in spent.items():
            for counter, amount in zip(self._spending_of(key), sums, strict=True):
                counter.inc(amount)

    def _spending_of(self, key: tuple[Any, Any]) -> Sequence[Counter]:
        found = self._spending.get(key)
        if found is None:
            tokens, cost = self._metrics.tokens, self._metrics.cost
            found = tokens.labels(*key, "input"), tokens.labels(*key, "output"), cost.labels(*key)
            self._spending[key] = found
        return found


class IntegrationMetrics:
    """What is measured of each integration; implements domain.integrations.monitoring.Meter. Of more integrations than
    `most` in one process the rest is measured together, as `other` of no tenant."""

    def __init__(self, most: int = MOST_INTEGRATIONS) -> None:
        labels = ("tenant", "integration")
        self._calls = Counter("trunkline_integration_calls", "Calls by integration.", labels)
        self._seconds = Histogram(
            "trunkline_integration_seconds", "From the arrival of a call to its end.", labels, buckets=_BUCKETS
        )
        self._errors = Counter("trunkline_integration_errors", "Failed calls by reason.", (*labels, "reason"))
        self._tokens = Counter("trunkline_integration_tokens", "Tokens by direction.", (*labels, "direction"))
        self._cost = Counter("trunkline_integration_cost_nano_usd", "Cost in nano-USD.", labels)
        self._most = most
        self._known: set[tuple[str, str]] = set()

    def called(self, tenant_id: str, record: RecordedRequest, wanted: frozenset[str]) -> None:
        """See Meter."""
        whose, usage = self._labels(tenant_id, record.integration_id), record.usage
        if "throughput" in wanted:
            self._calls.labels(*whose).inc()
        if "latency" in wanted:
            self._seconds.labels(*whose).observe(record.latency.ToMicroseconds() / 1e6)
        if "cost" in wanted:
            self._cost.labels(*whose).inc(record.cost_details.nano_usd)
        if "tokens" in wanted and record.HasField("usage"):
            self._tokens.labels(*whose, "input").inc(usage.input_tokens)
            self._tokens.labels(*whose, "output").inc(usage.output_tokens)

    def failed(self, tenant_id: str, integration_id: str, reason: str) -> None:
        """See Meter."""
        self._errors.labels(*self._labels(tenant_id, integration_id), reason).inc()

    def _labels(self, tenant_id: str, integration_id: str) -> tuple[str, str]:
        whose = (tenant_id, integration_id)
        if whose not in self._known:
            if len(self._known) >= self._most:
                return ("", "other")
            self._known.add(whose)
        return whose


def exposition() -> bytes:
    """All metrics in Prometheus' text format."""
    if "PROMETHEUS_MULTIPROC_DIR" not in os.environ:
        return generate_latest()
    registry = CollectorRegistry()
    multiprocess.MultiProcessCollector(registry)  # type: ignore[no-untyped-call]
    return generate_latest(registry)
