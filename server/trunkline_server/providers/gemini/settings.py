"""The generation config: sampling, the shape of the answer, thinking."""

from __future__ import annotations

from typing import Any

from trunkline.v1.completion_pb2 import CompleteRequest
from trunkline.v1.content_pb2 import ReasoningEffort, ReasoningOptions, ResponseFormat

from trunkline_server.providers.gemini.dialect import budgeted
from trunkline_server.providers.options import parse

Json = dict[str, Any]

# Fields of the contract and of the API.
_NUMBERS = {
    "max_tokens": "maxOutputTokens",
    "temperature": "temperature",
    "top_p": "topP",
    "top_k": "topK",
    "frequency_penalty": "frequencyPenalty",
    "presence_penalty": "presencePenalty",
    "seed": "seed",
}
_LEVELS = {
    ReasoningEffort.REASONING_EFFORT_MINIMAL: "MINIMAL",
    ReasoningEffort.REASONING_EFFORT_LOW: "LOW",
    ReasoningEffort.REASONING_EFFORT_MEDIUM: "MEDIUM",
    ReasoningEffort.REASONING_EFFORT_HIGH: "HIGH",
}
# For models that know no levels: what Google itself takes these words for in its OpenAI-compatible API.
_BUDGETS = {
    ReasoningEffort.REASONING_EFFORT_MINIMAL: 1024,
    ReasoningEffort.REASONING_EFFORT_LOW: 1024,
    ReasoningEffort.REASONING_EFFORT_MEDIUM: 8192,
    ReasoningEffort.REASONING_EFFORT_HIGH: 24_576,
}
_JSON = "application/json"


def encode(request: CompleteRequest, model: str) -> Json:
    """The generation config; empty where the request asks for nothing."""
    config: Json = {
        theirs: getattr(request, ours)
        for ours, theirs in _NUMBERS.items()
        if request.HasField(ours)  # type: ignore[arg-type]
    }
    if request.stop_sequences:
        config["stopSequences"] = list(request.stop_sequences)
    if request.candidate_count > 1:
        config["candidateCount"] = request.candidate_count
    if request.HasField("top_logprobs"):
        config["responseLogprobs"] = True
        if request.top_logprobs:
            config["logprobs"] = request.top_logprobs
    if request.HasField("response_format"):
        _shape(config, request.response_format)
    if request.HasField("reasoning") and (thinking := _thinking(request.reasoning, model)):
        config["thinkingConfig"] = thinking
    return config


def _shape(config: Json, shape: ResponseFormat) -> None:
    """A schema has no name here; what it is for stands in the schema."""
    kind = shape.WhichOneof("kind")
    if kind not in ("json_object", "json_schema"):
        return
    config["responseMimeType"] = _JSON
    if kind == "json_schema":
        schema = parse(shape.json_schema.schema_json, "response_format.json_schema.schema_json")
        if shape.json_schema.description and isinstance(schema, dict):
            schema.setdefault("description", shape.json_schema.description)
        # `responseSchema` takes a dialect of OpenAPI only.
        config["responseJsonSchema"] = schema


def _thinking(wanted: ReasoningOptions, model: str) -> Json:
    """Budgets and levels exclude one another. A model that cannot go without thinking refuses the budget of 0."""
    if wanted.effort == ReasoningEffort.REASONING_EFFORT_NONE:
        return {"thinkingBudget": 0}
    thinking: Json = {}
    if wanted.HasField("budget_tokens"):
        thinking["thinkingBudget"] = wanted.budget_tokens
    elif wanted.effort in _LEVELS and budgeted(model):
        thinking["thinkingBudget"] = _BUDGETS[wanted.effort]
    elif wanted.effort in _LEVELS:
        thinking["thinkingLevel"] = _LEVELS[wanted.effort]
    if wanted.HasField("include"):
        thinking["includeThoughts"] = wanted.include
    return thinking
