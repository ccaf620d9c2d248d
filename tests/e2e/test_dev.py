"""`trunkline dev` as a person runs it: the real databases, the real model, the real server."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import stat
import sys
from pathlib import Path
from typing import Any

import grpc
import pytest
from trunkline.v1.llm_pb2 import ListModelsRequest
from trunkline.v1.llm_pb2_grpc import LLMServiceStub
from trunkline_server.cli.dev_screen import PROMPT
from trunkline_server.cli.state import DevState
from trunkline_server.embedded.process import free_port

COMMAND = (sys.executable, "-c", "from trunkline_server.cli import main; main()")
SECONDS = 120.0


async def start(directory: Path, *arguments: str) -> asyncio.subprocess.Process:
    environ = {name: value for name, value in os.environ.items() if not name.endswith("_API_KEY")}
    return await asyncio.create_subprocess_exec(
        *(*COMMAND, *arguments),
        cwd=directory,
        env=environ,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )


async def end(process: asyncio.subprocess.Process) -> str:
    """All of its output, once it exited with 0."""
    try:
        async with asyncio.timeout(SECONDS):
            output, _ = await process.communicate()
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    assert process.returncode == 0, output.decode()
    return output.decode()


async def command(directory: Path, *arguments: str) -> str:
    return await end(await start(directory, *arguments))


def free_addresses() -> tuple[str, ...]:
    return ("--listen", f"127.0.0.1:{free_port()}", "--admin", f"127.0.0.1:{free_port()}")


async def test_first_screen_and_what_the_next_start_keeps(tmp_path: Path) -> None:
    first = await command(tmp_path, "dev", "--once", *free_addresses())
    state = DevState.read(tmp_path / ".trunkline")
    answer = first.partition(f"> {PROMPT}")[2].partition("\n  tokens")[0]
    assert answer.strip()
    for shown in ("first token", "llamacpp/smollm2-135m-instruct", "budget monthly", "grpcurl", "trunkline complete"):
        assert shown in first
    assert state.key in first
    assert stat.S_IMODE((tmp_path / ".trunkline/dev.json").stat().st_mode) == 0o600

    second = await command(tmp_path, "dev", "--once", *free_addresses())
    assert DevState.read(tmp_path / ".trunkline").key == state.key
    # What the first run spent is still spent: two answers cost more than one.
    assert left(second) < left(first)


def left(screen: str) -> float:
    """Dollars left of the budget, as shown."""
    line = next(line for line in screen.splitlines() if "budget monthly" in line)
    return float(line.split("$")[1].split()[0])


async def embeddings_work(directory: Path) -> None:
    """The local embedding model is there with its facts, by name and for those who leave the choice to the router."""
    for model in ((), ("--model", "local/all-minilm-l6-v2")):
        found = json.loads(await command(directory, "embed", "A cat.", "A kitten.", "--json", *model))
        assert [len(one["values"]) for one in found["embeddings"]] == [384, 384]
        assert (found["provider"], found["model_used"]) == ("local", "all-minilm-l6-v2")
        assert not found["cost_details"].get("price_unknown") and not int(found["cost_details"].get("nano_usd", 0))
    state = DevState.read(directory / ".trunkline")
    async with grpc.aio.insecure_channel(state.target) as channel:
        stub: Any = LLMServiceStub(channel)
        metadata = (("authorization", f"Bearer {state.key}"),)
        listed = await stub.ListModels(ListModelsRequest(provider="local"), metadata=metadata, timeout=30)
    (model,) = listed.models
    assert (model.context_window, list(model.capabilities)) == (256, ["embeddings"])
    assert [price.nano_usd_per_million for price in model.prices] == [0, 0]


async def test_commands_find_the_server_and_ctrl_c_ends_it_well(tmp_path: Path) -> None:
    dev = await start(tmp_path, "dev", *free_addresses())
    try:
        async with asyncio.timeout(SECONDS):
            assert dev.stdout is not None
            while b"Ctrl-C" not in (line := await dev.stdout.readline()):
                assert line, "ended too soon"
        assert "SERVING" in await command(tmp_path, "probe")
        asked = ("complete", "Name a colour.", "--model", "llamacpp/smollm2-135m-instruct", "--max-tokens", "8")
        answer = json.loads(await command(tmp_path, *asked, "--no-stream", "--json"))
        assert answer["completion"] and answer["provider"] == "llamacpp"
        assert "first token" in await command(tmp_path, *asked)
        assert "smollm2-135m-instruct" in await command(tmp_path, "explain", "Name a colour.")
        await embeddings_work(tmp_path)
        assert "local" in await command(tmp_path, "integrations", "list")
        assert "spent" in await command(tmp_path, "budgets", "status", "monthly")
        report = await command(tmp_path, "doctor")
        assert "fail" not in report and "ready at" in report
    finally:
        if dev.returncode is None:
            dev.send_signal(signal.SIGINT)
    assert "stopping" in await end(dev)
    with pytest.raises(ConnectionRefusedError):
        host, _, port = DevState.read(tmp_path / ".trunkline").target.rpartition(":")
        await asyncio.open_connection(host, int(port))
