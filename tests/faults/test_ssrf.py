"""Row 26: calls to addresses inside, in every spelling, by names, by redirects and by rebinding, through a real server.

Counted twice: at listeners on loopback addresses that are not allowed, and at each `connect` of a socket in any process
of the server (faults/watched/sitecustomize.py), wherever it leads. One loopback address, 127.0.0.2, is allowed."""

from __future__ import annotations

import asyncio
import json
import os
from collections import Counter
from collections.abc import AsyncIterator, Iterable
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import grpc
import pytest
import pytest_asyncio
from aiohttp import web
from e2e.calls import ask, fields_of, llm, refusal
from faults.inward import ADDRESSES, names, urls
from faults.load import reason_of
from faults.report import report
from faults.scale import pick
from google.protobuf.field_mask_pb2 import FieldMask
from harness import Stack, provider, stack
from rest_upstream import Sockets, Upstream, http_upstream, integration, read_head, socket_upstream, tool
from trunkline.v1 import integration_pb2_grpc, tool_pb2_grpc
from trunkline.v1.authentication_pb2 import Authentication, AuthenticationScheme, OAuth2
from trunkline.v1.integration_pb2 import CreateIntegrationRequest, Integration, UpdateIntegrationRequest
from trunkline.v1.tool_pb2 import ExecuteToolRequest
from trunkline_server.stores import postgres
from trunkline_server.stores.crypto import Keyring

pytestmark = pytest.mark.asyncio(loop_scope="module")

OPEN, INSIDE = "127.0.0.2", ("127.0.0.1", "127.0.0.3", "::1")
REFUSALS = {"ADDRESS_FORBIDDEN", "INVALID_CONFIGURATION", "LIVE_CHECK_FAILED", "INVALID_REQUEST"}
# A host that is none to a resolver is not reached either.
FAILURES = REFUSALS | {"INTEGRATION_UNAVAILABLE", "UPSTREAM_UNAVAILABLE", "NO_PROVIDER_AVAILABLE"}
ROUNDS = pick(20, 200)
AT_ONCE = 8


@dataclass
class Scene:
    """A watched server, the upstream that it may call, and listeners that it may not."""

    running: Stack
    up: Upstream
    inside: list[Sockets]
    notes: Path
    names: Path
    channel: grpc.aio.Channel

    @property
    def port(self) -> int:
        return self.inside[0].port

    def connects(self) -> Counter[str]:
        """To where sockets of the server connected, and how often."""
        return Counter(line.split()[0] for line in self.notes.read_text().splitlines())

    def forbidden(self) -> int:
        """Connections to anything but the allowed address, by either count."""
        elsewhere = sum(count for host, count in self.connects().items() if host != OPEN)
        return max(elsewhere, sum(sockets.accepted for sockets in self.inside))

    async def refused(self, calls: Iterable[Any], reasons: set[str]) -> Counter[str]:
        """How calls end, some of them at once; each must be refused."""
        ended: Counter[str] = Counter()
        slots = asyncio.Semaphore(AT_ONCE)

        async def one(call: Any) -> None:
            async with slots:
                try:
                    await call(metadata=self.running.metadata(), timeout=30)
                except grpc.aio.AioRpcError as error:
                    ended[reason_of(error)] += 1
                else:
                    ended["OK"] += 1

        await asyncio.gather(*map(one, calls))
        assert set(ended) <= reasons, ended
        return ended


async def _hang_up(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await read_head(reader)
    writer.close()


async def _answer(_: web.BaseRequest) -> web.StreamResponse:
    """Each call needs a connection of its own, and so a resolution."""
    return web.json_response({"data": []}, headers={"Connection": "close"})


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def scene(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Scene]:
    base = tmp_path_factory.mktemp("ssrf")
    notes, table = base / "connects", base / "names.json"
    notes.touch()
    table.write_text(json.dumps(names()))
    environment = {
        "PYTHONPATH": os.pathsep.join((str(Path(__file__).parent / "watched"), os.environ.get("PYTHONPATH", ""))),
        "WATCH_CONNECTS": str(notes),
        "WATCH_NAMES": str(table),
        "TRUNKLINE__SECURITY__ALLOWED_ADDRESSES": f"{OPEN}/32",
        "TRUNKLINE__SECURITY__EGRESS_ALLOW": "*.partner.example,192.0.78.0/24",
    }
    async with AsyncExitStack() as closing:
        up = await closing.enter_async_context(http_upstream(OPEN))
        up.answer = _answer
        port = int(up.url.rpartition(":")[2])
        hosts = [host for host in INSIDE if ":" not in host or Path("/proc/net/if_inet6").exists()]
        inside = [await closing.enter_async_context(socket_upstream(_hang_up, host, port)) for host in hosts]
        running = await closing.enter_async_context(stack(base, [], model="", environment=environment))
        channel = await closing.enter_async_context(grpc.aio.insecure_channel(running.target))
        yield Scene(running, up, inside, notes, table, channel)


def _everywhere(scene: Scene) -> list[str]:
    """Every address, and a name for each range."""
    return urls(scene.port) + [f"http://inward-{number}.test:{scene.port}" for number in range(len(ADDRESSES))]


def _of(url: str, name: str) -> tuple[Integration, Integration]:
    """An API and a provider of models at an address."""
    found = integration(url, tool())
    found.integration_id = f"api-{name}"
    found.configuration.authentication.scheme = AuthenticationScheme.AUTHENTICATION_SCHEME_BEARER
    return found, provider(f"llm-{name}", url, [f"model-{name}"])


def _server(url: str, number: int) -> Integration:
    """A server of the Model Context Protocol at an address."""
    found, _ = _of(url, f"mcp{number}")
    found.configuration.mcp.SetInParent()
    return found


def _create(scene: Scene, found: Integration, dry: bool = False) -> Any:
    found.configuration.authentication.secret = "sk-test-upstream-secret"
    request = CreateIntegrationRequest(
        integration_id=found.integration_id,
        type=found.type,
        configuration=found.configuration,
        validate_only=dry,
    )
    stub = integration_pb2_grpc.IntegrationServiceStub(scene.channel)
    return lambda **options: stub.CreateIntegration(request, **options)


async def test_what_is_allowed_is_reached_and_seen(scene: Scene) -> None:
    before = scene.connects()[OPEN]
    for found in _of(scene.up.url, "open"):
        await _create(scene, found)(metadata=scene.running.metadata(), timeout=30)
    execute = tool_pb2_grpc.ToolServiceStub(scene.channel).ExecuteTool
    request = ExecuteToolRequest(integration_id="api-open", tool_name="call")
    await execute(request, metadata=scene.running.metadata(), timeout=30)
    assert len(scene.up.seen) >= 3 and scene.connects()[OPEN] - before >= 3, "the counting works"
    assert scene.forbidden() == 0


async def test_nothing_inside_is_registered(scene: Scene) -> None:
    calls = [_create(scene, one) for n, url in enumerate(_everywhere(scene)) for one in _of(url, f"new{n}")]
    ended = await scene.refused(calls, REFUSALS)
    await scene.refused([_create(scene, _server(url, n)) for n, url in enumerate(_everywhere(scene))], FAILURES)
    report(26, f"registrations inside, {len(calls)} attempts: connections", scene.forbidden(), "0")
    assert scene.forbidden() == 0, scene.connects()
    assert ended["INVALID_CONFIGURATION"] > len(calls) / 2, "most are known by their shape, before any call"


async def test_nothing_is_changed_to_inside(scene: Scene) -> None:
    found, _ = _of(scene.up.url, "change")
    await _create(scene, found)(metadata=scene.running.metadata(), timeout=30)
    stub = integration_pb2_grpc.IntegrationServiceStub(scene.channel)
    mask = FieldMask(paths=["configuration.endpoint", "configuration.authentication"])

    def change(url: str) -> Any:
        wanted = Integration()
        wanted.CopyFrom(found)
        wanted.configuration.endpoint = url
        wanted.configuration.authentication.secret = "sk-test-upstream-secret"
        request = UpdateIntegrationRequest(integration=wanted, update_mask=mask)
        return lambda **options: stub.UpdateIntegration(request, **options)

    calls = [change(url) for url in _everywhere(scene)]
    await scene.refused(calls, REFUSALS)
    report(26, f"changes to inside, {len(calls)} attempts: connections", scene.forbidden(), "0")
    assert scene.forbidden() == 0, scene.connects()


async def test_what_was_stored_before_is_not_called(scene: Scene) -> None:
    everywhere = _everywhere(scene)
    async with postgres.open_database(scene.running.postgres_dsn) as database:
        keyring = Keyring.from_setting(scene.running.environment["TRUNKLINE__SECURITY__CREDENTIAL_KEYS"])
        store = postgres.PgIntegrations(database, keyring)
        for number, url in enumerate(everywhere):
            for one in _of(url, f"old{number}"):
                await store.create(scene.running.actor, one, "sk-test-upstream-secret")
    await asyncio.sleep(0.5)
    tools, models = tool_pb2_grpc.ToolServiceStub(scene.channel), llm(scene.channel)

    def execute(number: int) -> Any:
        request = ExecuteToolRequest(integration_id=f"api-old{number}", tool_name="call")
        return lambda **options: tools.ExecuteTool(request, **options)

    def complete(number: int) -> Any:
        request = ask(f"vllm/model-old{number}")
        return lambda **options: models.Complete(request, **options)

    numbers = range(len(everywhere))
    ended = await scene.refused([*map(execute, numbers), *map(complete, numbers)], FAILURES)
    report(26, f"calls of stored addresses inside, {ended.total()}: connections", scene.forbidden(), "0")
    assert scene.forbidden() == 0, scene.connects()
    assert ended["ADDRESS_FORBIDDEN"] > ended.total() / 2, ended


async def test_no_token_is_fetched_from_inside(scene: Scene) -> None:
    schemes = (
        AuthenticationScheme.AUTHENTICATION_SCHEME_OAUTH2_CLIENT_CREDENTIALS,
        AuthenticationScheme.AUTHENTICATION_SCHEME_OAUTH2_REFRESH_TOKEN,
        AuthenticationScheme.AUTHENTICATION_SCHEME_SERVICE_ACCOUNT,
    )
    calls = []
    for number, url in enumerate(_everywhere(scene)):
        found, _ = _of(scene.up.url, f"token{number}")
        oauth = OAuth2(token_url=f"{url}/token", client_id="client", scopes=["all"])
        for scheme in schemes:
            found.configuration.authentication.CopyFrom(Authentication(scheme=scheme, oauth2=oauth))
            # The live check fetches a token; nothing is stored.
            calls.append(_create(scene, found, dry=True))
    await scene.refused(calls, REFUSALS | {"OK"})
    report(26, "token endpoints inside: connections", scene.forbidden(), "0")
    assert scene.forbidden() == 0, scene.connects()


async def test_no_redirect_is_followed(scene: Scene) -> None:
    places = [f"http://127.0.0.1:{scene.port}/", f"//127.0.0.3:{scene.port}/", "http://169.254.169.254/latest/", "/in"]
    found, model = _of(scene.up.url, "redirect")
    for one in (found, model):
        await _create(scene, one)(metadata=scene.running.metadata(), timeout=30)
    tools, models = tool_pb2_grpc.ToolServiceStub(scene.channel), llm(scene.channel)
    request = ExecuteToolRequest(integration_id="api-redirect", tool_name="call")
    calls = [lambda **o: tools.ExecuteTool(request, **o), lambda **o: models.Complete(ask("vllm/model-redirect"), **o)]
    for status in (300, 301, 302, 303, 305, 307, 308):
        for place in places:
            scene.up.answers(status, headers={"Location": place, "Connection": "close"})
            before = len(scene.up.seen)
            await scene.refused(
                calls, {"UPSTREAM_REJECTED", "UPSTREAM_MALFORMED", "INTEGRATION_UNAVAILABLE"} | FAILURES
            )
            assert {seen.raw_path for seen in scene.up.seen[before:]} <= {"/", "/chat/completions"}
    scene.up.answer = _answer
    report(26, "redirects to inside, of every kind: connections", scene.forbidden(), "0")
    assert scene.forbidden() == 0, scene.connects()


async def test_a_name_that_changes_its_mind(scene: Scene) -> None:
    answers = {
        "flip.test": [[OPEN], ["127.0.0.1"]],
        "late.test": [[OPEN]] * 3 + [["169.254.169.254"]],
        "both.test": [["127.0.0.1", OPEN, "::1"], [OPEN, "127.0.0.3"]],
        "mapped.test": [[OPEN], ["::ffff:127.0.0.1"], ["64:ff9b::7f00:1"]],
    }
    scene.names.write_text(json.dumps(names() | answers))
    tools, answered, opened = tool_pb2_grpc.ToolServiceStub(scene.channel), Counter[str](), scene.connects()[OPEN]
    for number, name in enumerate(answers):
        found, _ = _of(f"http://{name}:{scene.port}", f"flip{number}")
        create = _create(scene, found)
        for _ in range(4):
            try:
                await create(metadata=scene.running.metadata(), timeout=30)
                break
            except grpc.aio.AioRpcError as error:
                assert reason_of(error) == "LIVE_CHECK_FAILED"
        request = ExecuteToolRequest(integration_id=f"api-flip{number}", tool_name="call")
        for _ in range(ROUNDS):
            try:
                await tools.ExecuteTool(request, metadata=scene.running.metadata(), timeout=30)
                answered[f"{name} answered"] += 1
            except grpc.aio.AioRpcError as error:
                answered[f"{name} {reason_of(error)}"] += 1
    assert answered["both.test answered"] == ROUNDS, "of several addresses the allowed one serves"
    for name in ("flip.test", "late.test", "mapped.test"):
        assert answered[f"{name} answered"] and answered[f"{name} ADDRESS_FORBIDDEN"], answered
    assert scene.connects()[OPEN] - opened >= sum(n for key, n in answered.items() if key.endswith("answered"))
    report(26, f"names that change between {4 * ROUNDS} calls: connections", scene.forbidden(), "0")
    assert scene.forbidden() == 0, scene.connects()


async def test_only_listed_public_addresses_may_be_registered(scene: Scene) -> None:
    """The list has networks, so what a name resolves to is for the socket to judge; addresses are judged at once."""
    connects = scene.connects()
    for number, host in enumerate(("8.8.8.8", "192.0.79.1", "[2606:4700::1111]", "1.1.1.1:443")):
        found, _ = _of(f"http://{host}", f"egress{number}")
        _, info, status = await refusal(_create(scene, found)(metadata=scene.running.metadata(), timeout=30))
        assert (info.reason, fields_of(status)) == ("INVALID_CONFIGURATION", {"configuration.endpoint"})
    assert scene.connects() == connects
