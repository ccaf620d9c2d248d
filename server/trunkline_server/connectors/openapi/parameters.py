"""The parameters of an operation as those of a tool: one flat object, and where each of them goes."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from trunkline_server.connectors.openapi.document import Document, DocumentError, pointer_of
from trunkline_server.connectors.openapi.schemas import Note, Schema, Schemas
from trunkline_server.connectors.rest.request import HEADER_NAME, RESERVED_HEADERS

MAX_HEADERS = 16
_PLACES = ("path", "query", "header", "cookie")
# OpenAPI says that these are never parameters; `content-type` and `accept` are the engine's.
_NOT_PARAMETERS = frozenset(("accept", "content-type", "authorization"))
_IN_PATH = re.compile(r"\{([^{}]*)\}")
_PLACEHOLDER = re.compile(r"[A-Za-z_][A-Za-z0-9_-]*")
_STYLES = {"path": "simple", "header": "simple", "query": "form", "cookie": "form"}
_SEPARATORS = {"form": ",", "simple": ",", "spaceDelimited": " ", "pipeDelimited": "|"}


class LeftOut(Exception):
    """A tool cannot say this operation; the pointer says of what, the text why."""

    def __init__(self, pointer: str, why: str) -> None:
        super().__init__(why)
        self.pointer = pointer
        self.why = why


@dataclass(slots=True)
class Draft:
    """A tool's parameters so far. `path` has its placeholders, `headers` are header names by parameter."""

    path: str
    properties: Schema = field(default_factory=dict)
    required: list[str] = field(default_factory=list)
    query: list[str] = field(default_factory=list)
    headers: dict[str, str] = field(default_factory=dict)

    def add(self, name: str, schema: Schema, required: bool) -> None:
        """One more property."""
        self.properties[name] = schema
        if required:
            self.required.append(name)


@dataclass(frozen=True, slots=True)
class Parameter:
    """A parameter object, resolved, and where it stands."""

    name: str
    place: str
    required: bool
    node: Mapping[str, Any]
    pointer: str


def parameters_of(
    document: Document, lists: Sequence[tuple[object, str]], known: Mapping[tuple[str, str], Parameter] | None = None
) -> list[Parameter]:
    """Those of the path item, then those of the operation: one of the same name and place counts instead of an earlier
    one. Raises DocumentError."""
    found: dict[tuple[str, str], Parameter] = dict(known or {})
    for nodes, pointer in lists:
        if not isinstance(nodes, list):
            raise DocumentError(pointer, "must be a list")
        for index, node in enumerate(nodes):
            one = _parameter(document, node, pointer_of(pointer, index))
            found[one.name, one.place] = one
    return list(found.values())


def _parameter(document: Document, node: object, pointer: str) -> Parameter:
    resolved, place = document.resolve(node, pointer)
    name, where = resolved.get("name"), resolved.get("in")
    if not isinstance(name, str) or not name or where not in _PLACES:
        raise DocumentError(place, f"must have a `name`, and an `in` of {', '.join(_PLACES)}")
    return Parameter(name, where, where == "path" or resolved.get("required") is True, resolved, place)


def draft_of(path: str, parameters: Sequence[Parameter], taken: frozenset[str], schemas: Schemas, note: Note) -> Draft:
    """The parameters but for the body. `taken` are the names of the body's fields, which cannot change; neither can
    those of the query. Raises LeftOut and DocumentError."""
    draft = Draft(path)
    for one in parameters:
        if one.place == "query":
            _query(draft, one, taken, schemas, note)
    for one in parameters:
        if one.place == "header":
            _header(draft, one, taken, schemas, note)
        elif one.place == "cookie":
            _drop(one, "is a cookie", note)
    _path(draft, [one for one in parameters if one.place == "path"], taken, schemas, note)
    return draft


def _query(draft: Draft, one: Parameter, taken: frozenset[str], schemas: Schemas, note: Note) -> None:
    if one.name in taken:
        raise LeftOut(one.pointer, f"{one.name[:64]!r} is in the query and in the body: a tool has one of a name")
    schema = _schema(one, schemas, note)
    if schema is not None:
        draft.add(one.name, schema, one.required)
        draft.query.append(one.name)


def _header(draft: Draft, one: Parameter, taken: frozenset[str], schemas: Schemas, note: Note) -> None:
    lower = one.name.lower()
    if lower in _NOT_PARAMETERS:
        return
    if lower in RESERVED_HEADERS or not HEADER_NAME.fullmatch(one.name):
        _drop(one, "is a header that HTTP or the authentication sets", note)
    elif len(draft.headers) >= MAX_HEADERS:
        _drop(one, f"is one header more than the {MAX_HEADERS} that a tool may have", note)
    elif (schema := _schema(one, schemas, note)) is not None:
        name = _free(one.name, taken | draft.properties.keys())
        draft.add(name, schema, one.required)
        draft.headers[name] = one.name


def _path(draft: Draft, parameters: Sequence[Parameter], taken: frozenset[str], schemas: Schemas, note: Note) -> None:
    by_name = {one.name: one for one in parameters}
    for wanted in dict.fromkeys(_IN_PATH.findall(draft.path)):
        one, schema = by_name.get(wanted), None
        if one is not None:
            schema = _schema(one, schemas, note)
        name = _free(wanted, taken | draft.properties.keys())
        draft.path = draft.path.replace(f"{{{wanted}}}", f"{{{name}}}")
        draft.add(name, schema if schema is not None else {"type": "string"}, True)


def _free(name: str, taken: frozenset[str]) -> str:
    """The name as a placeholder can have it, and as nothing else is called."""
    base = re.sub(r"[^A-Za-z0-9_-]", "_", name)
    base = found = base if _PLACEHOLDER.fullmatch(base) else f"p_{base}"
    number = 1
    while found in taken:
        number += 1
        found = f"{base}_{number}"
    return found


def _drop(one: Parameter, why: str, note: Note) -> None:
    """Leave a parameter out where the call can do without. Raises LeftOut."""
    if one.required:
        raise LeftOut(one.pointer, f"{one.name[:64]!r} is required, and {why}")
    note(one.pointer, f"{one.name[:64]!r} {why}: left out")


def _schema(one: Parameter, schemas: Schemas, note: Note) -> Schema | None:
    """What a caller gives; None where the parameter is left out. Raises LeftOut and DocumentError."""
    node, pointer = one.node.get("schema"), pointer_of(one.pointer, "schema")
    if node is None:
        if "content" in one.node:
            _drop(one, "is written as a document of its own", note)
            return None
        node = {"type": "string"}
    style = one.node.get("style", _STYLES[one.place])
    kinds = _kinds(schemas, node, pointer)
    if "object" in kinds:
        _drop(one, "is an object, which goes into no query, path or header", note)
        return None
    many = "array" in kinds
    if style not in _SEPARATORS and (many or style != "deepObject"):
        _drop(one, f"has the style {str(style)[:32]!r}", note)
        return None
    schema = schemas.of(node, pointer)
    told = str(one.node.get("description") or "").strip()
    repeated = one.place == "query" and style == "form" and one.node.get("explode", True) is True
    if many and not repeated:
        note(one.pointer, f"{one.name[:64]!r} is a list in one text: given as that text")
        separator = {",": "commas", " ": "spaces", "|": "`|`"}[_SEPARATORS[style]]
        schema, told = {"type": "string"}, f"{told} A list, separated by {separator}.".strip()
    return (
        {**schema, "description": told[:1000]} if told and ("$ref" in schema or "description" not in schema) else schema
    )


def _kinds(schemas: Schemas, node: object, pointer: str, depth: int = 0) -> set[str]:
    """The JSON types that a schema names, as far as it is plain."""
    if depth > 8 or isinstance(node, bool):
        return set()
    schema, place = schemas.resolve(node, pointer)
    kind = schema.get("type")
    found = {kind} if isinstance(kind, str) else set(kind) if isinstance(kind, list) else set()
    if not found and "properties" in schema:
        found.add("object")
    for key in ("allOf", "anyOf", "oneOf"):
        for index, one in enumerate(schema.get(key) or ()):
            found |= _kinds(schemas, one, pointer_of(place, key, index), depth + 1)
    return found
