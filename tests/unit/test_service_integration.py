"""Integrations: nothing is stored unchecked, no secret comes back, and every change is announced."""

from __future__ import annotations

import pytest
from trunkline.v1.api_pb2 import ApiConfiguration
from trunkline.v1.authentication_pb2 import Authentication
from trunkline.v1.configuration_pb2 import Configuration, IntegrationType, LlmProviderConfiguration
from trunkline.v1.connector_pb2 import ListConnectorsRequest
from trunkline.v1.integration_health_pb2 import HealthCheck, IntegrationStatus
from trunkline.v1.integration_pb2 import (
    CheckIntegrationRequest,
    CreateIntegrationRequest,
    DeleteIntegrationRequest,
    GetIntegrationRequest,
    Integration,
    ListIntegrationsRequest,
    RotateCredentialRequest,
    UpdateIntegrationRequest,
)
from trunkline_server.domain.ports import Actor
from unit.integration_scene import (
    ACTIVE,
    DISABLED,
    FAILED,
    SECRET,
    Scene,
    a_model,
    an_api,
    change,
)
from unit.service_parts import (
    API,
    LLM,
    TENANT,
    a_call,
    refused,
    secrets_of,
)

# ── Create ──────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("request_of", [a_model, an_api])
async def test_a_new_integration_is_checked_stored_and_announced(request_of: object) -> None:
    scene, request = Scene(), a_model() if request_of is a_model else an_api()
    name = request.integration_id
    made = await scene.service.create_integration(scene.call, request)
    assert (made.integration_id, made.status) == (name, ACTIVE)
    assert made.health_service == made.integration.health_service == f"integration/{name}"
    assert made.health_check_url == made.integration.health_check_url == f"/health/integrations/{name}"
    assert made.integration.last_check.healthy
    assert scene.store.secrets == {name: SECRET}
    assert SECRET.encode() not in made.SerializeToString() + scene.store.writes[0].SerializeToString()
    used = secrets_of(scene.providers.checked) or [secret for _, secret, _ in scene.api.checked]
    assert used == [SECRET]
    assert scene.store.checks == [made.integration.last_check]
    assert scene.store.actors == [Actor(TENANT, "key-1", scene.call.trace_id)]
    assert scene.directory.forgotten == [TENANT]


async def test_a_failed_check_stores_nothing() -> None:
    scene = Scene()
    scene.providers.check_answer = scene.api.check_answer = FAILED
    for request in (a_model(), an_api()):
        with refused("LIVE_CHECK_FAILED"):
            await scene.service.create_integration(scene.call, request)
    assert (scene.store.rows, scene.store.checks, scene.directory.forgotten) == ({}, [], [])


async def test_a_dry_run_checks_and_stores_nothing() -> None:
    scene, request = Scene(), a_model()
    request.validate_only = True
    made = await scene.service.create_integration(scene.call, request)
    assert (made.status, made.integration.last_check.models) == (ACTIVE, ["m"])
    assert len(scene.providers.checked) == 1
    assert (scene.store.rows, scene.directory.forgotten) == ({}, [])


@pytest.mark.parametrize("dry", [False, True])
async def test_a_taken_id_is_refused_before_anything_is_called(dry: bool) -> None:
    scene, request = await Scene().with_row(), a_model()
    request.validate_only = dry
    with refused("ALREADY_EXISTS", kind="integration", name="main"):
        await scene.service.create_integration(scene.call, request)
    assert scene.providers.checked == []


@pytest.mark.parametrize(("seconds", "callers"), [(5.0, True), (60.0, False)])
async def test_a_check_takes_fifteen_seconds_at_most(seconds: float, callers: bool) -> None:
    scene = Scene()
    call = a_call(seconds=seconds)
    await scene.service.create_integration(call, a_model())
    (bound,) = scene.providers.bounds
    assert (bound.at == call.deadline.at) is callers
    assert callers or bound.at <= call.deadline.at - (seconds - 15) + 5


@pytest.mark.parametrize("kind", ["DATABASE", "STORAGE", "WEBHOOK"])
async def test_a_configuration_must_fit_the_type(kind: str) -> None:
    scene, request = Scene(), a_model()
    request.type = IntegrationType.Value(f"INTEGRATION_TYPE_{kind}")
    with refused("INVALID_CONFIGURATION", f"configuration.{kind.lower()}"):
        await scene.service.create_integration(scene.call, request)
    assert scene.store.rows == {}


_LLM = "configuration.llm_provider"


@pytest.mark.parametrize(
    ("edit", "field"),
    [
        ({"endpoint": "ftp://alpha.example"}, "configuration.endpoint"),
        ({"endpoint": "http://alpha.example"}, "configuration.endpoint"),
        ({"endpoint": "https://user:word@alpha.example"}, "configuration.endpoint"),
        ({"provider": "nobody"}, f"{_LLM}.provider"),
        ({"provider": "bare"}, "configuration.endpoint"),
        ({"option": "no_such"}, f"{_LLM}.options[no_such]"),
        ({"option": "authorization"}, f"{_LLM}.options[authorization]"),
        ({"type": "API"}, "configuration.api"),
    ],
)
async def test_a_configuration_must_fit(edit: dict[str, str], field: str) -> None:
    scene, request = Scene(), a_model()
    settings = request.configuration.llm_provider
    request.configuration.endpoint = edit.get("endpoint", "")
    settings.provider = edit.get("provider", "alpha")
    if "option" in edit:
        settings.options[edit["option"]] = SECRET
    request.type = IntegrationType.Value(f"INTEGRATION_TYPE_{edit.get('type', 'LLM_PROVIDER')}")
    with refused("INVALID_CONFIGURATION", field) as told:
        await scene.service.create_integration(scene.call, request)
    assert SECRET not in told.text
    assert (scene.providers.checked, scene.store.rows) == ([], {})


async def test_what_the_api_connector_finds_is_told() -> None:
    scene = Scene()
    scene.api.problems = [("configuration.api.tools[0].path", "must start with /"), ("configuration.endpoint", "no")]
    with refused("INVALID_CONFIGURATION", "configuration.api.tools[0].path", "configuration.endpoint"):
        await scene.service.create_integration(scene.call, an_api())
    assert scene.api.checked == []


async def test_options_of_the_profile_reach_the_target() -> None:
    scene = Scene()
    await scene.service.create_integration(scene.call, a_model(virtual_key="vk", provider="openai"))
    (target,) = scene.providers.checked
    assert (target.profile, target.provider, target.options["virtual_key"]) == ("alpha", "openai", "vk")
    assert target.endpoint == "https://alpha.example/v1"


# ── Read ────────────────────────────────────────────────────────────────────────────────────────────────────────


async def test_rows_say_where_their_health_is() -> None:
    scene = await (await Scene().with_row()).with_row(an_api())
    got = (await scene.service.get_integration(scene.call, GetIntegrationRequest(integration_id="main"))).integration
    assert (got.health_service, got.health_check_url) == ("integration/main", "/health/integrations/main")
    assert (got.configuration.authentication.secret, got.configuration.authentication.secret_set) == ("", True)
    listed = (await scene.service.list_integrations(scene.call, ListIntegrationsRequest(type=API))).integrations
    assert [one.health_service for one in listed] == ["integration/hub"]
    with refused("NOT_FOUND", kind="integration", name="nobody"):
        await scene.service.get_integration(scene.call, GetIntegrationRequest(integration_id="nobody"))


async def test_connectors_are_paged_by_name_and_kind() -> None:
    scene = Scene()
    first = await scene.service.list_connectors(scene.call, ListConnectorsRequest(page_size=2))
    rest = await scene.service.list_connectors(scene.call, ListConnectorsRequest(page_token=first.next_page_token))
    assert [one.name for one in (*first.connectors, *rest.connectors)] == ["alpha", "bare", "hub"]
    apis = await scene.service.list_connectors(scene.call, ListConnectorsRequest(type=API))
    assert [one.name for one in apis.connectors] == ["hub"]


# ── Update ──────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("request_", "field"),
    [
        (change(), "update_mask"),
        (change("type", type=API), "update_mask"),
        (change("integration_id"), "update_mask"),
        (change("etag"), "update_mask"),
        (change("last_check.healthy"), "update_mask"),
        (change("configuration.nothing"), "update_mask"),
        (change("configurations"), "update_mask"),
        (change("status"), "integration.status"),
        (change("status", status=IntegrationStatus.INTEGRATION_STATUS_DEGRADED), "integration.status"),
    ],
)
async def test_what_cannot_be_changed(request_: UpdateIntegrationRequest, field: str) -> None:
    scene = await Scene().with_row()
    with refused("INVALID_REQUEST", field):
        await scene.service.update_integration(scene.call, request_)
    assert (scene.store.writes, scene.directory.forgotten) == ([], [])


async def test_only_the_masked_fields_change_and_plain_ones_need_no_check() -> None:
    scene = await Scene().with_row()
    request = change("status", status=DISABLED, display_name="ignored")
    changed = (await scene.service.update_integration(scene.call, request)).integration
    assert (changed.status, changed.display_name, changed.type) == (DISABLED, "Main", LLM)
    assert list(changed.configuration.llm_provider.models) == ["m", "n"]
    assert (scene.providers.checked, scene.directory.forgotten) == ([], [TENANT])
    assert scene.store.secrets == {"main": SECRET}
    assert changed.health_service == "integration/main"


async def test_a_path_below_configuration_is_checked_with_the_stored_secret() -> None:
    scene = await Scene().with_row()
    wanted = Configuration(llm_provider=LlmProviderConfiguration(models=["o"]))
    request = change("configuration.llm_provider.models", configuration=wanted)
    scene.providers.check_answer = HealthCheck(healthy=True, models=["o"])
    changed = (await scene.service.update_integration(scene.call, request)).integration
    settings = changed.configuration.llm_provider
    assert (settings.provider, list(settings.models)) == ("alpha", ["o"])
    assert secrets_of(scene.providers.checked) == [SECRET]
    assert list(changed.last_check.models) == ["o"], "the finding is the last check from now on"
    assert scene.store.secrets == {"main": SECRET}


async def test_a_new_secret_is_checked_stored_and_not_returned() -> None:
    scene = await Scene().with_row()
    wanted = Configuration(authentication=Authentication(secret="sk-fresh-0815"))
    request = change("configuration.authentication.secret", configuration=wanted)
    changed = await scene.service.update_integration(scene.call, request)
    assert secrets_of(scene.providers.checked) == ["sk-fresh-0815"]
    assert scene.store.secrets == {"main": "sk-fresh-0815"}
    assert b"sk-fresh-0815" not in changed.SerializeToString() + scene.store.writes[0].SerializeToString()


@pytest.mark.parametrize("path", ["configuration", "configuration.api"])
async def test_a_configuration_of_another_type_does_not_fit(path: str) -> None:
    scene = await Scene().with_row()
    request = change(path, configuration=Configuration(api=ApiConfiguration(template="hub")))
    with refused("INVALID_CONFIGURATION", "configuration.llm_provider"):
        await scene.service.update_integration(scene.call, request)


async def test_a_change_that_fails_its_check_is_not_stored() -> None:
    scene = await Scene().with_row()
    scene.providers.check_answer = FAILED
    wanted = Configuration(endpoint="https://elsewhere.example", authentication=Authentication(secret=SECRET))
    request = change("configuration.endpoint", "configuration.authentication", configuration=wanted)
    with refused("LIVE_CHECK_FAILED"):
        await scene.service.update_integration(scene.call, request)
    assert (scene.store.writes, scene.store.checks, scene.directory.forgotten) == ([], [], [])


@pytest.mark.parametrize(
    ("path", "configuration"),
    [
        ("configuration.endpoint", Configuration(endpoint="https://elsewhere.example/v1")),
        ("configuration.llm_provider.options", Configuration(llm_provider={"options": {"virtual_key": "pk-2"}})),
    ],
)
async def test_a_stored_secret_never_goes_elsewhere(path: str, configuration: Configuration) -> None:
    scene = await Scene().with_row()
    with refused("INVALID_CONFIGURATION", "integration.configuration.authentication.secret"):
        await scene.service.update_integration(scene.call, change(path, configuration=configuration))
    assert (scene.providers.checked, scene.store.writes) == ([], [])
    configuration.authentication.secret = "sk-for-there-1"
    await scene.service.update_integration(
        scene.call, change(path, "configuration.authentication", configuration=configuration)
    )
    assert secrets_of(scene.providers.checked) == ["sk-for-there-1"]


async def test_a_change_between_read_and_write_is_not_undone() -> None:
    scene = await Scene().with_row()
    with refused("ETAG_MISMATCH"):
        await scene.service.update_integration(scene.call, change("display_name", etag="stale"))
    read = scene.store.get

    async def read_then_another_writes(tenant_id: str, integration_id: str) -> Integration:
        row = await read(tenant_id, integration_id)
        scene.store.rows[integration_id].etag = "99"
        return row

    scene.store.get = read_then_another_writes  # type: ignore[method-assign]
    with refused("ETAG_MISMATCH"):
        await scene.service.update_integration(scene.call, change("display_name"))


# ── Delete, check, rotate ───────────────────────────────────────────────────────────────────────────────────────


async def test_a_deleted_integration_is_gone_and_announced() -> None:
    scene = await Scene().with_row()
    await scene.service.delete_integration(scene.call, DeleteIntegrationRequest(integration_id="main"))
    assert (scene.store.rows, scene.directory.forgotten) == ({}, [TENANT])
    with refused("NOT_FOUND", kind="integration", name="main"):
        await scene.service.delete_integration(scene.call, DeleteIntegrationRequest(integration_id="main"))


async def test_a_failed_check_is_an_answer() -> None:
    scene = await Scene().with_row()
    scene.providers.check_answer = FAILED
    found = await scene.service.check_integration(scene.call, CheckIntegrationRequest(integration_id="main"))
    assert found.check == FAILED
    assert (scene.store.checks, scene.directory.forgotten) == ([FAILED], [TENANT])
    assert secrets_of(scene.providers.checked) == [SECRET]


async def test_a_credential_takes_over_once_it_was_checked() -> None:
    scene = await Scene().with_row()
    request = RotateCredentialRequest(integration_id="main", secret="sk-fresh-0815")
    scene.providers.check_answer = FAILED
    with refused("LIVE_CHECK_FAILED"):
        await scene.service.rotate_credential(scene.call, request)
    assert (scene.store.secrets, scene.directory.forgotten) == ({"main": SECRET}, [])
    request.skip_check = True
    rotated = await scene.service.rotate_credential(scene.call, request)
    assert rotated.HasField("rotate_time")
    assert (scene.store.secrets, scene.store.checks) == ({"main": "sk-fresh-0815"}, [])
    request.skip_check, request.secret = False, "sk-third-0816"
    scene.providers.check_answer = HealthCheck(healthy=True)
    await scene.service.rotate_credential(scene.call, request)
    assert scene.store.secrets == {"main": "sk-third-0816"}
    assert [check.healthy for check in scene.store.checks] == [True]
    assert secrets_of(scene.providers.checked) == ["sk-fresh-0815", "sk-third-0816"]
    assert scene.directory.forgotten == [TENANT, TENANT]


# ── Secrets by reference ────────────────────────────────────────────────────────────────────────────────────────


def referring(reference: str) -> CreateIntegrationRequest:
    request = a_model()
    request.configuration.authentication.Clear()
    request.configuration.authentication.secret_reference = reference
    return request


async def test_a_reference_is_resolved_checked_and_stored_as_it_is() -> None:
    scene = Scene()
    await scene.service.create_integration(scene.call, referring("env:KEY"))
    assert secrets_of(scene.providers.checked) == ["sk-referred-1"] and scene.store.secrets == {"main": ""}
    await scene.service.check_integration(scene.call, CheckIntegrationRequest(integration_id="main"))
    assert secrets_of(scene.providers.checked) == ["sk-referred-1"] * 2
    assert b"sk-referred-1" not in scene.store.rows["main"].SerializeToString()


async def test_a_reference_that_does_not_resolve_stores_nothing() -> None:
    scene = Scene()
    for reference in ("env:NONE", "file:/etc/passwd", "nonsense"):
        with refused("INVALID_CONFIGURATION", "configuration.authentication.secret_reference"):
            await scene.service.create_integration(scene.call, referring(reference))
        with refused("INVALID_CONFIGURATION", "configuration.authentication.secret_reference"):
            rotation = RotateCredentialRequest(integration_id="main", secret_reference=reference, skip_check=True)
            await (await Scene().with_row()).service.rotate_credential(scene.call, rotation)
    assert (scene.store.rows, scene.providers.checked) == ({}, [])


async def test_a_check_tells_that_a_reference_no_longer_resolves() -> None:
    scene = await Scene().with_row(referring("env:KEY"))
    scene.store.rows["main"].configuration.authentication.secret_reference = "env:GONE"
    found = await scene.service.check_integration(scene.call, CheckIntegrationRequest(integration_id="main"))
    assert not found.check.healthy and "does not have the variable" in found.check.detail
    assert (scene.store.checks, scene.providers.checked) == ([found.check], [])


async def test_a_secret_and_a_reference_take_each_others_place() -> None:
    scene = await Scene().with_row()
    rotate, written = scene.service.rotate_credential, scene.store.writes
    await rotate(scene.call, RotateCredentialRequest(integration_id="main", secret_reference="env:KEY"))
    assert scene.store.secrets == {"main": ""}
    assert written[-1].configuration.authentication.secret_reference == "env:KEY"
    await rotate(scene.call, RotateCredentialRequest(integration_id="main", secret="sk-fresh-0815"))
    assert scene.store.secrets == {"main": "sk-fresh-0815"}
    assert not written[-1].configuration.authentication.secret_reference
    wanted = Configuration(authentication=Authentication(secret_reference="env:KEY"))
    path = "configuration.authentication.secret_reference"
    await scene.service.update_integration(scene.call, change(path, configuration=wanted))
    assert scene.store.secrets == {"main": ""}
    wanted = Configuration(authentication=Authentication(secret="sk-third-0816"))
    path = "configuration.authentication.secret"
    await scene.service.update_integration(scene.call, change(path, configuration=wanted))
    assert scene.store.secrets == {"main": "sk-third-0816"}
    assert not written[-1].configuration.authentication.secret_reference
    expected = ["sk-referred-1", "sk-fresh-0815", "sk-referred-1", "sk-third-0816"]
    assert secrets_of(scene.providers.checked) == expected
