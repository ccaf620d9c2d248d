"""The REST engine against real servers."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from email.utils import formatdate
from pathlib import Path

import orjson
import pytest
from aiohttp import web
from rest_upstream import (
    LOCAL,
    SECRET,
    Upstream,
    call,
    http_upstream,
    integration,
    read_head,
    refused,
    socket_upstream,
    tool,
)
from trunkline.v1.authentication_pb2 import AuthenticationScheme
from trunkline_server.connectors.rest.answers import MAX_BODY
from trunkline_server.connectors.rest.engine import RestConnector
from trunkline_server.connectors.rest.templates import load_templates, parse_template
from trunkline_server.domain.connectors import ToolAnswer
from trunkline_server.domain.deadline import Deadline
from trunkline_server.domain.errors import Reason, TrunklineError

PACED = """
display_name = "Paced"
endpoint = "https://api.example.com"
timeout_seconds = 5
check_path = "/"
tools = []
[authentication]
scheme = "none"
[[rates]]
calls = 2
per_seconds = 0.1
"""


@pytest.fixture
async def upstream() -> AsyncIterator[Upstream]:
    async with http_upstream() as running:
        yield running


@pytest.fixture
async def rest() -> AsyncIterator[RestConnector]:
    slow = PACED.replace("per_seconds = 0.1", "per_seconds = 600")
    own = {"paced": parse_template("paced", PACED), "slow": parse_template("slow", slow)}
    templates = load_templates() | own
    async with RestConnector(LOCAL, templates=templates) as running:
        yield running


async def test_a_call_and_its_answer(rest: RestConnector, upstream: Upstream) -> None:
    upstream.answers(201, b'{ "n": 1.10 }', "application/json; charset=utf-8")
    own = tool("POST", "/things/{id}/parts", query=("dry",))
    target = integration(upstream.url + "/v1", own, scheme=AuthenticationScheme.AUTHENTICATION_SCHEME_BEARER)
    answer = await call(rest, target, {"id": "a/b ü", "dry": True, "x": [1]}, secret=SECRET)
    assert answer == ToolAnswer(201, "application/json", json=b'{ "n": 1.10 }')
    (seen,) = upstream.seen
    assert (seen.method, seen.raw_path) == ("POST", "/v1/things/a%2Fb%20%C3%BC/parts?dry=true")
    assert orjson.loads(seen.body) == {"x": [1]}
    assert seen.headers["authorization"] == f"Bearer {SECRET}"
    assert seen.headers["host"] == upstream.url.removeprefix("http://")


async def test_injected_path_parameters_stay_in_their_segment(rest: RestConnector, upstream: Upstream) -> None:
    target = integration(upstream.url, tool("GET", "/safe/{x}/end"))
    for value in ("a?admin=1#", "x HTTP/1.1\r\nX-Evil: 1\r\n\r\nGET /admin", "//evil.example/", "a\\b", "%2fb"):
        await call(rest, target, {"x": value})
    for seen in upstream.seen:
        assert seen.raw_path.startswith("/safe/") and seen.raw_path.endswith("/end")
        assert seen.raw_path.count("/") == 3 and "?" not in seen.raw_path
        assert "x-evil" not in seen.headers
    assert len(upstream.seen) == 5


async def test_what_is_refused_before_the_call_never_arrives(rest: RestConnector, upstream: Upstream) -> None:
    schema = b'{"type":"object","properties":{"x":{"type":"string"}},"required":["x"]}'
    target = integration(upstream.url, tool("GET", "/{x}", schema))
    for parameters in ({}, {"x": 1}, {"x": ".."}, {"x": "../../admin"}):
        error = await refused(rest, target, parameters)
        assert error.reason == Reason.ERROR_REASON_INVALID_PARAMETERS
    split = integration(upstream.url, tool(), headers={"X-A": "1\r\nX-Evil: 1"})
    assert (await refused(rest, split)).reason == Reason.ERROR_REASON_INVALID_CONFIGURATION
    bearer = integration(upstream.url, tool(), scheme=AuthenticationScheme.AUTHENTICATION_SCHEME_BEARER)
    for secret in ("", "a\r\nX-Evil: 1"):
        error = await refused(rest, bearer, secret=secret)
        assert error.reason == Reason.ERROR_REASON_UPSTREAM_AUTHENTICATION
    assert upstream.seen == []


@pytest.mark.parametrize(
    ("status", "reason"),
    [
        (400, Reason.ERROR_REASON_UPSTREAM_REJECTED),
        (401, Reason.ERROR_REASON_UPSTREAM_AUTHENTICATION),
        (404, Reason.ERROR_REASON_UPSTREAM_REJECTED),
        (429, Reason.ERROR_REASON_UPSTREAM_RATE_LIMITED),
        (500, Reason.ERROR_REASON_INTEGRATION_UNAVAILABLE),
        (504, Reason.ERROR_REASON_UPSTREAM_TIMEOUT),
    ],
)
async def test_errors_of_the_upstream(
    rest: RestConnector, upstream: Upstream, status: int, reason: Reason.ValueType
) -> None:
    upstream.answers(status, orjson.dumps({"message": f"no: {SECRET} and sk-abcdefghijkl"}))
    error = await refused(rest, integration(upstream.url, tool()), secret=SECRET)
    assert error.reason == reason
    assert error.metadata["upstream_message"] == "no: *** and ***"
    assert SECRET not in str(error.status())
    assert len(upstream.seen) == 1


async def test_redirects_are_not_followed(rest: RestConnector, upstream: Upstream) -> None:
    for status in (301, 302, 303, 307, 308):
        upstream.answers(status, headers={"Location": upstream.url + "/inner?token=abc"})
        error = await refused(rest, integration(upstream.url, tool()))
        assert error.reason == Reason.ERROR_REASON_UPSTREAM_REJECTED
        assert error.metadata == {"http_status": str(status), "upstream_message": "redirect to 127.0.0.1"}
    assert [seen.raw_path for seen in upstream.seen] == ["/"] * 5


async def test_a_rate_limit_is_honoured(rest: RestConnector, upstream: Upstream) -> None:
    now = time.time()
    upstream.answers(
        429, headers={"Retry-After": formatdate(now + 40, usegmt=True), "Date": formatdate(now, usegmt=True)}
    )
    target = integration(upstream.url, tool(), seconds=1)
    assert (await refused(rest, target, secret=SECRET)).retry_after == 40
    # Until then nothing is sent, and the rest of the wait is told.
    held = await refused(rest, target, secret=SECRET)
    assert held.reason == Reason.ERROR_REASON_UPSTREAM_RATE_LIMITED
    assert held.retry_after is not None and 0 < held.retry_after <= 40
    assert len(upstream.seen) == 1
    # Another credential has its own limit.
    await refused(rest, target, secret="another")
    assert len(upstream.seen) == 2


async def test_a_short_wait_is_waited_out(rest: RestConnector, upstream: Upstream) -> None:
    upstream.answers(429, headers={"Retry-After": "0.2"})
    target = integration(upstream.url, tool())
    assert (await refused(rest, target)).retry_after == 0.2
    upstream.answers()
    assert (await call(rest, target)).http_status == 200
    assert len(upstream.seen) == 2


async def test_calls_wait_for_their_turn(rest: RestConnector, upstream: Upstream) -> None:
    arrived: list[float] = []

    async def note(request: web.BaseRequest) -> web.Response:
        arrived.append(time.monotonic())
        return web.json_response({})

    upstream.answer = note
    target = integration(upstream.url, tool(), template="paced")
    started = time.monotonic()
    await asyncio.gather(*(call(rest, target) for _ in range(5)))
    # Two in each tenth of a second; a lower bound, which load cannot break.
    assert [at - started >= index // 2 / 10 - 0.001 for index, at in enumerate(sorted(arrived))] == [True] * 5


async def test_a_turn_after_the_deadline_is_refused_at_once(rest: RestConnector, upstream: Upstream) -> None:
    target = integration(upstream.url, tool(), template="slow", seconds=30)
    found = await asyncio.gather(*(call(rest, target) for _ in range(10)), return_exceptions=True)
    refusals = [error for error in found if isinstance(error, TrunklineError)]
    assert {error.reason for error in refusals} == {Reason.ERROR_REASON_UPSTREAM_RATE_LIMITED}
    assert all(570 < (error.retry_after or 0) <= 600 for error in refusals)
    assert (len(refusals), len(upstream.seen)) == (8, 2)


async def test_false_json(rest: RestConnector, upstream: Upstream) -> None:
    upstream.answers(body=b"<html>")
    error = await refused(rest, integration(upstream.url, tool()))
    assert error.reason == Reason.ERROR_REASON_UPSTREAM_MALFORMED


async def test_cookies_are_forgotten(rest: RestConnector, upstream: Upstream) -> None:
    upstream.answers(headers={"Set-Cookie": "session=tenant-a"})
    # By name: clients that keep cookies do not keep those of addresses.
    named = upstream.url.replace("127.0.0.1", "localhost")
    for _ in range(2):
        await call(rest, integration(named, tool()))
    assert [seen.headers.get("cookie") for seen in upstream.seen] == [None, None]


async def test_proxies_of_the_environment_are_not_used(
    rest: RestConnector, upstream: Upstream, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / ".netrc").write_text("machine 127.0.0.1 login a password b\n")
    monkeypatch.setenv("NETRC", str(tmp_path / ".netrc"))
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:1")
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:1")
    await call(rest, integration(upstream.url, tool()))
    assert "authorization" not in upstream.seen[0].headers


@pytest.mark.parametrize(
    ("template", "name", "parameters", "method", "path", "header"),
    [
        (
            "github",
            "list_issues",
            {"owner": "o", "repo": "r.x", "state": "all", "labels": "a,b"},
            "GET",
            "/repos/o/r.x/issues?state=all&labels=a%2Cb",
            ("x-github-api-version", "2022-11-28"),
        ),
        (
            "github",
            "create_issue",
            {"owner": "o", "repo": "r", "title": "t"},
            "POST",
            "/repos/o/r/issues",
            ("user-agent", "trunkline"),
        ),
        (
            "slack",
            "post_message",
            {"channel": "C1", "text": "hi"},
            "POST",
            "/chat.postMessage",
            ("content-type", "application/json; charset=utf-8"),
        ),
        (
            "slack",
            "list_channels",
            {"limit": 5},
            "GET",
            "/conversations.list?limit=5",
            ("accept", "application/json, */*;q=0.5"),
        ),
        ("notion", "search", {"query": "q"}, "POST", "/search", ("notion-version", "2025-09-03")),
    ],
)
async def test_shipped_templates_on_the_wire(
    rest: RestConnector,
    upstream: Upstream,
    template: str,
    name: str,
    parameters: dict[str, object],
    method: str,
    path: str,
    header: tuple[str, str],
) -> None:
    target = integration(upstream.url, template=template)
    await call(rest, target, parameters, secret=SECRET, name=name)
    (seen,) = upstream.seen
    assert (seen.method, seen.raw_path) == (method, path)
    assert seen.headers[header[0]] == header[1]
    assert seen.headers["authorization"] == f"Bearer {SECRET}"


async def test_slack_refuses_a_credential_in_a_200(rest: RestConnector, upstream: Upstream) -> None:
    upstream.answers(200, b'{"ok":false,"error":"invalid_auth"}')
    target = integration(upstream.url, template="slack")
    error = await refused(rest, target, {"email": "a@example.com"}, secret=SECRET)
    assert error.reason == Reason.ERROR_REASON_UPSTREAM_AUTHENTICATION
    check = await rest.check(target, SECRET, Deadline.after(10))
    assert (check.healthy, check.http_status, upstream.seen[-1].raw_path) == (False, 200, "/auth.test")


@pytest.mark.parametrize(
    ("status", "healthy"),
    [
        (200, True),
        (302, True),
        (404, True),
        (408, True),
        (429, True),
        (401, False),
        (403, False),
        (500, False),
        (504, False),
    ],
)
async def test_checks(rest: RestConnector, upstream: Upstream, status: int, healthy: bool) -> None:
    upstream.answers(status, b'{"message":"said"}')
    check = await rest.check(integration(upstream.url, check_path="/ping"), "", Deadline.after(10))
    assert (check.healthy, check.http_status) == (healthy, status)
    assert check.detail and check.check_time.seconds and check.latency.ToNanoseconds() > 0
    assert (upstream.seen[0].method, upstream.seen[0].raw_path) == ("GET", "/ping")


async def test_checks_without_an_answer(rest: RestConnector, upstream: Upstream) -> None:
    async def never(request: web.BaseRequest) -> web.Response:
        await asyncio.sleep(60)
        return web.Response()

    upstream.answer = never
    slow = await rest.check(integration(upstream.url), "", Deadline.after(0.2))
    bearer = integration(upstream.url, scheme=AuthenticationScheme.AUTHENTICATION_SCHEME_BEARER)
    bare = await rest.check(bearer, "", Deadline.after(10))
    forbidden = await rest.check(integration("http://10.0.0.1"), "", Deadline.after(10))
    for check in (slow, bare, forbidden):
        assert not check.healthy and check.detail and not check.HasField("http_status")


async def test_a_huge_answer_to_a_check_is_an_answer(rest: RestConnector, upstream: Upstream) -> None:
    upstream.answers(body=b"x" * (MAX_BODY + 1), kind="text/html")
    assert (await rest.check(integration(upstream.url), "", Deadline.after(10))).healthy


async def test_connections_are_reused(rest: RestConnector) -> None:
    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while True:
            await read_head(reader)
            writer.write(b"HTTP/1.1 204 No Content\r\n\r\n")
            await writer.drain()

    async with socket_upstream(serve) as sockets:
        for _ in range(5):
            await call(rest, integration(f"http://127.0.0.1:{sockets.port}", tool()))
        assert sockets.accepted == 1
