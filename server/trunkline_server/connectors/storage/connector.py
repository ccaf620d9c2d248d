"""Object storage as tools: which operation each tool is, and what callers see of keys."""

from __future__ import annotations

import ssl
import time
from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import aclosing
from dataclasses import replace
from types import TracebackType
from typing import Self

import aiohttp
from aiohttp.abc import AbstractResolver
from trunkline.v1.connector_pb2 import Connector
from trunkline.v1.integration_health_pb2 import HealthCheck
from trunkline.v1.integration_pb2 import Integration
from trunkline.v1.tool_pb2 import Tool, ToolPreview

from trunkline_server.connectors.readings import Readings
from trunkline_server.connectors.rest.answers import HttpAnswer
from trunkline_server.connectors.rest.auth.table import Authenticators
from trunkline_server.connectors.rest.exchange import exchange as rest_exchange
from trunkline_server.connectors.rest.request import HttpRequest
from trunkline_server.connectors.storage import configuration
from trunkline_server.connectors.storage.catalogue import AZURE, GCS, S3
from trunkline_server.connectors.storage.client import Client
from trunkline_server.connectors.storage.configuration import Shape
from trunkline_server.connectors.storage.http import Wait
from trunkline_server.connectors.storage.operations import OPERATIONS, Task, answer, check, upload
from trunkline_server.connectors.storage.port import encoded
from trunkline_server.connectors.storage.reads import read, read_at_once
from trunkline_server.domain.access_tokens import SecretKeeper, SharedTokens
from trunkline_server.domain.addresses import OutboundPolicy
from trunkline_server.domain.connectors import ToolAnswer, ToolCall, ToolConnector, ToolInput, ToolPiece
from trunkline_server.domain.deadline import Deadline
from trunkline_server.domain.duration import duration
from trunkline_server.domain.errors import TrunklineError
from trunkline_server.domain.redaction import MASK
from trunkline_server.domain.timeouts import DEFAULT_TIMEOUTS, Timeouts
from trunkline_server.outbound import guarded_session

_JSON = "application/json"
# Of heads: metadata of a caller's own, and long keys.
_MAX_HEADER = 32 * 1024
_METHODS = {"put_object": "PUT", "copy_object": "PUT", "delete_object": "DELETE", "stat_object": "HEAD"}
# Azure asks for the blocks of each blob.
_MOST_UPLOADS = 100


class StorageConnector(ToolConnector):
    """Implements `ToolConnector` of domain/connectors.py.

    An asynchronous context manager, as it owns connections: enter it in the running loop. `timeouts` hold where the
    integration does not say. `tokens` and `secrets` are for access tokens that servers share. `resolver` and `tls`
    replace name resolution and the TLS settings.
    """

    def __init__(
        self,
        policy: OutboundPolicy,
        *,
        timeouts: Timeouts = DEFAULT_TIMEOUTS,
        tokens: SharedTokens | None = None,
        secrets: SecretKeeper | None = None,
        resolver: AbstractResolver | None = None,
        tls: ssl.SSLContext | None = None,
    ) -> None:
        self._policy = policy
        self._timeouts = timeouts
        self._resolver = resolver
        self._tls = tls
        self._authenticators = Authenticators(policy, self._token_answer, tokens, secrets)
        self._shapes = Readings(self._read)
        self._http: aiohttp.ClientSession | None = None

    async def __aenter__(self) -> Self:
        self._http = guarded_session(
            self._policy,
            resolver=self._resolver,
            tls=self._tls,
            auto_decompress=False,
            max_line_size=_MAX_HEADER,
            max_field_size=_MAX_HEADER,
        )
        # It would send GET, PUT and DELETE again of its own accord; attempts are counted and spaced elsewhere.
        self._http._retry_connection = False
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            await self._authenticators.close()
        finally:
            if self._http is not None:
                await self._http.close()

    def connectors(self) -> Sequence[Connector]:
        """The stores, by name."""
        return [AZURE, GCS, S3]

    def validate(self, integration: Integration) -> Sequence[tuple[str, str]]:
        """See the port."""
        return configuration.violations_of(integration, self._policy)

    def validate_secret(self, integration: Integration, secret: str) -> Sequence[tuple[str, str]]:
        """See the port."""
        return configuration.secret_violations(integration, secret, self._policy)

    def tools(self, integration: Integration) -> Mapping[str, Tool]:
        """See the port. Those that change something only where the integration allows it."""
        return self._shapes.of(integration).tools

    async def preview(self, call: ToolCall) -> ToolPreview:
        """See the port. The configuration's prefix is masked."""
        shape, found = self._shapes.of(call.integration), call.parameters
        check(shape, found)
        folder = f"{MASK}/" if shape.prefix else ""
        url = f"{shape.store.origin('' if shape.keyless else call.secret)}/{folder}{encoded(found.get('key', ''))}"
        return ToolPreview(method=_METHODS.get(call.tool.name, "GET"), url=url, cost_nano_usd=call.tool.cost_nano_usd)

    async def execute(self, call: ToolCall, deadline: Deadline) -> ToolAnswer:
        """See the port. MESSAGE_TOO_LARGE is an object above 8 MiB; CHECKSUM_MISMATCH and OVER_CAP may be raised."""
        task = self._task(call, deadline)
        if call.tool.name == "get_object":
            return await read_at_once(task.client, task.shape.prefix, call.parameters)
        return answer(await OPERATIONS[call.tool.name](task))

    async def pages(self, call: ToolCall, deadline: Deadline) -> AsyncGenerator[ToolAnswer, None]:
        """See the port."""
        parameters = dict(call.parameters)
        while True:
            task = self._task(call, deadline)
            task.parameters = parameters
            found = await OPERATIONS[call.tool.name](task)
            following = found.get("next_page_token", "")
            yield answer(found, more=bool(following))
            if not following:
                return
            parameters["page_token"] = following

    async def stream(
        self, call: ToolCall, given: ToolInput | None, deadline: Deadline
    ) -> AsyncGenerator[ToolPiece, None]:
        """See the port."""
        task = self._task(call, deadline)
        if given is None:
            pieces = read(task.client, task.shape.prefix, call.parameters)
        else:
            pieces = upload(task, given).pieces()
        async with aclosing(pieces) as source:
            async for piece in source:
                yield piece

    async def check(
        self, integration: Integration, secret: str, deadline: Deadline, tenant_id: str = ""
    ) -> HealthCheck:
        """List one key. A failed check is a finding, not an error: never raises TrunklineError."""
        found = HealthCheck()
        found.check_time.GetCurrentTime()
        started = time.monotonic()
        try:
            shape = self._shapes.of(integration)
            wait = Wait(deadline, shape.timeout, shape.timeouts)
            client = Client(self._opened(), self._policy, shape, secret, tenant_id, wait)
            await client.run(shape.store.list_objects(shape.prefix, "", 1, ""))
            found.healthy, found.detail, found.http_status = True, "the bucket can be listed", 200
        except TrunklineError as error:
            found.detail = error.message
            if (status := error.metadata.get("http_status", "")).isdigit():
                found.http_status = int(status)
        found.latency.CopyFrom(duration(time.monotonic() - started))
        return found

    def _read(self, integration: Integration) -> Shape:
        return configuration.shape_of(integration, self._timeouts, self._authenticators)

    def _task(self, call: ToolCall, deadline: Deadline) -> Task:
        """Raises INVALID_PARAMETERS, UPSTREAM_AUTHENTICATION, ADDRESS_FORBIDDEN."""
        shape = self._shapes.of(call.integration)
        check(shape, call.parameters)
        wait = Wait(deadline, call.timeout, shape.timeouts)
        repeats = not call.tool.repeatable
        client = Client(self._opened(), self._policy, shape, call.secret, call.tenant_id, wait, repeats)
        return Task(client, shape, call)

    async def _token_answer(self, request: HttpRequest, deadline: Deadline, seconds: float) -> HttpAnswer:
        """What a token endpoint answers."""
        end = deadline.sooner(seconds)
        # The session hands bodies on as they are.
        request = replace(request, headers={**request.headers, "accept-encoding": "identity"})
        return await rest_exchange(self._opened(), request, deadline, end, seconds, self._timeouts)

    def _opened(self) -> aiohttp.ClientSession:
        if self._http is None:
            raise AssertionError("the connector is not entered")
        return self._http
