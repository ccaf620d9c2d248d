"""Pages of results: every style to its end, and what never ends or leads astray."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import aclosing

import orjson
import pytest
from aiohttp import web
from rest_templates import paged
from rest_upstream import LOCAL, SECRET, Upstream, http_upstream, integration, tool_call
from trunkline.v1.authentication_pb2 import AuthenticationScheme
from trunkline_server.connectors.rest.engine import RestConnector
from trunkline_server.domain.connectors import ToolAnswer
from trunkline_server.domain.deadline import Deadline
from trunkline_server.domain.errors import Reason, TrunklineError

Answer = Callable[[web.BaseRequest], Awaitable[web.StreamResponse]]
QUERY = AuthenticationScheme.AUTHENTICATION_SCHEME_API_KEY_QUERY
ITEMS = list(range(7))
BY_CURSOR = 'style = "cursor"\nparameter = "cursor"\nnext = "meta.next"\nitems = "data"\n'
BY_PAGE = 'style = "page"\nparameter = "page"\nsize_parameter = "size"\npage_size = 3\nitems = "data"\n'


@pytest.fixture
async def upstream() -> AsyncIterator[Upstream]:
    async with http_upstream() as running:
        yield running


async def walked(
    upstream: Upstream, pagination: str, parameters: object = None, *, method: str = "GET", seconds: float = 10
) -> list[ToolAnswer]:
    async with RestConnector(LOCAL, templates={"own": paged(pagination, method)}) as rest:
        made = tool_call(rest, integration(upstream.url, template="own"), parameters or {}, SECRET)
        async with aclosing(rest.pages(made, Deadline.after(seconds))) as pages:
            return [page async for page in pages]


async def broken(upstream: Upstream, pagination: str) -> TrunklineError:
    with pytest.raises(TrunklineError) as caught:
        await walked(upstream, pagination)
    assert caught.value.reason == Reason.ERROR_REASON_UPSTREAM_MALFORMED
    return caught.value


def items(pages: list[ToolAnswer], name: str = "data") -> list[int]:
    return [item for page in pages for item in (orjson.loads(page.json)[name] if name else orjson.loads(page.json))]


def numbered(step: int = 3, **more: object) -> Answer:
    async def answer(request: web.BaseRequest) -> web.Response:
        query = request.rel_url.query
        at = (int(query["page"]) - 1) * step if "page" in query else int(query.get("offset", 0))
        told = {"data": ITEMS[at : at + step], "more": at + step < len(ITEMS), "next": at + step} | more
        return web.json_response(told)

    return answer


async def test_by_cursor(upstream: Upstream) -> None:
    async def answer(request: web.BaseRequest) -> web.Response:
        at = int(request.rel_url.query.get("cursor", "c0")[1:])
        following = f"c{at + 3}" if at + 3 < len(ITEMS) else None
        return web.json_response({"data": ITEMS[at : at + 3], "meta": {"next": following}})

    upstream.answer = answer
    pages = await walked(upstream, BY_CURSOR, {"q": "x"})
    assert items(pages) == ITEMS
    assert [seen.raw_path for seen in upstream.seen] == ["/list?q=x", "/list?q=x&cursor=c3", "/list?q=x&cursor=c6"]


async def test_a_cursor_in_the_body(upstream: Upstream) -> None:
    async def answer(request: web.BaseRequest) -> web.Response:
        at = orjson.loads(upstream.seen[-1].body).get("cursor", 0)
        return web.json_response({"data": ITEMS[at : at + 4], "meta": {"next": at + 4}, "more": at + 4 < len(ITEMS)})

    upstream.answer = answer
    pages = await walked(upstream, BY_CURSOR + 'has_more = "more"', method="POST")
    assert items(pages) == ITEMS
    assert [seen.body for seen in upstream.seen] == [b"{}", b'{"cursor":4}']


async def test_the_cursor_is_the_last_items(upstream: Upstream) -> None:
    async def answer(request: web.BaseRequest) -> web.Response:
        after = request.rel_url.query.get("after", "id-0")
        at = int(after[3:])
        told = [{"id": f"id-{one + 1}"} for one in ITEMS[at : at + 3]]
        return web.json_response({"data": told, "has_more": at + 3 < len(ITEMS)})

    upstream.answer = answer
    style = 'style = "cursor"\nparameter = "after"\nitems = "data"\nhas_more = "has_more"\nnext_of_last_item = "id"'
    assert len(items(await walked(upstream, style))) == len(ITEMS)
    assert len(upstream.seen) == 3


@pytest.mark.parametrize("more", ["", 'has_more = "more"\n'])
async def test_by_page(upstream: Upstream, more: str) -> None:
    upstream.answer = numbered()
    assert items(await walked(upstream, BY_PAGE + more)) == ITEMS
    assert [seen.raw_path for seen in upstream.seen] == [
        "/list?size=3",
        "/list?size=3&page=2",
        "/list?size=3&page=3",
    ]


async def test_pages_from_zero_and_from_where_the_caller_says(upstream: Upstream) -> None:
    upstream.answer = numbered()
    await walked(upstream, BY_PAGE + "first = 0\n", {"page": 2})
    assert [seen.raw_path for seen in upstream.seen] == ["/list?size=3&page=2", "/list?size=3&page=3"]


async def test_by_offset(upstream: Upstream) -> None:
    upstream.answer = numbered()
    style = 'style = "offset"\nparameter = "offset"\nsize_parameter = "size"\npage_size = 3\nitems = "data"\n'
    assert items(await walked(upstream, style)) == ITEMS
    assert [seen.raw_path.partition("?")[2] for seen in upstream.seen] == [
        "size=3",
        "size=3&offset=3",
        "size=3&offset=6",
    ]


async def test_offsets_of_a_whole_number_of_pages_end_with_an_empty_one(upstream: Upstream) -> None:
    upstream.answer = numbered(step=7)
    style = 'style = "offset"\nparameter = "offset"\nitems = "data"\n'
    assert items(await walked(upstream, style)) == ITEMS
    assert len(upstream.seen) == 2


async def test_by_link(upstream: Upstream) -> None:
    async def answer(request: web.BaseRequest) -> web.Response:
        at = int(request.rel_url.query.get("at", "0"))
        links = ['</list?at=0>; rel="first"', f'<{upstream.url}/list?at={at + 3}>; title="a, b"; rel="x Next"']
        response = web.json_response(ITEMS[at : at + 3])
        for link in links if at + 3 < len(ITEMS) else links[:1]:
            response.headers.add("Link", link)
        return response

    upstream.answer = answer
    assert items(await walked(upstream, 'style = "link"'), "") == ITEMS
    assert [seen.raw_path for seen in upstream.seen] == ["/list", "/list?at=3", "/list?at=6"]


async def test_a_link_in_the_body_with_the_key_in_the_query(upstream: Upstream) -> None:
    async def answer(request: web.BaseRequest) -> web.Response:
        last = "at" in request.rel_url.query
        return web.json_response({"next": None if last else "/list?at=3&key=old"})

    upstream.answer = answer
    template = paged('style = "link"\nnext = "next"')
    async with RestConnector(LOCAL, templates={"own": template}) as rest:
        target = integration(upstream.url, template="own", scheme=QUERY, parameter_name="key")
        made = tool_call(rest, target, {}, SECRET)
        assert len([page async for page in rest.pages(made, Deadline.after(10))]) == 2
    assert [seen.raw_path for seen in upstream.seen] == [f"/list?key={SECRET}", f"/list?at=3&key={SECRET}"]


@pytest.mark.parametrize(
    "link",
    [
        "https://127.0.0.1/list",
        "http://evil.example/list",
        "//evil.example/list",
        "http://127.0.0.1:1/list",
        "http://user@{host}/list",
        "file:///etc/passwd",
        "http://[broken",
    ],
)
async def test_a_link_leads_nowhere_else(upstream: Upstream, link: str) -> None:
    upstream.answers(headers={"Link": f"<{link.format(host=upstream.url[7:])}>; rel=next"})
    error = await broken(upstream, 'style = "link"')
    assert "evil" not in error.message and "passwd" not in error.message
    assert len(upstream.seen) == 1


@pytest.mark.parametrize(
    ("pagination", "body", "calls"),
    [
        (BY_CURSOR, b'{"data":[1],"meta":{"next":"same"}}', 2),
        (BY_CURSOR, b'{"data":[1],"meta":{"next":{"a":1}}}', 1),
        (BY_CURSOR + 'has_more = "more"', b'{"data":[1],"more":true}', 1),
        (BY_PAGE, b'{"data":[1,2,3]}', 2),
        (BY_PAGE, b'{"data":{"a":1}}', 1),
        (BY_PAGE + 'has_more = "more"', b'{"data":[],"more":true}', 1),
    ],
)
async def test_what_goes_round_or_makes_no_sense(upstream: Upstream, pagination: str, body: bytes, calls: int) -> None:
    upstream.answers(body=body)
    await broken(upstream, pagination)
    assert len(upstream.seen) == calls


async def test_a_link_that_goes_round(upstream: Upstream) -> None:
    upstream.answers(headers={"Link": "</list>; rel=next"})
    await broken(upstream, 'style = "link"')
    assert len(upstream.seen) == 1


async def test_a_link_that_goes_round_without_the_key(upstream: Upstream) -> None:
    upstream.answers(headers={"Link": "</list>; rel=next"})
    async with RestConnector(LOCAL, templates={"own": paged('style = "link"')}) as rest:
        target = integration(upstream.url, template="own", scheme=QUERY, parameter_name="key")
        with pytest.raises(TrunklineError, match="told already"):
            async for _ in rest.pages(tool_call(rest, target, {}, SECRET), Deadline.after(10)):
                pass
    assert len(upstream.seen) <= 2


async def test_a_tool_without_pages_has_one(upstream: Upstream) -> None:
    async with RestConnector(LOCAL, templates={"own": paged(BY_PAGE)}) as rest:
        plain = integration(upstream.url, template="own")
        plain.configuration.api.tools.add(name="one", method="GET", path="/one")
        made = tool_call(rest, plain, {}, "", "one")
        assert len([page async for page in rest.pages(made, Deadline.after(10))]) == 1


async def test_an_error_on_the_way_is_told_after_the_pages_before_it(upstream: Upstream) -> None:
    whole = numbered()

    async def answer(request: web.BaseRequest) -> web.StreamResponse:
        return await whole(request) if len(upstream.seen) < 2 else web.Response(status=503)

    upstream.answer = answer
    told: list[ToolAnswer] = []
    async with RestConnector(LOCAL, templates={"own": paged(BY_PAGE)}) as rest:
        made = tool_call(rest, integration(upstream.url, template="own"), {}, SECRET)
        with pytest.raises(TrunklineError) as caught:
            async for page in rest.pages(made, Deadline.after(10)):
                told.append(page)
    assert caught.value.reason == Reason.ERROR_REASON_INTEGRATION_UNAVAILABLE
    assert items(told) == [0, 1, 2]


async def test_leaving_aborts_the_request_under_way(upstream: Upstream) -> None:
    asked, gone = asyncio.Event(), asyncio.Event()
    whole = numbered()

    async def answer(request: web.BaseRequest) -> web.StreamResponse:
        if len(upstream.seen) == 1:
            return await whole(request)
        asked.set()
        while request.transport is not None and not request.transport.is_closing():
            await asyncio.sleep(0.02)
        gone.set()
        return web.Response()

    upstream.answer = answer
    walk = asyncio.create_task(walked(upstream, BY_PAGE))
    await asyncio.wait_for(asked.wait(), 10)
    walk.cancel()
    await asyncio.wait_for(gone.wait(), 10)
    with pytest.raises(asyncio.CancelledError):
        await walk
