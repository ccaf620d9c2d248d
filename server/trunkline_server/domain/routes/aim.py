"""What a choice is made by: the terms of a score, and the order that they make."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
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

# Cost and time are judged by their orders of magnitude: what is so many times dearer or slower than the best scores 0.
# A factor means the same whatever else there is to choose from, so that another candidate never turns two others round.
_WORST = 10_000.0
# Below these, in nano-USD and seconds, nobody tells a difference.
_CENT, _BLINK = 1_000.0, 0.01
_PER_MILLION = 1e6


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


@dataclass(frozen=True, slots=True)
class Standard:
    """What the candidates of a leg are measured against: the best cost (nano-USD) and time (seconds) among them."""

    aim: Aim
    cost: float
    seconds: float

    def terms(self, cost: Floats, seconds: Floats, quality: Floats) -> tuple[Floats, Floats, Floats]:
        """Each term by itself, from 0 to 1."""
        return _near(cost, self.cost, _CENT), _near(seconds, self.seconds, _BLINK), np.nan_to_num(quality)

    def score(self, terms: tuple[Floats, Floats, Floats]) -> Floats:
        """The terms by their weights."""
        weights = self.aim.weights
        found: Floats = weights.cost * terms[0] + weights.latency * terms[1] + weights.quality * terms[2]
        return found


def _near(value: Floats, best: float, floor: float) -> Floats:
    factor = np.maximum(value, floor) / max(best, floor)
    found: Floats = np.clip(1.0 - np.log10(factor) / np.log10(_WORST), 0.0, 1.0)
    return np.nan_to_num(found)


def costs(pool: Pool, size: Size, output_tokens: int) -> Floats:
    """Nano-USD that a call is likely to cost with each candidate; NaN where the price is unknown."""
    columns = pool.columns
    found: Floats = (columns.price_in * size.likely + columns.price_out * output_tokens) / _PER_MILLION
    if pool.any_stepped:
        for at in np.flatnonzero(columns.stepped):
            found[at] = expected_cost(pool.candidate(int(at)).prices, size, output_tokens)
    return found


def ranked(
    aim: Aim, pool: Pool, cost: Floats, seconds: Callable[[Ints], Floats], within: Ints, most: int
) -> tuple[Ints, Standard]:
    """The first `most` of the candidates at `within`, the best first, and what they were measured against. `seconds`
    tells the time of some of them.

    At the same score the cheaper comes first, then the one behind a gateway, the quicker, the one declared first.
    """
    direct = pool.columns.direct[within]
    cost = cost[within]
    known = cost[~np.isnan(cost)]
    cheapest = float(known.min()) if len(known) else 0.0
    if aim.objective == DECLARED:
        order = within[np.lexsort((within, direct))[:most]]
        return order, Standard(aim, cheapest, 0.0)
    paid = np.where(np.isnan(cost), np.inf, cost)
    if aim.objective in (COST, QUALITY):
        key = paid if aim.objective == COST else -np.nan_to_num(pool.columns.quality[within])
        near = _nearest(key, most)
        time = seconds(within[near])
        standard = Standard(aim, cheapest, float(time.min()))
    else:
        whole = seconds(within)
        standard = Standard(aim, cheapest, float(whole.min()))
        terms = standard.terms(cost, whole, pool.columns.quality[within])
        key = whole if aim.objective == LATENCY else -standard.score(terms)
        near = _nearest(key, most)
        time = whole[near]
    order = np.lexsort((within[near], time, direct[near], paid[near], key[near]))
    return within[near[order[:most]]], standard


def _nearest(key: Floats, most: int) -> Ints:
    """The places of the least keys, at least `most` of them, with all that equal the last."""
    if len(key) <= 4 * most:
        return np.arange(len(key), dtype=np.int64)
    limit = np.partition(key, most)[most]
    return np.flatnonzero(key <= limit).astype(np.int64)
