"""The decisions of the domain as Prometheus metrics. Implements domain.signals.Signals."""

from __future__ import annotations

from prometheus_client import Counter, Gauge


class DecisionMetrics:
    """One counter and one gauge for all of them; see docs/operations.md for the names."""

    def __init__(self) -> None:
        labels = ("provider", "model")
        self._decisions = Counter("trunkline_decisions", "What was decided.", ("decision", *labels, "reason"))
        self._levels = Gauge("trunkline_level", "Levels.", ("name", *labels), multiprocess_mode="livesum")

    def decided(self, decision: str, provider: str = "", model: str = "", reason: str = "") -> None:
        """See Signals."""
        self._decisions.labels(decision, provider, model, reason).inc()

    def level(self, name: str, value: float, provider: str = "", model: str = "") -> None:
        """See Signals."""
        self._levels.labels(name, provider, model).set(value)
