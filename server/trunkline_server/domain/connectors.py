"""What the domain asks of the systems whose tools it calls: one port, one adapter of it for each kind of configuration.

Errors: every method may raise `TrunklineError`, and never lets a driver's exception through. Times are seconds.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol, TypeAlias

from trunkline.v1.common_pb2 import ProviderQuota
from trunkline.v1.configuration_pb2 import Configuration
from trunkline.v1.connector_pb2 import Connector, ImportOpenApiRequest, ImportOpenApiResponse
from trunkline.v1.integration_health_pb2 import HealthCheck, RateUse, ResultDrift
from trunkline.v1.integration_pb2 import Integration
from trunkline.v1.tool_pb2 import StreamExecuteToolResponse, Tool, ToolPreview

from trunkline_server.domain.deadline import Deadline
from trunkline_server.domain.errors import Reason, invalid_fields


@dataclass(frozen=True, slots=True)
class ToolCall:
    """One attempt at a tool. `parameters` meet its schema. `key` is that of all attempts of a call, by which the system
    knows them as one where it can; `timeout` bounds this one."""

    tenant_id: str
    integration: Integration
    tool: Tool
    parameters: Mapping[str, Any]
    timeout: float
    secret: str = field(default="", repr=False)
    key: str = ""


@dataclass(frozen=True, slots=True)
class ToolAnswer:
    """What a tool answered. Exactly one of `json` (JSON text) and `raw` is set. `warnings` are for the caller; `drifts`
    say where the result broke its schema, with tool_name, path and description. Of a page, `more` says whether another
    one follows; None where only asking for it tells. `quotas` are what the system told of its own limits."""

    http_status: int
    content_type: str
    json: bytes = b""
    raw: bytes = b""
    warnings: Sequence[str] = ()
    drifts: Sequence[ResultDrift] = ()
    more: bool | None = None
    quotas: Sequence[ProviderQuota] = ()


# What a stream tells as it comes: a chunk, rows or progress, not numbered yet; and its end, without a result.
ToolPiece: TypeAlias = StreamExecuteToolResponse | ToolAnswer


class ToolInput(Protocol):
    """What the caller sends to a tool, to be read once. Waits end with the caller's deadline."""

    async def next(self) -> bytes | None:
        """The next chunk, never empty; None when the caller says that the input is complete. Raises CALLER_DEADLINE,
        and INVALID_REQUEST for a stream that ends without `finish`."""
        ...

    @property
    def sha256(self) -> str:
        """The checksum that the caller told at the end, lower-case hex; empty where it told none."""
        ...


class ToolConnector(Protocol):
    """Systems of one kind as tools. What has a body here is what most kinds do; adapters inherit it."""

    def connectors(self) -> Sequence[Connector]:
        """What integrations can be made of, by name."""
        ...

    def validate(self, integration: Integration) -> Sequence[tuple[str, str]]:
        """(field path, what is wrong) of the configuration; paths start at `configuration`."""
        ...

    def validate_secret(self, integration: Integration, secret: str) -> Sequence[tuple[str, str]]:
        """(field path, what is wrong) of a secret for the integration; never shows it."""
        ...

    async def discover(self, integration: Integration, secret: str, deadline: Deadline) -> None:
        """Fill in what only the system itself knows of its tools, before an integration is stored; mostly nothing."""
        del integration, secret, deadline

    def tools(self, integration: Integration) -> Mapping[str, Tool]:
        """The integration's tools by name, complete: `timeout` and `repeatable` are set. The same object for the same
        integration."""
        ...

    async def preview(self, call: ToolCall) -> ToolPreview:
        """What the call would send, credentials masked, and how long it would wait for its turn, which it does not
        take. Raises INVALID_PARAMETERS."""
        ...

    async def execute(self, call: ToolCall, deadline: Deadline) -> ToolAnswer:
        """One attempt. Raises INVALID_PARAMETERS (field paths below `parameters_json`) for values that the schema lets
        through and the system cannot be told, UPSTREAM_TIMEOUT, CALLER_DEADLINE where that is sooner,
        INTEGRATION_UNAVAILABLE, UPSTREAM_REJECTED, UPSTREAM_AUTHENTICATION, UPSTREAM_RATE_LIMITED,
        UPSTREAM_QUOTA_EXHAUSTED, UPSTREAM_MALFORMED, MESSAGE_TOO_LARGE, ADDRESS_FORBIDDEN. Metadata: `http_status` of
        an answer, `sent: no` where no connection was made."""
        ...

    def pages(self, call: ToolCall, deadline: Deadline) -> AsyncGenerator[ToolAnswer, None]:
        """The answers of a tool with pages, one for each page, to the last. Each page is one attempt of at most
        `call.timeout`. Raises as `execute`. Closing it aborts the upstream request."""
        raise AssertionError(f"{call.tool.name} has no pages")

    def stream(self, call: ToolCall, given: ToolInput | None, deadline: Deadline) -> AsyncGenerator[ToolPiece, None]:
        """The result of a tool that `streams_output` or `takes_input`, as it comes; a ToolAnswer is last. `given` is
        there for a tool that takes input. Each wait for the system is at most `call.timeout`. Memory does not grow with
        the result. Raises as `execute`, at any piece, and CHECKSUM_MISMATCH, OVER_CAP. Closing it ends the work in the
        system: the statement, the transfer."""
        raise AssertionError(f"{call.tool.name} is not streamed")

    async def rates(self, integration: Integration, secret: str) -> Sequence[RateUse]:
        """How much of each of the integration's call rates is used, over all servers."""
        return ()

    async def check(
        self, integration: Integration, secret: str, deadline: Deadline, tenant_id: str = ""
    ) -> HealthCheck:
        """A live check. A failed one is a finding, not an error: never raises TrunklineError. `tenant_id` is needed
        where the check may replace a part of the secret, which is stored then: a refresh token."""
        ...


class DocumentImporter(Protocol):
    """Descriptions of APIs as configurations."""

    async def convert(self, request: ImportOpenApiRequest) -> ImportOpenApiResponse:
        """The configuration that the document describes. Nothing is stored or fetched. Raises INVALID_REQUEST with
        field paths that end in JSON pointers."""
        ...


class Connectors:
    """The adapters, by the name of their configuration's field in `Configuration.kind`."""

    def __init__(self, adapters: Mapping[str, ToolConnector]) -> None:
        kinds = {one.name for one in Configuration.DESCRIPTOR.oneofs_by_name["kind"].fields}
        if unknown := adapters.keys() - kinds:
            raise AssertionError(f"no kind of configuration: {', '.join(sorted(unknown))}")
        self._adapters = dict(adapters)

    def of(self, integration: Integration) -> ToolConnector | None:
        """The adapter that calls the integration; None where it has no tools."""
        return self._adapters.get(integration.configuration.WhichOneof("kind") or "")

    def tools(self, integration: Integration) -> Mapping[str, Tool]:
        """The integration's tools by name; none for one without an adapter."""
        adapter = self.of(integration)
        return adapter.tools(integration) if adapter else {}

    def validate(self, integration: Integration) -> None:
        """Raises INVALID_CONFIGURATION with field paths."""
        adapter = self.of(integration)
        problems = adapter.validate(integration) if adapter else [("configuration", "is of no kind that is served")]
        if problems:
            raise invalid_fields(problems, reason=Reason.ERROR_REASON_INVALID_CONFIGURATION)

    def validate_secret(self, integration: Integration, secret: str) -> None:
        """Raises INVALID_CONFIGURATION with a field path, without the secret."""
        adapter = self.of(integration)
        if problems := adapter.validate_secret(integration, secret) if adapter and secret else []:
            raise invalid_fields(problems, reason=Reason.ERROR_REASON_INVALID_CONFIGURATION)

    def connectors(self) -> Sequence[Connector]:
        """What integrations can be made of, by name."""
        return sorted((one for adapter in self._adapters.values() for one in adapter.connectors()), key=_name)


def _name(connector: Connector) -> str:
    return connector.name
