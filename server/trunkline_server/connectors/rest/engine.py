"""The REST engine: every integration of type `api`, by its template and configuration."""

from __future__ import annotations

import hashlib
import ssl
import time
from collections.abc import AsyncGenerator, Mapping, Sequence
from dataclasses import replace
from types import TracebackType
from typing import Self

import aiohttp
from aiohttp.abc import AbstractResolver
from trunkline.v1.connector_pb2 import Connector
from trunkline.v1.integration_health_pb2 import HealthCheck, RateUse
from trunkline.v1.integration_pb2 import Integration
from trunkline.v1.tool_pb2 import Tool, ToolPreview

from trunkline_server.connectors.rest.answers import MAX_BODY, HttpAnswer, error_of, tool_answer
from trunkline_server.connectors.rest.auth.table import Authenticators, secret_violations
from trunkline_server.connectors.rest.configuration import (
    check_template,
    endpoint_problem,
    target_of,
    timeout_of,
    violations_of,
)
from trunkline_server.connectors.rest.pacing import Pacer
from trunkline_server.connectors.rest.request import HttpRequest, Target, build, build_check
from trunkline_server.connectors.rest.shape import Shape, shape_of
from trunkline_server.connectors.rest.template_models import ErrorMap, Template
from trunkline_server.connectors.rest.templates import connector_of, load_templates, tool_of
from trunkline_server.domain.access_tokens import SecretKeeper, SharedTokens
from trunkline_server.domain.addresses import OutboundPolicy, address_forbidden
from trunkline_server.domain.connectors import ToolAnswer, ToolCall
from trunkline_server.domain.deadline import Deadline, caller_deadline
from trunkline_server.domain.errors import Reason, TrunklineError
from trunkline_server.domain.timeouts import DEFAULT_TIMEOUTS, WAITED_FOR, Timeouts
from trunkline_server.outbound import Dial, guarded_connector

_PLAIN_HTTP = ErrorMap()
_CHUNK = 64 * 1024
_MAX_CONNECTIONS = 1000
_MAX_CONNECTIONS_PER_HOST = 100
# Larger header blocks than these (bytes) break the connection.
_MAX_HEADER = 16 * 1024
# What makes a check fail below 500.
_UNHEALTHY = (Reason.ERROR_REASON_UPSTREAM_AUTHENTICATION, Reason.ERROR_REASON_INTEGRATION_UNAVAILABLE)
# A wait that an upstream asks for is passed on exactly; calls are held back here for at most this long (seconds), so
# that an upstream's mistake does not shut its integration off until a restart.
_MAX_HOLD = 3600.0
# Integrations whose reading is kept.
_MAX_SHAPES = 4096


class RestConnector:
    """HTTP APIs as tools; implements `ToolConnector` of domain/connectors.py.

    An asynchronous context manager, as it owns a pool of connections: enter it in the running loop. `templates` are by
    name; by default those that are shipped. `timeouts` hold where neither integration nor template
    say. `resolver` and `tls` replace name resolution and the TLS settings. `tokens` are shared with other servers, and
    `secrets` keeps refresh tokens that are replaced: see auth/tokens.py.
    """

    def __init__(
        self,
        policy: OutboundPolicy,
        *,
        templates: Mapping[str, Template] | None = None,
        timeouts: Timeouts = DEFAULT_TIMEOUTS,
        resolver: AbstractResolver | None = None,
        tls: ssl.SSLContext | None = None,
        tokens: SharedTokens | None = None,
        secrets: SecretKeeper | None = None,
    ) -> None:
        self._policy = policy
        self._timeouts = timeouts
        self._templates = dict(load_templates() if templates is None else templates)
        for template in self._templates.values():
            check_template(template)
        self._template_tools = {
            name: tuple(tool_of(tool) for tool in template.tools) for name, template in self._templates.items()
        }
        self._resolver = resolver
        self._tls = tls
        self._pacer = Pacer()
        self._authenticators = Authenticators(policy, self._token_answer, tokens, secrets)
        # By identity; each holds its integration, so that no other one takes its place in memory.
        self._shapes: dict[int, Shape] = {}
        self._session: aiohttp.ClientSession | None = None

    async def __aenter__(self) -> Self:
        connector = guarded_connector(
            self._policy,
            limit=_MAX_CONNECTIONS,
            limit_per_host=_MAX_CONNECTIONS_PER_HOST,
            resolver=self._resolver,
            tls=self._tls,
        )
        self._session = aiohttp.ClientSession(
            connector=connector,
            cookie_jar=aiohttp.DummyCookieJar(),
            timeout=aiohttp.ClientTimeout(total=None),
            trust_env=False,
            max_line_size=_MAX_HEADER,
            max_field_size=_MAX_HEADER,
        )
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            await self._authenticators.close()
        finally:
            if self._session is not None:
                await self._session.close()

    def connectors(self) -> Sequence[Connector]:
        """The templates, by name."""
        return [connector_of(template) for _, template in sorted(self._templates.items())]

    def validate(self, integration: Integration) -> Sequence[tuple[str, str]]:
        """See the port."""
        return violations_of(integration, self._template(integration), self._policy)

    def validate_secret(self, integration: Integration, secret: str) -> Sequence[tuple[str, str]]:
        """See the port."""
        target = target_of(integration, self._template(integration))
        return secret_violations(target.authentication, secret, self._policy)

    async def discover(self, integration: Integration, secret: str, deadline: Deadline) -> None:
        """Nothing: an API's tools are configured."""

    def tools(self, integration: Integration) -> Mapping[str, Tool]:
        """The template's tools in its order, then the integration's own; an own one replaces one of the same name."""
        return self._shape(integration).tools

    def preview(self, call: ToolCall) -> ToolPreview:
        """See the port."""
        shape = self._shape(call.integration)
        request = shape.authenticator.masked(build(shape.target, shape.calls[call.tool.name], call.parameters))
        return ToolPreview(
            method=request.method,
            url=str(request.url),
            headers=request.headers,
            body=request.body or b"",
            cost_nano_usd=call.tool.cost_nano_usd,
        )

    async def execute(self, call: ToolCall, deadline: Deadline) -> ToolAnswer:
        """See the port. UPSTREAM_MALFORMED is an answer that calls itself JSON and is not, MESSAGE_TOO_LARGE one above
        8 MiB."""
        shape = self._shape(call.integration)
        tool, template = shape.calls[call.tool.name], shape.template
        self._judge(shape)
        request = build(shape.target, tool, call.parameters)
        if call.key and template and template.idempotency_header and tool.method != "GET":
            request = replace(request, headers={**request.headers, template.idempotency_header.lower(): call.key})
        pace = _pace_key(shape.target, call.secret)
        await self._pacer.turn(pace, _per_second(template), deadline.sooner(call.timeout))
        answer, sent = await self._answered(shape, request, call.tenant_id, call.secret, deadline, call.timeout)
        error = error_of(answer, template.errors if template else _PLAIN_HTTP, sent)
        if error is None:
            return tool_answer(answer)
        if error.reason == Reason.ERROR_REASON_UPSTREAM_RATE_LIMITED and error.retry_after is not None:
            self._pacer.hold(pace, min(error.retry_after, _MAX_HOLD))
        raise error

    async def pages(self, call: ToolCall, deadline: Deadline) -> AsyncGenerator[ToolAnswer, None]:
        """See the port."""
        yield await self.execute(call, deadline)

    async def rates(self, integration: Integration, secret: str) -> Sequence[RateUse]:
        """See the port."""
        return []

    async def check(
        self, integration: Integration, secret: str, deadline: Deadline, tenant_id: str = ""
    ) -> HealthCheck:
        """Call the check path. A failed check is a finding, not an error: never raises TrunklineError."""
        template = self._template(integration)
        errors = template.errors if template else _PLAIN_HTTP
        path = integration.configuration.api.check_path or (template.check_path if template else "/")
        check = HealthCheck()
        check.check_time.GetCurrentTime()
        started = time.monotonic()
        try:
            shape = self._shape(integration)
            self._judge(shape)
            request, seconds = build_check(shape.target, path), timeout_of(integration, template)
            answer, sent = await self._answered(shape, request, tenant_id, secret, deadline, seconds)
        except TrunklineError as error:
            check.detail = error.message
        else:
            check.http_status = answer.status
            found = error_of(answer, errors, sent)
            check.healthy = answer.status < 500 and (found is None or found.reason not in _UNHEALTHY)
            check.detail = found.message if found else f"answered with HTTP {answer.status}"
        check.latency.FromNanoseconds(round((time.monotonic() - started) * 1e9))
        return check

    def _template(self, integration: Integration) -> Template | None:
        return self._templates.get(integration.configuration.api.template)

    def _shape(self, integration: Integration) -> Shape:
        """Read once for each integration object."""
        known = self._shapes.get(id(integration))
        if known is None:
            template = self._template(integration)
            own = self._template_tools.get(integration.configuration.api.template, ())
            known = shape_of(integration, template, own, self._timeouts, self._authenticators)
            while len(self._shapes) >= _MAX_SHAPES:
                del self._shapes[next(iter(self._shapes))]
            self._shapes[id(integration)] = known
        return known

    def _judge(self, shape: Shape) -> None:
        """The endpoint, again: the policy may have changed since the integration was stored."""
        if problem := endpoint_problem(shape.target.endpoint, self._policy):
            raise TrunklineError(Reason.ERROR_REASON_ADDRESS_FORBIDDEN, f"the integration's endpoint {problem}")

    async def _answered(
        self, shape: Shape, request: HttpRequest, tenant_id: str, secret: str, deadline: Deadline, seconds: float
    ) -> tuple[HttpAnswer, str]:
        """The answer to an authenticated request, and the credential that it carried. After a 401 it is made once more
        where another credential may help: nothing was executed. All of it takes at most `seconds`."""
        end, authenticator = deadline.sooner(seconds), shape.authenticator

        def left() -> float:
            return seconds if end is deadline else round(end.remaining(), 2)

        signed = await authenticator.apply(request, secret, end, tenant_id)
        answer = await self._exchange(signed, deadline, left(), shape.timeouts)
        if answer.status == 401 and authenticator.refused(signed, secret, tenant_id):
            signed = await authenticator.apply(request, secret, end, tenant_id)
            answer = await self._exchange(signed, deadline, left(), shape.timeouts)
        return answer, authenticator.sent(signed, secret)

    async def _token_answer(self, request: HttpRequest, deadline: Deadline, seconds: float) -> HttpAnswer:
        """What a token endpoint answers."""
        return await self._exchange(request, deadline, seconds, self._timeouts)

    async def _exchange(
        self, request: HttpRequest, deadline: Deadline, seconds: float, timeouts: Timeouts
    ) -> HttpAnswer:
        """One call of at most `seconds`, to the end of its body. Leaving early closes the connection."""
        if self._session is None:
            raise AssertionError("the connector is not entered")
        deadline.check()
        host = request.url.host or ""
        bound = deadline.sooner(seconds)
        dial = Dial(host, bound.at, timeouts)
        try:
            async with dial:
                return await _send(self._session, request, dial)
        except aiohttp.InvalidURL:
            # A number that is one address to some and another to others, such as 127.1.
            raise address_forbidden(host) from None
        except (aiohttp.ClientError, OSError, UnicodeError) as error:
            if dial.limit.expired():
                callers = dial.part == "total" and bound.at == deadline.at
                raise (caller_deadline() if callers else _timed_out(dial, seconds)) from None
            if dial.refused:
                raise address_forbidden(host) from None
            raise _unreachable(error) from None


async def _send(session: aiohttp.ClientSession, request: HttpRequest, dial: Dial) -> HttpAnswer:
    async with session.request(
        request.method,
        request.url,
        headers=request.headers,
        data=request.body,
        allow_redirects=False,
        ssl=request.tls or True,
    ) as response:
        headers = {name.lower(): value for name, value in response.headers.items()}
        body = bytearray()
        dial.receive()
        async for chunk in response.content.iter_chunked(_CHUNK):
            if len(body) + len(chunk) > MAX_BODY:
                return HttpAnswer(response.status, headers, b"", complete=False)
            body += chunk
            dial.receive()
        return HttpAnswer(response.status, headers, bytes(body))


def _per_second(template: Template | None) -> float | None:
    rates = [rate for rate in template.rates if not rate.subject] if template else []
    return min((rate.calls / rate.per_seconds for rate in rates), default=None)


def _pace_key(target: Target, secret: str) -> bytes:
    """Upstreams count by credential; the key does not hold it."""
    return hashlib.blake2b(f"{target.endpoint}\0{secret}".encode(), digest_size=16).digest()


def _timed_out(dial: Dial, whole: float) -> TrunklineError:
    seconds = whole if dial.part == "total" else dial.timeouts.of(dial.part)
    return TrunklineError(
        Reason.ERROR_REASON_UPSTREAM_TIMEOUT,
        f"the integration took too long: waited {seconds:g} s for {WAITED_FOR[dial.part]} ({dial.part} timeout); "
        "try again or allow it more",
        metadata={"timeout": dial.part, "timeout_seconds": f"{seconds:g}"},
    )


# The first that fits; texts of the driver would show addresses.
_FINDINGS: Sequence[tuple[type[BaseException], str]] = (
    (aiohttp.ClientConnectorDNSError, "its name cannot be resolved"),
    (UnicodeError, "its name cannot be resolved"),
    (aiohttp.ClientSSLError, "its TLS certificate or version is not accepted"),
    (aiohttp.ClientConnectorError, "it refuses the connection"),
    (aiohttp.ClientConnectionError, "the connection broke before the answer"),
    (aiohttp.ClientPayloadError, "the connection broke within the answer"),
    (aiohttp.ClientError, "its answer is not HTTP"),
    (OSError, "the connection broke"),
)


def _unreachable(error: BaseException) -> TrunklineError:
    finding = next(text for kind, text in _FINDINGS if isinstance(error, kind))
    return TrunklineError(
        Reason.ERROR_REASON_INTEGRATION_UNAVAILABLE,
        f"the integration is not reachable: {finding}; try again shortly",
        metadata={"finding": finding} | ({"sent": "no"} if isinstance(error, aiohttp.ClientConnectorError) else {}),
    )
