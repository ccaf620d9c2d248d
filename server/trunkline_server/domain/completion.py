"""A completion, stage by stage: route, admit, attempt, settle. The only place that knows the order of the stages."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import aclosing
from functools import partial
from operator import attrgetter

from trunkline.v1.completion_pb2 import (
    CompleteRequest,
    CompleteResponse,
    FailedOver,
    Finished,
    StreamCompleteResponse,
)

from trunkline_server.domain import tokens
from trunkline_server.domain.admission import budget_states
from trunkline_server.domain.attempts import Attempts
from trunkline_server.domain.call import Call
from trunkline_server.domain.deadline import Deadline
from trunkline_server.domain.duration import seconds
from trunkline_server.domain.errors import ProviderError, Reason, invalid_fields
from trunkline_server.domain.needs import DEFAULT_MAX_TOKENS
from trunkline_server.domain.ports import Providers
from trunkline_server.domain.resilience import Resilience
from trunkline_server.domain.router import Router
from trunkline_server.domain.routing import Choice, Plan, no_provider
from trunkline_server.domain.run import Run
from trunkline_server.domain.stages import admit, conclude, unserved_cache


class Completions:
    """Completions for every tenant."""

    def __init__(self, router: Router, providers: Providers, resilience: Resilience) -> None:
        self._router = router
        self._providers = providers
        self._resilience = resilience

    async def complete(self, call: Call, request: CompleteRequest) -> CompleteResponse:
        """A whole answer. Raises what DESIGN §3 lists for completions."""
        run = await self._begin(call, request, streaming=False)
        attempts = Attempts(run, self._resilience)
        while (choice := await attempts.next()) is not None:
            try:
                answer = await self._providers.complete(choice.candidate.target, request, self._limit(run), run.heard)
            except ProviderError as error:
                run.failed(error)
                continue
            run.saw_text(answer.completion)
            usage = run.succeeded(answer.usage if answer.HasField("usage") else None)
            answer.usage.CopyFrom(usage)
            await self._conclude(run, answer)
            answer.completion_id = answer.completion_id or call.request_id
            return answer
        raise run.final_error()

    async def stream(self, call: Call, request: CompleteRequest) -> AsyncGenerator[StreamCompleteResponse, None]:
        """The same answer as it is made. Events before the first content are held back, so that a failover stays
        invisible until then."""
        run = await self._begin(call, request, streaming=True)
        held: list[StreamCompleteResponse] = []
        sequence = 0
        attempts = Attempts(run, self._resilience)
        while (choice := await attempts.next()) is not None:
            attempt = len(run.attempts) + 1
            if attempt > 1:
                held = [_failed_over(run, choice)] if _moved(run, choice) else []
            try:
                async with aclosing(
                    self._providers.stream(choice.candidate.target, request, self._limit(run), run.heard)
                ) as events:
                    async for event in events:
                        kind = event.WhichOneof("event")
                        if kind == "finished":
                            usage = event.finished.usage if event.finished.HasField("usage") else None
                            event.finished.usage.CopyFrom(run.succeeded(usage))
                            await self._conclude(run, event.finished)
                        elif not run.observe(kind, event) and not run.content_sent:
                            event.attempt = attempt
                            held.append(event)
                            continue
                        run.content_sent = True
                        for earlier in held:
                            sequence += 1
                            earlier.sequence = sequence
                            yield earlier
                        held.clear()
                        sequence += 1
                        event.sequence, event.attempt = sequence, attempt
                        yield event
                        if kind == "finished":
                            return
            except ProviderError as error:
                run.failed(error)
                if run.content_sent:
                    yield StreamCompleteResponse(sequence=sequence + 1, attempt=attempt, usage=run.usage_so_far())
                    raise run.final_error() from None
        raise run.final_error()

    # ── Stages ──────────────────────────────────────────────────────────────────────────────────────────────────

    async def _begin(self, call: Call, request: CompleteRequest, streaming: bool) -> Run:
        """Route, then admit: a hold for the dearest candidate that may be tried."""
        if unserved := _unserved(request):
            raise invalid_fields(unserved, reason=Reason.ERROR_REASON_UNSUPPORTED_PARAMETER)
        roads = await self._router.roads(call.tenant_id)
        budgets = roads.budgets.in_scope(call.identity, call.context, call.arrived_wall)
        hard = any(budget.hard for budget in budgets)
        plan = self._router.plan(roads, request, hard)
        if not plan.choices:
            raise no_provider(plan)
        if hard and not request.HasField("max_tokens"):
            request.max_tokens = _cap(plan)
        count = partial(tokens.count_request, request)
        run = Run(call, plan, count, recovery=request.recovery, streaming=streaming)
        await admit(run, budgets, self._resilience)
        return run

    def _limit(self, run: Run) -> Deadline:
        """The deadline of one attempt: the caller's, or the attempt's own if that is sooner."""
        recovery = run.recovery
        if not recovery.HasField("attempt_timeout"):
            return run.call.deadline
        return run.call.deadline.sooner(seconds(recovery.attempt_timeout))

    async def _conclude(self, run: Run, answer: CompleteResponse | Finished) -> None:
        """Settle, then fill in what only Trunkline knows. Whole and streamed answers share these fields."""
        levels = await conclude(run, answer)
        first = run.time_to_first_token()
        if first is not None:
            answer.time_to_first_token.CopyFrom(first)
        answer.route.CopyFrom(run.route())
        answer.budget.extend(budget_states(levels))


def _unserved(request: CompleteRequest) -> list[tuple[str, str]]:
    """Options of the contract that this server does not honour yet: refused, never ignored."""
    found = []
    if request.recovery.HasField("hedge_after"):
        found.append(("recovery.hedge_after", "hedging is not served yet; leave it empty"))
    flags = ("recovery.restart_after_content", "recovery.continue_after_content")
    found += [(name, "is not served yet; leave it false") for name in flags if attrgetter(name)(request)]
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


def _moved(run: Run, choice: Choice) -> bool:
    last, target = run.attempts[-1], choice.candidate.target
    return (last.integration_id, last.model) != (target.integration_id, target.model)


def _failed_over(run: Run, choice: Choice) -> StreamCompleteResponse:
    last, target = run.attempts[-1], choice.candidate.target
    return StreamCompleteResponse(
        attempt=len(run.attempts) + 1,
        failed_over=FailedOver(
            from_provider=last.provider,
            from_model=last.model,
            to_provider=target.provider,
            to_model=target.model,
            cause=last.error,
        ),
    )
