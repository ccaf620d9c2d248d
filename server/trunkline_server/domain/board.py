"""What breakers ask of the world; more of domain.ports. Every method of the board may raise STORE_UNAVAILABLE. Times
are seconds: how long ago, or how long from now."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from trunkline.v1.event_pb2 import Event

from trunkline_server.domain.opening import BreakerKey, Opening


@dataclass(frozen=True, slots=True)
class Transition:
    """What telling the board did. `made`: this telling was the first of its kind, so that one event follows. `left` is
    until the next call, `lasted` how long it was open."""

    made: bool
    id: str
    round: int = 0
    left: float = 0.0
    lasted: float = 0.0


@dataclass(frozen=True, slots=True)
class Posted:
    """A breaker on the board: how long ago it opened, how long until the next call, and until then without the checks
    that put it off. See domain.opening.Opening."""

    key: BreakerKey
    id: str
    open: bool
    round: int = 0
    since: float = 0.0
    left: float = 0.0
    due: float = 0.0
    reason: int = 0
    busy: bool = False
    unreachable: bool = False


@dataclass(frozen=True, slots=True)
class BoardReading:
    """What changed since it was last read; with `whole` all that there is. `new`: the board lost its data."""

    whole: bool
    new: bool
    posted: Sequence[Posted]


class BreakerBoard(Protocol):
    """What all workers know of open breakers. Ids of tenants and integrations hold no slash. A `token` names one
    telling: telling it twice changes nothing."""

    async def opened(self, key: BreakerKey, token: str, opening: Opening, left: float, again: bool) -> Transition:
        """It is open for `left` seconds; `again`: its probe failed. Where another was first, its time counts."""
        ...

    async def closed(self, key: BreakerKey, token: str, id: str) -> Transition:
        """The opening `id` is over; nothing where another one began meanwhile."""
        ...

    async def moved(self, key: BreakerKey, id: str, left: float) -> None:
        """The opening `id` ends in `left` seconds."""
        ...

    async def claim(self, key: BreakerKey, token: str, lease: float) -> float:
        """0: the one probe is the caller's, for `lease` seconds. Else the seconds until it may be free."""
        ...

    async def release(self, key: BreakerKey, token: str) -> None:
        """The probe claimed with `token` ended without a verdict."""
        ...

    async def read(self) -> BoardReading:
        """What changed since this worker read it last."""
        ...

    async def claim_check(self, tenant_id: str, integration_id: str, seconds: float) -> bool:
        """Whether the caller makes the next background check; nobody else does for so many seconds."""
        ...


class Outbox(Protocol):
    """Events that follow from no settled call."""

    def put(self, event: Event) -> None:
        """Write the event soon. Never waits: one that finds too many before it is dropped, and that is logged."""
        ...
