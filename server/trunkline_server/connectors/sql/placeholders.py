"""Placeholders written as `%s`, in the form that a database's own prepared statements have."""

from __future__ import annotations

import re
from functools import lru_cache

# What is skipped as a whole, then the placeholder. In a literal a quote is doubled; a backslash escapes only where the
# dialect says so. A comment or literal without an end reaches to the end: the database refuses it.
_COMMENT = r"/\*.*?(?:\*/|\Z)"
_BACKTICK = r"`(?:[^`]|``)*(?:`|\Z)"
_BRACKET = r"\[(?:[^\]]|\]\])*(?:\]|\Z)"
_ESCAPED = r"'(?:[^'\\]|''|\\.)*(?:'|\Z)|" r'"(?:[^"\\]|""|\\.)*(?:"|\Z)'
_PLAIN = r"'(?:[^']|'')*(?:'|\Z)|" r'"(?:[^"]|"")*(?:"|\Z)'

# In MySQL `--` opens a comment only before white space.
_MYSQL = re.compile(rf"(?:{_ESCAPED}|{_BACKTICK}|{_COMMENT}|#[^\n]*|--(?=\s|\Z)[^\n]*)|(?P<mark>%s)", re.DOTALL)
_TSQL = re.compile(rf"(?:{_PLAIN}|{_BRACKET}|{_COMMENT}|--[^\n]*)|(?P<mark>%s)", re.DOTALL)


@lru_cache(maxsize=1024)
def mysql(sql: str) -> str:
    """The statement with `?`; the database counts them."""
    return _MYSQL.sub(lambda match: "?" if match["mark"] else match[0], sql)


@lru_cache(maxsize=1024)
def tsql(sql: str) -> tuple[str, int]:
    """The statement with `@p0`, `@p1`, …, and how many there are."""
    count = 0

    def named(match: re.Match[str]) -> str:
        nonlocal count
        if not match["mark"]:
            return match[0]
        count += 1
        return f"@p{count - 1}"

    return _TSQL.sub(named, sql), count
