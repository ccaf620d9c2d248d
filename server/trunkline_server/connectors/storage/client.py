"""Runs the operations of a store for one call: signs, sends, repeats, and tells what a failure means."""

from __future__ import annotations

import time
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

import aiohttp
from yarl import URL

from trunkline_server.connectors.rest.auth.base import unusable
from trunkline_server.connectors.rest.request import HttpRequest
from trunkline_server.connectors.storage.configuration import Shape, credential_problem
from trunkline_server.connectors.storage.failures import failure, upload_ended
from trunkline_server.connectors.storage.http import Source, Wait, exchange, malformed, opened, pause
from trunkline_server.connectors.storage.port import Answer, Ask, Meaning, Signed, Steps, T, UploadEnded
from trunkline_server.domain.addresses import OutboundPolicy
from trunkline_server.domain.deadline import Deadline
from trunkline_server.domain.errors import Reason, TrunklineError
from trunkline_server.domain.strategies import LEAST_TIME, MAX_ATTEMPTS, STRATEGIES, delay, pause_of

# Answers that are not of the protocol.
_MALFORMED = (ValueError, LookupError, TypeError, AttributeError)


class Client:
    """One integration's store, for one call of a tenant. `seconds` bounds each wait for the store. `repeats`: requests
    that may be made again are, a few times; for calls that nobody else repeats."""

    def __init__(
        self,
        session: aiohttp.ClientSession,
        policy: OutboundPolicy,
        shape: Shape,
        secret: str,
        tenant_id: str,
        wait: Wait,
        repeats: bool = False,
    ) -> None:
        self._session = session
        self._shape = shape
        self._secret = "" if shape.keyless else secret
        self._tenant_id = tenant_id
        self._wait = wait
        self._repeats = repeats
        self.store = shape.store
        if not shape.keyless and not secret:
            raise unusable("the integration holds no credential")
        if not shape.keyless and (problem := credential_problem(shape.store, secret)):
            raise unusable(f"the integration's credential {problem}")
        if problem := policy.url_problem(self.store.origin(self._secret)):
            raise TrunklineError(Reason.ERROR_REASON_ADDRESS_FORBIDDEN, f"the integration's endpoint {problem}")

    @property
    def deadline(self) -> Deadline:
        """The caller's."""
        return self._wait.deadline

    async def run(self, steps: Steps[T], key: str = "") -> T:
        """Carry an operation out; `key` is the caller's, for messages. Raises as `ToolConnector.execute`."""
        answer: Answer | None = None
        try:
            while True:
                try:
                    # `send(None)` begins it.
                    ask = steps.send(answer)  # type: ignore[arg-type]
                except StopIteration as done:
                    found: T = done.value
                    return found
                except UploadEnded:
                    raise upload_ended(key) from None
                except _MALFORMED:
                    raise malformed("is not of its protocol") from None
                answer = await self.answer(ask, key)
        finally:
            steps.close()

    async def agree(self, key: str, absent: bool, etag: str, name: str) -> None:
        """Whether a condition of a change holds now: before much is sent, and where what speaks like a store does not
        know conditions. The store judges again. `name` is the caller's key. Raises UPSTREAM_REJECTED."""
        if not absent and not etag:
            return
        found = ""
        try:
            found = (await self.run(self.store.stat(key), name)).etag
        except TrunklineError as error:
            if error.reason == Reason.ERROR_REASON_UPSTREAM_AUTHENTICATION:
                # It may write and not read.
                return
            if error.reason != Reason.ERROR_REASON_NOT_FOUND:
                raise
        if found != etag:
            raise failure(Meaning.PRECONDITION, "", Answer(412, {}), name)

    async def answer(self, ask: Ask, key: str = "") -> Answer:
        """An answer that the operation takes. Raises what another one means."""
        tries = 0
        while True:
            tries += 1
            try:
                return await self._once(ask, key)
            except TrunklineError as error:
                wait = self._pause(error, tries) if ask.repeatable else None
                if wait is None:
                    raise
            await pause(wait, self.deadline)

    @asynccontextmanager
    async def reading(self, ask: Ask, key: str) -> AsyncGenerator[Source, None]:
        """An answer that streams. Leaving early closes the connection."""
        signed = await self._signed(ask)
        source = await opened(self._session, ask, signed, self._wait)
        try:
            if source.answer.status == 401 and self._renewed(signed):
                source.close()
                source = await opened(self._session, ask, await self._signed(ask), self._wait)
            if not ask.takes(source.answer.status):
                raise await self._failure(ask, await source.body(), key)
            yield source
        finally:
            source.close()

    async def _once(self, ask: Ask, key: str) -> Answer:
        if ask.wait:
            await pause(ask.wait, self.deadline)
        signed = await self._signed(ask)
        answer = await exchange(self._session, ask, signed, self._wait)
        if answer.status == 401 and self._renewed(signed):
            answer = await exchange(self._session, ask, await self._signed(ask), self._wait)
        if ask.takes(answer.status) and not (ask.late and self.store.meaning(ask, answer)[1]):
            return answer
        raise await self._failure(ask, answer, key)

    async def _failure(self, ask: Ask, answer: Answer, key: str) -> TrunklineError:
        meaning, code = self.store.meaning(ask, answer)
        if meaning is Meaning.MISSING and await self._no_bucket(ask, answer):
            meaning = Meaning.NO_BUCKET
        return failure(meaning, code, answer, key)

    async def _no_bucket(self, ask: Ask, answer: Answer) -> bool:
        """Whether it is the bucket that is missing, where the store does not say."""
        probe = self.store.probe()
        if ask.path != probe.path:
            answer = await exchange(self._session, probe, await self._signed(probe), self._wait)
        return self.store.meaning(probe, answer)[0] in (Meaning.MISSING, Meaning.NO_BUCKET) and answer.status == 404

    async def _signed(self, ask: Ask) -> Signed:
        signed = self.store.sign(ask, self._secret, time.time())
        authenticator = self._shape.authenticator
        if authenticator is None:
            return signed
        bound = self.deadline.sooner(self._wait.seconds)
        request = HttpRequest(ask.method, URL(signed.url, encoded=True), signed.headers, None)
        found = await authenticator.apply(request, self._secret, bound, self._tenant_id)
        return Signed(signed.url, found.headers)

    def _renewed(self, signed: Signed) -> bool:
        """After a 401: whether another access token may help."""
        authenticator = self._shape.authenticator
        if authenticator is None:
            return False
        request = HttpRequest("GET", URL(signed.url, encoded=True), signed.headers, None)
        return authenticator.refused(request, self._secret, self._tenant_id)

    def _pause(self, error: TrunklineError, tries: int) -> float | None:
        """Seconds to wait before the same is asked again; None where that cannot help, or there is no time."""
        if not self._repeats or tries >= MAX_ATTEMPTS or error.reason not in STRATEGIES:
            return None
        status = error.metadata.get("http_status", "")
        pausing = pause_of(error.reason, int(status) if status.isdigit() else None)
        if pausing is None:
            return None
        wait = delay(pausing, tries, error.retry_after)
        return wait if wait + LEAST_TIME < self.deadline.remaining() else None
