"""How parameters are written into a query string, a form or a body. Pure: no I/O."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from typing import Any
from urllib.parse import urlencode

import orjson

from trunkline_server.domain.redaction import MASK

# Deeper values are nonsense, and what walks through them has an end. Deeper forms are no forms.
MAX_DEPTH = 64
_MAX_FORM_DEPTH = 16


def scalar(value: object) -> str | None:
    """A string, number or boolean as text; None for anything else."""
    if isinstance(value, str):
        return value
    if isinstance(value, bool | int | float):
        return orjson.dumps(value).decode()
    return None


def repeated(value: object) -> list[str] | None:
    """A value as it is repeated in a query string; None where it has no such form. Null is left out."""
    if value is None:
        return []
    items: Iterable[object] = value if isinstance(value, list) else [value]
    texts = [scalar(item) for item in items]
    good = [text for text in texts if text is not None]
    return good if len(good) == len(texts) else None


def bracketed(name: str, value: object) -> list[tuple[str, str]] | None:
    """The fields of a form for one parameter, nested names in brackets: `items[0][price]`; None where it is nested too
    deep. Null is left out."""
    try:
        return list(_fields(name, value, 0))
    except RecursionError:
        return None


def form(pairs: Iterable[tuple[str, str]]) -> bytes:
    """A body of the type application/x-www-form-urlencoded."""
    return urlencode(list(pairs)).encode()


def redact(content: Any, names: Collection[str], depth: int = 0) -> Any:
    """A copy with MASK for the values of fields of these names, and for what is nested deeper than anything is."""
    if depth > MAX_DEPTH:
        return MASK
    if isinstance(content, dict):
        return {name: MASK if name in names else redact(value, names, depth + 1) for name, value in content.items()}
    return [redact(value, names, depth + 1) for value in content] if isinstance(content, list) else content


def too_deep(content: Any, depth: int = 0) -> bool:
    """Whether a value is nested deeper than MAX_DEPTH."""
    if depth > MAX_DEPTH:
        return True
    inner = content.values() if isinstance(content, dict) else content if isinstance(content, list) else ()
    return any(too_deep(value, depth + 1) for value in inner)


def _fields(name: str, value: object, depth: int) -> Iterator[tuple[str, str]]:
    if depth > _MAX_FORM_DEPTH:
        raise RecursionError
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from _fields(f"{name}[{key}]", inner, depth + 1)
    elif isinstance(value, list):
        for index, inner in enumerate(value):
            yield from _fields(f"{name}[{index}]", inner, depth + 1)
    elif (text := scalar(value)) is not None:
        yield name, text
