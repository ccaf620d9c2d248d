"""From a tenant's integrations to the candidates of the router, worked out once for each change of the tenant, and from
a call to its plan."""

from __future__ import annotations

import time
from collections.abc import Callable, Hashable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from zlib import crc32

from trunkline.v1.completion_pb2 import CompleteRequest
from trunkline.v1.configuration_pb2 import CircuitBreaker, IntegrationType
from trunkline.v1.connector_pb2 import Connector
from trunkline.v1.integration_pb2 import Integration
from trunkline.v1.llm_pb2 import EmbedRequest
from trunkline.v1.model_pb2 import Availability
from trunkline.v1.route_pb2 import RoutingObjective

from trunkline_server.domain import tokens
from trunkline_server.domain.admission import BudgetIndex
from trunkline_server.domain.breaker import BreakerRule
from trunkline_server.domain.call import Call
from trunkline_server.domain.complexity import DEFAULT_TIERS, complexity
from trunkline_server.domain.duration import seconds
from trunkline_server.domain.needs import Need, constraints_of, max_latency_of, need_of
from trunkline_server.domain.overrides import Overrides
from trunkline_server.domain.ports import BudgetLimit, Catalogue, Directory, Providers, Target, TenantView
from trunkline_server.domain.quality import quality_of
from trunkline_server.domain.resilience import Resilience
from trunkline_server.domain.routes.aim import COST, DECLARED, Aim, Weights
from trunkline_server.domain.routes.calls import CALL_RULES, Moment
from trunkline_server.domain.routes.candidates import Candidate, RouteTable
from trunkline_server.domain.routes.plan import Plan, unknown_model
from trunkline_server.domain.routes.planner import Ground, Planner
from trunkline_server.domain.routes.policies import Asked, Defaults, Policies
from trunkline_server.domain.routes.pool import Pools
from trunkline_server.domain.routes.rules import BY_NAME, Constraints
from trunkline_server.domain.routes.spread import Shares
from trunkline_server.domain.shapes import shape_of
from trunkline_server.domain.sizes import embedding_size
from trunkline_server.domain.timeouts import DEFAULT_TIMEOUTS, Timeouts, timeouts_of

_EMBEDDINGS = frozenset(("embeddings",))
# A tenant that did not call for so long, in seconds, is not in use here.
_IN_USE_SECONDS = 900.0
_DAY = 86_400
_MOST_SHAPES = 2000
# What binds a model that is asked to count and not to answer.
_COUNTING_RULES = [BY_NAME[name] for name in ("integration_disabled", "residency", "retention")]
_COUNTING_CALL_RULES = [rule for rule in CALL_RULES if rule.name in ("parameter", "breaker_open", "rate_limited")]
# A prompt is cached by its provider from about so many tokens on (OpenAI and Anthropic: 1,024).
_CACHED_TOKENS = 1024
# Of a balanced choice.
_BALANCE = Weights.of(cost=0.3, latency=0.15, quality=0.55)
# So much of a beginning tells whose it is, in characters.
_BEGINNING = 2048


@dataclass(frozen=True, slots=True)
class RoutingSettings:
    """`aliases` name models in the order of preference. `provider_timeout` is in seconds; it and `timeouts` hold where
    neither the integration nor its connector has its own. `objective`, `weights` of a balanced choice and
    `max_provider_share` hold where no policy says otherwise."""

    aliases: Mapping[str, Sequence[str]]
    provider_timeout: float = 30.0
    timeouts: Timeouts = DEFAULT_TIMEOUTS
    cost_optimization: bool = True
    budget_alert_threshold: float = 0.8
    objective: RoutingObjective.ValueType = COST
    weights: Weights = _BALANCE
    max_provider_share: float = 0.6


@dataclass(frozen=True, slots=True)
class Roads:
    """All that routing and admission need of one tenant. `made` is `time.monotonic()`: views are short-lived, so it
    tells within seconds when the tenant called last."""

    view: TenantView
    table: RouteTable
    pools: Pools
    policies: Policies
    budgets: BudgetIndex
    made: float = 0.0
    day: int = 0


class Router:
    """Plans calls for tenants."""

    def __init__(
        self,
        directory: Directory,
        catalogue: Catalogue,
        providers: Providers,
        resilience: Resilience,
        settings: RoutingSettings,
    ) -> None:
        self._directory = directory
        self._catalogue = catalogue
        self._providers = providers
        self._resilience = resilience
        self._settings = settings
        self._connectors: dict[str, Connector] = {one.name: one for one in providers.connectors()}
        self._roads: dict[str, Roads] = {}
        self._shares: dict[str, Shares] = {}
        # What each (profile, provider) cannot honour of requests of a shape: looking costs more than choosing.
        self._honoured: dict[Hashable, dict[tuple[str, str], Sequence[tuple[str, str]]]] = {}
        balance = settings.weights
        objective = settings.objective if settings.cost_optimization else DECLARED
        self._defaults = Defaults(
            aim=Aim.at(objective, balance),
            balance=balance,
            share=settings.max_provider_share,
            aliases=settings.aliases,
            mappings={one.task: one for one in catalogue.task_mappings()},
            tiers=DEFAULT_TIERS,
        )

    async def roads(self, tenant_id: str) -> Roads:
        """The tenant's routes and budgets, as of its current view."""
        view = await self._directory.tenant(tenant_id)
        found = self._roads.get(tenant_id)
        if found is None or found.view is not view:
            found = self._roads[tenant_id] = self._made(tenant_id, view, found)
        return found

    def _made(self, tenant_id: str, view: TenantView, before: Roads | None) -> Roads:
        """What did not change is taken over: a large tenant takes long to build."""
        # Prices change by the day.
        day = int(time.time()) // _DAY
        if before is not None and before.day == day and _same(view, before.view):
            table, pools = before.table, before.pools
        else:
            table = RouteTable(list(self._candidates(tenant_id, view)))
            pools = Pools(table)
        routing = view.routing
        kept = before is not None and before.view.routing == routing
        return Roads(
            view,
            table,
            pools,
            before.policies if before is not None and kept else Policies(routing, self._defaults),
            BudgetIndex(view.budgets, self._settings.budget_alert_threshold),
            time.monotonic(),
            day,
        )

    def in_use(self) -> Mapping[str, Roads]:
        """The tenants that called of late, with their roads as of then. The others are forgotten."""
        since = time.monotonic() - _IN_USE_SECONDS
        self._roads = {tenant_id: roads for tenant_id, roads in self._roads.items() if roads.made >= since}
        self._shares = {tenant_id: shares for tenant_id, shares in self._shares.items() if tenant_id in self._roads}
        return self._roads

    def plan(self, roads: Roads, call: Call, request: CompleteRequest, budgets: Sequence[BudgetLimit]) -> Plan:
        """The plan of a request. Raises NOT_FOUND, INVALID_MODEL_REQUIREMENTS, INVALID_REQUEST (`routing.policy`)."""
        need = self._need(roads, request, any(budget.hard for budget in budgets))
        beginning = _beginning(request) if need.size.likely >= _CACHED_TOKENS or request.context.session_id else b""
        asked = self._asked(roads, call, request, need, budgets, partial(complexity, request))
        return self._plan(roads, asked, need, beginning)

    def plan_embedding(self, roads: Roads, call: Call, request: EmbedRequest, budgets: Sequence[BudgetLimit]) -> Plan:
        """The plan of a request for vectors. Raises what `plan` raises."""
        whole, longest = embedding_size(request)
        wanted = request.model_requirements
        need = Need(
            model=request.model,
            fallbacks=(),
            task=wanted.task,
            constraints=constraints_of(wanted, roads.view.tenant, frozenset() if request.model else _EMBEDDINGS),
            max_latency=max_latency_of(wanted),
            size=whole,
            reads=longest,
            bound=whole.bound,
            count=None,
            output_tokens=0,
            usual_tokens=0,
            hard_budget=any(budget.hard for budget in budgets),
            unsupported=lambda target: self._providers.unsupported_embedding(target, request),
            by_model=True,
        )
        asked = self._asked(roads, call, request, need, budgets, lambda: 0.0)
        asked.in_experiments = False
        return self._plan(roads, asked, need, b"")

    def took(self, tenant_id: str, plan: Plan) -> None:
        """A call follows a plan: it counts towards its provider's share, where Trunkline chose."""
        if plan.choices and plan.course.share < 1.0:
            self._shares_of(tenant_id).took(plan.choices[0].candidate.target.provider)

    def counters(self, roads: Roads, request: CompleteRequest) -> Sequence[Candidate]:
        """The candidates of the named model that may be asked to count a request. Raises INVALID_MODEL_REQUIREMENTS."""
        need = self._need(roads, request, hard_budget=False)
        named = roads.table.by_name.get(self.resolve(request.model), ())
        moment = self._moment()
        return [
            one
            for one in named
            if all(rule.finding(one, need.constraints) is None for rule in _COUNTING_RULES)
            and all(rule.finding(one, need, moment) is None for rule in _COUNTING_CALL_RULES)
        ]

    def _need(self, roads: Roads, request: CompleteRequest, hard_budget: bool) -> Need:
        shape = shape_of(request)
        known = self._honoured.setdefault(shape, {}) if shape is not None else {}
        if len(self._honoured) > _MOST_SHAPES:
            self._honoured.clear()

        def unsupported(target: Target) -> Sequence[tuple[str, str]]:
            wire = target.profile, target.provider
            found = known.get(wire)
            if found is None:
                found = known[wire] = self._providers.unsupported(*wire, request)
            return found

        return need_of(request, roads.view.tenant, hard_budget, unsupported, partial(tokens.count_request, request))

    def _asked(
        self,
        roads: Roads,
        call: Call,
        request: CompleteRequest | EmbedRequest,
        need: Need,
        budgets: Sequence[BudgetLimit],
        difficulty: Callable[[], float],
    ) -> Asked:
        request_id = request.request_id or call.request_id
        tenant_id = roads.view.tenant.tenant_id
        return Asked(
            model=need.model,
            task=need.task,
            fallbacks=need.fallbacks,
            context=request.context,
            request_id=request_id,
            seed=crc32(request_id.encode()),
            options=request.routing,
            complexity=difficulty,
            short=partial(self._resilience.spending.short, tenant_id, budgets),
        )

    def _plan(self, roads: Roads, asked: Asked, need: Need, beginning: bytes) -> Plan:
        policies = roads.policies.matching(asked.context, asked.task)
        course = roads.policies.course(asked, policies)
        if need.model and not any(name in roads.table.by_name for leg in course.legs for name in leg.names or ()):
            raise unknown_model(need.model)
        constraints: tuple[Constraints, ...] = ()
        if policies:
            constraints = tuple(one.constraints for one in policies if one.constraints is not None)
            limits = [one.max_latency for one in policies if one.max_latency is not None]
            if limits:
                limits += [] if need.max_latency is None else [need.max_latency]
                need = replace(need, max_latency=min(limits))
        shares = self._shares_of(roads.view.tenant.tenant_id)
        ground = Ground(roads.table, roads.pools, self._moment(), self._resilience.lanes, shares)
        return Planner(ground, course, need, constraints, asked.seed, beginning, asked.options.explain).plan()

    def _moment(self) -> Moment:
        breakers = self._resilience.breakers
        return Moment(breakers.live, breakers.away)

    def _shares_of(self, tenant_id: str) -> Shares:
        found = self._shares.get(tenant_id)
        if found is None:
            found = self._shares[tenant_id] = Shares()
        return found

    def availability(self, roads: Roads, one: Candidate) -> Availability:
        """How well a candidate answers now, as far as this worker knows."""
        target = one.target
        found = one.breaker.availability()
        lane = self._resilience.lanes.find(target.endpoint, target.model)
        if lane is not None:
            found.in_flight, found.concurrency_limit = lane.in_flight, lane.limit
        integration = roads.view.integrations.get(target.integration_id)
        if integration is not None and integration.HasField("last_check"):
            found.check_healthy = integration.last_check.healthy
            found.check_time.CopyFrom(integration.last_check.check_time)
        return found

    def aliases_of(self, name: str) -> list[str]:
        """The aliases that lead to a model."""
        return [alias for alias, names in self._settings.aliases.items() if name in names]

    def resolve(self, name: str) -> str:
        """The first model of an alias, or the name itself."""
        names = self._settings.aliases.get(name)
        return names[0] if names else name

    def target(self, integration: Integration, secret: str, model: str = "", unresolved: str = "") -> Target:
        """Where calls of an integration go. `unresolved` says why there is no secret."""
        configuration = integration.configuration
        settings = configuration.llm_provider
        connector = self._connectors.get(settings.provider, Connector())
        timeout = seconds(configuration.timeout) or seconds(connector.timeout) or self._settings.provider_timeout
        return Target(
            integration_id=integration.integration_id,
            profile=settings.provider,
            provider=settings.options.get("provider") or settings.provider,
            model=model,
            endpoint=configuration.endpoint or connector.default_endpoint,
            timeout=timeout,
            secret=secret,
            options=dict(settings.options),
            timeouts=timeouts_of(configuration.timeouts, connector.timeouts, self._settings.timeouts),
            unresolved=unresolved,
        )

    def _candidates(self, tenant_id: str, view: TenantView) -> Iterator[Candidate]:
        judged = view.routing.judged
        for integration in view.integrations.values():
            if integration.type != IntegrationType.INTEGRATION_TYPE_LLM_PROVIDER:
                continue
            settings = integration.configuration.llm_provider
            secret = view.secrets.get(integration.integration_id, "")
            unresolved = view.unresolved.get(integration.integration_id, "")
            rule = breaker_rule(integration.configuration.circuit_breaker)
            provider = settings.options.get("provider") or settings.provider
            overrides = Overrides(integration)
            for name in self._models(integration, provider):
                facts = overrides.facts(
                    provider, name, self._catalogue.find(provider, name), self._catalogue.quality(name)
                )
                prices = overrides.prices(name, facts)
                quality, source = quality_of(
                    facts, judged.get(f"{provider}/{name}"), None if prices is None else prices.dearest_output
                )
                yield Candidate(
                    target=self.target(integration, secret, name, unresolved),
                    facts=facts,
                    prices=prices,
                    capabilities=frozenset(facts.capabilities),
                    region=settings.region,
                    status=integration.status,
                    breaker=self._resilience.breaker(tenant_id, integration.integration_id, name, rule, provider),
                    quality=quality,
                    quality_source=source,
                    retention=seconds(settings.data_retention) if settings.HasField("data_retention") else None,
                )

    def _models(self, integration: Integration, provider: str) -> Sequence[str]:
        """What the owner listed; else what the catalogue knows of the provider; else what its last check found."""
        return (
            list(integration.configuration.llm_provider.models)
            or [model.id for model in self._catalogue.of_provider(provider)]
            or list(integration.last_check.models)
        )


def breaker_rule(configured: CircuitBreaker) -> BreakerRule:
    """The rule of an integration's breaker; absent values are the defaults."""
    default = BreakerRule()
    return BreakerRule(
        failures=configured.failure_threshold or default.failures,
        window=seconds(configured.window) or default.window,
        open_for=seconds(configured.open_duration) or default.open_for,
    )


def _same(view: TenantView, before: TenantView) -> bool:
    """Whether the candidates of two views are the same."""
    return (
        view.tenant == before.tenant
        and view.secrets == before.secrets
        and view.unresolved == before.unresolved
        and view.integrations == before.integrations
        and view.routing.judged == before.routing.judged
    )


def _beginning(request: CompleteRequest) -> bytes:
    """What calls that share a provider's prompt cache have in common: their session, else how they begin."""
    if request.context.session_id:
        return request.context.session_id.encode()
    first = request.messages[0].parts[0].text if request.messages and request.messages[0].parts else request.prompt
    return first[:_BEGINNING].encode(errors="replace")
