"""What shared executions ask of the world: a port, as those of ports.py."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Protocol


class Replay(Enum):
    """What is known of a key under which calls share an execution."""

    NONE = "none"
    NEW = "new"
    IN_FLIGHT = "in_flight"
    REUSED = "reused"
    DONE = "done"


@dataclass(frozen=True, slots=True)
class Found:
    """What `ReplayStore.begin` found: with IN_FLIGHT the claim that executes, with DONE the kept answers."""

    state: Replay
    claim: str = ""
    answers: Sequence[bytes] = ()


@dataclass(frozen=True, slots=True)
class Outcome:
    """How an execution ended, for those who follow it: well, with an error (`failed`, a serialised google.rpc.Status),
    or with more answers than can be shared."""

    failed: bytes = b""
    too_large: bool = False


@dataclass(frozen=True, slots=True)
class Followed:
    """What is new of an execution elsewhere. `alive`: its worker holds the claim still."""

    alive: bool
    answers: Sequence[bytes]
    outcome: Outcome | None


@dataclass(frozen=True, slots=True)
class Follow:
    """A worker follows the execution of a claim for callers that wait for at most `seconds`; 0: it no longer does.
    `window` is how long their resume window is, in seconds."""

    claim: str
    follower: str
    seconds: float
    window: float = 0.0


class ReplayStore(Protocol):
    """Who executes a key, what was answered so far to those who follow, and the answers kept for 24 hours."""

    async def begin(self, tenant_id: str, key: str, digest: bytes, claim: str) -> Found:
        """Claim the key, with a lease that `run` renews until `end`; an empty claim only looks. REUSED: the key is
        that of another digest."""
        ...

    async def end(
        self,
        tenant_id: str,
        key: str,
        digest: bytes,
        claim: str,
        answers: Sequence[bytes],
        outcome: Outcome,
        keep: bool,
    ) -> None:
        """The execution of the claim has ended: keep its answers, or free the key. Followers read all of it for some
        seconds more."""
        ...

    async def push(
        self, tenant_id: str, claim: str, first: int, answers: Sequence[bytes], too_large: bool = False
    ) -> int:
        """Show followers the answers from index `first` on, or that they became too large to be shown; returns how
        many can be seen."""
        ...

    async def read(self, tenant_id: str, key: str, claim: str, first: int) -> Followed:
        """What was shown from index `first` on."""
        ...

    async def follow(self, follow: Follow) -> None:
        """Tell every worker. May be lost: repeat it."""
        ...

    def follows(self) -> AsyncGenerator[Follow, None]:
        """What workers tell, this one included, for ever."""
        ...

    async def run(self) -> None:
        """Renew the claims, until cancelled."""
        ...
