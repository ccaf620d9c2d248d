"""Prometheus metrics. With several workers, PROMETHEUS_MULTIPROC_DIR makes each scrape show all of them."""

from __future__ import annotations

import os

from google.rpc.code_pb2 import Code
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest, multiprocess, values

from trunkline_server.domain.call import Call

if "PROMETHEUS_MULTIPROC_DIR" in os.environ:
    # A worker never forks: without this each count asks the kernel for the process id.
    _PID = os.getpid()
    values.ValueClass = values.MultiProcessValue(process_identifier=lambda: _PID)  # type: ignore[no-untyped-call]

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
    """The metrics of one method."""

    def __init__(self, metrics: CallMetrics, method: str) -> None:
        self._metrics = metrics
        self._method = method
        self._ok = metrics.calls.labels(method, "OK", "")
        self._seconds = metrics.seconds.labels(method)
        self._first = metrics.first.labels(method)
        self._in_flight = metrics.in_flight.labels(method)

    def begin(self) -> None:
        """A call begins."""
        self._in_flight.inc()

    def end(self, call: Call, seconds: float) -> None:
        """A call ends after `seconds`."""
        self._in_flight.dec()
        self._seconds.observe(seconds)
        if call.first_sent is not None:
            self._first.observe(call.first_sent - call.arrived)
        if call.code:
            self._metrics.calls.labels(self._method, Code.Name(call.code), call.reason).inc()  # type: ignore[arg-type]
        else:
            self._ok.inc()
        model = call.facts.get("gen_ai.response.model")
        if model is not None:
            self._spend(call, str(model))

    def _spend(self, call: Call, model: str) -> None:
        facts, metrics = call.facts, self._metrics
        provider = str(facts["gen_ai.provider.name"])
        metrics.tokens.labels(provider, model, "input").inc(float(facts["gen_ai.usage.input_tokens"]))
        metrics.tokens.labels(provider, model, "output").inc(float(facts["gen_ai.usage.output_tokens"]))
        metrics.cost.labels(provider, model).inc(float(facts["trunkline.cost_nano_usd"]))


def exposition() -> bytes:
    """All metrics in Prometheus' text format."""
    if "PROMETHEUS_MULTIPROC_DIR" not in os.environ:
        return generate_latest()
    registry = CollectorRegistry()
    multiprocess.MultiProcessCollector(registry)  # type: ignore[no-untyped-call]
    return generate_latest(registry)
