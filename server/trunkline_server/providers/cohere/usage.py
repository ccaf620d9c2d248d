"""Token counts of Cohere: what the model read and wrote, beside what is billed."""

from __future__ import annotations

from math import ceil, isfinite
from typing import Any

from trunkline.v1.common_pb2 import Usage, UsageSource

Json = dict[str, Any]

_READ = frozenset({"tokens", "cached_tokens", "billed_units"})
_TOKENS = {
    "input_tokens": "input_tokens",
    "output_tokens": "output_tokens",
    "reasoning_tokens": "reasoning_tokens",
}
# The prompt that Cohere puts around a request is read but not billed.
_BILLED = {"input_tokens": "billed_input_tokens", "output_tokens": "billed_output_tokens"}


def decode(told: Json) -> Usage | None:
    """Counts as Cohere reports them; None where it reports none."""
    found = Usage()
    _put_tokens(found, told.get("tokens"))
    cached = _whole(told.get("cached_tokens"))
    if cached is not None:
        found.cache_read_tokens = cached
    put_billed(found, told.get("billed_units"))
    for name, count in told.items():
        if name not in _READ:
            _put_unit(found, name, count)
    if not found.ByteSize():
        return None
    found.source = UsageSource.USAGE_SOURCE_PROVIDER
    return found


def put_billed(found: Usage, billed: object) -> None:
    """What is billed: tokens, and units of the provider's own."""
    units: Json = billed if isinstance(billed, dict) else {}
    for name, count in units.items():
        field, tokens = _BILLED.get(name), _whole(count)
        if field is None:
            _put_unit(found, name, count)
        elif tokens is not None:
            setattr(found, field, tokens)


def _put_tokens(found: Usage, tokens: object) -> None:
    if not isinstance(tokens, dict):
        return
    for name, count in tokens.items():
        known = _TOKENS.get(name)
        if known is None:
            _put_unit(found, name, count)
        elif (tokens_told := _whole(count)) is not None:
            setattr(found, known, tokens_told)


def _put_unit(found: Usage, name: str, count: object) -> None:
    units = _whole(count)
    if units:
        found.other_units[name] = units


def _whole(count: object) -> int | None:
    """Cohere documents its counts as numbers with a fraction; a begun unit counts as one."""
    if isinstance(count, bool) or not isinstance(count, int | float) or not isfinite(count) or count < 0:
        return None
    return ceil(count)
