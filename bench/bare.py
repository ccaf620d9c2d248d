"""The ceilings: grpc.aio without any feature, as an echo and as a pass-through to the upstream by aiohttp.

Run: `python bench/bare.py PORT URL [untuned]`. It runs in turns with gRPC's threads, as the workers of Trunkline do,
unless told not to.
"""

from __future__ import annotations

import os
import sys
from typing import Any

import aiohttp
import grpc
import orjson
import uvloop
from trunkline.v1.completion_pb2 import (
    CompleteRequest,
    CompleteResponse,
    ContentDelta,
    StreamCompleteRequest,
    StreamCompleteResponse,
)


class Handlers(grpc.GenericRpcHandler):
    """Echo, unary pass-through, streamed pass-through."""

    def __init__(self, url: str, http: aiohttp.ClientSession) -> None:
        self._url = f"{url}/chat/completions"
        self._http = http
        unary, stream = grpc.unary_unary_rpc_method_handler, grpc.unary_stream_rpc_method_handler
        self._handlers = {
            "/bare/Echo": unary(self.echo),
            "/bare/Unary": unary(self.unary),
            "/bare/Stream": stream(self.stream),
        }

    def service(self, details: grpc.HandlerCallDetails) -> Any:
        """The handler of a path."""
        return self._handlers.get(details.method)

    async def echo(self, raw: bytes, _: Any) -> bytes:
        """Parse and give back."""
        return CompleteRequest.FromString(raw).SerializeToString()

    async def unary(self, raw: bytes, _: Any) -> bytes:
        """Parse, call, answer."""
        async with self._http.post(self._url, data=_body(CompleteRequest.FromString(raw), False)) as response:
            answer = orjson.loads(await response.read())
        text = answer["choices"][0]["message"]["content"]
        return CompleteResponse(completion=text).SerializeToString()

    async def stream(self, raw: bytes, context: Any) -> None:
        """Parse, call, and one message for each event."""
        request = StreamCompleteRequest.FromString(raw).request
        async with self._http.post(self._url, data=_body(request, True)) as response:
            async for line in response.content:
                if line.startswith(b"data: {"):
                    choices = orjson.loads(line[6:])["choices"]
                    text = choices[0]["delta"].get("content", "") if choices else ""
                    event = StreamCompleteResponse(content_delta=ContentDelta(text=text))
                    await context.write(event.SerializeToString())


def _body(request: CompleteRequest, stream: bool) -> bytes:
    message = {"role": "user", "content": request.prompt}
    return orjson.dumps({"model": request.model, "messages": [message], "stream": stream})


async def main(port: int, url: str) -> None:
    """Serve until killed."""
    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0)) as http:
        server = grpc.aio.server()
        server.add_generic_rpc_handlers((Handlers(url, http),))
        server.add_insecure_port(f"127.0.0.1:{port}")
        await server.start()
        await server.wait_for_termination()


if __name__ == "__main__":
    if sys.argv[3:] != ["untuned"]:
        os.sched_setscheduler(0, os.SCHED_BATCH, os.sched_param(0))
    uvloop.run(main(int(sys.argv[1]), sys.argv[2]))
