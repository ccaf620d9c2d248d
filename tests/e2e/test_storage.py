"""Object storage through a whole server: large objects both ways, cuts, and refusals."""

from __future__ import annotations

import asyncio
import hashlib
import os
import signal
from collections.abc import AsyncIterator
from typing import Any

import grpc
import orjson
import pytest
import pytest_asyncio
from e2e.calls import fields_of, refusal, status_of
from e2e.storage_scene import Scene, pieces, scene
from faults.observe import rss, workers
from google.rpc.error_details_pb2 import ErrorInfo, ResourceInfo
from trunkline.v1 import integration_pb2_grpc
from trunkline.v1.connector_pb2 import ListConnectorsRequest
from trunkline.v1.integration_pb2 import CheckIntegrationRequest
from trunkline.v1.tool_pb2 import ListToolsRequest, StreamExecuteToolRequest, ToolInputFinished, ToolProgress

pytestmark = pytest.mark.asyncio(loop_scope="module")
MIB = 1 << 20
DATA = os.urandom(20 * MIB + 12_345)
SHA256 = hashlib.sha256(DATA).hexdigest()
# MB of the worker, for an object of 20 MiB: two parts of 5 MiB, and what gRPC and the allocator keep.
MOST_GROWTH = 40


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def opened(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Scene]:
    async with scene(tmp_path_factory.mktemp("storage")) as one:
        yield one


async def refused(call: Any) -> tuple[grpc.StatusCode, ErrorInfo, Any]:
    """How a stream ends with an error."""
    with pytest.raises(grpc.aio.AioRpcError) as caught:
        async for _ in call:
            pass
    status, info = status_of(caught.value), ErrorInfo()
    assert status.details[0].Unpack(info)
    return caught.value.code(), info, status


async def test_the_tools_are_those_that_the_integration_allows(opened: Scene) -> None:
    await opened.create("read-only", allow_writes=False, allow_deletes=False, max_presign_seconds=0)
    listed = await opened.tools.ListTools(
        ListToolsRequest(integration_id="read-only"), metadata=opened.running.metadata()
    )
    assert [tool.name for tool in listed.tools] == ["get_object", "list_objects", "stat_object"]
    code, info, _ = await refusal(
        opened.tools.ExecuteTool(
            opened.asking("put_object", "read-only", key="a", text="x"), metadata=opened.running.metadata()
        )
    )
    assert (code, info.reason) == (grpc.StatusCode.NOT_FOUND, "NOT_FOUND")
    integrations: Any = integration_pb2_grpc.IntegrationServiceStub(opened.channel)
    found = await integrations.ListConnectors(ListConnectorsRequest(), metadata=opened.running.metadata())
    assert {"s3", "azure_blob", "gcs"} <= {one.name for one in found.connectors}
    checked = await integrations.CheckIntegration(
        CheckIntegrationRequest(integration_id="bucket"), metadata=opened.running.metadata()
    )
    assert checked.check.healthy, checked.check.detail


async def test_twenty_megabytes_both_ways_with_flat_memory(opened: Scene) -> None:
    await opened.put(DATA, key="warm")
    (worker,) = workers(opened.running.process.pid)
    before = rss(worker)
    for number in range(3):
        sent = await opened.put(DATA, key=f"large-{number}", content_type="x/y", metadata={"n": str(number)})
        assert sent.result["sha256"] == SHA256 and sent.result["size"] == len(DATA)
        assert [one.bytes_stored for one in sent.progress] == [0, *(5 * MIB * part for part in range(1, 5))]
        sha256, size, head = await opened.get(f"large-{number}")
        assert sha256 == SHA256 == head["sha256"] and size == len(DATA) and head["etag"] == sent.result["etag"]
    assert rss(worker) - before < MOST_GROWTH


async def test_a_download_goes_on_after_a_cut(opened: Scene) -> None:
    await opened.put(DATA, key="cut-read")
    first = StreamExecuteToolRequest(start=opened.asking("get_object", key="cut-read"))

    async def requests() -> AsyncIterator[StreamExecuteToolRequest]:
        yield first

    got = bytearray()
    call, etag = opened.stream(requests()), ""
    async for message in call:
        etag = etag or message.progress.detail.rpartition("etag ")[2]
        got += message.chunk
        if len(got) > MIB:
            call.cancel()
            break
    sha256, _, head = await opened.get("cut-read", offset=len(got), if_match=etag)
    assert sha256 == hashlib.sha256(DATA[len(got) :]).hexdigest() and head["size"] == len(DATA)
    await opened.run("put_object", key="cut-read", text="another")
    code, info, _ = await refused(opened.stream(_start(opened, "get_object", key="cut-read", offset=1, if_match=etag)))
    assert (code, info.reason) == (grpc.StatusCode.INVALID_ARGUMENT, "UPSTREAM_REJECTED")
    assert info.metadata["http_status"] == "412"


async def _start(opened: Scene, tool: str, integration: str = "bucket", **parameters: Any) -> Any:
    yield StreamExecuteToolRequest(start=opened.asking(tool, integration, **parameters))


async def _until_stored(opened: Scene, key: str, least: int) -> ToolProgress:
    """Begin an upload, and leave it when so much is stored: what was told last."""
    told: list[ToolProgress] = []
    enough = asyncio.Event()

    async def requests() -> AsyncIterator[StreamExecuteToolRequest]:
        yield StreamExecuteToolRequest(start=opened.asking("put_object", key=key))
        for piece in pieces(DATA[: least + MIB]):
            yield StreamExecuteToolRequest(chunk=piece)
        await enough.wait()

    call = opened.stream(requests())
    async for message in call:
        told.append(message.progress)
        if message.progress.bytes_stored >= least:
            break
    call.cancel()
    enough.set()
    return told[-1]


async def test_an_upload_goes_on_after_a_cut(opened: Scene) -> None:
    left = await _until_stored(opened, "cut", 10 * MIB)
    assert left.bytes_stored == 10 * MIB
    code, info, status = await refusal(
        opened.tools.ExecuteTool(opened.asking("stat_object", key="cut"), metadata=opened.running.metadata())
    )
    found = ResourceInfo()
    assert code is grpc.StatusCode.NOT_FOUND and any(detail.Unpack(found) for detail in status.details)
    assert (found.resource_type, found.resource_name) == ("object", "cut")
    sent = await opened.put(DATA, key="cut", resume_token=left.resume_token)
    assert sent.progress[0].bytes_stored == 10 * MIB and sent.result["resumed_from"] == 10 * MIB
    assert (await opened.get("cut"))[0] == SHA256


async def test_an_upload_goes_on_after_the_worker_was_killed(opened: Scene) -> None:
    left = await _until_stored(opened, "killed", 5 * MIB)
    (worker,) = workers(opened.running.process.pid)
    os.kill(worker, signal.SIGKILL)
    async with asyncio.timeout(60):
        while True:
            try:
                sent = await opened.put(DATA, key="killed", resume_token=left.resume_token)
                break
            except grpc.aio.AioRpcError as error:
                assert error.code() is grpc.StatusCode.UNAVAILABLE, error.details()
                await asyncio.sleep(0.2)
    assert sent.result["resumed_from"] >= 5 * MIB
    assert (await opened.get("killed"))[0] == SHA256


async def test_nothing_is_written_over_the_cap_or_with_a_wrong_checksum(opened: Scene) -> None:
    await opened.create("capped", max_object_bytes=6 * MIB)
    for integration, size, told, reason in (
        ("capped", 7 * MIB, "", "OVER_CAP"),
        ("capped", 5 * MIB, "0" * 64, "CHECKSUM_MISMATCH"),
    ):

        async def requests(
            integration: str = integration, size: int = size, told: str = told
        ) -> AsyncIterator[StreamExecuteToolRequest]:
            yield StreamExecuteToolRequest(start=opened.asking("put_object", integration, key="none"))
            for piece in pieces(DATA[:size]):
                yield StreamExecuteToolRequest(chunk=piece)
            yield StreamExecuteToolRequest(finish=ToolInputFinished(sha256=told))

        _, info, _ = await refused(opened.stream(requests()))
        assert info.reason == reason
        assert (await opened.run("list_objects", "capped", prefix="none"))["objects"] == []
        assert (await opened.run("list_uploads", "capped", prefix="none"))["uploads"] == []


async def test_an_unknown_bucket(opened: Scene) -> None:
    with pytest.raises(grpc.aio.AioRpcError) as caught:
        await opened.create("nowhere", bucket="no-such-bucket")
    assert caught.value.code() is grpc.StatusCode.FAILED_PRECONDITION
    await opened.store.ask("PUT", "/short-lived")
    await opened.create("nowhere", bucket="short-lived")
    await opened.store.ask("DELETE", "/short-lived")
    code, info, status = await refusal(
        opened.tools.ExecuteTool(opened.asking("list_objects", "nowhere"), metadata=opened.running.metadata())
    )
    assert (code, info.reason) == (grpc.StatusCode.INVALID_ARGUMENT, "UPSTREAM_REJECTED")
    assert "the bucket does not exist" in status.message and "127.0.0.1" not in status.message


@pytest.mark.parametrize("key", ["../x", "a/../b", "", "/a", "a\\..\\b", "a\nb", "x" * 1025])
async def test_keys_never_leave_the_prefix(opened: Scene, key: str) -> None:
    for tool in ("stat_object", "put_object"):
        parameters = {"key": key} | ({"text": "x"} if tool == "put_object" else {})
        code, info, status = await refusal(
            opened.tools.ExecuteTool(opened.asking(tool, **parameters), metadata=opened.running.metadata())
        )
        assert (code, info.reason) == (grpc.StatusCode.INVALID_ARGUMENT, "INVALID_PARAMETERS")
        assert fields_of(status) == {"parameters_json.key"}


async def test_a_preview_sends_nothing(opened: Scene) -> None:
    asked = opened.asking("put_object", key="previewed", text="x")
    asked.validate_only = True
    answer = await opened.tools.ExecuteTool(asked, metadata=opened.running.metadata())
    assert answer.preview.method == "PUT" and answer.preview.url.endswith("/***/previewed")
    page = orjson.dumps(await opened.run("list_objects", prefix="previewed"))
    assert b"previewed" not in page.replace(b"prefixes", b"")
