"""Every model that a tenant can call, one by one and in columns.

A table is made once for each change of the tenant and asked many times. What is asked of all candidates at once is kept
in columns (numpy arrays with one place for each candidate): thousands of them are looked through in microseconds.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray
from trunkline.v1.integration_health_pb2 import IntegrationStatus
from trunkline.v1.model_pb2 import Model

from trunkline_server.domain.breaker import Breaker
from trunkline_server.domain.opening import BreakerKey
from trunkline_server.domain.ports import Target
from trunkline_server.domain.pricing import PriceList
from trunkline_server.domain.vocabulary import CAPABILITIES, bits

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Flags = NDArray[np.bool_]

_DISABLED = IntegrationStatus.INTEGRATION_STATUS_DISABLED


@dataclass(frozen=True, slots=True)
class Candidate:
    """One model of one integration, with all that routing needs to know of it. `quality` is from 0 to 1; `retention` is
    how long the provider keeps what it is sent, in seconds; None is unknown."""

    target: Target
    facts: Model
    prices: PriceList | None
    capabilities: frozenset[str]
    region: str
    status: int
    breaker: Breaker
    quality: float | None = None
    quality_source: str = ""
    retention: float | None = None

    @property
    def name(self) -> str:
        """`<provider>/<model>`."""
        return f"{self.target.provider}/{self.target.model}"

    @property
    def names(self) -> tuple[str, ...]:
        """All that it goes by, the patterns of its provider and its integration too."""
        target = self.target
        provider, integration, model = target.provider, target.integration_id, target.model
        return (f"{provider}/{model}", model, f"{integration}/{model}", f"{provider}/*", f"{integration}/*")

    @property
    def through_gateway(self) -> bool:
        """Whether another gateway stands between; it is preferred to the direct way at the same cost."""
        return self.target.profile != self.target.provider

    @property
    def disabled(self) -> bool:
        """Whether its integration is switched off."""
        return self.status == _DISABLED


@dataclass(frozen=True, slots=True)
class Columns:
    """Facts of candidates, each with one place for each of them; NaN is unknown. `price_in` and `price_out` are
    nano-USD per million tokens before any step of the price, `dearest` that of any class and step. Codes number what is
    equal."""

    enabled: Flags
    capabilities: Ints
    reads: Ints
    writes: Ints
    region: Ints
    retention: Floats
    window: Floats
    quality: Floats
    quality_or_zero: Floats
    unpriced: Flags
    price_in: Floats
    price_out: Floats
    dearest: Floats
    stepped: Flags
    direct: Flags
    name: Ints
    provider: Ints
    wire: Ints
    row: Ints

    def take(self, places: Ints) -> Columns:
        """The columns of some of the candidates."""
        return Columns(*(getattr(self, name)[places] for name in self.__slots__))


class Codes:
    """Numbers for values, in the order in which they come."""

    def __init__(self, values: Iterable[object]) -> None:
        self._numbers: dict[object, int] = {}
        self.column: Ints = np.array([self._numbers.setdefault(one, len(self._numbers)) for one in values], np.int64)

    @property
    def values(self) -> list[object]:
        """What the numbers stand for."""
        return list(self._numbers)


class RouteTable:
    """Every candidate of one tenant, by name and in columns. Names are `<provider>/<model>`, `<model>` and
    `<integration>/<model>`; `places` knows `<provider>/*` and `<integration>/*` too, for all models of one."""

    def __init__(self, candidates: Sequence[Candidate]) -> None:
        self.candidates = candidates
        self.by_name: Mapping[str, Sequence[Candidate]] = {
            name: [candidates[place] for place in places]
            for name, places in self.places.items()
            if not name.endswith("/*")
        }

    @cached_property
    def places(self) -> Mapping[str, Sequence[int]]:
        """The places of the candidates of each name."""
        index: dict[str, list[int]] = {}
        for place, one in enumerate(self.candidates):
            for name in set(one.names):
                index.setdefault(name, []).append(place)
        return index

    @cached_property
    def place_of(self) -> Mapping[BreakerKey, int]:
        """The place of the candidate behind each breaker."""
        return {one.breaker.key: place for place, one in enumerate(self.candidates)}

    @cached_property
    def names(self) -> Codes:
        """The names of the candidates: deployments of one model have one name."""
        return Codes(one.name for one in self.candidates)

    @cached_property
    def regions(self) -> Codes:
        """Their regions."""
        return Codes(one.region for one in self.candidates)

    @cached_property
    def providers(self) -> Codes:
        """Their providers."""
        return Codes(one.target.provider for one in self.candidates)

    @cached_property
    def wires(self) -> Codes:
        """(profile, provider): what decides which options of a request are honoured."""
        return Codes((one.target.profile, one.target.provider) for one in self.candidates)

    @cached_property
    def columns(self) -> Columns:
        """All candidates in columns."""
        every = self.candidates
        lists = [one.prices for one in every]
        return Columns(
            enabled=np.array([not one.disabled for one in every], np.bool_),
            capabilities=np.array([bits(one.capabilities, CAPABILITIES) for one in every], np.int64),
            reads=np.array([sum(1 << kind for kind in set(one.facts.input_modalities)) for one in every], np.int64),
            writes=np.array([sum(1 << kind for kind in set(one.facts.output_modalities)) for one in every], np.int64),
            region=self.regions.column,
            retention=_floats(one.retention for one in every),
            window=_floats(one.facts.context_window if one.facts.HasField("context_window") else None for one in every),
            quality=_floats(one.quality for one in every),
            quality_or_zero=_floats(one.quality or 0.0 for one in every),
            unpriced=np.array([prices is None for prices in lists], np.bool_),
            price_in=_floats(0 if prices is None else prices.base_input for prices in lists),
            price_out=_floats(0 if prices is None else prices.base_output for prices in lists),
            dearest=_floats(
                None if prices is None else max(prices.dearest_input, prices.dearest_output) for prices in lists
            ),
            stepped=np.array([prices is not None and prices.stepped for prices in lists], np.bool_),
            direct=np.array([not one.through_gateway for one in every], np.bool_),
            name=self.names.column,
            provider=self.providers.column,
            wire=self.wires.column,
            row=np.array([one.breaker.row for one in every], np.int64),
        )

    def find(self, names: Sequence[str]) -> Ints:
        """The places of the candidates of any of the names, in the order of the table."""
        found = {place for name in names for place in self.places.get(name, ())}
        return np.array(sorted(found), np.int64)


def _floats(values: Iterable[float | None]) -> Floats:
    return np.array([np.nan if value is None else float(value) for value in values], np.float64)
