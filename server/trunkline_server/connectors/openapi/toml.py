"""A template as TOML text (TOML 1.0), for people to read and change."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

import orjson

from trunkline_server.connectors.rest.template_models import Template

_BARE = re.compile(r"[A-Za-z0-9_-]+")
# Objects deeper than this stand in one line.
_TABLE_DEPTH = 3


def template_text(template: Template) -> str:
    """What `parse_template` reads as the same template."""
    values = template.model_dump(exclude_defaults=True, exclude={"name"})
    return "\n".join(_table((), values)).lstrip("\n") + "\n"


def _table(path: tuple[str, ...], values: Mapping[str, Any]) -> Iterator[str]:
    """The table's own values, then the tables in it."""
    tables = {key: one for key, one in values.items() if isinstance(one, Mapping) and one and len(path) < _TABLE_DEPTH}
    lists = {key: one for key, one in values.items() if not path and _is_tables(one)}
    for key, one in values.items():
        if key not in tables and key not in lists:
            yield f"{_key(key)} = {_value(one)}"
    for key, one in tables.items():
        place = (*path, key)
        # A header says that a table is there; one that only holds tables needs none.
        if any(not isinstance(value, Mapping) or not value for value in one.values()) or len(place) == _TABLE_DEPTH:
            yield from ("", f"[{'.'.join(map(_key, place))}]")
        yield from _table(place, one)
    for key, many in lists.items():
        for one in many:
            yield from ("", f"[[{_key(key)}]]")
            yield from _table((key,), one)


def _is_tables(value: object) -> bool:
    return isinstance(value, list | tuple) and bool(value) and all(isinstance(one, Mapping) for one in value)


def _key(key: str) -> str:
    return key if _BARE.fullmatch(key) else _text(key)


def _value(value: Any) -> str:
    if isinstance(value, Mapping):
        return "{ " + ", ".join(f"{_key(key)} = {_value(one)}" for key, one in value.items()) + " }" if value else "{}"
    if isinstance(value, list | tuple):
        return "[" + ", ".join(map(_value, value)) + "]"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return repr(value)
    return _text(value)


def _text(text: str) -> str:
    """A basic string: JSON's escapes are TOML's, but for DEL."""
    return orjson.dumps(text).decode().replace("\x7f", "\\u007f")
