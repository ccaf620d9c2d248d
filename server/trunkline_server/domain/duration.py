"""Durations between the contract and seconds."""

from __future__ import annotations

from google.protobuf.duration_pb2 import Duration


def seconds(duration: Duration) -> float:
    """A Duration in seconds; absent is 0."""
    return duration.seconds + duration.nanos / 1e9


def duration(seconds: float) -> Duration:
    """Seconds as a Duration."""
    found = Duration()
    found.FromNanoseconds(round(seconds * 1e9))
    return found
