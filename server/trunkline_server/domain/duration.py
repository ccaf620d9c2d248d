"""Durations between the contract and seconds."""

from __future__ import annotations

from google.protobuf.duration_pb2 import Duration


def seconds(duration: Duration) -> float:
    """A Duration in seconds; absent is 0."""
    return duration.seconds + duration.nanos / 1e9


def duration(seconds: float) -> Duration:
    """Seconds as a Duration; both of its parts have their sign."""
    found = Duration()
    put_duration(found, seconds)
    return found


def put_duration(field: Duration, seconds: float) -> None:
    """Set a field of a message; assigning what `duration` gives would encode and decode it."""
    whole, nanos = divmod(abs(round(seconds * 1e9)), 1_000_000_000)
    field.seconds, field.nanos = (whole, nanos) if seconds >= 0 else (-whole, -nanos)
