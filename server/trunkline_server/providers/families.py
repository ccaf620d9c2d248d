"""What models can do, from families.toml and from the classes of tokens that they have a price for."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from trunkline.v1.common_pb2 import TokenClass
from trunkline.v1.model_pb2 import Modality

_FILE = Path(__file__).with_name("families.toml")
_CONVERSES = ("text", "streaming")
# A price for a class of tokens says that the model takes or makes them.
_PRICED = {
    TokenClass.TOKEN_CLASS_CACHE_READ: "prompt_caching",
    TokenClass.TOKEN_CLASS_REASONING: "reasoning",
    TokenClass.TOKEN_CLASS_AUDIO_INPUT: "audio_input",
    TokenClass.TOKEN_CLASS_AUDIO_OUTPUT: "audio_output",
    TokenClass.TOKEN_CLASS_IMAGE_INPUT: "vision",
}
_READS = {
    "text": Modality.MODALITY_TEXT,
    "embeddings": Modality.MODALITY_TEXT,
    "vision": Modality.MODALITY_IMAGE,
    "audio_input": Modality.MODALITY_AUDIO,
    "documents": Modality.MODALITY_DOCUMENT,
}
_WRITES = {
    "text": Modality.MODALITY_TEXT,
    "audio_output": Modality.MODALITY_AUDIO,
    "embeddings": Modality.MODALITY_EMBEDDING,
}


@dataclass(frozen=True, slots=True)
class _Family:
    match: re.Pattern[str]
    capabilities: tuple[str, ...]
    converses: bool


@cache
def _families() -> Sequence[_Family]:
    rows = tomllib.loads(_FILE.read_text("utf-8"))["family"]
    return [_family(**row) for row in rows]


def _family(match: str, capabilities: Sequence[str] = (), only: Sequence[str] | None = None) -> _Family:
    known = (*_CONVERSES, *capabilities) if only is None else tuple(only)
    return _Family(re.compile(match), known, only is None)


def bare(model: str) -> str:
    """A model's name after the last `/`, in lower case."""
    return model.rpartition("/")[2].lower()


def capabilities(model: str, priced: Collection[TokenClass.ValueType]) -> list[str]:
    """What the model can do, in the vocabulary of `ModelRequirements.capabilities`, sorted."""
    name = bare(model)
    family = next((family for family in _families() if family.match.search(name)), None)
    found = set(_CONVERSES if family is None else family.capabilities)
    if family is None or family.converses:
        found |= {_PRICED[token_class] for token_class in priced if token_class in _PRICED}
    return sorted(found)


def reads(capabilities: Collection[str]) -> list[Modality.ValueType]:
    """The kinds of content that a model with these capabilities reads."""
    return sorted({_READS[name] for name in capabilities if name in _READS})


def writes(capabilities: Collection[str]) -> list[Modality.ValueType]:
    """The kinds of content that a model with these capabilities writes."""
    return sorted({_WRITES[name] for name in capabilities if name in _WRITES})
