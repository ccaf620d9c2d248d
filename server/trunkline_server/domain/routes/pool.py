"""The candidates of some names that meet some constraints: worked out once, and asked by every call that wants them."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Hashable, Mapping, Sequence
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from trunkline_server.domain.opening import BreakerKey
from trunkline_server.domain.routes.candidates import Candidate, Flags, Ints, RouteTable
from trunkline_server.domain.routes.rules import RULES, Constraints

# What a table keeps of pools, in places of some 150 bytes; a pool itself weighs as much as some of them.
_MOST_PLACES, _POOL_WEIGHS = 200_000, 30

# In `reasons`: the candidate has none of the names, or may serve.
NOT_ASKED, PASSES = 127, 126
# Models, aliases resolved; None is every candidate.
Names = tuple[str, ...] | None


class Pool:
    """`places` are those of the candidates in their table, in its order. `looked_at` counts candidates with the names,
    `rejected` those that each rule keeps out, by name. What is worked out of it is kept."""

    def __init__(self, table: RouteTable, names: Names, constraints: Sequence[Constraints]) -> None:
        self.table = table
        whole = table.columns
        left: Flags = np.zeros(len(table.candidates), np.bool_)
        left[slice(None) if names is None else table.find(names)] = True
        self.looked_at = int(left.sum())
        self.rejected: dict[str, int] = {}
        # For each candidate of the table the number of the rule that keeps it out, or one of those above.
        self.reasons: NDArray[np.int8] = np.where(left, PASSES, NOT_ASKED).astype(np.int8)
        for wanted in constraints:
            for number, rule in enumerate(RULES):
                passes = rule.passes(table, whole, wanted)
                if passes is None:
                    continue
                out = left & ~passes
                if count := int(out.sum()):
                    self.rejected[rule.name] = self.rejected.get(rule.name, 0) + count
                    self.reasons[out] = number
                    left &= passes
        self.places: Ints = np.flatnonzero(left).astype(np.int64)
        self.columns = whole.take(self.places)

    def __len__(self) -> int:
        return len(self.places)

    @cached_property
    def everywhere(self) -> Ints:
        """The places of all in the pool."""
        return np.arange(len(self), dtype=np.int64)

    @cached_property
    def candidates(self) -> Sequence[Candidate]:
        """All in the pool."""
        return [self.table.candidates[place] for place in self.places.tolist()]

    @cached_property
    def all_priced(self) -> bool:
        """Whether the price of each is known."""
        return not bool(self.columns.unpriced.any())

    @cached_property
    def any_stepped(self) -> bool:
        """Whether the price of any rises with the input."""
        return bool(self.columns.stepped.any())

    @cached_property
    def least_window(self) -> float:
        """The smallest context window; infinite where none is known."""
        known = self.columns.window[~np.isnan(self.columns.window)]
        return float(known.min()) if len(known) else np.inf

    @cached_property
    def wires(self) -> Sequence[tuple[int, Candidate]]:
        """Each kind of wire by its code, with a candidate that speaks it."""
        codes, firsts = np.unique(self.columns.wire, return_index=True)
        return [(int(code), self.candidates[int(first)]) for code, first in zip(codes, firsts, strict=True)]

    @cached_property
    def providers(self) -> Mapping[str, int]:
        """The codes of the providers."""
        every = self.table.providers.values
        return {str(every[code]): int(code) for code in np.unique(self.columns.provider)}

    @cached_property
    def repeated(self) -> bool:
        """Whether any model is deployed more than once."""
        return len(np.unique(self.columns.name)) < len(self)

    def at(self, key: BreakerKey) -> int | None:
        """The place in the pool of the candidate behind a breaker; None where it is not in it."""
        place = self.table.place_of.get(key)
        if place is None:
            return None
        at = int(np.searchsorted(self.places, place))
        return at if at < len(self) and self.places[at] == place else None


class Pools:
    """The pools of a table that were asked for of late."""

    def __init__(self, table: RouteTable) -> None:
        self._table = table
        self._pools: OrderedDict[Hashable, Pool] = OrderedDict()
        self._places = 0

    def get(self, names: Names, constraints: tuple[Constraints, ...]) -> Pool:
        """The candidates of the names that meet all of the constraints."""
        key = names, constraints
        found = self._pools.get(key)
        if found is None:
            found = self._pools[key] = Pool(self._table, names, constraints)
            self._places += len(found) + _POOL_WEIGHS
            while self._places > _MOST_PLACES and len(self._pools) > 1:
                _, oldest = self._pools.popitem(last=False)
                self._places -= len(oldest) + _POOL_WEIGHS
        else:
            self._pools.move_to_end(key)
        return found
