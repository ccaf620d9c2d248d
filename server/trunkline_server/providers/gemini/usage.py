"""Token counts of an answer."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from trunkline.v1.common_pb2 import Usage, UsageSource

Json = dict[str, Any]

# What is read here.
KNOWN = frozenset(
    {
        *("promptTokenCount", "candidatesTokenCount", "totalTokenCount", "thoughtsTokenCount"),
        *("toolUsePromptTokenCount", "cachedContentTokenCount", "promptTokensDetails"),
        *("toolUsePromptTokensDetails", "candidatesTokensDetails"),
    }
)
_INPUT = {"AUDIO": "audio_input_tokens", "IMAGE": "image_input_tokens"}
_OUTPUT = {"AUDIO": "audio_output_tokens", "IMAGE": "image_output_tokens"}


def decode(counts: Json) -> Usage:
    """Counts as the contract has them. The API leaves zeros out, counts prompts of its own tools beside the prompt,
    and thoughts beside the answer."""
    get = counts.get
    prompt, tools, total = get("promptTokenCount"), get("toolUsePromptTokenCount"), get("totalTokenCount")
    answer, thoughts = get("candidatesTokenCount"), get("thoughtsTokenCount")
    found = Usage(
        source=UsageSource.USAGE_SOURCE_PROVIDER,
        input_tokens=_sum(prompt, tools),
        output_tokens=_sum(answer, thoughts),
        cache_read_tokens=get("cachedContentTokenCount"),
        reasoning_tokens=thoughts,
        tool_use_tokens=tools,
    )
    _classes(found, get("promptTokensDetails") or (), _INPUT, "input")
    if tools:
        _classes(found, get("toolUsePromptTokensDetails") or (), _INPUT, "input")
    _classes(found, get("candidatesTokensDetails") or (), _OUTPUT, "output")
    if total is not None and prompt is not None:
        _reconcile(found, total)
    return found


def _sum(one: int | None, other: int | None) -> int | None:
    return other if one is None else one if other is None else one + other


def _classes(found: Usage, details: Iterable[Json], names: dict[str, str], side: str) -> None:
    for detail in details:
        modality, tokens = detail.get("modality") or "TEXT", detail.get("tokenCount") or 0
        if modality == "TEXT":
            continue
        name = names.get(modality)
        if name:
            setattr(found, name, getattr(found, name) + tokens)
        elif tokens:
            # Video and documents have no class in the contract.
            found.other_units[f"{modality.lower()}_{side}_tokens"] += tokens


def _reconcile(found: Usage, total: int) -> None:
    """Nothing written is told as nothing; tokens of the total that nothing accounts for are told as such."""
    rest = total - found.input_tokens - found.output_tokens
    if not found.HasField("output_tokens"):
        found.output_tokens = max(0, rest)
    elif rest > 0:
        found.other_units["unaccounted_tokens"] = rest
