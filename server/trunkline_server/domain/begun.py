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

    __slots__ = ("_ended", "_step", "_work")

    def __init__(self, work: Coroutine[Any, Any, T]) -> None:
        self._work = work
        self._ended: StopIteration | None = None
        try:
            self._step = work.send(None)
        except StopIteration as end:
            self._ended = end

    def __await__(self) -> Generator[Any, Any, T]:
        """As `await work`: what the event loop sends or throws reaches the wait that is under way."""
        while self._ended is None:
            try:
                yield self._step
            except BaseException as error:
                self._go(self._work.throw, error)
            else:
                self._go(self._work.send, None)
        result: T = self._ended.value
        return result

    def _go(self, resume: Any, what: object) -> None:
        try:
            self._step = resume(what)
        except StopIteration as end:
            self._ended = end
