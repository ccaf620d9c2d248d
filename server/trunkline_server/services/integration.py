"""IntegrationService: the systems behind Trunkline."""

from __future__ import annotations

from urllib.parse import urlsplit

from google.protobuf.timestamp_pb2 import Timestamp
from trunkline.v1.configuration_pb2 import IntegrationType
from trunkline.v1.connector_pb2 import ListConnectorsRequest, ListConnectorsResponse
from trunkline.v1.integration_health_pb2 import HealthCheck, IntegrationStatus
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
    RotateCredentialRequest,
    RotateCredentialResponse,
    UpdateIntegrationRequest,
    UpdateIntegrationResponse,
)

from trunkline_server.domain.call import Call
from trunkline_server.domain.connectors import Connectors
from trunkline_server.domain.errors import Reason, TrunklineError, already_exists, invalid_fields, live_check_failed
from trunkline_server.domain.ports import Directory, Integrations, Providers
from trunkline_server.domain.router import Router
from trunkline_server.domain.secrets import SecretReferences
from trunkline_server.services.access import actor_of
from trunkline_server.services.paging import DEFAULT_PAGE_SIZE, page

_CHECK_SECONDS = 15.0
_LLM = IntegrationType.INTEGRATION_TYPE_LLM_PROVIDER
_API = IntegrationType.INTEGRATION_TYPE_API
_KINDS = {_LLM: ("llm_provider",), _API: ("api", "mcp")}
_ROOTS = frozenset(("display_name", "status", "monitoring", "configuration"))
_SETTABLE = (IntegrationStatus.INTEGRATION_STATUS_ACTIVE, IntegrationStatus.INTEGRATION_STATUS_DISABLED)


class IntegrationService:
    """Integrations of type `llm_provider` and `api`."""

    def __init__(
        self,
        integrations: Integrations,
        directory: Directory,
        router: Router,
        providers: Providers,
        connectors: Connectors,
        references: SecretReferences | None = None,
    ) -> None:
        self._references = references or SecretReferences({})
        self._integrations = integrations
        self._directory = directory
        self._router = router
        self._providers = providers
        self._connectors = connectors

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
        secret = _take_secret(integration) or ""
        self._validate(integration)
        await self._refuse_taken(call, request.integration_id)
        used = await self._references.of(call.tenant_id, integration, secret)
        check = await self._healthy(call, integration, used)
        if not request.validate_only:
            integration = await self._integrations.create(actor_of(call), integration, secret)
            await self._integrations.record_check(call.tenant_id, request.integration_id, check)
            await self._directory.changed(call.tenant_id)
        integration.last_check.CopyFrom(check)
        _located(integration)
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
        return GetIntegrationResponse(integration=_located(found))

    async def list_integrations(self, call: Call, request: ListIntegrationsRequest) -> ListIntegrationsResponse:
        """See the contract."""
        found, following = await self._integrations.list(
            call.tenant_id, request.page_size or DEFAULT_PAGE_SIZE, request.page_token, request.type
        )
        return ListIntegrationsResponse(integrations=map(_located, found), next_page_token=following)

    async def update_integration(self, call: Call, request: UpdateIntegrationRequest) -> UpdateIntegrationResponse:
        """See the contract. A changed configuration is checked live before it is stored."""
        _check_mask(request)
        wanted = request.integration
        current = await self._integrations.get(call.tenant_id, wanted.integration_id)
        changed = Integration()
        changed.CopyFrom(current)
        request.update_mask.MergeMessage(wanted, changed, replace_message_field=True, replace_repeated_field=True)
        # Without an etag the one just read: what another caller changes meanwhile must not be undone.
        changed.etag = wanted.etag or current.etag
        secret = _one_secret(changed, current, _take_secret(changed))
        check = None
        if any(path.partition(".")[0] == "configuration" for path in request.update_mask.paths):
            self._validate(changed)
            used = await self._references.of(call.tenant_id, changed, secret or "")
            if secret is None and not changed.configuration.authentication.secret_reference:
                used = await self._integrations.secret(call.tenant_id, wanted.integration_id)
                if used and _place(changed) != _place(current):
                    raise _secret_stays()
            check = await self._healthy(call, changed, used)
        stored = await self._integrations.update(actor_of(call), changed, secret)
        if check is not None:
            await self._integrations.record_check(call.tenant_id, wanted.integration_id, check)
            stored = await self._integrations.get(call.tenant_id, wanted.integration_id)
        await self._directory.changed(call.tenant_id)
        return UpdateIntegrationResponse(integration=_located(stored))

    async def delete_integration(self, call: Call, request: DeleteIntegrationRequest) -> DeleteIntegrationResponse:
        """See the contract."""
        await self._integrations.delete(actor_of(call), request.integration_id, request.etag)
        await self._directory.changed(call.tenant_id)
        return DeleteIntegrationResponse()

    async def check_integration(self, call: Call, request: CheckIntegrationRequest) -> CheckIntegrationResponse:
        """See the contract. A failed check is an answer."""
        integration = await self._integrations.get(call.tenant_id, request.integration_id)
        secret = await self._integrations.secret(call.tenant_id, request.integration_id)
        try:
            secret = await self._references.of(call.tenant_id, integration, secret)
        except TrunklineError as error:
            check = HealthCheck(detail=error.message)
            check.check_time.GetCurrentTime()
        else:
            check = await self._live(call, integration, secret)
        await self._integrations.record_check(call.tenant_id, request.integration_id, check)
        await self._directory.changed(call.tenant_id)
        return CheckIntegrationResponse(check=check)

    async def rotate_credential(self, call: Call, request: RotateCredentialRequest) -> RotateCredentialResponse:
        """See the contract. The new secret takes over only after it was checked."""
        integration = await self._integrations.get(call.tenant_id, request.integration_id)
        integration.configuration.authentication.secret_reference = request.secret_reference
        used = await self._references.of(call.tenant_id, integration, request.secret)
        check = None if request.skip_check else await self._healthy(call, integration, used)
        await self._integrations.update(actor_of(call), integration, request.secret)
        if check is not None:
            await self._integrations.record_check(call.tenant_id, request.integration_id, check)
        await self._directory.changed(call.tenant_id)
        now = Timestamp()
        now.GetCurrentTime()
        return RotateCredentialResponse(rotate_time=now)

    async def list_connectors(self, call: Call, request: ListConnectorsRequest) -> ListConnectorsResponse:
        """See the contract."""
        known = sorted((*self._providers.connectors(), *self._connectors.connectors()), key=lambda one: one.name)
        wanted = [one for one in known if request.type in (0, one.type) and request.name in ("", one.name)]
        found, following = page(wanted, request.page_size, request.page_token)
        return ListConnectorsResponse(connectors=found, next_page_token=following)

    # ── Checks ──────────────────────────────────────────────────────────────────────────────────────────────────

    def _validate(self, integration: Integration) -> None:
        kinds = _KINDS.get(integration.type)
        if kinds is None:
            name = IntegrationType.Name(integration.type)
            raise TrunklineError(
                Reason.ERROR_REASON_NOT_IMPLEMENTED,
                f"integrations of {name} are not served yet; llm_provider and api are",
                metadata={"type": name},
            )
        if integration.configuration.WhichOneof("kind") not in kinds:
            fields = ", or ".join(f"configuration.{kind}" for kind in kinds)
            problems = [(f"configuration.{kinds[0]}", f"is required for this type, and no other kind than {fields}")]
            raise invalid_fields(problems, reason=Reason.ERROR_REASON_INVALID_CONFIGURATION)
        if integration.type != _LLM:
            self._connectors.validate(integration)
        elif found := list(self._providers.validate(integration)):
            raise invalid_fields(found, reason=Reason.ERROR_REASON_INVALID_CONFIGURATION)

    async def _refuse_taken(self, call: Call, integration_id: str) -> None:
        """Before anything is called: a dry run tells it too."""
        try:
            await self._integrations.get(call.tenant_id, integration_id)
        except TrunklineError as error:
            if error.reason != Reason.ERROR_REASON_NOT_FOUND:
                raise
        else:
            raise already_exists("integration", integration_id)

    async def _healthy(self, call: Call, integration: Integration, secret: str) -> HealthCheck:
        """The finding of a live check that succeeded. Raises LIVE_CHECK_FAILED."""
        check = await self._live(call, integration, secret)
        if not check.healthy:
            raise live_check_failed(f"integration/{integration.integration_id}", check.detail)
        return check

    async def _live(self, call: Call, integration: Integration, secret: str) -> HealthCheck:
        deadline = call.deadline.sooner(_CHECK_SECONDS)
        if connector := self._connectors.of(integration):
            return await connector.check(integration, secret, deadline)
        return await self._providers.check(self._router.target(integration, secret), deadline)


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


def _take_secret(integration: Integration) -> str | None:
    """The secret of a configuration, removed from it; None where none was given."""
    authentication = integration.configuration.authentication
    secret = authentication.secret or None
    authentication.ClearField("secret")
    return secret


def _one_secret(changed: Integration, current: Integration, secret: str | None) -> str | None:
    """A new secret takes the place of a reference, and a reference that of what is stored: an empty secret."""
    authentication = changed.configuration.authentication
    if secret:
        authentication.ClearField("secret_reference")
    elif authentication.secret_reference and current.configuration.authentication.secret_set:
        return ""
    return secret


def _place(integration: Integration) -> tuple[object, ...]:
    """Where calls go: with any of these another host can be meant."""
    configuration = integration.configuration
    settings = configuration.llm_provider
    origin = urlsplit(configuration.endpoint)[:2]
    return origin, settings.provider, dict(settings.options), configuration.api.template


def _secret_stays() -> TrunklineError:
    """A stored secret is never sent where its owner did not mean it to go: who cannot read it must not learn it so."""
    path = "integration.configuration.authentication.secret"
    why = "is required with another endpoint, provider or option"
    return invalid_fields([(path, why)], reason=Reason.ERROR_REASON_INVALID_CONFIGURATION)


def _located(integration: Integration) -> Integration:
    integration.health_service = f"integration/{integration.integration_id}"
    integration.health_check_url = f"/health/integrations/{integration.integration_id}"
    return integration
