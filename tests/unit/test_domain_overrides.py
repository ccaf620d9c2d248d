"""What a tenant knows better than the catalogue: facts merged field by field, prices of every class."""

from __future__ import annotations

from google.protobuf.timestamp_pb2 import Timestamp
from trunkline.v1.common_pb2 import TokenClass, Usage
from trunkline.v1.configuration_pb2 import Configuration, LlmProviderConfiguration, ModelOverride, PriceOverride
from trunkline.v1.integration_pb2 import Integration
from trunkline.v1.model_pb2 import Modality, Model, TokenPrice
from trunkline_server.domain.overrides import Overrides
from trunkline_server.domain.pricing import bill

KNOWN = Model(
    name="alpha/m",
    provider="alpha",
    id="m",
    display_name="M",
    context_window=8192,
    capabilities=["text", "streaming"],
    input_modalities=[Modality.MODALITY_TEXT],
    prices=[
        TokenPrice(token_class=TokenClass.TOKEN_CLASS_INPUT, nano_usd_per_million=1),
        TokenPrice(token_class=TokenClass.TOKEN_CLASS_OUTPUT, nano_usd_per_million=2),
    ],
    price_version="list/1",
)
GPU = PriceOverride(
    model="m",
    input_nano_usd_per_million=3_000_000_000,
    output_nano_usd_per_million=15_000_000_000,
    prices=[
        TokenPrice(token_class=TokenClass.TOKEN_CLASS_CACHE_READ, nano_usd_per_million=300_000_000),
        TokenPrice(
            token_class=TokenClass.TOKEN_CLASS_INPUT, nano_usd_per_million=6_000_000_000, from_input_tokens=200_000
        ),
    ],
)


def overrides(*, models: list[ModelOverride] | None = None, prices: list[PriceOverride] | None = None) -> Overrides:
    settings = LlmProviderConfiguration(provider="alpha", model_overrides=models, price_overrides=prices)
    return Overrides(Integration(etag="9", configuration=Configuration(llm_provider=settings)))


def test_what_is_set_replaces_and_the_rest_stays() -> None:
    until = Timestamp(seconds=2_000_000_000)
    own = ModelOverride(model="m", context_window=131_072, capabilities=["text", "tools"], deprecation_time=until)
    facts = overrides(models=[own]).facts("alpha", "m", KNOWN)
    assert facts.context_window == 131_072
    assert list(facts.capabilities) == ["text", "tools"]
    assert facts.deprecation_time == until
    assert (facts.name, facts.display_name, list(facts.input_modalities)) == ("alpha/m", "M", [Modality.MODALITY_TEXT])
    assert KNOWN.context_window == 8192
    assert list(KNOWN.capabilities) == ["text", "streaming"]


def test_a_star_is_for_models_that_nobody_knows() -> None:
    any_ = ModelOverride(model="*", capabilities=["text", "vision"], max_output_tokens=7)
    made = overrides(models=[any_])
    assert made.facts("alpha", "m", KNOWN) == KNOWN
    unknown = made.facts("alpha", "own-1", None)
    assert (unknown.name, unknown.max_output_tokens) == ("alpha/own-1", 7)
    assert list(unknown.capabilities) == ["text", "vision"]


def test_prices_of_every_class_and_step_are_the_tenants() -> None:
    found = overrides(prices=[GPU]).prices("m", KNOWN)
    assert found is not None
    below = bill(found, Usage(input_tokens=100_000, output_tokens=10, cache_read_tokens=40_000))
    assert below.price_version == "tenant/9"
    # 60,000 at 3 USD, 40,000 at 0.30 USD and 10 at 15 USD per million.
    assert below.nano_usd == 180_000_000 + 12_000_000 + 150_000
    above = bill(found, Usage(input_tokens=200_000, output_tokens=10))
    assert above.nano_usd == 1_200_000_000 + 150_000


def test_without_an_override_the_catalogue_tells() -> None:
    found = overrides(prices=[PriceOverride(model="*", input_nano_usd_per_million=9)]).prices("m", KNOWN)
    assert found is not None
    assert found.version == "list/1"


def test_a_model_that_only_reads_needs_no_output_price() -> None:
    embeds = Model(id="e", capabilities=["embeddings"])
    found = overrides(prices=[PriceOverride(model="e", input_nano_usd_per_million=5)]).prices("e", embeds)
    assert found is not None
    assert found.price(TokenClass.TOKEN_CLASS_INPUT, 1) == 5


def test_quality_comes_from_the_integration_or_else_from_the_list() -> None:
    rated = Model(name="alpha/m", provider="alpha", id="m", quality=0.5, quality_source="list")
    own = overrides(models=[ModelOverride(model="m", quality=0.9)]).facts("alpha", "m", rated)
    assert (own.quality, own.quality_source) == (0.9, "integration")
    other = overrides(models=[ModelOverride(model="m", context_window=9)]).facts("alpha", "m", rated)
    assert (other.quality, other.quality_source) == (0.5, "list")
    served = overrides().facts("alpha", "own-1", None, (0.4, "list"))
    assert (served.quality, served.quality_source) == (0.4, "list")
    assert not overrides().facts("alpha", "own-1", None).HasField("quality")
