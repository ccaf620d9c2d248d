"""One HTTP/1.1 exchange over the connections and the parser of aiohttp, without its session and its request.

Those two cost as much as all else of an exchange, and on Python 3.11 write the request a turn of the loop later, in a
task of its own. What is aiohttp's here: the pool, names, TLS, the parser, the flow of a body.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import TracebackType
from typing import Self

import aiohttp
from aiohttp.client_proto import ResponseHandler
from aiohttp.connector import Connection
from aiohttp.http_exceptions import HttpProcessingError
from yarl import URL

# Bodies up to this size travel in one write with their head; joining larger ones costs more than it saves.
_JOINED_BYTES = 64 * 1024
_NO_TIMEOUT = aiohttp.ClientTimeout(total=None)
_IDEMPOTENT = frozenset(("GET",))


class Place:
    """An address that is called, prepared once. Needs a running loop."""

    __slots__ = ("_defaults", "_head", "host", "path", "pooled", "secure")

    def __init__(self, url: URL, user_agent: str) -> None:
        self.host = url.raw_host or ""
        self.secure = url.scheme == "https"
        # What the pool of aiohttp asks about where to connect; it is never sent.
        self.pooled = aiohttp.ClientRequest("GET", url)
        self.path = url.raw_path_qs
        self._defaults = (
            ("host", f"Host: {url.host_port_subcomponent}\r\n"),
            ("user-agent", f"User-Agent: {user_agent}\r\n"),
            ("accept", "Accept: */*\r\n"),
            ("accept-encoding", "Accept-Encoding: gzip, deflate\r\n"),
        )
        # The last head: most requests to one place differ in their bodies only.
        self._head: tuple[str, Mapping[str, str], str] = ("", {}, "")

    def head(self, method: str, headers: Mapping[str, str], body: bytes | None) -> bytes:
        """The head of a request. Raises ValueError for a header that would end its line."""
        before, given, head = self._head
        if before != method or given != headers:
            head = self._made(method, headers)
            self._head = method, dict(headers), head
        return (f"{head}\r\n" if body is None else f"{head}Content-Length: {len(body)}\r\n\r\n").encode()

    def _made(self, method: str, headers: Mapping[str, str]) -> str:
        lines = [f"{method} {self.path} HTTP/1.1\r\n"]
        given = {name.lower() for name in headers}
        lines += [line for name, line in self._defaults if name not in given]
        lines += [f"{name}: {value}\r\n" for name, value in headers.items()]
        whole = "".join(lines)
        if not whole.count("\r") == whole.count("\n") == len(lines) or "\0" in whole:
            raise ValueError("a header must be one line")
        return whole


class Answer:
    """The answer to a request, its head read. Leaving its context returns the connection to the pool after the end of
    the body, and closes it otherwise."""

    __slots__ = ("_connection", "content", "headers", "status")

    def __init__(
        self,
        connection: Connection,
        status: int,
        headers: Mapping[str, str],
        content: aiohttp.StreamReader,
    ) -> None:
        self._connection = connection
        self.status = status
        self.headers = headers
        self.content = content

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        _let_go(self._connection, keep=True)


async def exchange(
    connector: aiohttp.BaseConnector, place: Place, method: str, head: bytes, body: bytes | None, read_bytes: int
) -> Answer:
    """Send, and read the head of the answer. `read_bytes`: twice so much is read ahead of who asks for the body.

    Raises aiohttp.ClientError, OSError. A cancellation closes the connection at once.
    """
    # A connection of the pool may end just as it is taken: where that does no harm, another one is asked once.
    again = method in _IDEMPOTENT
    while True:
        connection = await connector.connect(place.pooled, [], _NO_TIMEOUT)
        protocol = connection.protocol
        assert protocol is not None
        try:
            _write(protocol, head, body, read_bytes)
            message, content = await protocol.read()
            while 100 <= message.code < 200 and message.code != 101:
                message, content = await protocol.read()
            return Answer(connection, message.code, message.headers, content)
        except (aiohttp.ClientOSError, aiohttp.ServerDisconnectedError):
            _let_go(connection, keep=False)
            if not again:
                raise
            again = False
        except HttpProcessingError as error:
            _let_go(connection, keep=False)
            raise aiohttp.ClientResponseError(place.pooled.request_info, (), status=error.code) from None
        except BaseException:
            _let_go(connection, keep=False)
            raise


def _write(protocol: ResponseHandler, head: bytes, body: bytes | None, read_bytes: int) -> None:
    protocol.set_response_params(read_until_eof=True, read_bufsize=read_bytes)
    transport = protocol.transport
    if transport is None:
        raise aiohttp.ClientConnectionResetError("the connection ended")
    if body is None or len(body) > _JOINED_BYTES:
        transport.write(head)
        if body is not None:
            transport.write(body)
    else:
        transport.write(head + body)


def _let_go(connection: Connection, *, keep: bool) -> None:
    transport = connection.transport
    if transport is not None and transport.get_write_buffer_size():
        # Closing would first send the rest of the request.
        transport.abort()
        keep = False
    if keep:
        connection.release()
    else:
        connection.close()
