"""How an answer goes over the wire: whole, or with a fault."""

from __future__ import annotations

import asyncio

from aiohttp import web

from trunkline_server.sandbox.answers import JSON
from trunkline_server.sandbox.faults import Fault
from trunkline_server.sandbox.state import Answer


class Wire:
    """The connection of one request. `cut` is True when it was the sandbox that broke it."""

    def __init__(self, request: web.BaseRequest) -> None:
        self._request = request
        self.cut = False

    async def send(self, answer: Answer, fault: Fault | None, drip_seconds: float) -> web.StreamResponse:
        """The answer, as the fault lets it."""
        if fault == "hang":
            # Ends when the caller leaves, which cancels this.
            await asyncio.Event().wait()
        if fault == "disconnect_before":
            await self._break()
        if fault == "malformed":
            # Cut in the middle of the JSON, and yet complete as HTTP.
            answer = Answer(answer.status, answer.body[: len(answer.body) // 2] + b"{", answer.headers)
        if fault == "disconnect_within":
            return await self._within(answer)
        if fault == "drip":
            return await self._dripped(answer, drip_seconds)
        return web.Response(status=answer.status, body=answer.body, headers={"Content-Type": JSON, **answer.headers})

    async def _within(self, answer: Answer) -> web.StreamResponse:
        response = await self._begun(answer)
        await response.write(answer.body[: max(1, len(answer.body) // 2)])
        await self._break()
        return response

    async def _dripped(self, answer: Answer, seconds: float) -> web.StreamResponse:
        response = await self._begun(answer)
        for byte in answer.body:
            await response.write(bytes((byte,)))
            await asyncio.sleep(seconds)
        await response.write_eof()
        return response

    async def _begun(self, answer: Answer) -> web.StreamResponse:
        response = web.StreamResponse(status=answer.status, headers={"Content-Type": JSON, **answer.headers})
        response.content_length = len(answer.body)
        await response.prepare(self._request)
        return response

    async def _break(self) -> None:
        """Close the connection; the handler is cancelled by that."""
        self.cut = True
        if self._request.transport is not None:
            self._request.transport.close()
        await asyncio.Event().wait()
