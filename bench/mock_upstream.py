"""The cheapest OpenAI-compatible upstream: prebuilt answers over raw asyncio, so that it never is the limit."""

from __future__ import annotations

import asyncio
import sys

import orjson
import uvloop

CHUNKS = 64
_HEAD = {"id": "chatcmpl-bench", "created": 1, "model": "mock-1"}
_USAGE = {"prompt_tokens": 9, "completion_tokens": CHUNKS, "total_tokens": 9 + CHUNKS}


def _unary() -> bytes:
    choice = {"index": 0, "message": {"role": "assistant", "content": "word " * 16}, "finish_reason": "stop"}
    body = orjson.dumps({**_HEAD, "object": "chat.completion", "choices": [choice], "usage": _USAGE})
    return b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: %d\r\n\r\n%s" % (len(body), body)


def _stream() -> list[bytes]:
    """The head, each event as an HTTP chunk of its own, and the end."""
    events: list[dict[str, object]] = [
        {"choices": [{"index": 0, "delta": {"content": "word "}, "finish_reason": None}]} for _ in range(CHUNKS)
    ]
    events += [{"choices": [{"index": 0, "delta": {}, "finish_reason": "stop"}]}, {"choices": [], "usage": _USAGE}]
    lines = [b"data: %s\n\n" % orjson.dumps({**_HEAD, "object": "chat.completion.chunk", **event}) for event in events]
    lines.append(b"data: [DONE]\n\n")
    head = b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n"
    return [head, *(b"%x\r\n%s\r\n" % (len(line), line) for line in lines), b"0\r\n\r\n"]


class Upstream(asyncio.Protocol):
    """One connection. Requests are told apart only as far as the answer needs."""

    unary, pieces = _unary(), _stream()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """A connection."""
        self._transport = transport
        self._data = b""

    def data_received(self, data: bytes) -> None:
        """Answer every whole request."""
        self._data += data
        while True:
            head, found, rest = self._data.partition(b"\r\n\r\n")
            if not found:
                return
            length = 0
            for line in head.split(b"\r\n"):
                if line.lower().startswith(b"content-length:"):
                    length = int(line[15:])
            if len(rest) < length:
                return
            body, self._data = rest[:length], rest[length:]
            transport: asyncio.WriteTransport = self._transport  # type: ignore[assignment]
            if b'"stream":true' in body:
                # One write for each event, as a provider's server does.
                for piece in self.pieces:
                    transport.write(piece)
            else:
                transport.write(self.unary)


async def main(port: int) -> None:
    """Serve on the loopback until killed."""
    server = await asyncio.get_running_loop().create_server(Upstream, "127.0.0.1", port)
    await server.serve_forever()


if __name__ == "__main__":
    uvloop.run(main(int(sys.argv[1])))
