"""Whether a stream goes on: bytes that never make a frame are no progress."""

from __future__ import annotations

from trunkline_server.providers.wire import FrameParser

# A large frame on a slow line is progress too, at this many bytes within the idle timeout.
PIECE_BYTES = 64 * 1024


class Progress:
    """Of one stream, whose bytes `parser` is fed."""

    __slots__ = ("_completed", "_parser", "_received")

    def __init__(self, parser: FrameParser) -> None:
        self._parser = parser
        # The first bytes are the beginning of the answer.
        self._completed = -1
        self._received = 0

    def made(self, received: int) -> bool:
        """Whether there was progress since the last time, after `received` bytes more: a whole frame or comment, or
        PIECE_BYTES of one."""
        self._received += received
        completed = self._parser.completed
        if completed == self._completed and self._received < PIECE_BYTES:
            return False
        self._completed, self._received = completed, 0
        return True
