"""What a choice is made by: the terms of a score, and the order that they make."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from operator import mul
from typing import NamedTuple

import numpy as np
from trunkline.v1.route_pb2 import RoutingObjective

from trunkline_server.domain.pricing import expected_cost
from trunkline_server.domain.routes.candidates import Floats, Ints
from trunkline_server.domain.routes.pool import Pool
from trunkline_server.domain.sizes import Size

COST = RoutingObjective.ROUTING_OBJECTIVE_COST
LATENCY = RoutingObjective.ROUTING_OBJECTIVE_LATENCY
QUALITY = RoutingObjective.ROUTING_OBJECTIVE_QUALITY
BALANCED = RoutingObjective.ROUTING_OBJECTIVE_BALANCED
# In the order in which they were declared.
DECLARED = RoutingObjective.ROUTING_OBJECTIVE_PRIORITY

# Cost and time are judged by their orders of magnitude: what is so many of them above the best scores 0.
# A factor means the same whatever else there is to choose from, so that another candidate never turns two others round.
_DECADES = 4.0
# Below these, in nano-USD and seconds, nobody tells a difference.
_CENT, _BLINK = 1_000.0, 0.01
_MILLION = 1e6


class Weights(NamedTuple):
    """How much each term counts; they add up to 1."""

    cost: float
    latency: float
    quality: float

    @classmethod
    def of(cls, cost: float, latency: float, quality: float) -> Weights:
        """Weights in these proportions."""
        whole = cost + latency + quality
        return cls(cost / whole, latency / whole, quality / whole)


_ALONE = {COST: Weights(1, 0, 0), LATENCY: Weights(0, 1, 0), QUALITY: Weights(0, 0, 1), DECLARED: Weights(1, 0, 0)}


@dataclass(frozen=True, slots=True)
class Aim:
    """An objective; BALANCED has weights."""

    objective: RoutingObjective.ValueType = COST
    weights: Weights = _ALONE[COST]

    @classmethod
    def at(cls, objective: RoutingObjective.ValueType, balance: Weights) -> Aim:
        """The aim of an objective; `balance` holds where it is BALANCED."""
        return cls(objective, _ALONE.get(objective, balance))


# The least cost.
BY_COST = Aim()


@dataclass(slots=True)
class Standard:
    """What candidates are measured against: the least cost (nano-USD) and time (seconds) among them."""

    aim: Aim
    cheapest: float
    quickest: float = 0.0

    def terms(self, cost: float, seconds: float, quality: float) -> tuple[float, float, float]:
        """The terms of one candidate by themselves, from 0 to 1: cost, latency, quality; 0 where they do not count."""
        weights = self.aim.weights
        return (
            _near(cost, self.cheapest, _CENT) if weights.cost else 0.0,
            _near(seconds, self.quickest, _BLINK) if weights.latency else 0.0,
            quality if weights.quality else 0.0,
        )

    def score(self, terms: tuple[float, float, float]) -> float:
        """The terms by their weights, from 0 to 1."""
        return float(sum(map(mul, self.aim.weights, terms)))

    def scores(self, cost: Floats, seconds: Floats, quality: Floats) -> Floats:
        """The terms of many, by their weights."""
        weights = self.aim.weights
        found: Floats = weights.quality * quality
        for weight, value, best, floor in (
            (weights.cost, cost, self.cheapest, _CENT),
            (weights.latency, seconds, self.quickest, _BLINK),
        ):
            if weight:
                near = (_most(best, floor) - np.log10(np.maximum(value, floor))) * (weight / _DECADES)
                found = found + np.maximum(near, 0.0)
        return found


def _near(value: float, best: float, floor: float) -> float:
    return 1.0 if value == best else max(0.0, (_most(best, floor) - math.log10(max(value, floor))) / _DECADES)


def _most(best: float, floor: float) -> float:
    """The logarithm of what scores 0: so many decades above the best."""
    return math.log10(max(best, floor)) + _DECADES


class Ranking(NamedTuple):
    """Places of a pool, the best first, with their cost (nano-USD, infinite where unknown) and the seconds that are
    hoped for; those are none where they do not matter."""

    places: Ints
    cost: Floats
    seconds: Floats | None
    standard: Standard


def costs(pool: Pool, size: Size, output_tokens: int) -> Floats:
    """Nano-USD that a call is likely to cost with each candidate; infinite where the price is unknown."""
    columns = pool.columns
    found: Floats = columns.price_in * (size.likely / _MILLION) + columns.price_out * (output_tokens / _MILLION)
    if not pool.all_priced:
        found[columns.unpriced] = np.inf
    if pool.any_stepped:
        for at in np.flatnonzero(columns.stepped):
            found[at] = expected_cost(pool.candidates[int(at)].prices, size, output_tokens)
    return found


def ranked(aim: Aim, pool: Pool, cost: Floats, seconds: Callable[[Ints], Floats], within: Ints, most: int) -> Ranking:
    """The first `most` of the candidates at `within`. `seconds` tells the time of some of them.

    At the same score the cheaper comes first, then the one behind a gateway, the quicker, the one declared first.
    """
    columns = pool.columns
    everything = within is pool.everywhere
    cost = cost if everything else cost[within]
    cheapest = float(cost.min())
    standard = Standard(aim, 0.0 if math.isinf(cheapest) else cheapest)
    time: Floats | None = None
    if aim.objective == DECLARED:
        order = np.lexsort((within, columns.direct[within]))[:most]
        return Ranking(within[order], cost[order], None, standard)
    if aim.objective == COST:
        key = cost
    elif aim.objective == QUALITY:
        key = -(columns.quality_or_zero if everything else columns.quality_or_zero[within])
    else:
        time = seconds(within)
        standard.quickest = float(time.min())
        key = time if aim.objective == LATENCY else -standard.scores(cost, time, columns.quality_or_zero[within])
    order = _first(key, most)
    best = key[order[: most + 1]]
    if (best[1:] == best[:-1]).any():
        at = within[order]
        found = seconds(at) if time is None else time[order]
        order = order[np.lexsort((at, found, columns.direct[at], cost[order], key[order]))]
    order = order[:most]
    return Ranking(within[order], cost[order], None if time is None else time[order], standard)


def _first(key: Floats, most: int) -> Ints:
    """The places of the least keys in their order: at least `most` of them, with all that equal the last."""
    if len(key) <= 8 * most:
        return key.argsort(kind="stable")
    near = np.flatnonzero(key <= np.partition(key, most)[most])
    return near[key[near].argsort(kind="stable")]
