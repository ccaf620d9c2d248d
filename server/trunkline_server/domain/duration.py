"""Durations between the contract and seconds."""

from __future__ import annotations

from google.protobuf.duration_pb2 import Duration


def seconds(duration: Duration) -> float:
    """A Duration in seconds; absent is 0."""
    return duration.seconds + duration.nanos / 1e9


def duration(seconds: float) -> Duration:
    """Seconds as a Duration; both of its parts have their sign."""
    whole, nanos = divmod(abs(round(seconds * 1e9)), 1_000_000_000)
    return Duration(seconds=whole, nanos=nanos) if seconds >= 0 else Duration(seconds=-whole, nanos=-nanos)
