"""Work that is begun at once and awaited later, without a task."""

from __future__ import annotations

from collections.abc import Awaitable, Coroutine, Generator
from typing import Any, Generic, TypeVar

T = TypeVar("T")


class Begun(Awaitable[T], Generic[T]):
    """A coroutine that has run up to its first wait. What its maker does before awaiting it happens during that wait.

    Await it once, in the task that made it, whatever happens in between. Making it raises what the coroutine raises
    before its first wait.
    """

    # The result, not the StopIteration that brought it: that would hold the frames which hold this.
    __slots__ = ("_over", "_result", "_step", "_work")

    def __init__(self, work: Coroutine[Any, Any, T]) -> None:
        self._work = work
        self._over = False
        self._result: T
        self._go(work.send, None)

    def __await__(self) -> Generator[Any, Any, T]:
        """As `await work`: what the event loop sends or throws reaches the wait that is under way."""
        while not self._over:
            try:
                yield self._step
            except BaseException as error:
                self._go(self._work.throw, error)
            else:
                self._go(self._work.send, None)
        return self._result

    def _go(self, resume: Any, what: object) -> None:
        try:
            self._step = resume(what)
        except StopIteration as end:
            self._over, self._result = True, end.value
