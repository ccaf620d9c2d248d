"""Webhooks of other systems come in over real HTTP, and become events: each once, none that is not signed right."""

from __future__ import annotations

import asyncio
import base64
import gzip
import hashlib
import hmac
import json
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import aiohttp
import grpc
import pytest
import pytest_asyncio
from e2e.calls import fields_of, refusal
from e2e.registry_parts import Registry, registry
from standardwebhooks import Webhook
from trunkline.v1.access_pb2 import Tenant
from trunkline.v1.authentication_pb2 import Authentication
from trunkline.v1.configuration_pb2 import Configuration, IntegrationType
from trunkline.v1.connector_pb2 import ListConnectorsRequest
from trunkline.v1.event_pb2 import Event
from trunkline.v1.integration_health_pb2 import IntegrationStatus
from trunkline.v1.integration_pb2 import (
    CheckIntegrationRequest,
    CreateIntegrationRequest,
    DeleteIntegrationRequest,
    GetIntegrationRequest,
    Integration,
    ListIntegrationsRequest,
    ListIntegrationVersionsRequest,
    RotateCredentialRequest,
    UpdateIntegrationRequest,
)
from trunkline.v1.receiver_pb2 import WebhookConfiguration, WebhookScheme
from trunkline_server.domain.ports import Actor
from trunkline_server.embedded.process import free_port
from trunkline_server.stores import postgres

SECRET = "whsec_" + base64.b64encode(b"a secret of thirty-two bytes ...").decode()
NEW = "whsec_" + base64.b64encode(b"the secret that comes after this").decode()
TRACE = "0af7651916cd43dd8448eb211c80319c"
BODY = b'{"type":"user.created","data":{"id":7}}'


def signed(name: str, body: bytes = BODY, secret: str = SECRET, late: float = 0.0) -> dict[str, str]:
    """The headers of a sender that follows Standard Webhooks, by the reference library."""
    at = int(time.time() - late)
    made = Webhook(secret).sign(name, datetime.fromtimestamp(at, UTC), body.decode())
    return {"webhook-id": name, "webhook-timestamp": str(at), "webhook-signature": made}


def digest(secret: str, signed_text: bytes) -> str:
    return hmac.new(secret.encode(), signed_text, hashlib.sha256).hexdigest()


@dataclass
class Scene:
    """A server, and an HTTP client of it."""

    server: Registry
    http: aiohttp.ClientSession

    async def create(self, name: str, scheme: str = "STANDARD", secret: str = SECRET, **webhook: Any) -> Any:
        configuration = WebhookConfiguration(scheme=WebhookScheme.Value(f"WEBHOOK_SCHEME_{scheme}"), **webhook)
        request = CreateIntegrationRequest(
            integration_id=name,
            type=IntegrationType.INTEGRATION_TYPE_WEBHOOK,
            configuration=Configuration(webhook=configuration, authentication=Authentication(secret=secret)),
        )
        return (await self.server.call(self.server.integrations.CreateIntegration, request)).integration

    async def post(self, path: str, headers: dict[str, str], body: Any = BODY) -> tuple[int, str, dict[str, str]]:
        async with self.http.post(path, data=body, headers=headers) as answer:
            kept = {name.lower(): value for name, value in answer.headers.items()}
            return answer.status, await answer.text(), kept

    async def status(self, path: str, headers: dict[str, str], body: Any = BODY) -> int:
        return (await self.post(path, headers, body))[0]

    async def events(self, name: str) -> Sequence[Event]:
        rows = await self.server.rows(
            "SELECT payload FROM trunkline.outbox WHERE type = 'webhook.received' ORDER BY cursor"
        )
        found = [Event.FromString(row["payload"]) for row in rows]
        return [one for one in found if one.webhook_received.integration_id == name]

    async def update(self, name: str, paths: Sequence[str], **fields: Any) -> Any:
        request = UpdateIntegrationRequest(integration=Integration(integration_id=name, **fields))
        request.update_mask.paths.extend(paths)
        return (await self.server.call(self.server.integrations.UpdateIntegration, request)).integration

    async def metric(self, outcome: str) -> float:
        async with aiohttp.ClientSession() as http, http.get(f"http://{self.server.running.admin}/metrics") as answer:
            wanted = f'trunkline_webhooks_received_total{{outcome="{outcome}"}}'
            lines = [line for line in (await answer.text()).splitlines() if line.startswith(wanted)]
        return float(lines[0].rpartition(" ")[2]) if lines else 0.0


@asynccontextmanager
async def opened(base: Path, workers: int = 1, **environment: str) -> AsyncIterator[Scene]:
    async with registry(base, environment, workers) as server:
        address = environment.get("TRUNKLINE__SERVER__RECEIVE", server.running.admin)
        async with aiohttp.ClientSession(f"http://{address}") as http:
            yield Scene(server, http)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def scene(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Scene]:
    async with opened(tmp_path_factory.mktemp("receivers")) as made:
        yield made


pytestmark = pytest.mark.asyncio(loop_scope="module")


async def test_a_webhook_becomes_one_event(scene: Scene) -> None:
    made = await scene.create("users", receive_path="/elsewhere")
    path = made.configuration.webhook.receive_path
    assert path == "/webhooks/acme/users" and made.configuration.authentication.secret_set
    headers = signed("msg_1") | {"content-type": "application/json", "traceparent": f"00-{TRACE}-00f067aa0ba902b7-01"}
    status, text, kept = await scene.post(path, headers)
    assert (status, text, kept["x-trace-id"]) == (200, "", TRACE)
    # Again, as it was and signed anew; and many at a time.
    for again in (headers, signed("msg_1", late=20)):
        assert await scene.status(path, again) == 200
    assert set(await asyncio.gather(*(scene.status(path, signed("msg_1")) for _ in range(30)))) == {200}
    (event,) = await scene.events("users")
    told = event.webhook_received
    assert (event.type, event.tenant_id, event.trace_id) == ("webhook.received", "acme", TRACE)
    assert (told.source_event_id, told.source_type, told.body) == ("msg_1", "user.created", BODY)
    assert told.content_type == "application/json" and told.HasField("timestamp")
    names = [f"many-{number}" for number in range(60)]
    assert set(await asyncio.gather(*(scene.status(path, signed(name)) for name in names))) == {200}
    assert {one.webhook_received.source_event_id for one in await scene.events("users")} == {"msg_1", *names}


async def test_what_is_not_signed_right_is_refused_without_a_word(scene: Scene) -> None:
    await scene.create("strict", max_bytes=1000)
    path, right = "/webhooks/acme/strict", signed("msg_1")
    before = await scene.metric("refused")
    wrong: list[tuple[dict[str, str], bytes]] = [
        ({}, BODY),
        (right, BODY + b" "),
        (signed("msg_1", secret=NEW), BODY),
        (signed("msg_1", late=400), BODY),
        (signed("msg_1", late=-400), BODY),
        (right | {"webhook-id": "msg_2"}, BODY),
        (right | {"webhook-signature": "v1,\xff"}, BODY),
        ({"x-hub-signature-256": f"sha256={digest(SECRET, BODY)}"}, BODY),
    ]
    answers = [await scene.post(path, headers, body) for headers, body in wrong]
    assert {(status, text) for status, text, _ in answers} == {(401, "401: Unauthorized")}
    assert await scene.metric("refused") == before + len(wrong) and not await scene.events("strict")
    # Signed as it was sent: what a proxy or a client compressed is checked as bytes.
    packed = gzip.compress(BODY)
    made = hmac.new(base64.b64decode(SECRET[6:]), b"z.%d." % int(time.time()) + packed, hashlib.sha256).digest()
    headers = {"webhook-id": "z", "webhook-timestamp": str(int(time.time())), "content-encoding": "gzip"}
    headers["webhook-signature"] = f"v1,{base64.b64encode(made).decode()}"
    assert await scene.status(path, headers, packed) in (200, 401), "401 only where the second has turned meanwhile"
    assert all(one.webhook_received.body == packed for one in await scene.events("strict"))


async def test_the_size_of_a_body(scene: Scene) -> None:
    await scene.create("small", max_bytes=64)

    async def pieces(size: int) -> AsyncIterator[bytes]:
        for _ in range(size // 16):
            yield b"x" * 16

    path = "/webhooks/acme/small"
    fits = b"x" * 64
    assert await scene.status(path, signed("m", fits), fits) == 200
    assert await scene.status(path, signed("m2", fits), pieces(64)) == 200
    too_large = b"x" * 65
    status, text, _ = await scene.post(path, signed("m", too_large), too_large)
    assert (status, text) == (413, "413: Request Entity Too Large")
    assert await scene.status(path, signed("m"), pieces(1 << 20)) == 413
    assert len(await scene.events("small")) == 2


async def test_other_methods_and_slow_senders(scene: Scene) -> None:
    await scene.create("slow")
    for method in ("GET", "PUT", "DELETE"):
        async with scene.http.request(method, "/webhooks/acme/slow") as answer:
            assert answer.status == 405
    host, _, port = scene.server.running.admin.rpartition(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    writer.write(b"POST /webhooks/acme/slow HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\nbeginning")
    async with asyncio.timeout(60):
        assert (await reader.readline()).startswith(b"HTTP/1.1 408")
    writer.close()
    assert not await scene.events("slow")


async def test_the_schemes_of_others(scene: Scene) -> None:
    secret = "whsec_0123456789abcdefghij"
    await scene.create("stripe", "STRIPE", secret)
    body, at = b'{"id": "evt_1", "type": "invoice.paid"}', int(time.time())
    header = f"t={at},v1={digest(secret, b'%d.' % at + body)},v0=0"
    assert await scene.status("/webhooks/acme/stripe", {"Stripe-Signature": header}, body) == 200
    await scene.create("github", "GITHUB", "It's a Secret to Everybody")
    body = b"Hello, World!"
    headers = {"X-Hub-Signature-256": "sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17"}
    headers |= {"X-GitHub-Event": "ping", "X-GitHub-Delivery": "72d3162e-cc78-11e3-81ab-4c9367dc0958"}
    assert await scene.status("/webhooks/acme/github", headers, body) == 200
    await scene.create("slack", "SLACK", "8f742231b10e8888abcd99yyyzzz85a5")
    body = json.dumps({"type": "url_verification", "challenge": "3eZbrw1aBm2rZgRNFdxV"}).encode()
    signature = "v0=" + digest("8f742231b10e8888abcd99yyyzzz85a5", b"v0:%d:" % at + body)
    headers = {"X-Slack-Signature": signature, "X-Slack-Request-Timestamp": str(at)}
    assert (await scene.post("/webhooks/acme/slack", headers, body))[:2] == (200, "3eZbrw1aBm2rZgRNFdxV")
    assert (await scene.post("/webhooks/acme/slack", headers | {"X-Slack-Signature": "v0=0"}, body))[0] == 401
    assert not await scene.events("slack"), "a challenge is no event"
    for name, found in {"stripe": ("evt_1", "invoice.paid"), "github": ("72d3162e", "ping")}.items():
        (event,) = await scene.events(name)
        told = event.webhook_received
        assert told.source_event_id.startswith(found[0]) and told.source_type == found[1], told


async def test_types_that_are_not_wanted_are_left(scene: Scene) -> None:
    await scene.create("few", types=["invoice.*"])
    assert await scene.status("/webhooks/acme/few", signed("m")) == 200
    paid = b'{"type": "invoice.paid"}'
    assert await scene.status("/webhooks/acme/few", signed("m2", paid), paid) == 200
    assert [one.webhook_received.source_type for one in await scene.events("few")] == ["invoice.paid"]


async def test_a_secret_is_rotated_without_a_gap(scene: Scene) -> None:
    await scene.create("rotated")
    path = "/webhooks/acme/rotated"
    rotate = scene.server.integrations.RotateCredential

    async def serve() -> tuple[int, int]:
        return await scene.status(path, signed("old")), await scene.status(path, signed("new", secret=NEW))

    assert await serve() == (200, 401)
    await scene.server.call(rotate, RotateCredentialRequest(integration_id="rotated", secret=f"{NEW}\n{SECRET}"))
    assert await serve() == (200, 200)
    check = await scene.server.call(
        scene.server.integrations.CheckIntegration, CheckIntegrationRequest(integration_id="rotated")
    )
    assert check.check.healthy and "2 secrets" in check.check.detail
    await scene.server.call(rotate, RotateCredentialRequest(integration_id="rotated", secret=NEW))
    assert await serve() == (401, 200)
    code, info, status = await refusal(
        scene.server.call(rotate, RotateCredentialRequest(integration_id="rotated", secret="not a secret"))
    )
    assert code == grpc.StatusCode.INVALID_ARGUMENT and "not a secret" not in str(status)


async def test_whatever_does_not_receive_is_404_alike(scene: Scene) -> None:
    await scene.create("off")
    await scene.create("gone")
    assert await scene.status("/webhooks/acme/off", signed("m")) == 200
    await scene.update("off", ["status"], status=IntegrationStatus.INTEGRATION_STATUS_DISABLED)
    await scene.server.call(
        scene.server.integrations.DeleteIntegration, DeleteIntegrationRequest(integration_id="gone")
    )
    async with postgres.open_database(scene.server.running.postgres_dsn) as database:
        await postgres.PgTenants(database).create(Actor("other", "setup"), Tenant(tenant_id="other"))
    paths = ["acme/off", "acme/gone", "acme/never", "other/off", "nobody/off", "Acme/off", "acme/" + "x" * 200]
    paths += ["acme/off%2f..", "%00/x", "acme/é"]
    answers = [await scene.post(f"/webhooks/{path}", signed("m")) for path in paths]
    assert {(status, text) for status, text, _ in answers} == {(404, "404: Not Found")}
    assert len({tuple(sorted(kept.keys())) for _, _, kept in answers}) == 1
    await scene.update("off", ["status"], status=IntegrationStatus.INTEGRATION_STATUS_ACTIVE)
    assert await scene.status("/webhooks/acme/off", signed("m2")) == 200


async def test_a_flood_of_unknown_ids_costs_few_statements(scene: Scene) -> None:
    await scene.create("calm")
    assert await scene.status("/webhooks/acme/calm", signed("before")) == 200
    count = "SELECT xact_commit FROM pg_stat_database WHERE datname = current_database()"
    before, began = (await scene.server.rows(count))[0][0], time.monotonic()

    async def strange(number: int) -> int:
        return await scene.status(f"/webhooks/tenant-{number}/calm", signed("m"))

    assert set(await asyncio.gather(*(strange(number) for number in range(2000)))) == {404}
    assert await scene.status("/webhooks/acme/calm", signed("after")) == 200
    seconds = time.monotonic() - began
    await asyncio.sleep(1.5)  # Postgres tells its counts once a second.
    cost = (await scene.server.rows(count))[0][0] - before
    # 20 lookups a second at most; the server does other things too.
    assert cost < 1000 and cost < 200 + 40 * (seconds + 2), f"{cost} transactions in {seconds:.1f} s"


async def test_an_integration_as_all_others(scene: Scene) -> None:
    made = await scene.create("listed")
    stub, call = scene.server.integrations, scene.server.call
    found = (await call(stub.GetIntegration, GetIntegrationRequest(integration_id="listed"))).integration
    assert found.configuration.webhook.receive_path == "/webhooks/acme/listed" and found.etag == made.etag
    kind = IntegrationType.INTEGRATION_TYPE_WEBHOOK
    listed = (await call(stub.ListIntegrations, ListIntegrationsRequest(type=kind))).integrations
    assert all(one.configuration.webhook.receive_path for one in listed) and len(listed) > 3
    names = [one.name for one in (await call(stub.ListConnectors, ListConnectorsRequest(type=kind))).connectors]
    assert names == ["webhook_github", "webhook_slack", "webhook_standard", "webhook_stripe"]
    # A configuration as it was read may be sent back: the path is told, never stored.
    changed = await scene.update("listed", ["configuration"], configuration=found.configuration)
    assert changed.configuration.authentication.secret_set
    versions = await call(stub.ListIntegrationVersions, ListIntegrationVersionsRequest(integration_id="listed"))
    assert len(versions.versions) == 1 and not versions.versions[0].integration.configuration.webhook.receive_path


async def test_configurations_that_cannot_be(scene: Scene) -> None:
    code, info, status = await refusal(scene.create("bad", "UNSPECIFIED"))
    assert code == grpc.StatusCode.INVALID_ARGUMENT and fields_of(status) == {"configuration.webhook.scheme"}
    code, info, status = await refusal(scene.create("bad", "STANDARD", "hunter2"))
    assert info.reason == "INVALID_CONFIGURATION" and "hunter2" not in str(status)
    code, info, _ = await refusal(scene.create("bad", "GITHUB", ""))
    assert info.reason == "LIVE_CHECK_FAILED", "a secret is required"


async def test_logs_tell_what_came_and_never_its_body(scene: Scene) -> None:
    await scene.create("logged")
    assert (
        await scene.status(
            "/webhooks/acme/logged", signed("m", b'{"a":"needle-in-a-body"}'), b'{"a":"needle-in-a-body"}'
        )
        == 200
    )
    async with asyncio.timeout(20):
        while not (lines := [line for line in scene.server.running.logs().splitlines() if '"logged"' in line]):
            await asyncio.sleep(0.1)
    line = json.loads(lines[-1])
    assert (line["event"], line["status"], line["outcome"], line["tenant_id"]) == ("webhook", 200, "recorded", "acme")
    assert "needle" not in scene.server.running.logs() and SECRET not in scene.server.running.logs()


async def test_without_postgres_nothing_is_acknowledged(tmp_path: Path) -> None:
    async with opened(tmp_path) as own:
        await own.create("in")
        path, running = "/webhooks/acme/in", own.server.running
        assert running.postgres is not None
        assert await own.status(path, signed("before")) == 200
        await running.postgres.stop()
        status, _, kept = await own.post(path, signed("during"))
        assert status == 503 and int(kept["retry-after"]) >= 1
        assert await own.status(path, signed("forged", secret=NEW)) == 401
        assert await own.status("/webhooks/acme/unknown", signed("m")) == 503, "nobody knows whether it exists"
        await running.postgres.start()
        async with asyncio.timeout(60):
            while await own.status(path, signed("during")) != 200:
                await asyncio.sleep(0.2)
        assert [one.webhook_received.source_event_id for one in await own.events("in")] == ["before", "during"]


async def test_an_address_of_its_own(tmp_path: Path) -> None:
    address = f"127.0.0.1:{free_port()}"
    async with opened(tmp_path, 2, TRUNKLINE__SERVER__RECEIVE=address) as own:
        await own.create("in")
        async with asyncio.timeout(20):  # the other worker hears of it within a second
            while await own.status("/webhooks/acme/in", signed("m")) != 200:
                await asyncio.sleep(0.1)
        for path in ("/metrics", "/health", "/ready"):
            async with own.http.get(path) as answer:
                assert answer.status == 404
        async with aiohttp.ClientSession(f"http://{own.server.running.admin}") as http:
            async with http.post("/webhooks/acme/in", data=BODY, headers=signed("m2")) as answer:
                assert answer.status == 404
            async with http.get("/health") as answer:
                assert answer.status == 200
        assert len(await own.events("in")) == 1
