"""What the embedded model servers share: an OpenAI-compatible API on the loopback interface."""

import asyncio

from trunkline_server.embedded.process import HOST
from trunkline_server.embedded.server import EmbeddedServer


class EmbeddedApi(EmbeddedServer):
    """A running model server; ready when `/health` answers 200."""

    stop_seconds = 5.0

    @property
    def base_url(self) -> str:
        """`http://127.0.0.1:<port>/v1`."""
        return f"http://{HOST}:{self.port}/v1"

    async def _probe(self, port: int) -> bool:
        # By hand: an HTTP client takes 0.2 s to import.
        reader, writer = await asyncio.open_connection(HOST, port)
        try:
            writer.write(b"GET /health HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
            return b" 200 " in await reader.readline()
        finally:
            writer.close()
