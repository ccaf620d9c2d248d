"""`trunkline mcp`."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

import click
import uvicorn
from mcp.server.stdio import stdio_server

from trunkline_server.cli.dial import Address, Tls, key_option, target_option, tls_options
from trunkline_server.cli.mcp_tools import Context, OfferedTools
from trunkline_server.cli.remote import Failure, read_state, resolve, run

PATH = "/mcp"
_GRACE_SECONDS = 5
_MAX_SESSIONS = 1000
# HTTP 401 without a key, and what to send.
_REFUSAL = b'{"error": "send an API key of Trunkline: Authorization: Bearer tl_..."}'

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
Application = Callable[[Message, Receive, Send], Awaitable[None]]


@click.command()
@click.option("--listen", metavar="HOST:PORT", help="Serve streamable HTTP here, at /mcp.  [default: stdin and stdout]")
@click.option("--integration", default="", help="Only tools of this integration.")
@click.option("--agent", default="mcp", show_default=True, help="The agent that calls are counted for.")
@click.option("--timeout", type=click.FloatRange(1, 600), default=600.0, show_default=True, help="Seconds of one call.")
@target_option
@key_option
@tls_options
def mcp(
    listen: str | None, integration: str, agent: str, timeout: float, target: str | None, key: str | None, tls: Tls
) -> None:
    """Offer the tools of integrations to MCP clients, as `<integration>__<tool>`.

    On stdin and stdout for a client that starts this command, with the key of --key. With --listen for many clients:
    each sends its own key as `Authorization: Bearer tl_…`.

    \b
    Examples:
      trunkline mcp --integration github
      trunkline mcp --listen 127.0.0.1:8765
    """
    if listen is None:
        where, secret = resolve(target, key)
        run(_on_stdio(Address(where, tls), secret, integration, agent, timeout))
        return
    if not (target := target or read_state().target):
        raise Failure("which server? Set --target or TRUNKLINE_TARGET, or run `trunkline dev` in this directory first.")
    host, _, port = listen.rpartition(":")
    if not host or not port.isdigit():
        raise Failure(f"--listen {listen}: write it as HOST:PORT")
    run(_on_http(Address(target, tls), host.strip("[]"), int(port), integration, agent, timeout))


async def _on_stdio(address: Address, key: str, integration: str, agent: str, seconds: float) -> None:
    async with address.channel() as channel, stdio_server() as (reading, writing):
        server = OfferedTools(channel, lambda _: key, integration, agent, seconds).server()
        await server.run(reading, writing, server.create_initialization_options())


async def _on_http(address: Address, host: str, port: int, integration: str, agent: str, seconds: float) -> None:
    async with address.channel() as channel:
        server = OfferedTools(channel, _key_of_request, integration, agent, seconds).server()
        application = server.streamable_http_app(streamable_http_path=PATH, host=host, max_sessions=_MAX_SESSIONS)
        config = uvicorn.Config(
            with_key(application),
            host=host,
            port=port,
            log_level="warning",
            access_log=False,
            server_header=False,
            timeout_graceful_shutdown=_GRACE_SECONDS,
        )
        click.echo(f"MCP at http://{host}:{port}{PATH}", err=True)
        await uvicorn.Server(config).serve()


def with_key(application: Application) -> Application:
    """Refuses requests without a bearer key, before anything is read of them. Whether it is a good one says the
    server."""

    async def guarded(scope: Message, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and not _bearer(dict(scope["headers"]).get(b"authorization", b"").decode("latin-1")):
            headers = [(b"content-type", b"application/json"), (b"www-authenticate", b"Bearer")]
            await send({"type": "http.response.start", "status": 401, "headers": headers})
            await send({"type": "http.response.body", "body": _REFUSAL})
            return
        await application(scope, receive, send)

    return guarded


def _key_of_request(context: Context) -> str:
    """The key of the HTTP request that carries the message: that of its session's first one is not enough."""
    return _bearer(context.request.headers.get("authorization", "")) if context.request is not None else ""


def _bearer(header: str) -> str:
    kind, _, key = header.partition(" ")
    return key.strip() if kind.lower() == "bearer" and key.isascii() else ""
