"""The REST engine: every integration of type `api`, by its template and configuration."""

from __future__ import annotations

import asyncio
import ssl
import time
from collections.abc import AsyncGenerator, Mapping, Sequence
from dataclasses import replace
from types import TracebackType
from typing import Any, Self

import aiohttp
from aiohttp.abc import AbstractResolver
from trunkline.v1.api_pb2 import PaginationStyle
from trunkline.v1.connector_pb2 import Connector
from trunkline.v1.integration_health_pb2 import HealthCheck, RateUse
from trunkline.v1.integration_pb2 import Integration
from trunkline.v1.tool_pb2 import Tool, ToolPreview
from yarl import URL

from trunkline_server.connectors.readings import Readings
from trunkline_server.connectors.rest.answers import HttpAnswer, error_of, tool_answer
from trunkline_server.connectors.rest.auth.table import Authenticators, secret_violations
from trunkline_server.connectors.rest.configuration import violations_of
from trunkline_server.connectors.rest.exchange import exchange
from trunkline_server.connectors.rest.operation import Operation
from trunkline_server.connectors.rest.paging import Pager
from trunkline_server.connectors.rest.rates import Limit, key_of, rates_of
from trunkline_server.connectors.rest.request import HttpRequest, build, build_check
from trunkline_server.connectors.rest.results import deprecations_of, drifted, drifts_of, malformed
from trunkline_server.connectors.rest.shape import Shape, shape_of
from trunkline_server.connectors.rest.template_models import Template
from trunkline_server.connectors.rest.template_rules import check_template
from trunkline_server.connectors.rest.templates import connector_of, load_templates, tool_of
from trunkline_server.domain.access_tokens import SecretKeeper, SharedTokens
from trunkline_server.domain.addresses import OutboundPolicy
from trunkline_server.domain.call_rates import CallRates, LocalCallRates, rate_limited
from trunkline_server.domain.connectors import ToolAnswer, ToolCall, ToolConnector
from trunkline_server.domain.deadline import Deadline
from trunkline_server.domain.duration import duration
from trunkline_server.domain.errors import Reason, TrunklineError
from trunkline_server.domain.signals import Signals, Silent
from trunkline_server.domain.timeouts import DEFAULT_TIMEOUTS, Timeouts
from trunkline_server.heads import quotas
from trunkline_server.outbound import guarded_session

# Larger header blocks than these (bytes) break the connection.
_MAX_HEADER = 16 * 1024
# What makes a check fail below 500.
_UNHEALTHY = (Reason.ERROR_REASON_UPSTREAM_AUTHENTICATION, Reason.ERROR_REASON_INTEGRATION_UNAVAILABLE)
_USED_UP = "the integration's call rate is used up"


class RestConnector(ToolConnector):
    """HTTP APIs as tools; implements `ToolConnector` of domain/connectors.py.

    An asynchronous context manager, as it owns a pool of connections: enter it in the running loop. `templates` are by
    name; by default those that are shipped. `timeouts` hold where neither integration nor template say; `call_rates`
    are by default those of this process alone. `resolver` and `tls` replace name resolution and the TLS settings.
    `tokens` are shared with other servers, and `secrets` keeps refresh tokens that are replaced: see auth/tokens.py.
    """

    def __init__(
        self,
        policy: OutboundPolicy,
        *,
        templates: Mapping[str, Template] | None = None,
        timeouts: Timeouts = DEFAULT_TIMEOUTS,
        call_rates: CallRates | None = None,
        signals: Signals | None = None,
        resolver: AbstractResolver | None = None,
        tls: ssl.SSLContext | None = None,
        tokens: SharedTokens | None = None,
        secrets: SecretKeeper | None = None,
    ) -> None:
        self._policy = policy
        self._timeouts = timeouts
        self._rates = call_rates or LocalCallRates()
        self._signals = signals or Silent()
        self._templates = dict(load_templates() if templates is None else templates)
        for template in self._templates.values():
            check_template(template)
        self._template_tools = {
            name: tuple(tool_of(tool) for tool in template.tools) for name, template in self._templates.items()
        }
        self._connectors = [connector_of(template) for _, template in sorted(self._templates.items())]
        self._resolver = resolver
        self._tls = tls
        self._authenticators = Authenticators(policy, self._token_answer, tokens, secrets)
        self._shapes = Readings(self._read)
        self._session: aiohttp.ClientSession | None = None

    async def __aenter__(self) -> Self:
        self._session = guarded_session(
            self._policy,
            resolver=self._resolver,
            tls=self._tls,
            max_line_size=_MAX_HEADER,
            max_field_size=_MAX_HEADER,
        )
        # It would send GET, PUT and DELETE again of its own accord; attempts are counted and spaced elsewhere.
        self._session._retry_connection = False
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
        return self._connectors

    def validate(self, integration: Integration) -> Sequence[tuple[str, str]]:
        """See the port."""
        name = integration.configuration.api.template
        return violations_of(integration, self._templates.get(name), self._template_tools.get(name, ()), self._policy)

    def validate_secret(self, integration: Integration, secret: str) -> Sequence[tuple[str, str]]:
        """See the port."""
        return secret_violations(self._shapes.of(integration).target.authentication, secret, self._policy)

    def tools(self, integration: Integration) -> Mapping[str, Tool]:
        """The template's tools in its order, then the integration's own; an own one replaces one of the same name."""
        return self._shapes.of(integration).tools

    async def preview(self, call: ToolCall) -> ToolPreview:
        """See the port."""
        shape = self._shapes.of(call.integration)
        operation = shape.operations[call.tool.name]
        shape.judge(operation)
        request = shape.authenticator.masked(build(shape.target, operation, call.parameters, call.key, shape.redacted))
        shown = ToolPreview(
            method=request.method,
            url=str(request.url),
            headers=request.headers,
            body=request.body or b"",
            cost_nano_usd=call.tool.cost_nano_usd,
        )
        key, rates = key_of(shape.target.endpoint, call.secret), rates_of(self._bound(shape, call), call.parameters)
        uses = await self._rates.uses(key, rates) if rates else ()
        if wait := max((use.wait for use in uses), default=self._rates.held(key)):
            shown.wait.CopyFrom(duration(wait))
        return shown

    async def execute(self, call: ToolCall, deadline: Deadline) -> ToolAnswer:
        """See the port. UPSTREAM_MALFORMED is an answer that calls itself JSON and is not, or breaks the tool's schema
        where that is strict; MESSAGE_TOO_LARGE one above 8 MiB."""
        shape = self._shapes.of(call.integration)
        operation = shape.operations[call.tool.name]
        shape.judge(operation)
        request = build(shape.target, operation, call.parameters, call.key)
        answer = await self._attempt(shape, call, request, call.parameters, deadline)
        return self._result(shape, operation, answer)

    async def pages(self, call: ToolCall, deadline: Deadline) -> AsyncGenerator[ToolAnswer, None]:
        """See the port."""
        shape = self._shapes.of(call.integration)
        operation = shape.operations[call.tool.name]
        shape.judge(operation)
        parameters: Mapping[str, Any] = {**operation.defaults, **call.parameters}
        pages = operation.pagination
        pager = None if pages is None else Pager(pages, parameters)
        request = build(shape.target, operation, parameters, call.key)
        while True:
            answer = await self._attempt(shape, call, request, parameters, deadline)
            page = self._result(shape, operation, answer)
            if pages is None or pager is None:
                yield page
                return
            url: URL | None = None
            following: Mapping[str, Any] | None = None
            try:
                if pages.style == PaginationStyle.PAGINATION_STYLE_LINK:
                    url = pager.next_link(answer, request.url)
                else:
                    following = pager.next_parameters(answer)
            except TrunklineError:
                # The page itself is whole.
                yield replace(page, more=True)
                raise
            yield replace(page, more=url is not None or following is not None)
            if url is not None:
                request = replace(request, url=url)
            elif following is not None:
                parameters = following
                request = build(shape.target, operation, parameters, call.key)
            else:
                return

    async def rates(self, integration: Integration, secret: str) -> Sequence[RateUse]:
        """See the port. Rates that count the values of a parameter apart are left out: there are as many as values."""
        shape = self._shapes.of(integration)
        limits = [limit for limit in shape.limits if not limit.parameter]
        uses = await self._rates.uses(key_of(shape.target.endpoint, secret), [limit.rate for limit in limits])
        return [
            RateUse(rate=limit.told, available=use.available, retry_after=duration(use.wait) if use.wait else None)
            for limit, use in zip(limits, uses, strict=True)
        ]

    async def check(
        self, integration: Integration, secret: str, deadline: Deadline, tenant_id: str = ""
    ) -> HealthCheck:
        """Call the check path or tool. A failed check is a finding, not an error: never raises TrunklineError. Where no
        turn comes in time the system is taken to be well: it was called just now."""
        check = HealthCheck()
        check.check_time.GetCurrentTime()
        started = time.monotonic()
        try:
            shape = self._shapes.of(integration)
            answer, parameters, sent = await self._checked(shape, secret, deadline, tenant_id)
        except TrunklineError as error:
            check.healthy = error.reason == Reason.ERROR_REASON_UPSTREAM_RATE_LIMITED
            check.detail = error.message
        else:
            check.http_status = answer.status
            found = error_of(answer, shape.errors, sent, shape.redacted, parameters)
            check.healthy = answer.status < 500 and (found is None or found.reason not in _UNHEALTHY)
            check.detail = found.message if found else f"answered with HTTP {answer.status}"
        check.latency.CopyFrom(duration(time.monotonic() - started))
        return check

    async def _checked(
        self, shape: Shape, secret: str, deadline: Deadline, tenant_id: str
    ) -> tuple[HttpAnswer, object, str]:
        """The answer, the parameters that were sent, and the credential."""
        shape.judge(shape.check)
        parameters: Mapping[str, Any] = {}
        if shape.check is None:
            request = build_check(shape.target, shape.check_path)
        else:
            assert shape.template is not None, "it names the tool"
            parameters = shape.template.check_parameters
            request = build(shape.target, shape.check, parameters)
        end = deadline.sooner(shape.timeout)
        limits = shape.bound.get(shape.check.name, ()) if shape.check else [one for one in shape.limits if one.general]
        await self._turn(shape, limits, parameters, secret, end)
        answer, sent = await self._answered(shape, request, tenant_id, secret, deadline, end, shape.timeout)
        return answer, parameters, sent

    def _read(self, integration: Integration) -> Shape:
        name = integration.configuration.api.template
        template, tools = self._templates.get(name), self._template_tools.get(name, ())
        return shape_of(integration, template, tools, self._timeouts, self._policy, self._authenticators)

    async def _answered(
        self,
        shape: Shape,
        request: HttpRequest,
        tenant_id: str,
        secret: str,
        deadline: Deadline,
        end: Deadline,
        seconds: float,
    ) -> tuple[HttpAnswer, str]:
        """The answer to an authenticated request, and the credential that it carried. After a 401 it is made once more
        where another credential may help: nothing was executed. All of it within `end`, see `exchange`."""
        authenticator = shape.authenticator
        signed = await authenticator.apply(request, secret, end, tenant_id)
        answer = await exchange(self._opened(), signed, deadline, end, seconds, shape.timeouts)
        if answer.status == 401 and authenticator.refused(signed, secret, tenant_id):
            signed = await authenticator.apply(request, secret, end, tenant_id)
            answer = await exchange(self._opened(), signed, deadline, end, seconds, shape.timeouts)
        return answer, authenticator.sent(signed, secret)

    async def _token_answer(self, request: HttpRequest, deadline: Deadline, seconds: float) -> HttpAnswer:
        """What a token endpoint answers."""
        end = deadline.sooner(seconds)
        return await exchange(self._opened(), request, deadline, end, seconds, self._timeouts)

    async def _attempt(
        self, shape: Shape, call: ToolCall, request: HttpRequest, parameters: Mapping[str, Any], deadline: Deadline
    ) -> HttpAnswer:
        """One turn and one exchange within the call's timeout. Raises what the answer means, if that is an error."""
        end = deadline.sooner(call.timeout)
        await self._turn(shape, self._bound(shape, call), parameters, call.secret, end)
        answer, sent = await self._answered(shape, request, call.tenant_id, call.secret, deadline, end, call.timeout)
        error = error_of(answer, shape.errors, sent, shape.redacted, parameters)
        if error is None:
            return answer
        if error.reason == Reason.ERROR_REASON_UPSTREAM_RATE_LIMITED and error.retry_after:
            await self._rates.hold(key_of(shape.target.endpoint, call.secret), error.retry_after)
        raise error

    async def _turn(
        self, shape: Shape, limits: Sequence[Limit], parameters: Mapping[str, Any], secret: str, end: Deadline
    ) -> None:
        """Wait for the turn under the rates, and out of a hold. Raises UPSTREAM_RATE_LIMITED at once when that is only
        after the end. Without rates nothing is asked."""
        key, left = key_of(shape.target.endpoint, secret), end.remaining()
        rates = rates_of(limits, parameters) if limits else ()
        wait = await self._rates.turn(key, rates, left) if rates else self._rates.held(key)
        if wait <= 0:
            return
        if wait >= left:
            raise rate_limited(wait, _USED_UP)
        await asyncio.sleep(wait)

    def _result(self, shape: Shape, operation: Operation, answer: HttpAnswer) -> ToolAnswer:
        """The answer with what there is to say of it."""
        found = tool_answer(answer)
        warnings, drifts = deprecations_of(answer, operation), drifts_of(answer, operation)
        if warnings:
            self._signals.decided("tool_deprecated")
        if drifts:
            self._signals.decided("result_drift")
            if shape.strict:
                raise malformed(drifts, answer.status)
            warnings.append(drifted(drifts))
        told = quotas(answer.headers, time.time())
        if not (warnings or drifts or told):
            return found
        return replace(found, warnings=warnings, drifts=drifts, quotas=told)

    def _bound(self, shape: Shape, call: ToolCall) -> Sequence[Limit]:
        return shape.bound.get(call.tool.name, ())

    def _opened(self) -> aiohttp.ClientSession:
        if self._session is None:
            raise AssertionError("the connector is not entered")
        return self._session
