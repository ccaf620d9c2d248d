"""The commands for databases, storage, events and webhooks, against services that speak the contract over a socket."""

from __future__ import annotations

import asyncio
import hashlib
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import grpc
from e2e.commands import Done, trunkline
from google.protobuf.message import Message
from trunkline.v1 import event_pb2_grpc, integration_pb2_grpc, tool_pb2_grpc, webhook_pb2_grpc
from trunkline.v1.configuration_pb2 import IntegrationType
from trunkline.v1.database_pb2 import DatabaseTls, ResultColumn, RowBatch
from trunkline.v1.event_pb2 import Event, SubscribeRequest, SubscribeResponse, WebhookReceived
from trunkline.v1.integration_health_pb2 import IntegrationStatus
from trunkline.v1.integration_pb2 import CreateIntegrationRequest, CreateIntegrationResponse
from trunkline.v1.receiver_pb2 import WebhookScheme
from trunkline.v1.tool_pb2 import (
    ExecuteToolRequest,
    ExecuteToolResponse,
    StreamExecuteToolResponse,
    ToolProgress,
)
from trunkline.v1.webhook_pb2 import (
    CreateWebhookEndpointResponse,
    DeleteWebhookEndpointResponse,
    GetWebhookDeliveryResponse,
    GetWebhookEndpointResponse,
    ListWebhookDeliveriesResponse,
    ListWebhookEndpointsResponse,
    RedeliverWebhooksResponse,
    RotateWebhookSecretResponse,
    UpdateWebhookEndpointResponse,
    VerifyWebhookEndpointResponse,
    WebhookAttempt,
    WebhookDelivery,
    WebhookDeliveryStatus,
    WebhookEndpoint,
    WebhookEndpointStatus,
)

OBJECT = bytes(range(256)) * 4096  # 1 MiB
SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"


class Services(
    event_pb2_grpc.EventServiceServicer,
    integration_pb2_grpc.IntegrationServiceServicer,
    tool_pb2_grpc.ToolServiceServicer,
    webhook_pb2_grpc.WebhookServiceServicer,
):
    """Answers as the contract says, remembers what was asked, and cuts streams where it is told to."""

    def __init__(self) -> None:
        self.asked: list[Any] = []
        self.cuts = 0
        self.code = grpc.StatusCode.UNAVAILABLE
        self.stuck = False
        self.events = [
            Event(event_id=f"e-{n}", type="webhook.received", webhook_received=WebhookReceived(integration_id="in"))
            for n in range(6)
        ]
        self.stored = b""

    def asked_for(self, kind: type[Message]) -> list[Any]:
        return [one for one in self.asked if isinstance(one, kind)]

    async def cut(self, context: Any) -> None:
        if self.cuts > 0:
            self.cuts -= 1
            await context.abort(self.code, "cut")

    async def Subscribe(self, request: SubscribeRequest, context: Any) -> AsyncIterator[SubscribeResponse]:
        self.asked.append(request)
        if request.cursor == "gone":
            await context.abort(grpc.StatusCode.FAILED_PRECONDITION, "kept no longer")
        begin = int(request.cursor or 0)
        for number, event in enumerate(self.events[begin:], begin + 1):
            yield SubscribeResponse(event=event, cursor=str(number))
            yield SubscribeResponse(cursor=str(number))
            if number == 2:
                await self.cut(context)
            if number == 4:
                return  # ends well, and is to be opened anew
        await asyncio.sleep(60)

    async def CreateIntegration(self, request: CreateIntegrationRequest, context: Any) -> CreateIntegrationResponse:
        self.asked.append(request)
        answer = CreateIntegrationResponse(status=IntegrationStatus.INTEGRATION_STATUS_ACTIVE)
        answer.integration.configuration.CopyFrom(request.configuration)
        if request.configuration.HasField("webhook"):
            answer.integration.configuration.webhook.receive_path = "/webhooks/acme/in"
        return answer

    async def ExecuteTool(self, request: ExecuteToolRequest, context: Any) -> ExecuteToolResponse:
        self.asked.append(request)
        return ExecuteToolResponse(result_json=b'{"etag": "\\"v1\\""}')

    async def StreamExecuteTool(self, requests: Any, context: Any) -> AsyncIterator[StreamExecuteToolResponse]:
        start = (await anext(requests)).start
        self.asked.append(start)
        params = json.loads(start.parameters_json)
        tool: Callable[[Any, Any, Any], AsyncIterator[StreamExecuteToolResponse]] = getattr(self, start.tool_name)
        async for message in tool(params, requests, context):
            yield message

    async def query(self, params: Any, requests: Any, context: Any) -> AsyncIterator[StreamExecuteToolResponse]:
        assert [one.WhichOneof("message") async for one in requests] == []
        columns = [ResultColumn(name=name) for name in params.get("names", ["id", "name"])]
        yield StreamExecuteToolResponse(rows=RowBatch(columns=columns))
        yield StreamExecuteToolResponse(rows=RowBatch(rows_json='[[1,"Zoë"],[2,null]]'.encode(), row_count=2))
        yield StreamExecuteToolResponse(rows=RowBatch(rows_json=b'[[3,"c"]]', row_count=1))
        yield StreamExecuteToolResponse(finished=ExecuteToolResponse(result_json=b'{"row_count":3}'))

    async def get_object(self, params: Any, requests: Any, context: Any) -> AsyncIterator[StreamExecuteToolResponse]:
        assert params["if_match"] == '"v1"'
        begin = params.get("offset", 0)
        sent = OBJECT[begin : begin + params.get("length", len(OBJECT))]
        for at in range(0, len(sent), 100_000):
            if at == 300_000:
                await self.cut(context)
            yield StreamExecuteToolResponse(chunk=sent[at : at + 100_000])
        checksum = "0" * 64 if params["key"] == "broken" else hashlib.sha256(sent).hexdigest()
        told = json.dumps({"sha256": checksum}).encode()
        yield StreamExecuteToolResponse(finished=ExecuteToolResponse(result_json=told))

    async def put_object(self, params: Any, requests: Any, context: Any) -> AsyncIterator[StreamExecuteToolResponse]:
        assert params.get("resume_token", "") == ("tok" if self.stored else "")
        if self.stored:
            yield StreamExecuteToolResponse(progress=ToolProgress(bytes_stored=len(self.stored), resume_token="tok"))
        received, begin = self.stored, len(self.stored)
        async for message in requests:
            if message.HasField("finish"):
                # The checksum is of what this stream sent.
                assert received == OBJECT
                assert message.finish.sha256 == hashlib.sha256(OBJECT[begin:]).hexdigest()
                yield StreamExecuteToolResponse(finished=ExecuteToolResponse(result_json=b'{"size":1048576}'))
                return
            received += message.chunk
            if len(received) >= len(self.stored) + 300_000:
                kept = 1000 if self.stuck else len(received) - 1000  # the last bytes are lost with a cut
                self.stored = received[:kept]
                yield StreamExecuteToolResponse(
                    progress=ToolProgress(bytes_stored=len(self.stored), resume_token="tok")
                )
                if self.cuts:
                    await self.cut(context)
        raise AssertionError("the input did not finish")


def _answers(name: str, answer: Callable[[Any], Message]) -> Callable[..., Awaitable[Message]]:
    async def method(self: Services, request: Any, context: Any) -> Message:
        self.asked.append(request)
        return answer(request)

    method.__name__ = name
    return method


_ENDPOINT = WebhookEndpoint(endpoint_id="audit", url="https://a.example/h", types=["integration.*"])
_ACTIVE = WebhookEndpoint(endpoint_id="audit", status=WebhookEndpointStatus.WEBHOOK_ENDPOINT_STATUS_ACTIVE)
_DEAD = WebhookDelivery(
    event_id="e-1", type="cost.budget_alert", attempt_count=9, last_http_status=500, last_error="the endpoint failed"
)
_DEAD.status = WebhookDeliveryStatus.WEBHOOK_DELIVERY_STATUS_DEAD
for _name, _answer in {
    "ListWebhookEndpoints": lambda asked: ListWebhookEndpointsResponse(
        endpoints=[_ENDPOINT], next_page_token="" if asked.page_token else "more"
    ),
    "GetWebhookEndpoint": lambda _: GetWebhookEndpointResponse(endpoint=_ENDPOINT),
    "CreateWebhookEndpoint": lambda asked: CreateWebhookEndpointResponse(endpoint=asked.endpoint, secret=SECRET),
    "VerifyWebhookEndpoint": lambda _: VerifyWebhookEndpointResponse(endpoint=_ACTIVE),
    "RotateWebhookSecret": lambda _: RotateWebhookSecretResponse(secret=SECRET),
    "UpdateWebhookEndpoint": lambda asked: UpdateWebhookEndpointResponse(endpoint=asked.endpoint),
    "DeleteWebhookEndpoint": lambda _: DeleteWebhookEndpointResponse(),
    "ListWebhookDeliveries": lambda _: ListWebhookDeliveriesResponse(deliveries=[_DEAD]),
    "GetWebhookDelivery": lambda _: GetWebhookDeliveryResponse(
        delivery=_DEAD, attempts=[WebhookAttempt(http_status=500, error="the endpoint failed")]
    ),
    "RedeliverWebhooks": lambda _: RedeliverWebhooksResponse(deliveries=3),
}.items():
    setattr(Services, _name, _answers(_name, _answer))


@asynccontextmanager
async def served() -> AsyncIterator[tuple[Services, Callable[..., Awaitable[Done]]]]:
    """The services, and the command with their address."""
    services, server = Services(), grpc.aio.server()  # type: ignore[abstract]
    event_pb2_grpc.add_EventServiceServicer_to_server(services, server)
    integration_pb2_grpc.add_IntegrationServiceServicer_to_server(services, server)
    tool_pb2_grpc.add_ToolServiceServicer_to_server(services, server)
    webhook_pb2_grpc.add_WebhookServiceServicer_to_server(services, server)
    target = f"127.0.0.1:{server.add_insecure_port('127.0.0.1:0')}"
    await server.start()

    async def run(*arguments: str, cwd: Path = Path("/tmp"), **environment: str) -> Done:
        return await trunkline(cwd, *arguments, TRUNKLINE_TARGET=target, TRUNKLINE_KEY="k", **environment)

    try:
        yield services, run
    finally:
        await server.stop(None)


async def test_events_go_on_by_their_cursor() -> None:
    async with served() as (services, run):
        services.cuts = 1
        done = await run("events", "tail", "--types", "a.*,b.c", "--types", "d", "--from-cursor", "0", "--count", "6")
        assert done.code == 0, done.err
        lines = [json.loads(line) for line in done.out.splitlines()]
        assert [line["event"]["event_id"] for line in lines] == [f"e-{n}" for n in range(6)]
        assert [line["cursor"] for line in lines] == list("123456")
        assert [one.cursor for one in services.asked] == ["0", "2", "4"], "a cut, and an end"
        assert list(services.asked[-1].types) == ["a.*", "b.c", "d"]
        gone = await run("events", "tail", "--from-cursor", "gone")
        assert gone.code == 1 and gone.err.startswith("FAILED_PRECONDITION") and len(services.asked) == 4


async def test_rows_as_lines_and_as_a_table() -> None:
    async with served() as (_, run):
        query = ("tools", "run", "query", "--integration", "db")
        lines = await run(*query, "--stream")
        assert (
            lines.code == 0
            and lines.out == '{"id": 1, "name": "Zoë"}\n{"id": 2, "name": null}\n{"id": 3, "name": "c"}\n'
        )
        same = await run(*query, "--stream", "--params", '{"names": ["a", "a"]}')
        assert same.out.splitlines()[0] == '[1, "Zoë"]'
        table = await run(*query, "--table")
        assert table.out.splitlines() == ["id  name", " 1  Zoë", " 2", " 3  c"]


async def test_an_object_is_read_through_cuts_into_a_file(tmp_path: Path) -> None:
    async with served() as (services, run):
        services.cuts = 2
        read = ("tools", "run", "get_object", "--integration", "s3", "--output", str(tmp_path / "a.bin"))
        done = await run(*read, "--params", '{"key": "a"}')
        assert done.code == 0 and done.out == "", done.err
        assert (tmp_path / "a.bin").read_bytes() == OBJECT and [one.name for one in tmp_path.iterdir()] == ["a.bin"]
        offsets = [json.loads(one.parameters_json).get("offset", 0) for one in services.asked[1:]]
        assert offsets == [0, 300_000, 600_000] and services.asked[0].tool_name == "stat_object"
        services.cuts = 1
        done = await run(*read, "--params", '{"key": "a", "offset": 10, "length": 500000}')
        assert done.code == 0 and (tmp_path / "a.bin").read_bytes() == OBJECT[10:500_010], done.err
        broken = await run(*read[:-1], str(tmp_path / "b.bin"), "--params", '{"key": "broken"}')
        assert broken.code == 1 and "checksum" in broken.err and not (tmp_path / "b.bin").exists()


async def test_an_object_is_sent_through_cuts(tmp_path: Path) -> None:
    (tmp_path / "a.bin").write_bytes(OBJECT)
    async with served() as (services, run):
        services.cuts = 2
        put = ("tools", "run", "put_object", "--integration", "s3", "--params", '{"key": "a"}')
        done = await run(*put, "--input", str(tmp_path / "a.bin"))
        assert done.code == 0 and json.loads(done.out) == {"size": 1048576}, done.err
        assert len(services.asked) == 3 and "bytes stored" in done.err
        # What is not tried again tells how to go on.
        services.stored, services.cuts, services.stuck = b"", 99, True
        services.code = grpc.StatusCode.RESOURCE_EXHAUSTED
        again = await run(*put, "--input", str(tmp_path / "a.bin"))
        assert again.code == 1 and '"resume_token": "tok"' in again.err


async def test_integrations_of_every_kind(tmp_path: Path) -> None:
    (tmp_path / "queries.json").write_text('[{"name": "top", "sql": "SELECT 1", "parameters": [{"name": "a"}]}]')
    (tmp_path / "whole.json").write_text('{"timeout": "3s", "storage": {"connector": "s3", "bucket": "b"}}')
    (tmp_path / "ca.pem").write_text("PEM")
    async with served() as (services, run):

        async def made(*options: str, **environment: str) -> CreateIntegrationRequest:
            services.asked.clear()
            done = await run("integrations", "create", "x", *options, cwd=tmp_path, **environment)
            assert done.code == 0, done.err
            request: CreateIntegrationRequest = services.asked[0]
            return request

        database = await made(
            *("--database", "postgresql", "--endpoint", "postgresql://db/shop", "--role", "reader", "--max-rows", "9"),
            *("--schema", "a", "--schema", "b", "--queries", "queries.json", "--database-tls", "none"),
            *("--database-ca", "ca.pem", "--secret-env", "LOGIN"),
            LOGIN="user:word",
        )
        settings = database.configuration.database
        assert database.type == IntegrationType.INTEGRATION_TYPE_DATABASE
        assert (settings.connector, settings.role, settings.max_rows, list(settings.schemas)) == (
            "postgresql",
            "reader",
            9,
            ["a", "b"],
        )
        assert settings.named_queries[0].parameters[0].name == "a" and settings.tls == DatabaseTls.DATABASE_TLS_NONE
        assert settings.tls_ca_pem == "PEM" and database.configuration.authentication.secret == "user:word"
        storage = await made("--storage", "s3", "--bucket", "b", "--path-style", "--allow-writes", "--region", "eu")
        bucket = storage.configuration.storage
        assert storage.type == IntegrationType.INTEGRATION_TYPE_STORAGE and bucket.region == "eu"
        assert bucket.path_style and bucket.allow_writes and not bucket.allow_deletes
        whole = (await made("--configuration", "whole.json", "--allow-deletes")).configuration
        assert whole.timeout.seconds == 3 and whole.storage.bucket == "b" and whole.storage.allow_deletes

        await others(made)
        for options, why in (
            (("--database", "mysql", "--bucket", "b"), "--bucket is not for"),
            (("--database", "mysql", "--storage", "s3"), "one kind"),
            (("--type", "api", "--storage", "s3"), "type storage"),
            (("--configuration", "queries.json"), "--configuration"),
            (("--database", "mysql", "--queries", "whole.json"), "--queries"),
        ):
            done = await run("integrations", "create", "x", *options, cwd=tmp_path)
            assert done.code == 1 and why in done.err, done


async def others(made: Callable[..., Awaitable[CreateIntegrationRequest]]) -> None:
    """Kinds that need few options."""
    webhook = await made("--webhook", "github", "--webhook-type", "push", "--secret-reference", "vault:a#b")
    assert webhook.configuration.webhook.scheme == WebhookScheme.WEBHOOK_SCHEME_GITHUB
    assert webhook.configuration.authentication.secret_reference == "vault:a#b"
    assert (await made("--template", "github")).configuration.api.template == "github"
    assert (await made("--type", "api", "--endpoint", "https://a")).configuration.HasField("api")
    assert (await made("--mcp", "--endpoint", "https://a")).type == IntegrationType.INTEGRATION_TYPE_API
    llm = (await made("--provider", "vllm", "--option", "a=b", "--model", "m")).configuration.llm_provider
    assert (llm.provider, dict(llm.options), list(llm.models)) == ("vllm", {"a": "b"}, ["m"])


async def test_webhook_endpoints() -> None:
    async with served() as (services, run):
        told = await run("webhooks", "create", "audit", "https://a.example/h", "--type", "integration.*", "--ordered")
        assert told.out == f"{SECRET}\n" and services.asked[0].endpoint.ordered, told
        listed = await run("webhooks", "list")
        assert listed.out.count("https://a.example/h") == 2 and "integration.*" in listed.out
        assert json.loads((await run("webhooks", "get", "audit")).out)["endpoint_id"] == "audit"
        assert (await run("webhooks", "verify", "audit")).out == "audit is active\n"
        assert (await run("webhooks", "pause", "audit")).out == "audit is paused\n"
        assert (await run("webhooks", "resume", "audit")).out == "audit is active\n"
        assert list(services.asked[-1].update_mask.paths) == ["status"]
        assert (await run("webhooks", "rotate", "audit", "--hours", "0.5")).out == f"{SECRET}\n"
        assert services.asked[-1].overlap.seconds == 1800
        dead = await run("webhooks", "deliveries", "audit", "--status", "dead", "--limit", "5")
        assert "cost.budget_alert" in dead.out and "500 the endpoint failed" in dead.out
        assert services.asked[-1].status == WebhookDeliveryStatus.WEBHOOK_DELIVERY_STATUS_DEAD
        one = await run("webhooks", "delivery", "audit", "e-1")
        assert json.loads(one.out)["delivery"]["event_id"] == "e-1" and "the endpoint failed" in one.err
        assert (await run("webhooks", "redeliver", "audit", "e-1")).out == "3 due now\n"
        await run("webhooks", "redeliver", "audit", "--dead-since", "2026-11-01")
        assert services.asked[-1].dead_since.seconds == 1793491200
        assert (await run("webhooks", "redeliver", "audit")).code == 1
        assert (await run("webhooks", "delete", "audit")).code == 0
