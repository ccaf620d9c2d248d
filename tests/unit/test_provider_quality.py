"""Published scores and task mappings: data that fits the catalogue, and names that find their rows."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest
from trunkline.v1.common_pb2 import TokenClass
from trunkline.v1.model_pb2 import Model
from trunkline.v1.requirements_pb2 import Quality
from trunkline_server import providers
from trunkline_server.domain.quality import QUALITY_FLOORS
from trunkline_server.providers.catalogue import PriceCatalogue
from trunkline_server.providers.published import canonical, published

CATALOGUE = PriceCatalogue()
DATA = tomllib.loads((Path(providers.__file__).parent / "quality.toml").read_text())
# Rows of models that no price list has: open ones, which people serve themselves, and names at their maker.
ELSEWHERE = {
    "gpt-5.5-instant",
    "gpt-5.2-chat",
    "gpt-5-chat",
    "muse-spark",
    "mistral-large-2411",
    "mistral-large-2407",
    "ministral-8b-2410",
    "qwen1.5-72b-chat",
    "qwen1.5-14b-chat",
    "qwen1.5-7b-chat",
    "qwen1.5-4b-chat",
    "phi-3-mini-4k",
    "granite-4.2-30b",
    "smollm2-1.7b",
}


def score(name: str) -> float:
    return published().scores[canonical(name)]


def test_every_row_is_of_a_model_that_is_known() -> None:
    reached = {published().row(model.id) for model in CATALOGUE.models()}
    unknown = {name for name in DATA["scores"] if canonical(name) not in reached}
    assert unknown <= ELSEWHERE
    assert len(DATA["scores"]) - len(ELSEWHERE) >= 200


def test_scores_are_on_the_scale_and_no_row_is_there_twice() -> None:
    assert len(published().scores) == len(DATA["scores"])
    assert all(DATA["lowest"] <= raw <= DATA["highest"] for raw in DATA["scores"].values())
    assert all(0 <= one <= 1 for one in published().scores.values())
    assert score("claude-opus-5.5") == pytest.approx((1507 - 1000) / 600, abs=1e-4)
    names = [canonical(name) for name in DATA["aliases"]]
    assert len(set(names)) == len(names)
    assert not set(names) & published().scores.keys()


@pytest.mark.parametrize(
    ("name", "row"),
    [
        ("gpt-4o", "gpt-4o"),
        ("openai/gpt-4o-2024-08-06", "gpt-4o"),
        ("gpt-4o-2024-05-13", "gpt-4o-2024-05-13"),
        ("gpt-5-mini-2025-08-07", "gpt-5-mini"),
        ("claude-sonnet-4-5@20250929", "claude-sonnet-4.5"),
        ("anthropic/claude-sonnet-4.5:batch", "claude-sonnet-4.5"),
        ("global.anthropic.claude-sonnet-4-5-20250929-v1:0", "claude-sonnet-4.5"),
        ("us.anthropic.claude-3-5-sonnet-20241022-v2:0", "claude-3.5-sonnet"),
        ("regional.anthropic.claude-3-5-sonnet-20240620-v1:0", "claude-3.5-sonnet-20240620"),
        ("meta-llama/Llama-3.3-70B-Instruct", "llama-3.3-70b"),
        ("us.meta.llama3-3-70b-instruct-v1:0", "llama-3.3-70b"),
        ("accounts/fireworks/models/llama-v3p3-70b-instruct", "llama-3.3-70b"),
        ("llama-3.1-8b-instant", "llama-3.1-8b"),
        ("@cf/meta/llama-3.1-8b-instruct-fp8", "llama-3.1-8b"),
        ("mistral.mixtral-8x7b-instruct-v0:1", "mixtral-8x7b"),
        ("openai.gpt-oss-120b-1:0", "gpt-oss-120b"),
        ("Qwen/Qwen3-235B-A22B-Instruct-2507", "qwen3-235b-a22b-2507"),
        ("deepseek.r1-v1:0", "deepseek-r1"),
        ("gemini-3-pro-preview", "gemini-3-pro"),
        ("amazon.nova-pro-v1:0", "nova-pro"),
        ("HuggingFaceTB/SmolLM2-1.7B-Instruct", "smollm2-1.7b"),
    ],
)
def test_names_of_every_provider_find_their_row(name: str, row: str) -> None:
    assert published().row(name) == canonical(row)
    assert published().score(name) == (score(row), "lmarena-text")


@pytest.mark.parametrize(
    "name",
    [
        "gpt-4o-audio-preview",
        "gpt-4o-realtime-preview",
        "gpt-5-pro",
        "gpt-5.3-codex",
        "gpt-3.5-turbo-instruct",
        "gemini-3-pro-image-preview",
        "llama-3.1-nemotron-nano-8b-v1",
        "deepseek-r1-distill-llama-70b",
        "~google/gemini-pro-latest",
        "qwen2.5:0.5b",
        "smollm2-135m-instruct",
        "text-embedding-3-small",
        "",
    ],
)
def test_another_model_is_not_taken_for_one_of_the_list(name: str) -> None:
    assert published().score(name) == (None, "")


def test_the_catalogue_carries_quality_and_its_source() -> None:
    models = CATALOGUE.models()
    rated = [model for model in models if model.HasField("quality")]
    assert len(rated) > 1000
    assert {model.quality_source for model in rated} == {"lmarena-text"}
    assert all(0 < model.quality < 1 for model in rated)
    assert not any(model.quality_source for model in models if not model.HasField("quality"))
    azure = CATALOGUE.find("azure", "gpt-4o")
    assert azure is not None and azure.quality == score("gpt-4o")
    assert CATALOGUE.quality("meta-llama/Llama-3.3-70B-Instruct") == (score("llama-3.3-70b"), "lmarena-text")
    assert CATALOGUE.quality("no-such-model") == (None, "")


def test_the_floors_leave_known_models_where_they_are_expected() -> None:
    _, _, standard, premium = sorted(QUALITY_FLOORS.values())
    strong = ["claude-opus-4.5", "claude-sonnet-4.5", "gpt-5", "gpt-5.5", "gemini-2.5-pro", "gemini-3-pro", "grok-4.5"]
    sound = ["gpt-4o", "gpt-4o-mini", "gpt-4.1", "claude-haiku-4.5", "llama-3.3-70b", "mistral-large-3", "deepseek-v3"]
    small = ["llama-3.1-8b", "gpt-3.5-turbo", "mixtral-8x7b", "nova-micro", "llama-3.2-1b", "phi-4"]
    assert all(score(name) >= premium for name in strong)
    assert all(standard <= score(name) < premium for name in sound)
    assert all(score(name) < standard for name in small)


def _first(name: str) -> Model:
    found = [model for model in CATALOGUE.by_name(name) if model.HasField("quality")]
    assert found, name
    return found[0]


def _output_price(model: Model) -> int:
    return max(one.nano_usd_per_million for one in model.prices if one.token_class == TokenClass.TOKEN_CLASS_OUTPUT)


def test_task_mappings_are_of_the_catalogue() -> None:
    mappings = CATALOGUE.task_mappings()
    assert [one.task for one in mappings] == ["analysis", "code_generation", "creative_writing", "data_extraction"]
    for mapping in mappings:
        primary, budget = _first(mapping.primary_model), _first(mapping.budget_model)
        fallbacks = [_first(name) for name in mapping.fallback_models]
        makers = {published().row(one.id).split("-")[0] for one in (primary, *fallbacks)}  # type: ignore[union-attr]
        assert len(makers) == 4
        order = [primary.quality, *(one.quality for one in fallbacks)]
        assert order == sorted(order, reverse=True)
        assert primary.quality >= QUALITY_FLOORS[Quality.QUALITY_PREMIUM]
        assert _output_price(budget) < _output_price(primary)
        assert mapping.version == 0
