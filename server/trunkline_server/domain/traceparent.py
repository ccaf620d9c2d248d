"""W3C Trace Context: which trace a request belongs to."""

from __future__ import annotations

import re

# Version ff and ids of zeros alone are invalid: whoever sends them sends no trace.
_TRACEPARENT = re.compile(r"(?!ff)[0-9a-f]{2}-(?!0{32})([0-9a-f]{32})-(?!0{16})[0-9a-f]{16}-([0-9a-f]{2})")
_SAMPLED = 0x01


def trace_of(traceparent: str) -> tuple[str, bool | None]:
    """(trace id, whether its sender samples it) of a `traceparent`; ("", None) where it is none."""
    found = _TRACEPARENT.fullmatch(traceparent)
    return (found[1], bool(int(found[2], 16) & _SAMPLED)) if found else ("", None)
