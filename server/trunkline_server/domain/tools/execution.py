"""A call of a tool, stage by stage: permission, schema, approval, cache, admission, attempts, settlement. The only
place that knows the order of the stages."""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import AsyncExitStack, aclosing, asynccontextmanager

from trunkline.v1.tool_pb2 import ExecuteToolRequest, ExecuteToolResponse, StreamExecuteToolResponse

from trunkline_server.domain.admission import rates_of
from trunkline_server.domain.breaker import Breaker
from trunkline_server.domain.call import Call
from trunkline_server.domain.connectors import ToolAnswer, ToolInput
from trunkline_server.domain.duration import seconds
from trunkline_server.domain.errors import TrunklineError
from trunkline_server.domain.ports import Ask
from trunkline_server.domain.resilience import Resilience
from trunkline_server.domain.router import breaker_rule
from trunkline_server.domain.schemas import read_parameters
from trunkline_server.domain.signals import Signals
from trunkline_server.domain.tools.approvals import Approvals
from trunkline_server.domain.tools.attempts import ToolAttempts
from trunkline_server.domain.tools.cache import Kept, ToolCache
from trunkline_server.domain.tools.catalogue import ToolCatalogue
from trunkline_server.domain.tools.pages import Pages
from trunkline_server.domain.tools.pieces import Pieces
from trunkline_server.domain.tools.run import Fate, ToolRun, fate_of


class ToolExecution:
    """Executes the tools of every tenant."""

    def __init__(
        self,
        catalogue: ToolCatalogue,
        approvals: Approvals,
        cache: ToolCache,
        resilience: Resilience,
        signals: Signals | None = None,
    ) -> None:
        self._catalogue = catalogue
        self._approvals = approvals
        self._cache = cache
        self._resilience = resilience
        self._attempts = ToolAttempts(resilience.retries, signals)

    async def run(self, call: Call, request: ExecuteToolRequest) -> ExecuteToolResponse:
        """One call. Raises what the contract lists for ExecuteTool."""
        run = await self.begin(call, request)
        return await self.preview(run) if request.validate_only else await self.answer(run)

    async def begin(self, call: Call, request: ExecuteToolRequest) -> ToolRun:
        """Permission and schema: nothing is asked of anybody yet."""
        found = await self._catalogue.executable(call, request.integration_id, request.tool_name)
        tool = found.tool
        parameters = read_parameters(tool.parameters_schema_json, request.parameters_json)
        timeout = seconds(request.timeout) or seconds(tool.timeout)
        return ToolRun(
            call,
            request,
            found.view,
            found.integration,
            tool,
            found.connector,
            parameters,
            timeout,
            call.deadline.sooner(timeout),
            found.secret,
        )

    async def preview(self, run: ToolRun) -> ExecuteToolResponse:
        """What the call would do. Nothing is called, charged or used up."""
        response = run.response(None)
        told = response.preview
        told.CopyFrom(await run.connector.preview(run.tool_call(run.timeout)))
        told.cost_nano_usd = run.tool.cost_nano_usd
        told.approval_missing = await self._approvals.missing(run)
        told.cached = await self._cache.peek(run)
        return response

    async def answer(self, run: ToolRun) -> ExecuteToolResponse:
        """Approval, cache, and what follows."""
        if not run.tool.approval_required:
            return await self._kept_or_called(run)
        async with self._approvals.used(run):
            return await self._kept_or_called(run)

    async def pages(self, run: ToolRun, most: int) -> AsyncGenerator[ToolAnswer, None]:
        """The pages of a call, at most so many, as they come; none is cached. Each costs what a call does, and what all
        can cost is held. Raises as `run`, at any page."""
        async with (
            self._streamed(run, run.tool.cost_nano_usd * most),
            Pages(run, self._attempts, self._breaker(run)) as pages,
        ):
            while run.pages < most and (page := await pages.next()) is not None:
                yield page
            run.pages_left = run.pages >= most and pages.left

    async def pieces(self, run: ToolRun, given: ToolInput | None) -> AsyncGenerator[StreamExecuteToolResponse, None]:
        """The pieces of a streamed result as they come; `run.ended` holds its answer afterwards. Raises as `run`, at
        any piece."""
        async with (
            self._streamed(run, run.tool.cost_nano_usd),
            Pieces(run, given, self._attempts, self._breaker(run)) as pieces,
            aclosing(pieces.read()) as read,
        ):
            async for piece in read:
                yield piece

    # ── Stages ──────────────────────────────────────────────────────────────────────────────────────────────────

    @asynccontextmanager
    async def _streamed(self, run: ToolRun, amount: int) -> AsyncIterator[None]:
        """The block is a call whose result is never kept: its approval and admission before it, its settlement after
        it, once it has ended well and let go of the system."""
        async with AsyncExitStack() as stack:
            if run.tool.approval_required:
                await stack.enter_async_context(self._approvals.used(run))
            await self._admit(run, amount)
            yield
        if run.call.tab is not None:
            await run.call.tab.settle()

    async def _kept_or_called(self, run: ToolRun) -> ExecuteToolResponse:
        flight = self._cache.flight(run)
        if flight is None:
            return (await self._called(run))[1]
        async with await flight.begin(run.request.cache, run.end):
            if flight.found is not None:
                return await self._from_cache(run, flight.found)
            run.waited |= flight.waited
            answer, response = await self._called(run)
            flight.keep(answer, response)
            return response

    async def _from_cache(self, run: ToolRun, kept: Kept) -> ExecuteToolResponse:
        """Free of charge; the caller's rate limits hold."""
        run.cached = True
        await self._admit(run, 0)
        response = self._cache.response(kept)
        response.MergeFrom(run.response(None))
        if run.call.tab is not None:
            await run.call.tab.settle()
        return response

    async def _called(self, run: ToolRun) -> tuple[ToolAnswer, ExecuteToolResponse]:
        await self._admit(run, run.tool.cost_nano_usd)
        answer = await self._attempted(run)
        run.note(answer)
        if run.call.tab is not None:
            await run.call.tab.settle()
        return answer, run.response(answer)

    async def _admit(self, run: ToolRun, amount: int) -> None:
        """Within the caller's rate limits, and for a call that costs something within the budgets in scope. Raises
        RATE_LIMITED, BUDGET_EXCEEDED, STORE_UNAVAILABLE."""
        call = run.call
        if call.tab is None:
            return
        budgets = self._catalogue.budgets(run.view, call) if amount else ()
        await call.tab.open(Ask(call.tenant_id, call.hold_id, amount, rates_of(call.identity), budgets), run.record)

    async def _attempted(self, run: ToolRun) -> ToolAnswer:
        async def attempt(number: int) -> ToolAnswer:
            before = run.fate
            run.fate = Fate.UNKNOWN
            # The first has all of the time; the connector tells it and the caller's deadline apart.
            timeout = run.timeout if number == 1 and not run.waited else run.end.remaining()
            try:
                answer = await run.connector.execute(run.tool_call(timeout), run.call.deadline)
            except TrunklineError as error:
                run.fate = max(before, fate_of(error))
                raise
            run.fate = Fate.DONE
            return answer

        return await self._attempts.run(attempt, self._breaker(run), run.tool.repeatable, run.end, run.attempts)

    def _breaker(self, run: ToolRun) -> Breaker:
        rule = breaker_rule(run.integration.configuration.circuit_breaker)
        return self._resilience.breaker(run.call.tenant_id, run.integration.integration_id, "", rule)
