"""A store of shared executions in memory, workers over it, and callers."""

from __future__ import annotations

import asyncio
import secrets
import time
from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import pytest
from google.protobuf.message import Message
from trunkline.v1.completion_pb2 import ContentDelta, StreamCompleteResponse
from trunkline_server.domain.call import Call, Caller
from trunkline_server.domain.deadline import Deadline
from trunkline_server.domain.errors import TrunklineError, store_unavailable
from trunkline_server.domain.replays import Follow, Followed, Found, Outcome, Replay
from trunkline_server.transport.chain import Sink
from trunkline_server.transport.executions import KEYED, Executions
from trunkline_server.transport.shared import Kind, Work

Proceed = Callable[[Call, Sink], Awaitable[None]]


@dataclass
class Store:
    """Keeps the port's promises in memory, for any number of workers; claims end by `lose`."""

    keys: dict[str, dict[str, Any]] = field(default_factory=dict)
    shown: dict[str, list[bytes]] = field(default_factory=dict)
    ends: dict[str, Outcome] = field(default_factory=dict)
    listeners: list[asyncio.Queue[Follow]] = field(default_factory=list)
    away: bool = False
    # Claims are made at once, but told only when this is set.
    tell: asyncio.Event = field(default_factory=asyncio.Event)

    def __post_init__(self) -> None:
        self.tell.set()

    async def begin(self, tenant_id: str, key: str, digest: bytes, claim: str) -> Found:
        await self._contact()
        found = self.keys.get(key)
        if found is None:
            if not claim:
                return Found(Replay.NONE)
            self.keys[key] = {"digest": digest, "claim": claim}
            await self.tell.wait()
            return Found(Replay.NEW)
        if found["digest"] != digest:
            return Found(Replay.REUSED)
        if "answers" in found:
            return Found(Replay.DONE, answers=found["answers"])
        return Found(Replay.IN_FLIGHT, found["claim"])

    async def end(
        self,
        tenant_id: str,
        key: str,
        digest: bytes,
        claim: str,
        answers: Sequence[bytes],
        outcome: Outcome,
        keep: bool,
    ) -> None:
        await self._contact()
        if self.keys.get(key, {}).get("claim") != claim:
            return
        self.shown[claim], self.ends[claim] = list(answers), outcome
        del self.keys[key]
        if keep:
            self.keys[key] = {"digest": digest, "claim": claim, "answers": list(answers)}

    async def push(
        self, tenant_id: str, claim: str, first: int, answers: Sequence[bytes], too_large: bool = False
    ) -> int:
        await self._contact()
        shown = self.shown.setdefault(claim, [])
        shown[first:] = answers
        if too_large:
            self.ends[claim] = Outcome(too_large=True)
        return len(shown)

    async def read(self, tenant_id: str, key: str, claim: str, first: int) -> Followed:
        await self._contact()
        found = self.keys.get(key, {})
        alive = found.get("claim") == claim and "answers" not in found
        return Followed(alive, self.shown.get(claim, [])[first:], self.ends.get(claim))

    async def follow(self, follow: Follow) -> None:
        await self._contact()
        for listener in self.listeners:
            listener.put_nowait(follow)

    async def follows(self) -> AsyncGenerator[Follow, None]:
        heard: asyncio.Queue[Follow] = asyncio.Queue()
        self.listeners.append(heard)
        while True:
            yield await heard.get()

    async def run(self) -> None:
        await asyncio.Event().wait()

    def lose(self) -> None:
        """Whoever holds a claim has died."""
        self.keys.clear()

    async def _contact(self) -> None:
        await asyncio.sleep(0)
        if self.away:
            raise store_unavailable("redis")


class Script:
    """A handler that plays: messages, pauses (events), errors."""

    def __init__(self, *steps: Any) -> None:
        self.steps = steps
        self.calls: list[Call] = []
        self.ended = 0
        self.go = asyncio.Event()

    async def __call__(self, call: Call, sink: Sink) -> None:
        self.calls.append(call)
        try:
            for step in self.steps:
                if isinstance(step, Message):
                    await sink(step)
                elif isinstance(step, Exception):
                    raise step
                else:
                    await step(self)
        finally:
            await asyncio.sleep(0)
            self.ended += 1


async def pause(script: Script) -> None:
    await script.go.wait()


async def hang(script: Script) -> None:
    await asyncio.Event().wait()


def text(*words: str) -> list[StreamCompleteResponse]:
    return [
        StreamCompleteResponse(sequence=at, content_delta=ContentDelta(text=word)) for at, word in enumerate(words, 1)
    ]


def a_call(seconds: float = 10.0) -> Call:
    token = secrets.token_hex(4)
    now = time.monotonic()
    caller = Caller("acme", "k", frozenset("*"))
    return Call("m", f"r-{token}", token, Deadline(now + seconds), now, time.time(), token, caller=caller)


def work(proceed: Proceed, kind: Kind = KEYED, digest: bytes = b"d") -> Work:
    return Work(kind, "acme", "key", digest, proceed, StreamCompleteResponse.FromString)


class Caught:
    """A caller at a worker, and what it gets."""

    def __init__(
        self, executions: Executions, what: Work, after: int = 0, window: float = 0, seconds: float = 10
    ) -> None:
        self.got: list[str] = []
        self.call = a_call(seconds)
        self.task = asyncio.ensure_future(executions.join(what, self.call, self._take, after, window))

    async def _take(self, message: Message) -> None:
        assert isinstance(message, StreamCompleteResponse)
        self.got.append(message.content_delta.text)

    async def reason(self) -> str:
        with pytest.raises(TrunklineError) as caught:
            await self.task
        return caught.value.reason_name


async def until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(5):
        while not condition():
            await asyncio.sleep(0.001)


class Workers:
    """Two workers that hear each other."""

    def __init__(self) -> None:
        self.store = Store()
        self.both = [Executions(self.store), Executions(self.store)]
        self._tasks: list[asyncio.Task[None]] = []

    async def __aenter__(self) -> Workers:
        self._tasks = [asyncio.create_task(one.run()) for one in self.both]
        await until(lambda: len(self.store.listeners) == 2)
        return self

    async def __aexit__(self, *_: object) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        assert [len(one) for one in self.both] == [0, 0], "no execution is left"
