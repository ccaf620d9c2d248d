"""An execution that identical calls share. In each worker one task executes, and answers into a log, or follows the
execution of another worker into its own; all callers there, the first included, read that log."""

from __future__ import annotations

import asyncio
import secrets
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, replace
from uuid import uuid4

import structlog
from google.protobuf.message import Message
from google.rpc.status_pb2 import Status

from trunkline_server.domain.call import Call
from trunkline_server.domain.deadline import Deadline, caller_deadline
from trunkline_server.domain.errors import Reason, TrunklineError, from_status
from trunkline_server.domain.replays import Follow, Found, Outcome, Replay, ReplayStore
from trunkline_server.domain.sharing import as_shared
from trunkline_server.domain.signals import Signals
from trunkline_server.transport import refusals
from trunkline_server.transport.chain import Proceed, Sink
from trunkline_server.transport.interceptors.errors import unexpected
from trunkline_server.transport.log import Log, Reader
from trunkline_server.transport.showing import Showing

_log = structlog.get_logger("trunkline.executions")

# An execution waits while even its fastest reader lags behind by more than these bytes.
_MOST_BEHIND = 256 * 1024
# A follower looks again after a pause that grows from the one to the other, and tells itself each second.
_LEAST_PAUSE, _MOST_PAUSE, _TELL_EVERY = 0.01, 0.05, 1.0


@dataclass(frozen=True, slots=True)
class Kind:
    """Why calls share. `kept`: the answers are kept, and the key is refused to others while Redis is away. `alone`:
    errors that concern nobody but the caller whose call is executed; the others then execute anew."""

    name: str
    kept: bool
    alone: frozenset[int]


@dataclass(frozen=True, slots=True)
class Work:
    """What is shared: `key` names it within the tenant, `digest` is that of the request."""

    kind: Kind
    tenant_id: str
    key: str
    digest: bytes
    proceed: Proceed
    parse: Callable[[bytes], Message]


class Shared:
    """One key in one worker. `claims` holds those that execute, by their claim, for followers to be heard by;
    `forget` is called when nobody can join any more."""

    task: asyncio.Task[None]

    def __init__(
        self,
        work: Work,
        store: ReplayStore,
        signals: Signals,
        claims: dict[str, Shared],
        forget: Callable[[Shared], None],
    ) -> None:
        self.work = work
        self.log = Log()
        self._store = store
        self._signals = signals
        self._claims = claims
        self._forget = forget
        self._readers: list[Reader] = []
        self._room = asyncio.Event()
        # The latest of the callers'. Waits of the execution that have begun do not notice when it is put off.
        self._deadline = Deadline(0.0)
        self._window = 0.0
        self._idle_since = 0.0
        self._timer: asyncio.TimerHandle | None = None
        # While it executes, and can be cut off.
        self._showing: Showing | None = None
        self._ending = False
        # Redis is away, or cannot hold the answer: shared in this worker only.
        self._here_only = False

    # ── Callers ─────────────────────────────────────────────────────────────────────────────────────────────────

    def attach(self, call: Call, after: int, window: float) -> Reader:
        """A caller comes, to read from index `after` on. Without a reader the execution goes on for `window` s."""
        self._stop_timer()
        reader = Reader(call, after)
        self._readers.append(reader)
        self._extend(call.deadline.at, window)
        return reader

    def detach(self, reader: Reader) -> None:
        """A caller goes, whatever the reason. The last one cuts the execution off, unless it may come back."""
        reader.close()
        self._readers.remove(reader)
        self._room.set()
        if not self._readers and not self.log.ended:
            self._idle_since = time.monotonic()
            self._tend()

    async def read(self, reader: Reader, sink: Sink) -> None:
        """Pass the answers on to the caller. Raises the error that the execution, or its part in it, ends with."""
        while True:
            message = self.log.at(reader.position)
            if message is not None and reader.error is None:
                reader.position += 1
                reader.read += 1
                self._room.set()
                call = reader.call
                rewrite = not (reader.leads or self.work.kind.kept)
                await sink(as_shared(message, call.request_id, call.trace_id) if rewrite else message)
            elif error := reader.error or self.log.error:
                raise error.with_traceback(None)
            elif self.log.ended:
                return
            else:
                await reader.wait()

    def heard(self, follow: Follow) -> None:
        """Another worker follows, or no longer."""
        if self._showing is None:
            return
        self._showing.hear(follow)
        if follow.seconds > 0:
            self._extend(time.monotonic() + follow.seconds, follow.window)
        if not self._readers:
            self._idle_since = time.monotonic()
            self._tend()

    def _extend(self, at: float, window: float) -> None:
        self._window = max(self._window, window)
        self._deadline.at = max(self._deadline.at, at)

    def _tend(self) -> None:
        """Nobody here reads: cut the execution off, unless somebody does elsewhere or may come back."""
        self._stop_timer()
        if self._ending:
            return
        wait = 0.0
        if self._showing is not None and not self.log.too_large:
            wait = self._idle_since + self._window - time.monotonic()
            self._extend(time.monotonic() + wait, 0)
            wait = max(wait, _TELL_EVERY) if self._showing.followed() else wait
        if wait > 0:
            self._timer = asyncio.get_running_loop().call_later(wait, self._tend)
        else:
            self._forget(self)
            self.task.cancel()

    def _stop_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()

    # ── The task ────────────────────────────────────────────────────────────────────────────────────────────────

    async def run(self) -> None:
        """Execute, or follow who does; anew while who executed falls away and somebody waits."""
        try:
            while not self.log.ended and any(reader.error is None for reader in self._readers):
                await self._turn()
        except asyncio.CancelledError:
            self.log.end(refusals.draining())
            raise
        except Exception as error:
            self.log.end(error)
        finally:
            self.log.end(refusals.broken_off(""))
            self._stop_timer()
            self._forget(self)
            self._wake()

    async def _turn(self) -> None:
        claim = uuid4().hex if self._leader() is not None else ""
        found = await self._begin(claim)
        request_id = self._request_id()
        if found.state is Replay.NEW:
            await self._execute("" if self._here_only else claim)
        elif found.state is Replay.IN_FLIGHT:
            await self._follow(found.claim)
        elif found.state is Replay.NONE:
            self._give_up()
        elif found.state is Replay.REUSED or not found.answers:
            refusal = refusals.reused if found.state is Replay.REUSED else refusals.not_kept
            self.log.end(refusal(request_id))
        else:
            self._signals.decided("replayed")
            for answer in found.answers:
                self.log.append(self.work.parse(answer))
            self.log.end()

    async def _begin(self, claim: str) -> Found:
        work = self.work
        if self._here_only:
            return Found(Replay.NEW)
        try:
            return await self._store.begin(work.tenant_id, work.key, work.digest, claim)
        except asyncio.CancelledError:
            # It may have been claimed.
            await asyncio.shield(self._end(claim, refusals.cancelled("")))
            raise
        except TrunklineError as error:
            self._fall_back(error)
            return Found(Replay.NEW)

    async def _execute(self, claim: str) -> None:
        leader = self._leader()
        if leader is None:  # It has left meanwhile.
            await self._end(claim, refusals.cancelled(""))
            self._give_up()
            return
        leader.leads = True
        call = replace(leader.call, hold_id=secrets.token_hex(12), deadline=self._deadline, facts={}, trailers=[])
        showing = self._showing = Showing(self._store, self.work.tenant_id, claim, self.log)
        if claim:
            self._claims[claim] = self
        failure: Exception | None = None
        try:
            await self.work.proceed(call, self._append)
        except asyncio.CancelledError:
            await asyncio.shield(self._end(claim, refusals.cancelled(call.request_id)))
            raise
        except Exception as error:
            failure = error
        finally:
            self._showing = None
            self._claims.pop(claim, None)
            showing.close()
        heir = leader if leader in self._readers else next(iter(self._readers), leader)
        heir.call.facts.update(call.facts)
        heir.call.trailers.extend(call.trailers)
        told = failure if failure is None or isinstance(failure, TrunklineError) else unexpected(call.trace_id)
        await self._end(claim, told)
        if told is not None and told.reason in self.work.kind.alone:
            leader.fail(told)
            self._restart()
        else:
            self.log.end(failure)

    async def _end(self, claim: str, error: TrunklineError | None) -> None:
        """The claim's execution has ended: nobody cuts it off any more. Followers learn how, before the key is free."""
        if not claim:
            return
        work, log = self.work, self.log
        self._ending = True
        outcome = Outcome(error.status().SerializeToString() if error else b"", log.too_large)
        answers = [] if log.too_large else log.since(0)
        keep = work.kind.kept and error is None
        try:
            await self._store.end(work.tenant_id, work.key, work.digest, claim, answers, outcome, keep)
        except TrunklineError as away:
            # The answer is there, only not for a repetition: the claim ends with its lease.
            _log.warning("execution_not_kept", kind=work.kind.name, reason=away.reason_name)
        self._ending = False

    async def _append(self, message: Message) -> None:
        """The execution answers."""
        log = self.log
        log.append(message)
        if self._showing is not None:
            self._showing.grown()
        self._wake()
        if log.too_large:
            log.forget(min((reader.position for reader in self._readers), default=log.next))
            if not self._readers:
                self._tend()
        while self._readers and log.behind(max(reader.position for reader in self._readers)) > _MOST_BEHIND:
            self._room.clear()
            await self._room.wait()

    async def _follow(self, claim: str) -> None:
        """Read what the worker shows that executes."""
        work, follower = self.work, uuid4().hex
        tell_at, pause, leave = 0.0, _LEAST_PAUSE, True
        try:
            while True:
                if time.monotonic() >= tell_at:
                    tell_at = time.monotonic() + _TELL_EVERY
                    seconds = max(0.001, self._deadline.remaining())
                    await self._store.follow(Follow(claim, follower, seconds, self._window))
                new = await self._store.read(work.tenant_id, work.key, claim, self.log.next)
                for answer in new.answers:
                    self.log.append(work.parse(answer))
                self._wake()
                if new.outcome is not None or not new.alive:
                    leave = new.outcome is None
                    self._followed(new.outcome)
                    return
                pause = _LEAST_PAUSE if new.answers else min(pause * 1.5, _MOST_PAUSE)
                await asyncio.sleep(pause)
        except TrunklineError as error:
            leave = False
            self._fall_back(error)
            self._restart()
        finally:
            if leave:
                with suppress(TrunklineError):
                    await asyncio.shield(self._store.follow(Follow(claim, follower, 0)))

    def _followed(self, outcome: Outcome | None) -> None:
        """What was followed has ended: for all, or only for the worker that executed."""
        error = from_status(Status.FromString(outcome.failed)) if outcome is not None and outcome.failed else None
        if outcome is None or (error is not None and error.reason in self.work.kind.alone):
            self._signals.decided("taken_over")
            self._restart()
        elif not outcome.too_large:
            self.log.end(error)
        elif self.work.kind.kept:
            self.log.end(refusals.in_flight(self._request_id()))
        else:
            self._here_only = True
            self._restart()

    def _fall_back(self, error: TrunklineError) -> None:
        """Share in this worker only, where that breaks no promise. Raises the error where it would."""
        if self.work.kind.kept or error.reason != Reason.ERROR_REASON_STORE_UNAVAILABLE:
            raise error
        self._here_only = True

    def _restart(self) -> None:
        """Whoever has read of an execution that is lost cannot go on with another one."""
        for reader in self._readers:
            if reader.position:
                refusal = refusals.broken_off if reader.read else refusals.nothing_to_resume
                reader.fail(refusal(reader.call.request_id))
        self.log = Log()

    def _give_up(self) -> None:
        """There is nothing to read, and nobody to execute."""
        for reader in self._readers:
            if reader.position:
                reader.fail(refusals.nothing_to_resume(reader.call.request_id))
            elif reader.call.deadline.remaining() <= 0:
                reader.fail(caller_deadline())

    def _leader(self) -> Reader | None:
        """Who can execute: of those who have read nothing yet, the one with the most time."""
        able = [one for one in self._readers if not (one.position or one.error) and one.call.deadline.remaining() > 0]
        return max(able, key=lambda one: one.call.deadline.at, default=None)

    def _request_id(self) -> str:
        return self._readers[0].call.request_id if self._readers else ""

    def _wake(self) -> None:
        for reader in self._readers:
            reader.wake()
