"""A tenant's integrations without stores and network: what the tests of IntegrationService stand on."""

from __future__ import annotations

from collections.abc import Sequence

from google.protobuf.field_mask_pb2 import FieldMask
from trunkline.v1.api_pb2 import ApiConfiguration, ApiTool
from trunkline.v1.authentication_pb2 import Authentication
from trunkline.v1.configuration_pb2 import Configuration, LlmProviderConfiguration
from trunkline.v1.connector_pb2 import Connector
from trunkline.v1.integration_health_pb2 import HealthCheck, IntegrationHealth, IntegrationStatus
from trunkline.v1.integration_pb2 import CreateIntegrationRequest, Integration, UpdateIntegrationRequest
from trunkline_server.connectors.openapi import OpenApiImporter
from trunkline_server.domain.addresses import OutboundPolicy
from trunkline_server.domain.breakers import Breakers
from trunkline_server.domain.connectors import Connectors
from trunkline_server.domain.deadline import Deadline
from trunkline_server.domain.integrations.checks import Checks
from trunkline_server.domain.integrations.health import HealthReports
from trunkline_server.domain.ports import Target
from trunkline_server.domain.resilience import Resilience
from trunkline_server.domain.router import Router, RoutingSettings
from trunkline_server.domain.secrets import SecretReferences
from trunkline_server.providers.driver import ProviderDriver
from trunkline_server.providers.profiles import parse
from trunkline_server.services.integration import IntegrationService
from trunkline_server.stores.secrets.environment import EnvironmentSecrets
from unit.domain_parts import FakeCatalogue, FakeProviders
from unit.service_parts import (
    API,
    LLM,
    CheckedApi,
    MemoryDirectory,
    MemoryIntegrations,
    a_call,
)

SECRET = "sk-very-secret-4711"
ACTIVE, DISABLED = IntegrationStatus.INTEGRATION_STATUS_ACTIVE, IntegrationStatus.INTEGRATION_STATUS_DISABLED
PROFILES = parse(
    """
[alpha]
display_name = "Alpha"
endpoint = "https://alpha.example/v1"
headers = { virtual_key = "x-virtual-key" }
[bare]
display_name = "Bare"
endpoint = ""
"""
)
DRIVER = ProviderDriver(OutboundPolicy(), PROFILES)
FAILED = HealthCheck(detail="401: the credential is refused", http_status=401)


class CheckedProviders(FakeProviders):
    """Profiles `alpha` (with an endpoint and options) and `bare` (without); checks answer `check_answer`."""

    def __init__(self) -> None:
        super().__init__({})
        self.check_answer = HealthCheck(healthy=True, detail="alpha answered", models=["m"])
        self.checked: list[Target] = []
        self.bounds: list[Deadline] = []

    async def check(self, target: Target, deadline: Deadline) -> HealthCheck:
        self.checked.append(target)
        self.bounds.append(deadline)
        return self.check_answer

    def validate(self, integration: Integration) -> Sequence[tuple[str, str]]:
        return DRIVER.validate(integration)

    def connectors(self) -> Sequence[Connector]:
        return DRIVER.connectors()


class CheckedMcp(CheckedApi):
    """MCP servers in memory."""

    def connectors(self) -> Sequence[Connector]:
        return []


class MemoryRecords:
    """What is on record of any integration, and which windows were asked for."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, str, float]] = []

    async def health(self, tenant_id: str, integration_id: str, window: float) -> IntegrationHealth:
        self.asked.append((tenant_id, integration_id, window))
        return IntegrationHealth(integration_id=integration_id, calls=3)


class Scene:
    """The service over memory."""

    def __init__(self) -> None:
        self.store, self.directory = MemoryIntegrations(), MemoryDirectory()
        self.providers, self.api = CheckedProviders(), CheckedApi()
        self.environ = {"KEY": "sk-referred-1"}
        references = SecretReferences({"env": EnvironmentSecrets(self.environ)}, ("env:*",))
        router = Router(self.directory, FakeCatalogue({}), self.providers, Resilience(), RoutingSettings({}))
        self.mcp = CheckedMcp()
        connectors = Connectors({"api": self.api, "mcp": self.mcp})
        self.checks = Checks(self.store, self.directory, references, self.providers, router.target, connectors)
        self.breakers, self.records = Breakers(), MemoryRecords()
        self.service = IntegrationService(
            self.store,
            self.directory,
            self.providers,
            connectors,
            self.checks,
            HealthReports(self.records, self.directory, self.breakers, connectors),
            OpenApiImporter(),
        )
        self.call = a_call()

    async def with_row(self, request: CreateIntegrationRequest | None = None) -> Scene:
        """This scene with an integration, and nothing noted yet."""
        await self.service.create_integration(self.call, request or a_model())
        for noted in (self.providers.checked, self.directory.forgotten, self.store.checks, self.store.writes):
            noted.clear()
        return self


def a_model(name: str = "main", **options: str) -> CreateIntegrationRequest:
    return CreateIntegrationRequest(
        integration_id=name,
        type=LLM,
        display_name="Main",
        configuration=Configuration(
            authentication=Authentication(secret=SECRET),
            llm_provider=LlmProviderConfiguration(provider="alpha", models=["m", "n"], options=options),
        ),
    )


def an_api(name: str = "hub") -> CreateIntegrationRequest:
    configuration = Configuration(
        endpoint="https://hub.example",
        authentication=Authentication(secret=SECRET),
        api=ApiConfiguration(tools=[ApiTool(name="read", method="GET", path="/")]),
    )
    return CreateIntegrationRequest(integration_id=name, type=API, configuration=configuration)


def change(*paths: str, etag: str = "", **values: object) -> UpdateIntegrationRequest:
    integration = Integration(integration_id="main", etag=etag, **values)  # type: ignore[arg-type]
    return UpdateIntegrationRequest(integration=integration, update_mask=FieldMask(paths=paths))
