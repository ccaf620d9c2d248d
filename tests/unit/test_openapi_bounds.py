"""OpenAPI documents that cannot be taken, or not as they are."""

from __future__ import annotations

import orjson
import pytest
import yaml
from trunkline_server.connectors.openapi import importer, schemas
from unit.openapi_parts import Json, document, imported, json_body, left_out, parameter, refused, the_tool


def test_too_many_operations_are_refused() -> None:
    paths = {f"/{number}": {"get": {}} for number in range(1025)}
    assert "choose at most 1024" in refused(document(paths))["operations"]


@pytest.mark.parametrize(
    ("value", "pointer"),
    [
        (b"[1]", ""),
        (b"{", ""),
        (b"a: [", ""),
        (b"swagger: '2.0'", "/openapi"),
        (document([]), "/paths"),  # type: ignore[arg-type]
        (document({"/a": 1}), "/paths/~1a"),
        (document({"/a": {"get": []}}), "/paths/~1a/get"),
        (document({"/a": {"get": {"parameters": {}}}}), "/paths/~1a/get/parameters"),
        (document({"/a": {"get": {"parameters": [{"$ref": "#/none"}]}}}), "/paths/~1a/get/parameters/0"),
        (document({"/a": {"$ref": "other.yaml#/a"}}), "/paths/~1a"),
        (document({"/a": {"$ref": "#/paths/~1a"}}), "/paths/~1a"),
        (
            document({"/a": {"post": {"requestBody": json_body({"properties": {"a": 1}})}}}),
            "/paths/~1a/post/requestBody/content/application~1json/schema/properties/a",
        ),
    ],
)
def test_what_cannot_be_read_is_refused_with_a_pointer(value: Json | bytes, pointer: str) -> None:
    assert refused(value).keys() == {f"document#{pointer}"}


def test_aliases_cannot_grow_a_document() -> None:
    bomb = "a0: &a0 [1, 1, 1, 1, 1, 1, 1, 1, 1, 1]\n" + "".join(
        f"a{number}: &a{number} [{', '.join([f'*a{number - 1}'] * 10)}]\n" for number in range(1, 9)
    )
    assert "holds more than" in refused(bomb.encode())["document#"]
    assert "holds more than" in refused(b"a: &a [*a]")["document#"]
    assert "document#" in refused(b"a: " + b"[" * 5000)


def test_yaml_is_read_as_openapi_means_it() -> None:
    text = yaml.safe_dump(document({"/a": {"get": {"parameters": [parameter("p", "query", {"enum": "VALUES"})]}}}))
    text = text.replace("VALUES", "[on, 2026-11-21, NO, 1.5, 3, true, 1e3, 0x10, '5']")
    found = imported(text.encode())
    schema = orjson.loads(found.configuration.api.tools[0].parameters_schema_json)
    assert schema["properties"]["p"]["enum"] == ["on", "2026-11-21", "NO", 1.5, 3, True, 1000.0, "0x10", "5"]
    assert "document#/a" in refused(b"a: !!binary aGk=\nopenapi: 3.0.0\n")


def test_patterns_that_nobody_can_read_are_left_out() -> None:
    operation = {"parameters": [parameter("p", "query", {"type": "string", "pattern": "(?<!a"})]}
    found = imported(document({"/a": {"get": operation}}))
    schema = orjson.loads(found.configuration.api.tools[0].parameters_schema_json)
    assert schema["properties"]["p"] == {"type": "string"}
    assert "patterns" in found.findings[0].description


def test_texts_of_every_kind_survive_in_the_template() -> None:
    odd = 'a "quoted"\\ \n\t\x7f\u2028 ä'
    operation = {
        "summary": odd,
        "parameters": [parameter("a b[c]", "query", {"enum": [odd, 1, 1.5, True, ["x", {"y": 1}]]})],
    }
    tool, schema = the_tool(operation)
    assert tool.description == odd and schema["properties"]["a b[c]"]["enum"][0] == odd


def test_schemas_beyond_the_limits() -> None:
    large = {"type": "object", "properties": {f"field_{number}": {"type": "string"} for number in range(5000)}}
    assert "65536 bytes" in left_out({"requestBody": json_body(large)}, "post")
    endless = {"type": "object", "properties": {f"f{number}": {} for number in range(11_000)}}
    assert "has more than 65536 bytes" in left_out({"requestBody": json_body(endless)}, "post")
    for schema in (large, endless):
        answer = {"responses": {"200": {"content": {"application/json": {"schema": schema}}}}}
        found = imported(document({"/a": {"get": answer}}))
        assert not found.configuration.api.tools[0].result_schema_json
        assert "results are not checked" in found.findings[0].description


def test_all_schemas_together_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(schemas, "MAX_ALL_PARTS", 50)
    answer = {"responses": {"200": {"content": {"application/json": {"schema": {"items": {"items": {}}}}}}}}
    value = document({f"/{number}": {"get": answer} for number in range(40)})
    assert "choose fewer" in next(iter(refused(value).values()))


@pytest.mark.parametrize(
    ("pattern", "text", "meant"),
    [
        ("a", "a", True),
        ("a", "ab", False),
        ("*", "", True),
        ("a*", "a", True),
        ("a*a", "a", False),
        ("GET /*/x", "GET /a/b/x", True),
        ("*b*d*", "abcde", True),
        ("*d*b*", "abcde", False),
        ("a*bc*c", "abc", False),
        ("a.c", "abc", False),
        ("*".join("a" * 100), "a" * 5000 + "b", False),
    ],
)
def test_patterns_of_operations(pattern: str, text: str, meant: bool) -> None:
    assert importer._means(pattern, text) is meant
