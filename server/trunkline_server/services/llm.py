"""LLMService: unpack, call the domain, return."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from functools import partial

from trunkline.v1.completion_pb2 import (
    CompleteRequest,
    CompleteResponse,
    StreamCompleteRequest,
    StreamCompleteResponse,
)
from trunkline.v1.llm_pb2 import (
    CountTokensRequest,
    CountTokensResponse,
    EmbedRequest,
    EmbedResponse,
    ExplainRouteRequest,
    ExplainRouteResponse,
    GetModelRequest,
    GetModelResponse,
    ListModelsRequest,
    ListModelsResponse,
    RecordFeedbackRequest,
    RecordFeedbackResponse,
)
from trunkline.v1.model_pb2 import Model

from trunkline_server.domain.call import Call
from trunkline_server.domain.completion import Completions
from trunkline_server.domain.counting import TokenCounts
from trunkline_server.domain.embedding import Embeddings
from trunkline_server.domain.errors import not_found
from trunkline_server.domain.feedback import Judgements
from trunkline_server.domain.ports import Catalogue
from trunkline_server.domain.router import Roads, Router
from trunkline_server.domain.routes.candidates import Candidate
from trunkline_server.domain.routes.record import candidates_of, route_of
from trunkline_server.services.paging import page


class LLMService:
    """Completions, embeddings, token counts, models and routes."""

    def __init__(
        self,
        completions: Completions,
        embeddings: Embeddings,
        counts: TokenCounts,
        router: Router,
        catalogue: Catalogue,
        judgements: Judgements,
    ) -> None:
        self._completions = completions
        self._embeddings = embeddings
        self._counts = counts
        self._router = router
        self._catalogue = catalogue
        self._judgements = judgements

    async def complete(self, call: Call, request: CompleteRequest) -> CompleteResponse:
        """See the contract."""
        return await self._completions.complete(call, request)

    def stream_complete(
        self, call: Call, request: StreamCompleteRequest
    ) -> AsyncGenerator[StreamCompleteResponse, None]:
        """See the contract."""
        return self._completions.stream(call, request.request)

    async def embed(self, call: Call, request: EmbedRequest) -> EmbedResponse:
        """See the contract."""
        return await self._embeddings.embed(call, request)

    async def count_tokens(self, call: Call, request: CountTokensRequest) -> CountTokensResponse:
        """See the contract."""
        return await self._counts.count(call, request.request)

    async def record_feedback(self, call: Call, request: RecordFeedbackRequest) -> RecordFeedbackResponse:
        """See the contract."""
        feedback_id = await self._judgements.record(call.tenant_id, call.identity.key_id, request)
        return RecordFeedbackResponse(feedback_id=feedback_id)

    async def explain_route(self, call: Call, request: ExplainRouteRequest) -> ExplainRouteResponse:
        """See the contract."""
        asked = request.request
        roads = await self._router.roads(call.tenant_id)
        budgets = roads.budgets.in_scope(call.identity, asked.context, call.arrived_wall)
        asked.routing.explain = True
        plan = self._router.plan(roads, call, asked, budgets)
        answer = ExplainRouteResponse(candidates=candidates_of(plan, partial(self._router.availability, roads)))
        if plan.choices:
            first = plan.choices[0]
            answer.selected.CopyFrom(answer.candidates[0])
            answer.route.CopyFrom(route_of(plan, shown=0))
            answer.route.region, answer.route.estimated_nano_usd = first.candidate.region, first.most
        return answer

    async def list_models(self, call: Call, request: ListModelsRequest) -> ListModelsResponse:
        """See the contract: what the tenant can reach first, then the rest of the catalogue, each by name."""
        roads = await self._router.roads(call.tenant_id)
        reachable = self._reachable(roads)
        names = sorted(reachable)
        if not request.reachable_only:
            names += [model.name for model in self._catalogue.models() if model.name not in reachable]
        wanted = frozenset(request.capabilities)
        known = {model.name: model for model in self._catalogue.models()} | reachable
        found = [
            known[name]
            for name in names
            if (not request.provider or known[name].provider == request.provider)
            and wanted <= frozenset(known[name].capabilities)
        ]
        shown, following = page(found, request.page_size, request.page_token)
        for model in shown:
            self._tell_availability(model, roads)
        return ListModelsResponse(models=shown, total_size=len(found), next_page_token=following)

    async def get_model(self, call: Call, request: GetModelRequest) -> GetModelResponse:
        """See the contract."""
        name = self._router.resolve(request.name)
        roads = await self._router.roads(call.tenant_id)
        reachable = self._reachable(roads)
        found = reachable.get(name) or next((model for model in reachable.values() if model.id == name), None)
        if found is not None:
            self._tell_availability(found, roads)
            return GetModelResponse(model=found)
        provider, _, bare = name.partition("/")
        known = self._catalogue.find(provider, bare) if bare else next(iter(self._catalogue.by_name(name)), None)
        if known is None:
            raise not_found("model", request.name)
        return GetModelResponse(model=known)

    def _tell_availability(self, model: Model, roads: Roads) -> None:
        for one in roads.table.by_name.get(model.name, ()):
            if one.name == model.name:
                found = self._router.availability(roads, one)
                model.availability[one.target.integration_id].CopyFrom(found)

    def _reachable(self, roads: Roads) -> dict[str, Model]:
        found: dict[str, Model] = {}
        for one in roads.table.candidates:
            model = found.get(one.name)
            if model is None:
                model = found[one.name] = _model_of(one)
                model.aliases.extend(self._router.aliases_of(one.name))
            model.integration_ids.append(one.target.integration_id)
        return found


def _model_of(one: Candidate) -> Model:
    model = Model()
    model.CopyFrom(one.facts)
    model.name, model.provider, model.id = one.name, one.target.provider, one.target.model
    if one.prices is not None:
        # A tenant's own price takes the place of the catalogue's.
        del model.prices[:]
        for token_class, steps in one.prices.tiers.items():
            for start, price in steps:
                model.prices.add(token_class=token_class, nano_usd_per_million=price, from_input_tokens=start)
        model.price_version = one.prices.version
    if one.region:
        model.regions[:] = [one.region]
    if one.quality is not None:
        model.quality, model.quality_source = one.quality, one.quality_source
    return model
