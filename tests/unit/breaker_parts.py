"""A clock to turn, a board in memory that several workers share, and who listens to what they decide."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field

from trunkline.v1.errors_pb2 import ErrorReason
from trunkline.v1.event_pb2 import Event
from trunkline_server.domain.board import BoardReading, Posted, Transition
from trunkline_server.domain.breaker import Breaker, BreakerRule
from trunkline_server.domain.breakers import Breakers
from trunkline_server.domain.deadline import Deadline
from trunkline_server.domain.errors import store_unavailable
from trunkline_server.domain.opening import BreakerKey, Opening

KEY = BreakerKey("acme", "openai", "gpt/x")
RULE = BreakerRule(failures=3, window=60.0, open_for=30.0)
DOWN = ErrorReason.ERROR_REASON_UPSTREAM_UNAVAILABLE


class FakeClock:
    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


def fail(subject: Breaker, times: int, answered: bool = True) -> None:
    for _ in range(times):
        assert subject.enter()
        subject.failed(DOWN, subject.clock(), answered)


def ample() -> Deadline:
    """A deadline that no test reaches."""
    return Deadline.after(3600.0)


@dataclass
class _Entry:
    open: bool
    id: str
    version: int
    token: str
    opening: Opening
    lasted: float = 0.0


@dataclass
class Board:
    """What the Lua scripts keep, in memory; `views` are the workers'."""

    clock: FakeClock
    id: int = 1
    version: int = 0
    entries: dict[BreakerKey, _Entry] = field(default_factory=dict)
    probes: dict[BreakerKey, tuple[str, float]] = field(default_factory=dict)
    checks: dict[tuple[str, str], float] = field(default_factory=dict)
    away: bool = False
    calls: int = 0

    def lose(self) -> None:
        """All data is gone."""
        self.id, self.version = self.id + 1, 0
        self.entries.clear()
        self.probes.clear()

    def next(self) -> int:
        self.version += 1
        return self.version


class View:
    """One worker's BreakerBoard."""

    def __init__(self, board: Board) -> None:
        self.board = board
        self._seen = (0, 0)

    async def _contact(self) -> Board:
        self.board.calls += 1
        await asyncio.sleep(0)
        if self.board.away:
            raise store_unavailable("redis")
        return self.board

    async def opened(self, key: BreakerKey, token: str, opening: Opening, left: float, again: bool) -> Transition:
        board = await self._contact()
        now, found = board.clock(), board.entries.get(key)
        is_open = found is not None and found.open
        if found is not None and is_open and (found.token == token or not again):
            return Transition(False, found.id, found.opening.round, found.opening.until - now)
        version = board.next()
        until = now + max(left, 0.001)
        posted = Opening(opening.reason, now, until, opening.busy, opening.unreachable, until)
        name = f"{board.id}-{version}"
        if found is not None and is_open:
            posted.since, posted.round, name = found.opening.since, found.opening.round + 1, found.id
        board.entries[key] = _Entry(True, name, version, token, posted)
        if is_open:
            board.probes.pop(key, None)
        return Transition(not is_open, name, posted.round, left)

    async def closed(self, key: BreakerKey, token: str, id: str) -> Transition:
        board = await self._contact()
        found = board.entries.get(key)
        if found is None or not found.open or found.id != id:
            return Transition(False, id)
        found.open, found.version = False, board.next()
        board.probes.pop(key, None)
        return Transition(True, id, lasted=board.clock() - found.opening.since)

    async def moved(self, key: BreakerKey, id: str, left: float) -> None:
        board = await self._contact()
        found = board.entries.get(key)
        if found is not None and found.open and found.id == id:
            found.opening.until, found.version = board.clock() + left, board.next()

    async def claim(self, key: BreakerKey, token: str, lease: float) -> float:
        board = await self._contact()
        now, found = board.clock(), board.entries.get(key)
        if found is not None and found.open and found.opening.until > now:
            return found.opening.until - now
        if found is not None and not found.open:
            return 0.1
        holder, until = board.probes.get(key, ("", 0.0))
        if until > now and holder != token:
            return until - now
        board.probes[key] = (token, now + lease)
        return 0.0

    async def release(self, key: BreakerKey, token: str) -> None:
        board = await self._contact()
        if board.probes.get(key, ("", 0.0))[0] == token:
            del board.probes[key]

    async def read(self) -> BoardReading:
        board = await self._contact()
        known, version = self._seen
        self._seen = (board.id, board.version)
        whole, now = known != board.id, board.clock()
        posted = [
            Posted(
                key,
                one.id,
                one.open,
                one.opening.round,
                now - one.opening.since,
                one.opening.until - now,
                one.opening.due - now,
                one.opening.reason,
                one.opening.busy,
                one.opening.unreachable,
            )
            for key, one in board.entries.items()
            if whole or one.version > version
        ]
        return BoardReading(whole, whole and known != 0, posted)

    async def claim_check(self, tenant_id: str, integration_id: str, seconds: float) -> bool:
        board = await self._contact()
        now = board.clock()
        if board.checks.get((tenant_id, integration_id), 0.0) > now:
            return False
        board.checks[tenant_id, integration_id] = now + seconds
        return True


class Heard:
    """Signals, and an outbox."""

    def __init__(self) -> None:
        self.decisions: list[tuple[str, str, str, str]] = []
        self.levels: dict[tuple[str, str, str], float] = {}
        self.events: list[Event] = []

    def decided(self, decision: str, provider: str = "", model: str = "", reason: str = "") -> None:
        self.decisions.append((decision, provider, model, reason))

    def level(self, name: str, value: float, provider: str = "", model: str = "") -> None:
        self.levels[name, provider, model] = value

    def put(self, event: Event) -> None:
        self.events.append(event)

    def names(self) -> list[str]:
        return [one[0] for one in self.decisions]


class Team:
    """Workers that share a board, each with a breaker of the same model."""

    def __init__(self, size: int, rule: BreakerRule = RULE) -> None:
        self.clock = FakeClock()
        self.board = Board(self.clock)
        self.heard = Heard()
        self.workers = [Breakers(View(self.board), self.heard, self.heard, self.clock) for _ in range(size)]
        self.breakers = [one.get(KEY, rule, "openai") for one in self.workers]

    async def sync(self, *workers: int) -> None:
        """Every worker's turn, or of those named."""
        for place in workers or range(len(self.workers)):
            await self.workers[place].sync()
