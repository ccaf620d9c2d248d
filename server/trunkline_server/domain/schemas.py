"""JSON Schemas of tool parameters and results: compiled once, bounded, and never fetched from anywhere."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache
from itertools import islice
from typing import Any

import jsonschema_rs
import orjson

from trunkline_server.domain.errors import Reason, TrunklineError, invalid_fields

ROOT = "parameters_json"
RESULT = "result_json"
MAX_SCHEMA_BYTES = 64 * 1024
_MAX_VIOLATIONS = 32
_PLAIN_KEY = re.compile(r"[A-Za-z_][A-Za-z0-9_-]*")
# Bounds the work of one pattern on one value; patterns come from tenants.
_PATTERNS = jsonschema_rs.FancyRegexOptions(backtrack_limit=100_000)


class SchemaError(ValueError):
    """The text is no JSON Schema of an object."""


@lru_cache(maxsize=2048)
def schema_object(schema_json: bytes) -> Mapping[str, Any]:
    """The schema as an object; empty bytes are the empty schema. Raises SchemaError."""
    if len(schema_json) > MAX_SCHEMA_BYTES:
        raise SchemaError(f"must be at most {MAX_SCHEMA_BYTES} bytes")
    try:
        schema = orjson.loads(schema_json or b"{}")
    except orjson.JSONDecodeError:
        raise SchemaError("is not JSON") from None
    if not isinstance(schema, dict):
        raise SchemaError("must be a JSON object")
    if schema.get("type", "object") != "object":
        raise SchemaError('must be the schema of an object ("type": "object")')
    if not isinstance(schema.get("properties", {}), dict):
        raise SchemaError('"properties" must be a JSON object')
    return schema


@lru_cache(maxsize=2048)
def compiled(schema_json: bytes) -> jsonschema_rs.Validator:
    """The validator of a schema. References to other documents are refused, not fetched. Raises SchemaError."""
    return _validator(dict(schema_object(schema_json)))


@lru_cache(maxsize=2048)
def compiled_result(schema_json: bytes) -> jsonschema_rs.Validator:
    """The validator of a schema of anything, as results have it. Raises SchemaError."""
    if len(schema_json) > MAX_SCHEMA_BYTES:
        raise SchemaError(f"must be at most {MAX_SCHEMA_BYTES} bytes")
    try:
        schema = orjson.loads(schema_json)
    except orjson.JSONDecodeError:
        raise SchemaError("is not JSON") from None
    if not isinstance(schema, dict):
        raise SchemaError("must be a JSON object")
    return _validator(schema)


def _validator(schema: dict[str, Any]) -> jsonschema_rs.Validator:
    try:
        return jsonschema_rs.validator_for(
            schema, validate_formats=True, offline=True, mask="the value", pattern_options=_PATTERNS
        )
    except (ValueError, jsonschema_rs.ReferencingError) as error:
        raise SchemaError(f"is no JSON Schema: {str(error).partition(chr(10))[0][:200]}") from None


def read_parameters(schema_json: bytes, parameters_json: bytes) -> dict[str, Any]:
    """The parameters, checked. Raises INVALID_PARAMETERS with at most 32 field paths, which never show a value."""
    try:
        parameters = orjson.loads(parameters_json or b"{}")
    except orjson.JSONDecodeError:
        raise invalid_parameters([(ROOT, "is not JSON")]) from None
    if not isinstance(parameters, dict):
        raise invalid_parameters([(ROOT, "must be a JSON object")])
    try:
        validator = compiled(schema_json)
    except SchemaError as error:
        raise invalid_parameters([(ROOT, f"cannot be checked, the tool's schema {error}")]) from None
    if violations := broken(validator, parameters):
        raise invalid_parameters(violations)
    return parameters


def violations_in(schema_json: bytes, value: Any, root: str) -> list[tuple[str, str]]:
    """(field path from `root` on, what is wrong) of a value, at most 32; never shows it. Raises SchemaError."""
    return broken(compiled(schema_json), value, root)


def broken(
    validator: jsonschema_rs.Validator, value: Any, root: str = ROOT, most: int = _MAX_VIOLATIONS
) -> list[tuple[str, str]]:
    """(field path from `root` on, what is wrong) where a value breaks its schema, at most so many; never shows it."""
    return [_violation(error, root) for error in islice(validator.iter_errors(value), most)]


def invalid_parameters(violations: list[tuple[str, str]]) -> TrunklineError:
    """INVALID_PARAMETERS for (field path, what is wrong) pairs."""
    return invalid_fields(violations, reason=Reason.ERROR_REASON_INVALID_PARAMETERS)


def field_path(*steps: str | int, root: str = ROOT) -> str:
    """`parameters_json.foo[0].bar`; a key that is no identifier is quoted: `parameters_json["a b"]`."""
    return root + "".join(_step(step) for step in steps)


def _step(step: str | int) -> str:
    if isinstance(step, int):
        return f"[{step}]"
    return f".{step}" if _PLAIN_KEY.fullmatch(step) else f"[{orjson.dumps(step[:64]).decode()}]"


def _violation(error: jsonschema_rs.ValidationError, root: str) -> tuple[str, str]:
    if isinstance(error.kind, jsonschema_rs.ValidationErrorKind.Required):
        return field_path(*error.instance_path, error.kind.property, root=root), "is required"
    return field_path(*error.instance_path, root=root), error.message
