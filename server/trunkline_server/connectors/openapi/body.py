"""The body of a request as parameters of a tool: its fields stand beside those of path and query."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from trunkline_server.connectors.openapi.document import Document, DocumentError, pointer_of
from trunkline_server.connectors.openapi.parameters import LeftOut
from trunkline_server.connectors.openapi.schemas import Note, Schema, Schemas

Encoding = Literal["json", "form"]
_FORM = "application/x-www-form-urlencoded"
_CHOICES = ("allOf", "anyOf", "oneOf")
_MAX_DEPTH = 16


@dataclass(frozen=True, slots=True)
class Body:
    """`schema` is of an object, `names` are all fields that it speaks of."""

    encoding: Encoding = "json"
    required: bool = False
    schema: Schema = field(default_factory=dict)
    names: frozenset[str] = frozenset()


def media_of(content: object, pointer: str) -> tuple[str, Mapping[str, Any], str] | None:
    """The media type of JSON among those described: its name, what is said of it, and where. Raises DocumentError."""
    if not isinstance(content, Mapping):
        raise DocumentError(pointer, "must be an object")
    for kind in (_is_json, _is_like_json):
        for name, media in content.items():
            if kind(name.partition(";")[0].strip().lower()) and isinstance(media, Mapping):
                return name, media, pointer_of(pointer, name)
    return None


def body_of(document: Document, node: object, pointer: str, schemas: Schemas, note: Note) -> Body:
    """The body's fields. Raises LeftOut for one that is no object, or that neither JSON nor a form carries."""
    request, place = document.resolve(node, pointer)
    content, below = request.get("content"), pointer_of(place, "content")
    found, encoding = media_of(content, below), "json"
    if found is None and isinstance(content, Mapping) and isinstance(form := content.get(_FORM), Mapping):
        found, encoding = (_FORM, form, pointer_of(below, _FORM)), "form"
    if found is None:
        kinds = ", ".join(str(name)[:64] for name in content or ())
        raise LeftOut(place, f"its body is of {kinds or 'no type'}: a tool sends JSON or a form")
    name, media, where = found
    if encoding == "json" and not _is_json(name.partition(";")[0].strip().lower()):
        note(where, "is sent as application/json")
    schema, pointer = media.get("schema", {}), pointer_of(where, "schema")
    names = _names(document, schema, pointer, schemas)
    if names is None:
        raise LeftOut(pointer, "its body is no object with fields: a tool's parameters are one")
    root = _root(document, schema, pointer, schemas)
    return Body("form" if encoding == "form" else "json", request.get("required") is True, root, frozenset(names))


def joined(body: Body, properties: Schema, required: list[str], note: Note, pointer: str) -> Schema:
    """One schema for the body's fields and the other parameters."""
    schema = dict(body.schema)
    needed = [*required, *(schema.pop("required", []) if body.required else _optional(schema))]
    if any(schema.get(key) for key in _CHOICES) and properties:
        schema, opened = _opened(schema)
        if opened:
            note(pointer, "other fields than those described are not refused")
    schema = {"type": "object"} | schema | {"properties": properties | schema.get("properties", {})}
    return schema | ({"required": list(dict.fromkeys(needed))} if needed else {})


def _optional(schema: Schema) -> list[str]:
    """Without a body none of its fields is needed."""
    schema.pop("required", None)
    return []


def _is_json(name: str) -> bool:
    return name in ("application/json", "*/*", "application/*")


def _is_like_json(name: str) -> bool:
    return name.endswith("+json") or name == "text/json"


def _root(document: Document, schema: object, pointer: str, schemas: Schemas) -> Schema:
    """The translated schema itself, not merely a reference to it."""
    node, place = document.resolve(schema, pointer)
    # A call always has an object.
    found = schemas.of({key: value for key, value in node.items() if key != "nullable"}, place)
    return found | {"type": "object"}


def _names(document: Document, schema: object, pointer: str, schemas: Schemas, depth: int = 0) -> set[str] | None:
    """The fields of an object, in all of its forms; None for what is no object, or may be something else."""
    if depth > _MAX_DEPTH or isinstance(schema, bool):
        return None
    node, place = document.resolve(schema, pointer)
    kind = node.get("type")
    kinds = {kind} if isinstance(kind, str) else set(kind) if isinstance(kind, list) else set()
    if kinds - {"object", "null"}:
        return None
    properties = node.get("properties", {})
    found = set(properties) if isinstance(properties, Mapping) else set()
    parts = [(key, index, one) for key in _CHOICES for index, one in enumerate(node.get(key) or ())]
    for key, index, one in parts:
        names = _names(document, one, pointer_of(place, key, index), schemas, depth + 1)
        # A part may say nothing but what is required.
        if names is None:
            return None
        found |= names
    said = kinds or "properties" in node or parts or "required" in node or "additionalProperties" in node
    return found if said else None


def _opened(schema: Schema) -> tuple[Schema, bool]:
    """Without a refusal of other fields in any of its forms, which would refuse the other parameters too."""
    opened = schema.get("additionalProperties") is False
    found = {key: value for key, value in schema.items() if key != "additionalProperties" or not opened}
    for key in _CHOICES:
        parts = [_opened(one) for one in found.get(key, ())]
        if any(one for _, one in parts):
            found[key] = [part for part, _ in parts]
            opened = True
    return found, opened
