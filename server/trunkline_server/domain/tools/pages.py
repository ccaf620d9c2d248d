"""The pages of one call, each an attempt of its own: the breaker before it, its time, its part of the bill."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from types import TracebackType
from typing import Self

from trunkline.v1.common_pb2 import Attempt

from trunkline_server.domain.breaker import Breaker
from trunkline_server.domain.connectors import ToolAnswer
from trunkline_server.domain.errors import TrunklineError
from trunkline_server.domain.tools.attempts import ToolAttempts
from trunkline_server.domain.tools.run import Fate, ToolRun, fate_of


class _LastPageError(Exception):
    """There is no further page."""


class Pages:
    """Reads page by page; leaving the block aborts the upstream request. Until the first page is there the call may be
    made again, as any other; after it, what fails ends the call."""

    def __init__(self, run: ToolRun, attempts: ToolAttempts, breaker: Breaker) -> None:
        self._run = run
        self._attempts = attempts
        self._breaker = breaker
        self._source: AsyncGenerator[ToolAnswer, None] | None = None
        self._over = False

    async def next(self) -> ToolAnswer | None:
        """The next page; None after the last. Raises as `ToolConnector.pages`, and as `ToolAttempts.run`."""
        run = self._run
        if self._over:
            return None
        made: list[Attempt] = []
        end = run.call.deadline.sooner(run.timeout)
        try:
            repeatable = run.tool.repeatable and not run.pages
            page = await self._attempts.run(self._attempt, self._breaker, repeatable, end, made)
        except _LastPageError:
            self._over = True
            return None
        except BaseException:
            run.note_attempts(made)
            raise
        run.note_attempts(made)
        run.note(page)
        run.pages, run.fate = run.pages + 1, Fate.NOT_SENT
        self._over = page.more is False
        return page

    @property
    def left(self) -> bool:
        """Whether further pages may follow."""
        return not self._over

    async def _attempt(self, number: int) -> ToolAnswer:
        run, before = self._run, self._run.fate
        if self._source is None or number > 1:
            await self.close()
            self._source = run.connector.pages(run.tool_call(run.timeout), run.call.deadline)
        run.fate = Fate.UNKNOWN
        try:
            page = await anext(self._source, None)
        except TrunklineError as error:
            run.fate = max(before, fate_of(error))
            raise
        if page is None:
            run.fate = before
            raise _LastPageError
        return page

    async def close(self) -> None:
        """Abort what is under way."""
        if self._source is not None:
            await self._source.aclose()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()
