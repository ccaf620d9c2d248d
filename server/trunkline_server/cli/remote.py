"""A connection to a running server, and how its errors are shown."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from functools import wraps
from typing import IO, Any, Concatenate, ParamSpec, TypeVar

import click
import grpc
from google.protobuf.json_format import MessageToJson
from google.protobuf.message import Message
from google.rpc.error_details_pb2 import BadRequest, PreconditionFailure
from trunkline.v1 import errors_pb2
from trunkline_client import Client, detail, error_info

from trunkline_server.cli.dial import Address, Tls, key_option, target_option, tls_options
from trunkline_server.cli.state import DEFAULT_DIR, DevState
from trunkline_server.config import ConfigError
from trunkline_server.domain.errors import TrunklineError
from trunkline_server.embedded import EmbeddedError
from trunkline_server.stores.postgres import MigrationError

# Seconds that a management call may take; a live check of an integration is the longest of them.
CALL_SECONDS = 60.0
# What gRPC says of a connection that failed -> what to do.
_HINTS = {
    "Hostname Verification": "The server's certificate is for another name; where that is right, give --tls-name.",
    "CERTIFICATE_VERIFY_FAILED": "None of the roots signed the server's certificate; give those that did as --tls-ca.",
    "WRONG_VERSION_NUMBER": "The server speaks no TLS: leave the --tls options and TRUNKLINE_TLS… out.",
    "Socket closed": "The server hung up: it may want TLS (--tls, --tls-ca), or a certificate (--tls-cert, --tls-key).",
    "": "Is the server running? `trunkline dev` starts one, `trunkline doctor` finds what is wrong.",
}

Asked = TypeVar("Asked")
Answer = TypeVar("Answer")
Result = TypeVar("Result")
Given = ParamSpec("Given")


class Failure(click.ClickException):
    """Ends the command with exit code 1; the message goes to stderr as it is."""

    def show(self, file: IO[Any] | None = None) -> None:
        """Print the message."""
        click.echo(self.format_message(), file=file, err=file is None)


class Remote:
    """An open channel to a server, and the key that goes with every call."""

    def __init__(self, channel: grpc.aio.Channel, address: Address, key: str) -> None:
        self.channel, self.address, self.key = channel, address, key

    async def ask(
        self,
        method: grpc.aio.UnaryUnaryMultiCallable[Asked, Answer],
        request: Asked,
        seconds: float = CALL_SECONDS,
    ) -> Answer:
        """One call, within `seconds`. Raises grpc.aio.AioRpcError."""
        return await method(request, timeout=seconds, metadata=(("authorization", f"Bearer {self.key}"),))

    def client(self) -> Client:
        """A client for completions."""
        return self.address.client(self.key)


@asynccontextmanager
async def open_remote(address: Address, key: str) -> AsyncIterator[Remote]:
    """The server at an address."""
    async with address.channel() as channel:
        yield Remote(channel, address, key)


def connected(
    command: Callable[Concatenate[Remote, Given], Coroutine[Any, Any, None]],
) -> Callable[..., None]:
    """Turns `async def command(remote, …)` into a click callback with --target, --key and the options of TLS."""

    @target_option
    @key_option
    @tls_options
    @wraps(command)
    def callback(target: str | None, key: str | None, tls: Tls, *args: Given.args, **kwargs: Given.kwargs) -> None:
        async def within() -> None:
            where, secret = resolve(target, key)
            async with open_remote(Address(where, tls), secret) as remote:
                await command(remote, *args, **kwargs)

        run(within())

    return callback


def resolve(target: str | None, key: str | None) -> tuple[str, str]:
    """Target and key: as given, else what `trunkline dev` wrote. Raises Failure when neither says."""
    if not (target and key):
        state = read_state()
        target, key = target or state.target, key or state.key
    if not target or not key:
        missing = "--target or TRUNKLINE_TARGET" if not target else "--key or TRUNKLINE_KEY"
        raise Failure(f"which server? Set {missing}, or run `trunkline dev` in this directory first.")
    return target, key


def read_state() -> DevState:
    """The state below the working directory. Raises Failure for a broken file."""
    try:
        return DevState.read(DEFAULT_DIR)
    except ValueError as error:
        raise Failure(str(error)) from None


def run(work: Coroutine[Any, Any, Result]) -> Result:
    """Run to the end. Every known error becomes a Failure: one plain message, exit code 1."""
    try:
        return asyncio.run(work)
    except grpc.aio.AioRpcError as error:
        raise Failure(explain(error)) from None
    except TrunklineError as error:
        raise Failure(f"{errors_pb2.ErrorReason.Name(error.reason).removeprefix('ERROR_REASON_')}: {error}") from None
    except (ConfigError, EmbeddedError, MigrationError) as error:
        raise Failure(str(error)) from None


def explain(error: grpc.aio.AioRpcError) -> str:
    """`CODE REASON: message`, then one line for each wrong field or unmet condition."""
    info, bad, unmet = error_info(error), detail(error, BadRequest), detail(error, PreconditionFailure)
    code = error.code()
    lines = [f"{code.name}{f' {info.reason}' if info else ''}: {error.details() or 'no details'}"]
    lines += [f"  {violation.field}: {violation.description}" for violation in (bad.field_violations if bad else ())]
    lines += [f"  {violation.subject}: {violation.description}" for violation in (unmet.violations if unmet else ())]
    if info and (told := info.metadata.get("upstream_message")):
        lines.append(f"  upstream: {told}")
    if info is None and code is grpc.StatusCode.UNAVAILABLE:
        lines.append(f"  {hint(error)}")
    return "\n".join(lines)


def hint(error: grpc.aio.AioRpcError) -> str:
    """What to do about a connection that failed."""
    details = error.details() or ""
    return next(text for sign, text in _HINTS.items() if sign in details)


def show_json(message: Message, indent: int | None = 2) -> None:
    """Print a message as JSON, with the field names of the contract."""
    click.echo(MessageToJson(message, preserving_proto_field_name=True, indent=indent))
