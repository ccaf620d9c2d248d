"""What a tenant knows better than the catalogue: facts and prices of the models of one integration."""

from __future__ import annotations

from trunkline.v1.common_pb2 import TOKEN_CLASS_INPUT, TOKEN_CLASS_OUTPUT
from trunkline.v1.configuration_pb2 import PriceOverride
from trunkline.v1.integration_pb2 import Integration
from trunkline.v1.model_pb2 import Model, TokenPrice

from trunkline_server.domain.pricing import PriceList

# The override of every model that has no own one, and of which the catalogue knows nothing.
_ANY = "*"
_EMBEDDINGS = "embeddings"
_UNKNOWN_CAN = ("text", "streaming")
# Where the quality of a model comes from when its override tells it.
_OWN_QUALITY = "integration"


class Overrides:
    """The overrides of an integration, by model."""

    def __init__(self, integration: Integration) -> None:
        settings = integration.configuration.llm_provider
        self._version = f"tenant/{integration.etag}"
        self._facts = {one.model: one for one in settings.model_overrides}
        self._prices = {one.model: one for one in settings.price_overrides}

    def facts(
        self, provider: str, model: str, known: Model | None, published: tuple[float | None, str] = (None, "")
    ) -> Model:
        """The model as this tenant has it: what the override sets takes the place of what the catalogue knows. Of a
        model that the catalogue does not know, `published` is the quality and its source."""
        facts = known or _unknown(provider, model, *published)
        override = self._facts.get(model) or (None if known else self._facts.get(_ANY))
        if override is None:
            return facts
        # The fields have the names that they have in Model.
        own = {field.name: value for field, value in override.ListFields() if field.name != "model"}
        changed = Model()
        changed.CopyFrom(facts)
        for name in own:
            changed.ClearField(name)  # type: ignore[arg-type]
        changed.MergeFrom(Model(**own))
        if "quality" in own:
            changed.quality_source = _OWN_QUALITY
        return changed

    def prices(self, model: str, facts: Model) -> PriceList | None:
        """The price list of the model, stamped with the version of the integration where it is the tenant's own."""
        override = self._prices.get(model) or (None if facts.prices else self._prices.get(_ANY))
        writes = _EMBEDDINGS not in facts.capabilities
        if override is None:
            return PriceList.of(facts.prices, facts.price_version, writes=writes)
        return PriceList.of((*_base(override), *override.prices), self._version, writes=writes)


def _unknown(provider: str, model: str, quality: float | None, source: str) -> Model:
    return Model(
        name=f"{provider}/{model}",
        provider=provider,
        id=model,
        capabilities=_UNKNOWN_CAN,
        quality=quality,
        quality_source=source,
    )


def _base(override: PriceOverride) -> tuple[TokenPrice, TokenPrice]:
    return (
        TokenPrice(token_class=TOKEN_CLASS_INPUT, nano_usd_per_million=override.input_nano_usd_per_million),
        TokenPrice(token_class=TOKEN_CLASS_OUTPUT, nano_usd_per_million=override.output_nano_usd_per_million),
    )
