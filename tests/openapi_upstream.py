"""An API that an OpenAPI 3.0 document describes: answers every operation with an example of its response's schema, and
checks what it is asked against the document. It reads the document for itself: nothing of the importer is used."""

from __future__ import annotations

import random
import re
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl, unquote

import jsonschema_rs
import orjson
from aiohttp import web
from rest_upstream import http_upstream

METHODS = ("get", "put", "post", "delete", "patch")
_TEXTS = {
    "date-time": "2026-11-21T12:00:00Z",
    "date": "2026-11-21",
    "uri": "https://example.com/a",
    "email": "a@example.com",
}


@dataclass(slots=True)
class Described:
    """One operation, its references resolved but for those in schemas."""

    method: str
    path: str
    node: Mapping[str, Any]
    parameters: list[Mapping[str, Any]]

    @property
    def pattern(self) -> re.Pattern[str]:
        """What its paths look like."""
        parts = re.split(r"\{[^{}]+\}", self.path)
        return re.compile("([^/]+)".join(map(re.escape, parts)))

    @property
    def path_names(self) -> list[str]:
        """The names in its path."""
        return re.findall(r"\{([^{}]+)\}", self.path)


@dataclass(slots=True)
class Asked:
    """One request, as it came: values of the path, pairs of the query, the body."""

    operation: Described
    path: dict[str, str]
    query: list[tuple[str, str]]
    body: Any
    headers: Mapping[str, str]


class Api:
    """The document as an API."""

    def __init__(self, document: Mapping[str, Any], seed: int) -> None:
        self.document = document
        self.random = random.Random(seed)
        self.operations = [
            Described(method.upper(), path, node, self._parameters(item, node))
            for path, item in document["paths"].items()
            for method, node in item.items()
            if method in METHODS
        ]
        self.base = ""
        self.asked: list[Asked] = []
        self.answered: list[Any] = []
        self.wrong: list[str] = []

    def resolve(self, node: Any) -> Any:
        """What a node refers to."""
        while isinstance(node, Mapping) and "$ref" in node:
            place = node["$ref"].removeprefix("#/").split("/")
            node = self.document
            for step in place:
                node = node[step.replace("~1", "/").replace("~0", "~")]
        return node

    def sample(self, schema: Any, depth: int = 0) -> Any:
        """A value that the schema allows, as far as its own rules go; small."""
        schema = self.resolve(schema)
        if "enum" in schema:
            return self.random.choice([one for one in schema["enum"] if one is not None])
        if "allOf" in schema:
            parts = [self.sample(one, depth) for one in schema["allOf"]]
            objects = [one for one in parts if isinstance(one, dict)]
            return {key: value for one in objects for key, value in one.items()} if objects else parts[0]
        for key in ("oneOf", "anyOf"):
            if key in schema and not schema.get("properties"):
                return self.sample(schema[key][0], depth)
        kind = schema.get("type") or ("object" if "properties" in schema else "string")
        made = getattr(self, f"_{kind}")(schema, depth)
        return made

    def _object(self, schema: Any, depth: int) -> Any:
        needed = set(schema.get("required", ()))
        for key in ("oneOf", "anyOf"):
            for part in schema.get(key, ())[:1]:
                needed |= set(self.resolve(part).get("required", ()))
        wanted = {
            name: self.sample(one, depth + 1)
            for name, one in schema.get("properties", {}).items()
            if name in needed or (depth < 2 and self.random.random() < 0.5)
        }
        more = schema.get("additionalProperties")
        if isinstance(more, Mapping) and more and not wanted and depth < 4:
            wanted["some"] = self.sample(more, depth + 1)
        return wanted

    def _array(self, schema: Any, depth: int) -> Any:
        count = max(schema.get("minItems", 0), 1 if depth < 4 else 0)
        items = schema.get("items", {"type": "string"})
        return [self.sample(items, depth + 1) for _ in range(count)]

    def _string(self, schema: Any, depth: int) -> str:
        if schema.get("format") in _TEXTS:
            return _TEXTS[schema["format"]]
        if "pattern" in schema:
            return str(schema["example"])
        text = "".join(self.random.choices("abc äß/+&=", k=self.random.randint(1, 8))).strip() or "v"
        text += "x" * (schema.get("minLength", 0) - len(text))
        return text[: schema.get("maxLength", 64)]

    def _integer(self, schema: Any, depth: int) -> int:
        low = schema.get("minimum", 1)
        return self.random.randint(low, min(schema.get("maximum", low + 50), low + 50))

    def _number(self, schema: Any, depth: int) -> float:
        return schema.get("minimum", 0) + 0.5

    def _boolean(self, schema: Any, depth: int) -> bool:
        return self.random.random() < 0.5

    # ── Serving ─────────────────────────────────────────────────────────────────────────────────────────────────

    async def handle(self, request: web.BaseRequest) -> web.StreamResponse:
        """Check the request against its operation, and answer."""
        raw, _, query = request.raw_path.removeprefix(self.base).partition("?")
        operation, match = self._find(request.method, raw)
        if operation is None or match is None:
            return web.json_response({"message": "no such operation"}, status=404)
        values = dict(zip(operation.path_names, map(unquote, match.groups()), strict=True))
        body = await request.read()
        asked = Asked(
            operation,
            values,
            parse_qsl(query, keep_blank_values=True),
            orjson.loads(body) if body else None,
            {name.lower(): value for name, value in request.headers.items()},
        )
        self.asked.append(asked)
        self.wrong += [f"{operation.method} {operation.path}: {one}" for one in self._violations(asked)]
        status, answer = self._answer(operation)
        self.answered.append(answer)
        return web.Response(status=status) if answer is None else web.json_response(answer, status=status)

    def _find(self, method: str, path: str) -> tuple[Described | None, re.Match[str] | None]:
        fitting = [
            (one, match) for one in self.operations if one.method == method and (match := one.pattern.fullmatch(path))
        ]
        # `/a/latest` is meant rather than `/a/{name}`.
        return min(fitting, key=lambda pair: len(pair[0].path_names), default=(None, None))

    def _violations(self, asked: Asked) -> list[str]:
        found = []
        declared = {one["name"]: one for one in asked.operation.parameters if one["in"] == "query"}
        given = {name for name, _ in asked.query}
        found += [f"query {name} is not declared" for name in given - declared.keys()]
        found += [
            f"query {name} is missing" for name, one in declared.items() if one.get("required") and name not in given
        ]
        for name, text in asked.query:
            if name in declared:
                found += self._judge(f"query {name}", declared[name]["schema"], text)
        for one in asked.operation.parameters:
            if one["in"] == "path":
                found += self._judge(f"path {one['name']}", one["schema"], asked.path[one["name"]])
        body = self.resolve(asked.operation.node.get("requestBody", {}))
        if body:
            schema = body["content"]["application/json"]["schema"]
            found += [] if self.valid(schema, asked.body) else [f"body: {asked.body}"]
        elif asked.body not in (None, {}):
            found.append("has a body")
        return found

    def _judge(self, what: str, schema: Any, text: str) -> list[str]:
        schema = self.resolve(schema)
        schema = self.resolve(schema["items"]) if schema.get("type") == "array" else schema
        value: Any = text
        if schema.get("type") in ("integer", "number", "boolean"):
            value = orjson.loads(text)
        return [] if self.valid(schema, value) else [f"{what}: {text!r}"]

    def valid(self, schema: Any, value: Any) -> bool:
        """Whether the document's own schema allows the value; OpenAPI 3.0 has the rules of draft 4."""
        whole = {"components": self.document.get("components", {}), "allOf": [schema]}
        return jsonschema_rs.Draft4Validator(whole).is_valid(value)

    def _answer(self, operation: Described) -> tuple[int, Any]:
        status = min(code for code in operation.node["responses"] if str(code).startswith("2"))
        content = self.resolve(operation.node["responses"][status]).get("content")
        if not content or "application/json" not in content:
            return int(status), None
        return int(status), self.sample(content["application/json"].get("schema", {"type": "object"}))

    def _parameters(self, item: Any, node: Any) -> list[Mapping[str, Any]]:
        found = [self.resolve(one) for one in (*item.get("parameters", ()), *node.get("parameters", ()))]
        return list({(one["name"], one["in"]): one for one in found}.values())


@dataclass(slots=True)
class Intended:
    """What a call is to send."""

    path: dict[str, Any] = field(default_factory=dict)
    query: dict[str, Any] = field(default_factory=dict)
    body: dict[str, Any] = field(default_factory=dict)

    @property
    def parameters(self) -> dict[str, Any]:
        """All of it, as a tool takes it."""
        return self.path | self.query | self.body


def intend(api: Api, operation: Described) -> Intended:
    """A call of an operation: what it needs, and some of the rest."""
    found = Intended()
    for one in operation.parameters:
        if one["in"] in ("path", "query") and (one.get("required") or api.random.random() < 0.6):
            schema = api.resolve(one["schema"])
            value = schema.get("example", one.get("example")) if api.random.random() < 0.5 else None
            value = api.sample(schema) if value is None or one["in"] == "path" else value
            (found.path if one["in"] == "path" else found.query)[one["name"]] = value
    body = api.resolve(operation.node.get("requestBody", {}))
    if body:
        found.body = api.sample(body["content"]["application/json"]["schema"])
    return found


@asynccontextmanager
async def openapi_upstream(api: Api, base: str = "") -> AsyncIterator[str]:
    """Serve the API below the path `base`; gives its address."""

    async with http_upstream() as upstream:
        upstream.answer, api.base = api.handle, base
        yield upstream.url + base
