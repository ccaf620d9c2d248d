"""The first screen of `trunkline dev`: progress, one streamed answer, and what to do next."""

from __future__ import annotations

import asyncio
import json
import shlex
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

import click
from trunkline.v1.caching_pb2 import CacheMode, CachePolicy
from trunkline.v1.common_pb2 import CallContext
from trunkline.v1.completion_pb2 import CompleteRequest
from trunkline_client import Client

from trunkline_server.cli.complete import summary
from trunkline_server.cli.state import DEFAULT_DIR, DevState
from trunkline_server.cli.text import facts

PROMPT = "Write one sentence about a lighthouse."
_MAX_TOKENS = 48
_ANSWER_SECONDS = 60.0
_WIDTH = 34


@asynccontextmanager
async def step(what: str) -> AsyncIterator[None]:
    """One line: what is being done, then the seconds that it took."""
    click.echo(f"  {what} ".ljust(_WIDTH, "."), nl=False)
    began = time.monotonic()
    try:
        yield
    except BaseException as error:
        click.echo(" stopped" if isinstance(error, asyncio.CancelledError) else " failed")
        raise
    click.echo(f" {time.monotonic() - began:6.2f} s")


async def first_answer(state: DevState, model: str) -> None:
    """Ask the model through the server, as any client would. Raises grpc.aio.AioRpcError."""
    request = CompleteRequest(
        model=model,
        prompt=PROMPT,
        max_tokens=_MAX_TOKENS,
        cache=CachePolicy(mode=CacheMode.CACHE_MODE_OFF),
        context=CallContext(agent_id="trunkline-dev"),
    )
    click.echo(f"\n> {PROMPT}\n")
    async with Client(state.target, state.key) as client:
        async for event in client.stream(request, deadline=_ANSWER_SECONDS):
            if event.HasField("content_delta"):
                click.echo(event.content_delta.text, nl=False)
            elif event.HasField("finished"):
                click.echo(f"\n\n{summary(event.finished)}")


def next_steps(state: DevState, directory: Path, model: str, found: Sequence[str], notes: Sequence[str]) -> None:
    """What was found, where it listens, and calls to paste."""
    rows: list[tuple[str, object]] = [
        ("gRPC", f"{state.target} (plaintext, with reflection)"),
        ("HTTP", f"http://{state.admin}/ready, /health, /metrics"),
        ("data, logs", directory),
        ("integrations", ", ".join(("local", "local-embeddings", *found))),
    ]
    click.echo(f"\n{facts(rows)}")
    for note in notes:
        click.echo(f"  note: {note}")
    click.echo("\nTry it from another terminal:\n")
    for command in calls(state, directory, model):
        click.echo(f"  {command}\n")


def calls(state: DevState, directory: Path, model: str) -> list[str]:
    """Shell commands that work as they are."""
    body = {
        "request": {
            "model": model,
            "prompt": "Name three colours.",
            "max_tokens": 32,
            "context": {"agent_id": "grpcurl"},
        }
    }
    bearer = shlex.quote(f"authorization: Bearer {state.key}")
    # In the directory of its data the command finds server and key by itself.
    here = directory.resolve() == DEFAULT_DIR.resolve()
    environment = "" if here else f"TRUNKLINE_TARGET={state.target} TRUNKLINE_KEY={shlex.quote(state.key)} "
    return [
        f'{environment}trunkline complete "Name three colours." --model {model}',
        f"grpcurl -plaintext {state.target} list",
        f"grpcurl -plaintext -H {bearer} -d {shlex.quote(json.dumps(body))} \\\n"
        f"    {state.target} trunkline.v1.LLMService/StreamComplete",
    ]
