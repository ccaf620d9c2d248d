"""What one execution has answered so far, and those who read it, each at a pace, with a deadline, of its own."""

from __future__ import annotations

import asyncio

from google.protobuf.message import Message

from trunkline_server.domain.call import Call
from trunkline_server.domain.deadline import caller_deadline
from trunkline_server.domain.sharing import MAX_SHARED_BYTES

# A reader gives up a little after its deadline, within the margin of the pump: where the execution has the same one,
# its error tells more. A share of the time that is left, and the most, in seconds.
_GRACE_SHARE, _GRACE_MOST = 0.025, 0.01


class Log:
    """Messages by index, from 0, then an end. Past MAX_SHARED_BYTES only what somebody has yet to read stays."""

    def __init__(self) -> None:
        self._messages: list[Message] = []
        # What lies before each message that is there, in bytes, and before the next.
        self._offsets = [0]
        # The index of the first message that is there.
        self.first = 0
        self.ended = False
        self.error: Exception | None = None

    @property
    def next(self) -> int:
        """The index that the next message gets."""
        return self.first + len(self._messages)

    @property
    def too_large(self) -> bool:
        """Whether there is more than can be kept and shared with other workers."""
        return self._offsets[-1] > MAX_SHARED_BYTES

    def append(self, message: Message) -> None:
        """The execution answers."""
        self._messages.append(message)
        self._offsets.append(self._offsets[-1] + message.ByteSize())

    def end(self, error: Exception | None = None) -> None:
        """The execution has ended, well or with an error. Ending it again changes nothing."""
        if not self.ended:
            self.ended, self.error = True, error

    def at(self, index: int) -> Message | None:
        """The message, or None when it is still to come."""
        return self._messages[index - self.first] if index < self.next else None

    def since(self, index: int) -> list[bytes]:
        """The messages from the index on, serialised."""
        return [message.SerializeToString() for message in self._messages[max(0, index - self.first) :]]

    def behind(self, index: int) -> int:
        """Bytes from this message on."""
        return self._offsets[-1] - self._offsets[min(max(0, index - self.first), len(self._messages))]

    def forget(self, index: int) -> None:
        """Nobody needs the messages before the index any more."""
        count = min(index - self.first, len(self._messages))
        if count > 0:
            del self._messages[:count], self._offsets[:count]
            self.first += count


class Reader:
    """One caller. `position` is the index of the message that it reads next."""

    __slots__ = ("_grace", "_timer", "_waiter", "call", "error", "leads", "position", "read")

    def __init__(self, call: Call, after: int) -> None:
        self.call = call
        self.position = after
        # How many messages it was given.
        self.read = 0
        # Whether the execution is its own, which bears the cost.
        self.leads = False
        self.error: Exception | None = None
        self._waiter: asyncio.Future[None] | None = None
        self._grace = min(_GRACE_MOST, max(0.0, call.deadline.remaining()) * _GRACE_SHARE)
        self._timer = self._set_timer()

    def fail(self, error: Exception) -> None:
        """It alone ends with this error."""
        self.error = self.error or error
        self.wake()

    def wake(self) -> None:
        """There is something to see."""
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)

    async def wait(self) -> None:
        """Until there is something to see; the deadline is seen as an error."""
        self._waiter = asyncio.get_running_loop().create_future()
        try:
            await self._waiter
        finally:
            self._waiter = None

    def close(self) -> None:
        """It has left."""
        self._timer.cancel()

    def _set_timer(self) -> asyncio.TimerHandle:
        return asyncio.get_running_loop().call_at(self.call.deadline.at + self._grace, self._late)

    def _late(self) -> None:
        if self.call.deadline.remaining() > 0:
            self._timer = self._set_timer()  # It was put off for others that came.
        else:
            self.fail(caller_deadline())
