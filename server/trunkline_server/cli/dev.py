"""`trunkline dev`: everything on one machine, started in order and stopped in the reverse."""

from __future__ import annotations

import asyncio
import errno
import os
import signal
import socket
import sys
from collections.abc import AsyncIterator, Coroutine, Mapping
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click
import grpc

from trunkline_server.cli.dev_rows import notes, prepare
from trunkline_server.cli.dev_screen import first_answer, next_steps, step
from trunkline_server.cli.dial import Address
from trunkline_server.cli.remote import Failure, explain, run
from trunkline_server.cli.serve import health, settings_or_fail
from trunkline_server.cli.state import DEFAULT_DIR, DevState, new_credential_keys
from trunkline_server.embedded import embedded_embedder, embedded_model, embedded_postgres, embedded_redis
from trunkline_server.embedded.process import Process, spawn
from trunkline_server.stores.postgres import migrate, open_database

_READY_SECONDS = 120.0
_PROBE_SECONDS = 1.0
_WATCH_SECONDS = 3600.0
_STOP_SECONDS = 40.0
"""Longer than the server's own grace, which is 30 s."""


@dataclass(frozen=True, slots=True)
class Options:
    """The command line."""

    data: Path
    listen: str
    admin: str
    workers: int
    once: bool


@click.command()
@click.option(
    "--data",
    type=click.Path(file_okay=False, path_type=Path),
    default=DEFAULT_DIR,
    show_default=True,
    help="Where databases, logs and the key live. It survives restarts; delete it to start anew.",
)
@click.option("--listen", default="127.0.0.1:50051", show_default=True, help="The gRPC address.")
@click.option("--admin", default="127.0.0.1:8080", show_default=True, help="The HTTP address of health and metrics.")
@click.option("--workers", type=click.IntRange(0, 256), default=1, show_default=True, help="0: one for each core.")
@click.option("--once", is_flag=True, help="End after the first answer.")
def dev(data: Path, listen: str, admin: str, workers: int, once: bool) -> None:
    """Run PostgreSQL, Redis, two small real models and the server, all from wheels; then ask through the server.

    The tenant is `dev`, with an API key and a hard budget of 10 USD a month. The local model gets a nominal price
    (0.02 USD per million tokens in, 0.06 out), so that costs show; embeddings (local/all-minilm-l6-v2) are free.
    Providers whose key is in the environment (OPENAI_API_KEY, GROQ_API_KEY, MISTRAL_API_KEY, PORTKEY_API_KEY, …) are
    registered too. Ctrl-C stops everything.

    \b
    Examples:
      trunkline dev
      trunkline dev --listen 127.0.0.1:50052 --admin 127.0.0.1:8081 --data /tmp/second
    """
    run(_until_signal(_dev(Options(data, listen, admin, workers, once))))


async def _until_signal(work: Coroutine[Any, Any, None]) -> None:
    """Cancel the work at SIGINT or SIGTERM, and end well once it has cleaned up."""
    task, loop, asked = asyncio.ensure_future(work), asyncio.get_running_loop(), False

    def stop() -> None:
        nonlocal asked
        asked = True
        task.cancel()

    for signum in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(signum, stop)
    try:
        await task
    except asyncio.CancelledError:
        if not asked:
            raise


async def _dev(options: Options) -> None:
    for name, address in (("--listen", options.listen), ("--admin", options.admin)):
        require_free(name, address)
    settings = settings_or_fail()
    environ = dict(os.environ)
    if settings.portkey_api_key.get_secret_value():
        environ["PORTKEY_API_KEY"] = settings.portkey_api_key.get_secret_value()
    directory = options.data.absolute()
    state = _state(directory)
    state.target, state.admin = (reachable(address) for address in (options.listen, options.admin))

    click.echo("Trunkline starts:\n")
    async with AsyncExitStack() as stack:
        async with step("PostgreSQL"):
            state.database_url = (await stack.enter_async_context(embedded_postgres(directory / "postgres"))).dsn
        async with step("Redis"):
            state.redis_url = (await stack.enter_async_context(embedded_redis(directory / "redis"))).url
        async with step("migrations"):
            await migrate(state.database_url)
        async with step("model"):
            local = await stack.enter_async_context(embedded_model(directory))
            state.model_url = local.base_url
        async with step("embedding model"):
            state.embeddings_url = (await stack.enter_async_context(embedded_embedder(directory))).base_url
        async with step("tenant, key, budget"):
            async with open_database(state.database_url, max_connections=1) as database:
                found = await prepare(database, state, local.model_name, environ)
            state.write(directory)
        async with step("server"):
            server = await stack.enter_async_context(_server(options, state, directory))
        stack.callback(click.echo, "\nstopping …")
        model = f"llamacpp/{local.model_name}"
        try:
            await first_answer(state, model)
        except grpc.aio.AioRpcError as error:
            if options.once:
                raise
            # A budget that is used up, for example, must not keep anyone from raising it.
            click.echo(explain(error), err=True)
        next_steps(state, options.data, model, found, notes(environ))
        if not options.once:
            click.echo("Ctrl-C stops everything.")
            await _watch(server)


@asynccontextmanager
async def _server(options: Options, state: DevState, directory: Path) -> AsyncIterator[Process]:
    """The server as a child, ready; drained and stopped at the end. Raises StartError with the end of its log."""
    command = [sys.executable, "-m", "trunkline_server.main"]
    # SIGTERM if we are killed: it drains, and takes its workers along.
    server = await spawn(
        *("server", command, directory / "server.log"),
        death_signal=signal.SIGTERM,
        env=server_environment(options, state, os.environ),
    )
    try:
        await server.wait_ready(lambda: _ready(state.target), _READY_SECONDS)
        yield server
    finally:
        await server.stop(signal.SIGTERM, _STOP_SECONDS)


def server_environment(options: Options, state: DevState, environ: Mapping[str, str]) -> dict[str, str]:
    """The child's whole environment: ours, and over it where everything is. The model is on plain HTTP, on loopback."""
    config = Path(environ.get("TRUNKLINE_CONFIG", "trunkline.toml")).absolute()
    return {
        **environ,
        "TRUNKLINE_CONFIG": str(config),  # The child works in another directory.
        "DATABASE_URL": state.database_url,
        "REDIS_CLUSTER_URLS": state.redis_url,
        "TRUNKLINE__SECURITY__CREDENTIAL_KEYS": state.credential_keys,
        "TRUNKLINE__SECURITY__ALLOW_HTTP": "true",
        "TRUNKLINE__SECURITY__ALLOWED_ADDRESSES": "127.0.0.0/8",
        "TRUNKLINE__SERVER__LISTEN": options.listen,
        "TRUNKLINE__SERVER__ADMIN": options.admin,
        "TRUNKLINE__SERVER__WORKERS": str(options.workers),
        "TRUNKLINE__SERVER__DRAIN_SECONDS": "0",  # No load balancer has to notice.
    }


async def _ready(target: str) -> bool:
    # Knock first: a gRPC channel that was refused waits a second and more before it tries again.
    _, writer = await asyncio.open_connection(*split_address(target))
    writer.close()
    try:
        return await health(Address(target), "readiness", _PROBE_SECONDS) == "SERVING"
    except grpc.aio.AioRpcError:
        return False


async def _watch(server: Process) -> None:
    """Wait until the server ends by itself, which it should not. Raises StartError."""
    while server.running:
        with suppress(TimeoutError):
            await server.wait(_WATCH_SECONDS)
    raise await server.failure("ended")


def _state(directory: Path) -> DevState:
    try:
        directory.mkdir(parents=True, exist_ok=True)
        state = DevState.read(directory)
    except (OSError, ValueError) as error:
        raise Failure(f"cannot use {directory}: {error}") from None
    state.credential_keys = state.credential_keys or new_credential_keys()
    return state


def split_address(address: str) -> tuple[str, int]:
    """`host:port`, or `[host]:port` for IPv6. Raises ValueError."""
    host, colon, port = address.rpartition(":")
    if not colon or not port.isdigit() or not 0 < int(port) < 65536:
        raise ValueError(f"{address!r} is not host:port")
    return host.strip("[]"), int(port)


def reachable(address: str) -> str:
    """Where a client on this machine finds a server that listens there."""
    host, port = split_address(address)
    host = {"": "127.0.0.1", "0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


def is_free(address: str) -> bool:
    """Whether a server could listen there now. Raises ValueError for no address, OSError when the host is not ours."""
    host, port = split_address(address)
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
            probe.listen(1)
        except OSError as error:
            if error.errno == errno.EADDRINUSE:
                return False
            raise
    return True


def require_free(option: str, address: str) -> None:
    """Raises Failure, with what to do, when nothing can listen there."""
    try:
        free = is_free(address)
    except (OSError, ValueError) as error:
        raise Failure(f"{option} {address}: {error}; give an address of this machine, host:port") from None
    if not free:
        raise Failure(f"{option} {address} is in use: stop its user, or choose another with {option} HOST:PORT")
