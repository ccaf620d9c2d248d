"""A shipped template, its sandbox, and the real engine between them."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any

import orjson
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from rest_upstream import LOCAL
from trunkline.v1.access_pb2 import Tenant
from trunkline.v1.api_pb2 import CallRate
from trunkline.v1.configuration_pb2 import IntegrationType
from trunkline.v1.integration_pb2 import Integration
from trunkline.v1.tool_pb2 import ExecuteToolRequest, ExecuteToolResponse
from trunkline_server.connectors.rest.engine import RestConnector
from trunkline_server.connectors.rest.template_models import Template, TemplateTool
from trunkline_server.connectors.rest.templates import load_templates
from trunkline_server.domain.connectors import ToolCall
from trunkline_server.domain.deadline import Deadline
from trunkline_server.domain.ports import TenantView
from trunkline_server.domain.schemas import read_parameters
from trunkline_server.sandbox import Faults, Sandbox, running
from trunkline_server.services.tool import ToolService
from unit.service_parts import TENANT, MemoryDirectory, Tools, a_call

TEMPLATES = load_templates()
# Faults of which nothing but the share matters.
QUIET = Faults(rates=False)


@dataclass(slots=True)
class Scene:
    """`integration` calls the sandbox with a secret that works."""

    sandbox: Sandbox
    rest: RestConnector
    integration: Integration
    secret: str

    @property
    def template(self) -> Template:
        """The template."""
        return self.sandbox.template

    def call(self, tool: TemplateTool, seconds: float = 10.0, **changes: Any) -> ToolCall:
        """A call with the tool's example."""
        found = self.rest.tools(self.integration)[tool.name]
        checked = read_parameters(found.parameters_schema_json, orjson.dumps(dict(tool.example.parameters)))
        known = ToolCall(TENANT, self.integration, found, checked, seconds, self.secret, f"key of {tool.name}")
        return replace(known, **changes)

    async def execute(self, tool: TemplateTool, seconds: float = 10.0, **changes: Any) -> Any:
        """The answer of a call, parsed. Raises TrunklineError."""
        answer = await self.rest.execute(self.call(tool, seconds, **changes), Deadline.after(20))
        assert not answer.drifts
        return orjson.loads(answer.json)

    def meets(self, times: int = 0, **faults: float) -> None:
        """Calls meet these faults from now on."""
        self.sandbox.faults = QUIET.model_copy(update={"shares": faults, "times": times})
        # Reads how often it may be.
        self.sandbox.faults = Faults.model_validate(self.sandbox.faults.model_dump())

    def service(self) -> ToolService:
        """The service before the engine; its only integration is this one."""
        directory = MemoryDirectory()
        name = self.integration.integration_id
        directory.view = TenantView(Tenant(tenant_id=TENANT), {name: self.integration}, {name: self.secret}, ())
        return Tools(directory, self.rest).service

    async def served(self, service: ToolService, tool: TemplateTool, seconds: float = 10.0) -> ExecuteToolResponse:
        """A call through the service."""
        request = ExecuteToolRequest(
            integration_id=self.integration.integration_id,
            tool_name=tool.name,
            parameters_json=orjson.dumps(dict(tool.example.parameters)),
        )
        return await service.execute_tool(a_call(seconds=seconds), request)


@asynccontextmanager
async def scene(name: str, faults: Faults = QUIET) -> AsyncIterator[Scene]:
    """The template's sandbox, run, and an engine. Without rates in the faults, the engine has none either."""
    sandbox = Sandbox(TEMPLATES[name], faults, seed=11)
    async with running(sandbox), RestConnector(LOCAL) as rest:
        integration = Integration(
            integration_id=name, type=IntegrationType.INTEGRATION_TYPE_API, configuration=sandbox.configuration()
        )
        if not faults.rates:
            rate = CallRate(calls=1_000_000)
            rate.per.FromSeconds(1)
            integration.configuration.api.rates.append(rate)
        assert not rest.validate(integration)
        assert not rest.validate_secret(integration, sandbox.secret)
        yield Scene(sandbox, rest, integration, sandbox.secret)


def first_read(template: Template) -> TemplateTool:
    """A tool that only reads and tells no pages."""
    return next(tool for tool in template.tools if tool.reads and not tool.pagination)


def wrong(secret: str) -> str:
    """A secret of the same form that does not work."""
    if not secret.startswith("{"):
        return secret[:-4] + "0000"
    return orjson.dumps({**orjson.loads(secret), "private_key": _other_key()}).decode()


@lru_cache
def _other_key() -> str:
    form = (serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    return rsa.generate_private_key(65537, 2048).private_bytes(*form).decode()


def parts_of(secret: str) -> list[str]:
    """What may be told to nobody: the secret, or what is secret in it."""
    return orjson.loads(secret)["private_key"].splitlines()[1:-1] if secret.startswith("{") else [secret]


def hidden_in(content: object, names: frozenset[str]) -> list[str]:
    """The texts in fields of these names, at any depth, that are long enough to be told from others."""
    found: list[str] = []
    pairs: list[tuple[str, object]] = []
    if isinstance(content, Mapping):
        pairs = list(content.items())
    elif isinstance(content, list | tuple):
        pairs = [("", one) for one in content]
    for name, value in pairs:
        if name in names and isinstance(value, str) and len(value) >= 4:
            found.append(value)
        found += hidden_in(value, names)
    return found


async def until(true: Callable[[], bool], seconds: float = 5.0) -> bool:
    """Whether it becomes true in time."""
    loop = asyncio.get_running_loop()
    give_up = loop.time() + seconds
    while not true() and loop.time() < give_up:
        await asyncio.sleep(0.01)
    return true()
