"""Token counts of a messages answer."""

from __future__ import annotations

from typing import Any

from trunkline.v1.common_pb2 import Usage, UsageSource

Json = dict[str, Any]

_KNOWN = frozenset({"input_tokens", "output_tokens", "cache_read_input_tokens", "cache_creation_input_tokens"})
# What stands beside the counts and says nothing while it has these values.
_USUAL = {"service_tier": "standard", "inference_geo": "not_available", "speed": "standard"}


def decode(usage: Json) -> Usage:
    """Counts as reported; what is not reported stays absent. `input_tokens` excludes the cached ones."""
    found = Usage(source=UsageSource.USAGE_SOURCE_PROVIDER)
    read, written = _count(usage, "cache_read_input_tokens"), _count(usage, "cache_creation_input_tokens")
    asked, answered = _count(usage, "input_tokens"), _count(usage, "output_tokens")
    if read is not None:
        found.cache_read_tokens = read
    if written is not None:
        found.cache_write_tokens = written
    kept_long = _count(usage.get("cache_creation") or {}, "ephemeral_1h_input_tokens")
    if kept_long:
        found.cache_write_long_tokens = kept_long
    if asked is not None:
        found.input_tokens = asked + (read or 0) + (written or 0)
    if answered is not None:
        found.output_tokens = answered
    thought = _count(usage.get("output_tokens_details") or {}, "thinking_tokens")
    if thought is not None:
        found.reasoning_tokens = thought
    if not _KNOWN.issuperset(usage):
        _units(found, usage)
    return found


def rest(usage: Json) -> Json:
    """What is no count: the tier, the region and whatever is not known, unless it is as usual."""
    return {
        name: value
        for name, value in usage.items()
        if name not in _KNOWN and not _counts(value) and value and _USUAL.get(name) != value
    }


def _units(found: Usage, usage: Json) -> None:
    """Units of Anthropic's own: uses of its tools, and cache writes by how long they are kept."""
    for name in usage.keys() - _KNOWN:
        value = usage[name]
        for unit, count in value.items() if isinstance(value, dict) else ((name, value),):
            if type(count) is int and count > 0 and unit != "thinking_tokens":
                found.other_units[unit] = count


def _counts(value: object) -> bool:
    return type(value) is int or (isinstance(value, dict) and all(type(count) is int for count in value.values()))


def _count(usage: Json, name: str) -> int | None:
    count = usage.get(name)
    return count if type(count) is int and count >= 0 else None
