"""Models and prices from the genai-prices package: implements `Catalogue` of domain/ports.py."""

from __future__ import annotations

import importlib
import time
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from decimal import ROUND_CEILING, Decimal
from functools import cached_property
from importlib.metadata import version

from genai_prices import types as source
from trunkline.v1.common_pb2 import TokenClass
from trunkline.v1.model_pb2 import Model, TokenPrice
from trunkline.v1.policy_pb2 import TaskMapping

from trunkline_server.domain.money import NANO
from trunkline_server.providers import families, tasks
from trunkline_server.providers.profiles import builtin
from trunkline_server.providers.published import published

_DAY = 86_400
_MAX_CACHED = 8192
# Prices per million tokens in the package, by class. Other units (searches, pages, hours) have no class.
_CLASSES = {
    "input_mtok": TokenClass.TOKEN_CLASS_INPUT,
    "output_mtok": TokenClass.TOKEN_CLASS_OUTPUT,
    "cache_read_mtok": TokenClass.TOKEN_CLASS_CACHE_READ,
    "cache_write_mtok": TokenClass.TOKEN_CLASS_CACHE_WRITE,
    "cache_write_1h_mtok": TokenClass.TOKEN_CLASS_CACHE_WRITE_LONG,
    "output_reasoning_mtok": TokenClass.TOKEN_CLASS_REASONING,
    "input_audio_mtok": TokenClass.TOKEN_CLASS_AUDIO_INPUT,
    "output_audio_mtok": TokenClass.TOKEN_CLASS_AUDIO_OUTPUT,
    "input_image_mtok": TokenClass.TOKEN_CLASS_IMAGE_INPUT,
    "output_image_mtok": TokenClass.TOKEN_CLASS_IMAGE_OUTPUT,
}
# Profiles whose provider the package calls otherwise.
_ALIASES = {profile.name: profile.provider for profile in builtin().values()}


class PriceCatalogue:
    """The catalogue. Loading the package takes about half a second: `load` at the start, or the first look-up pays.

    Prices are those of the day (UTC); where a price depends on the hour, the dearest of the day is told, so that a
    budget is never overspent. Answers are kept: treat the messages as read-only.
    """

    def __init__(self) -> None:
        self.price_version = f"genai-prices/{version('genai-prices')}"
        self._day = 0
        self._all: tuple[Model, ...] = ()
        self._by_id: dict[tuple[str, str], Model] = {}
        self._by_name: dict[str, tuple[Model, ...]] = {}
        self._found: dict[tuple[str, str], Model | None] = {}

    def load(self) -> None:
        """Read the package and build every model."""
        self._fresh()

    def find(self, provider: str, model: str) -> Model | None:
        """The model as `provider` names it; dated variants and aliases by the package's own rules."""
        self._fresh()
        key = (_ALIASES.get(provider, provider), model)
        if key in self._by_id:
            return self._by_id[key]
        if key not in self._found:
            if len(self._found) >= _MAX_CACHED:
                self._found.clear()
            self._found[key] = self._match(*key)
        return self._found[key]

    def models(self) -> Sequence[Model]:
        """Every model, by name."""
        self._fresh()
        return self._all

    def by_name(self, model: str) -> Sequence[Model]:
        """Every provider's model of this bare name."""
        self._fresh()
        return self._by_name.get(model, ())

    def quality(self, model: str) -> tuple[float | None, str]:
        """The published score of a model by any provider's name for it, and the list's name."""
        return published().score(model)

    def task_mappings(self) -> Sequence[TaskMapping]:
        """The built-in mappings, by task."""
        return tasks.mappings()

    def of_provider(self, provider: str) -> Sequence[Model]:
        """Every model of the provider, by name."""
        self._fresh()
        wanted = _ALIASES.get(provider, provider)
        return [model for model in self._all if model.provider == wanted]

    @cached_property
    def _providers(self) -> dict[str, source.Provider]:
        # Imported when needed: it is half a second of a process's start.
        data = importlib.import_module("genai_prices.data")
        return {provider.id: provider for provider in data.providers}

    def _fresh(self) -> None:
        """Build, and build anew on another day: prices change by date."""
        day = int(time.time()) // _DAY
        if day == self._day:
            return
        now = datetime.fromtimestamp(day * _DAY, UTC)
        built = [_model(p.id, m, now, self.price_version) for p in self._providers.values() for m in p.models]
        built.sort(key=lambda model: model.name)
        by_name: dict[str, list[Model]] = {}
        for model in built:
            by_name.setdefault(model.id, []).append(model)
        self._all = tuple(built)
        self._by_id = {(model.provider, model.id): model for model in built}
        self._by_name = {name: tuple(models) for name, models in by_name.items()}
        self._found = {}
        self._day = day

    def _match(self, provider: str, model: str) -> Model | None:
        known = self._providers.get(provider)
        found = known.find_model(model, all_providers=list(self._providers.values())) if known else None
        if found is None:
            return None
        own = self._by_id.get((provider, found.id))
        # A provider that resells another's models has them without rows of its own.
        return own or _model(provider, found, datetime.fromtimestamp(self._day * _DAY, UTC), self.price_version)


def _model(provider: str, info: source.ModelInfo, now: datetime, price_version: str) -> Model:
    prices = list(_prices(info, now))
    able = families.capabilities(info.id, {price.token_class for price in prices})
    quality, listed_by = published().score(info.id)
    return Model(
        name=f"{provider}/{info.id}",
        provider=provider,
        id=info.id,
        display_name=info.name or info.id,
        context_window=info.context_window,
        capabilities=able,
        input_modalities=families.reads(able),
        output_modalities=families.writes(able),
        prices=prices,
        price_version=price_version,
        deprecated=bool(info.deprecated),
        quality=quality,
        quality_source=listed_by,
    )


def _prices(info: source.ModelInfo, now: datetime) -> Iterator[TokenPrice]:
    """Prices of the day by class; of several possible ones the dearest, at every tier."""
    possible = _possible(info, now)
    for name, token_class in _CLASSES.items():
        offers = [offer for price in possible if (offer := getattr(price, name)) is not None]
        if not offers and name == "cache_write_1h_mtok" and "claude" in info.id:
            # Where Claude is resold the package leaves it out: Anthropic's price list has twice the base input price.
            offers = [_times(2, price.input_mtok) for price in possible if price.cache_write_mtok and price.input_mtok]
        starts = sorted({start for offer in offers for start in _starts(offer)})
        for start in starts:
            dearest = max(_at(offer, start) for offer in offers)
            yield TokenPrice(token_class=token_class, nano_usd_per_million=_nano(dearest), from_input_tokens=start)


def _possible(info: source.ModelInfo, now: datetime) -> list[source.ModelPrice]:
    if isinstance(info.prices, source.ModelPrice):
        return [info.prices]
    hourly = [each.prices for each in info.prices if isinstance(each.constraint, source.TimeOfDateConstraint)]
    dated = [
        each.prices
        for each in info.prices
        if each.constraint is None
        or (isinstance(each.constraint, source.StartDateConstraint) and each.constraint.active(now))
    ]
    return hourly + (dated[-1:] or [info.prices[0].prices])


Offer = Decimal | source.TieredPrices


def _times(factor: int, offer: Offer) -> Offer:
    if not isinstance(offer, source.TieredPrices):
        return factor * offer
    tiers = [source.Tier(start=tier.start, price=factor * tier.price) for tier in offer.tiers]
    return source.TieredPrices(base=factor * offer.base, tiers=tiers)


def _starts(offer: Offer) -> list[int]:
    """From how many input tokens on each price holds. The package's tiers begin above their start."""
    return [0, *(tier.start + 1 for tier in offer.tiers)] if isinstance(offer, source.TieredPrices) else [0]


def _at(offer: Offer, input_tokens: int) -> Decimal:
    if not isinstance(offer, source.TieredPrices):
        return offer
    reached = [tier.price for tier in offer.tiers if input_tokens > tier.start]
    return reached[-1] if reached else offer.base


def _nano(usd_per_million: Decimal) -> int:
    """Exact wherever the price has at most nine decimals; rounded up beyond."""
    return int((usd_per_million * NANO).to_integral_value(ROUND_CEILING))
