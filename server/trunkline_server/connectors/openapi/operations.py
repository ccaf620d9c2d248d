"""One operation of a document as one tool."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, cast

import jsonschema_rs
import orjson

from trunkline_server.connectors.openapi.body import Body, body_of, joined, media_of
from trunkline_server.connectors.openapi.document import Document, DocumentError, pointer_of
from trunkline_server.connectors.openapi.parameters import LeftOut, draft_of, parameters_of
from trunkline_server.connectors.openapi.schemas import Note, Schema, Schemas, Spent, TooLarge
from trunkline_server.connectors.rest.template_models import TemplatePagination, TemplateTool
from trunkline_server.domain.schemas import MAX_SCHEMA_BYTES, SchemaError, compiled

_METHODS = frozenset(("GET", "POST", "PUT", "PATCH", "DELETE"))
_OTHER_METHODS = frozenset(("HEAD", "OPTIONS", "TRACE"))
_WITH_BODY = frozenset(("POST", "PUT", "PATCH"))
_MAX_DESCRIPTION = 1000
_MAX_NAME = 64
_PATH = re.compile(r"/[A-Za-z0-9._~!$&'()*+,;=:@%{}/-]*")
_SUCCESS = re.compile(r"2[0-9X]{2}")


@dataclass(frozen=True, slots=True)
class Operation:
    """An operation as it stands in the document. `item` is that of its path, `pointer` where the operation is."""

    method: str
    path: str
    node: Mapping[str, Any]
    item: Mapping[str, Any]
    item_pointer: str

    @property
    def pointer(self) -> str:
        """Where it stands."""
        return pointer_of(self.item_pointer, self.method.lower())

    @property
    def operation_id(self) -> str:
        """Its own name, empty without one."""
        found = self.node.get("operationId")
        return found if isinstance(found, str) else ""

    @property
    def key(self) -> str:
        """`METHOD /path`."""
        return f"{self.method} {self.path}"


def operations_of(document: Document) -> list[Operation]:
    """Every operation, in the document's order. Raises DocumentError."""
    paths = document.root.get("paths", {})
    if not isinstance(paths, Mapping):
        raise DocumentError("/paths", "must be an object")
    found = []
    for path, node in paths.items():
        if path.startswith("x-"):
            continue
        item, place = document.resolve(node, pointer_of("/paths", path))
        for key, operation in item.items():
            if key.upper() in _METHODS | _OTHER_METHODS:
                if not isinstance(operation, Mapping):
                    raise DocumentError(pointer_of(place, key), "must be an object")
                found.append(Operation(key.upper(), path, operation, item, place))
    return found


def name_of(operation: Operation, taken: set[str]) -> str:
    """The name of its tool, unlike those that are taken."""
    text = operation.operation_id or f"{operation.method.lower()}{operation.path}"
    base = re.sub(r"_+", "_", re.sub(r"[^A-Za-z0-9_-]", "_", text)).strip("_")[:_MAX_NAME] or "operation"
    name, number = base, 1
    while name in taken:
        number += 1
        suffix = f"_{number}"
        name = base[: _MAX_NAME - len(suffix)] + suffix
    return name


def tool_of(document: Document, operation: Operation, name: str, note: Note, spent: Spent) -> TemplateTool:
    """The tool. Raises LeftOut for what no tool can say, and DocumentError."""
    try:
        return _tool(document, operation, name, note, spent)
    except TooLarge:
        raise LeftOut(operation.pointer, _too_large("parameters")) from None


def _too_large(what: str) -> str:
    return f"the schema of its {what} has more than {MAX_SCHEMA_BYTES} bytes"


def _tool(document: Document, operation: Operation, name: str, note: Note, spent: Spent) -> TemplateTool:
    if operation.method not in _METHODS:
        raise LeftOut(operation.pointer, f"{operation.method} is no method of a tool")
    if not _PATH.fullmatch(operation.path):
        raise LeftOut(operation.pointer, "its path holds characters that no tool's path has, such as a query")
    node, place = operation.node, operation.pointer
    asked = Schemas(document, "readOnly", note, spent)
    body = _body(document, operation, asked, note)
    lists = [
        (one["parameters"], pointer_of(where, "parameters"))
        for one, where in ((operation.item, operation.item_pointer), (node, place))
        if "parameters" in one
    ]
    draft = draft_of(operation.path, parameters_of(document, lists), body.names if body else frozenset(), asked, note)
    if body is None:
        parameters: Schema = {"type": "object", "additionalProperties": False, "properties": draft.properties}
        parameters |= {"required": draft.required} if draft.required else {}
    else:
        parameters = joined(body, draft.properties, draft.required, note, pointer_of(place, "requestBody"))
    try:
        answers, paged = _answers(document, operation, note, spent)
    except TooLarge:
        note(pointer_of(place, "responses"), f"{_too_large('result')}: results are not checked")
        answers, paged = None, False
    return TemplateTool(
        name=name,
        description=_description(operation),
        method=cast(Any, operation.method),
        path=draft.path,
        query=tuple(draft.query) if operation.method in _WITH_BODY else (),
        header_parameters=draft.headers,
        body=body.encoding if body else "json",
        deprecation="The API calls it deprecated." if node.get("deprecated") is True else "",
        pagination=TemplatePagination(style="link") if paged else None,
        parameters=_sound(_whole(parameters, asked), place, note),
        result=answers,
    )


def _body(document: Document, operation: Operation, schemas: Schemas, note: Note) -> Body | None:
    if "requestBody" not in operation.node:
        return None
    pointer = pointer_of(operation.pointer, "requestBody")
    if operation.method not in _WITH_BODY:
        raise LeftOut(pointer, f"a {operation.method} with a body is not sent")
    return body_of(document, operation.node["requestBody"], pointer, schemas, note)


def _description(operation: Operation) -> str:
    told = [str(operation.node.get(key) or "").strip() for key in ("summary", "description")]
    text = "\n\n".join(dict.fromkeys(one for one in told if one)) or operation.key
    return text if len(text) <= _MAX_DESCRIPTION else text[: _MAX_DESCRIPTION - 1] + "…"


def _whole(schema: Schema, schemas: Schemas) -> Schema:
    definitions = schemas.definitions()
    return schema | ({"$defs": definitions} if definitions else {})


def _sound(schema: Schema, pointer: str, note: Note) -> Schema:
    """The schema, as the server will take it; patterns that it cannot read are left out. Raises LeftOut."""
    for attempt in (schema, _without_patterns(schema)):
        try:
            compiled(orjson.dumps(attempt))
        except SchemaError as error:
            why = str(error)
            continue
        if attempt is not schema:
            note(pointer, "its patterns cannot be checked: left out")
        return attempt
    raise LeftOut(pointer, f"the schema of its parameters {why}")


def _without_patterns(schema: Any) -> Any:
    if isinstance(schema, Mapping):
        return {
            key: _without_patterns(value)
            for key, value in schema.items()
            if key != "patternProperties" and not (key == "pattern" and isinstance(value, str))
        }
    return [_without_patterns(one) for one in schema] if isinstance(schema, list) else schema


def _answers(document: Document, operation: Operation, note: Note, spent: Spent) -> tuple[Schema | None, bool]:
    """The schema of a good answer, None where not all of them have one; and whether it comes in linked pages."""
    place = pointer_of(operation.pointer, "responses")
    responses = operation.node.get("responses", {})
    if not isinstance(responses, Mapping):
        raise DocumentError(place, "must be an object")
    good = [code for code in responses if _SUCCESS.fullmatch(str(code).upper())]
    if not good and "default" not in responses and responses:
        raise LeftOut(place, "it answers with redirects or errors only; redirects are not followed")
    schemas = Schemas(document, "writeOnly", note, spent)
    found: list[Schema] = []
    linked = False
    for code in good or [code for code in responses if code == "default"]:
        response, where = document.resolve(responses[code], pointer_of(place, code))
        schema, whole = _answer(document, response, where, schemas)
        if not whole:
            return None, False
        found += [schema] if schema not in found else []
        headers = response.get("headers")
        linked |= isinstance(headers, Mapping) and any(name.lower() == "link" for name in headers)
    if not found or found == [_NOTHING]:
        return None, False
    paged = linked and operation.method == "GET" and len(found) == 1 and _is_list(document, operation, good, place)
    schema = found[0] if len(found) == 1 else {"anyOf": found}
    return _checked(_whole(schema, schemas), place, note), paged


_NOTHING: Schema = {"type": "null"}


def _answer(document: Document, response: Mapping[str, Any], where: str, schemas: Schemas) -> tuple[Schema, bool]:
    """The schema of one answer; without a body it is null. False: nothing is known of it."""
    if not response.get("content"):
        return _NOTHING, True
    media = media_of(response["content"], pointer_of(where, "content"))
    if media is None or "schema" not in media[1] or len(response["content"]) > 1:
        return {}, False
    return schemas.of(media[1]["schema"], pointer_of(media[2], "schema")), True


def _is_list(document: Document, operation: Operation, good: Sequence[str], place: str) -> bool:
    if not good:
        return False
    response, where = document.resolve(operation.node["responses"][good[0]], pointer_of(place, good[0]))
    media = media_of(response.get("content", {}), where)
    return media is not None and document.resolve(media[1].get("schema"), media[2])[0].get("type") == "array"


def _checked(schema: Schema, pointer: str, note: Note) -> Schema | None:
    """The schema of a result, None where it cannot be used: then results are not checked."""
    text = orjson.dumps(schema)
    if len(text) > MAX_SCHEMA_BYTES:
        note(pointer, f"{_too_large('result')}: results are not checked")
        return None
    try:
        jsonschema_rs.validator_for(schema, offline=True)
    except (ValueError, jsonschema_rs.ReferencingError):
        note(pointer, "the schema of its result cannot be read: results are not checked")
        return None
    return schema
