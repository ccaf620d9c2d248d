"""What every call of a model goes through beside its attempts: admission before, settlement after."""

from __future__ import annotations

from collections.abc import Sequence

from trunkline.v1.common_pb2 import Usage
from trunkline.v1.completion_pb2 import CacheMode, CachePolicy, CompleteResponse, Finished
from trunkline.v1.llm_pb2 import EmbedResponse

from trunkline_server.domain.admission import rates_of
from trunkline_server.domain.attempts import to_hold
from trunkline_server.domain.begun import Begun
from trunkline_server.domain.call import Call
from trunkline_server.domain.money import to_money
from trunkline_server.domain.ports import Ask, BudgetLevel, BudgetLimit
from trunkline_server.domain.resilience import Resilience
from trunkline_server.domain.run import Run

_SERVED_CACHE_MODES = frozenset((CacheMode.CACHE_MODE_UNSPECIFIED, CacheMode.CACHE_MODE_OFF))


def unserved_cache(policy: CachePolicy) -> list[tuple[str, str]]:
    """Modes of the cache that this server does not honour yet: refused, never ignored."""
    if policy.mode in _SERVED_CACHE_MODES:
        return []
    return [("cache.mode", "answers are not cached yet; leave it empty or OFF")]


async def admit(run: Run, budgets: Sequence[BudgetLimit], resilience: Resilience) -> None:
    """Hold what the dearest candidate that may be tried can cost. Raises what `Tab.open` raises."""
    call = run.call
    run.held = to_hold(run)
    if call.tab is not None:
        ask = Ask(call.tenant_id, call.hold_id, run.held, rates_of(call.identity), tuple(budgets))
        await call.tab.open(ask, run.record)
    resilience.retries.earn()


async def conclude(run: Run, answer: CompleteResponse | Finished | EmbedResponse) -> Sequence[BudgetLevel]:
    """Settle, and meanwhile fill in what only Trunkline knows of every call. Returns the budgets afterwards."""
    settling = Begun(_settled(run.call))
    try:
        _fill(run, answer)
    finally:
        levels = await settling
    answer.latency.CopyFrom(run.latency())
    return levels


async def _settled(call: Call) -> Sequence[BudgetLevel]:
    return await call.tab.settle() if call.tab is not None else ()


def _fill(run: Run, answer: CompleteResponse | Finished | EmbedResponse) -> None:
    call = run.call
    assert run.choice is not None
    target = run.choice.candidate.target
    answer.model_used = answer.model_used or target.model
    answer.provider = target.provider
    answer.cost.CopyFrom(to_money(run.charged))
    answer.cost_details.CopyFrom(run.bill)
    answer.attempts.extend(run.attempts)
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
