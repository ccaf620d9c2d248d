"""Pages out of one example page: its items again and again with new ids, as many pages as the example says. Pure."""

from __future__ import annotations

import copy
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl, urlencode

import jsonschema_rs
import orjson

from trunkline_server.connectors.rest.template_models import TemplatePagination, TemplateTool
from trunkline_server.sandbox.asked import Asked

# What tells one item from another, the first that it has.
_IDENTITIES = ("id", "ts", "name", "url")
_CURSOR = "sandbox-page-"


class NoSuchPage(ValueError):
    """The cursor is none that was handed out."""


@dataclass(frozen=True, slots=True)
class Page:
    """A result, and the headers that go with it."""

    result: Any
    headers: Mapping[str, str] = field(default_factory=dict)


def page_of(tool: TemplateTool, parameters: Mapping[str, Any], asked: Asked) -> Page:
    """The page that is asked for. Raises NoSuchPage."""
    assert tool.pagination is not None
    return _STYLES[tool.pagination.style](tool, tool.pagination, parameters, asked)


def items_of(result: Any, path: str) -> list[Any]:
    """The items at a path of names joined by dots; the result itself where the path is empty."""
    found = at(result, path)
    return found if isinstance(found, list) else []


def at(result: Any, path: str) -> Any:
    """What is at a path; None where nothing is."""
    for step in path.split(".") if path else ():
        result = result.get(step) if isinstance(result, dict) else None
    return result


def _put(result: Any, path: str, value: Any) -> Any:
    """The result with a value at a path; with None's stand-in `...` without it."""
    if not path:
        return value
    *steps, last = path.split(".")
    node = result
    for step in steps:
        node = node.setdefault(step, {})
    if value is ...:
        node.pop(last, None)
    else:
        node[last] = value
    return result


def _item(item: Any, number: int, identity: str) -> Any:
    """The example's item as number `number` of all, from 0."""
    if isinstance(item, str):
        return f"{item}-{number}"
    if not isinstance(item, dict):
        return item
    name = identity or next((name for name in _IDENTITIES if name in item), "")
    name = name or next((name for name in item if name.endswith("_id")), "")
    value = item.get(name)
    if isinstance(value, str):
        # As long as before, as ids have forms, and far from those of the example.
        return {**item, name: f"{value[:-4]}{0xA000 + number:04x}" if len(value) > 8 else f"{value}{number:x}"}
    return {**item, name: value + 1000 * number} if isinstance(value, int) else item


def _filled(tool: TemplateTool, pages: TemplatePagination, first: int, size: int) -> Any:
    """The example with `size` items from number `first` on."""
    result = copy.deepcopy(tool.example.result)
    shown = items_of(result, pages.items)
    items = [
        shown[number] if number < len(shown) else _item(shown[number % len(shown)], number, pages.next_of_last_item)
        for number in range(first, first + size)
    ]
    return _put(result, pages.items, items)


def _cursor(tool: TemplateTool, pages: TemplatePagination, parameters: Mapping[str, Any], asked: Asked) -> Page:
    size = len(items_of(tool.example.result, pages.items))
    names = [_name_of_next(tool, pages, number, size) for number in range(1, tool.example.pages)]
    told = parameters.get(pages.parameter)
    if told and told not in names:
        raise NoSuchPage(pages.parameter)
    number = names.index(told) + 1 if told else 0
    result = _filled(tool, pages, number * size, size)
    last = number == tool.example.pages - 1
    if pages.has_more:
        result = _put(result, pages.has_more, not last)
    if pages.next and not last:
        result = _put(result, pages.next, names[number])
    if pages.next and last and not _is_last_id(tool, pages):
        result = _ended(tool, pages, result)
    elif pages.next and last:
        result = _put(result, pages.next, _identity(items_of(result, pages.items)[-1]))
    return Page(result)


def _name_of_next(tool: TemplateTool, pages: TemplatePagination, number: int, size: int) -> Any:
    """The cursor of page `number`: the last id of the page before where the API has it so."""
    if not (pages.next_of_last_item or _is_last_id(tool, pages)):
        return f"{_CURSOR}{number}"
    last = items_of(_filled(tool, pages, (number - 1) * size, size), pages.items)[-1]
    return at(last, pages.next_of_last_item) if pages.next_of_last_item else _identity(last)


def _is_last_id(tool: TemplateTool, pages: TemplatePagination) -> bool:
    shown = items_of(tool.example.result, pages.items)
    return bool(pages.next) and at(tool.example.result, pages.next) == _identity(shown[-1])


def _identity(item: Any) -> Any:
    return next((item[name] for name in _IDENTITIES if name in item), ...) if isinstance(item, dict) else ...


def _ended(tool: TemplateTool, pages: TemplatePagination, result: Any) -> Any:
    """No cursor: the field is left out, null, or stays, the first of these that the result's schema allows."""
    schema = jsonschema_rs.validator_for(dict(tool.result or {}), offline=True)
    for value in (..., None):
        tried = _put(copy.deepcopy(result), pages.next, value)
        if schema.is_valid(tried):
            return tried
    return result


def _size(tool: TemplateTool, pages: TemplatePagination, parameters: Mapping[str, Any]) -> int:
    told = parameters.get(pages.size_parameter) if pages.size_parameter else None
    return int(told or pages.page_size or len(items_of(tool.example.result, pages.items)))


def _numbered(tool: TemplateTool, pages: TemplatePagination, first: int, size: int) -> Page:
    """`size` items from `first` on, fewer at the end: the last page has one."""
    total = size * (tool.example.pages - 1) + 1
    return Page(_filled(tool, pages, first, max(0, min(size, total - first))))


def _page(tool: TemplateTool, pages: TemplatePagination, parameters: Mapping[str, Any], asked: Asked) -> Page:
    start = 1 if pages.first is None else pages.first
    size = _size(tool, pages, parameters)
    return _numbered(tool, pages, (int(parameters.get(pages.parameter, start)) - start) * size, size)


def _offset(tool: TemplateTool, pages: TemplatePagination, parameters: Mapping[str, Any], asked: Asked) -> Page:
    return _numbered(tool, pages, int(parameters.get(pages.parameter, 0)), _size(tool, pages, parameters))


def _link(tool: TemplateTool, pages: TemplatePagination, parameters: Mapping[str, Any], asked: Asked) -> Page:
    """RFC 8288: the next page's address in the header `Link`, or at `next`."""
    name = pages.parameter or "page"
    query = dict(parse_qsl(asked.raw_query, keep_blank_values=True))
    number = int(query.get(name, 1))
    size = len(items_of(tool.example.result, pages.items))
    result = _filled(tool, pages, (number - 1) * size, size)
    if number >= tool.example.pages:
        return Page(_put(result, pages.next, ...) if pages.next else result)
    address = f"{asked.base_url}{asked.raw_path}?{urlencode({**query, name: str(number + 1)})}"
    if pages.next:
        return Page(_put(result, pages.next, address))
    return Page(result, {"Link": f'<{address}>; rel="next"'})


_STYLES = {"cursor": _cursor, "page": _page, "offset": _offset, "link": _link}


def drifted(tool: TemplateTool, result: Any) -> Any:
    """The result as its schema does not say: without a required field, or of another type."""
    schema: Mapping[str, Any] = tool.result or {}
    required: Sequence[str] = schema.get("required", ())
    if isinstance(result, dict) and required:
        return {name: value for name, value in result.items() if name != required[-1]}
    if isinstance(result, dict) and schema.get("properties"):
        return {**result, next(iter(schema["properties"])): 0.5}
    return "drift" if schema else {"drift": orjson.dumps(result).decode()}
