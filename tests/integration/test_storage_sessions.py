"""Resumable sessions of Google as its documentation has them, which no emulator plays: asked how much it holds, keeping
less than was sent, and ended by a checksum of the whole."""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import AsyncIterator
from typing import Any

import orjson
import pytest
from aiohttp import web
from rest_upstream import LOCAL, Upstream, http_upstream, tool_call
from token_upstream import service_account
from trunkline.v1.authentication_pb2 import Authentication, AuthenticationScheme
from trunkline.v1.configuration_pb2 import Configuration
from trunkline.v1.integration_pb2 import Integration
from trunkline.v1.storage_pb2 import StorageConfiguration
from trunkline_server.connectors.storage import StorageConnector
from trunkline_server.domain.connectors import ToolAnswer, ToolPiece
from trunkline_server.domain.deadline import Deadline
from trunkline_server.domain.errors import Reason, TrunklineError

PART = 5 << 20
QUANTUM = 256 * 1024
DATA = hashlib.sha256(b"seed").digest() * ((2 * PART + 9 * QUANTUM) // 32) + b"tail"


class Sessions:
    """One session: it keeps at most `keeps` bytes of a request."""

    def __init__(self, upstream: Upstream) -> None:
        self.url = upstream.url
        self.upstream = upstream
        self.held = bytearray()
        self.keeps = PART
        self.ended = b""
        self.hash = ""
        upstream.answer = self._answer

    async def _answer(self, request: web.BaseRequest) -> web.StreamResponse:
        body = self.upstream.seen[-1].body
        if request.method == "POST":
            return web.Response(headers={"location": "http://elsewhere.invalid/x?upload_id=session-1"})
        if request.method == "DELETE":
            self.held.clear()
            return web.Response(status=499)
        assert request.query["upload_id"] == "session-1"
        if self.ended:
            return web.json_response({"generation": "7", "size": str(len(self.ended))})
        first, total = re.fullmatch(r"bytes (\d+-\d+|\*)/(\d+|\*)", request.headers["content-range"]).groups()  # type: ignore[union-attr]
        if first != "*":
            at = int(first.partition("-")[0])
            # What it has already it ignores.
            new = body[len(self.held) - at :]
            self.held += new if total != "*" else new[: self.keeps]
        if total != "*" and len(self.held) == int(total):
            self.ended, self.hash = bytes(self.held), request.headers.get("x-goog-hash", "")
            return web.json_response({"generation": "7", "size": total})
        return web.Response(status=308, headers={"range": f"bytes=0-{len(self.held) - 1}"} if self.held else {})


class Given:
    def __init__(self, data: bytes, ends: bool = True, sha256: str = "") -> None:
        self._chunks = [data[at : at + 1_000_003] for at in range(0, len(data), 1_000_003)]
        self._ends = ends
        self.sha256 = sha256

    async def next(self) -> bytes | None:
        if self._chunks:
            return self._chunks.pop(0)
        if not self._ends:
            raise ConnectionResetError
        return None


@pytest.fixture
async def sessions() -> AsyncIterator[Sessions]:
    async with http_upstream() as upstream:
        yield Sessions(upstream)


async def put(sessions: Sessions, given: Given, told: list[ToolPiece], **parameters: Any) -> Any:
    storage = StorageConfiguration(connector="gcs", bucket="things", allow_writes=True, part_bytes=PART)
    none = Authentication(scheme=AuthenticationScheme.AUTHENTICATION_SCHEME_NONE)
    configuration = Configuration(endpoint=sessions.url, authentication=none, storage=storage)
    target = Integration(integration_id="bucket", configuration=configuration)
    async with StorageConnector(LOCAL) as connector:
        call = tool_call(connector, target, {"key": "k", **parameters}, "", "put_object")
        async for piece in connector.stream(call, given, Deadline.after(60)):
            told.append(piece)
    assert isinstance(told[-1], ToolAnswer)
    return orjson.loads(told[-1].json)


@pytest.mark.parametrize("keeps", [PART, 3 * QUANTUM])
async def test_a_whole_upload(sessions: Sessions, keeps: int) -> None:
    sessions.keeps = keeps
    final = await put(sessions, Given(DATA, sha256=hashlib.sha256(DATA).hexdigest()), [])
    assert sessions.ended == DATA and final["sha256"] == hashlib.sha256(DATA).hexdigest()
    assert sessions.hash == "md5=" + base64.b64encode(hashlib.md5(DATA).digest()).decode()


async def test_an_upload_that_goes_on(sessions: Sessions) -> None:
    told: list[ToolPiece] = []
    with pytest.raises(ConnectionResetError):
        await put(sessions, Given(DATA[: 2 * PART + 5], ends=False), told)
    token = told[-1].progress.resume_token  # type: ignore[union-attr]
    held = len(sessions.held)
    assert held >= PART and not sessions.ended
    final = await put(sessions, Given(DATA[held:]), told, resume_token=token)
    assert sessions.ended == DATA and sessions.hash == ""
    assert final == {"size": len(DATA), "etag": "7", "version_id": "7", "resumed_from": held}
    with pytest.raises(TrunklineError) as caught:
        await put(sessions, Given(b""), told, resume_token=token)
    assert caught.value.reason == Reason.ERROR_REASON_NOT_FOUND


async def test_an_upload_with_a_wrong_checksum_is_cancelled(sessions: Sessions) -> None:
    with pytest.raises(TrunklineError) as caught:
        await put(sessions, Given(DATA, sha256="0" * 64), [])
    assert caught.value.reason == Reason.ERROR_REASON_CHECKSUM_MISMATCH
    assert not sessions.held and not sessions.ended


async def test_a_token_that_is_refused_is_fetched_anew() -> None:
    async with http_upstream() as upstream:
        tokens = iter(("first", "second"))

        async def answer(request: web.BaseRequest) -> web.StreamResponse:
            if request.path == "/token":
                return web.json_response({"access_token": next(tokens), "expires_in": 3600, "token_type": "Bearer"})
            if request.headers["authorization"] != "Bearer second":
                return web.Response(status=401)
            return web.Response(body=b"abc", headers={"x-goog-generation": "1"})

        upstream.answer = answer
        storage = StorageConfiguration(connector="gcs", bucket="things")
        configuration = Configuration(endpoint=upstream.url, storage=storage)
        target = Integration(integration_id="bucket", configuration=configuration)
        secret = service_account(token_uri=f"{upstream.url}/token")
        async with StorageConnector(LOCAL) as connector:
            call = tool_call(connector, target, {"key": "k"}, secret, "get_object")
            assert (await connector.execute(call, Deadline.after(20))).raw == b"abc"
    asked = [one.raw_path.partition("?")[0] for one in upstream.seen]
    assert asked == ["/token", "/storage/v1/b/things/o/k", "/token", "/storage/v1/b/things/o/k"]
    assert b"devstorage.read_write" in base64.urlsafe_b64decode(
        upstream.seen[0].body.partition(b"assertion=")[2].split(b".")[1] + b"=="
    )
