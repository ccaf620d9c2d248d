"""From a course to a plan: who may serve the call, and who is tried first. Nothing is called and nothing claimed."""

from __future__ import annotations

import math
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from trunkline_server.domain.concurrency import Lanes
from trunkline_server.domain.needs import Need
from trunkline_server.domain.pricing import expected_cost
from trunkline_server.domain.routes.aim import DECLARED, Ranking, Standard, costs, ranked
from trunkline_server.domain.routes.calls import CALL_RULES, Moment
from trunkline_server.domain.routes.candidates import Candidate, Flags, Floats, Ints, RouteTable
from trunkline_server.domain.routes.courses import Course, Leg
from trunkline_server.domain.routes.plan import Choice, Plan, Rejection
from trunkline_server.domain.routes.pool import NOT_ASKED, PASSES, Pool, Pools
from trunkline_server.domain.routes.rules import RULES, Constraints
from trunkline_server.domain.routes.spread import Shares, two_choices, warm

# The names of all rules, by number.
NAMES = (*(rule.name for rule in RULES), *(rule.name for rule in CALL_RULES))
# So many candidates are kept for attempts: more than most calls may make.
MOST_CHOICES = 8
# So many of them are told of in an answer that was not asked to explain itself.
SHOWN = 3
# And in one that was.
MOST_SHOWN = 1000


@dataclass(slots=True)
class Ground:
    """What a plan is made on: the tenant's candidates, and what is known of them now."""

    table: RouteTable
    pools: Pools
    moment: Moment
    lanes: Lanes
    shares: Shares


class Planner:
    """Makes one plan. `beginning`: what calls that share a prompt cache have in common; empty where there is none.
    `explain`: every candidate is told of."""

    def __init__(
        self,
        ground: Ground,
        course: Course,
        need: Need,
        policies: tuple[Constraints, ...] = (),
        seed: int = 0,
        beginning: bytes = b"",
        explain: bool = False,
    ) -> None:
        self._ground = ground
        self._course = course
        self._need = need
        self._constraints = (need.constraints, *policies)
        self._seed = seed
        self._beginning = beginning
        # How many choices are made, and of how many it is told how fast they are.
        self._most, self._told = (MOST_SHOWN, MOST_SHOWN) if explain else (MOST_CHOICES, SHOWN)
        self._now = time.monotonic()
        self._legs: list[tuple[Leg, Pool, Ints]] = []
        # (pool, places of the table, number of the rule) of those that the rules of the call keep out.
        self._out: list[tuple[Pool, Ints, int]] = []

    def plan(self) -> Plan:
        """The plan."""
        choices: list[Choice] = []
        for leg in self._course.legs:
            pool = self._ground.pools.get(leg.names, (*self._constraints, *leg.constraints))
            within = self._eligible(pool)
            self._legs.append((leg, pool, within))
            if len(choices) < self._most and len(within):
                found = self._ranked(leg, pool, within)
                if choices:
                    taken = {id(one.candidate) for one in choices}
                    new = [one for one in found if id(one.candidate) not in taken]
                    choices += new[: self._most - len(choices)]
                else:
                    choices = self._spread(found, pool, leg)
        live, tokens = self._ground.moment.live, self._need.usual_tokens
        for one in choices[: self._told]:
            one.seconds = live.one(one.candidate.breaker.row, tokens)
        considered, eligible, rejected = self._tally()
        return Plan(self._course, choices, self._need, self._seed, considered, eligible, rejected, self._reject)

    def _eligible(self, pool: Pool) -> Ints:
        """The places in the pool of those that the rules of the call let pass."""
        left: Flags | None = None
        for number, rule in enumerate(CALL_RULES, len(RULES)):
            passes = rule.passes(pool, self._need, self._ground.moment)
            if passes is None:
                continue
            out = ~passes if left is None else left & ~passes
            if out.any():
                self._out.append((pool, pool.places[out], number))
                left = passes if left is None else left & passes
        return pool.everywhere if left is None else np.flatnonzero(left).astype(np.int64)

    def _ranked(self, leg: Leg, pool: Pool, within: Ints) -> list[Choice]:
        """The choices of a leg, the best first; those of providers that serve too much come last."""
        need, live = self._need, self._ground.moment.live
        if len(within) == 1:
            # One that has nobody beside it is measured by itself: most calls name their model.
            one = pool.candidates[0 if within is pool.everywhere else int(within[0])]
            paid = math.inf if one.prices is None else float(expected_cost(one.prices, need.size, need.usual_tokens))
            return [Choice(one, need, paid, Standard(leg.aim, paid))]
        cost = costs(pool, need.size, need.usual_tokens)

        def seconds(places: Ints) -> Floats:
            rows = pool.columns.row if places is pool.everywhere else pool.columns.row[places]
            return live.hoped(rows, need.usual_tokens, self._now)

        def best(places: Ints) -> list[Choice]:
            return self._choices(pool, ranked(leg.aim, pool, cost, seconds, places, self._most))

        full = self._full(pool)
        over = np.isin(pool.columns.provider[within], full) if full else None
        if over is None or over.all() or not over.any():
            return best(within)
        others, last = best(within[~over]), best(within[over])
        for late in last:
            late.moved_by = "provider_share"
        return [*others, *last]

    def _full(self, pool: Pool) -> Sequence[int]:
        names = self._ground.shares.full(self._course.share)
        return [pool.providers[name] for name in names if name in pool.providers] if names else ()

    def _choices(self, pool: Pool, found: Ranking) -> list[Choice]:
        need, standard, every = self._need, found.standard, pool.candidates
        places, cost = found.places.tolist(), found.cost.tolist()
        if found.seconds is None:
            return [Choice(every[at], need, paid, standard) for at, paid in zip(places, cost, strict=True)]
        rows = zip(places, cost, found.seconds.tolist(), strict=True)
        return [Choice(every[at], need, paid, standard, hoped) for at, paid, hoped in rows]

    # ── Among equals ────────────────────────────────────────────────────────────────────────────────────────────

    def _spread(self, choices: list[Choice], pool: Pool, leg: Leg) -> list[Choice]:
        """The choices with the one in front that of the first one's equals should be called."""
        if not pool.repeated or len(choices) < 2 or leg.aim.objective == DECLARED:
            return choices
        first = choices[0]
        equals = [one for one in choices if _equal(one, first)]
        if len(equals) < 2:
            return choices
        candidates = [one.candidate for one in equals]
        at, why = None, "affinity"
        if self._beginning and self._course.affinity:
            at = warm(candidates, self._beginning, self._load)
        if at is None:
            at, why = two_choices(candidates, self._seed, self._load), "two_choices"
        if at:
            equals[at].moved_by = why
        return [equals[at], *(one for one in choices if one is not equals[at])]

    def _load(self, one: Candidate) -> float:
        """How long a call would be there, with those that are: peak EWMA times the calls in flight."""
        lane = self._ground.lanes.find(one.target.endpoint, one.target.model)
        seconds = self._ground.moment.live.one(one.breaker.row, self._need.usual_tokens)
        return (seconds or 1.0) * ((lane.in_flight if lane is not None else 0) + 1)

    # ── Those that cannot ───────────────────────────────────────────────────────────────────────────────────────

    def _tally(self) -> tuple[int, int, Mapping[str, int]]:
        """How many candidates were looked at, how many may serve, and how many each rule keeps out."""
        if len(self._legs) == 1:
            _, pool, within = self._legs[0]
            found = dict(pool.rejected)
            for _, places, number in self._out:
                found[NAMES[number]] = found.get(NAMES[number], 0) + len(places)
            return pool.looked_at, len(within), found
        whole: NDArray[np.int8] = np.full(len(self._ground.table.candidates), NOT_ASKED, np.int8)
        for _, pool, _ in self._legs:
            reasons = pool.reasons.copy()
            for other, places, number in self._out:
                if other is pool:
                    reasons[places] = number
            # What one leg may use is not rejected; else the first leg's reason stands.
            whole = np.where((whole == NOT_ASKED) | (reasons == PASSES), reasons, whole).astype(np.int8)
        counts = np.bincount(whole, minlength=NOT_ASKED + 1).tolist()
        rejected: Counter[str] = Counter()
        for number, name in enumerate(NAMES):
            if counts[number]:
                rejected[name] += counts[number]
        return len(whole) - counts[NOT_ASKED], counts[PASSES], rejected

    def _reject(self, most: int) -> Sequence[Rejection]:
        """The candidates that no leg can use, at most so many, each with the first rule that stands in its way."""
        eligible = {int(place) for _, pool, within in self._legs for place in pool.places[within]}
        found: dict[int, Rejection] = {}
        table = self._ground.table
        for leg, _, _ in self._legs:
            every = range(len(table.candidates)) if leg.names is None else table.find(leg.names).tolist()
            for place in every:
                if len(found) >= most:
                    return list(found.values())
                if place not in eligible and place not in found:
                    found[place] = self._rejection(table.candidates[place], leg)
        return list(found.values())

    def _rejection(self, one: Candidate, leg: Leg) -> Rejection:
        for wanted in (*self._constraints, *leg.constraints):
            for rule in RULES:
                if (detail := rule.finding(one, wanted)) is not None:
                    return Rejection(one, rule.name, f"{detail} (policy {wanted.origin})" if wanted.origin else detail)
        for call_rule in CALL_RULES:
            if (detail := call_rule.finding(one, self._need, self._ground.moment)) is not None:
                return Rejection(one, call_rule.name, detail)
        # It was rejected a moment ago, and would pass now: a breaker lets calls through again.
        return Rejection(one, "breaker_open", "kept calls away a moment ago")


def _equal(one: Choice, other: Choice) -> bool:
    mine, others = one.candidate, other.candidate
    return (
        mine.name == others.name
        and one.cost == other.cost
        and mine.through_gateway == others.through_gateway
        and one.moved_by == other.moved_by
    )
