"""The methods of experiments."""

from __future__ import annotations

from trunkline_server.services.steering import Steering


class ExperimentMethods:
    """PolicyService's methods of experiments."""

    def __init__(self, steering: Steering) -> None:
        self._steering = steering
