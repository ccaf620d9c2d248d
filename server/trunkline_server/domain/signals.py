"""What the domain decides, told to whoever measures. Nothing here waits."""

from __future__ import annotations

from typing import Protocol


class Signals(Protocol):
    """Decisions and levels, by the names that docs/operations.md lists."""

    def decided(self, decision: str, provider: str = "", model: str = "", reason: str = "") -> None:
        """Something was decided, for example `retry` or `breaker_opened`. `reason` is an ErrorReason without prefix."""
        ...

    def level(self, name: str, value: float, provider: str = "", model: str = "") -> None:
        """A level changed, for example `queue_depth`."""
        ...


class Silent:
    """Signals that nobody hears."""

    def decided(self, decision: str, provider: str = "", model: str = "", reason: str = "") -> None:
        """See Signals."""

    def level(self, name: str, value: float, provider: str = "", model: str = "") -> None:
        """See Signals."""
