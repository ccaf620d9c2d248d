"""Every language proves the contract against one live server, with its own program: clients/README.md.

A language whose toolchain is not here is skipped and named at the end of the run. TRUNKLINE_REQUIRE_LANGS (`all`, or
names separated by commas) makes that a failure.
"""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sys
from pathlib import Path
from typing import Any, Protocol

import pytest
from google.rpc.code_pb2 import Code
from trunkline.v1.analytics_pb2 import RecordedRequest

ROOT = Path(__file__).resolve().parents[2]
CHECKS = ["complete", "stream", "cancel", "refused", "unauthenticated"]
PROGRAMS = {
    "python": (sys.executable, "-m", "trunkline_client.smoke"),
    "go": ("clients/go/target/smoke",),
    "typescript": ("node", "--preserve-symlinks", "clients/typescript/dist/smoke.js"),
    "java": ("java", "-jar", "clients/java/client/target/trunkline-client-0.1.0.jar"),
    "rust": ("clients/rust/target/debug/smoke",),
}
# Seconds. The first build may fetch every library; five checks have 30 s each.
BUILD_TIMEOUT = 900.0
RUN_TIMEOUT = 180.0


class LiveServer(Protocol):
    """The fixture `live_server`: a whole server with a model behind it."""

    target: str
    key: str
    model: str

    async def recorded(self, request_id: str) -> RecordedRequest | None: ...


class LeftOut:
    """Names the languages that were left out at the end of the run, whatever else the summary shows."""

    def __init__(self) -> None:
        self.reasons: list[str] = []

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        if self.reasons:
            terminalreporter.section("languages left out")
            for reason in self.reasons:
                terminalreporter.write_line(reason)


@pytest.fixture(scope="session")
def left_out(pytestconfig: pytest.Config) -> LeftOut:
    plugin = LeftOut()
    pytestconfig.pluginmanager.register(plugin)
    return plugin


async def output(*command: str, limit: float, env: dict[str, str] | None = None) -> tuple[int, str, str]:
    """Exit code, stdout and stderr of a command run from the root; killed after `limit` seconds."""
    process = await asyncio.create_subprocess_exec(
        *command,
        cwd=ROOT,
        env=env,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        start_new_session=True,  # so that what make started ends with it
    )
    try:
        async with asyncio.timeout(limit):
            out, err = await process.communicate()
    except BaseException:
        os.killpg(process.pid, signal.SIGKILL)
        await process.wait()
        raise
    assert process.returncode is not None
    return process.returncode, out.decode(), err.decode()


async def make(target: str) -> str:
    code, out, err = await output("make", "-s", "-f", "mk/clients.mk", target, limit=BUILD_TIMEOUT)
    assert code == 0, f"make {target}:\n{out}{err}"
    return out.strip()


async def build(language: str, left_out: LeftOut) -> None:
    """Builds the program, or leaves the language out where its toolchain is missing."""
    missing = await make(f"client-missing-{language}")
    if missing:
        reason = f"{missing} not found: {language} client test left out"
        required = os.environ.get("TRUNKLINE_REQUIRE_LANGS", "").split(",")
        if "all" in required or language in required:
            pytest.fail(reason)
        left_out.reasons.append(reason)
        pytest.skip(reason)
    await make(f"client-{language}")


async def smoke(language: str, server: LiveServer) -> dict[str, dict[str, Any]]:
    """Runs the program; the facts of every check, by name."""
    environment = {
        **os.environ,
        "TRUNKLINE_TARGET": server.target,
        "TRUNKLINE_KEY": server.key,
        "TRUNKLINE_MODEL": server.model,
        "PYTHONPATH": os.pathsep.join(str(ROOT / path) for path in ("gen/python", "clients/python")),
    }
    code, out, err = await output(*PROGRAMS[language], limit=RUN_TIMEOUT, env=environment)
    lines = [json.loads(line) for line in out.splitlines()]
    assert [line["check"] for line in lines] == CHECKS, f"{out}{err}"
    assert [line for line in lines if not line["ok"]] == [], err
    assert code == 0, f"{out}{err}"
    return {line["check"]: line for line in lines}


@pytest.mark.parametrize("language", PROGRAMS)
async def test_contract(language: str, live_server: LiveServer, left_out: LeftOut) -> None:
    await build(language, left_out)
    facts = await smoke(language, live_server)

    request_id = facts["cancel"]["request_id"]
    assert request_id.startswith(f"smoke-{language}-")
    recorded = await live_server.recorded(request_id)
    assert recorded is not None, f"{request_id} is not in the request log"
    assert recorded.status_code == Code.CANCELLED
    # What was made before the cancellation is not free: it is settled and recorded.
    assert recorded.usage.output_tokens > 0 or recorded.cost_details.nano_usd > 0
