"""Secrets and personal data in what upstreams say: nothing of them comes out of a real server, in an error, a finding,
an event, a record, an audit row or a log."""

from __future__ import annotations

import base64
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import quote

import asyncpg
import grpc
import orjson
import pytest
import pytest_asyncio
from e2e.calls import ask, llm, read, stream
from faults.observe import until
from google.protobuf.field_mask_pb2 import FieldMask
from harness import Stack, provider, stack
from rest_upstream import Upstream, http_upstream, integration, tool
from trunkline.v1 import integration_pb2_grpc, tool_pb2_grpc
from trunkline.v1.authentication_pb2 import AuthenticationScheme
from trunkline.v1.configuration_pb2 import Configuration
from trunkline.v1.integration_pb2 import (
    CheckIntegrationRequest,
    CreateIntegrationRequest,
    Integration,
    RotateCredentialRequest,
    UpdateIntegrationRequest,
)
from trunkline.v1.tool_pb2 import ExecuteToolRequest

pytestmark = pytest.mark.asyncio(loop_scope="module")

# One that looks like no key: only who knows it can mask it.
SECRET = "correct horse:battery/staple+1"
FOREIGN = ("sk-live-51HabcdefGHIJKL", "AKIAIOSFODNN7EXAMPLE", "0f1e2d3c4b5a69788796a5b4c3d2e1f0aa")
PERSONAL = (
    *("jane.doe@mail.example.org", "4111 1111 1111 1111", "378282246310005", "+49 30 9018 2055", "(415) 555-2671"),
    "DE89370400440532013000",
)
FORMS = (SECRET, "battery/staple+1", quote(SECRET, safe=""), base64.b64encode(SECRET.encode()).decode())
SAID = "refused " + " and ".join((*FORMS, *FOREIGN, *PERSONAL))


def _bodies() -> list[tuple[str, bytes]]:
    """The same in every shape that errors come in."""
    json, text = "application/json", "text/plain; charset=utf-8"
    shapes = (
        {"error": {"message": SAID, "type": SAID, "code": SAID}},
        {"error": SAID},
        {"message": SAID},
        {"detail": [{"msg": SAID}]},
        {"errors": [{"message": SAID}]},
        {"error_description": SAID, "error": "invalid"},
    )
    return [(json, orjson.dumps(shape)) for shape in shapes] + [
        *((text, SAID.encode()), ("text/html", f"<p>{SAID}</p>".encode()), (json, f'{{"error": "{SAID}'.encode()))
    ]


@dataclass
class Scene:
    """A server with debug logs, an upstream that says too much once it is told to, and what came out so far."""

    running: Stack
    up: Upstream
    channel: grpc.aio.Channel
    out: list[str] = field(default_factory=list)

    def keep(self, error: grpc.aio.AioRpcError) -> None:
        self.out.append(error.details() or "")
        self.out += [str(value) for _, value in error.trailing_metadata() or ()]

    async def call(self, method: object, request: object) -> None:
        """Keep what comes out, whether an error or an answer."""
        try:
            answer = await method(request, metadata=self.running.metadata(), timeout=20)  # type: ignore[operator]
        except grpc.aio.AioRpcError as error:
            self.keep(error)
        else:
            self.out.append(str(answer))


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def scene(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Scene]:
    base: Path = tmp_path_factory.mktemp("redaction")
    environment = {
        "TRUNKLINE__OBSERVABILITY__LOG_LEVEL": "debug",
        "TRUNKLINE__ROUTING__PROBE_INTERVAL_SECONDS": "1",
    }
    async with AsyncExitStack() as closing:
        up = await closing.enter_async_context(http_upstream())
        running = await closing.enter_async_context(stack(base, [], model="", environment=environment))
        channel = await closing.enter_async_context(grpc.aio.insecure_channel(running.target))
        yield Scene(running, up, channel)


def _requests(url: str) -> list[CreateIntegrationRequest]:
    found = [integration(url, tool("POST")), provider("main", url, ["m"]), provider("spare", url, ["m"])]
    for one, name in zip(found, ("hub", "main", "spare"), strict=True):
        one.integration_id = name
        one.configuration.authentication.scheme = AuthenticationScheme.AUTHENTICATION_SCHEME_BEARER
        one.configuration.authentication.secret = SECRET
    return [
        CreateIntegrationRequest(integration_id=one.integration_id, type=one.type, configuration=one.configuration)
        for one in found
    ]


async def _everything(scene: Scene) -> None:
    """Every call that hears what the upstream says."""
    manage = integration_pb2_grpc.IntegrationServiceStub(scene.channel)
    for request in _requests(scene.up.url):
        request.integration_id = f"new-{request.integration_id}"
        await scene.call(manage.CreateIntegration, request)
        await scene.call(manage.CheckIntegration, CheckIntegrationRequest(integration_id=request.integration_id[4:]))
        rotation = RotateCredentialRequest(integration_id=request.integration_id[4:], secret=SECRET)
        await scene.call(manage.RotateCredential, rotation)
    wanted = Integration(integration_id="hub", configuration=Configuration(timeout={"seconds": 9}))
    mask = FieldMask(paths=["configuration.timeout"])
    await scene.call(manage.UpdateIntegration, UpdateIntegrationRequest(integration=wanted, update_mask=mask))
    execute = tool_pb2_grpc.ToolServiceStub(scene.channel).ExecuteTool
    await scene.call(execute, ExecuteToolRequest(integration_id="hub", tool_name="call"))
    await scene.call(llm(scene.channel).Complete, ask("vllm/m"))
    events, error = await read(stream(scene.channel, ask("vllm/m"), metadata=scene.running.metadata(), timeout=20))
    scene.out += map(str, events)
    if error is not None:
        scene.keep(error)


async def _stored(scene: Scene) -> str:
    """All that the database holds, but for what is encrypted."""
    connection = await asyncpg.connect(scene.running.postgres_dsn)
    found = []
    try:
        tables = await connection.fetch("SELECT tablename FROM pg_tables WHERE schemaname = 'trunkline'")
        for (table,) in tables:
            for row in await connection.fetch(f'SELECT * FROM trunkline."{table}"'):
                found += [
                    value.decode(errors="replace") if isinstance(value, bytes) else str(value) for value in row.values()
                ]
        events = await connection.fetchval("SELECT count(*) FROM trunkline.outbox")
    finally:
        await connection.close()
    assert events, "there are events"
    return "\n".join(found)


def _leaks(text: str) -> list[str]:
    return [secret for secret in (*FORMS, *FOREIGN, *PERSONAL) if secret in text]


async def test_nothing_of_what_an_upstream_blurts_out_comes_out(scene: Scene) -> None:
    manage = integration_pb2_grpc.IntegrationServiceStub(scene.channel)
    for request in _requests(scene.up.url):
        await manage.CreateIntegration(request, metadata=scene.running.metadata(), timeout=20)
    head = {"x-request-id": SAID, "location": f"https://{quote(FOREIGN[0])}@{FOREIGN[0]}.example/?key={quote(SAID)}"}
    for kind, body in _bodies():
        for status in (200, 302, 400, 401, 403, 429, 500, 503):
            scene.up.answers(status, body, kind, head if status != 429 else head | {"retry-after": "0"})
            await _everything(scene)
    assert await until(lambda: _probed(scene), 15) is not None
    shown = [text for text in scene.out if "***" in text]
    assert len(shown) > 100, "what was said is told, masked"
    # The tool's own answer is for its caller, as it came.
    outside = "\n".join(text for text in scene.out if "result_json" not in text)
    stored, logs = await _stored(scene), scene.running.logs()
    assert "***" in stored
    assert (_leaks(outside), _leaks(stored), _leaks(logs)) == ([], [], [])


async def _probed(scene: Scene) -> bool:
    """The background has heard it too, and the scribe has written what came of the calls."""
    connection = await asyncpg.connect(scene.running.postgres_dsn)
    try:
        rows = await connection.fetchval("SELECT count(*) FROM trunkline.request_log WHERE status_code <> 0")
        return bool(rows > 50)
    finally:
        await connection.close()


async def test_a_fault_of_the_server_is_logged_without_them(capsys: pytest.CaptureFixture[str]) -> None:
    """Exceptions and lines of libraries, whose texts nobody chose."""
    import logging  # noqa: PLC0415

    import structlog  # noqa: PLC0415
    from trunkline_server.ops import logs  # noqa: PLC0415

    before = structlog.get_config(), logging.root.handlers[:], logging.root.level
    try:
        logs.configure("debug")
        try:
            raise ValueError(f"bad {FOREIGN[0]} of {PERSONAL[0]}, {FOREIGN[2]}")
        except ValueError as error:
            structlog.get_logger("one").error("unexpected error", exc_info=error, facts={"mail": [PERSONAL[0]]})
            logging.getLogger("library").warning("retry %s", f"postgresql://u:p4ssw0rd@db {PERSONAL[1]}", exc_info=True)
    finally:
        structlog.configure(**before[0])
        logging.root.handlers[:], logging.root.level = before[1], before[2]
    lines = capsys.readouterr().err.splitlines()
    assert len(lines) == 2 and all("ValueError" in line and "test_redaction.py" in line for line in lines)
    assert _leaks("\n".join(lines)) == [] and "p4ssw0rd" not in lines[1]
    assert '"event":"unexpected error"' in lines[0] and "retry postgresql" in lines[1]
