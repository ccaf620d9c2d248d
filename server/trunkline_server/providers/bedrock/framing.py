"""The event-stream framing of AWS, pure and incremental: bytes in, messages out. botocore reads the binary format."""

from __future__ import annotations

import struct
from typing import Any

import orjson
from botocore.eventstream import EventStreamBuffer, ParserError

from trunkline_server.providers.wire import Frame, FrameTooLongError, MalformedError

# A message larger than this is refused: the buffer must stay bounded.
MAX_MESSAGE_BYTES = 10 * 1024 * 1024


class EventStreamParser:
    """Feed it bytes cut anywhere. A frame's event is the message's event type, the type of an exception (which ends in
    `Exception`), or `error`. Raises FrameTooLongError, and MalformedError for a bad checksum or header."""

    __slots__ = ("_buffer", "_held", "_limit", "completed")

    def __init__(self, max_message_bytes: int = MAX_MESSAGE_BYTES) -> None:
        self._buffer = EventStreamBuffer()
        self._limit = max_message_bytes
        self._held = 0
        self.completed = 0

    def feed(self, data: bytes) -> list[Frame]:
        """The messages that `data` completes, in order."""
        self._buffer.add_data(data)
        self._held += len(data)
        found: list[Frame] = []
        try:
            for message in self._buffer:
                self._held -= message.prelude.total_length
                self.completed += 1
                found.append(_frame(message.headers, message.payload))
        except (ParserError, struct.error, LookupError, UnicodeDecodeError) as error:
            raise MalformedError(f"the event stream is damaged ({type(error).__name__})") from None
        if self._held > self._limit:
            raise FrameTooLongError(f"a message exceeds {self._limit} bytes")
        self.completed += len(found)
        return found

    def close(self) -> list[Frame]:
        """A message that was cut off completes nothing."""
        return []


def _frame(headers: dict[str, Any], payload: bytes) -> Frame:
    kind = headers.get(":message-type", "event")
    if kind == "event":
        return Frame(str(headers.get(":event-type", "")), payload)
    if kind == "exception":
        name = str(headers.get(":exception-type", ""))
        return Frame(name if name.endswith("Exception") else f"{name}Exception", payload)
    # An error that the service did not model has headers only.
    told = {"__type": str(headers.get(":error-code", "")), "message": str(headers.get(":error-message", ""))}
    return Frame("error", orjson.dumps(told))
