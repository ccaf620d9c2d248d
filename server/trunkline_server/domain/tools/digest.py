"""What makes two calls of tools the same: digests of parts that cannot run into each other."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Any

import orjson


def canonical(parameters: Mapping[str, Any]) -> bytes:
    """The parameters as JSON with sorted keys: equal for equal values, as they are sent, however they were written."""
    return orjson.dumps(parameters, option=orjson.OPT_SORT_KEYS)


def digest(*parts: str | bytes) -> bytes:
    """BLAKE2b of 256 bits of the parts, each after its length."""
    state = hashlib.blake2b(digest_size=32)
    for part in parts:
        data = part.encode() if isinstance(part, str) else part
        state.update(len(data).to_bytes(8, "big"))
        state.update(data)
    return state.digest()


def call_digest(tenant_id: str, integration_id: str, tool_name: str, parameters: Mapping[str, Any]) -> bytes:
    """What an approval is for: this tool with these parameters."""
    return digest(tenant_id, integration_id, tool_name, canonical(parameters))
