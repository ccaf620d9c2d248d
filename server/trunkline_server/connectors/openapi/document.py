"""An OpenAPI document as plain JSON values: read within bounds, and its references within itself. Pure: no I/O."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import unquote

import orjson
import yaml

# What a document may hold once its YAML aliases are written out: values, and levels of them.
MAX_NODES = 500_000
MAX_DEPTH = 100
_MAX_REFERENCES = 64
_MAX_INTEGER = 2**63


class DocumentError(ValueError):
    """The document cannot be taken as it is: what is wrong, and where, as a JSON pointer."""

    def __init__(self, pointer: str, description: str) -> None:
        super().__init__(f"{pointer}: {description}")
        self.pointer = pointer
        self.description = description


class _Loader(yaml.CSafeLoader):
    """YAML 1.2 as OpenAPI wants it: no dates, and only `true` and `false` are booleans."""

    yaml_implicit_resolvers: dict[Any, Any] = {}  # noqa: RUF012  as its base has it


for _tag, _pattern, _first in (
    ("bool", r"true|True|TRUE|false|False|FALSE", "tTfF"),
    ("int", r"[-+]?(?:0|[1-9][0-9]*)", "-+0123456789"),
    ("float", r"[-+]?(?:\.[0-9]+|[0-9]+\.[0-9]*|[0-9]+(?=[eE]))(?:[eE][-+]?[0-9]+)?", "-+.0123456789"),
    ("null", r"~|null|Null|NULL|", "~nN"),
    ("merge", r"<<", "<"),
):
    # The empty text is what an absent value looks like to the resolver.
    _starts = [*_first, ""] if _tag == "null" else list(_first)
    _Loader.add_implicit_resolver(f"tag:yaml.org,2002:{_tag}", re.compile(f"^(?:{_pattern})$"), _starts)


class Document:
    """A document of OpenAPI 3.0 or 3.1. `old` is whether its schemas are those of 3.0."""

    def __init__(self, root: Mapping[str, Any]) -> None:
        self.root = root
        version = root.get("openapi")
        if not isinstance(version, str) or not re.fullmatch(r"3\.[01]\.[0-9]+.*", version):
            found = "Swagger 2.0" if "swagger" in root else "no such version"
            raise DocumentError("/openapi", f"must be 3.0 or 3.1; this is {found}")
        self.old = version.startswith("3.0")

    def resolve(self, node: object, pointer: str) -> tuple[Mapping[str, Any], str]:
        """The object that the node is or refers to, and where that is. Raises DocumentError."""
        start = pointer
        for _ in range(_MAX_REFERENCES):
            if not isinstance(node, Mapping):
                raise DocumentError(pointer, "must be an object")
            if "$ref" not in node:
                return node, pointer
            pointer = target(node["$ref"], pointer)
            node = self.at(pointer, start)
        raise DocumentError(start, "refers to itself")

    def at(self, pointer: str, referrer: str) -> Any:
        """The value at a pointer. Raises DocumentError for the `referrer` where there is none."""
        node: Any = self.root
        for step in steps(pointer):
            try:
                node = node[int(step)] if isinstance(node, list) else node[step]
            except (KeyError, IndexError, ValueError, TypeError):
                raise DocumentError(referrer, f"refers to {pointer[:200]}, which is not there") from None
        return node


def read(document: bytes) -> Document:
    """The document, of JSON or YAML text. Raises DocumentError."""
    root = _parse(document)
    if not isinstance(root, dict):
        raise DocumentError("", "must be an OpenAPI document: an object, in JSON or YAML")
    return Document(_Copy().of(root, (), 0))


def pointer_of(base: str, *names: str | int) -> str:
    """The pointer below `base` (RFC 6901)."""
    return base + "".join("/" + str(name).replace("~", "~0").replace("/", "~1") for name in names)


def steps(pointer: str) -> Iterator[str]:
    """The names in a pointer."""
    return (step.replace("~1", "/").replace("~0", "~") for step in pointer.split("/")[1:])


def target(reference: object, pointer: str) -> str:
    """The pointer that a `$ref` at `pointer` names. Raises DocumentError for another document."""
    if not isinstance(reference, str) or not (reference == "#" or reference.startswith("#/")):
        raise DocumentError(pointer, "must refer to a place in this document (#/…): nothing else is fetched")
    return unquote(reference[1:])


def _parse(document: bytes) -> Any:
    if document.lstrip()[:1] == b"{":
        try:
            return orjson.loads(document)
        except orjson.JSONDecodeError as error:
            raise DocumentError("", f"is not JSON: line {error.lineno}, column {error.colno}") from None
    try:
        return yaml.load(document, Loader=_Loader)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        where = f": line {mark.line + 1}, column {mark.column + 1}" if mark else ""
        raise DocumentError("", f"is not YAML{where}") from None
    except (RecursionError, ValueError):
        raise DocumentError("", "is not YAML that can be read") from None


class _Copy:
    """Copies values as JSON has them; aliases are written out and counted, so that none of them can grow a document."""

    def __init__(self) -> None:
        self._nodes = 0

    def of(self, value: Any, path: tuple[str | int, ...], depth: int) -> Any:
        self._nodes += 1
        if self._nodes > MAX_NODES or depth > MAX_DEPTH:
            raise DocumentError("", f"holds more than {MAX_NODES} values, or nests them deeper than {MAX_DEPTH}")
        if isinstance(value, dict):
            return {str(key): self.of(one, (*path, str(key)), depth + 1) for key, one in value.items()}
        if isinstance(value, list):
            return [self.of(one, (*path, index), depth + 1) for index, one in enumerate(value)]
        if isinstance(value, str):
            if not value.isascii() and any("\ud800" <= char <= "\udfff" for char in value):
                raise DocumentError(pointer_of("", *path), "is not Unicode text")
            return value
        if value is None or isinstance(value, bool):
            return value
        if isinstance(value, int):
            return value if -_MAX_INTEGER <= value < _MAX_INTEGER else float(value)
        if isinstance(value, float) and math.isfinite(value):
            return value
        raise DocumentError(pointer_of("", *path), "is a value that JSON does not have")
