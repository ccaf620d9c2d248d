"""What a choice is made by: the terms of a score, and the order that they make."""

from __future__ import annotations

import math
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

# Cost and time are judged by their orders of magnitude: what is so many of them above the best scores 0.
# A factor means the same whatever else there is to choose from, so that another candidate never turns two others round.
_DECADES = 4.0
# Below these, in nano-USD and seconds, nobody tells a difference.
_CENT, _BLINK = 1_000.0, 0.01
_MILLION = 1e6
_Terms = tuple[Floats, Floats, Floats]


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


class Ranking(NamedTuple):
    """Places of a pool, the best first, with their cost (nano-USD, infinite where unknown), the seconds that are hoped
    for, the terms by themselves and the score that they make, from 0 to 1."""

    places: Ints
    cost: Floats
    seconds: Floats
    terms: tuple[Floats, Floats, Floats]
    score: Floats


def _terms(cost: Floats, cheapest: float, seconds: Floats, quickest: float, quality: Floats) -> _Terms:
    return _near(cost, cheapest, _CENT), _near(seconds, quickest, _BLINK), quality


def _near(value: Floats, best: float, floor: float) -> Floats:
    """1 for what is as good as the best, 0 for what is 10^_DECADES times as much."""
    most = math.log10(max(best, floor)) + _DECADES
    found: Floats = np.maximum((most - np.log10(np.maximum(value, floor))) / _DECADES, 0.0)
    return found


def _score(aim: Aim, terms: _Terms) -> Floats:
    weights = aim.weights
    found: Floats = weights.cost * terms[0] + weights.latency * terms[1] + weights.quality * terms[2]
    return found


def costs(pool: Pool, size: Size, output_tokens: int) -> Floats:
    """Nano-USD that a call is likely to cost with each candidate; infinite where the price is unknown."""
    columns = pool.columns
    found: Floats = columns.price_in * (size.likely / _MILLION) + columns.price_out * (output_tokens / _MILLION)
    if not pool.all_priced:
        found[columns.unpriced] = np.inf
    if pool.any_stepped:
        for at in np.flatnonzero(columns.stepped):
            found[at] = expected_cost(pool.candidate(int(at)).prices, size, output_tokens)
    return found


def ranked(aim: Aim, pool: Pool, cost: Floats, seconds: Callable[[Ints], Floats], within: Ints, most: int) -> Ranking:
    """The first `most` of the candidates at `within`. `seconds` tells the time of some of them.

    At the same score the cheaper comes first, then the one behind a gateway, the quicker, the one declared first.
    """
    columns = pool.columns
    everything = within is pool.everywhere
    cost = cost if everything else cost[within]
    quality = columns.quality_or_zero if everything else columns.quality_or_zero[within]
    direct = columns.direct if everything else columns.direct[within]
    cheapest = float(cost.min())
    cheapest = 0.0 if math.isinf(cheapest) else cheapest
    time, terms, score = None, None, None
    if aim.objective == DECLARED:
        near = np.lexsort((within, direct))[:most]
    elif aim.objective in (COST, QUALITY):
        near = _nearest(cost if aim.objective == COST else -quality, most)
    else:
        time = seconds(within)
        terms = _terms(cost, cheapest, time, float(time.min()), quality)
        score = _score(aim, terms)
        near = _nearest(time if aim.objective == LATENCY else -score, most)
    at, paid, good = within[near], cost[near], quality[near]
    if time is None or terms is None or score is None:
        time = seconds(at)
        terms = _terms(paid, cheapest, time, float(time.min()), good)
        score = _score(aim, terms)
    else:
        time, score = time[near], score[near]
        terms = terms[0][near], terms[1][near], good
    if aim.objective == DECLARED:
        return Ranking(at, paid, time, terms, score)
    key = paid if aim.objective == COST else time if aim.objective == LATENCY else -score
    order = np.lexsort((at, time, direct[near], paid, key))[:most]
    first, second, third = terms
    return Ranking(at[order], paid[order], time[order], (first[order], second[order], third[order]), score[order])


def _nearest(key: Floats, most: int) -> Ints:
    """The places of the least keys, at least `most` of them, with all that equal the last."""
    if len(key) <= 4 * most:
        return np.arange(len(key), dtype=np.int64)
    limit = np.partition(key, most)[most]
    return np.flatnonzero(key <= limit).astype(np.int64)
