"""Where the characters of a growing text lie in its UTF-8, without keeping the text."""

from __future__ import annotations

from bisect import bisect_right
from itertools import groupby


class Widths:
    """Runs of characters of one width. Most text is one run; few texts have many."""

    __slots__ = ("_bytes", "_firsts", "_widths", "length")

    def __init__(self) -> None:
        self.length = 0
        self._firsts = [0]
        self._bytes = [0]
        self._widths = [1]

    def grow(self, text: str) -> None:
        """The text goes on."""
        if text.isascii() and self._widths[-1] == 1:
            self.length += len(text)
            return
        for width, run in groupby(len(character.encode(errors="replace")) for character in text):
            if width != self._widths[-1]:
                self._bytes.append(self.offset(self.length))
                self._firsts.append(self.length)
                self._widths.append(width)
            self.length += sum(1 for _ in run)

    def offset(self, character: int) -> int:
        """The place in bytes of the character at this place, at most the text's end."""
        run = bisect_right(self._firsts, character) - 1
        return self._bytes[run] + (character - self._firsts[run]) * self._widths[run]
