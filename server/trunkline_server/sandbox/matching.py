"""Which tool a request calls, and with which parameters: the way of request.py back. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

import jsonschema_rs
import orjson

from trunkline_server.connectors.rest.template_models import Template, TemplateTool
from trunkline_server.sandbox.asked import Asked

_NAME = re.compile(r"\{([A-Za-z_][A-Za-z0-9_-]*)\}")
_INTEGER = re.compile(r"-?[0-9]+")
_BOOLEANS = {"true": True, "false": False}


@dataclass(frozen=True, slots=True)
class Route:
    """A tool and the paths that call it."""

    tool: TemplateTool
    pattern: re.Pattern[str]
    schema: jsonschema_rs.Validator


@dataclass(frozen=True, slots=True)
class Matched:
    """The call of a tool. `wrong` says what is wrong with its parameters; empty: nothing."""

    tool: TemplateTool
    parameters: Mapping[str, Any]
    wrong: str = ""


class Routes:
    """The template's tools by their paths; literal paths go before those with names in them."""

    def __init__(self, template: Template) -> None:
        self._prefix = unquote(urlsplit(_NAME.sub(r"%7B\1%7D", template.endpoint)).path).rstrip("/")
        by_names = sorted(template.tools, key=lambda tool: len(_NAME.findall(tool.path)))
        self._routes = [Route(tool, _pattern(self._prefix + tool.path), _schema(tool)) for tool in by_names]
        self._key = _pattern(self._prefix + "/", open_end=True)
        self._check = _pattern(self._prefix + template.check_path) if template.check_path else None

    @property
    def prefix(self) -> str:
        """The path of the endpoint, `{secret}` in its place."""
        return self._prefix

    def key(self, asked: Asked) -> str:
        """What stands for `{secret}` in the path."""
        found = self._key.match(asked.raw_path)
        return unquote(found.groupdict().get("secret", "")) if found else ""

    def is_check(self, asked: Asked) -> bool:
        """Whether it is the path of the live check."""
        return asked.method == "GET" and self._check is not None and bool(self._check.fullmatch(asked.raw_path))

    def match(self, asked: Asked) -> Matched | None:
        """The call; the first tool that the parameters fit, or else the first of the path. None: there is no tool."""
        first: Matched | None = None
        for route in self._routes:
            found = route.pattern.fullmatch(asked.raw_path) if route.tool.method == asked.method else None
            if found is None:
                continue
            matched = _read(route, found.groupdict(), asked)
            if not matched.wrong:
                return matched
            first = first or matched
        return first


def _pattern(path: str, *, open_end: bool = False) -> re.Pattern[str]:
    """Names become groups of one segment. A `-` in a name is not for regular expressions."""
    parts = _NAME.split(path)
    text = "".join(re.escape(part) if at % 2 == 0 else f"(?P<{part}>[^/]+)" for at, part in enumerate(parts))
    return re.compile(text + (".*" if open_end else ""))


def _schema(tool: TemplateTool) -> jsonschema_rs.Validator:
    return jsonschema_rs.validator_for(dict(tool.parameters), validate_formats=True, offline=True)


def _read(route: Route, in_path: Mapping[str, str], asked: Asked) -> Matched:
    tool = route.tool
    properties: Mapping[str, Any] = tool.parameters.get("properties", {})
    found = {name: coerced(unquote(text), properties[name]) for name, text in in_path.items() if name in properties}
    try:
        told = _told(tool, asked)
    except ValueError:
        return Matched(tool, found, "the body is not what its content type says")
    for name, value in tool.constants.items():
        if told.pop(name, None) != value:
            return Matched(tool, found, f"{name} is not as it always is")
    pairs: dict[str, list[str]] = {}
    for name, text in asked.query():
        pairs.setdefault(name, []).append(text)
    query = {name: _one_or_all(texts, properties[name]) for name, texts in pairs.items() if name in properties}
    headers = {
        name: coerced(asked.headers[header.lower()], properties.get(name, {}))
        for name, header in tool.header_parameters.items()
        if header.lower() in asked.headers
    }
    whole = {**told, **query, **headers, **found}
    wrong = next((error.message for error in route.schema.iter_errors(whole)), "")
    return Matched(tool, whole, wrong)


def _told(tool: TemplateTool, asked: Asked) -> dict[str, Any]:
    """The body. Raises ValueError. Constants of calls without one are in the query string."""
    if tool.method in ("GET", "DELETE"):
        return {name: coerced(text, {}) for name, text in asked.query() if name in tool.constants}
    if tool.body == "form":
        if not asked.headers.get("content-type", "").startswith("application/x-www-form-urlencoded"):
            raise ValueError("not a form")
        return _form(asked.body.decode(), tool.parameters)
    body = orjson.loads(asked.body or b"{}")
    if not isinstance(body, dict):
        raise ValueError("not an object")
    return body


def coerced(text: str, schema: Mapping[str, Any]) -> Any:
    """The text as the type that the schema wants, where it can be read so."""
    kinds = _kinds(schema)
    if "integer" in kinds and _INTEGER.fullmatch(text):
        return int(text)
    if "number" in kinds:
        try:
            return float(text)
        except ValueError:
            return text
    return _BOOLEANS.get(text, text) if "boolean" in kinds else text


def _kinds(schema: Mapping[str, Any]) -> Sequence[str]:
    kinds = schema.get("type", ())
    return (kinds,) if isinstance(kinds, str) else kinds


def _one_or_all(texts: Sequence[str], schema: Mapping[str, Any]) -> Any:
    if "array" in _kinds(schema) and ("string" not in _kinds(schema) or len(texts) > 1):
        return [coerced(text, schema.get("items", {})) for text in texts]
    return coerced(texts[-1], schema)


def _form(text: str, schema: Mapping[str, Any]) -> dict[str, Any]:
    """A form with brackets: `a[b]=1`, `c[0]=2`, `c[]=3`."""
    tree: dict[str, Any] = {}
    for name, value in parse_qsl(text, keep_blank_values=True, strict_parsing=bool(text)):
        steps = [step.rstrip("]") for step in name.split("[")]
        node = tree
        for step in steps[:-1]:
            node = node.setdefault(step, {})
            if not isinstance(node, dict):
                raise ValueError("a name is a value and a group")
        node[steps[-1] or str(len(node))] = value
    typed = _typed(tree, schema)
    assert isinstance(typed, dict)
    return typed


def _typed(node: Any, schema: Mapping[str, Any]) -> Any:
    if isinstance(node, str):
        return coerced(node, schema)
    if node and all(step.isdigit() for step in node) and "object" not in _kinds(schema):
        return [_typed(node[step], schema.get("items", {})) for step in sorted(node, key=int)]
    properties = schema.get("properties", {})
    return {name: _typed(value, properties.get(name, {})) for name, value in node.items()}
