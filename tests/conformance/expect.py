"""What a recording expects, key by key: an expectation that nobody checks fails."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import orjson
import pytest
from trunkline.v1.completion_pb2 import CompleteResponse, FinishReason
from trunkline.v1.content_pb2 import ToolCall
from trunkline_server.domain.errors import ProviderError

Answer = CompleteResponse

# The reference knows fewer reasons than the contract.
_FINISHES = {
    "stop": {FinishReason.FINISH_REASON_STOP, FinishReason.FINISH_REASON_STOP_SEQUENCE},
    "length": {FinishReason.FINISH_REASON_LENGTH},
    "tool_call": {FinishReason.FINISH_REASON_TOOL_CALL},
    "content_filter": {FinishReason.FINISH_REASON_CONTENT_FILTER, FinishReason.FINISH_REASON_REFUSAL},
    "stop_sequence": {FinishReason.FINISH_REASON_STOP_SEQUENCE},
    "other": {FinishReason.FINISH_REASON_UNSPECIFIED, FinishReason.FINISH_REASON_ERROR},
}


def _calls(answer: Answer) -> list[ToolCall]:
    return [part.tool_call for part in answer.content if part.HasField("tool_call")]


def _finish(answer: Answer, value: str) -> None:
    assert answer.finish.reason in _FINISHES[value]


def _finish_raw(answer: Answer, value: str) -> None:
    assert answer.finish.raw_reason == value


def _text(answer: Answer, value: str) -> None:
    assert answer.completion == value


def _texts(answer: Answer, value: list[str]) -> None:
    assert [candidate.completion for candidate in answer.candidates] == value


def _model(answer: Answer, value: str) -> None:
    assert answer.model_used == value


def _tool_calls(answer: Answer, value: list[Any]) -> None:
    calls = _calls(answer)
    found = [{"name": c.name, "arguments": orjson.loads(c.arguments_json or b"{}")} for c in calls]
    assert found == [{"name": c["name"], "arguments": c["arguments"]} for c in value]
    wanted = [c.get("id") for c in value]
    assert all(got.id == id or not id for got, id in zip(calls, wanted, strict=True))
    assert all(call.id for call in calls)


def _reasoning_text(answer: Answer, value: bool) -> None:
    assert any(part.reasoning.text for part in answer.content) == value


def _reasoning_signature(answer: Answer, value: bool) -> None:
    """On the reasoning itself, or on the call that it led to."""
    parts = answer.content
    assert any(part.reasoning.signature or part.tool_call.signature for part in parts) == value


def _reasoning_redacted(answer: Answer, value: bool) -> None:
    assert any(part.reasoning.redacted_data for part in answer.content) == value


def _refusal(answer: Answer, value: str) -> None:
    assert "".join(part.refusal for part in answer.content) == value


def _citations(answer: Answer, value: int) -> None:
    """Citations in the text, or those that Perplexity lists beside the answer."""
    carried = {event.type: event.raw_json for event in answer.provider_events}
    if "citations" in carried:
        assert len(orjson.loads(carried["citations"])) == value
    else:
        assert sum(len(part.citations) for part in answer.content) == value


def _total(answer: Answer, value: int) -> None:
    """Bedrock adds cached tokens to a total of parts that both exclude and include them: see the usage's own checks."""
    usage = answer.usage
    told = usage.input_tokens + usage.output_tokens + usage.other_units["unaccounted_tokens"]
    assert value in (told, told + usage.cache_read_tokens)


def _own_input(answer: Answer, value: int) -> None:
    """The provider's own figure: all input, or all but what was cached or what its tools prompted."""
    usage = answer.usage
    cached = usage.cache_read_tokens + usage.cache_write_tokens
    assert value in (usage.input_tokens, usage.input_tokens - cached, usage.input_tokens - usage.tool_use_tokens)


def _own_output(answer: Answer, value: int) -> None:
    """The provider's own figure: all output, or all but the reasoning."""
    assert value in (answer.usage.output_tokens, answer.usage.output_tokens - answer.usage.reasoning_tokens)


def _counts(field: str) -> Callable[[Answer, int], None]:
    def check(answer: Answer, value: int) -> None:
        assert answer.usage.HasField(field)  # type: ignore[arg-type]
        assert getattr(answer.usage, field) == value

    return check


def _unit(name: str) -> Callable[[Answer, int], None]:
    def check(answer: Answer, value: int) -> None:
        assert answer.usage.other_units[name] == value

    return check


def _cost(answer: Answer, value: float) -> None:
    assert answer.usage.other_units["cost_nano_usd"] == round(value * 1e9)


def _opaque(answer: Answer, value: list[str]) -> None:
    assert [part.opaque.type for part in answer.content if part.HasField("opaque")] == value


CHECKS: Mapping[str, Callable[[Answer, Any], None]] = {
    "model": _model,
    "text": _text,
    "texts": _texts,
    "finish": _finish,
    "finish_raw": _finish_raw,
    "tool_calls": _tool_calls,
    # Cohere's plan before its calls is reasoning in all but name.
    "tool_plan_present": _reasoning_text,
    "reasoning_text_present": _reasoning_text,
    "reasoning_signature_present": _reasoning_signature,
    "reasoning_encrypted_present": _reasoning_redacted,
    "reasoning_redacted": _reasoning_redacted,
    "refusal": _refusal,
    "citations_count": _citations,
    "server_tool_calls": _opaque,
    "input_tokens": _own_input,
    "output_tokens": _own_output,
    "input_tokens_total": _counts("input_tokens"),
    "output_tokens_total": _counts("output_tokens"),
    "cached_input_tokens": _counts("cache_read_tokens"),
    "cache_write_tokens": _counts("cache_write_tokens"),
    "reasoning_tokens": _counts("reasoning_tokens"),
    "tool_use_prompt_tokens": _counts("tool_use_tokens"),
    "billed_input_tokens": _counts("billed_input_tokens"),
    "billed_output_tokens": _counts("billed_output_tokens"),
    "unaccounted_tokens": _unit("unaccounted_tokens"),
    "total_tokens": _total,
    "cost": _cost,
}


def check(answer: Answer, expect: dict[str, Any]) -> None:
    """Every expectation of an answer."""
    for key, value in expect.items():
        if key not in CHECKS:
            pytest.fail(f"the expectation {key!r} is not checked")
        CHECKS[key](answer, value)


def check_error(error: Any, expect: dict[str, Any]) -> None:
    """Every expectation of an error."""
    assert isinstance(error, ProviderError)
    wanted = dict(expect)
    wanted.pop("in_stream", None)
    assert wanted.pop("status") == error.http_status
    assert error.metadata["upstream_message"].replace(" ", "") in wanted.pop("message").replace(" ", "")
    codes = {str(wanted.pop(name)) for name in ("code", "type", "grpc_status") if name in wanted}
    assert not codes or error.provider_code in codes
    if "retry_after_s" in wanted:
        assert error.retry_after == wanted.pop("retry_after_s")
    assert wanted.pop("param", "") in error.metadata["upstream_message"]
    assert not wanted, "an expectation that is not checked"
