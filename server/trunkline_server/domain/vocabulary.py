"""The words of the contract for what a model can do, and their bits."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

CAPABILITIES: Mapping[str, int] = {
    name: bit
    for bit, name in enumerate(
        (
            *("text", "streaming", "tools", "structured_output", "vision", "audio_input", "audio_output", "documents"),
            *("reasoning", "embeddings", "prompt_caching", "logprobs"),
        )
    )
}


def bits(names: Iterable[str], vocabulary: Mapping[str, int]) -> int:
    """A number with the bit of each name that the vocabulary holds."""
    return sum(1 << vocabulary[name] for name in set(names) if name in vocabulary)
