"""Where a choice is open among equals, and what keeps one provider from serving everything.

Deployments of one model that cost the same are equals. Of them the one is called whose prompt cache is warm for calls
that begin like this one, else the less busy of two that are drawn: enough to keep the load even, without all callers
running to the same one (M. Mitzenmacher, The Power of Two Choices in Randomized Load Balancing, 2001).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from zlib import crc32

from trunkline_server.domain.routes.candidates import Candidate

# A warm cache is not waited for: one so many times busier than the least busy is passed over.
_TOO_BUSY = 2.0
# A provider may take so many calls before its share counts, and the counts are halved when there are so many.
_FREE, _REMEMBERED = 20, 10_000
# Seconds that an answer takes, while nothing is known.
_UNKNOWN_SECONDS = 1.0

Load = Callable[[Candidate], float]


def number(seed: int, what: str) -> int:
    """A number of 32 bits drawn from a seed: the same for the same two, on every machine."""
    return crc32(f"{seed}/{what}".encode())


def warm(equals: Sequence[Candidate], beginning: bytes, load: Load) -> int | None:
    """The place of the one that calls with this beginning go to (highest random weight, so that one that comes or goes
    moves only its own calls); None where it is too busy."""
    weights = [crc32(one.target.integration_id.encode(), crc32(beginning)) for one in equals]
    at = weights.index(max(weights))
    return at if load(equals[at]) <= _TOO_BUSY * min(load(one) for one in equals) else None


def two_choices(equals: Sequence[Candidate], seed: int, load: Load) -> int:
    """The place of the less busy of two that are drawn; the first of them where both are as busy."""
    first = number(seed, "first") % len(equals)
    second = number(seed, "second") % (len(equals) - 1)
    second += second >= first
    first, second = min(first, second), max(first, second)
    return second if load(equals[second]) < load(equals[first]) else first


class Shares:
    """How many of a tenant's calls each provider served, as far as this worker chose it: of the last thousands."""

    def __init__(self) -> None:
        self._counts: Counter[str] = Counter()
        self._total = 0

    def took(self, provider: str) -> None:
        """A call goes to the provider."""
        self._counts[provider] += 1
        self._total += 1
        if self._total > _REMEMBERED:
            self._counts = Counter({name: count // 2 for name, count in self._counts.items()})
            self._total = sum(self._counts.values())

    def full(self, most: float) -> Sequence[str]:
        """The providers that may not take another call, if they shall serve at most this share."""
        if most >= 1.0 or self._total < _FREE:
            return ()
        limit = most * (self._total + 1)
        return [provider for provider, count in self._counts.items() if count + 1 > limit]
