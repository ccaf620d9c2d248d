"""A real MCP server as a process of its own, made with the official SDK: `python mcp_upstream.py PORT [legacy]`.

`legacy` speaks the versions with sessions only. GET /seen tells what it saw; POST /forget ends every session.
"""

from __future__ import annotations

import asyncio
import base64
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aiohttp
import anyio
import mcp_types as types
import uvicorn
from mcp.server import Server
from mcp.server.context import ServerRequestContext
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route
from trunkline_server.embedded.process import free_port

TOKEN = "mcp-secret-token-4711"
# The second is what the harness stores with an integration.
_TOKENS = (TOKEN, "sk-test-upstream-secret")
SEEN: dict[str, Any] = {"calls": [], "cancelled": 0, "sessions": [], "authorization": []}
_OBJECT: dict[str, Any] = {"type": "object"}
_NUMBERS = {
    "type": "object",
    "required": ["a", "b"],
    "properties": {"a": {"type": "integer"}, "b": {"type": "integer"}},
}
_SUM = {"type": "object", "required": ["sum"], "properties": {"sum": {"type": "integer"}}}
READS = types.ToolAnnotations(read_only_hint=True)
TOOLS = [
    types.Tool(name="add", description="Adds.", input_schema=_NUMBERS, output_schema=_SUM, annotations=READS),
    types.Tool(name="math.add", description="Adds.", input_schema=_NUMBERS),
    types.Tool(name="math_add", input_schema=_NUMBERS, annotations=types.ToolAnnotations(idempotent_hint=True)),
    *(types.Tool(name=name, input_schema=_OBJECT) for name in ("text", "listing", "picture", "fail", "slow", "raise")),
    types.Tool(name="drift", input_schema=_OBJECT, output_schema=_SUM),
    types.Tool(name="large", input_schema=_OBJECT),
]


def _text(text: str) -> types.CallToolResult:
    return types.CallToolResult(content=[types.TextContent(text=text)])


async def _list(ctx: ServerRequestContext[Any], params: types.PaginatedRequestParams | None) -> types.ListToolsResult:
    """Two pages."""
    if params is not None and params.cursor == "more":
        return types.ListToolsResult(tools=TOOLS[5:])
    return types.ListToolsResult(tools=TOOLS[:5], next_cursor="more")


async def _call(ctx: ServerRequestContext[Any], params: types.CallToolRequestParams) -> types.CallToolResult:
    SEEN["calls"].append(params.name)
    arguments = params.arguments or {}
    match params.name:
        case "add" | "math.add" | "math_add":
            total = arguments["a"] + arguments["b"]
            return types.CallToolResult(content=[types.TextContent(text=str(total))], structured_content={"sum": total})
        case "text":
            return _text("plain words")
        case "listing":
            return _text('[{"a": 1}]')
        case "picture":
            data = base64.b64encode(b"png").decode()
            return types.CallToolResult(
                content=[types.TextContent(text="see"), types.ImageContent(data=data, mime_type="image/png")]
            )
        case "fail":
            return types.CallToolResult(
                content=[types.TextContent(text=f"no good: {TOKEN} " + "x " * 400)], is_error=True
            )
        case "drift":
            return types.CallToolResult(content=[], structured_content={"sum": "three"})
        case "large":
            return _text("x" * (9 << 20))
        case "slow":
            try:
                await anyio.sleep(30)
            except anyio.get_cancelled_exc_class():
                SEEN["cancelled"] += 1
                raise
    raise ValueError(f"internal text with {TOKEN}")


async def _seen(request: Request) -> Response:
    return JSONResponse(SEEN)


def application(legacy: bool) -> Any:
    """The ASGI application: POST /mcp, which wants the token; /elsewhere redirects to it."""
    server: Server[Any] = Server("upstream", version="7", on_list_tools=_list, on_call_tool=_call)
    if legacy:
        server._request_handlers.pop("server/discover")

    async def forget(request: Request) -> Response:
        manager = server.session_manager
        for name in list(manager._server_instances):
            await manager._server_instances[name].terminate()
            manager._server_instances.pop(name, None)
        return Response()

    async def elsewhere(request: Request) -> Response:
        return Response(status_code=307, headers={"location": "/mcp"})

    routes = [
        Route("/seen", _seen),
        Route("/forget", forget, methods=["POST"]),
        Route("/elsewhere", elsewhere, methods=["POST", "GET", "DELETE"]),
    ]
    inner = server.streamable_http_app(custom_starlette_routes=routes)

    async def guarded(scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] == "http" and scope["path"] == "/mcp":
            headers = dict(scope["headers"])
            told = headers.get(b"authorization", b"").removeprefix(b"Bearer ") or headers.get(b"x-api-key", b"")
            if told.decode() not in _TOKENS:
                await Response("who are you?", status_code=401)(scope, receive, send)
                return
            SEEN["sessions"].append(headers.get(b"mcp-session-id", b"").decode())
        await inner(scope, receive, send)

    return guarded


@dataclass(slots=True)
class McpUpstream:
    """A running server."""

    origin: str

    @property
    def url(self) -> str:
        """Where MCP is."""
        return f"{self.origin}/mcp"

    async def seen(self) -> dict[str, Any]:
        """What it saw."""
        async with aiohttp.ClientSession() as client, client.get(f"{self.origin}/seen") as answer:
            found: dict[str, Any] = await answer.json()
            return found

    async def forget(self) -> None:
        """End every session."""
        async with aiohttp.ClientSession() as client, client.post(f"{self.origin}/forget") as answer:
            assert answer.status == 200


@asynccontextmanager
async def mcp_upstream(*, legacy: bool = False) -> AsyncIterator[McpUpstream]:
    """Run the server until the end of the block."""
    port = free_port()
    arguments = [str(Path(__file__)), str(port), *(["legacy"] if legacy else [])]
    process = await asyncio.create_subprocess_exec(sys.executable, *arguments)
    upstream = McpUpstream(f"http://127.0.0.1:{port}")
    try:
        async with asyncio.timeout(30):
            while True:
                try:
                    await upstream.seen()
                    break
                except aiohttp.ClientError:
                    assert process.returncode is None
                    await asyncio.sleep(0.05)
        yield upstream
    finally:
        if process.returncode is None:
            process.terminate()
        await process.wait()


if __name__ == "__main__":
    uvicorn.run(
        application(sys.argv[2:] == ["legacy"]),
        host="127.0.0.1",
        port=int(sys.argv[1]),
        log_level="critical",
        timeout_graceful_shutdown=1,
    )
