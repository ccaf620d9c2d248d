"""Token counts of a response."""

from __future__ import annotations

from typing import Any

from trunkline.v1.common_pb2 import Usage, UsageSource

from trunkline_server.providers.openai_compatible.usage import put, put_details

Json = dict[str, Any]

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
_KNOWN = frozenset({"input_tokens", "output_tokens", "total_tokens", "input_tokens_details", "output_tokens_details"})


def decode(usage: Json, tools: object) -> Usage:
    """Counts as the provider reports them. `tools` is what its own tools used, which is billed beside the tokens."""
    found = Usage(source=UsageSource.USAGE_SOURCE_PROVIDER)
    put(found, "input_tokens", usage.get("input_tokens"))
    put(found, "output_tokens", usage.get("output_tokens"))
    put_details(found, usage.get("input_tokens_details"), _INPUT)
    put_details(found, usage.get("output_tokens_details"), _OUTPUT)
    for name in usage.keys() - _KNOWN:
        _unit(found, name, usage[name])
    for tool, units in (tools if isinstance(tools, dict) else {}).items():
        for name, count in (units if isinstance(units, dict) else {}).items():
            _unit(found, f"{tool}_{name.removeprefix('num_')}", count)
    return found


def _unit(found: Usage, name: str, count: object) -> None:
    if type(count) is int and count > 0:
        found.other_units[name] = count
