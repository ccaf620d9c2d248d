"""Templates, and what is wrong with a configuration."""

from __future__ import annotations

from pathlib import Path

import orjson
import pytest
from rest_upstream import integration, tool
from trunkline.v1.api_pb2 import ApiTool
from trunkline.v1.authentication_pb2 import AuthenticationScheme
from trunkline.v1.configuration_pb2 import IntegrationType
from trunkline.v1.integration_pb2 import Integration
from trunkline_server.connectors.rest.engine import RestConnector
from trunkline_server.connectors.rest.templates import TemplateError, load_templates, parse_template
from trunkline_server.domain.addresses import OutboundPolicy
from trunkline_server.domain.schemas import compiled

GOOD = """
display_name = "Own"
endpoint = "https://api.example.com"
timeout_seconds = 5
check_path = "/ping"
[authentication]
scheme = "bearer"
[[tools]]
name = "get_thing"
description = "Get a thing."
method = "GET"
path = "/things/{id}"
cache_ttl_seconds = 60
[tools.parameters]
type = "object"
required = ["id"]
[tools.parameters.properties]
id = { type = "string" }
"""
API = IntegrationType.INTEGRATION_TYPE_API
REST = RestConnector(OutboundPolicy())
ID = b'{"type":"object","properties":{"id":{"type":"string"}}}'


def test_the_shipped_templates() -> None:
    connectors = {connector.name: connector for connector in REST.connectors()}
    assert {"github", "notion", "slack", "stripe"} < connectors.keys()
    for connector in connectors.values():
        assert connector.type == API
        assert connector.default_endpoint.startswith("https://")
        assert connector.documentation_url.startswith("https://")
        assert connector.notes and connector.secret_description
        assert 1 <= connector.timeout.ToSeconds() <= 60


@pytest.mark.parametrize(
    ("template", "names"),
    [
        ("github", ["get_repository", "list_issues", "create_issue"]),
        ("slack", ["post_message", "list_channels"]),
        ("notion", ["search", "retrieve_page"]),
    ],
)
def test_the_shipped_tools(template: str, names: list[str]) -> None:
    tools = REST.tools(integration("", template=template))
    assert tools.keys() > set(names)
    for found in tools.values():
        assert found.description
        compiled(found.parameters_schema_json)


@pytest.mark.parametrize(
    ("template", "name", "good", "bad"),
    [
        (
            "github",
            "create_issue",
            {"owner": "o", "repo": "r", "title": "t", "labels": ["a"]},
            {"owner": "o", "repo": "r"},
        ),
        (
            "github",
            "list_issues",
            {"owner": "o", "repo": "r", "state": "all"},
            {"owner": "o", "repo": "r", "state": "x"},
        ),
        ("slack", "post_message", {"channel": "C1", "text": "hi"}, {"channel": "C1"}),
        ("slack", "list_channels", {"limit": 999}, {"limit": 1000}),
        ("notion", "search", {"filter": {"property": "object", "value": "page"}}, {"filter": {"value": "page"}}),
        ("notion", "retrieve_page", {"page_id": "16d84278-ab0e-484c-9bdd-b35da3bd8905"}, {"page_id": "../users"}),
        ("notion", "retrieve_page", {"page_id": "16d84278ab0e484c9bddb35da3bd8905"}, {"page_id": "16d8"}),
    ],
)
def test_the_shipped_schemas(template: str, name: str, good: object, bad: object) -> None:
    (found,) = [one for one in REST.tools(integration("", template=template)).values() if one.name == name]
    validator = compiled(found.parameters_schema_json)
    assert validator.is_valid(good)
    assert not validator.is_valid(bad)


def test_a_good_template() -> None:
    template = parse_template("own", GOOD)
    rest = RestConnector(OutboundPolicy(), templates={"own": template})
    (found,) = rest.tools(integration("", template="own")).values()
    assert (found.name, found.cache_ttl.ToSeconds()) == ("get_thing", 60)
    assert orjson.loads(found.parameters_schema_json)["required"] == ["id"]


@pytest.mark.parametrize(
    ("old", "new", "key"),
    [
        ('display_name = "Own"', 'display_name = "Own"\nretries = 3', "retries"),
        ('scheme = "bearer"', 'scheme = "bearer"\ntoken = "x"', "authentication.token"),
        ('method = "GET"', 'method = "GET"\ntimeout = 3', "tools.0.timeout"),
        ('scheme = "bearer"', 'scheme = "oauth"', "authentication.scheme"),
        ('method = "GET"', 'method = "HEAD"', "tools.0.method"),
        ("timeout_seconds = 5", "timeout_seconds = 5000", "timeout_seconds"),
        ("timeout_seconds = 5", "", "timeout_seconds"),
        ('endpoint = "https://api.example.com"', "endpoint = 5", "endpoint"),
        ("cache_ttl_seconds = 60", "cache_ttl_seconds = -1", "tools.0.cache_ttl_seconds"),
        ("[[tools]]", "[[tools]", "not TOML"),
    ],
)
def test_templates_are_read_strictly(old: str, new: str, key: str) -> None:
    assert old in GOOD
    with pytest.raises(TemplateError) as caught:
        parse_template("own", GOOD.replace(old, new))
    assert "own.toml" in str(caught.value)
    assert key in str(caught.value)


@pytest.mark.parametrize(
    ("old", "new", "key"),
    [
        ("https://api", "http://api", "endpoint"),
        ("/things/{id}", "/things/{other}", "tools[0].path"),
        ("/things/{id}", "things/{id}", "tools[0].path"),
        ('check_path = "/ping"', 'check_path = "/{id}"', "check_path"),
        ('{ type = "string" }', '{ type = "strong" }', "tools[0].parameters_schema_json"),
        ('name = "get_thing"', 'name = "get thing"', "tools[0].name"),
        ("[authentication]", '[headers]\nAuthorization = "x"\n[authentication]', "headers"),
    ],
)
def test_templates_obey_the_rules_of_a_configuration(old: str, new: str, key: str) -> None:
    assert old in GOOD
    template = parse_template("own", GOOD.replace(old, new))
    with pytest.raises(TemplateError, match=r"own\.toml") as caught:
        RestConnector(OutboundPolicy(), templates={"own": template})
    assert key in str(caught.value)


def test_a_directory_of_templates(tmp_path: Path) -> None:
    (tmp_path / "b.toml").write_text(GOOD)
    (tmp_path / "a.toml").write_text(GOOD)
    (tmp_path / "readme.md").write_text("no template")
    assert list(load_templates(tmp_path)) == ["a", "b"]


def test_own_tools_replace_those_of_the_template() -> None:
    own = ApiTool(name="search", method="GET", path="/own")
    more = ApiTool(name="more", method="GET", path="/more")
    tools = list(REST.tools(integration("", own, more, template="notion")).values())
    of_template = list(REST.tools(integration("", template="notion")))
    assert [found.name for found in tools] == [*of_template, "more"]
    assert [found.name for found in tools if not found.parameters_schema_json] == ["search", "more"]


def test_a_good_configuration() -> None:
    good = integration(
        "https://api.example.com/v1",
        tool("GET", "/things/{id}", ID),
        ApiTool(name="other", method="POST", path="/things", query_parameters=["dry"]),
        headers={"X-Own": "1", "Accept": "text/csv"},
        check_path="/ping",
        seconds=1,
    )
    assert REST.validate(good) == []


def wrong(**changes: object) -> Integration:
    values: dict[str, object] = {"endpoint": "https://api.example.com"}
    return integration(**(values | changes))  # type: ignore[arg-type]


def with_tool(**changes: object) -> Integration:
    values: dict[str, object] = {"name": "call", "method": "GET", "path": "/a"}
    return integration("https://api.example.com", ApiTool(**(values | changes)))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("configuration", "path"),
    [
        (wrong(endpoint=""), "configuration.endpoint"),
        (wrong(endpoint="http://api.example.com"), "configuration.endpoint"),
        (wrong(endpoint="https://u:p@api.example.com"), "configuration.endpoint"),
        (wrong(endpoint="https://" + "a" * 64 + "ü.example"), "configuration.endpoint"),
        (wrong(endpoint="https://[::1%25eth0/"), "configuration.endpoint"),
        (wrong(template="nope"), "configuration.api.template"),
        (wrong(seconds=0.05), "configuration.timeout"),
        (wrong(seconds=601), "configuration.timeout"),
        (wrong(seconds=-1), "configuration.timeout"),
        (
            wrong(scheme=AuthenticationScheme.AUTHENTICATION_SCHEME_API_KEY_QUERY),
            "configuration.authentication.parameter_name",
        ),
        (wrong(parameter_name="a b"), "configuration.authentication.parameter_name"),
        (
            wrong(scheme=AuthenticationScheme.AUTHENTICATION_SCHEME_API_KEY_HEADER, parameter_name="Host"),
            "configuration.authentication.parameter_name",
        ),
        (wrong(scheme=99), "configuration.authentication.scheme"),
        (wrong(headers={"Authorization": "x"}), "configuration.api.headers.Authorization"),
        (wrong(headers={"host": "x"}), "configuration.api.headers.host"),
        (
            wrong(scheme=AuthenticationScheme.AUTHENTICATION_SCHEME_API_KEY_HEADER, headers={"X-Api-Key": "x"}),
            "configuration.api.headers.X-Api-Key",
        ),
        (wrong(headers={"X-A": "a\r\nb"}), "configuration.api.headers.X-A"),
        (wrong(headers={"X A": "a"}), 'configuration.api.headers["X A"]'),
        (wrong(headers={"X-A": "é"}), "configuration.api.headers.X-A"),
        (wrong(headers={f"X-{n}": "" for n in range(33)}), "configuration.api.headers"),
        (wrong(check_path="ping"), "configuration.api.check_path"),
        (wrong(check_path="/{id}"), "configuration.api.check_path"),
        (wrong(check_path="/a?b"), "configuration.api.check_path"),
        (with_tool(name=""), "configuration.api.tools[0].name"),
        (with_tool(name="a b"), "configuration.api.tools[0].name"),
        (with_tool(name="a" * 65), "configuration.api.tools[0].name"),
        (with_tool(method="HEAD"), "configuration.api.tools[0].method"),
        (with_tool(method="get"), "configuration.api.tools[0].method"),
        (with_tool(path=""), "configuration.api.tools[0].path"),
        (with_tool(path="a"), "configuration.api.tools[0].path"),
        (with_tool(path="//evil.example/a"), "configuration.api.tools[0].path"),
        (with_tool(path="/a/../b"), "configuration.api.tools[0].path"),
        (with_tool(path="/a/%2e%2e/b"), "configuration.api.tools[0].path"),
        (with_tool(path="/a?b=c"), "configuration.api.tools[0].path"),
        (with_tool(path="/a#b"), "configuration.api.tools[0].path"),
        (with_tool(path="/a b"), "configuration.api.tools[0].path"),
        (with_tool(path="/a\r\nb"), "configuration.api.tools[0].path"),
        (with_tool(path="/{id"), "configuration.api.tools[0].path"),
        (with_tool(path="/{}"), "configuration.api.tools[0].path"),
        (with_tool(path="/{id}"), "configuration.api.tools[0].path"),
        (with_tool(path="/{other}", parameters_schema_json=ID), "configuration.api.tools[0].path"),
        (with_tool(parameters_schema_json=b"{"), "configuration.api.tools[0].parameters_schema_json"),
        (with_tool(parameters_schema_json=b'{"type":"string"}'), "configuration.api.tools[0].parameters_schema_json"),
        (
            with_tool(path="/{id}", parameters_schema_json=ID, query_parameters=["a", "id"]),
            "configuration.api.tools[0].query_parameters[1]",
        ),
        (with_tool(cache_ttl={"seconds": 0}), "configuration.api.tools[0].cache_ttl"),
        (with_tool(cache_ttl={"seconds": 60}, method="POST"), "configuration.api.tools[0].cache_ttl"),
    ],
)
def test_what_is_wrong_and_where(configuration: Integration, path: str) -> None:
    assert [field for field, _ in REST.validate(configuration)] == [path]


def test_tools_with_one_name() -> None:
    found = REST.validate(integration("https://api.example.com", tool(), tool()))
    assert [field for field, _ in found] == ["configuration.api.tools[0].name", "configuration.api.tools[1].name"]


def test_headers_that_differ_in_case_only() -> None:
    found = REST.validate(integration("https://api.example.com", headers={"X-A": "1", "x-a": "2"}))
    assert [field for field, _ in found] == ["configuration.api.headers.X-A", "configuration.api.headers.x-a"]


def test_too_many_tools() -> None:
    tools = [ApiTool(name=f"t{n}", method="GET", path="/") for n in range(1025)]
    assert REST.validate(integration("https://api.example.com", *tools)) == [
        ("configuration.api.tools", "must be at most 1024, with those of the template")
    ]


def test_another_kind_of_configuration() -> None:
    other = Integration(type=API)
    other.configuration.endpoint = "https://api.example.com"
    other.configuration.llm_provider.provider = "openai"
    assert [field for field, _ in REST.validate(other)] == ["configuration"]
