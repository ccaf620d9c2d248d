"""One suite for every kind of object store, against emulators of them."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import os
from collections.abc import AsyncIterator, Sequence
from typing import Any

import aiohttp
import orjson
import pytest
import pytest_asyncio
from rest_upstream import LOCAL, tool_call
from storage_emulators import EMULATORS, Emulator, keyless
from trunkline.v1.integration_pb2 import Integration
from trunkline.v1.tool_pb2 import StreamExecuteToolResponse, ToolProgress
from trunkline_server.connectors.storage import StorageConnector
from trunkline_server.domain.connectors import ToolAnswer, ToolPiece
from trunkline_server.domain.deadline import Deadline
from trunkline_server.domain.errors import Reason, TrunklineError
from yarl import URL

pytestmark = pytest.mark.asyncio(loop_scope="module")
PART = 5 << 20
LARGE = os.urandom(2 * PART + 700_001)
SHA256 = hashlib.sha256(LARGE).hexdigest()
REJECTED = Reason.ERROR_REASON_UPSTREAM_REJECTED


@pytest_asyncio.fixture(scope="module", loop_scope="module", params=list(EMULATORS))
async def emulator(request: Any, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Emulator]:
    async with EMULATORS[request.param](tmp_path_factory.mktemp(request.param)) as one:
        yield one


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def connector() -> AsyncIterator[StorageConnector]:
    async with StorageConnector(LOCAL) as one:
        yield one


class Given:
    """Input in chunks; None among them is the end, its absence a cut."""

    def __init__(self, chunks: Sequence[bytes | None], sha256: str = "") -> None:
        self._chunks = list(chunks)
        self.sha256 = sha256

    async def next(self) -> bytes | None:
        if not self._chunks:
            raise ConnectionResetError("the caller is gone")
        return self._chunks.pop(0)


def cut(data: bytes, size: int = 300_007) -> list[bytes | None]:
    return [*(data[at : at + size] for at in range(0, len(data), size)), None]


class Bucket:
    """The tools of one integration."""

    def __init__(self, connector: StorageConnector, target: Integration, secret: str) -> None:
        self.connector = connector
        self.target = target
        self.secret = secret

    async def run(self, tool: str, /, **parameters: Any) -> Any:
        answer = await self.raw(tool, **parameters)
        return orjson.loads(answer.json)

    async def raw(self, tool: str, /, **parameters: Any) -> ToolAnswer:
        call = tool_call(self.connector, self.target, parameters, self.secret, tool)
        return await self.connector.execute(call, Deadline.after(60))

    async def refused(self, tool: str, /, **parameters: Any) -> TrunklineError:
        with pytest.raises(TrunklineError) as caught:
            await self.raw(tool, **parameters)
        return caught.value

    async def stream(self, tool: str, given: Given | None, told: list[ToolPiece], **parameters: Any) -> Any:
        call = tool_call(self.connector, self.target, parameters, self.secret, tool)
        source = self.connector.stream(call, given, Deadline.after(120))
        try:
            async for piece in source:
                told.append(piece)
        finally:
            await source.aclose()
        answer = told[-1]
        assert isinstance(answer, ToolAnswer)
        return orjson.loads(answer.json)

    async def get(self, **parameters: Any) -> tuple[bytes, Any]:
        told: list[ToolPiece] = []
        final = await self.stream("get_object", None, told, **parameters)
        pieces = [one.chunk for one in told if isinstance(one, StreamExecuteToolResponse) and one.chunk]
        assert all(len(piece) <= 256 * 1024 for piece in pieces)
        return b"".join(pieces), final


def progress(told: Sequence[ToolPiece]) -> list[ToolProgress]:
    return [one.progress for one in told if isinstance(one, StreamExecuteToolResponse) and one.HasField("progress")]


@pytest.fixture
def bucket(connector: StorageConnector, emulator: Emulator) -> Bucket:
    return Bucket(connector, emulator.integration(prefix="team-a"), emulator.secret)


async def test_the_check_lists(connector: StorageConnector, emulator: Emulator) -> None:
    good = emulator.integration()
    found = await connector.check(good, emulator.secret, Deadline.after(30), "acme")
    assert found.healthy, found.detail
    missing = await connector.check(emulator.integration(bucket="no-such-bucket"), emulator.secret, Deadline.after(30))
    assert not missing.healthy and "does not exist" in missing.detail


async def test_small_objects(bucket: Bucket) -> None:
    made = await bucket.run("put_object", key="a/b ü+c.txt", text="Grüße", metadata={"owner": "tests"})
    content = "Grüße".encode()
    assert made["size"] == len(content) and made["sha256"] == hashlib.sha256(content).hexdigest()
    stat = await bucket.run("stat_object", key="a/b ü+c.txt")
    assert stat["key"] == "a/b ü+c.txt" and stat["size"] == len(content) and stat["etag"] == made["etag"]
    assert stat["metadata"] == {"owner": "tests"} and stat["content_type"] == "text/plain; charset=utf-8"
    assert stat["last_modified"].startswith("20")
    answer = await bucket.raw("get_object", key="a/b ü+c.txt")
    assert answer.raw == content and answer.content_type == "text/plain; charset=utf-8"
    binary = await bucket.run("put_object", key="raw", base64=base64.b64encode(b"\0\1").decode())
    assert binary["size"] == 2
    assert (await bucket.raw("get_object", key="raw", offset=1)).raw == b"\1"
    empty = await bucket.run("put_object", key="empty", text="")
    assert empty["size"] == 0 and (await bucket.raw("get_object", key="empty")).raw == b""


async def test_conditions(bucket: Bucket) -> None:
    first = await bucket.run("put_object", key="once", text="1")
    taken = await bucket.refused("put_object", key="once", text="2", if_none_match="*")
    assert taken.reason == REJECTED and taken.metadata["http_status"] in ("409", "412")
    assert (await bucket.raw("get_object", key="once", if_match=first["etag"])).raw == b"1"
    await bucket.run("put_object", key="once", text="22")
    changed = await bucket.refused("get_object", key="once", if_match=first["etag"])
    assert changed.reason == REJECTED and changed.metadata["http_status"] == "412"
    for tool, parameters in (("delete_object", {}), ("put_object", {"text": "333"})):
        kept = await bucket.refused(tool, key="once", if_match=first["etag"], **parameters)
        assert kept.reason == REJECTED
    told: list[ToolPiece] = []
    with pytest.raises(TrunklineError) as caught:
        await bucket.stream("put_object", Given([]), told, key="once", if_none_match="*")
    assert caught.value.reason == REJECTED and not told
    assert (await bucket.raw("get_object", key="once")).raw == b"22"
    second = (await bucket.run("stat_object", key="once"))["etag"]
    await bucket.run("put_object", key="once", text="333", if_match=second)
    missing = await bucket.refused("put_object", key="never", text="x", if_match=second)
    assert missing.reason == REJECTED


async def test_lists_below_the_prefix_only(bucket: Bucket, connector: StorageConnector, emulator: Emulator) -> None:
    outside = Bucket(connector, emulator.integration(), emulator.secret)
    await outside.run("put_object", key="team-ab/secret", text="x")
    await outside.run("put_object", key="zzz", text="x")
    for name in ("list/1", "list/2", "list/sub/3", "list/sub/4 &<ü>"):
        await bucket.run("put_object", key=name, text=name)
    page = await bucket.run("list_objects", prefix="list/")
    assert [one["key"] for one in page["objects"]] == ["list/1", "list/2", "list/sub/3", "list/sub/4 &<ü>"]
    assert "team-a" not in str(page)
    folded = await bucket.run("list_objects", prefix="list/", delimiter="/")
    assert [one["key"] for one in folded["objects"]] == ["list/1", "list/2"] and folded["prefixes"] == ["list/sub/"]
    call = tool_call(connector, bucket.target, {"prefix": "list/", "page_size": 3}, bucket.secret, "list_objects")
    pages = [page async for page in connector.pages(call, Deadline.after(60))]
    assert [len(orjson.loads(page.json)["objects"]) for page in pages] == [3, 1]
    assert [page.more for page in pages] == [True, False]
    everything = await bucket.run("list_objects")
    assert all(not one["key"].startswith(("b/", "zzz")) for one in everything["objects"])
    forged = await bucket.refused(
        "list_objects", prefix="other/", page_token=orjson.loads(pages[0].json)["next_page_token"]
    )
    assert forged.reason == Reason.ERROR_REASON_INVALID_PARAMETERS


async def test_copy_and_delete(bucket: Bucket) -> None:
    await bucket.run("put_object", key="from ü", text="content")
    copied = await bucket.run("copy_object", source="from ü", key="to/it")
    assert copied["size"] == 7
    assert (await bucket.raw("get_object", key="to/it")).raw == b"content"
    assert await bucket.run("delete_object", key="to/it") == {"deleted": True}
    gone = await bucket.refused("get_object", key="to/it")
    assert gone.reason == Reason.ERROR_REASON_NOT_FOUND and gone.metadata["resource_type"] == "object"
    assert (await bucket.run("delete_object", key="to/it")).keys() == {"deleted"}
    missing = await bucket.refused("copy_object", source="nothing", key="x")
    assert missing.reason == Reason.ERROR_REASON_NOT_FOUND and missing.metadata["resource_name"] == "nothing"


@pytest.mark.parametrize("size", [0, 1000, PART, len(LARGE)])
async def test_streamed_both_ways(bucket: Bucket, size: int) -> None:
    data, told = LARGE[:size], list[ToolPiece]()
    digest = hashlib.sha256(data).hexdigest()
    final = await bucket.stream(
        "put_object", Given(cut(data), digest), told, key="large", content_type="x/y", metadata={"n": "1"}
    )
    assert final["size"] == size and final["sha256"] == digest and final["etag"]
    stored = [one.bytes_stored for one in progress(told)]
    assert stored == list(range(0, size + 1, PART)) if size >= PART else not stored
    read, head = await bucket.get(key="large")
    assert read == data and head["sha256"] == digest and head["size"] == size
    stat = await bucket.run("stat_object", key="large")
    assert stat["etag"] == final["etag"] == head["etag"]
    assert stat["content_type"] == "x/y" and stat["metadata"] == {"n": "1"}
    if size:
        piece, told_range = await bucket.get(key="large", offset=size // 2, length=77, if_match=head["etag"])
        assert piece == data[size // 2 : size // 2 + 77] and told_range["size"] == size
        assert told_range["offset"] == size // 2
        behind = await bucket.refused("get_object", key="large", offset=size + 10)
        assert behind.reason == Reason.ERROR_REASON_INVALID_PARAMETERS


async def test_goes_on_after_a_cut(bucket: Bucket, emulator: Emulator) -> None:
    told: list[ToolPiece] = []
    with pytest.raises(ConnectionResetError):
        await bucket.stream("put_object", _Until(told, PART), told, key="resumed")
    assert progress(told)[-1].bytes_stored == PART
    if emulator.connector == "gcs":
        pytest.skip("fake-gcs-server takes the question how much it holds for the end of an upload")
    token = progress(told)[-1].resume_token
    assert (await bucket.refused("stat_object", key="resumed")).reason == Reason.ERROR_REASON_NOT_FOUND
    other = await bucket.refused("abort_upload", key="another", resume_token=token)
    assert other.reason == Reason.ERROR_REASON_INVALID_PARAMETERS
    # Another server goes on.
    async with StorageConnector(LOCAL) as second:
        again, later = Bucket(second, bucket.target, bucket.secret), list[ToolPiece]()
        call = tool_call(second, bucket.target, {"key": "resumed", "resume_token": token}, bucket.secret, "put_object")
        source = second.stream(call, _After(later), Deadline.after(60))
        async for piece in source:
            later.append(piece)
        stored = progress(later)[0].bytes_stored
        assert stored == PART
        final = orjson.loads(later[-1].json)  # type: ignore[union-attr]
        assert final["size"] == len(LARGE)
        assert final["resumed_from"] == stored and "sha256" not in final
        read, head = await again.get(key="resumed")
    assert head["sha256"] == SHA256 and len(read) == len(LARGE)


class _Until:
    """Sends a part and a half, and is gone when the first one is stored."""

    sha256 = ""

    def __init__(self, told: list[ToolPiece], stored: int) -> None:
        self._told = told
        self._stored = stored
        self._rest = cut(LARGE[: PART * 3 // 2])[:-1]

    async def next(self) -> bytes | None:
        if self._rest:
            return self._rest.pop(0)
        async with asyncio.timeout(60):
            while not any(one.bytes_stored == self._stored for one in progress(self._told)):
                await asyncio.sleep(0.01)
        raise ConnectionResetError("the caller is gone")


class _After:
    """Sends what the first progress leaves."""

    def __init__(self, told: list[ToolPiece]) -> None:
        self._told = told
        self._rest: list[bytes | None] | None = None
        self.sha256 = ""

    async def next(self) -> bytes | None:
        if self._rest is None:
            data = LARGE[progress(self._told)[0].bytes_stored :]
            self._rest, self.sha256 = cut(data), hashlib.sha256(data).hexdigest()
        return self._rest.pop(0)


async def test_wrong_checksums_write_nothing(bucket: Bucket, emulator: Emulator) -> None:
    for size in (1000, len(LARGE)):
        told: list[ToolPiece] = []
        with pytest.raises(TrunklineError) as caught:
            await bucket.stream("put_object", Given(cut(LARGE[:size]), "0" * 64), told, key="wrong")
        assert caught.value.reason == Reason.ERROR_REASON_CHECKSUM_MISMATCH
        assert (await bucket.refused("stat_object", key="wrong")).reason == Reason.ERROR_REASON_NOT_FOUND
    if emulator.connector == "azure_blob":
        return
    token = progress(told)[-1].resume_token
    again: list[ToolPiece] = []
    with pytest.raises(TrunklineError) as caught:
        await bucket.stream("put_object", Given([None]), again, key="wrong", resume_token=token)
    assert caught.value.reason == Reason.ERROR_REASON_NOT_FOUND and caught.value.metadata["resource_type"] == "upload"


async def test_over_the_cap_writes_nothing(connector: StorageConnector, emulator: Emulator) -> None:
    capped = Bucket(connector, emulator.integration(max_object_bytes=PART + 10), emulator.secret)
    told: list[ToolPiece] = []
    with pytest.raises(TrunklineError) as caught:
        await capped.stream("put_object", Given(cut(LARGE)), told, key="capped")
    assert caught.value.reason == Reason.ERROR_REASON_OVER_CAP
    assert (await capped.refused("stat_object", key="capped")).reason == Reason.ERROR_REASON_NOT_FOUND
    small = Bucket(connector, emulator.integration(max_object_bytes=3), emulator.secret)
    assert (await small.refused("put_object", key="capped", text="four")).reason == Reason.ERROR_REASON_OVER_CAP


async def test_uploads_that_were_left(bucket: Bucket, emulator: Emulator) -> None:
    told: list[ToolPiece] = []
    with pytest.raises(ConnectionResetError):
        await bucket.stream("put_object", Given([LARGE[:PART], LARGE[PART : 2 * PART]]), told, key="left/over")
    token = progress(told)[-1].resume_token
    if emulator.connector == "gcs":
        assert "list_uploads" not in bucket.connector.tools(bucket.target)
    else:
        found = await bucket.run("list_uploads", prefix="left/")
        assert [one["key"] for one in found["uploads"]] == ["left/over"]
        token = found["uploads"][0]["resume_token"]
    aborted = await bucket.run("abort_upload", key="left/over", resume_token=token)
    assert aborted["aborted"] == (emulator.connector != "azure_blob")


async def test_presigned_urls(bucket: Bucket, emulator: Emulator) -> None:
    if emulator.connector == "gcs":
        pytest.skip("fake-gcs-server checks no signatures; see tests/unit/test_storage_signing.py")
    put = await bucket.run("presign_put", key="signed ü", content_type="text/plain", expires_seconds=60)
    get = await bucket.run("presign_get", key="signed ü")
    async with aiohttp.ClientSession() as http:
        url = URL(put["url"], encoded=True)
        async with http.put(url, data=b"by URL", headers=put["headers"] | {"content-type": "text/plain"}) as answer:
            assert answer.status in (200, 201), await answer.text()
        async with http.get(URL(get["url"], encoded=True)) as answer:
            assert await answer.read() == b"by URL"
        if emulator.connector == "azure_blob":
            async with http.get(URL(get["url"].replace("sp=r", "sp=rw"), encoded=True)) as answer:
                assert answer.status == 403
    too_long = await bucket.refused("presign_get", key="signed ü", expires_seconds=3601)
    assert too_long.reason == Reason.ERROR_REASON_INVALID_PARAMETERS


async def test_unknown_buckets(connector: StorageConnector, emulator: Emulator) -> None:
    nowhere = Bucket(connector, emulator.integration(bucket="no-such-bucket"), emulator.secret)
    calls: list[tuple[str, dict[str, Any]]] = [
        ("list_objects", {}),
        ("stat_object", {"key": "a"}),
        ("get_object", {"key": "a"}),
        ("put_object", {"key": "a", "text": "x"}),
        ("delete_object", {"key": "a"}),
    ]
    for tool, parameters in calls:
        error = await nowhere.refused(tool, **parameters)
        assert error.reason == REJECTED and "bucket does not exist" in error.message, tool


async def test_a_wrong_credential(connector: StorageConnector, emulator: Emulator) -> None:
    if emulator.connector != "azure_blob":
        pytest.skip("the emulator checks no credential")
    name, _, key = emulator.secret.partition(":")
    wrong = base64.b64encode(base64.b64decode(key)[::-1]).decode()
    error = await Bucket(connector, emulator.integration(), f"{name}:{wrong}").refused("list_objects")
    assert error.reason == Reason.ERROR_REASON_UPSTREAM_AUTHENTICATION and wrong not in error.message


async def test_without_authentication(connector: StorageConnector, emulator: Emulator) -> None:
    open_one = keyless(emulator)
    target = open_one.integration()
    assert not {name for name in connector.tools(target) if name.startswith("presign")}
    if emulator.connector != "azure_blob":
        assert "objects" in await Bucket(connector, target, "").run("list_objects")


async def test_reading_holds_the_store_back(bucket: Bucket) -> None:
    """A caller that reads nothing: the transfer waits, and ends when the caller leaves."""
    await bucket.stream("put_object", Given(cut(LARGE)), [], key="slow")
    call = tool_call(bucket.connector, bucket.target, {"key": "slow"}, bucket.secret, "get_object")
    source = bucket.connector.stream(call, None, Deadline.after(60))
    await anext(source)
    await anext(source)
    await asyncio.sleep(0.2)
    await source.aclose()
    assert (await bucket.run("stat_object", key="slow"))["size"] == len(LARGE)
