"""The rules that depend on the call and the moment: what fits, what is honoured, what answers now.

Like the rules of routes.rules, each says in words what is wrong with one candidate, and marks in columns which pass.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from trunkline_server.domain.breaker import Breaker
from trunkline_server.domain.needs import Need
from trunkline_server.domain.opening import BreakerKey
from trunkline_server.domain.routes.candidates import Candidate, Flags
from trunkline_server.domain.routes.live import Live
from trunkline_server.domain.routes.plan import kept_away
from trunkline_server.domain.routes.pool import Pool


@dataclass(slots=True)
class Moment:
    """What is known now: how fast deployments answer, and the breakers that are not closed."""

    live: Live
    away: Mapping[BreakerKey, Breaker]


@dataclass(frozen=True, slots=True)
class CallRule:
    """See the module. `passes` is None where all do."""

    name: str
    finding: Callable[[Candidate, Need, Moment], str | None]
    passes: Callable[[Pool, Need, Moment], Flags | None]


def _max_latency(one: Candidate, need: Need, moment: Moment) -> str | None:
    if need.max_latency is None:
        return None
    # Without a measurement there is no evidence against the candidate.
    seconds = moment.live.one(one.breaker.row, need.usual_tokens)
    if seconds is None or seconds <= need.max_latency:
        return None
    return f"answers in {seconds:.3f} s of late, more than {need.max_latency:.3f} s"


def _max_latency_mask(pool: Pool, need: Need, moment: Moment) -> Flags | None:
    if need.max_latency is None:
        return None
    return ~moment.live.slower(pool.columns.row, need.usual_tokens, need.max_latency)


def _context_window(one: Candidate, need: Need, _: Moment) -> str | None:
    if not one.facts.HasField("context_window") or need.bound <= one.facts.context_window:
        return None
    window, reads = one.facts.context_window, need.tokens()
    return f"reads {window} tokens, the request needs {reads} or more" if reads > window else None


def _context_mask(pool: Pool, need: Need, _: Moment) -> Flags | None:
    if need.bound <= pool.least_window:
        return None
    return ~(pool.columns.window < need.tokens())


def _price_unknown(one: Candidate, need: Need, _: Moment) -> str | None:
    return "its price is unknown and a hard budget applies" if need.hard_budget and one.prices is None else None


def _price_mask(pool: Pool, need: Need, _: Moment) -> Flags | None:
    return ~pool.columns.unpriced if need.hard_budget and not pool.all_priced else None


def _parameter(one: Candidate, need: Need, _: Moment) -> str | None:
    found = need.unsupported(one.target)
    return "; ".join(f"{path}: {why}" for path, why in found) or None


def _parameter_mask(pool: Pool, need: Need, _: Moment) -> Flags | None:
    if need.by_model:
        return np.array([not need.unsupported(one.target) for one in pool.candidates], np.bool_)
    found: Flags | None = None
    for code, one in pool.wires:
        if need.unsupported(one.target):
            speaks = pool.columns.wire == code
            found = ~speaks if found is None else found & ~speaks
    return found


def _breaker_open(one: Candidate, _: Need, __: Moment) -> str | None:
    opening = one.breaker.opening
    return None if opening is None or opening.busy else kept_away(one.breaker)


def _rate_limited(one: Candidate, _: Need, __: Moment) -> str | None:
    opening = one.breaker.opening
    return kept_away(one.breaker) if opening is not None and opening.busy else None


def _away_mask(busy: bool) -> Callable[[Pool, Need, Moment], Flags | None]:
    def passes(pool: Pool, _: Need, moment: Moment) -> Flags | None:
        found: Flags | None = None
        for key, breaker in moment.away.items():
            opening = breaker.opening
            if opening is None or opening.busy is not busy or breaker.allows():
                continue
            at = pool.at(key)
            if at is not None:
                found = np.ones(len(pool), np.bool_) if found is None else found
                found[at] = False
        return found

    return passes


CALL_RULES: Sequence[CallRule] = (
    CallRule("context_window", _context_window, _context_mask),
    CallRule("price_unknown", _price_unknown, _price_mask),
    CallRule("parameter", _parameter, _parameter_mask),
    CallRule("max_latency", _max_latency, _max_latency_mask),
    CallRule("breaker_open", _breaker_open, _away_mask(busy=False)),
    CallRule("rate_limited", _rate_limited, _away_mask(busy=True)),
)
