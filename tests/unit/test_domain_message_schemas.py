"""JSON Schemas of messages: they take the JSON that the contract's own form makes."""

from __future__ import annotations

import jsonschema_rs
import orjson
import pytest
from google.protobuf import json_format
from trunkline.v1.api_pb2 import ApiConfiguration, ApiTool, CallRate
from trunkline.v1.authentication_pb2 import Authentication
from trunkline.v1.configuration_pb2 import Configuration, ModelOverride
from trunkline_server.connectors.rest.engine import RestConnector
from trunkline_server.domain.addresses import OutboundPolicy
from trunkline_server.domain.message_schemas import message_schema


def whole() -> Configuration:
    rate = CallRate(calls=3)
    rate.per.FromMilliseconds(1500)
    tool = ApiTool(name="t", method="GET", path="/t", constants_json=b"{}", cost_nano_usd=7)
    api = ApiConfiguration(template="github", tools=[tool], headers={"X-A": "1"}, rates=[rate], strict_results=True)
    made = Configuration(endpoint="https://a.example", authentication=Authentication(secret="s"), api=api)
    made.timeout.FromSeconds(5)
    made.circuit_breaker.failure_threshold = 3
    return made


def test_the_contracts_json_fits() -> None:
    validator = jsonschema_rs.validator_for(message_schema(Configuration.DESCRIPTOR))
    assert validator.is_valid(json_format.MessageToDict(whole()))
    models = jsonschema_rs.validator_for(message_schema(ModelOverride.DESCRIPTOR))
    override = ModelOverride(model="m", context_window=1, quality=0.5, input_modalities=[1])
    override.deprecation_time.GetCurrentTime()
    assert models.is_valid(json_format.MessageToDict(override))


def test_fields_can_be_left_out() -> None:
    schema = message_schema(Authentication.DESCRIPTOR, {"trunkline.v1.Authentication.secret_hint"})
    assert "secretHint" not in schema["properties"]
    assert "secret" in schema["properties"]


@pytest.mark.parametrize(
    "changed",
    [
        {"api": {"template": "slack"}},
        {"api": {"template": "github", "enabledTools": ["nobody"]}},
        {"api": {"template": "github", "settingsJson": "e30="}},
        {"authentication": {"scheme": "AUTHENTICATION_SCHEME_BASIC"}},
        {"authentication": {"secretSet": True}},
        {"llmProvider": {}},
        {"timeout": 5},
        {"api": {}},
        {"api": None},
    ],
)
def test_a_connector_takes_its_own_only(changed: dict[str, object]) -> None:
    connectors = {one.name: one for one in RestConnector(OutboundPolicy()).connectors()}
    validator = jsonschema_rs.validator_for(orjson.loads(connectors["github"].configuration_schema_json))
    good = json_format.MessageToDict(whole())
    assert validator.is_valid(good)
    assert not validator.is_valid(good | changed)
