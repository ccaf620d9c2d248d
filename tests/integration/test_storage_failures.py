"""A store that fails, through the connector: what is asked again, what is told, and what is left."""

from __future__ import annotations

import asyncio
import base64
import socket
from collections.abc import AsyncIterator
from typing import Any

import orjson
import pytest
from aiohttp import web
from aiohttp.abc import AbstractResolver, ResolveResult
from rest_upstream import LOCAL, Upstream, http_upstream, tool_call
from trunkline.v1.configuration_pb2 import Configuration
from trunkline.v1.integration_pb2 import Integration
from trunkline.v1.storage_pb2 import StorageConfiguration
from trunkline_server.connectors.storage import StorageConnector
from trunkline_server.domain.addresses import OutboundPolicy
from trunkline_server.domain.connectors import ToolAnswer, ToolPiece
from trunkline_server.domain.deadline import Deadline
from trunkline_server.domain.errors import Reason, TrunklineError

PART = 5 << 20
SECRET = "AKIAEXAMPLE:hidden-key-4711"
BEGUN = "<InitiateMultipartUploadResult><UploadId>u1</UploadId></InitiateMultipartUploadResult>"
ENDED = "<CompleteMultipartUploadResult><ETag>&quot;e-2&quot;</ETag></CompleteMultipartUploadResult>"
SLOW_DOWN = "<Error><Code>SlowDown</Code><Message>hidden-words</Message></Error>"


def xml(text: str, status: int = 200, **headers: str) -> web.Response:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return web.Response(status=status, text=text, content_type="application/xml", headers=named)


class Scripted:
    """A store of S3 that takes uploads; `script` answers by the kind of request first, in turn, while it lasts."""

    def __init__(self, upstream: Upstream) -> None:
        self.upstream = upstream
        self.script: dict[str, list[Any]] = {}
        self.kinds: list[str] = []
        upstream.answer = self._answer

    async def _answer(self, request: web.BaseRequest) -> web.StreamResponse:
        kind = self._kind(request)
        self.kinds.append(kind)
        if scripted := self.script.get(kind):
            found = scripted.pop(0)
            return await found(request) if callable(found) else found
        if kind == "begin":
            return xml(BEGUN)
        return xml(ENDED) if kind == "end" else web.Response(headers={"etag": '"e1"'})

    def _kind(self, request: web.BaseRequest) -> str:
        query = request.query
        if "uploads" in query:
            return "begin"
        if "partNumber" in query:
            return "part"
        if "uploadId" in query:
            return {"POST": "end", "DELETE": "abort"}.get(request.method, "parts")
        return "list" if "list-type" in query else request.method

    def target(self, **storage: Any) -> Integration:
        found = {"connector": "s3", "bucket": "things", "path_style": True, "allow_writes": True, "part_bytes": PART}
        return Integration(
            integration_id="bucket",
            configuration=Configuration(endpoint=self.upstream.url, storage=StorageConfiguration(**(found | storage))),
        )


@pytest.fixture
async def store() -> AsyncIterator[Scripted]:
    async with http_upstream() as upstream:
        yield Scripted(upstream)


@pytest.fixture
async def connector() -> AsyncIterator[StorageConnector]:
    async with StorageConnector(LOCAL) as one:
        yield one


class Given:
    """So many chunks of a MiB; counts what was taken."""

    sha256 = ""

    def __init__(self, chunks: int, ends: bool = True) -> None:
        self.left = chunks
        self.taken = 0
        self._ends = ends

    async def next(self) -> bytes | None:
        if not self.left:
            if not self._ends:
                await asyncio.Event().wait()
            return None
        self.left -= 1
        self.taken += 1
        return bytes(1 << 20)


def call_of(connector: StorageConnector, store: Scripted, tool: str, **parameters: Any) -> Any:
    parameters.setdefault("key", "k")
    return tool_call(connector, store.target(), parameters, SECRET, tool)


async def run(connector: StorageConnector, store: Scripted, tool: str, seconds: float = 30, **parameters: Any) -> Any:
    return await connector.execute(call_of(connector, store, tool, **parameters), Deadline.after(seconds))


async def put(connector: StorageConnector, store: Scripted, given: Given, seconds: float = 30) -> list[ToolPiece]:
    call = call_of(connector, store, "put_object")
    return [piece async for piece in connector.stream(call, given, Deadline.after(seconds))]


async def refused(work: Any) -> TrunklineError:
    with pytest.raises(TrunklineError) as caught:
        await work
    assert "hidden" not in str(caught.value.status())
    return caught.value


async def test_parts_are_sent_again(connector: StorageConnector, store: Scripted) -> None:
    async def broken(request: web.BaseRequest) -> web.StreamResponse:
        assert request.transport is not None
        request.transport.abort()
        return web.Response()

    store.script = {"part": [xml(SLOW_DOWN, 503, retry_after="0"), broken, web.Response(headers={"etag": '"e1"'})]}
    told = await put(connector, store, Given(7))
    assert isinstance(told[-1], ToolAnswer) and orjson.loads(told[-1].json)["size"] == 7 << 20
    assert store.kinds == ["begin", "part", "part", "part", "part", "end"]


async def test_what_fails_for_good_leaves_the_parts(connector: StorageConnector, store: Scripted) -> None:
    store.script = {"part": [web.Response(headers={"etag": '"e1"'}), *(xml("", 500) for _ in range(3))]}
    error = await refused(put(connector, store, Given(12)))
    assert error.reason == Reason.ERROR_REASON_INTEGRATION_UNAVAILABLE and "abort" not in store.kinds
    store.kinds.clear()
    store.script = {"part": [xml("<Error><Code>AccessDenied</Code></Error>", 403)]}
    error = await refused(put(connector, store, Given(7)))
    assert error.reason == Reason.ERROR_REASON_UPSTREAM_AUTHENTICATION and store.kinds.count("part") == 1


async def test_the_end_is_asked_for_once(connector: StorageConnector, store: Scripted) -> None:
    store.script = {"end": [xml("", 500)]}
    assert (await refused(put(connector, store, Given(7)))).reason == Reason.ERROR_REASON_INTEGRATION_UNAVAILABLE
    assert store.kinds.count("end") == 1 and "abort" not in store.kinds
    store.script = {"end": [xml("<Error><Code>PreconditionFailed</Code></Error>", 200)]}
    error = await refused(put(connector, store, Given(7)))
    assert error.reason == Reason.ERROR_REASON_UPSTREAM_REJECTED and store.kinds[-1] == "abort"


async def test_small_objects_are_sent_again_unless_on_a_condition(connector: StorageConnector, store: Scripted) -> None:
    store.script = {"PUT": [xml("", 500), xml("", 500)]}
    await run(connector, store, "put_object", text="x")
    assert store.kinds == ["PUT"] * 3
    store.script = {"PUT": [xml("", 500)]}
    store.script["HEAD"] = [web.Response(status=404)]
    await refused(run(connector, store, "put_object", text="x", if_none_match="*"))
    assert store.kinds == [*["PUT"] * 3, "HEAD", "list", "PUT"]


async def test_a_busy_store_tells_when(connector: StorageConnector, store: Scripted) -> None:
    store.script = {"HEAD": [web.Response(status=429, headers={"retry-after": "9"})]}
    error = await refused(run(connector, store, "stat_object"))
    assert error.reason == Reason.ERROR_REASON_UPSTREAM_RATE_LIMITED and error.retry_after == 9
    store.script = {"PUT": [xml(SLOW_DOWN, 503, retry_after="60")]}
    error = await refused(run(connector, store, "put_object", text="x", seconds=5))
    assert error.reason == Reason.ERROR_REASON_UPSTREAM_RATE_LIMITED and store.kinds == ["HEAD", "PUT"]


async def test_two_parts_are_held_at_most(connector: StorageConnector, store: Scripted) -> None:
    release, begun = asyncio.Event(), asyncio.Event()

    async def slow(request: web.BaseRequest) -> web.StreamResponse:
        begun.set()
        await release.wait()
        return web.Response(headers={"etag": '"e1"'})

    store.script, given = {"part": [slow]}, Given(30)
    running = asyncio.create_task(put(connector, store, given))
    async with asyncio.timeout(30):
        await begun.wait()
    await asyncio.sleep(0.3)
    assert given.taken == 10
    release.set()
    assert isinstance((await running)[-1], ToolAnswer)


async def test_leaving_ends_the_transfer(connector: StorageConnector, store: Scripted) -> None:
    begun, left = asyncio.Event(), asyncio.Event()

    async def hanging(request: web.BaseRequest) -> web.StreamResponse:
        begun.set()
        while request.transport is not None and not request.transport.is_closing():
            await asyncio.sleep(0.02)
        left.set()
        return web.Response()

    store.script = {"part": [hanging]}
    running = asyncio.create_task(put(connector, store, Given(7, ends=False)))
    async with asyncio.timeout(30):
        await begun.wait()
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running
    async with asyncio.timeout(10):
        await left.wait()
    assert "abort" not in store.kinds
    assert [task for task in asyncio.all_tasks() if "Client.run" in repr(task)] == []


async def _reading(head: dict[str, str], body: bytes, stall: bool, request: web.BaseRequest) -> web.StreamResponse:
    response = web.StreamResponse(headers=head)
    await response.prepare(request)
    await response.write(body)
    if stall:
        await asyncio.Event().wait()
    assert request.transport is not None
    request.transport.close()
    return response


@pytest.mark.parametrize("stall", [True, False])
async def test_an_object_that_stops_in_the_middle(connector: StorageConnector, store: Scripted, stall: bool) -> None:
    head = {"content-length": "1000000", "etag": '"e"'}
    store.script = {"GET": [lambda request: _reading(head, bytes(1000), stall, request)]}
    call = call_of(connector, store, "get_object")
    object.__setattr__(call, "timeout", 0.5)
    pieces: list[ToolPiece] = []

    async def read() -> None:
        async for piece in connector.stream(call, None, Deadline.after(20)):
            pieces.append(piece)

    error = await refused(read())
    timed_out, unavailable = Reason.ERROR_REASON_UPSTREAM_TIMEOUT, Reason.ERROR_REASON_INTEGRATION_UNAVAILABLE
    assert error.reason == (timed_out if stall else unavailable)
    assert not any(isinstance(piece, ToolAnswer) for piece in pieces)


async def test_damaged_objects_do_not_end_well(connector: StorageConnector, store: Scripted) -> None:
    wrong = {"etag": '"e"', "x-amz-checksum-sha256": base64.b64encode(bytes(32)).decode()}
    store.script = {"GET": [web.Response(body=b"abc", headers=wrong) for _ in range(2)]}
    assert (await refused(run(connector, store, "get_object"))).reason == Reason.ERROR_REASON_CHECKSUM_MISMATCH

    async def read() -> None:
        async for _ in connector.stream(call_of(connector, store, "get_object"), None, Deadline.after(20)):
            pass

    assert (await refused(read())).reason == Reason.ERROR_REASON_CHECKSUM_MISMATCH


@pytest.mark.parametrize(
    "text",
    ['<!DOCTYPE a [<!ENTITY e "x">]><ListBucketResult>&e;</ListBucketResult>', "<html>", "", "<a><Contents/></a>"],
)
async def test_answers_that_are_not_of_the_protocol(connector: StorageConnector, store: Scripted, text: str) -> None:
    store.script = {"list": [xml(text)]}
    call = tool_call(connector, store.target(), {}, SECRET, "list_objects")
    error = await refused(connector.execute(call, Deadline.after(20)))
    assert error.reason == Reason.ERROR_REASON_UPSTREAM_MALFORMED


async def test_a_page_of_some_proxy_is_an_error_by_its_status(connector: StorageConnector, store: Scripted) -> None:
    store.script = {"GET": [xml("<html>" + "hidden " * 2_000_000, 403)]}
    error = await refused(run(connector, store, "get_object"))
    assert error.reason == Reason.ERROR_REASON_UPSTREAM_AUTHENTICATION


async def test_redirects_are_not_followed(connector: StorageConnector, store: Scripted) -> None:
    store.script = {"GET": [web.Response(status=307, headers={"location": f"{store.upstream.url}/elsewhere"})]}
    error = await refused(run(connector, store, "get_object"))
    assert error.reason == Reason.ERROR_REASON_UPSTREAM_REJECTED and "region" in error.message
    assert store.kinds == ["GET"]


class Inward(AbstractResolver):
    """Every name is this machine."""

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        found = ResolveResult(
            hostname=host, host="127.0.0.1", port=port, family=family, proto=0, flags=socket.AI_NUMERICHOST
        )
        return [found]

    async def close(self) -> None:
        return


async def test_addresses_are_judged_where_they_are_connected_to(store: Scripted) -> None:
    target = store.target()
    target.configuration.endpoint = f"http://s3.example.com:{store.upstream.url.rpartition(':')[2]}"
    async with StorageConnector(OutboundPolicy(allow_http=True), resolver=Inward()) as connector:
        call = tool_call(connector, target, {"key": "k"}, SECRET, "get_object")
        error = await refused(connector.execute(call, Deadline.after(20)))
        assert error.reason == Reason.ERROR_REASON_ADDRESS_FORBIDDEN
        found = await connector.check(target, SECRET, Deadline.after(20))
        assert not found.healthy
    assert store.kinds == []


@pytest.mark.parametrize("secret", ["", "no-colon"])
async def test_a_credential_that_cannot_be_used(connector: StorageConnector, store: Scripted, secret: str) -> None:
    call = tool_call(connector, store.target(), {"key": "k"}, secret, "get_object")
    error = await refused(connector.execute(call, Deadline.after(20)))
    assert error.reason == Reason.ERROR_REASON_UPSTREAM_AUTHENTICATION and store.kinds == []


async def test_wrong_parameters(connector: StorageConnector, store: Scripted) -> None:
    for tool, wrong, field in (
        ("put_object", {}, "text"),
        ("put_object", {"text": "x", "base64": "eA=="}, "text"),
        ("put_object", {"base64": "%"}, "base64"),
        ("put_object", {"text": "x", "if_match": "e", "if_none_match": "*"}, "if_match"),
        ("copy_object", {"source": "../x"}, "source"),
        ("abort_upload", {"resume_token": "forged"}, "resume_token"),
    ):
        error = await refused(run(connector, store, tool, **wrong))
        assert error.reason == Reason.ERROR_REASON_INVALID_PARAMETERS, tool
        assert error.metadata["field"] == f"parameters_json.{field}"
    call = call_of(connector, store, "put_object", text="x")
    with pytest.raises(TrunklineError) as caught:
        await anext(connector.stream(call, Given(1), Deadline.after(20)))
    assert caught.value.metadata["field"] == "parameters_json.text" and store.kinds == []
