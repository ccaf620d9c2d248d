"""What is measured of the relay. Implements domain.webhooks.ports.Meter."""

from __future__ import annotations

from prometheus_client import Counter, Gauge, Histogram

from trunkline_server.domain.webhooks.ports import Backlog

_BUCKETS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30)


class RelayMetrics:
    """Attempts at deliveries, and how far the relay is behind. Only the active relay of an installation tells them."""

    def __init__(self) -> None:
        self._attempts = Counter("trunkline_webhook_attempts", "Attempts at deliveries.", ("outcome",))
        self._seconds = Histogram("trunkline_webhook_attempt_seconds", "How long each took.", buckets=_BUCKETS)
        self._lag = Gauge(
            "trunkline_outbox_lag_seconds", "Age of the oldest event not relayed.", multiprocess_mode="livesum"
        )
        self._waiting = Gauge(
            "trunkline_webhook_waiting", "Deliveries that wait, up to 100,000.", multiprocess_mode="livesum"
        )

    def attempted(self, outcome: str, seconds: float) -> None:
        """See Meter."""
        self._attempts.labels(outcome).inc()
        self._seconds.observe(seconds)

    def backlog(self, found: Backlog) -> None:
        """See Meter."""
        self._lag.set(found.lag)
        self._waiting.set(found.waiting)
