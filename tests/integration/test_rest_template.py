"""What a template says, as an upstream sees it, and what its answers become."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from urllib.parse import parse_qsl

import orjson
import pytest
from aiohttp import web
from rest_templates import WHOLE
from rest_upstream import LOCAL, SECRET, Upstream, call, http_upstream, integration, refused, tool_call
from trunkline.v1.api_pb2 import ApiTool, CallRate
from trunkline.v1.integration_pb2 import Integration
from trunkline_server.connectors.rest.engine import RestConnector
from trunkline_server.connectors.rest.templates import parse_template
from trunkline_server.domain.deadline import Deadline
from trunkline_server.domain.errors import Reason, TrunklineError
from trunkline_server.domain.signals import Silent


class Heard(Silent):
    """What was decided."""

    def __init__(self) -> None:
        self.decisions: list[str] = []

    def decided(self, decision: str, provider: str = "", model: str = "", reason: str = "") -> None:
        self.decisions.append(decision)


@pytest.fixture
async def upstream() -> AsyncIterator[Upstream]:
    async with http_upstream() as running:
        yield running


@pytest.fixture
def signals() -> Heard:
    return Heard()


@pytest.fixture
async def rest(signals: Heard) -> AsyncIterator[RestConnector]:
    templates = {"whole": parse_template("whole", WHOLE)}
    async with RestConnector(LOCAL, templates=templates, signals=signals) as running:
        yield running


def whole(upstream: Upstream, settings: object = None, *tools: ApiTool) -> Integration:
    made = integration(upstream.url, *tools, template="whole")
    made.configuration.api.settings_json = orjson.dumps(settings or {"account": "acme"})
    return made


ORDER = {"id": "7", "dry": True, "trace": "t-1", "items": [{"price": "p", "tags": ["a", "b c"]}, {"n": 2, "x": None}]}


async def test_a_call_has_all_that_its_template_says(rest: RestConnector, upstream: Upstream) -> None:
    upstream.answers(200, b'{"id":1}')
    target = whole(upstream)
    made = replace(tool_call(rest, target, ORDER, SECRET, "order"), key="key-1")
    await rest.execute(made, Deadline.after(5))
    (seen,) = upstream.seen
    assert (seen.method, seen.raw_path) == ("POST", "/accounts/acme/orders/7?dry=true")
    assert seen.headers["content-type"] == "application/x-www-form-urlencoded"
    assert seen.headers["idempotency-key"] == "key-1"
    assert (seen.headers["x-trace"], seen.headers["x-account"]) == ("t-1", "acme")
    assert seen.headers["x-version"] == "2026-01-01"
    assert parse_qsl(seen.body.decode()) == [
        ("items[0][price]", "p"),
        ("items[0][tags][0]", "a"),
        ("items[0][tags][1]", "b c"),
        ("items[1][n]", "2"),
        ("limit", "7"),
        ("source", "of acme"),
        ("nested[list][0]", "eu"),
        ("nested[list][1]", "1"),
    ]


async def test_a_tool_tells_what_it_is(rest: RestConnector, upstream: Upstream) -> None:
    target = whole(upstream)
    tools = rest.tools(target)
    assert {name: (one.has_side_effects, one.repeatable) for name, one in tools.items()} == {
        "ping": (False, True),
        "order": (True, True),
        "find": (False, True),
    }
    assert (tools["order"].timeout.ToMilliseconds(), tools["ping"].timeout.ToMilliseconds()) == (400, 5000)
    assert tools["order"].deprecation == "use order_v2"
    # What reads needs no key.
    await rest.execute(replace(tool_call(rest, target, {}, SECRET, "find"), key="key-1"), Deadline.after(5))
    assert "idempotency-key" not in upstream.seen[0].headers
    target.configuration.api.enabled_tools.append("find")
    other = Integration()
    other.CopyFrom(target)
    assert list(rest.tools(other)) == ["find"]


async def test_a_version_is_pinned_by_the_integration(rest: RestConnector, upstream: Upstream) -> None:
    target = whole(upstream)
    target.configuration.api.headers["x-version"] = "2025-06-01"
    await call(rest, target, {}, secret=SECRET, name="ping")
    assert upstream.seen[0].headers["x-version"] == "2025-06-01"
    assert upstream.seen[0].raw_path == "/acme/ping"


async def test_the_check_is_a_tool(rest: RestConnector, upstream: Upstream) -> None:
    check = await rest.check(whole(upstream), SECRET, Deadline.after(5))
    assert check.healthy
    assert (upstream.seen[0].method, upstream.seen[0].raw_path) == ("GET", "/acme/ping?deep=true")
    upstream.answers(200, b'{"status":{"ok":false,"code":"bad_key"}}')
    check = await rest.check(whole(upstream), SECRET, Deadline.after(5))
    assert (check.healthy, check.http_status) == (False, 200)


@pytest.mark.parametrize(
    ("status", "code", "reason", "wait"),
    [
        (200, "bad_key", Reason.ERROR_REASON_UPSTREAM_AUTHENTICATION, None),
        (200, "slow", Reason.ERROR_REASON_UPSTREAM_RATE_LIMITED, 1.25),
        (400, "slow", Reason.ERROR_REASON_UPSTREAM_RATE_LIMITED, 1.25),
        (400, "down", Reason.ERROR_REASON_INTEGRATION_UNAVAILABLE, 1.25),
        (200, "empty", Reason.ERROR_REASON_UPSTREAM_QUOTA_EXHAUSTED, None),
        (500, "late", Reason.ERROR_REASON_UPSTREAM_TIMEOUT, 1.25),
        (500, "no", Reason.ERROR_REASON_UPSTREAM_REJECTED, 1.25),
        (200, "unheard of", Reason.ERROR_REASON_UPSTREAM_REJECTED, None),
        (503, "unheard of", Reason.ERROR_REASON_INTEGRATION_UNAVAILABLE, 1.25),
        (418, "unheard of", Reason.ERROR_REASON_INTEGRATION_UNAVAILABLE, 1.25),
        (409, "bad_key", Reason.ERROR_REASON_UPSTREAM_AUTHENTICATION, None),
    ],
)
async def test_errors_by_code_and_status(
    rest: RestConnector, upstream: Upstream, status: int, code: str, reason: Reason.ValueType, wait: float | None
) -> None:
    told = {"ok": False, "code": code, "text": f"said of hunter-22 and {SECRET}", "wait": 1.25}
    upstream.answers(status, orjson.dumps({"status": told}))
    target = whole(upstream)
    for name in ("ping", "find"):
        del target.configuration.api.enabled_tools[:]
        target.configuration.api.enabled_tools.append(name)
    with pytest.raises(Exception) as caught:
        await call(rest, whole(upstream), {"id": "1", "password": "hunter-22"}, secret=SECRET, name="order")
    error = caught.value
    assert error.reason == reason
    assert error.retry_after == wait
    assert error.metadata["upstream_message"] == "said of *** and ***"
    assert "hunter" not in str(error.status()) and SECRET not in str(error.status())


async def test_a_wait_in_the_body_holds_the_credential(rest: RestConnector, upstream: Upstream) -> None:
    upstream.answers(200, b'{"status":{"ok":false,"code":"slow","wait":"30.5"}}')
    target = whole(upstream)
    with pytest.raises(TrunklineError):
        await call(rest, target, {}, secret=SECRET, name="ping")
    with pytest.raises(Exception) as caught:
        await call(rest, target, {}, secret=SECRET, name="ping")
    assert 30 < caught.value.retry_after <= 30.5
    assert len(upstream.seen) == 1
    shown = await rest.preview(tool_call(rest, target, {}, SECRET, "ping"))
    assert 30_000 < shown.wait.ToMilliseconds() <= 30_500


async def test_a_preview_shows_no_secret(rest: RestConnector, upstream: Upstream) -> None:
    target = whole(upstream)
    made = tool_call(rest, target, ORDER | {"password": "hunter-22"}, SECRET, "order")
    shown = await rest.preview(made)
    assert (shown.method, shown.url) == ("POST", f"{upstream.url}/accounts/acme/orders/7?dry=true")
    assert ("password", "***") in parse_qsl(shown.body.decode())
    assert shown.headers["authorization"] == "Bearer ***"
    assert "hunter" not in str(shown) and SECRET not in str(shown)
    assert upstream.seen == []


async def test_results_that_break_their_schema(rest: RestConnector, upstream: Upstream, signals: Heard) -> None:
    upstream.answers(200, b'{"id":"seven","parts":["a",1,{"secret":2}]}')
    target = whole(upstream)
    answer = await call(rest, target, {"id": "1"}, secret=SECRET, name="order")
    assert [(one.tool_name, one.path) for one in answer.drifts] == [
        ("order", "result_json.id"),
        ("order", "result_json.parts[1]"),
        ("order", "result_json.parts[2]"),
    ]
    assert "seven" not in str(answer.drifts)
    assert answer.warnings[0] == "the tool is deprecated: use order_v2"
    assert "result_json.id" in answer.warnings[1] and "(and 2 more)" in answer.warnings[1]
    assert signals.decisions == ["tool_deprecated", "result_drift"]
    assert answer.json.startswith(b'{"id":"seven"')
    strict = whole(upstream)
    strict.configuration.api.strict_results = True
    strict.configuration.api.enabled_tools.append("order")
    error = await refused(rest, strict, {"id": "1"}, secret=SECRET)
    assert error.reason == Reason.ERROR_REASON_UPSTREAM_MALFORMED
    assert [one.field for one in error.details[0].field_violations]  # type: ignore[attr-defined] == [one.path for one in answer.drifts]
    upstream.answers(200, b'{"id":7}')
    assert (await call(rest, strict, {"id": "1"}, secret=SECRET)).drifts == ()
    upstream.answers(200, orjson.dumps({"id": 1, "parts": [0] * 100}))
    assert len((await call(rest, target, {"id": "1"}, secret=SECRET, name="order")).drifts) == 16


async def test_headers_tell_the_end_and_the_quota(rest: RestConnector, upstream: Upstream, signals: Heard) -> None:
    told = {
        "Deprecation": "@1735689600",
        "Sunset": "Fri, 01 Jan 2027 00:00:00 GMT",
        "X-RateLimit-Limit": "100",
        "X-RateLimit-Remaining": "42",
    }
    upstream.answers(headers=told)
    answer = await call(rest, whole(upstream), {}, secret=SECRET, name="ping")
    assert [text[-13:] for text in answer.warnings] == ["of 2025-01-01", "on 2027-01-01"]
    assert [(one.unit, one.limit, one.remaining) for one in answer.quotas] == [("requests", 100, 42)]
    assert signals.decisions == ["tool_deprecated"]


async def test_a_tool_has_a_timeout_of_its_own(rest: RestConnector, upstream: Upstream) -> None:
    async def never(request: web.BaseRequest) -> web.Response:
        await asyncio.sleep(60)
        return web.Response()

    upstream.answer = never
    target = whole(upstream)
    target.configuration.api.enabled_tools.append("order")
    error = await refused(rest, target, {"id": "1"}, secret=SECRET)
    assert (error.reason, error.metadata["timeout_seconds"]) == (Reason.ERROR_REASON_UPSTREAM_TIMEOUT, "0.4")


async def test_the_integrations_rates_replace_the_templates(rest: RestConnector, upstream: Upstream) -> None:
    target = whole(upstream)
    for calls, subject in ((1, "ping"), (2, "{id}"), (5, "")):
        rate = CallRate(calls=calls, subject=subject)
        rate.per.FromSeconds(600)
        target.configuration.api.rates.append(rate)
    assert rest.validate(target) == []
    upstream.answers(200, b'{"id":1}')
    await call(rest, target, {}, secret=SECRET, name="ping")
    for number in ("1", "1", "2"):
        await call(rest, target, {"id": number}, secret=SECRET, name="order")
    for name, parameters in (("ping", {}), ("order", {"id": "1"})):
        with pytest.raises(Exception) as caught:
            await call(rest, target, parameters, secret=SECRET, name=name)
        assert caught.value.reason == Reason.ERROR_REASON_UPSTREAM_RATE_LIMITED
        assert 590 < caught.value.retry_after <= 600
    used = await rest.rates(target, SECRET)
    assert [(one.rate.subject, one.available) for one in used] == [("ping", 0), ("", 1)]
    assert used[0].HasField("retry_after") and not used[1].HasField("retry_after")
    # The check takes its turn, too; without one the system is taken to be well.
    check = await rest.check(target, SECRET, Deadline.after(5))
    assert check.healthy and not check.HasField("http_status")
    assert len(upstream.seen) == 4
    # Another credential has its own.
    await call(rest, target, {}, secret="another", name="ping")
