"""Schemas of OpenAPI as JSON Schema 2020-12, each complete in itself: what it refers to goes into its `$defs`.

OpenAPI 3.0 has a dialect of its own: `nullable`, and `exclusiveMinimum` and `exclusiveMaximum` as booleans. TOML has no
null, so none is left in a schema: an `enum` with null becomes a choice, a default of null is left out.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

from trunkline_server.connectors.openapi.document import Document, DocumentError, pointer_of, steps, target

Note = Callable[[str, str], None]
Schema = dict[str, Any]

_ONE = frozenset(("not", "items", "additionalProperties", "if", "then", "else", "contains", "propertyNames")) | {
    "unevaluatedItems",
    "unevaluatedProperties",
}
_MANY = frozenset(("allOf", "anyOf", "oneOf", "prefixItems"))
_NAMED = frozenset(("properties", "patternProperties", "dependentSchemas"))
# What says nothing of a value, or what only OpenAPI or another document would understand.
_OF_OPENAPI = frozenset(("discriminator", "xml", "externalDocs", "nullable", "readOnly", "writeOnly"))
_OF_DOCUMENTS = frozenset(("$schema", "$id", "$anchor", "$comment", "$defs", "definitions", "$vocabulary", "$ref"))
_DYNAMIC = frozenset(("$dynamicAnchor", "$dynamicRef", "$recursiveRef", "$recursiveAnchor"))
_DROPPED = _OF_OPENAPI | _OF_DOCUMENTS | _DYNAMIC | {"example", "examples"}
# Beside these a type with null would not let null through.
_NARROWING = _MANY | {"enum", "const", "not", "if"}
_BOUNDS = {"minimum": "exclusiveMinimum", "maximum": "exclusiveMaximum"}
_NULL: Schema = {"type": "null"}
_KEY = re.compile(r"[^A-Za-z0-9._-]")


# Parts of one tool's schemas: 64 KiB, which is all that a schema may have, hold no more. And of all tools together: it
# bounds the time that one document takes to seconds.
_MAX_PARTS = 10_000
MAX_ALL_PARTS = 3_000_000


class TooLarge(Exception):
    """The schema has more parts than a tool's schema may have."""


class Spent:
    """How many parts of schemas were translated, for all tools of a document."""

    def __init__(self) -> None:
        self.parts = 0


class Schemas:
    """Translates the schemas of one tool's parameters, or of its result. `hidden` is the flag of properties that are
    not part of them: `readOnly` of a request, `writeOnly` of an answer."""

    def __init__(self, document: Document, hidden: str, note: Note, spent: Spent) -> None:
        self._document = document
        self._hidden = hidden
        self._note = note
        self._spent = spent
        self._most = spent.parts + _MAX_PARTS
        self._names: dict[str, str] = {}
        self._alike: dict[str, int] = {}
        self._waiting: list[str] = []

    def of(self, schema: object, pointer: str) -> Schema:
        """The schema, its references pointing into `definitions()`. Raises DocumentError and TooLarge."""
        self._spent.parts += 1
        if self._spent.parts > MAX_ALL_PARTS:
            raise DocumentError(pointer, "its schemas are too many: choose fewer of its operations")
        if self._spent.parts > self._most:
            raise TooLarge
        if isinstance(schema, bool):
            return {} if schema else {"not": {}}
        if not isinstance(schema, Mapping):
            raise DocumentError(pointer, "must be a schema")
        if "$ref" not in schema:
            return self._own(schema, pointer)
        name = self._refer(schema["$ref"], pointer)
        found: Schema = {"$ref": f"#/$defs/{name}"} if name else {}
        # In 3.0 nothing beside a reference counts.
        rest = {} if self._document.old else self._own(schema, pointer)
        return {**rest, **found}

    def definitions(self) -> Schema:
        """Everything referred to so far, by name. Raises DocumentError and TooLarge."""
        found: Schema = {}
        while self._waiting:
            pointer = self._waiting.pop()
            found[self._names[pointer]] = self.of(self._document.at(pointer, pointer), pointer)
        return dict(sorted(found.items()))

    def resolve(self, node: object, pointer: str) -> tuple[Mapping[str, Any], str]:
        """See `Document.resolve`."""
        return self._document.resolve(node, pointer)

    def is_hidden(self, schema: object, pointer: str) -> bool:
        """Whether a property with this schema is not part of what is translated."""
        try:
            found, _ = self._document.resolve(schema, pointer)
        except DocumentError:
            return False
        return found.get(self._hidden) is True

    def _refer(self, reference: object, pointer: str) -> str:
        """The name of what is referred to; empty where that is but itself again."""
        place, seen = target(reference, pointer), set[str]()
        while True:
            node = self._document.at(place, pointer)
            bare = isinstance(node, Mapping) and "$ref" in node and (self._document.old or len(node) == 1)
            if not bare:
                break
            if place in seen:
                self._note(pointer, "refers to itself only: taken as any value")
                return ""
            seen.add(place)
            place = target(node["$ref"], place)
        if place not in self._names:
            self._names[place] = self._free(place)
            self._waiting.append(place)
        return self._names[place]

    def _free(self, place: str) -> str:
        names = list(steps(place))
        if names[:2] == ["components", "schemas"]:
            names = names[2:]
        base = _KEY.sub("_", ".".join(names)) or "document"
        number = self._alike[base] = self._alike.get(base, 0) + 1
        # No other name has a `:`.
        return base if number == 1 else f"{base}:{number}"

    def _own(self, schema: Mapping[str, Any], pointer: str) -> Schema:
        found: Schema = {}
        for key, value in schema.items():
            if key in _DROPPED or key.startswith("x-"):
                continue
            below = pointer_of(pointer, key)
            if key in _ONE:
                found[key] = value if isinstance(value, bool) else self.of(value, below)
            elif key in _MANY:
                found[key] = [self.of(one, pointer_of(below, index)) for index, one in enumerate(_list(value, below))]
            elif key in _NAMED:
                found[key] = {
                    name: self.of(one, pointer_of(below, name))
                    for name, one in _mapping(value, below).items()
                    if key != "properties" or not self.is_hidden(one, pointer_of(below, name))
                }
            elif key in ("enum", "const") or not _has_null(value):
                found[key] = value
        if "required" in found and "properties" in schema:
            kept, all_ = found["properties"], schema["properties"]
            found["required"] = [one for one in _list(found["required"], pointer) if one in kept or one not in all_]
        if self._document.old:
            _bounds(found)
        if not found.get("required", True):
            del found["required"]
        return _nullable(found, self._document.old and schema.get("nullable") is True)


def _bounds(schema: Schema) -> None:
    """`minimum: 0, exclusiveMinimum: true` is `exclusiveMinimum: 0`."""
    for plain, exclusive in _BOUNDS.items():
        if isinstance(flag := schema.get(exclusive), bool):
            del schema[exclusive]
            if flag and plain in schema:
                schema[exclusive] = schema.pop(plain)


def _nullable(schema: Schema, nullable: bool) -> Schema:
    """The schema, of values that may be null where `nullable`; it holds no null itself."""
    if schema.get("const", False) is None:
        return _NULL | {key: schema[key] for key in ("title", "description") if key in schema}
    values = schema.get("enum")
    listed = isinstance(values, list) and None in values
    if listed:
        schema = schema | {"enum": [value for value in values or () if value is not None]}
    kinds = schema.get("type")
    if listed and isinstance(kinds, list):
        # Of a list without null, null is no value either.
        nullable = "null" in kinds
    elif listed:
        nullable = nullable or kinds is None
    if not nullable:
        return schema
    told: Schema = {key: schema.pop(key) for key in ("title", "description") if key in schema}
    if not schema:
        return told
    if isinstance(kinds, str) and not listed and not schema.keys() & _NARROWING:
        return told | schema | {"type": [kinds, "null"]}
    if isinstance(kinds, list):
        schema = schema | {"type": [kind for kind in kinds if kind != "null"] or "null"}
    if listed and not schema["enum"]:
        return told | _NULL
    return told | {"anyOf": [schema, _NULL]}


def _has_null(value: object) -> bool:
    if isinstance(value, Mapping):
        return any(_has_null(one) for one in value.values())
    return any(_has_null(one) for one in value) if isinstance(value, list) else value is None


def _list(value: object, pointer: str) -> list[Any]:
    if not isinstance(value, list):
        raise DocumentError(pointer, "must be a list")
    return value


def _mapping(value: object, pointer: str) -> Mapping[str, Any]:
    if not isinstance(value, Mapping):
        raise DocumentError(pointer, "must be an object")
    return value
