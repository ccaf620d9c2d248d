"""Token counts of a chat completions answer."""

from __future__ import annotations

from typing import Any

from trunkline.v1.common_pb2 import Usage, UsageSource

Json = dict[str, Any]

_KNOWN = frozenset(
    {"prompt_tokens", "completion_tokens", "total_tokens", "prompt_tokens_details", "completion_tokens_details"}
)
_INPUT = {
    "cached_tokens": "cache_read_tokens",
    "cache_write_tokens": "cache_write_tokens",
    "audio_tokens": "audio_input_tokens",
    "image_tokens": "image_input_tokens",
}
_OUTPUT = {
    "reasoning_tokens": "reasoning_tokens",
    "audio_tokens": "audio_output_tokens",
    "image_tokens": "image_output_tokens",
}
# Counts that repeat others under a name of the provider's own.
_REPEATED = frozenset({"cost", "prompt_cache_hit_tokens", "prompt_cache_miss_tokens", "reasoning_tokens"})
_NANO = 1_000_000_000
_TOLD = UsageSource.USAGE_SOURCE_PROVIDER


def decode(usage: Json) -> Usage:
    """Counts as the provider reports them; what it does not report stays absent."""
    found = Usage(source=_TOLD)
    put(found, "input_tokens", usage.get("prompt_tokens"))
    put(found, "output_tokens", usage.get("completion_tokens"))
    put_details(found, usage.get("prompt_tokens_details"), _INPUT)
    put_details(found, usage.get("completion_tokens_details"), _OUTPUT)
    _reconcile(found, usage.get("total_tokens"))
    if not _KNOWN.issuperset(usage):
        _extras(found, usage)
    return found


def put(found: Usage, name: str, count: object) -> None:
    """Set a count, where it is one."""
    if type(count) is int and count >= 0:
        setattr(found, name, count)


def put_details(found: Usage, details: object, names: dict[str, str]) -> None:
    """Set the classes of a count: `names` are the provider's and ours."""
    if isinstance(details, dict):
        for theirs, ours in names.items():
            put(found, ours, details.get(theirs))


def _reconcile(found: Usage, total: object) -> None:
    """xAI counts reasoning beside the output: where only the sum of all three is the total, it is added. Tokens of
    the total that nothing accounts for are reported as such."""
    if type(total) is not int or not (found.HasField("input_tokens") and found.HasField("output_tokens")):
        return
    rest = total - found.input_tokens - found.output_tokens
    if rest <= 0:
        return
    if rest == found.reasoning_tokens:
        found.output_tokens += rest
    else:
        found.other_units["unaccounted_tokens"] = rest


def _extras(found: Usage, usage: Json) -> None:
    """Units of the provider's own. Its cost in USD, where it tells one, becomes `cost_nano_usd`."""
    hits = usage.get("prompt_cache_hit_tokens")
    if not found.HasField("cache_read_tokens"):
        put(found, "cache_read_tokens", hits)
    if not found.HasField("reasoning_tokens"):
        put(found, "reasoning_tokens", usage.get("reasoning_tokens"))
    cost = usage.get("cost")
    if isinstance(cost, dict):
        cost = cost.get("total_cost")
    if isinstance(cost, (int, float)) and cost > 0:
        found.other_units["cost_nano_usd"] = round(cost * _NANO)
    for name in usage.keys() - _KNOWN - _REPEATED:
        units = usage[name]
        if type(units) is int and units > 0:
            found.other_units[name] = units
