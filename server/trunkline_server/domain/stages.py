"""What every call of a model goes through beside its attempts: admission before, settlement after."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

from trunkline.v1.caching_pb2 import CacheMode, CachePolicy
from trunkline.v1.common_pb2 import Usage
from trunkline.v1.completion_pb2 import CompleteResponse, Finished
from trunkline.v1.llm_pb2 import EmbedResponse

from trunkline_server.domain.admission import expected_tokens, rates_of_choice, rates_of_model_call
from trunkline_server.domain.attempts import to_hold
from trunkline_server.domain.begun import Begun
from trunkline_server.domain.call import Call, Caller
from trunkline_server.domain.duration import put_duration
from trunkline_server.domain.errors import Reason, TrunklineError
from trunkline_server.domain.money import put_money
from trunkline_server.domain.ports import Ask, BudgetLevel, BudgetLimit
from trunkline_server.domain.resilience import Resilience
from trunkline_server.domain.routes.plan import Choice, Plan, Rejection
from trunkline_server.domain.run import Run

_SERVED_CACHE_MODES = frozenset((CacheMode.CACHE_MODE_UNSPECIFIED, CacheMode.CACHE_MODE_OFF))


def unserved_cache(policy: CachePolicy) -> list[tuple[str, str]]:
    """Modes of the cache that this server does not honour yet: refused, never ignored."""
    if policy.mode in _SERVED_CACHE_MODES:
        return []
    return [("cache.mode", "answers are not cached yet; leave it empty or OFF")]


async def admit(
    run: Run, budgets: Sequence[BudgetLimit], resilience: Resilience, meanwhile: Callable[[], None] = lambda: None
) -> None:
    """Hold what the dearest candidate that may be tried can cost, within the limits of caller and first choice.
    Choices whose model or provider is at a limit are left out while others remain. `meanwhile` is done while the store
    decides. Raises what `Tab.open` raises."""
    call = run.call
    while True:
        run.held = to_hold(run)
        if call.tab is None:
            break
        try:
            opening = Begun(call.tab.open(_ask(run, budgets), run.record))
            try:
                run.route()  # The answer will tell it.
                meanwhile()
            finally:
                levels = await opening
            resilience.spending.note(call.tenant_id, levels)
            break
        except TrunklineError as error:
            left = _without_limited(run, error)
            if left is None:
                raise
            run.replan(left)
    resilience.retries.earn()


def _ask(run: Run, budgets: Sequence[BudgetLimit]) -> Ask:
    call, plan = run.call, run.plan
    rates = rates_of_model_call(call.identity, call.context.user_id)
    chosen = rates_of_choice(call.identity, plan.choices[0].candidate.target)
    tokens = expected_tokens(plan.need)
    return Ask(call.tenant_id, call.hold_id, run.held, (*rates, *chosen), tuple(budgets), tokens)


def _without_limited(run: Run, error: TrunklineError) -> Plan | None:
    """The plan without the choices that a refusal binds; None when it binds them all, or others may not be tried."""
    plan = run.plan
    if error.reason != Reason.ERROR_REASON_RATE_LIMITED or not run.recovery.allow_fallback:
        return None
    caller, subject = run.call.identity, error.metadata["subject"]
    left = [choice for choice in plan.choices if not _bound(caller, choice, subject)]
    if not left or len(left) == len(plan.choices):
        return None
    bound = [choice for choice in plan.choices if _bound(caller, choice, subject)]
    limited = [Rejection(choice.candidate, "rate_limited", error.message) for choice in bound]
    return replace(
        plan,
        choices=left,
        eligible=plan.eligible - len(bound),
        rejected={**plan.rejected, "rate_limited": plan.rejected.get("rate_limited", 0) + len(bound)},
        reject=lambda most: [*limited, *plan.reject(most)][:most],
    )


def _bound(caller: Caller, choice: Choice, subject: str) -> bool:
    return any(rate.subject == subject for rate in rates_of_choice(caller, choice.candidate.target))


async def conclude(run: Run, answer: CompleteResponse | Finished | EmbedResponse) -> Sequence[BudgetLevel]:
    """Settle, and fill in what only Trunkline knows of every call. Returns the budgets afterwards.

    The end of a stream waits for the settlement; a whole answer, of which the settlement would be a good part of the
    time, leaves before it.
    """
    tab = run.call.tab
    run.end()
    if tab is None or not run.streaming:
        levels = tab.settle_behind(run.charged) if tab is not None else ()
        _fill(run, answer)
    else:
        settling = Begun(tab.settle())
        try:
            _fill(run, answer)
        finally:
            levels = await settling
    put_duration(answer.latency, run.latency())
    return levels


def _fill(run: Run, answer: CompleteResponse | Finished | EmbedResponse) -> None:
    call = run.call
    assert run.choice is not None
    target = run.choice.candidate.target
    answer.model_used = answer.model_used or target.model
    answer.provider = target.provider
    put_money(answer.cost, run.charged)
    answer.cost_details.CopyFrom(run.bill)
    for attempt in run.attempts:
        answer.attempts.add().CopyFrom(attempt)
    answer.trace_id = call.trace_id
    answer.request_id = call.request_id
    _note_facts(call, target.provider, answer.model_used, answer.usage, run.charged)


def _note_facts(call: Call, provider: str, model: str, usage: Usage, cost: int) -> None:
    # OpenTelemetry's semantic conventions for generative AI name these.
    call.facts.update(
        {
            "gen_ai.provider.name": provider,
            "gen_ai.response.model": model,
            "gen_ai.usage.input_tokens": usage.input_tokens,
            "gen_ai.usage.output_tokens": usage.output_tokens,
            "trunkline.cost_nano_usd": cost,
        }
    )
