"""What is remembered of a server that was away, so that it costs calls nothing until it is back."""

from __future__ import annotations

import time
from collections.abc import Callable

# Between two looks whether it is back, in seconds.
PROBE_EVERY = 0.05


class Contact:
    """Of one server. While it is away one call at a time, and one in PROBE_EVERY seconds, finds out about it."""

    __slots__ = ("_clock", "_next", "_probing", "away")

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._next = 0.0
        self._probing = False
        self.away = False

    def claim(self) -> bool:
        """Whether this call may find out; it then says what it found by `heard`."""
        if self._probing or self._clock() < self._next:
            return False
        self._probing = True
        return True

    def heard(self, answered: bool) -> None:
        """A call got an answer, or found the server away."""
        self.away, self._probing = not answered, False
        self._next = 0.0 if answered else self._clock() + PROBE_EVERY

    def left(self) -> None:
        """The call that was to find out ended before it did: the next one may."""
        self._probing = False
