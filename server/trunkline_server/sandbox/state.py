"""What a sandbox counts, and which calls it knows by their idempotency key."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import orjson


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer, before any fault."""

    status: int
    body: bytes
    headers: Mapping[str, str] = field(default_factory=dict)


class Misused(ValueError):
    """A key came with other parameters than before."""


@dataclass(slots=True)
class State:
    """`effects` counts each side effect by its tool and parameters: a second one is a duplicate. `replayed` were
    answered by their key. `aborted` are calls whose caller left before the answer ended; `wait` is what the last
    refused call was asked to wait, in seconds."""

    calls: Counter[str] = field(default_factory=Counter)
    effects: Counter[bytes] = field(default_factory=Counter)
    refused: Counter[str] = field(default_factory=Counter)
    met: Counter[str] = field(default_factory=Counter)
    replayed: int = 0
    aborted: int = 0
    in_flight: int = 0
    finding: str = ""
    wait: float = 0.0
    _keys: dict[str, tuple[bytes, Answer]] = field(default_factory=dict)

    def known(self, key: str, tool: str, parameters: Mapping[str, Any]) -> Answer | None:
        """The answer that the key had before. Raises Misused."""
        before = self._keys.get(key) if key else None
        if before is None:
            return None
        if before[0] != _digest(tool, parameters):
            raise Misused("the idempotency key was used with other parameters")
        self.replayed += 1
        return before[1]

    def did(self, key: str, tool: str, parameters: Mapping[str, Any], answer: Answer) -> None:
        """A side effect."""
        digest = _digest(tool, parameters)
        self.effects[digest] += 1
        if key:
            self._keys[key] = digest, answer

    def told(self) -> dict[str, Any]:
        """The figures, as JSON."""
        return {
            "calls": self.calls.total(),
            "calls_by_tool": dict(self.calls),
            "side_effects": self.effects.total(),
            "duplicates": self.effects.total() - len(self.effects),
            "replayed": self.replayed,
            "refused": dict(self.refused),
            "faults_met": dict(self.met),
            "aborted": self.aborted,
            "in_flight": self.in_flight,
            "last_finding": self.finding,
        }


def _digest(tool: str, parameters: Mapping[str, Any]) -> bytes:
    return orjson.dumps([tool, parameters], option=orjson.OPT_SORT_KEYS)
