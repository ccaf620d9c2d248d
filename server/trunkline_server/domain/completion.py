"""A completion, stage by stage: route, admit, attempt, settle. The only place that knows the order of the stages."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import aclosing, suppress
from functools import partial

from trunkline.v1.completion_pb2 import (
    CompleteRequest,
    CompleteResponse,
    Finished,
    StreamCompleteResponse,
)

from trunkline_server.domain import tokens
from trunkline_server.domain.admission import put_budgets
from trunkline_server.domain.attempts import Attempts
from trunkline_server.domain.call import Call
from trunkline_server.domain.deadline import Deadline
from trunkline_server.domain.duration import put_duration
from trunkline_server.domain.errors import ProviderError, Reason, TrunklineError, invalid_fields
from trunkline_server.domain.hedging import hedged
from trunkline_server.domain.needs import DEFAULT_MAX_TOKENS
from trunkline_server.domain.outlet import Outlet
from trunkline_server.domain.ports import Providers
from trunkline_server.domain.recovery import Recovery
from trunkline_server.domain.resilience import Resilience
from trunkline_server.domain.router import Router
from trunkline_server.domain.routes.plan import Plan, no_provider
from trunkline_server.domain.run import Run
from trunkline_server.domain.shadows import Shadows
from trunkline_server.domain.stages import admit, conclude, unserved_cache
from trunkline_server.domain.trial import Trial


class Completions:
    """Completions for every tenant."""

    def __init__(
        self, router: Router, providers: Providers, resilience: Resilience, shadows: Shadows | None = None
    ) -> None:
        self._router = router
        self._providers = providers
        self._resilience = resilience
        self._shadows = shadows

    async def complete(self, call: Call, request: CompleteRequest) -> CompleteResponse:
        """A whole answer. Raises what DESIGN §3 lists for completions."""
        run = await self._begin(call, request, streaming=False)
        attempts = Attempts(run, self._resilience)
        while (trial := await attempts.next()) is not None:
            try:
                trial, answer = await self._answered(run, attempts, trial, request)
            except ProviderError:
                continue
            trial.saw_text(answer.completion)
            usage = trial.succeeded(answer.usage if answer.HasField("usage") else None)
            answer.usage.CopyFrom(usage)
            await self._conclude(run, request, answer)
            answer.completion_id = answer.completion_id or call.request_id
            return answer
        raise run.final_error()

    async def stream(self, call: Call, request: CompleteRequest) -> AsyncGenerator[StreamCompleteResponse, None]:
        """The same answer as it is made."""
        run = await self._begin(call, request, streaming=True)
        attempts = Attempts(run, self._resilience)
        outlet = Outlet(run, request)
        go_on = False
        while (trial := await attempts.next()) is not None:
            asked = outlet.begin(trial, go_on)
            target = trial.choice.candidate.target
            try:
                prepared = run.take_prepared(asked, target)
                answer = self._providers.stream(target, asked, self._limit(run), trial.heard, prepared)
                async with aclosing(answer) as events:
                    async for event in events:
                        kind = event.WhichOneof("event")
                        if kind == "finished":
                            usage = event.finished.usage if event.finished.HasField("usage") else None
                            event.finished.usage.CopyFrom(trial.succeeded(usage))
                            await self._conclude(run, request, event.finished)
                        for ready in outlet.pass_on(kind, event):
                            yield ready
                        if kind == "finished":
                            return
            except ProviderError as error:
                trial.failed(error)
                if outlet.sent:
                    go_on = self._goes_on(run, attempts, outlet)
                    if not (go_on or self._starts_anew(run, attempts)):
                        break
                    self._resilience.signals.decided(
                        "go_on" if go_on else "start_anew", target.provider, target.model, error.reason_name
                    )
        if outlet.sent:
            yield outlet.usage()
        raise run.final_error()

    # ── Stages ──────────────────────────────────────────────────────────────────────────────────────────────────

    async def _begin(self, call: Call, request: CompleteRequest, streaming: bool) -> Run:
        """Route, then admit: a hold for the dearest candidate that may be tried."""
        if unserved := _unserved(request, streaming):
            raise invalid_fields(unserved, reason=Reason.ERROR_REASON_UNSUPPORTED_PARAMETER)
        roads = await self._router.roads(call.tenant_id)
        budgets = roads.budgets.in_scope(call.identity, call.context, call.arrived_wall)
        plan = self._router.plan(roads, call, request, budgets)
        if not plan.choices:
            raise no_provider(plan)
        if plan.need.hard_budget and not request.HasField("max_tokens"):
            request.max_tokens = _cap(plan)
        count = partial(tokens.count_request, request)
        run = Run(
            call,
            plan,
            count,
            recovery=Recovery.of(request.recovery),
            priority=request.priority,
            streaming=streaming,
            explain=request.routing.explain,
        )
        await admit(run, budgets, self._resilience, partial(self._prepare, run, request))
        self._router.took(call.tenant_id, run.plan)
        return run

    def _prepare(self, run: Run, request: CompleteRequest) -> None:
        """Work out what the first attempt will send."""
        target = run.plan.choices[0].candidate.target
        # What cannot be sent is said when its turn comes: a fallback may be able to.
        with suppress(TrunklineError):
            run.prepared = request, target, self._providers.prepare(target, request, stream=run.streaming)

    def _starts_anew(self, run: Run, attempts: Attempts) -> bool:
        """Whether the caller would rather have another answer than none; any candidate may give it."""
        return run.recovery.restart_after_content and attempts.keep(lambda _: True)

    def _goes_on(self, run: Run, attempts: Attempts, outlet: Outlet) -> bool:
        """Whether the caller wants the rest of what was sent, and a candidate is left that can give it."""
        return (
            run.recovery.continue_after_content
            and outlet.continuable
            and attempts.keep(lambda choice: self._providers.prefills(choice.candidate.target))
        )

    async def _answered(
        self, run: Run, attempts: Attempts, first: Trial, request: CompleteRequest
    ) -> tuple[Trial, CompleteResponse]:
        """The answer of an attempt, or of a second one beside it where the caller asked for that. Raises
        ProviderError, of which the attempts know."""

        async def ask(trial: Trial) -> CompleteResponse:
            target = trial.choice.candidate.target
            try:
                prepared = run.take_prepared(request, target)
                return await self._providers.complete(target, request, self._limit(run), trial.heard, prepared)
            except ProviderError as error:
                trial.failed(error)
                raise

        if (after := run.recovery.hedge_after) is not None:
            return await hedged(first, after, attempts.beside, ask)
        return first, await ask(first)

    def _limit(self, run: Run) -> Deadline:
        """The deadline of one attempt: the caller's, or the attempt's own if that is sooner."""
        own, deadline = run.recovery.attempt_timeout, run.call.deadline
        return deadline if own is None else deadline.sooner(own)

    async def _conclude(self, run: Run, request: CompleteRequest, answer: CompleteResponse | Finished) -> None:
        """Settle, then fill in what only Trunkline knows. Whole and streamed answers share these fields. Then copies go
        to the shadow arms of an experiment, in the background."""
        levels = await conclude(run, answer)
        first = run.time_to_first_token()
        if first is not None:
            put_duration(answer.time_to_first_token, first)
        answer.route.CopyFrom(run.route())
        put_budgets(answer.budget, levels)
        assignment = run.plan.course.assignment
        if self._shadows is not None and assignment is not None and assignment.shadows:
            self._shadows.start(self.complete, run.call, request, assignment)


def _unserved(request: CompleteRequest, streaming: bool) -> list[tuple[str, str]]:
    """Options of the contract that this server does not honour, or not for this call: refused, never ignored."""
    found = []
    if streaming and request.recovery.HasField("hedge_after"):
        found.append(("recovery.hedge_after", "is for Complete: a stream has one source; leave it empty"))
    return found + unserved_cache(request.cache)


def _cap(plan: Plan) -> int:
    """Output tokens for a request that states no maximum while a hard budget needs one: the default, or less where a
    candidate writes less."""
    limits = [
        choice.candidate.facts.max_output_tokens
        for choice in plan.choices
        if choice.candidate.facts.HasField("max_output_tokens")
    ]
    return min([DEFAULT_MAX_TOKENS, *limits])
