"""From a tenant's integrations to the candidates of the router, worked out once for each change of the tenant."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from trunkline.v1.completion_pb2 import CompleteRequest
from trunkline.v1.integration_pb2 import CircuitBreaker, Connector, Integration, IntegrationType
from trunkline.v1.llm_pb2 import EmbedRequest
from trunkline.v1.model_pb2 import Availability

from trunkline_server.domain.admission import BudgetIndex
from trunkline_server.domain.breaker import BreakerRule
from trunkline_server.domain.duration import seconds
from trunkline_server.domain.needs import Need, need_of, needed
from trunkline_server.domain.overrides import Overrides
from trunkline_server.domain.ports import Catalogue, Directory, Providers, Target, TenantView
from trunkline_server.domain.resilience import Resilience
from trunkline_server.domain.routing import RULES, Candidate, Plan, RouteTable, plan, reject
from trunkline_server.domain.sizes import embedding_size
from trunkline_server.domain.timeouts import DEFAULT_TIMEOUTS, Timeouts, timeouts_of

_EMBEDDINGS = "embeddings"
# A tenant that did not call for so long, in seconds, is not in use here.
_IN_USE_SECONDS = 900.0
# What binds a model that is asked to count and not to answer.
_COUNTING_RULES = {
    name: RULES[name] for name in ("integration_disabled", "residency", "parameter", "breaker_open", "rate_limited")
}


@dataclass(frozen=True, slots=True)
class RoutingSettings:
    """`aliases` name models in the order of preference. `provider_timeout` is in seconds; it and `timeouts` hold where
    neither the integration nor its connector has its own."""

    aliases: Mapping[str, Sequence[str]]
    provider_timeout: float = 30.0
    timeouts: Timeouts = DEFAULT_TIMEOUTS
    cost_optimization: bool = True
    budget_alert_threshold: float = 0.8


@dataclass(frozen=True, slots=True)
class Roads:
    """All that routing and admission need of one tenant. `made` is `time.monotonic()`: views are short-lived, so it
    tells within seconds when the tenant called last."""

    view: TenantView
    table: RouteTable
    budgets: BudgetIndex
    made: float = 0.0


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

    async def roads(self, tenant_id: str) -> Roads:
        """The tenant's routes and budgets, as of its current view."""
        view = await self._directory.tenant(tenant_id)
        found = self._roads.get(tenant_id)
        if found is None or found.view is not view:
            candidates = list(self._candidates(tenant_id, view))
            found = self._roads[tenant_id] = Roads(
                view,
                RouteTable.of(view.tenant, candidates),
                BudgetIndex(view.budgets, self._settings.budget_alert_threshold),
                time.monotonic(),
            )
        return found

    def in_use(self) -> Mapping[str, Roads]:
        """The tenants that called of late, with their roads as of then. The others are forgotten."""
        since = time.monotonic() - _IN_USE_SECONDS
        self._roads = {tenant_id: roads for tenant_id, roads in self._roads.items() if roads.made >= since}
        return self._roads

    def plan(self, roads: Roads, request: CompleteRequest, hard_budget: bool) -> Plan:
        """The plan of a request. Raises NOT_FOUND, INVALID_MODEL_REQUIREMENTS."""
        return self._plan(roads, self._need(roads, request, hard_budget))

    def plan_embedding(self, roads: Roads, request: EmbedRequest, hard_budget: bool) -> Plan:
        """The plan of a request for vectors. Raises NOT_FOUND, INVALID_MODEL_REQUIREMENTS."""
        whole, longest = embedding_size(request)
        need = needed(
            request.model,
            request.model_requirements,
            roads.view.tenant,
            implied=frozenset((_EMBEDDINGS,)),
            size=whole,
            reads=longest,
            output_tokens=0,
            hard_budget=hard_budget,
            unsupported=lambda target: self._providers.unsupported_embedding(target, request),
        )
        return self._plan(roads, need)

    def counters(self, roads: Roads, request: CompleteRequest) -> Sequence[Candidate]:
        """The candidates of the named model that may be asked to count a request. Raises INVALID_MODEL_REQUIREMENTS."""
        need = self._need(roads, request, hard_budget=False)
        named = roads.table.by_name.get(self.resolve(request.model), ())
        return [one for one in named if reject(one, need, _COUNTING_RULES) is None]

    def _need(self, roads: Roads, request: CompleteRequest, hard_budget: bool) -> Need:
        def unsupported(target: Target) -> Sequence[tuple[str, str]]:
            return self._providers.unsupported(target.profile, target.provider, request)

        return need_of(request, roads.view.tenant, hard_budget, unsupported)

    def _plan(self, roads: Roads, need: Need) -> Plan:
        return plan(roads.table, need, self._settings.aliases, self._settings.cost_optimization)

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

    def target(self, integration: Integration, secret: str, model: str = "") -> Target:
        """Where calls of an integration go."""
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
        )

    def _candidates(self, tenant_id: str, view: TenantView) -> Iterator[Candidate]:
        order = 0
        for integration in view.integrations.values():
            if integration.type != IntegrationType.INTEGRATION_TYPE_LLM_PROVIDER:
                continue
            settings = integration.configuration.llm_provider
            secret = view.secrets.get(integration.integration_id, "")
            rule = breaker_rule(integration.configuration.circuit_breaker)
            provider = settings.options.get("provider") or settings.provider
            overrides = Overrides(integration)
            for name in self._models(integration, provider):
                order += 1
                facts = overrides.facts(provider, name, self._catalogue.find(provider, name))
                yield Candidate(
                    target=self.target(integration, secret, name),
                    facts=facts,
                    prices=overrides.prices(name, facts),
                    capabilities=frozenset(facts.capabilities),
                    region=settings.region,
                    status=integration.status,
                    breaker=self._resilience.breaker(tenant_id, integration.integration_id, name, rule, provider),
                    order=order,
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
