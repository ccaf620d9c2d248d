"""The JSON Schemas of provider profiles: sound, and of one mind with what is refused."""

from __future__ import annotations

from typing import Any

import jsonschema_rs
import orjson
import pytest
from google.protobuf.json_format import ParseDict
from trunkline.v1.configuration_pb2 import IntegrationType
from trunkline.v1.integration_pb2 import Integration
from trunkline_server.domain.addresses import OutboundPolicy
from trunkline_server.providers.driver import ProviderDriver
from trunkline_server.providers.profiles import builtin
from trunkline_server.providers.schema import configuration_schema

PROFILES = builtin()
DRIVER = ProviderDriver(OutboundPolicy())
GIVEN = {name: f"a-{name.replace('_', '-')}" for profile in PROFILES.values() for name in profile.options}


def configuration(name: str, **options: str) -> dict[str, Any]:
    return {"endpoint": "https://llm.example.com/v1", "llm_provider": {"provider": name, "options": options}}


def problems(value: dict[str, Any]) -> list[str]:
    integration = Integration(type=IntegrationType.INTEGRATION_TYPE_LLM_PROVIDER)
    ParseDict(value, integration.configuration)
    return [path for path, _ in DRIVER.validate(integration)]


@pytest.mark.parametrize("name", sorted(PROFILES))
def test_a_schema_takes_what_its_profile_takes(name: str) -> None:
    schema = orjson.loads(configuration_schema(PROFILES[name]))
    validator = jsonschema_rs.validator_for(schema)
    profile = PROFILES[name]
    needed = {one: GIVEN[one] for one, default in profile.parameters.items() if not default}
    sound = configuration(name, **needed)
    assert problems(sound) == [] and validator.is_valid(sound), [str(one) for one in validator.iter_errors(sound)]
    for wrong in (
        configuration(name, **needed, no_such_option="x"),
        *(configuration(name, **needed | {one: "a/b"}) for one in profile.parameters),
    ):
        assert problems(wrong) and not validator.is_valid(wrong), wrong
    assert not validator.is_valid(configuration("another"))
    both = sound | {"authentication": {"secret": "s", "secret_reference": "env:A"}}
    assert not validator.is_valid(both) and validator.is_valid(sound | {"authentication": {"secret": "s"}})
    assert not validator.is_valid(sound | {"timeout": "soon"}) and validator.is_valid(sound | {"timeout": "1.5s"})


def test_the_options_of_its_paths_are_required() -> None:
    found = {name: orjson.loads(configuration_schema(profile)) for name, profile in PROFILES.items()}
    of_paths = {name for name, one in found.items() if "options" in one["properties"]["llm_provider"]["required"]}
    for name, profile in PROFILES.items():
        bare = configuration(name)
        assert (name in of_paths) == bool(problems(bare)), name
        assert ("endpoint" in found[name].get("required", ())) == (not profile.endpoint)


def test_connectors_carry_their_schema() -> None:
    connectors = {one.name: one for one in DRIVER.connectors()}
    assert connectors.keys() == PROFILES.keys()
    for name, one in connectors.items():
        assert orjson.loads(one.configuration_schema_json)["title"].endswith(one.display_name), name
        assert list(one.authentications) == ([one.authentication] if one.authentication else [])
