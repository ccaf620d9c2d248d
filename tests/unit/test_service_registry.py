"""Versions, discovery, references and health of integrations: what is asked of whom, and what is stored."""

from __future__ import annotations

import asyncio

import pytest
from trunkline.v1.api_pb2 import McpConfiguration, McpTool
from trunkline.v1.authentication_pb2 import Authentication
from trunkline.v1.configuration_pb2 import Configuration
from trunkline.v1.integration_health_pb2 import GetIntegrationHealthRequest, HealthCheck, RateUse
from trunkline.v1.integration_pb2 import (
    CheckIntegrationRequest,
    CreateIntegrationRequest,
    Integration,
    ListIntegrationVersionsRequest,
    RollbackIntegrationRequest,
    RotateCredentialRequest,
)
from trunkline_server.domain.deadline import Deadline
from trunkline_server.domain.errors import store_unavailable
from trunkline_server.domain.ports import TenantView
from unit.integration_scene import DISABLED, FAILED, SECRET, Scene, a_model, an_api, change
from unit.service_parts import API, TENANT, refused

REFERENCE = "configuration.authentication.secret_reference"
NAME = "KEPT"
KNOWN = f"env:{NAME}"


def a_server(reference: str = "") -> CreateIntegrationRequest:
    """An MCP server."""
    given = Authentication(secret_reference=reference) if reference else Authentication(secret=SECRET)
    configuration = Configuration(endpoint="https://mcp.example", authentication=given, mcp=McpConfiguration())
    return CreateIntegrationRequest(integration_id="files", type=API, configuration=configuration)


def telling(*names: str, server: str = "files 1") -> object:
    """A server that tells these tools of itself."""

    def discover(integration: Integration) -> None:
        mcp = integration.configuration.mcp
        del mcp.tools[:]
        mcp.tools.extend(McpTool(name=name) for name in names)
        mcp.server = server

    return discover


def rollback(version: int = 1, name: str = "hub", **fields: object) -> RollbackIntegrationRequest:
    return RollbackIntegrationRequest(integration_id=name, version=version, **fields)  # type: ignore[arg-type]


async def with_two_versions() -> Scene:
    """An API that was renamed and switched off."""
    scene = await Scene().with_row(an_api())
    request = change("display_name", "status", display_name="New", status=DISABLED)
    request.integration.integration_id = "hub"
    await scene.service.update_integration(scene.call, request)
    for noted in (scene.store.writes, scene.api.checked, scene.directory.forgotten):
        noted.clear()
    return scene


# ── Versions ────────────────────────────────────────────────────────────────────────────────────────────────────


async def test_an_earlier_version_is_checked_and_becomes_the_newest() -> None:
    scene = await with_two_versions()
    answer = await scene.service.rollback_integration(scene.call, rollback())
    assert (answer.integration.version, answer.integration.display_name) == (3, "")
    assert answer.integration.status == DISABLED, "the status stays what it is"
    assert [secret for _, secret, _ in scene.api.checked] == [SECRET] and scene.store.secrets == {"hub": SECRET}
    assert scene.directory.forgotten == [TENANT] and answer.integration.health_service == "integration/hub"
    request = ListIntegrationVersionsRequest(integration_id="hub")
    listed = (await scene.service.list_integration_versions(scene.call, request)).versions
    assert [(one.version, one.action) for one in listed] == [(3, "rollback"), (2, "update"), (1, "create")]


async def test_a_dry_rollback_stores_nothing() -> None:
    scene = await with_two_versions()
    answer = await scene.service.rollback_integration(scene.call, rollback(validate_only=True))
    assert (answer.integration.version, answer.integration.last_check.healthy) == (3, True)
    assert len(scene.api.checked) == 1 and (scene.store.writes, scene.directory.forgotten) == ([], [])
    with refused("ETAG_MISMATCH"):
        await scene.service.rollback_integration(scene.call, rollback(validate_only=True, etag="stale"))


async def test_what_a_rollback_refuses_changes_nothing() -> None:
    scene = await with_two_versions()
    with refused("NOT_FOUND", kind="integration version", name="hub/9"):
        await scene.service.rollback_integration(scene.call, rollback(9))
    with refused("ETAG_MISMATCH"):
        await scene.service.rollback_integration(scene.call, rollback(etag="stale"))
    scene.api.check_answer = FAILED
    with refused("LIVE_CHECK_FAILED"):
        await scene.service.rollback_integration(scene.call, rollback())
    scene.api.problems = [("configuration.api.template", "is not known any more")]
    with refused("INVALID_CONFIGURATION", "configuration.api.template"):
        await scene.service.rollback_integration(scene.call, rollback())
    scene.store.kept["hub"][0].integration.type = a_model().type
    with refused("INVALID_REQUEST", "version"):
        await scene.service.rollback_integration(scene.call, rollback())
    scene.store.kept["hub"][0].integration.type = API
    scene.store.kept["hub"][0].integration.configuration.endpoint = "https://elsewhere.example"
    with refused("INVALID_CONFIGURATION", "secret"):
        await scene.service.rollback_integration(scene.call, rollback())
    assert scene.store.writes == [] and scene.store.secrets == {"hub": SECRET}


# ── What the system tells of its tools ──────────────────────────────────────────────────────────────────────────


async def test_tools_are_discovered_before_anything_is_stored() -> None:
    scene = Scene()
    scene.mcp.discovery = telling("read", "write")  # type: ignore[assignment]
    made = (await scene.service.create_integration(scene.call, a_server())).integration
    assert [tool.name for tool in made.configuration.mcp.tools] == ["read", "write"]
    assert [tool.name for tool in scene.store.rows["files"].configuration.mcp.tools] == ["read", "write"]
    assert scene.mcp.discovered == [("files", SECRET)]

    def broken(integration: Integration) -> None:
        raise store_unavailable("the server")

    scene.mcp.discovery = broken
    request = a_server()
    request.integration_id = "second"
    with refused("LIVE_CHECK_FAILED", text="the server"):
        await scene.service.create_integration(scene.call, request)
    assert "second" not in scene.store.rows


async def test_a_check_stores_other_tools_as_a_version_and_another_name_without_one() -> None:
    scene = Scene()
    scene.mcp.discovery = telling("read")  # type: ignore[assignment]
    await scene.service.create_integration(scene.call, a_server())
    check = CheckIntegrationRequest(integration_id="files")
    for expected, tools, server in ((1, ("read",), "files 1"), (1, ("read",), "files 2"), (2, ("write",), "files 2")):
        scene.mcp.discovery = telling(*tools, server=server)  # type: ignore[assignment]
        assert (await scene.service.check_integration(scene.call, check)).check.healthy
        row = scene.store.rows["files"]
        assert (row.version, row.configuration.mcp.server) == (expected, server)
        assert [tool.name for tool in row.configuration.mcp.tools] == list(tools)
    assert len(scene.store.writes) == 3, "nothing is written where nothing differs"


async def test_who_changed_it_meanwhile_wins_over_a_check() -> None:
    scene = Scene()
    await scene.service.create_integration(scene.call, a_server())

    def changing(integration: Integration) -> None:
        integration.configuration.mcp.server = "files 9"
        scene.store.rows["files"].etag = "99"

    scene.mcp.discovery = changing
    found = await scene.service.check_integration(scene.call, CheckIntegrationRequest(integration_id="files"))
    assert found.check.healthy and scene.store.rows["files"].configuration.mcp.server == ""


async def test_a_check_that_hangs_is_a_finding(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("trunkline_server.domain.integrations.checks.CHECK_SECONDS", 0.01)
    monkeypatch.setattr("trunkline_server.domain.integrations.checks._GRACE_SECONDS", 0.01)
    scene = await Scene().with_row(an_api())

    async def hang(integration: Integration, secret: str, deadline: Deadline, tenant_id: str = "") -> HealthCheck:
        await asyncio.sleep(60)
        raise AssertionError

    scene.api.check = hang  # type: ignore[method-assign]
    found = await scene.service.check_integration(scene.call, CheckIntegrationRequest(integration_id="hub"))
    assert (found.check.healthy, found.check.detail) == (False, "it did not answer in time")
    assert found.check.HasField("check_time")


# ── Secrets and references ──────────────────────────────────────────────────────────────────────────────────────


async def test_a_reference_is_resolved_for_the_check_and_stored_as_it_is() -> None:
    scene = Scene()
    scene.environ[NAME] = "kept-elsewhere-1"
    await scene.service.create_integration(scene.call, a_server(KNOWN))
    assert [secret for _, secret, _ in scene.mcp.checked] == ["kept-elsewhere-1"]
    assert scene.store.secrets == {"files": ""}
    assert scene.store.rows["files"].configuration.authentication.secret_reference == KNOWN
    scene.environ[NAME] = "kept-elsewhere-2"
    await scene.service.check_integration(scene.call, CheckIntegrationRequest(integration_id="files"))
    assert scene.mcp.checked[-1][1] == "kept-elsewhere-2"
    del scene.environ[NAME]
    found = await scene.service.check_integration(scene.call, CheckIntegrationRequest(integration_id="files"))
    assert not found.check.healthy and "does not resolve" in found.check.detail
    with refused("INVALID_CONFIGURATION", REFERENCE):
        request = a_server("env:OTHER")
        request.integration_id = "second"
        await scene.service.create_integration(scene.call, request)
    assert "second" not in scene.store.rows


async def test_a_rotation_goes_from_a_secret_to_a_reference_and_back() -> None:
    scene = await Scene().with_row(an_api())
    scene.environ[NAME] = "kept-elsewhere-1"
    request = RotateCredentialRequest(integration_id="hub", secret_reference="env:UNKNOWN", skip_check=True)
    with refused("INVALID_CONFIGURATION", REFERENCE):
        await scene.service.rotate_credential(scene.call, request)
    assert scene.store.secrets == {"hub": SECRET}
    await scene.service.rotate_credential(
        scene.call, RotateCredentialRequest(integration_id="hub", secret_reference=KNOWN)
    )
    assert scene.store.secrets == {"hub": ""} and scene.api.checked[-1][1] == "kept-elsewhere-1"
    assert scene.store.rows["hub"].configuration.authentication.secret_reference == KNOWN
    await scene.service.rotate_credential(scene.call, RotateCredentialRequest(integration_id="hub", secret="sk-3"))
    assert scene.store.secrets == {"hub": "sk-3"}
    assert scene.store.rows["hub"].configuration.authentication.secret_reference == ""
    assert scene.store.rows["hub"].version == 1


async def test_an_update_never_sends_what_a_reference_means_elsewhere_unasked() -> None:
    scene = Scene()
    scene.environ[NAME] = "kept-elsewhere-1"
    await scene.service.create_integration(scene.call, a_server(KNOWN))
    configuration = Configuration(endpoint="https://evil.example")
    request = change("configuration.endpoint", configuration=configuration)
    request.integration.integration_id = "files"
    with refused("INVALID_CONFIGURATION", "integration.configuration.authentication.secret"):
        await scene.service.update_integration(scene.call, request)
    assert len(scene.mcp.checked) == 1
    request.update_mask.paths.append("configuration.authentication.secret_reference")
    configuration.authentication.secret_reference = KNOWN
    request.integration.configuration.CopyFrom(configuration)
    changed = (await scene.service.update_integration(scene.call, request)).integration
    assert changed.configuration.endpoint == "https://evil.example" and len(scene.mcp.checked) == 2


async def test_a_secret_that_cannot_be_one_is_told_before_the_check() -> None:
    scene = Scene()
    scene.api.bad_secrets[SECRET] = "is no key file"
    with refused("INVALID_CONFIGURATION", "configuration.authentication.secret"):
        await scene.service.create_integration(scene.call, an_api())
    assert (scene.api.checked, scene.store.rows) == ([], {})


# ── Health ──────────────────────────────────────────────────────────────────────────────────────────────────────


async def test_health_joins_the_records_with_what_is_known_now() -> None:
    scene = await Scene().with_row(an_api())
    row = scene.store.rows["hub"]
    scene.directory.view = TenantView(scene.directory.view.tenant, {"hub": row}, {"hub": SECRET}, ())

    async def rates(integration: Integration, secret: str) -> list[RateUse]:
        assert secret == SECRET
        return [RateUse(available=3)]

    scene.api.rates = rates  # type: ignore[method-assign]
    request = GetIntegrationHealthRequest(integration_id="hub")
    found = (await scene.service.get_integration_health(scene.call, request)).health
    assert (found.calls, [one.available for one in found.rates], list(found.breakers)) == (3, [3], [])
    request.window.FromSeconds(60)

    async def away(integration: Integration, secret: str) -> list[RateUse]:
        raise store_unavailable("redis")

    scene.api.rates = away  # type: ignore[method-assign]
    found = (await scene.service.get_integration_health(scene.call, request)).health
    assert (found.calls, list(found.rates)) == (3, [])
    assert scene.records.asked == [(TENANT, "hub", 900.0), (TENANT, "hub", 60.0)]
