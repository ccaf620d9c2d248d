"""Processes: several workers on one port, drain, admin HTTP, refusals at start."""

from __future__ import annotations

import asyncio
import os
import sys
from pathlib import Path

import aiohttp
import grpc
from e2e.calls import ask, llm, read, stream
from harness import provider, ready, stack
from upstream import MODEL, upstream


async def test_sigterm_drops_no_stream(tmp_path: Path) -> None:
    async with upstream(chunks=40, pace=0.05) as state:
        integration = provider("mock", state.url, [MODEL])
        async with (
            stack(tmp_path, [integration], model=f"vllm/{MODEL}", workers=2) as running,
            grpc.aio.insecure_channel(running.target) as channel,
        ):
            calls = [stream(channel, ask(running.model), metadata=running.metadata(), timeout=30) for _ in range(50)]
            reading = [asyncio.create_task(read(call)) for call in calls]
            while state.open < 50:
                await asyncio.sleep(0.01)
            code = asyncio.create_task(running.stop())
            for events, error in await asyncio.gather(*reading):
                assert error is None
                assert events[-1].WhichOneof("event") == "finished"
            assert await code == 0
            assert '"cut_off":0' in running.logs()


async def test_a_killed_worker_is_replaced(tmp_path: Path) -> None:
    async with (
        upstream() as state,
        stack(tmp_path, [provider("mock", state.url, [MODEL])], model=f"vllm/{MODEL}") as running,
    ):
        worker = await _children(running.process.pid)
        os.kill(worker[0], 9)
        await asyncio.sleep(0.5)
        await ready(running)
        assert await _children(running.process.pid) != worker
        async with grpc.aio.insecure_channel(running.target) as channel:
            answer = await llm(channel).Complete(ask(running.model), metadata=running.metadata(), timeout=5)
            assert answer.completion


async def test_admin_http(tmp_path: Path) -> None:
    async with (
        upstream() as state,
        stack(tmp_path, [provider("mock", state.url, [MODEL])], model=f"vllm/{MODEL}", workers=2) as running,
        grpc.aio.insecure_channel(running.target) as channel,
        aiohttp.ClientSession(f"http://{running.admin}") as http,
    ):
        await llm(channel).Complete(ask(running.model), metadata=running.metadata(), timeout=5)
        for path in ("/health", "/ready", "/cache-status"):
            async with http.get(path) as response:
                assert response.status == 200, path
        async with http.get("/metrics") as response:
            text = await response.text()
        assert 'trunkline_calls_total{code="OK",method="trunkline.v1.LLMService/Complete",reason=""} 1.0' in text
        assert 'trunkline_tokens_total{direction="output",model="mock-1",provider="vllm"} 5.0' in text


async def test_bad_settings_are_refused_by_name() -> None:
    environment = {"PATH": os.environ["PATH"], "CACHE_TTL_SECONDS": "soon", "TRUNKLINE__SERVER__COLOUR": "red"}
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "trunkline_server.main", env=environment, stderr=asyncio.subprocess.PIPE
    )
    _, err = await process.communicate()
    assert process.returncode == 2
    assert b"CACHE_TTL_SECONDS" in err
    assert b"TRUNKLINE__SERVER__COLOUR: unknown key" in err


async def _children(pid: int) -> list[int]:
    return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
