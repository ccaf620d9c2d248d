"""One request, as the sandbox received it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import parse_qsl

from aiohttp import web


@dataclass(frozen=True, slots=True)
class Asked:
    """`raw_path` is percent-encoded and has no query; header names are lower case; `target` is path and query."""

    method: str
    raw_path: str
    raw_query: str
    headers: Mapping[str, str]
    body: bytes
    base_url: str = ""

    @property
    def target(self) -> str:
        """Path and query string, as sent."""
        return f"{self.raw_path}?{self.raw_query}" if self.raw_query else self.raw_path

    def query(self) -> list[tuple[str, str]]:
        """The query string's pairs, decoded."""
        return parse_qsl(self.raw_query, keep_blank_values=True)


async def read(request: web.BaseRequest) -> Asked:
    """The whole request."""
    path, _, query = request.raw_path.partition("?")
    headers = {name.lower(): value for name, value in request.headers.items()}
    return Asked(request.method, path, query, headers, await request.read(), f"http://{request.host}")
