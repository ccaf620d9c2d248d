"""How many deliveries an endpoint has under way: a slow or dead one takes a single place of the relay, and no more."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import groupby

from trunkline_server.domain.webhooks.ports import Answer, Due

# What an endpoint that does not answer as it should still gets: one, to see when it is well again.
_PROBE = 1
# No `Retry-After` keeps all deliveries of an endpoint longer, in seconds.
_LONGEST_REST = 300.0
_TOO_MANY, _UNAVAILABLE, _SERVER_ERROR = 429, 503, 500


@dataclass(slots=True)
class Lane:
    """What is under way to one endpoint. `limit` is how many may be, None for all that it allows; nothing begins
    before `rest_until`, on the monotonic clock."""

    running: set[str] = field(default_factory=set)
    limit: int | None = None
    rest_until: float = 0.0
    # As the endpoint said last.
    most: int = 1

    @property
    def free(self) -> int:
        """How many may begin."""
        return min(self.most, self.limit or self.most) - len(self.running)

    def answered(self, answer: Answer, now: float) -> None:
        """An attempt ended: one that failed leaves a single place, each that went well doubles them."""
        if answer.status == 0 or answer.status >= _SERVER_ERROR or answer.status == _TOO_MANY:
            self.limit = _PROBE
        elif self.limit is not None:
            self.limit = self.limit * 2 if self.limit * 2 < self.most else None
        if answer.status in (_TOO_MANY, _UNAVAILABLE) and answer.retry_after is not None:
            self.rest_until = max(self.rest_until, now + min(answer.retry_after, _LONGEST_REST))


class Lanes:
    """The lanes of endpoints that anything is known of."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._lanes: dict[int, Lane] = {}
        self._turn = 0
        # (endpoint, event) of what ended since the last look began.
        self._over: set[tuple[int, str]] = set()

    def of(self, endpoint: int) -> Lane:
        """The lane of an endpoint."""
        return self._lanes.setdefault(endpoint, Lane())

    def look(self) -> Sequence[int]:
        """A look at what is due begins: the endpoints that nothing may begin for. What ends from now on, the look may
        still show as waiting."""
        self._over.clear()
        now = self._clock()
        return [number for number, lane in self._lanes.items() if lane.free <= 0 or lane.rest_until > now]

    def pick(self, found: Iterable[Due], places: int) -> Iterator[Sequence[Due]]:
        """What begins now, of deliveries that are sorted by endpoint, in up to `places` runs; one run is done in its
        order. Endpoints take turns, so that each gets a place before any gets a second one."""
        queues = [runs for _, group in groupby(found, lambda one: one.endpoint) if (runs := self._runs(list(group)))]
        if not queues:
            return
        # Where there are fewer places than endpoints, others come first each time.
        self._turn = (self._turn + 1) % len(queues)
        queues = queues[self._turn :] + queues[: self._turn]
        while queues and places > 0:
            for runs in queues[:places]:
                run = runs.pop(0)
                self.of(run[0].endpoint).running.update(one.event_id for one in run)
                yield run
                places -= 1
            queues = [runs for runs in queues if runs]

    def _runs(self, waiting: Sequence[Due]) -> list[Sequence[Due]]:
        first = waiting[0]
        lane = self.of(first.endpoint)
        lane.most = 1 if first.ordered else first.max_concurrency
        stale = {one.event_id for one in waiting if (one.endpoint, one.event_id) in self._over}
        if first.ordered:
            # The first one holds up the others.
            return [waiting] if first.due and not lane.running and not stale else []
        singles: list[Sequence[Due]] = [[one] for one in waiting if one.event_id not in lane.running | stale]
        return singles[: max(0, lane.free)]

    def ended(self, run: Sequence[Due], answer: Answer | None = None) -> None:
        """A run, or one of it, is over. A lane that nothing is known of any more is forgotten."""
        lane = self.of(run[0].endpoint)
        lane.running.difference_update(one.event_id for one in run)
        self._over.update((one.endpoint, one.event_id) for one in run)
        if answer is not None:
            lane.answered(answer, self._clock())
        if not lane.running and lane.limit is None and lane.rest_until <= self._clock():
            self._lanes.pop(run[0].endpoint, None)

    def rest(self, endpoint: int, seconds: float) -> None:
        """Begin nothing for an endpoint for a while."""
        self.of(endpoint).rest_until = self._clock() + seconds
