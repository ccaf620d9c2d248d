"""The contract's limits: each broken one is named by its field, and the table says what the comments say."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from google.protobuf.message import DecodeError
from hypothesis import given
from hypothesis import strategies as st
from trunkline.v1 import access_pb2, budget_pb2, integration_pb2, llm_pb2, tool_pb2
from trunkline.v1.completion_pb2 import CompleteRequest, StreamCompleteRequest
from trunkline_server.transport.rules import TABLES
from trunkline_server.transport.validate import violations

PROTOS = Path(__file__).resolve().parents[2] / "protos" / "trunkline" / "v1"


def complete(**fields: Any) -> CompleteRequest:
    """A request that is fine, with some fields changed."""
    return CompleteRequest(**{"model": "a/b", "prompt": "hi", "context": {"agent_id": "a"}} | fields)


def embed(**fields: Any) -> llm_pb2.EmbedRequest:
    """A request for vectors that is fine, with some fields changed."""
    return llm_pb2.EmbedRequest(**{"model": "a/b", "inputs": ["hi"], "context": {"agent_id": "a"}} | fields)


def limited(*limits: dict[str, Any]) -> access_pb2.CreateTenantRequest:
    """A tenant with these limits."""
    return access_pb2.CreateTenantRequest(tenant={"tenant_id": "acme", "limits": limits})


FINE = [
    complete(),
    complete(prompt="", messages=[{"role": 2, "parts": [{"text": "hi"}]}]),
    complete(max_tokens=1_000_000, temperature=2.0, top_p=0.0, stop_sequences=["x" * 256]),
    complete(model="", model_requirements={"capabilities": ["text"], "max_cost_per_token": {"nanos": 1}}),
    complete(tools=[{"name": "t", "parameters_schema_json": b"{}"}], tool_choice={"mode": 4, "name": "t"}),
    llm_pb2.CountTokensRequest(request=CompleteRequest(model="m", prompt="x")),
    embed(inputs=["hi"] * 2048, dimensions=1, purpose="query"),
    embed(model="", model_requirements={"capabilities": ["embeddings"]}),
    llm_pb2.ListModelsRequest(page_size=1000),
    tool_pb2.ExecuteToolRequest(tool_name="t", integration_id="i", parameters_json=b'{"a":1}'),
    access_pb2.CreateApiKeyRequest(roles=["agent"]),
    access_pb2.CreateApiKeyRequest(roles=["agent"], tokens_per_minute=1, max_concurrent=1),
    limited(
        {"scope": 1, "max_concurrent": 1},
        {"scope": 3, "tokens_per_minute": 1},
        {"scope": 3, "subject": "u", "requests_per_minute": 9},
    ),
    limited(*({"scope": 4, "subject": f"openai/m-{number}", "requests_per_minute": 1} for number in range(64))),
]

BROKEN: list[tuple[Any, str]] = [
    (complete(prompt=""), "prompt"),
    (complete(messages=[{"role": 2, "parts": [{"text": "hi"}]}]), "messages"),
    (complete(model=""), "model_requirements.capabilities"),
    (complete(context={}), "context.agent_id"),
    (complete(context={"agent_id": "a b"}), "context.agent_id"),
    (complete(context={"agent_id": "a", "labels": {"UPPER": "x"}}), "context.labels"),
    (complete(priority=9), "priority"),
    (complete(cache={"mode": -1}), "cache.mode"),
    (complete(prompt="", messages=[{"role": 99, "parts": [{"text": "x"}]}]), "messages[0].role"),
    (complete(max_tokens=-1), "max_tokens"),
    (complete(max_tokens=1_000_001), "max_tokens"),
    (complete(temperature=2.1), "temperature"),
    (complete(temperature=float("nan")), "temperature"),
    (complete(top_p=-0.1), "top_p"),
    (complete(candidate_count=17), "candidate_count"),
    (complete(top_logprobs=21), "top_logprobs"),
    (complete(request_id="x" * 129), "request_id"),
    (complete(stop_sequences=["x"] * 17), "stop_sequences"),
    (complete(prompt="", messages=[{"parts": [{"text": "x"}]}]), "messages[0].role"),
    (complete(prompt="", messages=[{"role": 2}]), "messages[0].parts"),
    (complete(prompt="", messages=[{"role": 2, "parts": [{}]}]), "messages[0].parts[0].kind"),
    (
        complete(prompt="", messages=[{"role": 2, "parts": [{"media": {"kind": 1, "uri": "http://x"}}]}]),
        "messages[0].parts[0].media.uri",
    ),
    (complete(tools=[{"name": "a"}, {"name": "a"}]), "tools"),
    (complete(tools=[{"name": "a", "parameters_schema_json": b"["}]), "tools[0].parameters_schema_json"),
    (complete(tool_choice={"mode": 4}), "tool_choice.name"),
    (complete(reasoning={"effort": 2, "budget_tokens": 5}), "reasoning.budget_tokens"),
    (complete(model_requirements={"max_cost_per_token": {"currency_code": "EUR", "nanos": 1}}),
     "model_requirements.max_cost_per_token"),
    (complete(model_requirements={"max_latency": {"seconds": -1}}), "model_requirements.max_latency"),
    (complete(recovery={"max_attempts": 11}), "recovery.max_attempts"),
    (complete(provider_options_json={"openai": b"[]"}), "provider_options_json"),
    (StreamCompleteRequest(), "request"),
    (StreamCompleteRequest(request=complete(max_tokens=0)), "request.max_tokens"),
    (llm_pb2.ListModelsRequest(page_size=1001), "page_size"),
    (embed(inputs=[]), "inputs"),
    (embed(inputs=["hi"] * 2049), "inputs"),
    (embed(inputs=["hi", ""]), "inputs"),
    (embed(model="x" * 257), "model"),
    (embed(model=""), "model_requirements.capabilities"),
    (embed(dimensions=0), "dimensions"),
    (embed(purpose="poetry"), "purpose"),
    (embed(encoding=-1), "encoding"),
    (embed(context={}), "context.agent_id"),
    (llm_pb2.RecordFeedbackRequest(request_id="r", score=2), "score"),
    (tool_pb2.ExecuteToolRequest(tool_name="t", integration_id="i", parameters_json=b"[1]"), "parameters_json"),
    (tool_pb2.ExecuteToolRequest(tool_name="t", integration_id="i", timeout={"seconds": 601}), "timeout"),
    (integration_pb2.CreateIntegrationRequest(integration_id="No Good"), "integration_id"),
    (integration_pb2.CreateIntegrationRequest(integration_id="a"), "configuration"),
    (budget_pb2.CreateBudgetRequest(budget={"budget_id": "b", "scope": 1, "period": 1}), "budget.limit"),
    (
        budget_pb2.CreateBudgetRequest(budget={"budget_id": "b", "scope": 3, "period": 1, "limit": {"units": 1}}),
        "budget.subject",
    ),
    (access_pb2.CreateApiKeyRequest(roles=["agent"], tokens_per_minute=0), "tokens_per_minute"),
    (access_pb2.CreateApiKeyRequest(roles=["agent"], max_concurrent=-1), "max_concurrent"),
    (limited({"requests_per_minute": 1}), "tenant.limits[0].scope"),
    (limited({"scope": 2}), "tenant.limits[0].requests_per_minute"),
    (limited({"scope": 2, "requests_per_minute": 0}), "tenant.limits[0].requests_per_minute"),
    (limited({"scope": 5, "tokens_per_minute": -1}), "tenant.limits[0].tokens_per_minute"),
    (limited({"scope": 5, "max_concurrent": 0}), "tenant.limits[0].max_concurrent"),
    (limited({"scope": 1, "subject": "acme", "max_concurrent": 1}), "tenant.limits[0].subject"),
    (limited({"scope": 3, "subject": "x" * 257, "max_concurrent": 1}), "tenant.limits[0].subject"),
    (limited(*[{"scope": 3, "subject": "u", "max_concurrent": 1}] * 2), "tenant.limits"),
    (limited(*({"scope": 3, "subject": f"u{n}", "max_concurrent": 1} for n in range(65))), "tenant.limits"),
    (access_pb2.RotateApiKeyRequest(key_id="k", overlap={"seconds": 31 * 86400}), "overlap"),
]  # fmt: skip


def _llm(**fields: Any) -> integration_pb2.CreateIntegrationRequest:
    """An integration of a provider with these settings."""
    return integration_pb2.CreateIntegrationRequest(
        integration_id="i", type=1, configuration={"llm_provider": {"provider": "vllm"} | fields}
    )


_PRICES = [
    [{"token_class": 1, "nano_usd_per_million": 1}],
    [{"token_class": 3, "nano_usd_per_million": 1}, {"token_class": 3, "nano_usd_per_million": 2}],
]
_BASE = "configuration.llm_provider"
FINE += [
    _llm(price_overrides=[{"model": "*", "prices": [{"token_class": 1, "from_input_tokens": 1}, {"token_class": 3}]}]),
    _llm(model_overrides=[{"model": "m", "context_window": 1, "capabilities": ["vision"]}]),
]
BROKEN += [
    (_llm(price_overrides=[{"model": "m", "prices": _PRICES[0]}]), f"{_BASE}.price_overrides[0].prices[0]"),
    (_llm(price_overrides=[{"model": "m", "prices": _PRICES[1]}]), f"{_BASE}.price_overrides[0].prices[1]"),
    (
        _llm(price_overrides=[{"model": "m", "prices": [{"token_class": 3, "from_input_tokens": 5}]}]),
        f"{_BASE}.price_overrides[0].prices",
    ),
    (
        _llm(price_overrides=[{"model": "m", "prices": [{"token_class": 3, "nano_usd_per_million": -1}]}]),
        f"{_BASE}.price_overrides[0].prices[0].nano_usd_per_million",
    ),
    (_llm(price_overrides=[{"model": "m", "prices": [{}]}]), f"{_BASE}.price_overrides[0].prices[0].token_class"),
    (_llm(model_overrides=[{"context_window": 1}]), f"{_BASE}.model_overrides[0].model"),
    (_llm(model_overrides=[{"model": "m", "context_window": 0}]), f"{_BASE}.model_overrides[0].context_window"),
    (_llm(model_overrides=[{"model": "m", "capabilities": ["sight"]}]), f"{_BASE}.model_overrides[0].capabilities"),
]


@pytest.mark.parametrize("request_", FINE, ids=lambda one: one.DESCRIPTOR.name)
def test_what_is_fine(request_: Any) -> None:
    assert violations(request_) == []


@pytest.mark.parametrize(("request_", "field"), BROKEN, ids=[f"{one.DESCRIPTOR.name}.{path}" for one, path in BROKEN])
def test_what_is_broken_is_named(request_: Any, field: str) -> None:
    assert field in [path for path, _ in violations(request_)]


def test_there_are_at_most_32() -> None:
    many = complete(prompt="", messages=[{"role": 2, "parts": [{}]}] * 100)
    assert len(violations(many)) == 32


@pytest.mark.parametrize(
    ("message", "field", "below", "above"),
    [
        ("CompleteRequest", "max_tokens", 1, 1_000_000),
        ("CompleteRequest", "temperature", 0, 2),
        ("CompleteRequest", "candidate_count", 1, 16),
        ("CompleteRequest", "top_logprobs", 0, 20),
        ("RecoveryPolicy", "max_attempts", 1, 10),
        ("CircuitBreaker", "failure_threshold", 1, 1000),
    ],
)
def test_the_table_says_what_the_comment_says(message: str, field: str, below: int, above: int) -> None:
    comment = _comment(message, field)
    assert re.search(rf"from {below} to {above}\b", comment.lower().replace(",", "")), comment
    (check,) = TABLES[message].fields[field]
    assert check(below) is None
    assert check(above) is None
    assert check(below - 1)
    assert check(above + 1)


def _comment(message: str, field: str) -> str:
    """The comment above a field, from the contract's text."""
    for file in PROTOS.glob("*.proto"):
        found = re.search(rf"^message {message} \{{(.*?)^\}}", file.read_text(), re.S | re.M)
        if found:
            above = re.search(rf"((?:^ *//[^\n]*\n)+)[^\n]* {field} = \d+;", found[1], re.M)
            assert above is not None
            return above[1]
    raise AssertionError(f"there is no message {message}")


def test_every_table_is_of_a_message() -> None:
    text = "\n".join(file.read_text() for file in PROTOS.glob("*.proto"))
    for name, table in TABLES.items():
        found = re.search(rf"^message {name.partition(',')[0]} \{{(.*?)^\}}", text, re.S | re.M)
        assert found is not None, name
        for field in (*table.fields, *table.required):
            assert re.search(rf" {field} = \d+;", found[1]), f"{name}.{field}"


@given(st.binary(max_size=200))
def test_no_message_makes_it_raise(raw: bytes) -> None:
    request = CompleteRequest()
    try:
        request.ParseFromString(raw)
    except DecodeError:
        return
    violations(request)
