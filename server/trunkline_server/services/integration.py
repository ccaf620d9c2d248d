"""IntegrationService: the systems behind Trunkline."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from google.protobuf.timestamp_pb2 import Timestamp
from trunkline.v1.configuration_pb2 import IntegrationType
from trunkline.v1.connector_pb2 import (
    ImportOpenApiRequest,
    ImportOpenApiResponse,
    ListConnectorsRequest,
    ListConnectorsResponse,
)
from trunkline.v1.integration_health_pb2 import (
    GetIntegrationHealthRequest,
    GetIntegrationHealthResponse,
    HealthCheck,
    IntegrationStatus,
)
from trunkline.v1.integration_pb2 import (
    CheckIntegrationRequest,
    CheckIntegrationResponse,
    CreateIntegrationRequest,
    CreateIntegrationResponse,
    DeleteIntegrationRequest,
    DeleteIntegrationResponse,
    GetIntegrationRequest,
    GetIntegrationResponse,
    Integration,
    ListIntegrationsRequest,
    ListIntegrationsResponse,
    ListIntegrationVersionsRequest,
    ListIntegrationVersionsResponse,
    RollbackIntegrationRequest,
    RollbackIntegrationResponse,
    RotateCredentialRequest,
    RotateCredentialResponse,
    UpdateIntegrationRequest,
    UpdateIntegrationResponse,
)

from trunkline_server.domain.call import Call
from trunkline_server.domain.connectors import Connectors, DocumentImporter
from trunkline_server.domain.duration import seconds
from trunkline_server.domain.errors import (
    Reason,
    TrunklineError,
    already_exists,
    etag_mismatch,
    invalid_fields,
    live_check_failed,
)
from trunkline_server.domain.integrations import credentials
from trunkline_server.domain.integrations.checks import Checks
from trunkline_server.domain.integrations.health import DEFAULT_WINDOW, HealthReports
from trunkline_server.domain.ports import Directory, Integrations, Providers
from trunkline_server.domain.receivers import receive_path
from trunkline_server.services.access import actor_of
from trunkline_server.services.paging import DEFAULT_PAGE_SIZE, page

_LLM = IntegrationType.INTEGRATION_TYPE_LLM_PROVIDER
# The fields of `Configuration.kind` that fit each type.
_KINDS: Mapping[int, Sequence[str]] = {
    _LLM: ("llm_provider",),
    IntegrationType.INTEGRATION_TYPE_API: ("api", "mcp"),
    IntegrationType.INTEGRATION_TYPE_DATABASE: ("database",),
    IntegrationType.INTEGRATION_TYPE_STORAGE: ("storage",),
    IntegrationType.INTEGRATION_TYPE_WEBHOOK: ("webhook",),
}
_ROOTS = frozenset(("display_name", "status", "monitoring", "configuration"))
_SETTABLE = (IntegrationStatus.INTEGRATION_STATUS_ACTIVE, IntegrationStatus.INTEGRATION_STATUS_DISABLED)
_INVALID = Reason.ERROR_REASON_INVALID_CONFIGURATION


class IntegrationService:
    """Integrations of every type."""

    def __init__(
        self,
        integrations: Integrations,
        directory: Directory,
        providers: Providers,
        connectors: Connectors,
        checks: Checks,
        health: HealthReports,
        importer: DocumentImporter,
    ) -> None:
        self._integrations = integrations
        self._directory = directory
        self._providers = providers
        self._connectors = connectors
        self._checks = checks
        self._health = health
        self._importer = importer

    async def create_integration(self, call: Call, request: CreateIntegrationRequest) -> CreateIntegrationResponse:
        """See the contract. Nothing is stored unless the live check succeeded."""
        integration = Integration(
            integration_id=request.integration_id,
            type=request.type,
            configuration=request.configuration,
            monitoring=request.monitoring,
            display_name=request.display_name,
            status=IntegrationStatus.INTEGRATION_STATUS_ACTIVE,
        )
        secret = credentials.take_secret(integration) or ""
        self._validate(integration)
        await self._refuse_taken(call, request.integration_id)
        check = await self._healthy(call, integration, await self._secret(call, integration, secret))
        if not request.validate_only:
            integration = await self._integrations.create(actor_of(call), integration, secret)
            await self._integrations.record_check(call.tenant_id, request.integration_id, check)
            await self._directory.changed(call.tenant_id)
        integration.last_check.CopyFrom(check)
        _located(call.tenant_id, integration)
        return CreateIntegrationResponse(
            integration_id=integration.integration_id,
            status=integration.status,
            health_check_url=integration.health_check_url,
            health_service=integration.health_service,
            integration=integration,
        )

    async def get_integration(self, call: Call, request: GetIntegrationRequest) -> GetIntegrationResponse:
        """See the contract."""
        found = await self._integrations.get(call.tenant_id, request.integration_id)
        return GetIntegrationResponse(integration=_located(call.tenant_id, found))

    async def list_integrations(self, call: Call, request: ListIntegrationsRequest) -> ListIntegrationsResponse:
        """See the contract."""
        found, following = await self._integrations.list(
            call.tenant_id, request.page_size or DEFAULT_PAGE_SIZE, request.page_token, request.type
        )
        located = [_located(call.tenant_id, one) for one in found]
        return ListIntegrationsResponse(integrations=located, next_page_token=following)

    async def update_integration(self, call: Call, request: UpdateIntegrationRequest) -> UpdateIntegrationResponse:
        """See the contract. A changed configuration is checked live before it is stored."""
        _check_mask(request)
        wanted = request.integration
        current = await self._current(call, wanted.integration_id, wanted.etag)
        changed = Integration()
        changed.CopyFrom(current)
        request.update_mask.MergeMessage(wanted, changed, replace_message_field=True, replace_repeated_field=True)
        change = credentials.updated(current, changed, request)
        check = None
        if any(path.partition(".")[0] == "configuration" for path in request.update_mask.paths):
            self._validate(changed)
            if change.inherited and credentials.moved(current, changed):
                raise credentials.secret_stays(f"integration.{credentials.SECRET_PATH}")
            check = await self._healthy(call, changed, await self._secret(call, changed, change.secret))
        stored = await self._stored(call, changed, change, check, "update")
        return UpdateIntegrationResponse(integration=stored)

    async def rollback_integration(
        self, call: Call, request: RollbackIntegrationRequest
    ) -> RollbackIntegrationResponse:
        """See the contract. The status stays what it is, and so does the credential where calls go where they went."""
        tenant_id, name = call.tenant_id, request.integration_id
        current = await self._current(call, name, request.etag)
        wanted = (await self._integrations.version(tenant_id, name, request.version)).integration
        if wanted.type != current.type:
            raise invalid_fields([("version", "is that of an integration of another type, which had this id before")])
        wanted.status, wanted.etag = current.status, current.etag
        change = credentials.rolled_back(current, wanted, request.secret)
        self._validate(wanted)
        check = await self._healthy(call, wanted, await self._secret(call, wanted, change.secret))
        if request.validate_only:
            wanted.version = current.version + 1
            wanted.last_check.CopyFrom(check)
            return RollbackIntegrationResponse(integration=_located(tenant_id, wanted))
        return RollbackIntegrationResponse(integration=await self._stored(call, wanted, change, check, "rollback"))

    async def list_integration_versions(
        self, call: Call, request: ListIntegrationVersionsRequest
    ) -> ListIntegrationVersionsResponse:
        """See the contract."""
        found, following = await self._integrations.versions(
            call.tenant_id, request.integration_id, request.page_size or DEFAULT_PAGE_SIZE, request.page_token
        )
        return ListIntegrationVersionsResponse(versions=found, next_page_token=following)

    async def delete_integration(self, call: Call, request: DeleteIntegrationRequest) -> DeleteIntegrationResponse:
        """See the contract."""
        await self._integrations.delete(actor_of(call), request.integration_id, request.etag)
        await self._directory.changed(call.tenant_id)
        return DeleteIntegrationResponse()

    async def check_integration(self, call: Call, request: CheckIntegrationRequest) -> CheckIntegrationResponse:
        """See the contract. A failed check is an answer."""
        check = await self._checks.check(actor_of(call), request.integration_id, call.deadline)
        return CheckIntegrationResponse(check=check)

    async def get_integration_health(
        self, call: Call, request: GetIntegrationHealthRequest
    ) -> GetIntegrationHealthResponse:
        """See the contract."""
        window = seconds(request.window) or DEFAULT_WINDOW
        report = await self._health.report(call.tenant_id, request.integration_id, window, call.deadline)
        return GetIntegrationHealthResponse(health=report)

    async def rotate_credential(self, call: Call, request: RotateCredentialRequest) -> RotateCredentialResponse:
        """See the contract. The new secret takes over only after it was checked."""
        integration = await self._integrations.get(call.tenant_id, request.integration_id)
        change = credentials.rotated(integration, request.secret, request.secret_reference)
        secret = await self._secret(call, integration, change.secret)
        check = None if request.skip_check else await self._healthy(call, integration, secret)
        await self._stored(call, integration, change, check, "rotate")
        now = Timestamp()
        now.GetCurrentTime()
        return RotateCredentialResponse(rotate_time=now)

    async def list_connectors(self, call: Call, request: ListConnectorsRequest) -> ListConnectorsResponse:
        """See the contract."""
        known = sorted((*self._providers.connectors(), *self._connectors.connectors()), key=lambda one: one.name)
        wanted = [one for one in known if request.type in (0, one.type) and request.name in ("", one.name)]
        found, following = page(wanted, request.page_size, request.page_token)
        return ListConnectorsResponse(connectors=found, next_page_token=following)

    async def import_open_api(self, call: Call, request: ImportOpenApiRequest) -> ImportOpenApiResponse:
        """See the contract. Nothing is stored."""
        return await self._importer.convert(request)

    # ── Checks ──────────────────────────────────────────────────────────────────────────────────────────────────

    def _validate(self, integration: Integration) -> None:
        kinds = _KINDS[integration.type]
        if integration.configuration.WhichOneof("kind") not in kinds:
            fields = ", or ".join(f"configuration.{kind}" for kind in kinds)
            problems = [(f"configuration.{kinds[0]}", f"is required for this type, and no other kind than {fields}")]
            raise invalid_fields(problems, reason=_INVALID)
        if integration.type != _LLM:
            self._connectors.validate(integration)
        elif found := list(self._providers.validate(integration)):
            raise invalid_fields(found, reason=_INVALID)

    async def _current(self, call: Call, integration_id: str, etag: str) -> Integration:
        """The integration as it is. Whoever stores a change of it does so by its etag, given or not: what another
        caller changes meanwhile must not be undone. Raises NOT_FOUND, ETAG_MISMATCH."""
        found = await self._integrations.get(call.tenant_id, integration_id)
        if etag and etag != found.etag:
            raise etag_mismatch()
        return found

    async def _refuse_taken(self, call: Call, integration_id: str) -> None:
        """Before anything is called: a dry run tells it too."""
        try:
            await self._integrations.get(call.tenant_id, integration_id)
        except TrunklineError as error:
            if error.reason != Reason.ERROR_REASON_NOT_FOUND:
                raise
        else:
            raise already_exists("integration", integration_id)

    async def _secret(self, call: Call, integration: Integration, given: str | None) -> str:
        """The secret that calls will be authenticated with: as given, else as the integration says. Raises
        INVALID_CONFIGURATION where it does not resolve, or cannot be such a secret."""
        secret = given or await self._checks.secret(call.tenant_id, integration)
        self._connectors.validate_secret(integration, secret)
        return secret

    async def _healthy(self, call: Call, integration: Integration, secret: str) -> HealthCheck:
        """The finding of a live check that succeeded; what only the system knows of its tools is filled in. Raises
        LIVE_CHECK_FAILED."""
        check = await self._checks.ask(call.tenant_id, integration, secret, call.deadline)
        call.deadline.check()
        if not check.healthy:
            raise live_check_failed(f"integration/{integration.integration_id}", check.detail)
        return check

    async def _stored(
        self, call: Call, wanted: Integration, change: credentials.Change, check: HealthCheck | None, action: str
    ) -> Integration:
        """The integration as it is from now on, for every worker."""
        stored = await self._integrations.update(actor_of(call), wanted, change.secret, action)
        if check is not None:
            await self._integrations.record_check(call.tenant_id, wanted.integration_id, check)
            stored = await self._integrations.get(call.tenant_id, wanted.integration_id)
        await self._directory.changed(call.tenant_id)
        return _located(call.tenant_id, stored)


def _check_mask(request: UpdateIntegrationRequest) -> None:
    paths = request.update_mask.paths
    if not paths:
        raise invalid_fields([("update_mask", "names no field to change")])
    if wrong := [path for path in paths if path.partition(".")[0] not in _ROOTS]:
        raise invalid_fields([("update_mask", f"{path} cannot be changed") for path in wrong])
    if not request.update_mask.IsValidForDescriptor(Integration.DESCRIPTOR):
        raise invalid_fields([("update_mask", "names a field that an integration does not have")])
    if "status" in paths and request.integration.status not in _SETTABLE:
        raise invalid_fields([("integration.status", "can be set to ACTIVE or DISABLED only")])


def _located(tenant_id: str, integration: Integration) -> Integration:
    """With the places that follow from its id."""
    integration.health_service = f"integration/{integration.integration_id}"
    integration.health_check_url = f"/health/integrations/{integration.integration_id}"
    if integration.configuration.HasField("webhook"):
        integration.configuration.webhook.receive_path = receive_path(tenant_id, integration.integration_id)
    return integration
