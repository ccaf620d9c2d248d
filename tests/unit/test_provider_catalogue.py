"""The catalogue against the price package itself."""

from __future__ import annotations

from decimal import Decimal

import pytest
from genai_prices import Usage, calc_price
from trunkline.v1.common_pb2 import TokenClass
from trunkline.v1.model_pb2 import Model
from trunkline_server.domain.money import token_cost
from trunkline_server.providers.catalogue import PriceCatalogue

CATALOGUE = PriceCatalogue()


def _find(provider: str, model: str) -> Model:
    found = CATALOGUE.find(provider, model)
    assert found is not None
    return found


def _price(model: Model, token_class: TokenClass.ValueType, input_tokens: int) -> int:
    reached = [p for p in model.prices if p.token_class == token_class and p.from_input_tokens <= input_tokens]
    return max(reached, key=lambda price: price.from_input_tokens).nano_usd_per_million


def test_dated_variants_and_aliases_match() -> None:
    assert _find("openai", "gpt-4o-2024-08-06").name == "openai/gpt-4o"
    assert _find("openai", "gpt-4o").id == "gpt-4o"
    assert _find("azure", "gpt-4o").name == "azure/gpt-4o"
    assert _find("xai", "grok-4-0709") == _find("x-ai", "grok-4-0709")
    assert CATALOGUE.find("openai", "no-such-model") is None
    assert CATALOGUE.find("llamacpp", "smollm2") is None


@pytest.mark.parametrize("input_tokens", [1_000, 200_000, 200_001, 900_000])
@pytest.mark.parametrize(
    ("provider", "model"),
    [
        ("openai", "gpt-4o-mini"),
        ("anthropic", "claude-sonnet-4-5"),
        ("google", "gemini-2.5-pro"),
        ("mistral", "mistral-large-latest"),
        ("groq", "llama-3.1-8b-instant"),
    ],
)
def test_prices_are_those_of_the_package(provider: str, model: str, input_tokens: int) -> None:
    theirs = calc_price(Usage(input_tokens=input_tokens, output_tokens=777), model, provider_id=provider)
    found = _find(provider, model)
    ours = token_cost(input_tokens, _price(found, TokenClass.TOKEN_CLASS_INPUT, input_tokens))
    ours += token_cost(777, _price(found, TokenClass.TOKEN_CLASS_OUTPUT, input_tokens))
    # Each class is rounded up to a nano-USD.
    assert 0 <= Decimal(ours) - theirs.total_price * 10**9 < 2


def test_every_model_is_listed_by_name() -> None:
    names = [model.name for model in CATALOGUE.models()]
    assert len(names) > 1600
    assert names == sorted(names)
    assert all(price.nano_usd_per_million >= 0 for model in CATALOGUE.models() for price in model.prices)
    assert {model.price_version for model in CATALOGUE.models()} == {CATALOGUE.price_version}


def test_by_name_and_of_provider() -> None:
    assert {model.provider for model in CATALOGUE.by_name("gpt-4o")} >= {"openai"}
    assert {model.provider for model in CATALOGUE.of_provider("openai")} == {"openai"}
    assert CATALOGUE.by_name("no-such-model") == ()


def test_capabilities_are_told_only_where_known() -> None:
    assert {"text", "streaming", "tools", "vision", "structured_output"} <= set(_find("openai", "gpt-4o").capabilities)
    assert "reasoning" in _find("openai", "o3-mini").capabilities
    assert list(_find("openai", "text-embedding-3-small").capabilities) == ["embeddings"]
    assert "text" not in _find("openai", "whisper-1").capabilities
    assert list(_find("openai", "davinci").capabilities) == ["streaming", "text"]


def test_cache_writes_kept_long_have_a_price_of_their_own() -> None:
    for provider, model in (
        ("anthropic", "claude-sonnet-4-0"),
        ("aws", "global.anthropic.claude-sonnet-4-20250514-v1:0"),
    ):
        prices = {price.token_class: price.nano_usd_per_million for price in _find(provider, model).prices}
        assert prices[TokenClass.TOKEN_CLASS_CACHE_WRITE_LONG] == 2 * prices[TokenClass.TOKEN_CLASS_INPUT]
        assert prices[TokenClass.TOKEN_CLASS_CACHE_WRITE] < prices[TokenClass.TOKEN_CLASS_CACHE_WRITE_LONG]
