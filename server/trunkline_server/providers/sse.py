"""Server-sent events (WHATWG HTML, 9.2), pure and incremental: bytes in, events out."""

from __future__ import annotations

from trunkline_server.providers.wire import Frame, FrameTooLongError

# An event larger than this is refused: no provider sends one, and the buffer must stay bounded.
MAX_EVENT_BYTES = 10 * 1024 * 1024

_BOM = b"\xef\xbb\xbf"
_DATA = b"data: "


class SseParser:
    """Feed it bytes cut anywhere; it returns each event once its blank line has come.

    Raises FrameTooLongError when an unfinished event exceeds `max_event_bytes`.
    """

    __slots__ = ("_after_cr", "_limit", "_rest", "_started", "completed")

    def __init__(self, max_event_bytes: int = MAX_EVENT_BYTES) -> None:
        self._limit = max_event_bytes
        self._rest = bytearray()
        self._started = False
        self._after_cr = False
        self.completed = 0

    def feed(self, data: bytes) -> list[Frame]:
        """The events that `data` completes, in order."""
        rest = self._rest
        if self._after_cr or b"\r" in data:
            data = self._with_newlines(data)
        if self._started and not rest and data.endswith(b"\n\n"):
            # Whole events, as most servers write them.
            head = data[:-2]
        else:
            # Only the seam and the new bytes can hold a blank line.
            seam = max(0, len(rest) - 1)
            rest += data
            if not self._started and not self._skip_bom():
                return []
            end = rest.rfind(b"\n\n", seam)
            if end < 0:
                if len(rest) > self._limit:
                    raise FrameTooLongError(f"an event exceeds {self._limit} bytes")
                return []
            head = bytes(rest[:end])
            del rest[: end + 2]
        # Comments count too: providers send them while a model thinks. Blank lines alone do not.
        self.completed += not head.isspace() and head != b""
        return _events(head)

    def close(self) -> list[Frame]:
        """The event that ended with the stream instead of a blank line, if any. The parser is empty afterwards."""
        head = bytes(self._rest)
        self._rest.clear()
        return _events(head)

    def _with_newlines(self, data: bytes) -> bytes:
        """CRLF and CR as LF. A CR at the end counts at once; the LF that may follow it is dropped."""
        if self._after_cr and data:
            self._after_cr = False
            if data.startswith(b"\n"):
                data = data[1:]
        if data.endswith(b"\r"):
            self._after_cr = True
        return data.replace(b"\r\n", b"\n").replace(b"\r", b"\n")

    def _skip_bom(self) -> bool:
        """Whether the start of the stream is decided: a byte order mark is dropped."""
        rest = self._rest
        if len(rest) < len(_BOM) and _BOM.startswith(rest):
            return False
        if rest.startswith(_BOM):
            del rest[: len(_BOM)]
        self._started = True
        return True


def _events(head: bytes) -> list[Frame]:
    found: list[Frame] = []
    for block in head.split(b"\n\n"):
        if block.startswith(_DATA) and b"\n" not in block:
            found.append(Frame("", block[6:]))
        elif block:
            event = _event(block)
            if event is not None:
                found.append(event)
    return found


def _event(block: bytes) -> Frame | None:
    name = ""
    lines: list[bytes] = []
    for line in block.split(b"\n"):
        field, _, value = line.partition(b":")
        value = value.removeprefix(b" ")
        if field == b"data":
            lines.append(value)
        elif field == b"event":
            name = value.decode("utf-8", "replace")
    return Frame(name, b"\n".join(lines)) if lines else None
