"""JSON Schemas of the contract's messages in their JSON form, made from their descriptors."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any, TypeAlias

from google.protobuf.descriptor import Descriptor, EnumDescriptor, FieldDescriptor

Schema: TypeAlias = dict[str, Any]

_WHOLE: Schema = {"type": "integer"}
# 64-bit numbers are strings in JSON; numbers are read, too.
_LONG: Schema = {"type": ["string", "integer"]}
_NUMBER: Schema = {"type": "number"}
_PLAIN: dict[int, Schema] = {
    FieldDescriptor.TYPE_BOOL: {"type": "boolean"},
    FieldDescriptor.TYPE_STRING: {"type": "string"},
    FieldDescriptor.TYPE_BYTES: {"type": "string", "contentEncoding": "base64"},
    FieldDescriptor.TYPE_INT32: _WHOLE,
    FieldDescriptor.TYPE_UINT32: _WHOLE,
    FieldDescriptor.TYPE_INT64: _LONG,
    FieldDescriptor.TYPE_UINT64: _LONG,
    FieldDescriptor.TYPE_FLOAT: _NUMBER,
    FieldDescriptor.TYPE_DOUBLE: _NUMBER,
}
_WELL_KNOWN: dict[str, Schema] = {
    "google.protobuf.Duration": {"type": "string", "pattern": r"^[0-9]+(\.[0-9]{1,9})?s$"},
    "google.protobuf.Timestamp": {"type": "string", "format": "date-time"},
}


def message_schema(message: Descriptor, leave_out: Collection[str] = ()) -> Schema:
    """The schema of a message; `leave_out` are full names of fields. Fails for a message that holds itself."""
    properties = {
        field.json_name: _field(field, leave_out) for field in message.fields if field.full_name not in leave_out
    }
    return {"type": "object", "properties": properties, "additionalProperties": False}


def _field(field: FieldDescriptor, leave_out: Collection[str]) -> Schema:
    kind: Descriptor | None = field.message_type
    if kind is not None and kind.GetOptions().map_entry:
        return {"type": "object", "additionalProperties": _value(kind.fields_by_name["value"], leave_out)}
    value = _value(field, leave_out)
    return {"type": "array", "items": value} if field.is_repeated else value


def _value(field: FieldDescriptor, leave_out: Collection[str]) -> Schema:
    kind: Descriptor | None = field.message_type
    if kind is not None:
        return dict(_WELL_KNOWN.get(kind.full_name) or message_schema(kind, leave_out))
    names: EnumDescriptor | None = field.enum_type
    if names is not None:
        return {"type": "string", "enum": [value.name for value in names.values]}
    return dict(_PLAIN[field.type])
