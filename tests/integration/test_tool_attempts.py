"""Attempts of tools against a real HTTP server: what is sent again, and by which key the server knows it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace

import pytest
from aiohttp import web
from rest_upstream import LOCAL, Upstream, http_upstream, integration, tool, tool_call
from trunkline.v1.api_pb2 import ApiTool
from trunkline.v1.common_pb2 import Attempt
from trunkline.v1.integration_pb2 import Integration
from trunkline_server.connectors.rest.engine import RestConnector
from trunkline_server.connectors.rest.templates import connector_of, parse_template
from trunkline_server.domain.connectors import ToolAnswer
from trunkline_server.domain.deadline import Deadline
from trunkline_server.domain.errors import Reason, TrunklineError
from trunkline_server.domain.resilience import Breaker, BreakerRule, RetryBudget
from trunkline_server.domain.tools.attempts import ToolAttempts

KEYED = """
display_name = "Keyed"
endpoint = "https://api.example.com"
timeout_seconds = 5
check_path = "/"
idempotency_header = "Idempotency-Key"
tools = []
[timeouts]
connect = 2
[authentication]
scheme = "none"
"""


@pytest.fixture
async def upstream() -> AsyncIterator[Upstream]:
    async with http_upstream() as running:
        yield running


def _statuses(upstream: Upstream, *statuses: int, headers: dict[str, str] | None = None) -> None:
    """Answer with one after the other, and then well."""
    left = list(statuses)

    async def answer(_: web.BaseRequest) -> web.StreamResponse:
        status = left.pop(0) if left else 200
        return web.json_response({}, status=status, headers=headers if status != 200 else None)

    upstream.answer = answer


async def _run(target: Integration, called: ApiTool, breaker: Breaker | None = None) -> ToolAnswer:
    async with RestConnector(LOCAL, templates={"keyed": parse_template("keyed", KEYED)}) as rest:
        end = Deadline.after(10)
        target.configuration.api.tools.append(called)
        wanted = replace(tool_call(rest, target), key="key-1")

        async def attempt(_: int) -> ToolAnswer:
            return await rest.execute(wanted, end)

        made: list[Attempt] = []
        attempts = ToolAttempts(RetryBudget())
        return await attempts.run(attempt, breaker or Breaker(), wanted.tool.repeatable, end, made)


async def test_a_read_is_sent_again(upstream: Upstream) -> None:
    _statuses(upstream, 503, 502)
    assert (await _run(integration(upstream.url), tool())).http_status == 200
    assert len(upstream.seen) == 3
    assert "idempotency-key" not in upstream.seen[0].headers


async def test_a_wait_as_told(upstream: Upstream) -> None:
    _statuses(upstream, 429, headers={"Retry-After": "0.3"})
    began = asyncio.get_running_loop().time()
    assert (await _run(integration(upstream.url), tool())).http_status == 200
    assert asyncio.get_running_loop().time() - began >= 0.3
    assert len(upstream.seen) == 2


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE"])
async def test_what_may_change_something_is_sent_once(upstream: Upstream, method: str) -> None:
    _statuses(upstream, 503)
    with pytest.raises(TrunklineError) as caught:
        await _run(integration(upstream.url), tool(method))
    assert caught.value.reason == Reason.ERROR_REASON_INTEGRATION_UNAVAILABLE
    assert len(upstream.seen) == 1


async def test_a_write_with_a_key_is_sent_again_under_it(upstream: Upstream) -> None:
    _statuses(upstream, 500)
    assert (await _run(integration(upstream.url, template="keyed"), tool("POST"))).http_status == 200
    assert [seen.headers["idempotency-key"] for seen in upstream.seen] == ["key-1", "key-1"]


async def test_an_integration_that_is_left_alone_hears_nothing(upstream: Upstream) -> None:
    breaker = Breaker(BreakerRule(failures=1))
    upstream.answers(500)
    for _ in range(5):
        with pytest.raises(TrunklineError):
            await _run(integration(upstream.url), tool(), breaker)
    assert len(upstream.seen) == 1


def test_a_template_shows_its_timeouts() -> None:
    shown = connector_of(parse_template("keyed", KEYED))
    assert (shown.timeout.seconds, shown.timeouts.connect.seconds) == (5, 2)
    with pytest.raises(ValueError, match="timeouts"):
        parse_template("keyed", KEYED.replace("connect = 2", "total = 2"))
