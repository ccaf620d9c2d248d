"""How difficult a request looks, from cheap features of its text: a logistic model, fitted by bench/complexity.py.

The features are of the last message of the user and of the request around it; nothing is read twice and of a long text
only both ends. An estimate, not a judgement: how often it is right is measured in docs/services/quality.md.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import exp, log1p

from trunkline.v1.completion_pb2 import CompleteRequest
from trunkline.v1.content_pb2 import Message, Role
from trunkline.v1.policy_pb2 import ComplexityTier

from trunkline_server.domain.lexicon import ASKING, PHRASE, PHRASES, STEM, STEMS

# Characters read at each end of a long text: tasks stand before or after what they are about.
_END = 1000
# Words of a kind, marks and bytes beyond these say nothing more.
_MOST_WORDS = 6
_MOST_MARKS = 12
_MOST_BYTES = 400
_CODE_MARKS = b"{}[];`<>_$|\\"
_MATH_MARKS = b"^=+*%"
# All of ASCII but small letters and the hyphen parts words; other scripts stay as they are.
_BETWEEN_WORDS = bytes(set(range(128)) - set(b"-abcdefghijklmnopqrstuvwxyz"))
_TO_SPACES = bytes.maketrans(_BETWEEN_WORDS, b" " * len(_BETWEEN_WORDS))
# The bytes that Chinese and Japanese characters begin with in UTF-8.
_UNPARTED = bytes(range(0xE3, 0xEA))

# What the fit found, by feature. Values of a feature grow with what it counts, as logarithms; `bias` is always 1.
WEIGHTS: Mapping[str, float] = {
    "bias": -6.153,
    "length": 1.155,
    "reasoning": 2.647,
    "making": 0.75,
    "looking_up": -1.531,
    "binding": 0.249,
    "asking": -0.616,
    "code": 0.0,
    "mathematics": 0.732,
    "lines": -0.858,
    "turns": 0.332,
    "tools": 0.223,
    "documents": 0.176,
    "format": 0.0,
}
_WEIGHTS = tuple(WEIGHTS.values())

# Tiers of a policy that sets none, by the least quality: a small model, a sound one, a strong one.
DEFAULT_TIERS: Sequence[ComplexityTier] = (
    ComplexityTier(up_to=0.25, min_quality=0.4),
    ComplexityTier(up_to=0.65, min_quality=0.6),
    ComplexityTier(up_to=1.0, min_quality=0.725),
)


def complexity(request: CompleteRequest) -> float:
    """How difficult the request looks, from 0 (a small model will do) to 1 (only a strong one). Deterministic."""
    score = sum(map(float.__mul__, features(request), _WEIGHTS))
    return 1.0 / (1.0 + exp(-score))


def features(request: CompleteRequest) -> tuple[float, ...]:
    """The features, in the order of WEIGHTS."""
    text, documents = _asked(request)
    if len(text) > 2 * _END:
        text = f"{text[:_END]}\n{text[-_END:]}"
    raw = text.lower().encode(errors="replace")
    words = raw.translate(_TO_SPACES).decode().split()
    kinds = [0, 0, 0, 0]
    for stem in STEMS.keys() & {word[:STEM] for word in words}:
        kinds[STEMS[stem]] += 1
    if _count(raw, _UNPARTED):
        for phrase in set(PHRASE.findall(text)):
            kinds[PHRASES[phrase]] += 1
    return (
        1.0,
        log1p(min(len(raw), _MOST_BYTES)),
        *(log1p(min(found, _MOST_WORDS)) for found in kinds),
        1.0 if words and words[0] in ASKING else 0.0,
        _marks(raw, _CODE_MARKS),
        _marks(raw, _MATH_MARKS),
        _marks(raw, b"\n"),
        log1p(len(request.messages) or 1),
        log1p(len(request.tools)),
        log1p(documents),
        1.0 if request.response_format.WhichOneof("kind") in ("json_object", "json_schema") else 0.0,
    )


def _count(raw: bytes, marks: bytes) -> int:
    return len(raw) - len(raw.translate(None, marks))


def _marks(raw: bytes, marks: bytes) -> float:
    return log1p(min(_count(raw, marks), _MOST_MARKS))


def _asked(request: CompleteRequest) -> tuple[str, int]:
    """What the user said last, and how many media parts came with it."""
    if not request.messages:
        return request.prompt, 0
    said = next((one for one in reversed(request.messages) if one.role == Role.ROLE_USER), Message())
    return "\n".join(part.text for part in said.parts if part.text), sum(part.HasField("media") for part in said.parts)
