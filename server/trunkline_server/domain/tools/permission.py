"""Which tools a key may see and execute: patterns `<integration>/<tool>`, with `*` for any text. Read once for a key.

Patterns come from tenants, so matching takes little time whatever they are: no regular expression.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from trunkline_server.domain.errors import Reason, TrunklineError

# Answers that are remembered for each key.
_MOST_KNOWN = 1024
_Pieces = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ToolScope:
    """The tools of a key. Without patterns: every one that its roles permit."""

    patterns: tuple[str, ...] = ()
    _read: tuple[tuple[_Pieces, _Pieces], ...] = field(init=False, repr=False, compare=False)
    _known: dict[tuple[str, str], bool] = field(default_factory=dict, init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_read", tuple(map(_halves, self.patterns)))

    def allows(self, integration_id: str, tool_name: str) -> bool:
        """Whether the tool is one of them."""
        if not self.patterns:
            return True
        found = self._known.get((integration_id, tool_name))
        if found is None:
            found = any(_fits(left, integration_id) and _fits(right, tool_name) for left, right in self._read)
            if len(self._known) >= _MOST_KNOWN:
                self._known.clear()
            self._known[integration_id, tool_name] = found
        return found

    def sees(self, integration_id: str) -> bool:
        """Whether a tool of the integration can be one of them."""
        return not self.patterns or any(_fits(left, integration_id) for left, _ in self._read)

    def beyond(self, patterns: Iterable[str]) -> str:
        """The first of the patterns that allows more than one of these does; empty where none does. No patterns at all
        allow everything."""
        if not self.patterns:
            return ""
        return next((one for one in tuple(patterns) or ("*/*",) if not self._holds(one)), "")

    def _holds(self, pattern: str) -> bool:
        # A `*` of the pattern is a character that only a `*` here can take: what it takes then, it takes for any text.
        integration, _, tool = pattern.partition("/")
        return any(_fits(left, integration) and _fits(right, tool) for left, right in self._read)


def tool_forbidden(integration_id: str, tool_name: str, key_id: str) -> TrunklineError:
    """PERMISSION_DENIED: the tool is none of the key's."""
    tool = f"{integration_id}/{tool_name}"
    return TrunklineError(
        Reason.ERROR_REASON_PERMISSION_MISSING,
        f"the key may not execute {tool}; use one whose allowed_tools hold it",
        metadata={"permission": "tools.execute", "tool": tool, "key_id": key_id},
    )


def _halves(pattern: str) -> tuple[_Pieces, _Pieces]:
    integration, _, tool = pattern.partition("/")
    return tuple(integration.split("*")), tuple(tool.split("*"))


def _fits(pieces: _Pieces, text: str) -> bool:
    """Whether the text is the pieces in order, with any text between them."""
    if len(pieces) == 1:
        return text == pieces[0]
    first, *middle, last = pieces
    at, end = len(first), len(text) - len(last)
    if at > end or not (text.startswith(first) and text.endswith(last)):
        return False
    for piece in middle:
        found = text.find(piece, at, end)
        if found < 0:
            return False
        at = found + len(piece)
    return True


EVERY_TOOL = ToolScope()
