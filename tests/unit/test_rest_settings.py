"""Settings: what they fill, and what they can never change."""

from __future__ import annotations

import pytest
from rest_templates import WHOLE, paged
from rest_upstream import integration
from trunkline.v1.api_pb2 import ApiTool, CallRate
from trunkline.v1.integration_pb2 import Integration
from trunkline_server.connectors.rest.encoding import bracketed, form, redact, repeated, too_deep
from trunkline_server.connectors.rest.engine import RestConnector
from trunkline_server.connectors.rest.settings import fill_endpoint, fill_headers, fill_path, fill_value, read_settings
from trunkline_server.connectors.rest.template_models import Template
from trunkline_server.connectors.rest.template_rules import check_template
from trunkline_server.connectors.rest.templates import TemplateError, load_all, parse_template
from trunkline_server.domain.addresses import OutboundPolicy
from trunkline_server.domain.errors import Reason, TrunklineError

ROOT = "configuration.api.settings_json"
SETTINGS = {"region": "eu-1", "n": 7, "flag": True, "name": "a b/ü"}


def whole() -> Template:
    return parse_template("whole", WHOLE)


def test_defaults_are_applied_and_values_checked() -> None:
    assert read_settings(whole(), b'{"account":"acme"}') == ({"region": "eu", "account": "acme", "limit": 7}, [])
    _, found = read_settings(whole(), b'{"account":5,"limit":"secret-value","zone":1}')
    assert {path for path, _ in found} == {ROOT, f"{ROOT}.account", f"{ROOT}.limit"}
    assert "secret-value" not in str(found)
    assert [path for path, _ in read_settings(whole(), b"")[1]] == [f"{ROOT}.account"]


@pytest.mark.parametrize(
    ("template", "told", "path"),
    [
        (None, b'{"a":1}', f"{ROOT}.a"),
        (paged('style = "link"'), b'{"a":1}', f"{ROOT}.a"),
        (None, b"[]", ROOT),
        (None, b"{", ROOT),
    ],
)
def test_settings_without_a_place(template: Template | None, told: bytes, path: str) -> None:
    assert [field for field, _ in read_settings(template, told)[1]] == [path]


@pytest.mark.parametrize(
    ("endpoint", "expected"),
    [
        ("https://{region}.example.com/{n}/{name}", "https://eu-1.example.com/7/a%20b%2F%C3%BC"),
        ("https://api.example.com/bot{secret}", "https://api.example.com/bot{secret}"),
        ("https://api.example.com", "https://api.example.com"),
    ],
)
def test_endpoints_are_filled(endpoint: str, expected: str) -> None:
    assert fill_endpoint(endpoint, SETTINGS) == (expected, [])


@pytest.mark.parametrize(
    "value",
    [
        "evil.com/",
        "a.b",
        "evil.com#",
        "x@evil.com",
        "a:80",
        "",
        "-a",
        "a-",
        "a b",
        "ü",
        "%2e",
        "[::1]",
        "a\\b",
        "a?b",
        None,
    ],
)
def test_a_value_in_a_host_is_one_label(value: object) -> None:
    _, found = fill_endpoint("https://{zone}.example.com/v1", {"zone": value})
    assert [path for path, _ in found] == [f"{ROOT}.zone"]
    assert not value or str(value) not in found[0][1]


def test_a_whole_host_may_be_a_setting() -> None:
    assert fill_endpoint("https://{host}/v1", {"host": "git.example.com"}) == ("https://git.example.com/v1", [])
    for host in ("a/b", "a:80", "x@y", "a?b", "a#b", "", "."):
        assert fill_endpoint("https://{host}/v1", {"host": host})[1]


@pytest.mark.parametrize("value", ["..", ".", "", "a/../b", "%2e%2e", "..\\a", [], {}])
def test_a_value_in_a_path_stays_in_its_segment(value: object) -> None:
    assert fill_path("/a/{x}/b", {"x": value}, ())[1]
    assert fill_endpoint("https://a.example/{x}", {"x": value})[1]
    assert fill_path("/a/{x}/{y}", {"x": "1/2", "y": value}, {"y"}) == ("/a/1%2F2/{y}", [])


def test_values_around_a_dot_make_no_step() -> None:
    assert fill_path("/a/.{x}", {"x": ".b"}, ()) == ("/a/..b", [])
    assert fill_path("/a/.{x}", {"x": "/b"}, ())[1]


def test_headers_and_constants() -> None:
    assert fill_headers({"x-a": "{region}/{n}", "x-b": "{other}"}, SETTINGS)[0] == {"x-a": "eu-1/7", "x-b": "{other}"}
    for value in ("a\r\nb", "é", {}):
        assert fill_headers({"x-a": "{v}"}, {"v": value})[1]
    constants = {"a": "{n}", "b": "{flag}", "c": ["x {n}", {"d": "{name}"}], "e": "{nobody}", "f": 1.5, "g": None}
    assert fill_value(constants, SETTINGS) == {
        "a": 7,
        "b": True,
        "c": ["x 7", {"d": "a b/ü"}],
        "e": "{nobody}",
        "f": 1.5,
        "g": None,
    }


def test_what_is_absent_is_left_out() -> None:
    settings = {"a": None, "b": 1}
    assert fill_headers({"x-a": "{a}", "x-b": "{b}"}, settings) == ({"x-b": "1"}, [])
    assert fill_value({"a": "{a}", "b": "{b}", "c": None, "d": "x{a}"}, settings) == {"b": 1, "c": None, "d": "x{a}"}
    assert [path for path, _ in fill_path("/{a}", settings, ())[1]] == [f"{ROOT}.a"]
    assert [path for path, _ in fill_endpoint("https://a.example/{a}", settings)[1]] == [f"{ROOT}.a"]


def test_a_setting_that_points_inward_is_judged_again() -> None:
    settings = {"type": "object", "required": ["host"], "properties": {"host": {"type": "string"}}}
    update = {"endpoint": "https://{host}/v1", "settings": settings}
    template = paged('style = "link"').model_copy(update=update)
    rest = RestConnector(OutboundPolicy(), templates={"own": template})
    good = integration("", template="own")
    good.configuration.api.settings_json = b'{"host":"git.example.com"}'
    assert rest.validate(good) == []
    bad = integration("", template="own")
    bad.configuration.api.settings_json = b'{"host":"a/b"}'
    assert [path for path, _ in rest.validate(bad)] == [f"{ROOT}.host"]


async def test_settings_that_no_longer_fit_are_told_at_the_call() -> None:
    rest = RestConnector(OutboundPolicy(), templates={"whole": whole()})
    stored = integration("", template="whole")
    from rest_upstream import tool_call  # noqa: PLC0415  only here

    with pytest.raises(TrunklineError) as caught:
        await rest.preview(tool_call(rest, stored, {}, "", "ping"))
    assert caught.value.reason == Reason.ERROR_REASON_INVALID_CONFIGURATION
    assert caught.value.metadata["field"] == f"{ROOT}.account"


def test_forms() -> None:
    assert bracketed("a", {"b": [1, {"c": True}], "d": None, "e": []}) == [("a[b][0]", "1"), ("a[b][1][c]", "true")]
    assert bracketed("a", "x y&z") == [("a", "x y&z")]
    deep: object = 1
    for _ in range(20):
        deep = [deep]
    assert bracketed("a", deep) is None
    assert form([("a[0]", "x y&z"), ("b", "ü")]) == b"a%5B0%5D=x+y%26z&b=%C3%BC"
    assert (repeated(None), repeated([1, "a"]), repeated([[1]]), repeated({})) == ([], ["1", "a"], None, None)
    for _ in range(900):
        deep = [deep]
    assert too_deep(deep) and not too_deep({"a": [1, {}]})
    assert redact(deep, {"p"}) != deep
    assert redact({"a": [{"p": 1}], "p": {"x": 1}}, {"p"}) == {"a": [{"p": "***"}], "p": "***"}


REST = RestConnector(OutboundPolicy(), templates={"whole": whole()})
ID = b'{"type":"object","properties":{"id":{"type":"string"},"h":{"type":"string"}}}'


def with_tool(**changes: object) -> Integration:
    values: dict[str, object] = {"name": "call", "method": "GET", "path": "/a", "parameters_schema_json": ID}
    return integration("https://api.example.com", ApiTool(**(values | changes)))  # type: ignore[arg-type]


def with_rate(calls: int = 1, seconds: float = 1, subject: str = "", count: int = 1) -> Integration:
    made = with_tool()
    for _ in range(count):
        rate = CallRate(calls=calls, subject=subject)
        rate.per.FromMilliseconds(int(seconds * 1000))
        made.configuration.api.rates.append(rate)
    return made


def of_template(*enabled: str) -> Integration:
    made = integration("", template="whole")
    made.configuration.api.settings_json = b'{"account":"a"}'
    made.configuration.api.enabled_tools.extend(enabled)
    return made


TOOL = "configuration.api.tools[0]"
CURSOR = {"style": 1, "parameter": "c", "next": "n"}


@pytest.mark.parametrize(
    ("configuration", "path"),
    [
        (with_tool(result_schema_json=b'{"type":"strong"}'), f"{TOOL}.result_schema_json"),
        (with_tool(result_schema_json=b"[]"), f"{TOOL}.result_schema_json"),
        (with_tool(result_schema_json=b'{"$ref":"https://evil.example/x"}'), f"{TOOL}.result_schema_json"),
        (with_tool(constants_json=b"["), f"{TOOL}.constants_json"),
        (with_tool(constants_json=b"[]"), f"{TOOL}.constants_json"),
        (with_tool(constants_json=b'{"x":' + b"[" * 100 + b"]" * 100 + b"}"), f"{TOOL}.constants_json"),
        (with_tool(constants_json=b'{"id":1}'), f"{TOOL}.constants_json.id"),
        (with_tool(body_encoding=9), f"{TOOL}.body_encoding"),
        (with_tool(cost_nano_usd=-1), f"{TOOL}.cost_nano_usd"),
        (with_tool(timeout={"seconds": 601}), f"{TOOL}.timeout"),
        (with_tool(cache_class=9), f"{TOOL}.cache_class"),
        (with_tool(cache_class=1, method="POST"), f"{TOOL}.cache_class"),
        (with_tool(header_parameters={"h": "Host"}), f"{TOOL}.header_parameters.h"),
        (with_tool(header_parameters={"h": "a b"}), f"{TOOL}.header_parameters.h"),
        (with_tool(header_parameters={"x": "X-A"}), f"{TOOL}.header_parameters.x"),
        (with_tool(header_parameters={"id": "X-A"}, path="/{id}"), f"{TOOL}.header_parameters.id"),
        (with_tool(header_parameters={"h": "X-A"}, query_parameters=["h"]), f"{TOOL}.header_parameters.h"),
        (with_tool(pagination={"style": 1, "parameter": "c"}), f"{TOOL}.pagination.next"),
        (with_tool(pagination={"style": 2}), f"{TOOL}.pagination.parameter"),
        (with_tool(pagination={"parameter": "c"}), f"{TOOL}.pagination.style"),
        (with_tool(pagination=CURSOR | {"items": "a..b"}), f"{TOOL}.pagination.items"),
        (with_tool(pagination=CURSOR | {"page_size": -1}), f"{TOOL}.pagination.page_size"),
        (with_tool(pagination=CURSOR, method="POST"), f"{TOOL}.pagination"),
        (with_rate(calls=0), "configuration.api.rates[0].calls"),
        (with_rate(seconds=0.05), "configuration.api.rates[0].per"),
        (with_rate(subject="nobody"), "configuration.api.rates[0].subject"),
        (with_rate(subject="{nobody}"), "configuration.api.rates[0].subject"),
        (with_rate(count=9), "configuration.api.rates"),
        (of_template("ping", "nobody"), "configuration.api.enabled_tools[1]"),
    ],
)
def test_what_is_wrong_and_where(configuration: Integration, path: str) -> None:
    assert [field for field, _ in REST.validate(configuration)] == [path]


@pytest.mark.parametrize(
    "configuration",
    [
        with_tool(pagination=CURSOR, method="POST", read_only=True, cache_class=3),
        with_tool(header_parameters={"h": "X-A"}, constants_json=b'{"x":1}', body_encoding=2),
        with_tool(result_schema_json=b'{"type":"array"}', timeout={"seconds": 600}),
        with_rate(subject="call"),
        with_rate(subject="{id}", count=8),
        of_template("order"),
    ],
)
def test_what_is_right(configuration: Integration) -> None:
    assert REST.validate(configuration) == []


@pytest.mark.parametrize(
    ("old", "new", "key"),
    [
        ("https://{region}.", "https://{zone}.", "endpoint"),
        ("https://{region}.", "http://{region}.", "endpoint"),
        ('default = "eu"', 'title = "eu"', "endpoint"),
        ('X-Account = "{account}"', 'X-Account = "{zone}"', "headers"),
        ('check_tool = "ping"', 'check_tool = "nobody"', "check_tool"),
        ('check_tool = "ping"', 'check_tool = "order"', "check_tool"),
        ("{ deep = true }", "{ deep = 1 }", "check_parameters.deep"),
        ('"/accounts/{account}/', '"/accounts/{zone}/', "tools[1].path"),
        ('limit = { type = "integer", default = 7 }', 'limit = { type = "strong" }', "settings"),
        ("[redaction]", '[[rates]]\ncalls = 1\nper_seconds = 1\nsubject = "nobody"\n[redaction]', "rates[0].subject"),
    ],
)
def test_templates_are_judged_beyond_their_form(old: str, new: str, key: str) -> None:
    assert old in WHOLE
    with pytest.raises(TemplateError, match=r"whole\.toml") as caught:
        check_template(parse_template("whole", WHOLE.replace(old, new)))
    assert f": {key}" in str(caught.value)


def test_a_directory_that_cannot_be_read(tmp_path: object) -> None:
    with pytest.raises(TemplateError, match="is not a directory"):
        load_all(f"{tmp_path}/nowhere")
