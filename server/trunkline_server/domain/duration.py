"""Durations between the contract and seconds."""

from __future__ import annotations

from google.protobuf.duration_pb2 import Duration

_NANO = 1_000_000_000


def seconds(duration: Duration) -> float:
    """A Duration in seconds; absent is 0."""
    return duration.seconds + duration.nanos / 1e9


def duration(seconds: float) -> Duration:
    """Seconds as a Duration; both of its parts have their sign."""
    found = Duration()
    put_duration(found, seconds)
    return found


def put_duration(field: Duration, seconds: float) -> None:
    """Set an empty field of a message; assigning what `duration` gives would encode and decode it."""
    nanos = round(seconds * 1e9)
    if -_NANO < nanos < _NANO:
        field.nanos = nanos  # Five times in most calls.
        return
    whole, nanos = divmod(abs(nanos), _NANO)
    field.seconds, field.nanos = (whole, nanos) if seconds >= 0 else (-whole, -nanos)
