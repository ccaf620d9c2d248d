"""Token counts of a Converse answer."""

from __future__ import annotations

from typing import Any

from trunkline.v1.common_pb2 import Usage, UsageSource

Json = dict[str, Any]

# `…InputTokenCount` are older names that repeat the counts.
_KNOWN = frozenset(
    {
        *("inputTokens", "outputTokens", "totalTokens", "cacheReadInputTokens", "cacheWriteInputTokens"),
        *("cacheReadInputTokenCount", "cacheWriteInputTokenCount"),
    }
)


def decode(usage: Json) -> Usage:
    """Counts as reported; what is not reported stays absent. `inputTokens` excludes the cached ones."""
    found = Usage(source=UsageSource.USAGE_SOURCE_PROVIDER)
    read, written = _count(usage, "cacheReadInputTokens"), _count(usage, "cacheWriteInputTokens")
    if read is not None:
        found.cache_read_tokens = read
    if written is not None:
        found.cache_write_tokens = written
    asked, answered = _count(usage, "inputTokens"), _count(usage, "outputTokens")
    if asked is not None:
        found.input_tokens = asked + (read or 0) + (written or 0)
    if answered is not None:
        found.output_tokens = answered
    total = _count(usage, "totalTokens")
    if total is not None and asked is not None and answered is not None:
        rest = total - found.input_tokens - answered
        if rest > 0:
            found.other_units["unaccounted_tokens"] = rest
    if not _KNOWN.issuperset(usage):
        for name in usage.keys() - _KNOWN:
            _extra(found, name, usage[name])
    return found


def _count(usage: Json, name: str) -> int | None:
    count = usage.get(name)
    return count if type(count) is int and count >= 0 else None


def _extra(found: Usage, name: str, value: object) -> None:
    """Units of Bedrock's own, such as those in `serverToolUsage`; cache writes by how long they are kept."""
    if type(value) is int and value > 0:
        found.other_units[name] = value
    elif isinstance(value, dict):
        for inner, count in value.items():
            _extra(found, inner, count)
    elif isinstance(value, list):
        for detail in value:
            if isinstance(detail, dict) and detail.get("ttl"):
                _extra(found, f"cache_write_{detail['ttl']}_tokens", detail.get("inputTokens"))
                if detail["ttl"] == "1h" and (count := _count(detail, "inputTokens")):
                    found.cache_write_long_tokens = count
