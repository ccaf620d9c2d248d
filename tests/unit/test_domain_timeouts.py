"""Timeouts of the parts of a call: whose hold, and how they reach a target."""

from __future__ import annotations

import math

import pytest
from trunkline.v1.configuration_pb2 import Configuration, LlmProviderConfiguration
from trunkline.v1.configuration_pb2 import Timeouts as ConfiguredTimeouts
from trunkline.v1.connector_pb2 import Connector
from trunkline.v1.integration_pb2 import Integration
from trunkline_server.domain.duration import duration
from trunkline_server.domain.resilience import Resilience
from trunkline_server.domain.router import Router, RoutingSettings
from trunkline_server.domain.timeouts import Timeouts, timeouts_of, told
from unit.domain_parts import FakeCatalogue, FakeProviders
from unit.service_parts import MemoryDirectory


def test_the_integrations_own_over_its_connectors_over_the_settings() -> None:
    own, connector = told({"connect": 1}), told({"connect": 2, "idle": 3})
    assert timeouts_of(own, connector, Timeouts(4, 5, 6)) == Timeouts(1, 5, 3)
    assert timeouts_of(ConfiguredTimeouts(), ConfiguredTimeouts(), Timeouts()) == Timeouts(5, math.inf, 30)


@pytest.mark.parametrize(("part", "expected"), [("connect", 1.0), ("first_byte", 2.0), ("idle", 3.0)])
def test_a_part_by_its_name(part: str, expected: float) -> None:
    timeouts = Timeouts(1.0, 2.0, 3.0)
    assert timeouts.of(part) == expected  # type: ignore[arg-type]
    assert timeouts.of("total") == math.inf


def test_a_target_has_them() -> None:
    class Providers(FakeProviders):
        def connectors(self) -> list[Connector]:
            return [Connector(name="alpha", timeout=duration(12), timeouts=told({"idle": 7}))]

    settings = RoutingSettings({}, timeouts=Timeouts(connect=2, idle=9))
    router = Router(MemoryDirectory(), FakeCatalogue({}), Providers({}), Resilience(), settings)
    configuration = Configuration(
        llm_provider=LlmProviderConfiguration(provider="alpha"), timeouts=told({"first_byte": 0.25})
    )
    target = router.target(Integration(integration_id="a", configuration=configuration), "s")
    assert (target.timeout, target.timeouts) == (12, Timeouts(connect=2, first_byte=0.25, idle=7))
