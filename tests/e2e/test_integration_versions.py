"""Versions, rollback and bad input, through a real server: nothing is stored that is not sound."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import grpc
import pytest
import pytest_asyncio
from e2e.calls import fields_of, refusal
from e2e.commands import trunkline
from e2e.registry_parts import SECRET, Guarded, Registry, guarded, orders, registry
from google.protobuf.field_mask_pb2 import FieldMask
from trunkline.v1.configuration_pb2 import IntegrationType
from trunkline.v1.connector_pb2 import ListConnectorsRequest
from trunkline.v1.integration_pb2 import (
    CreateIntegrationRequest,
    DeleteIntegrationRequest,
    GetIntegrationRequest,
    Integration,
    ListIntegrationVersionsRequest,
    RollbackIntegrationRequest,
    RotateCredentialRequest,
    UpdateIntegrationRequest,
)

TABLES = ("integrations", "credentials", "integration_versions", "integration_health_checks")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def server(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Registry]:
    async with registry(tmp_path_factory.mktemp("registry")) as running:
        yield running


@pytest_asyncio.fixture(loop_scope="module")
async def upstream() -> AsyncIterator[Guarded]:
    async with guarded() as running:
        yield running


async def stored(server: Registry) -> dict[str, int]:
    counts = {table: await server.rows(f"SELECT count(*) FROM trunkline.{table}") for table in TABLES}
    return {table: rows[0][0] for table, rows in counts.items()}


def change(name: str, *paths: str, etag: str = "", **values: object) -> UpdateIntegrationRequest:
    integration = Integration(integration_id=name, etag=etag, **values)  # type: ignore[arg-type]
    return UpdateIntegrationRequest(integration=integration, update_mask=FieldMask(paths=paths))


@pytest.mark.asyncio(loop_scope="module")
async def test_back_to_an_earlier_version(server: Registry, upstream: Guarded) -> None:
    stub = server.integrations
    made = (await server.call(stub.CreateIntegration, orders(upstream.url, "back"))).integration
    assert made.version == 1
    configuration = made.configuration
    configuration.api.check_path = "/health"
    request = change("back", "display_name", "configuration", display_name="New", configuration=configuration)
    changed = (await server.call(stub.UpdateIntegration, request)).integration
    assert (changed.version, changed.display_name) == (2, "New")
    dry = RollbackIntegrationRequest(integration_id="back", version=1, validate_only=True)
    told = (await server.call(stub.RollbackIntegration, dry)).integration
    assert (told.version, told.display_name, told.etag) == (3, "Orders", changed.etag)
    code, info, _ = await refusal(
        server.call(
            stub.RollbackIntegration, RollbackIntegrationRequest(integration_id="back", version=1, etag="stale")
        )
    )
    assert (code, info.reason) == (grpc.StatusCode.ABORTED, "ETAG_MISMATCH")
    upstream.status = 503
    code, info, _ = await refusal(
        server.call(stub.RollbackIntegration, RollbackIntegrationRequest(integration_id="back", version=1))
    )
    assert (code, info.reason) == (grpc.StatusCode.FAILED_PRECONDITION, "LIVE_CHECK_FAILED")
    upstream.status = 200
    current = (await server.call(stub.GetIntegration, GetIntegrationRequest(integration_id="back"))).integration
    assert (current.version, current.etag) == (2, changed.etag), "none of these did anything"
    rolled = (
        await server.call(
            stub.RollbackIntegration,
            RollbackIntegrationRequest(integration_id="back", version=1, etag=current.etag),
        )
    ).integration
    assert (rolled.version, rolled.display_name, rolled.configuration.api.check_path) == (3, "Orders", "")
    assert (await server.run("back")).result_json == b'{"ok": true}'
    listed = await server.call(stub.ListIntegrationVersions, ListIntegrationVersionsRequest(integration_id="back"))
    assert [(one.version, one.action, list(one.changed_paths)) for one in listed.versions] == [
        (3, "rollback", ["display_name", "configuration.api"]),
        (2, "update", ["display_name", "configuration.api"]),
        (1, "create", []),
    ]
    assert SECRET not in str(listed) and "0001" not in str(listed)
    await server.call(stub.DeleteIntegration, DeleteIntegrationRequest(integration_id="back"))
    kept = await server.call(stub.ListIntegrationVersions, ListIntegrationVersionsRequest(integration_id="back"))
    assert [one.version for one in kept.versions] == [3, 2, 1]


@pytest.mark.asyncio(loop_scope="module")
async def test_a_rollback_elsewhere_needs_its_secret(server: Registry, upstream: Guarded) -> None:
    stub = server.integrations
    async with guarded() as other:
        await server.call(stub.CreateIntegration, orders(upstream.url, "moved"))
        configuration = orders(other.url, secret="other-secret-0002").configuration
        other.secrets = {"other-secret-0002"}
        await server.call(stub.UpdateIntegration, change("moved", "configuration", configuration=configuration))
        before = upstream.calls
        request = RollbackIntegrationRequest(integration_id="moved", version=1)
        code, info, status = await refusal(server.call(stub.RollbackIntegration, request))
        assert (code, info.reason) == (grpc.StatusCode.INVALID_ARGUMENT, "INVALID_CONFIGURATION")
        assert fields_of(status) == {"secret"} and upstream.calls == before
        request.secret = SECRET
        assert (await server.call(stub.RollbackIntegration, request)).integration.version == 3
        await server.run("moved")
        assert set(upstream.sent) == {SECRET} and set(other.sent) == {"other-secret-0002"}


@pytest.mark.asyncio(loop_scope="module")
async def test_bad_input_is_told_by_its_path_and_nothing_is_stored(server: Registry, upstream: Guarded) -> None:
    stub, before, calls = server.integrations, await stored(server), upstream.calls
    cases: list[tuple[CreateIntegrationRequest, str, set[str]]] = []

    def case(reason: str, *fields: str) -> CreateIntegrationRequest:
        request = orders(upstream.url, "bad")
        cases.append((request, reason, set(fields)))
        return request

    case("INVALID_CONFIGURATION", "configuration.api.template").configuration.api.template = "nothing"
    tool = case("INVALID_CONFIGURATION", "configuration.api.tools[0].parameters_schema_json").configuration.api.tools[0]
    tool.parameters_schema_json = b'{"type": "object", "properties": {"n": {"type": "strange"}}}'
    case("INVALID_CONFIGURATION", "configuration.api.tools[0].path").configuration.api.tools[0].path = "orders"
    model = case("INVALID_CONFIGURATION", "configuration.llm_provider.provider")
    model.type = IntegrationType.INTEGRATION_TYPE_LLM_PROVIDER
    model.configuration.llm_provider.provider = "nobody"
    option = case("INVALID_CONFIGURATION", "configuration.llm_provider.options[nothing]")
    option.type = IntegrationType.INTEGRATION_TYPE_LLM_PROVIDER
    option.configuration.llm_provider.provider = "openai"
    option.configuration.llm_provider.options["nothing"] = "x"
    refers = case("INVALID_CONFIGURATION", "configuration.authentication.secret_reference")
    refers.configuration.authentication.ClearField("secret")
    refers.configuration.authentication.secret_reference = "env:NOT_FOR_TENANTS"
    both = case("INVALID_REQUEST", "configuration.authentication.secret_reference")
    both.configuration.authentication.secret_reference = "env:NOT_FOR_TENANTS"
    case("INVALID_REQUEST", "integration_id").integration_id = "Bad Id"
    for request, reason, fields in cases:
        code, info, status = await refusal(server.call(stub.CreateIntegration, request))
        assert (code, info.reason, fields_of(status)) == (grpc.StatusCode.INVALID_ARGUMENT, reason, fields)
        assert SECRET not in str(status)
    code, info, _ = await refusal(server.call(stub.CreateIntegration, orders(upstream.url, "bad", secret="wrong")))
    assert (code, info.reason) == (grpc.StatusCode.FAILED_PRECONDITION, "LIVE_CHECK_FAILED")
    for inside in ("http://10.0.0.1:8080", "http://169.254.169.254/latest", "http://[fd00:ec2::254]"):
        request = orders(inside, "bad")
        code, info, status = await refusal(server.call(stub.CreateIntegration, request))
        # An address is known to be inside by its looks, a name only when it is called.
        told = (code, info.reason, fields_of(status))
        assert told in (
            (grpc.StatusCode.INVALID_ARGUMENT, "INVALID_CONFIGURATION", {"configuration.endpoint"}),
            (grpc.StatusCode.FAILED_PRECONDITION, "LIVE_CHECK_FAILED", set()),
        )
        assert "not allow" in status.message
    assert await stored(server) == before and upstream.calls == calls + 1, "only the last was called, and refused"


@pytest.mark.asyncio(loop_scope="module")
async def test_a_taken_id_is_refused_before_anything_is_called(server: Registry, upstream: Guarded) -> None:
    stub = server.integrations
    await server.call(stub.CreateIntegration, orders(upstream.url, "taken"))
    before, calls = await stored(server), upstream.calls
    code, info, _ = await refusal(server.call(stub.CreateIntegration, orders(upstream.url, "taken")))
    assert (code, info.reason) == (grpc.StatusCode.ALREADY_EXISTS, "ALREADY_EXISTS")
    assert info.metadata["resource_name"] == "taken"
    for request in (
        change("taken", "configuration.endpoint", configuration={"endpoint": "http://10.0.0.1"}),
        change("taken", "configuration.endpoint", configuration={"endpoint": "http://127.0.0.2:9"}),
    ):
        code, info, _ = await refusal(server.call(stub.UpdateIntegration, request))
        assert (code, info.reason) == (grpc.StatusCode.INVALID_ARGUMENT, "INVALID_CONFIGURATION")
    rotation = RotateCredentialRequest(integration_id="taken", secret_reference="env:NOT_FOR_TENANTS", skip_check=True)
    code, info, status = await refusal(server.call(stub.RotateCredential, rotation))
    assert (info.reason, fields_of(status)) == (
        "INVALID_CONFIGURATION",
        {"configuration.authentication.secret_reference"},
    )
    assert await stored(server) == before and upstream.calls == calls
    await server.run("taken")


@pytest.mark.asyncio(loop_scope="module")
async def test_of_concurrent_creations_exactly_one_wins(server: Registry, upstream: Guarded) -> None:
    stub = server.integrations
    answers = await asyncio.gather(
        *(server.call(stub.CreateIntegration, orders(upstream.url, "once")) for _ in range(6)), return_exceptions=True
    )
    lost = [one for one in answers if isinstance(one, grpc.aio.AioRpcError)]
    assert len(lost) == 5 and {error.code() for error in lost} == {grpc.StatusCode.ALREADY_EXISTS}
    rows = await server.rows("SELECT version FROM trunkline.integration_versions WHERE integration_id = 'once'")
    assert [row["version"] for row in rows] == [1]


@pytest.mark.asyncio(loop_scope="module")
async def test_of_concurrent_updates_exactly_one_wins(server: Registry, upstream: Guarded) -> None:
    stub = server.integrations
    etag = (await server.call(stub.CreateIntegration, orders(upstream.url, "raced"))).integration.etag
    for turn in range(4):
        names = [f"{turn}.{number}" for number in range(6)]
        changes = [change("raced", "display_name", etag=etag, display_name=name) for name in names]
        answers = await asyncio.gather(
            *(server.call(stub.UpdateIntegration, one) for one in changes), return_exceptions=True
        )
        lost = [one for one in answers if isinstance(one, grpc.aio.AioRpcError)]
        assert {error.code() for error in lost} == {grpc.StatusCode.ABORTED}
        etags = [one.integration.etag for one in answers if not isinstance(one, BaseException)]
        assert len(etags) == 1
        etag = etags[0]
    listed = await server.call(stub.ListIntegrationVersions, ListIntegrationVersionsRequest(integration_id="raced"))
    assert [one.version for one in listed.versions] == [5, 4, 3, 2, 1]


@pytest.mark.asyncio(loop_scope="module")
async def test_connectors_tell_what_they_take(server: Registry) -> None:
    stub = server.integrations
    wanted = ListConnectorsRequest(name="openai", type=IntegrationType.INTEGRATION_TYPE_LLM_PROVIDER)
    (openai,) = (await server.call(stub.ListConnectors, wanted)).connectors
    assert b'"organization"' in openai.configuration_schema_json
    none = await server.call(stub.ListConnectors, ListConnectorsRequest(name="nobody"))
    assert not none.connectors


@pytest.mark.asyncio(loop_scope="module")
async def test_the_command_shows_versions_and_goes_back(
    server: Registry, upstream: Guarded, tmp_path_factory: pytest.TempPathFactory
) -> None:
    stub, directory = server.integrations, tmp_path_factory.mktemp("command")
    await server.call(stub.CreateIntegration, orders(upstream.url, "cli"))
    await server.call(stub.UpdateIntegration, change("cli", "display_name", display_name="New"))
    upstream.secrets.add("order-secret-0002")
    environment = {
        "TRUNKLINE_TARGET": server.running.target,
        "TRUNKLINE_KEY": server.running.key,
        "NEW_SECRET": "order-secret-0002",
    }

    async def command(*words: str, code: int = 0) -> str:
        done = await trunkline(directory, "integrations", *words, **environment)
        assert done.code == code, done
        return done.out + done.err

    assert "update" in await command("versions", "cli") and "display_name" in await command("versions", "cli")
    assert '"display_name": "Orders"' in await command("versions", "cli", "--version", "1")
    assert "can be gone back to" in await command("rollback", "cli", "1", "--validate-only")
    assert "version 1 is version 3 now" in await command("rollback", "cli", "1")
    assert "new credential" in await command("rotate", "cli", "--secret-env", "NEW_SECRET")
    assert "healthy" in await command("check", "cli")
    assert "give one of" in await command("rotate", "cli", code=1)
    shown = await command("health", "cli", "--minutes", "60")
    assert "cli: active" in shown and "answered with HTTP 200" in shown and "not checked by itself" in shown
    assert upstream.sent["order-secret-0002"] >= 2
