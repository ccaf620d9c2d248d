"""What Converse has no field for and each family of models takes in its own way: a table."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from trunkline.v1.completion_pb2 import CompleteRequest
from trunkline.v1.content_pb2 import ReasoningEffort

from trunkline_server.domain.errors import Reason, invalid_fields

Json = dict[str, Any]

# None of them knows anything less than `low`.
_LEVELS = {
    ReasoningEffort.REASONING_EFFORT_MINIMAL: "low",
    ReasoningEffort.REASONING_EFFORT_LOW: "low",
    ReasoningEffort.REASONING_EFFORT_MEDIUM: "medium",
    ReasoningEffort.REASONING_EFFORT_HIGH: "high",
}
_LEVEL = "{effort}"


@dataclass(frozen=True, slots=True)
class Family:
    """How `additionalModelRequestFields` tells the models an option that they can honour: `top_k` by the keys that
    lead to it, `budget` by Claude's `thinking`, an `effort` and `none` at all by these fields. `output_effort`: the
    level stands in `outputConfig` instead. `signed`: reasoning is sent back with its signature only."""

    top_k: tuple[str, ...] = ()
    budget: bool = False
    effort: Mapping[str, Any] | None = None
    none: Mapping[str, Any] | None = None
    output_effort: bool = False
    signed: bool = False


_OFF = {"thinking": {"type": "disabled"}}
_ADAPTIVE = {"thinking": {"type": "adaptive"}}
_NOVA_K = ("inferenceConfig", "topK")
# The first pattern that is found in the model's id decides.
_FAMILIES = (
    (r"anthropic\.claude-(v\d|instant|3-(?!7))", Family(top_k=("top_k",), signed=True)),
    (
        r"anthropic\.claude-(3-7|\w+-4-(\d{8}|[0-5]\b))",
        Family(top_k=("top_k",), budget=True, none=_OFF, signed=True),
    ),
    (
        r"anthropic\.claude-\w+-4-6\b",
        Family(top_k=("top_k",), budget=True, effort=_ADAPTIVE, none=_OFF, output_effort=True, signed=True),
    ),
    # Newer ones decide by themselves how long they think.
    (
        r"anthropic\.claude",
        Family(top_k=("top_k",), effort=_ADAPTIVE, none=_OFF, output_effort=True, signed=True),
    ),
    (
        r"amazon\.nova-2",
        Family(
            top_k=_NOVA_K,
            effort={"reasoningConfig": {"type": "enabled", "maxReasoningEffort": _LEVEL}},
            none={"reasoningConfig": {"type": "disabled"}},
        ),
    ),
    (r"amazon\.nova", Family(top_k=_NOVA_K)),
    (r"openai\.gpt-oss", Family(effort={"reasoning_effort": _LEVEL})),
)
_COMPILED = tuple((re.compile(pattern), family) for pattern, family in _FAMILIES)
_OTHER = Family()


@lru_cache(maxsize=1024)
def of(model: str) -> Family:
    """The family of a model, by its id, its inference profile or its ARN."""
    name = model.lower()
    return next((family for pattern, family in _COMPILED if pattern.search(name)), _OTHER)


def fields(request: CompleteRequest, model: str) -> tuple[Json, str]:
    """(`additionalModelRequestFields`, the effort of `outputConfig`). Raises UNSUPPORTED_PARAMETER."""
    family, effort = of(model), ""
    found: Json = {}
    wrong: list[str] = []
    if request.HasField("top_k"):
        if family.top_k:
            found |= _nested(family.top_k, request.top_k)
        else:
            wrong.append("top_k")
    wanted = request.reasoning
    if wanted.HasField("budget_tokens"):
        if family.budget:
            found["thinking"] = {"type": "enabled", "budget_tokens": wanted.budget_tokens}
        else:
            wrong.append("reasoning.budget_tokens")
    elif wanted.effort:
        level = _LEVELS.get(wanted.effort, "")
        shape = family.effort if level else family.none
        if shape is None:
            wrong.append("reasoning.effort")
        else:
            found |= _with_level(shape, level)
            effort = level if family.output_effort else ""
    if wrong:
        why = [(path, f"{model} does not take this on Amazon Bedrock") for path in wrong]
        raise invalid_fields(why, reason=Reason.ERROR_REASON_UNSUPPORTED_PARAMETER)
    return found, effort


def _nested(path: tuple[str, ...], value: Any) -> Json:
    for key in reversed(path):
        value = {key: value}
    nested: Json = value
    return nested


def _with_level(shape: Mapping[str, Any], level: str) -> Json:
    return {
        key: _with_level(value, level) if isinstance(value, dict) else level if value == _LEVEL else value
        for key, value in shape.items()
    }
