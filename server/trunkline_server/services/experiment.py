"""The methods of experiments."""

from __future__ import annotations

from google.protobuf.timestamp_pb2 import Timestamp
from trunkline.v1.experiment_pb2 import (
    CreateExperimentRequest,
    CreateExperimentResponse,
    Experiment,
    GetExperimentRequest,
    GetExperimentResponse,
    GetExperimentResultsRequest,
    GetExperimentResultsResponse,
    ListExperimentsRequest,
    ListExperimentsResponse,
    StopExperimentRequest,
    StopExperimentResponse,
)

from trunkline_server.domain.call import Call
from trunkline_server.domain.errors import already_exists, not_found
from trunkline_server.domain.experiment_check import started
from trunkline_server.domain.experiment_keeping import ended
from trunkline_server.domain.experiment_results import results
from trunkline_server.domain.keeper import ExperimentCalls
from trunkline_server.domain.steering import RoutingView
from trunkline_server.services.steering import Steering


class ExperimentMethods:
    """PolicyService's methods of experiments."""

    def __init__(self, steering: Steering, calls: ExperimentCalls) -> None:
        self._steering = steering
        self._calls = calls

    async def create_experiment(self, call: Call, request: CreateExperimentRequest) -> CreateExperimentResponse:
        """See the contract."""
        wanted = request.experiment
        names = await self._steering.names(call.tenant_id)

        def edit(current: Experiment | None, view: RoutingView) -> Experiment:
            if current is not None:
                raise already_exists("experiment", wanted.experiment_id)
            return started(wanted, names.knows, view.experiments)

        made = await self._steering.write(call, Experiment, wanted.experiment_id, edit)
        return CreateExperimentResponse(experiment=made)

    async def get_experiment(self, call: Call, request: GetExperimentRequest) -> GetExperimentResponse:
        """See the contract."""
        found = await self._steering.items.get(call.tenant_id, Experiment, request.experiment_id)
        return GetExperimentResponse(experiment=found)

    async def list_experiments(self, call: Call, request: ListExperimentsRequest) -> ListExperimentsResponse:
        """See the contract."""
        found, following = await self._steering.items.list(
            call.tenant_id, Experiment, request.page_size, request.page_token
        )
        return ListExperimentsResponse(experiments=found, next_page_token=following)

    async def stop_experiment(self, call: Call, request: StopExperimentRequest) -> StopExperimentResponse:
        """See the contract. Stopping twice changes nothing."""
        now = Timestamp()
        now.GetCurrentTime()

        def edit(current: Experiment | None, _: RoutingView) -> Experiment:
            if current is None:
                raise not_found("experiment", request.experiment_id)
            return ended(current, now)

        stopped = await self._steering.write(call, Experiment, request.experiment_id, edit, "stop")
        return StopExperimentResponse(experiment=stopped)

    async def get_experiment_results(
        self, call: Call, request: GetExperimentResultsRequest
    ) -> GetExperimentResultsResponse:
        """See the contract."""
        found = await self._steering.items.get(call.tenant_id, Experiment, request.experiment_id)
        totals, as_of = await self._calls.totals(call.tenant_id, found)
        return results(found, totals, as_of)
