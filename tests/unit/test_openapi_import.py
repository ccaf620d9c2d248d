"""What becomes of an OpenAPI document, part by part."""

from __future__ import annotations

from typing import Any

import jsonschema_rs
import orjson
import pytest
from trunkline.v1.api_pb2 import BodyEncoding, PaginationStyle
from trunkline.v1.authentication_pb2 import AuthenticationScheme
from unit.openapi_parts import Json, document, imported, json_body, left_out, parameter, refused, the_tool


def test_path_query_headers_and_body_become_one_object() -> None:
    operation = {
        "operationId": "orders/update",
        "summary": "Change an order.",
        "parameters": [
            parameter("id", "path", {"type": "integer"}, required=True, description="Its number."),
            parameter("dry", "query", {"type": "boolean"}),
            parameter("X-Trace", "header"),
            parameter("Accept", "header"),
            parameter("session", "cookie"),
        ],
        "requestBody": json_body({"type": "object", "required": ["state"], "properties": {"state": {"enum": ["a"]}}}),
        "responses": {"200": {"description": "ok"}},
    }
    tool, schema = the_tool(operation, "patch", "/orders/{id}")
    assert (tool.name, tool.method, tool.path) == ("orders_update", "PATCH", "/orders/{id}")
    assert list(tool.query_parameters) == ["dry"] and dict(tool.header_parameters) == {"X-Trace": "X-Trace"}
    assert set(schema["required"]) == {"id", "state"}
    assert schema["properties"]["id"] == {"type": "integer", "description": "Its number."}
    assert schema["properties"].keys() == {"id", "dry", "X-Trace", "state"}


def test_a_name_that_the_body_has_too_gives_way_in_path_and_header() -> None:
    operation = {
        "parameters": [parameter("id", "path", required=True), parameter("id", "header")],
        "requestBody": json_body({"type": "object", "properties": {"id": {"type": "integer"}}}),
    }
    tool, schema = the_tool(operation, "put", "/orders/{id}")
    assert tool.path == "/orders/{id_3}" and dict(tool.header_parameters) == {"id_2": "id"}
    assert schema["properties"]["id"] == {"type": "integer"} and schema["required"] == ["id_3"]
    query = operation | {"parameters": [parameter("id", "query")]}
    assert "in the query and in the body" in left_out(query, "post")


@pytest.mark.parametrize(
    ("schema", "good", "bad"),
    [
        ({"type": "string", "nullable": True}, [None, "a"], [1]),
        ({"type": "string", "nullable": True, "enum": ["a", None]}, [None, "a"], ["b"]),
        ({"enum": ["a", None]}, [None, "a"], ["b"]),
        ({"type": "string", "enum": ["a"], "nullable": True}, ["a", None], ["b"]),
        ({"nullable": True, "allOf": [{"$ref": "#/components/schemas/Money"}]}, [None, 1], ["x", -1, 0]),
        ({"type": "integer", "minimum": 1, "exclusiveMinimum": True}, [2], [1]),
        ({"type": "integer", "minimum": 1, "exclusiveMinimum": False}, [1], [0]),
        ({"type": "integer", "maximum": 5, "exclusiveMaximum": True, "default": None}, [4], [5]),
        ({"type": "array", "items": {"$ref": "#/components/schemas/Money"}}, [[1], []], [[0], 1]),
        ({"type": "object", "additionalProperties": {"nullable": True, "type": "string"}}, [{"a": None}], [{"a": 1}]),
    ],
)
def test_schemas_of_3_0_keep_their_meaning(schema: Json, good: list[Any], bad: list[Any]) -> None:
    body = json_body({"type": "object", "properties": {"value": schema}})
    money = {"schemas": {"Money": {"type": "integer", "minimum": 0, "exclusiveMinimum": True}}}
    _, found = the_tool({"requestBody": body}, "post", components=money)
    validator = jsonschema_rs.validator_for(found)
    assert all(validator.is_valid({"value": one}) for one in good)
    assert not any(validator.is_valid({"value": one}) for one in bad)


def test_schemas_of_3_1_stay_as_they_are() -> None:
    value = {"type": ["string", "null"], "exclusiveMinimum": 3, "const": None, "$ref": "#/components/schemas/Any"}
    body = json_body({"type": "object", "properties": {"v": value, "w": {"type": ["integer", "null"]}, "x": True}})
    _, found = the_tool({"requestBody": body}, "post", version="3.1.0", components={"schemas": {"Any": {"title": "T"}}})
    assert found["properties"]["v"] == {"type": "null", "$ref": "#/$defs/Any"}
    assert found["properties"]["w"] == {"type": ["integer", "null"]} and found["properties"]["x"] == {}


def test_references_go_into_definitions_and_circles_stay_circles() -> None:
    components = {
        "Node": {
            "type": "object",
            "required": ["name"],
            "properties": {"name": {"type": "string"}, "next": {"$ref": "#/components/schemas/Node"}},
        },
        "Loop": {"$ref": "#/components/schemas/Pool"},
        "Pool": {"$ref": "#/components/schemas/Loop"},
    }
    body = json_body(
        {
            "type": "object",
            "properties": {"n": {"$ref": "#/components/schemas/Node"}, "l": {"$ref": "#/components/schemas/Loop"}},
        }
    )
    found = imported(document({"/a": {"post": {"requestBody": body}}}, components={"schemas": components}))
    schema = orjson.loads(found.configuration.api.tools[0].parameters_schema_json)
    assert schema["$defs"].keys() == {"Node"} and schema["properties"]["l"] == {}
    validator = jsonschema_rs.validator_for(schema)
    assert validator.is_valid({"n": {"name": "a", "next": {"name": "b"}}})
    assert not validator.is_valid({"n": {"name": "a", "next": {}}})
    assert [one.description for one in found.findings] == ["refers to itself only: taken as any value"]


def test_what_is_read_only_is_no_parameter_and_what_is_write_only_no_result() -> None:
    whole = {
        "type": "object",
        "required": ["id", "key"],
        "properties": {"id": {"readOnly": True}, "key": {"writeOnly": True}},
    }
    operation = {
        "requestBody": json_body({"$ref": "#/components/schemas/Whole"}),
        "responses": {"201": {"content": {"application/json": {"schema": {"$ref": "#/components/schemas/Whole"}}}}},
    }
    tool, schema = the_tool(operation, "post", components={"schemas": {"Whole": whole}})
    assert schema["properties"].keys() == {"key"} and schema["required"] == ["key"]
    result = orjson.loads(tool.result_schema_json)["$defs"]["Whole"]
    assert result["properties"].keys() == {"id"} and result["required"] == ["id"]


def test_bodies_of_several_forms_keep_them_beside_other_parameters() -> None:
    forms = [
        {"type": "object", "required": [one], "properties": {one: {}}, "additionalProperties": False} for one in "ab"
    ]
    operation = {"parameters": [parameter("id", "path", required=True)], "requestBody": json_body({"oneOf": forms})}
    found = imported(document({"/x/{id}": {"post": operation}}))
    validator = jsonschema_rs.validator_for(orjson.loads(found.configuration.api.tools[0].parameters_schema_json))
    assert validator.is_valid({"id": "1", "a": 1}) and not validator.is_valid({"id": "1"})
    assert [one.description for one in found.findings] == ["other fields than those described are not refused"]


def test_forms_lists_and_linked_pages() -> None:
    form = {"content": {"application/x-www-form-urlencoded": {"schema": {"type": "object", "properties": {"a": {}}}}}}
    tool, schema = the_tool({"requestBody": form, "deprecated": True}, "post")
    assert tool.body_encoding == BodyEncoding.BODY_ENCODING_FORM and tool.deprecation and "required" not in schema
    answer = {"headers": {"Link": {}}, "content": {"application/json": {"schema": {"type": "array", "items": {}}}}}
    listing = {
        "parameters": [
            parameter(
                "ids", "query", {"type": "array", "items": {"type": "integer"}}, explode=False, description="Some."
            ),
            parameter("tags", "query", {"type": "array", "items": {"type": "string"}}),
            parameter("filter", "query", {"type": "object"}, style="deepObject"),
        ],
        "responses": {"200": answer},
    }
    tool, schema = the_tool(listing)
    assert tool.pagination.style == PaginationStyle.PAGINATION_STYLE_LINK
    assert schema["properties"]["ids"] == {"type": "string", "description": "Some. A list, separated by commas."}
    assert schema["properties"]["tags"]["type"] == "array" and "filter" not in schema["properties"]
    assert schema["additionalProperties"] is False


@pytest.mark.parametrize(
    ("operation", "method", "why"),
    [
        ({}, "head", "HEAD is no method"),
        ({"requestBody": json_body({"type": "object"})}, "delete", "a DELETE with a body is not sent"),
        ({"requestBody": json_body({"type": "array", "items": {}})}, "post", "its body is no object"),
        ({"requestBody": {"content": {"multipart/form-data": {}}}}, "post", "its body is of multipart/form-data"),
        ({"parameters": [parameter("s", "cookie", required=True)]}, "get", "'s' is required, and is a cookie"),
        ({"parameters": [parameter("s", "query", {"type": "object"}, required=True)]}, "get", "is an object"),
        ({"parameters": [parameter("s", "query", style="odd", required=True)]}, "get", "has the style 'odd'"),
        ({"responses": {"302": {"description": "elsewhere"}}}, "get", "redirects are not followed"),
        ({"servers": [{"url": "https://uploads.example.com"}]}, "post", "at another address"),
        ({"security": [{"other": []}]}, "get", "the credential of 'key' is not enough"),
    ],
)
def test_what_no_tool_can_say_is_left_out_with_a_finding(operation: Json, method: str, why: str) -> None:
    schemes = {"key": {"type": "apiKey", "in": "header", "name": "X-Key"}, "other": {"type": "http", "scheme": "basic"}}
    assert why in left_out(operation, method, components={"securitySchemes": schemes})


@pytest.mark.parametrize(
    ("scheme", "expected"),
    [
        ({"type": "http", "scheme": "Bearer"}, "BEARER"),
        ({"type": "http", "scheme": "basic"}, "BASIC"),
        ({"type": "apiKey", "in": "header", "name": "X-Key"}, "API_KEY_HEADER"),
        ({"type": "apiKey", "in": "query", "name": "key"}, "API_KEY_QUERY"),
        ({"type": "mutualTLS"}, "MTLS"),
        ({"type": "oauth2", "flows": {"authorizationCode": {}}}, "BEARER"),
        ({"type": "openIdConnect", "openIdConnectUrl": "https://a.example"}, "BEARER"),
        ({"type": "apiKey", "in": "cookie", "name": "sid"}, "NONE"),
        ({"type": "http", "scheme": "digest"}, "NONE"),
    ],
)
def test_security_schemes(scheme: Json, expected: str) -> None:
    found = imported(document({"/a": {"get": {}}}, components={"securitySchemes": {"s": scheme}}))
    authentication = found.configuration.authentication
    assert authentication.scheme == AuthenticationScheme.Value(f"AUTHENTICATION_SCHEME_{expected}")
    assert authentication.parameter_name == (scheme.get("name", "") if expected.startswith("API_KEY") else "")


def test_client_credentials_and_a_chosen_scheme() -> None:
    flow = {"tokenUrl": "https://auth.example.com/token", "scopes": {"read": "", "write": ""}}
    schemes = {
        "basic": {"type": "http", "scheme": "basic"},
        "oauth": {"type": "oauth2", "flows": {"clientCredentials": flow}},
    }
    value = document({"/a": {"get": {}}}, components={"securitySchemes": schemes}, security=[{"oauth": ["read"]}])
    oauth2 = imported(value).configuration.authentication.oauth2
    assert oauth2.token_url == flow["tokenUrl"] and list(oauth2.scopes) == ["read", "write"]
    assert "security_scheme" in refused(value, security_scheme="none")
    chosen = imported(document({"/a": {"get": {}}}, components={"securitySchemes": schemes}), security_scheme="oauth")
    assert chosen.configuration.authentication.oauth2.token_url


def test_servers() -> None:
    server = {
        "url": "https://{region}.example.com/{v}",
        "variables": {"region": {"default": "eu"}, "v": {"default": "v2"}},
    }
    assert (
        imported(document({"/a": {"get": {}}}, servers=[server])).configuration.endpoint == "https://eu.example.com/v2"
    )
    relative = imported(document({"/a": {"get": {}}}, servers=[{"url": "/v1"}]))
    assert relative.configuration.endpoint == "" and "names no host" in relative.findings[0].description
    assert "document#/servers/0" in refused(document({"/a": {"get": {}}}, servers=[{"url": "https://{x}.example.com"}]))


def test_operations_are_chosen_and_named() -> None:
    paths = {
        "/a": {"get": {"operationId": "one", "tags": ["x"]}, "post": {"operationId": "one", "deprecated": True}},
        "/b/{c}": {"get": {}},
    }
    value = document(paths)
    assert [one.name for one in imported(value).configuration.api.tools] == ["one", "one_2", "get_b_c"]
    for options, names in (
        ({"tags": ["x"]}, ["one"]),
        ({"operations": ["GET /*"]}, ["one", "get_b_c"]),
        ({"operations": ["on*"], "skip_deprecated": True}, ["one"]),
    ):
        assert [one.name for one in imported(value, **options).configuration.api.tools] == names
    assert "operations" in refused(value, operations=["nothing"])
