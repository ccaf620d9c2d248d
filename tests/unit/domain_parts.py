"""Ports in memory, and a tenant to call through them."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncGenerator, Mapping, Sequence
from typing import Any, TypeAlias

from trunkline.v1.access_pb2 import Tenant
from trunkline.v1.analytics_pb2 import RecordedRequest
from trunkline.v1.budget_pb2 import Budget, BudgetEnforcement, BudgetPeriod, BudgetScope
from trunkline.v1.common_pb2 import CallContext, TokenClass, Usage
from trunkline.v1.completion_pb2 import (
    BlockKind,
    CompleteRequest,
    CompleteResponse,
    ContentDelta,
    ContentFinished,
    ContentStarted,
    Finish,
    Finished,
    FinishReason,
    Started,
    StreamCompleteResponse,
)
from trunkline.v1.configuration_pb2 import Configuration, IntegrationType, LlmProviderConfiguration, PriceOverride
from trunkline.v1.connector_pb2 import Connector
from trunkline.v1.content_pb2 import Part
from trunkline.v1.integration_health_pb2 import HealthCheck
from trunkline.v1.integration_pb2 import Integration
from trunkline.v1.llm_pb2 import EmbedRequest
from trunkline.v1.model_pb2 import Model, TokenPrice
from trunkline.v1.policy_pb2 import TaskMapping
from trunkline_server.domain.breakers import Breakers
from trunkline_server.domain.call import Call, Caller
from trunkline_server.domain.completion import Completions
from trunkline_server.domain.counting import TokenCounts
from trunkline_server.domain.deadline import Deadline
from trunkline_server.domain.embedding import Embeddings
from trunkline_server.domain.errors import ProviderError, Reason, quota, store_unavailable
from trunkline_server.domain.money import to_money
from trunkline_server.domain.ports import Ask, BudgetLevel, BudgetLimit, Heard, RateLimit, Target, TenantView, Vectors
from trunkline_server.domain.resilience import Resilience
from trunkline_server.domain.router import Router, RoutingSettings
from trunkline_server.domain.tab import Settlements, Tab

Event = StreamCompleteResponse
TENANT = "acme"


class Hang:
    """An upstream that never answers."""


class FakeDirectory:
    def __init__(self, view: TenantView) -> None:
        self.view = view

    async def caller(self, token: str) -> Caller:
        raise NotImplementedError

    async def tenant(self, tenant_id: str) -> TenantView:
        return self.view

    async def changed(self, tenant_id: str) -> None:
        raise NotImplementedError


class FakeCatalogue:
    """`prices` are (input, output) in nano-USD per million tokens, by `<provider>/<model>`."""

    def __init__(self, prices: Mapping[str, tuple[int, int]]) -> None:
        self._models = {name: model(name, *pair) for name, pair in prices.items()}

    def find(self, provider: str, model: str) -> Model | None:
        return self._models.get(f"{provider}/{model}")

    def models(self) -> Sequence[Model]:
        return list(self._models.values())

    def by_name(self, model: str) -> Sequence[Model]:
        return [one for one in self._models.values() if one.id == model]

    def of_provider(self, provider: str) -> Sequence[Model]:
        return [one for one in self._models.values() if one.provider == provider]

    def quality(self, model: str) -> tuple[float | None, str]:
        return None, ""

    def task_mappings(self) -> Sequence[TaskMapping]:
        return ()


Step: TypeAlias = StreamCompleteResponse | ProviderError | Hang
Outcome: TypeAlias = CompleteResponse | Vectors | ProviderError | Hang | Sequence[Step]


class FakeProviders:
    """Each provider plays its outcomes in order; the last one is played again and again."""

    def __init__(self, script: Mapping[str, Sequence[Outcome]]) -> None:
        self._script = {name: list(outcomes) for name, outcomes in script.items()}
        self.calls: list[Target] = []
        self.requests: list[CompleteRequest | EmbedRequest] = []
        self.counts: dict[str, int | ProviderError] = {}
        self.deadlines: list[Deadline] = []
        self.closed = 0
        # What was prepared of each attempt.
        self.used: list[Any] = []
        # What a hanging call answers, should it come to an end.
        self.hung: CompleteResponse | None = None
        # Who goes on from the beginning of an answer.
        self.prefilled: frozenset[str] = frozenset()
        self.waiting = asyncio.Event()

    def _next(self, target: Target, request: CompleteRequest | EmbedRequest, deadline: Deadline) -> Outcome:
        self.calls.append(target)
        self.requests.append(request)
        self.deadlines.append(deadline)
        outcomes = self._script[target.provider]
        return outcomes.pop(0) if len(outcomes) > 1 else outcomes[0]

    async def _play(self, step: Outcome) -> None:
        if isinstance(step, ProviderError):
            raise step
        if isinstance(step, Hang):
            self.waiting.set()
            await asyncio.Event().wait()

    def prepare(self, target: Target, request: CompleteRequest, *, stream: bool) -> Any:
        return target, request, stream

    async def complete(
        self, target: Target, request: CompleteRequest, deadline: Deadline, heard: Heard | None = None, *prepared: Any
    ) -> CompleteResponse:
        self.used += prepared
        outcome = self._next(target, request, deadline)
        await self._play(outcome)
        outcome = self.hung if isinstance(outcome, Hang) else outcome
        assert isinstance(outcome, CompleteResponse)
        answer = CompleteResponse()
        answer.CopyFrom(outcome)
        return answer

    async def stream(
        self, target: Target, request: CompleteRequest, deadline: Deadline, heard: Heard | None = None, *prepared: Any
    ) -> AsyncGenerator[StreamCompleteResponse, None]:
        self.used += prepared
        outcome = self._next(target, request, deadline)
        await self._play(outcome)
        assert isinstance(outcome, Sequence)
        try:
            for step in outcome:
                if isinstance(step, StreamCompleteResponse):
                    event = Event()
                    event.CopyFrom(step)
                    yield event
                else:
                    await self._play(step)
        finally:
            self.closed += 1

    async def embed(
        self, target: Target, request: EmbedRequest, deadline: Deadline, heard: Heard | None = None
    ) -> Vectors:
        outcome = self._next(target, request, deadline)
        await self._play(outcome)
        assert isinstance(outcome, Vectors)
        return outcome

    def unsupported_embedding(self, target: Target, request: EmbedRequest) -> Sequence[tuple[str, str]]:
        long = request.HasField("dimensions") and target.provider == "beta"
        return [("dimensions", "beta does not shorten vectors")] if long else []

    async def count(self, target: Target, request: CompleteRequest, deadline: Deadline) -> int | None:
        self.calls.append(target)
        self.deadlines.append(deadline)
        found = self.counts.get(target.provider)
        if isinstance(found, ProviderError):
            raise found
        return found

    def unsupported(self, profile: str, provider: str, request: CompleteRequest) -> Sequence[tuple[str, str]]:
        return [("seed", "is not known")] if request.HasField("seed") and provider == "beta" else []

    def prefills(self, target: Target) -> bool:
        return target.provider in self.prefilled

    async def check(self, target: Target, deadline: Deadline) -> HealthCheck:
        raise NotImplementedError

    def connectors(self) -> Sequence[Connector]:
        return [Connector(name="alpha", default_endpoint="https://alpha.example")]


class FakeAdmission:
    """Holds and charges in memory. `away` is how many settlements fail because Redis cannot be reached; the subjects
    `at_limit` refuse every call."""

    def __init__(self, limit: int = 10**15) -> None:
        self.limit = limit
        self.away = 0
        self.spent = 0
        self.held: dict[str, int] = {}
        self.asks: list[Ask] = []
        self.records: list[RecordedRequest | None] = []
        self.at_limit: set[str] = set()
        self.widened: list[tuple[RateLimit, ...]] = []
        self.tokens: list[int] = []
        self.settling: asyncio.Event | None = None
        self.admitting: asyncio.Event | None = None

    async def admit(self, ask: Ask) -> Sequence[BudgetLevel]:
        before = await self.levels(ask.tenant_id, ask.budgets)
        self.asks.append(ask)
        self._limit(ask.rates)
        if self.spent + sum(self.held.values()) + ask.amount > self.limit:
            raise quota(Reason.ERROR_REASON_BUDGET_EXCEEDED, "the budget is spent", "budget/b")
        self.held[ask.hold_id] = ask.amount
        if self.admitting is not None:
            await self.admitting.wait()
        return before

    async def widen(self, ask: Ask, rates: Sequence[RateLimit]) -> None:
        self._limit(rates)
        self.widened.append(tuple(rates))

    def _limit(self, rates: Sequence[RateLimit]) -> None:
        for rate in rates:
            if rate.subject in self.at_limit:
                raise quota(Reason.ERROR_REASON_RATE_LIMITED, f"{rate.subject} is at its limit", rate.subject, 2.0)

    async def settle(self, ask: Ask, spent: int, record: bytes, tokens: int = 0) -> Sequence[BudgetLevel]:
        if self.settling is not None:
            await self.settling.wait()
        if self.away:
            self.away -= 1
            raise store_unavailable("Redis")
        self.held.pop(ask.hold_id, None)
        self.spent += spent
        self.tokens.append(tokens)
        self.records.append(RecordedRequest.FromString(record) if record else None)
        return await self.levels(ask.tenant_id, ask.budgets)

    async def levels(self, tenant_id: str, budgets: Sequence[BudgetLimit]) -> Sequence[BudgetLevel]:
        return [BudgetLevel(one.budget_id, one.limit, self.spent, sum(self.held.values())) for one in budgets]


class World:
    """A tenant with one integration for each scripted provider, `<provider>-main` with the model `<provider>/m`.

    Prices default to 1 and 2 USD per million input and output tokens for `alpha`, and double for each next one."""

    def __init__(
        self,
        script: Mapping[str, Sequence[Outcome]],
        *,
        prices: Mapping[str, tuple[int, int]] | None = None,
        budgets: Sequence[Budget] = (),
        aliases: Mapping[str, Sequence[str]] | None = None,
        limit: int = 10**15,
        integrations: Sequence[Integration] | None = None,
        tenant: Tenant | None = None,
        **settings: Any,
    ) -> None:
        steps = enumerate(script)
        catalogue = prices or {f"{name}/m": (10**9 << step, 2 * 10**9 << step) for step, name in steps}
        made = integrations or [integration(name) for name in script]
        self.view = TenantView(
            tenant=tenant or Tenant(tenant_id=TENANT),
            integrations={one.integration_id: one for one in made},
            secrets={one.integration_id: "sesame" for one in made},
            budgets=budgets,
        )
        self.directory = FakeDirectory(self.view)
        self.providers = FakeProviders(script)
        self.admission = FakeAdmission(limit)
        self.settlements = Settlements()
        # Looked up at each reading, so that a test may turn the clock.
        self.resilience = Resilience(Breakers(clock=lambda: time.monotonic()))
        # One provider serves all, unless a test is about shares.
        found = RoutingSettings(aliases or {}, **{"max_provider_share": 1.0, **settings})
        self.router = Router(self.directory, FakeCatalogue(catalogue), self.providers, self.resilience, found)
        self.completions = Completions(self.router, self.providers, self.resilience)
        self.embeddings = Embeddings(self.router, self.providers, self.resilience)
        self.counts = TokenCounts(self.router, self.providers)
        self._calls = 0

    def call(self, seconds: float = 30.0) -> Call:
        self._calls += 1
        return Call(
            method="/trunkline.v1.LLMService/Complete",
            request_id=f"r-{self._calls}",
            trace_id="0af7651916cd43dd8448eb211c80319c",
            deadline=Deadline.after(seconds),
            arrived=time.monotonic(),
            arrived_wall=1_795_000_000.0,
            hold_id=f"h-{self._calls}",
            caller=Caller(TENANT, "k", frozenset({"*"}), key_requests_per_minute=60),
            context=CallContext(agent_id="agent"),
            tab=Tab(self.admission, self.settlements),
        )


# ── Pieces ──────────────────────────────────────────────────────────────────────────────────────────────────────


def model(name: str, input_price: int = 0, output_price: int = 0) -> Model:
    provider, _, bare = name.partition("/")
    tiers = ((TokenClass.TOKEN_CLASS_INPUT, input_price), (TokenClass.TOKEN_CLASS_OUTPUT, output_price))
    prices = [TokenPrice(token_class=token_class, nano_usd_per_million=price) for token_class, price in tiers]
    return Model(
        name=name,
        provider=provider,
        id=bare,
        capabilities=("text", "streaming"),
        prices=prices if input_price or output_price else (),
        price_version="test/1",
        context_window=100_000,
    )


def integration(
    provider: str,
    *,
    models: Sequence[str] = (),
    region: str = "",
    overrides: Sequence[PriceOverride] = (),
    options: Mapping[str, str] | None = None,
) -> Integration:
    return Integration(
        integration_id=f"{provider}-main",
        type=IntegrationType.INTEGRATION_TYPE_LLM_PROVIDER,
        etag="7",
        configuration=Configuration(
            llm_provider=LlmProviderConfiguration(
                provider=provider, models=models, region=region, price_overrides=overrides, options=options
            )
        ),
    )


def tenant_budget(nano_usd: int, *, hard: bool = True) -> Budget:
    enforcement = BudgetEnforcement.BUDGET_ENFORCEMENT_HARD if hard else BudgetEnforcement.BUDGET_ENFORCEMENT_SOFT
    return Budget(
        budget_id="b",
        scope=BudgetScope.BUDGET_SCOPE_TENANT,
        period=BudgetPeriod.BUDGET_PERIOD_MONTH,
        limit=to_money(nano_usd),
        enforcement=enforcement,
    )


def used(input_tokens: int = 10, output_tokens: int = 5) -> Usage:
    return Usage(input_tokens=input_tokens, output_tokens=output_tokens)


def answer(text: str = "Hello", usage: Usage | None = None) -> CompleteResponse:
    return CompleteResponse(
        completion=text,
        content=[Part(text=text)],
        completion_id="c-1",
        usage=usage,
        finish=Finish(reason=FinishReason.FINISH_REASON_STOP, raw_reason="stop"),
    )


def started() -> Event:
    return Event(started=Started(completion_id="c-1", provider="alpha", model="m"))


def opened() -> Event:
    return Event(content_started=ContentStarted(kind=BlockKind.BLOCK_KIND_TEXT))


def delta(text: str) -> Event:
    return Event(content_delta=ContentDelta(text=text))


def usage_event(input_tokens: int = 10, output_tokens: int = 5) -> Event:
    return Event(usage=used(input_tokens, output_tokens))


def streamed(*texts: str, usage: Usage | None = None) -> list[Step]:
    """A whole stream, as a provider adapter gives it."""
    finish = Finish(reason=FinishReason.FINISH_REASON_STOP, raw_reason="stop")
    return [
        started(),
        opened(),
        *(delta(text) for text in texts),
        Event(content_finished=ContentFinished()),
        Event(finished=Finished(finish=finish, usage=usage)),
    ]


def broken(reason: str = "UPSTREAM_UNAVAILABLE", **more: object) -> ProviderError:
    """A failure of a provider: it may be retried and another one may be tried, unless `more` says otherwise."""
    options = {"retry": True, "http_status": 503, **more}
    return ProviderError(Reason.Value(f"ERROR_REASON_{reason}"), "the provider failed", **options)  # type: ignore[arg-type]
