"""Which tools a key may execute, and what it may allow others."""

from __future__ import annotations

import re
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st
from trunkline_server.domain.tools.permission import EVERY_TOOL, ToolScope

_names = st.text(alphabet="ab", max_size=6)
_patterns = st.text(alphabet="ab*", min_size=1, max_size=6)


def reference(pattern: str, text: str) -> bool:
    return re.fullmatch("".join(".*" if one == "*" else re.escape(one) for one in pattern), text) is not None


@given(_patterns, _patterns, _names, _names)
def test_patterns_match_as_they_read(integration: str, tool: str, left: str, right: str) -> None:
    expected = reference(integration, left) and reference(tool, right)
    assert ToolScope((f"{integration}/{tool}",)).allows(left, right) == expected


@given(st.lists(_patterns, min_size=1, max_size=3), _patterns, _names)
def test_what_is_within_allows_no_more(own: list[str], wanted: str, name: str) -> None:
    scope = ToolScope(tuple(f"i/{one}" for one in own))
    if not scope.beyond([f"i/{wanted}"]) and reference(wanted, name):
        assert scope.allows("i", name)


def test_a_key_without_patterns_may_all() -> None:
    assert EVERY_TOOL.allows("hub", "read") and EVERY_TOOL.sees("hub")
    assert EVERY_TOOL.beyond(["*/*"]) == "" and EVERY_TOOL.beyond([]) == ""


@pytest.mark.parametrize(
    ("own", "wanted", "beyond"),
    [
        (("hub/*",), ("hub/read", "hub/re*"), ""),
        (("hub/*",), ("*/read",), "*/read"),
        (("hub/re*",), ("hub/*",), "hub/*"),
        (("hub/re*",), (), "*/*"),
        (("*/*",), (), ""),
        (("a/x", "b/*"), ("b/y", "a/y"), "a/y"),
    ],
)
def test_nobody_allows_more_than_it_may(own: tuple[str, ...], wanted: tuple[str, ...], beyond: str) -> None:
    assert ToolScope(own).beyond(wanted) == beyond


def test_integrations_without_a_tool_are_not_seen() -> None:
    scope = ToolScope(("hub-*/read",))
    assert scope.sees("hub-1") and not scope.sees("other")


def test_answers_are_remembered_within_bounds() -> None:
    scope = ToolScope(("hub/*",))
    assert all(scope.allows("hub", f"t{at}") for at in range(5000))
    assert len(scope._known) <= 1024
    assert scope == ToolScope(("hub/*",)) and hash(scope) == hash(ToolScope(("hub/*",)))


def test_no_pattern_takes_long() -> None:
    """A pattern that a backtracking matcher would not get through in a lifetime."""
    scope = ToolScope(("i/" + "*a" * 70 + "*b",))
    started = time.process_time()
    assert not scope.allows("i", "a" * 128)
    assert time.process_time() - started < 1
