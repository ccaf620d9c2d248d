"""A 401 fetches a fresh token, once: in every kind of call, and for fetched credentials only."""

from __future__ import annotations

from dataclasses import replace

import pytest
from aiohttp import web
from token_upstream import ASK, azure, driving, failure, serving, soon, vertex
from trunkline.v1.llm_pb2 import EmbedRequest
from trunkline_server.domain.errors import Reason
from trunkline_server.domain.fold import fold
from trunkline_server.domain.ports import Heard, Target
from trunkline_server.providers.driver import ProviderDriver


async def _complete(driver: ProviderDriver, target: Target) -> None:
    assert (await driver.complete(target, ASK, soon())).completion == "Hello"


async def _stream(driver: ProviderDriver, target: Target) -> None:
    events = [event async for event in driver.stream(target, ASK, soon())]
    assert fold(events).completion == "Hello"
    assert [event.WhichOneof("event") for event in events].count("started") == 1


async def _embed(driver: ProviderDriver, target: Target) -> None:
    found = await driver.embed(target, EmbedRequest(inputs=["a", "b", "c"]), soon())
    assert len(found.packed) == 3


async def _count(driver: ProviderDriver, target: Target) -> None:
    assert await driver.count(target, ASK, soon()) == 3


async def _check(driver: ProviderDriver, target: Target) -> None:
    found = await driver.check(target, soon())
    assert (found.healthy, found.http_status) == (True, 200)


WAYS = {"complete": _complete, "stream": _stream, "embed": _embed, "count": _count, "check": _check}


@pytest.mark.parametrize("way", WAYS)
async def test_a_revoked_token_is_fetched_anew_once(way: str) -> None:
    async with serving() as upstream, driving(upstream) as driver:
        run, target = WAYS[way], vertex(upstream)
        await run(driver, target)
        answered = len(upstream.calls)
        upstream.valid.clear()
        await run(driver, target)
        assert len(upstream.asked) == 2
        # The batches of the embedding may each have met the refusal; all were answered.
        assert answered < len(upstream.calls) - answered <= 2 * answered
        taken = [call for call in upstream.calls if call.headers["Authorization"] == "Bearer token-2"]
        assert sorted(call.body for call in taken) == sorted(call.body for call in upstream.calls[:answered])
        await run(driver, target)
        assert len(upstream.asked) == 2


@pytest.mark.parametrize("way", [way for way in WAYS if way != "check"])
async def test_a_second_401_is_final(way: str) -> None:
    async with serving() as upstream, driving(upstream) as driver:
        run, target = WAYS[way], replace(vertex(upstream), model="m")
        upstream.revoked = True
        error = await failure(run(driver, target))
        assert (error.reason, error.http_status) == (Reason.ERROR_REASON_UPSTREAM_AUTHENTICATION, 401)
        assert not error.retry
        assert error.provider_request_id.startswith("r")
        assert len(upstream.asked) == 2
        tried = len(upstream.calls)
        # A provider that refuses every token does not make a flood at the token endpoint.
        await failure(run(driver, target))
        assert len(upstream.asked) == 2
        assert len(upstream.calls) - tried <= tried


async def test_what_was_heard_is_of_the_answer_that_counts() -> None:
    async with serving() as upstream, driving(upstream) as driver:
        heard, target = Heard(), azure(upstream)
        await driver.complete(target, ASK, soon())
        upstream.valid.clear()
        await driver.complete(target, ASK, soon(), heard)
        assert heard.http_status == 200
        upstream.valid.clear()
        await failure(driver.complete(target, ASK, soon(), heard))
        assert (heard.http_status, heard.request_id) == (401, f"r{len(upstream.calls)}")


@pytest.mark.parametrize(
    ("status", "body"),
    [
        (403, {"error": {"code": "PermissionDenied", "message": "no role"}}),
        (400, {"error": {"code": "API_KEY_INVALID", "message": "no"}}),
        (401, {"error": {"code": "content_filter", "message": "a 401 whose remedy is another"}}),
    ],
)
async def test_other_refusals_are_final(status: int, body: object) -> None:
    async with serving() as upstream, driving(upstream) as driver:
        upstream.revoked, upstream.refusal = True, (status, body)
        error = await failure(driver.complete(azure(upstream), ASK, soon()))
        assert (error.http_status, len(upstream.calls), len(upstream.asked)) == (status, 1, 1)


async def test_a_static_key_is_tried_once() -> None:
    async with serving() as upstream, driving(upstream) as driver:
        target = Target("i", "openai", "openai", "m", f"{upstream.base}/provider", 5.0, "key")
        error = await failure(driver.complete(target, ASK, soon()))
        assert (error.http_status, len(upstream.calls)) == (401, 1)


async def test_the_token_endpoint_fails_after_a_401() -> None:
    async with serving() as upstream, driving(upstream) as driver:
        await driver.complete(azure(upstream), ASK, soon())
        upstream.valid.clear()
        upstream.answer = lambda form: web.Response(status=503)
        error = await failure(driver.complete(azure(upstream), ASK, soon()))
        assert (error.reason, error.retry) == (Reason.ERROR_REASON_UPSTREAM_UNAVAILABLE, True)
        assert len(upstream.calls) == 2
