"""JSON Schemas of tool parameters."""

from __future__ import annotations

from pathlib import Path

import orjson
import pytest
from trunkline_server.domain.errors import Reason, TrunklineError
from trunkline_server.domain.schemas import (
    SchemaError,
    broken,
    compiled,
    compiled_result,
    field_path,
    read_parameters,
)

SCHEMA = orjson.dumps(
    {
        "type": "object",
        "required": ["name"],
        "additionalProperties": False,
        "properties": {
            "name": {"type": "string", "maxLength": 5},
            "mail": {"type": "string", "format": "email"},
            "foo": {"type": "array", "items": {"type": "object", "properties": {"bar": {"type": "integer"}}}},
            "odd key": {"type": "object", "properties": {"a.b": {"type": "null"}}},
        },
    }
)


def found(schema: bytes, parameters: bytes) -> list[tuple[str, str]]:
    with pytest.raises(TrunklineError) as caught:
        read_parameters(schema, parameters)
    assert caught.value.reason == Reason.ERROR_REASON_INVALID_PARAMETERS
    (bad,) = caught.value.details
    return [(violation.field, violation.description) for violation in bad.field_violations]  # type: ignore[attr-defined]


def test_good_parameters() -> None:
    assert read_parameters(SCHEMA, b'{"name":"x","foo":[{"bar":1}]}') == {"name": "x", "foo": [{"bar": 1}]}


def test_without_a_schema_any_object_is_good() -> None:
    assert read_parameters(b"", b"") == {}
    assert read_parameters(b"", b'{"a":[1]}') == {"a": [1]}


@pytest.mark.parametrize(
    ("parameters", "path"),
    [
        (b"{}", "parameters_json.name"),
        (b'{"name":"toolong"}', "parameters_json.name"),
        (b'{"name":"x","mail":"no"}', "parameters_json.mail"),
        (b'{"name":"x","foo":[{"bar":1},{"bar":"s"}]}', "parameters_json.foo[1].bar"),
        (b'{"name":"x","odd key":{"a.b":1}}', 'parameters_json["odd key"]["a.b"]'),
        (b'{"name":"x","more":1}', "parameters_json"),
        (b"[]", "parameters_json"),
        (b"null", "parameters_json"),
        (b"{", "parameters_json"),
        (b'{"name":"\xff"}', "parameters_json"),
        (b'{"name":NaN}', "parameters_json"),
        (b"[" * 100_000, "parameters_json"),
    ],
)
def test_where_parameters_are_wrong(parameters: bytes, path: str) -> None:
    assert [field for field, _ in found(SCHEMA, parameters)] == [path]


def test_values_are_never_shown() -> None:
    texts = found(SCHEMA, b'{"name":"hunter2-hunter2","mail":"hunter2","foo":"hunter2"}')
    assert len(texts) == 3
    assert "hunter2" not in repr(texts)


def test_at_most_32_violations() -> None:
    items = orjson.dumps({"name": "x", "foo": [{"bar": "s"}] * 100})
    assert len(found(SCHEMA, items)) == 32


@pytest.mark.parametrize(
    "schema",
    [
        b"{",
        b"[]",
        b"true",
        b'{"type":"array"}',
        b'{"type":["object","null"]}',
        b'{"properties":[]}',
        b'{"properties":{"a":{"type":"nope"}}}',
        b'{"properties":{"a":{"pattern":"("}}}',
        b'{"$ref":"http://127.0.0.1:1/schema.json"}',
        b'{"$ref":"file:///etc/passwd"}',
        b'{"properties":{"a":{"$ref":"https://example.com/x"}}}',
        b'{"$schema":"https://example.com/own"}',
        b'{"a":' * 2000 + b"1" + b"}" * 2000,
        b'{"description":"' + b"x" * 65536 + b'"}',
    ],
)
def test_what_is_no_schema(schema: bytes) -> None:
    with pytest.raises(SchemaError):
        compiled(schema)
    assert [field for field, _ in found(schema, b"{}")] == ["parameters_json"]


def test_nothing_is_fetched(tmp_path: Path) -> None:
    other = tmp_path / "other.json"
    other.write_text('{"type":"object"}')
    with pytest.raises(SchemaError):
        compiled(orjson.dumps({"properties": {"a": {"$ref": other.as_uri()}}}))


def test_references_within_the_schema_work() -> None:
    schema = b'{"properties":{"a":{"$ref":"#/$defs/n"}},"$defs":{"n":{"type":"integer"}}}'
    assert found(schema, b'{"a":"x"}')[0][0] == "parameters_json.a"


def test_compiled_once() -> None:
    assert compiled(SCHEMA) is compiled(bytes(bytearray(SCHEMA)))


def test_a_hostile_pattern_ends() -> None:
    # Without its limit, matching this backtracks for longer than any test run.
    schema = rb'{"properties":{"a":{"pattern":"^(?=(a+)+$)(a|a?)+$\\1"}}}'
    assert found(schema, orjson.dumps({"a": "a" * 5000 + "!"}))[0][0] == "parameters_json.a"


def test_field_paths() -> None:
    assert field_path("a", 0, "b-c", "d e", 'q"', root="r") == 'r.a[0].b-c["d e"]["q\\""]'


@pytest.mark.parametrize(
    "schema", [b"{", b"[]", b'{"type":"strong"}', b'{"$ref":"https://a.example/x"}', b"{" + b" " * 70000]
)
def test_what_is_no_schema_of_a_result(schema: bytes) -> None:
    with pytest.raises(SchemaError):
        compiled_result(schema)


def test_results_may_be_anything() -> None:
    validator = compiled_result(b'{"type":"array","items":{"type":"integer"}}')
    assert broken(validator, [1, "secret"], "result_json") == [("result_json[1]", 'the value is not of type "integer"')]
    assert len(broken(validator, ["a"] * 50, "result_json", 16)) == 16
    assert broken(validator, [], "result_json") == []
