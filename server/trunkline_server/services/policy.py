"""PolicyService: how calls are routed when the caller leaves it to Trunkline."""

from __future__ import annotations

from trunkline_server.domain.keeper import ExperimentCalls
from trunkline_server.domain.ports import Catalogue
from trunkline_server.services.experiment import ExperimentMethods
from trunkline_server.services.steering import Steering


class PolicyService(ExperimentMethods):
    """Routing policies and task mappings of a tenant; experiments come with `ExperimentMethods`."""

    def __init__(self, steering: Steering, calls: ExperimentCalls, catalogue: Catalogue) -> None:
        super().__init__(steering, calls)
        self._catalogue = catalogue
