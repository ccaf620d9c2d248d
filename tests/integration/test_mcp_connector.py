"""MCP servers as integrations, against a real server of the official SDK in a process of its own."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace

import orjson
import pytest
import pytest_asyncio
from mcp_upstream import TOKEN, McpUpstream, mcp_upstream
from rest_upstream import LOCAL, call, http_upstream, read_head, refused, socket_upstream, tool_call
from trunkline.v1.api_pb2 import McpConfiguration
from trunkline.v1.authentication_pb2 import Authentication, AuthenticationScheme
from trunkline.v1.configuration_pb2 import Configuration, IntegrationType
from trunkline.v1.integration_pb2 import Integration
from trunkline_server.connectors.mcp import McpConnector
from trunkline_server.connectors.mcp.sessions import Session, Sessions
from trunkline_server.domain.deadline import Deadline
from trunkline_server.domain.errors import Reason, TrunklineError

pytestmark = pytest.mark.asyncio(loop_scope="module")
BEARER = AuthenticationScheme.AUTHENTICATION_SCHEME_BEARER
KEY = AuthenticationScheme.AUTHENTICATION_SCHEME_API_KEY_HEADER
NUMBERS = {"a": 1, "b": 2}


def integration(
    url: str, scheme: AuthenticationScheme.ValueType = BEARER, enabled: tuple[str, ...] = (), **headers: str
) -> Integration:
    """An integration with an MCP server, not yet discovered."""
    return Integration(
        integration_id="tools",
        type=IntegrationType.INTEGRATION_TYPE_API,
        configuration=Configuration(
            endpoint=url,
            authentication=Authentication(scheme=scheme),
            mcp=McpConfiguration(enabled_tools=enabled, headers=headers),
        ),
    )


@pytest_asyncio.fixture(scope="module", loop_scope="module", params=["2026-07-28", "2025-11-25"])
async def server(request: pytest.FixtureRequest) -> AsyncIterator[tuple[McpUpstream, str]]:
    """A server of each of the protocol's eras, and its version."""
    async with mcp_upstream(legacy=request.param == "2025-11-25") as upstream:
        yield upstream, request.param


@pytest_asyncio.fixture(loop_scope="module")
async def connector() -> AsyncIterator[McpConnector]:
    async with McpConnector(LOCAL) as entered:
        yield entered


async def discovered(connector: McpConnector, upstream: McpUpstream) -> Integration:
    found = integration(upstream.url)
    await connector.discover(found, TOKEN, Deadline.after(20))
    return found


async def cancelled(upstream: McpUpstream, at_least: int) -> bool:
    """Whether the server cancelled so many calls, within seconds."""
    for _ in range(100):
        if (await upstream.seen())["cancelled"] >= at_least:
            return True
        await asyncio.sleep(0.05)
    return False


async def test_tools_are_discovered_with_valid_and_unique_names(
    connector: McpConnector, server: tuple[McpUpstream, str]
) -> None:
    upstream, version = server
    found = await discovered(connector, upstream)
    mcp = found.configuration.mcp
    assert (mcp.server, mcp.protocol_version) == ("upstream 7", version)
    names = {tool.name: tool.server_name for tool in mcp.tools}
    assert names["math_add"] == "math.add" and names["math_add_2"] == "math_add" and len(names) == 11
    tools = connector.tools(found)
    assert tools is connector.tools(found)
    assert tools["add"].repeatable and not tools["add"].has_side_effects and tools["add"].result_schema_json
    assert tools["math_add_2"].repeatable and tools["math_add_2"].has_side_effects
    assert not tools["text"].repeatable and tools["text"].timeout.seconds == 30

    few = integration(upstream.url, enabled=("math.add", "text"))
    await connector.discover(few, TOKEN, Deadline.after(20))
    assert list(connector.tools(few)) == ["math_add", "text"]


@pytest.mark.parametrize(
    ("name", "parameters", "expected"),
    [
        ("add", NUMBERS, b'{"sum":3}'),
        ("math_add", NUMBERS, b'{"sum":3}'),
        ("math_add_2", NUMBERS, b'{"sum":3}'),
        ("text", {}, b'"plain words"'),
        ("listing", {}, b'[{"a": 1}]'),
        (
            "picture",
            {},
            b'[{"type":"text","text":"see"},{"type":"image","data":"cG5n","mimeType":"image/png"}]',
        ),
    ],
)
async def test_results(
    connector: McpConnector, server: tuple[McpUpstream, str], name: str, parameters: object, expected: bytes
) -> None:
    found = await discovered(connector, server[0])
    answer = await call(connector, found, parameters, secret=TOKEN, name=name)
    assert answer.json == expected and not answer.drifts
    assert (await server[0].seen())["calls"][-1] == connector._shapes.of(found).names[name]


async def test_a_result_that_breaks_its_schema_is_told(
    connector: McpConnector, server: tuple[McpUpstream, str]
) -> None:
    found = await discovered(connector, server[0])
    answer = await call(connector, found, {}, secret=TOKEN, name="drift")
    assert [(one.tool_name, one.path) for one in answer.drifts] == [("drift", "result_json.sum")]
    assert answer.warnings and "three" not in answer.drifts[0].description


async def test_errors_are_typed_and_masked(connector: McpConnector, server: tuple[McpUpstream, str]) -> None:
    found = await discovered(connector, server[0])

    async def error(name: str, secret: str = TOKEN, target: Integration = found) -> TrunklineError:
        with pytest.raises(TrunklineError) as caught:
            await call(connector, target, {}, secret=secret, name=name)
        assert TOKEN not in str(caught.value) + str(caught.value.metadata)
        return caught.value

    failed = await error("fail")
    assert failed.reason == Reason.ERROR_REASON_UPSTREAM_REJECTED and "no good: ***" in failed.message
    assert len(failed.metadata["upstream_message"]) <= 300
    assert (await error("raise")).reason in (
        Reason.ERROR_REASON_INTEGRATION_UNAVAILABLE,
        Reason.ERROR_REASON_UPSTREAM_REJECTED,
    )
    assert (await error("large")).reason == Reason.ERROR_REASON_MESSAGE_TOO_LARGE
    assert (await error("text", "wrong")).reason == Reason.ERROR_REASON_UPSTREAM_AUTHENTICATION
    assert (await error("text", "")).reason == Reason.ERROR_REASON_UPSTREAM_AUTHENTICATION
    moved = Integration()
    moved.CopyFrom(found)
    moved.configuration.endpoint = f"{server[0].origin}/elsewhere"
    redirected = await error("text", target=moved)
    assert redirected.reason == Reason.ERROR_REASON_UPSTREAM_REJECTED and redirected.metadata["http_status"] == "307"


async def test_an_api_key_goes_in_its_header(connector: McpConnector, server: tuple[McpUpstream, str]) -> None:
    found = integration(server[0].url, KEY)
    await connector.discover(found, TOKEN, Deadline.after(20))
    assert (await call(connector, found, NUMBERS, secret=TOKEN, name="add")).json


async def test_a_timeout_and_a_cancel_reach_the_server(
    connector: McpConnector, server: tuple[McpUpstream, str]
) -> None:
    upstream = server[0]
    found = await discovered(connector, upstream)
    before = (await upstream.seen())["cancelled"]
    late = replace(tool_call(connector, found, {}, TOKEN, "slow"), timeout=0.3)
    with pytest.raises(TrunklineError) as caught:
        await connector.execute(late, Deadline.after(20))
    assert caught.value.reason == Reason.ERROR_REASON_UPSTREAM_TIMEOUT
    assert await cancelled(upstream, before + 1)
    with pytest.raises(TrunklineError) as caught:
        await connector.execute(replace(late, timeout=10), Deadline.after(0.3))
    assert caught.value.reason == Reason.ERROR_REASON_CALLER_DEADLINE
    assert await cancelled(upstream, before + 2)
    task = asyncio.create_task(call(connector, found, {}, secret=TOKEN, name="slow"))
    count = len((await upstream.seen())["calls"])
    while len((await upstream.seen())["calls"]) == count:
        await asyncio.sleep(0.02)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert await cancelled(upstream, before + 3)
    # What came before does not disturb what comes after.
    assert (await call(connector, found, NUMBERS, secret=TOKEN, name="add")).json == b'{"sum":3}'


async def test_calls_share_a_session_that_is_opened_again_when_the_server_forgot_it(connector: McpConnector) -> None:
    async with mcp_upstream(legacy=True) as upstream:
        found = await discovered(connector, upstream)
        calls = [call(connector, found, NUMBERS, secret=TOKEN, name="add") for _ in range(20)]
        assert {one.json for one in await asyncio.gather(*calls)} == {b'{"sum":3}'}
        assert connector._sessions is not None and len(connector._sessions) == 1
        before = set((await upstream.seen())["sessions"])
        await upstream.forget()
        assert (await call(connector, found, NUMBERS, secret=TOKEN, name="add")).json == b'{"sum":3}'
        seen = await upstream.seen()
        assert len(set(seen["sessions"]) - before) == 1 and seen["calls"].count("add") == 21


async def test_a_server_that_is_away_is_found_again(connector: McpConnector) -> None:
    async with mcp_upstream() as upstream:
        found = await discovered(connector, upstream)
        assert (await call(connector, found, NUMBERS, secret=TOKEN, name="add")).json
    error = await refused(connector, found, {}, secret=TOKEN)
    assert error.reason == Reason.ERROR_REASON_INTEGRATION_UNAVAILABLE and "127.0.0.1" not in error.message


async def test_a_server_that_never_answers_is_let_go(connector: McpConnector) -> None:
    async def silent(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await read_head(reader)

    async with socket_upstream(silent) as sockets:
        target = integration(f"http://127.0.0.1:{sockets.port}/mcp")
        with pytest.raises(TrunklineError) as caught:
            await connector.discover(target, TOKEN, Deadline.after(0.5))
        assert caught.value.reason == Reason.ERROR_REASON_CALLER_DEADLINE
        await asyncio.wait_for(sockets.closed.wait(), 20)
        target.configuration.timeouts.first_byte.FromMilliseconds(300)
        with pytest.raises(TrunklineError) as caught:
            await connector.discover(target, TOKEN, Deadline.after(20))
        assert caught.value.reason == Reason.ERROR_REASON_UPSTREAM_TIMEOUT
        assert caught.value.metadata["timeout"] == "first_byte"


async def test_checks(connector: McpConnector, server: tuple[McpUpstream, str]) -> None:
    upstream, version = server
    good = await connector.check(integration(upstream.url), TOKEN, Deadline.after(20))
    assert good.healthy and good.detail == f"upstream 7 answered with 5 tools, MCP {version}"
    bad = await connector.check(integration(upstream.url), "wrong", Deadline.after(20))
    assert not bad.healthy and "refused the integration's credential" in bad.detail
    gone = await connector.check(integration("http://127.0.0.1:1/mcp"), TOKEN, Deadline.after(20))
    assert not gone.healthy and "refuses the connection" in gone.detail


@pytest.mark.parametrize(
    ("body", "kind", "status", "reason"),
    [
        (b"<html>", "text/html", 200, "UPSTREAM_REJECTED"),
        (b"{", "application/json", 200, "UPSTREAM_MALFORMED"),
        (b"{}", "application/json", 503, "INTEGRATION_UNAVAILABLE"),
        (b"{}", "application/json", 429, "UPSTREAM_RATE_LIMITED"),
        (b"data: {\n\n", "text/event-stream", 200, "UPSTREAM_MALFORMED"),
        (b"", "text/event-stream", 200, "INTEGRATION_UNAVAILABLE"),
    ],
)
async def test_what_is_no_mcp_server_is_an_error_of_its_kind(
    connector: McpConnector, body: bytes, kind: str, status: int, reason: str
) -> None:
    async with http_upstream() as upstream:
        upstream.answers(status, body, kind, {"Retry-After": "7"})
        with pytest.raises(TrunklineError) as caught:
            await connector.discover(integration(upstream.url), TOKEN, Deadline.after(20))
        assert caught.value.reason_name == reason
        if status == 429:
            assert caught.value.retry_after == 7


async def test_sessions_are_bounded_and_closed_when_idle_or_at_the_end() -> None:
    class Fake:
        def __init__(self) -> None:
            self.uses, self.used, self.alive, self.closed = 0, asyncio.get_running_loop().time(), True, False

        async def close(self) -> None:
            self.closed = True

    made: list[Fake] = []

    def make() -> Session:
        made.append(Fake())
        return made[-1]  # type: ignore[return-value]

    sessions = Sessions(most=2, idle=1000)
    async with sessions.lease(b"a", make):
        for key in (b"b", b"c", b"d"):
            async with sessions.lease(key, make):
                pass
    await asyncio.sleep(0)
    # `a` was in use all the time; `b` and `c` gave way to those after them.
    assert len(sessions) == 2 and [one.closed for one in made] == [False, True, True, False]
    made[3].used -= 2000
    async with sessions.lease(b"a", make):
        await asyncio.sleep(0)
        assert made[3].closed
    await sessions.close()
    assert made[0].closed and len(sessions) == 0
    assert len(made) == 4


async def test_the_preview_shows_what_would_be_sent_without_the_credential(
    connector: McpConnector, server: tuple[McpUpstream, str]
) -> None:
    found = await discovered(connector, server[0])
    preview = await connector.preview(tool_call(connector, found, NUMBERS, TOKEN, "math_add"))
    assert (preview.method, preview.url) == ("POST", server[0].url)
    assert dict(preview.headers) == {"authorization": "Bearer ***"}
    assert orjson.loads(preview.body)["params"] == {"name": "math.add", "arguments": NUMBERS}
