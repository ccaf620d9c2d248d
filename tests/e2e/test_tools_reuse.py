"""Results that are used again, calls that are only looked at, and calls that somebody else must allow."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Any

import grpc
import pytest
import pytest_asyncio
from e2e.calls import refusal
from e2e.tool_scene import PRICE, Hub, asking, hub
from google.protobuf.duration_pb2 import Duration
from trunkline.v1 import access_pb2_grpc, integration_pb2_grpc
from trunkline.v1.access_pb2 import RotateApiKeyRequest
from trunkline.v1.integration_pb2 import RotateCredentialRequest
from trunkline.v1.tool_pb2 import ApproveToolCallRequest, ToolCacheMode

pytestmark = pytest.mark.asyncio(loop_scope="module")
REFRESH, BYPASS = ToolCacheMode.TOOL_CACHE_MODE_REFRESH, ToolCacheMode.TOOL_CACHE_MODE_BYPASS


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def scene(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Hub]:
    async with hub(tmp_path_factory.mktemp("reuse"), TRUNKLINE__SERVER__WORKERS="2") as opened:
        yield opened


@pytest_asyncio.fixture(loop_scope="module")
async def approver(scene: Hub) -> str:
    return (await scene.key("approver"))[1]


async def approve(scene: Hub, key: str, tool: str = "approved", seconds: int = 60, parameters: Any = None) -> str:
    request = ApproveToolCallRequest(
        integration_id="hub",
        tool_name=tool,
        parameters_json=json.dumps(parameters or {}).encode(),
        ttl=Duration(seconds=seconds),
        comment="looked at",
    )
    answer = await scene.tools.ApproveToolCall(request, metadata=scene.running.metadata(key))
    return str(answer.approval_id)


async def finding(call: Any) -> str:
    code, info, _ = await refusal(call)
    assert (code, info.reason) == (grpc.StatusCode.FAILED_PRECONDITION, "APPROVAL_REQUIRED")
    return str(info.metadata["finding"])


# ── Cache ─────────────────────────────────────────────────────────────────────────────────────────────────────────


async def test_a_kept_result_is_free_and_says_how_old_it_is(scene: Hub) -> None:
    before = scene.calls("/kept")
    first = await scene.run("kept", parameters={"a": 1, "b": 2}, request_id="kept-1")
    again = [await scene.run("kept", parameters={"b": 2, "a": 1}, request_id=f"kept-again-{at}") for at in range(6)]
    assert (first.cached, first.cost.nanos, len(first.attempts)) == (False, PRICE, 1)
    assert all(one.cached and not one.HasField("cost") and not one.attempts for one in again)
    assert all(one.HasField("cache_age") and one.http_status == 200 for one in again)
    assert {one.result_json for one in again} == {first.result_json}
    assert scene.calls("/kept") - before == 1
    record = await scene.running.recorded("kept-again-0")
    assert record is not None and record.cache_hit and record.cost_details.nano_usd == 0
    assert not (await scene.run("kept", parameters={"a": 2})).cached


async def test_equal_calls_at_once_are_one(scene: Hub) -> None:
    before = scene.calls("/kept")
    answers = await asyncio.gather(*(scene.run("kept", parameters={"burst": 1}) for _ in range(50)))
    # One for each worker at most.
    assert 1 <= scene.calls("/kept") - before <= 2
    assert sum(not one.cached for one in answers) == scene.calls("/kept") - before


async def test_a_caller_may_ask_anew(scene: Hub) -> None:
    first = await scene.run("kept", parameters={"mode": 1})
    past = await scene.run("kept", parameters={"mode": 1}, cache=BYPASS)
    assert (past.cached, past.result_json != first.result_json) == (False, True)
    fresh = await scene.run("kept", parameters={"mode": 1}, cache=REFRESH)
    assert not fresh.cached
    assert fresh.result_json not in (first.result_json, past.result_json)


async def test_users_share_nothing(scene: Hub) -> None:
    ann = await scene.run("personal", user="ann")
    assert (await scene.run("personal", user="ann")).result_json == ann.result_json
    assert not (await scene.run("personal", user="bob")).cached
    assert [(await scene.run("personal")).cached for _ in range(2)] == [False, False]


async def test_what_changes_or_fails_is_not_kept(scene: Hub) -> None:
    assert [(await scene.run("change")).cached for _ in range(2)] == [False, False]
    before = scene.calls("/kept")
    for _ in range(2):
        await refusal(scene.run("kept", parameters={"fail": 1}))
    assert scene.calls("/kept") - before == 2


async def test_a_rotated_credential_ends_what_was_kept(scene: Hub) -> None:
    await scene.run("kept", parameters={"rotated": 1})
    assert (await scene.run("kept", parameters={"rotated": 1})).cached
    integrations: Any = integration_pb2_grpc.IntegrationServiceStub(scene.channel)
    rotate = RotateCredentialRequest(integration_id="hub", secret="another-secret", skip_check=True)
    await integrations.RotateCredential(rotate, metadata=scene.metadata)
    # The other worker hears of it within a second.
    await asyncio.sleep(1.5)
    assert not (await scene.run("kept", parameters={"rotated": 1})).cached


# ── Previews ──────────────────────────────────────────────────────────────────────────────────────────────────────


async def test_a_preview_calls_nothing(scene: Hub, approver: str) -> None:
    before = len(scene.upstream.seen)
    told = await scene.run("kept", parameters={"preview": 1}, validate_only=True, request_id="preview-1")
    assert (told.preview.method, told.preview.cost_nano_usd, told.preview.cached) == ("GET", PRICE, False)
    assert told.preview.url.endswith("/kept?preview=1")
    assert (told.HasField("cost"), told.result_json) == (False, b"")
    assert len(scene.upstream.seen) == before
    # The id is still free for the call itself.
    assert not (await scene.run("kept", parameters={"preview": 1}, request_id="preview-1")).cached
    assert (await scene.run("kept", parameters={"preview": 1}, validate_only=True)).preview.cached
    code, info, _ = await refusal(scene.run("read", parameters={"n": "x"}, validate_only=True))
    assert info.reason == "INVALID_PARAMETERS"
    assert (await scene.run("approved", validate_only=True)).preview.approval_missing
    approval = await approve(scene, approver)
    for _ in range(2):
        told = await scene.run("approved", validate_only=True, approval_id=approval)
        assert not told.preview.approval_missing
    assert scene.calls("/approved") == 0


# ── Approvals ─────────────────────────────────────────────────────────────────────────────────────────────────────


async def test_an_approval_serves_one_call_of_exactly_this(scene: Hub, approver: str) -> None:
    before = scene.calls("/approved")
    assert await finding(scene.run("approved", parameters={"a": 1})) == "missing"
    assert await finding(scene.run("approved", parameters={"a": 1}, approval_id="nonsense")) == "missing"
    approval = await approve(scene, approver, parameters={"a": 1, "b": [2]})
    assert await finding(scene.run("approved", parameters={"a": 2}, approval_id=approval)) == "other_call"
    assert scene.calls("/approved") == before
    calls = [
        scene.run("approved", parameters={"b": [2], "a": 1}, approval_id=approval, request_id=f"approved-{at}")
        for at in range(10)
    ]
    ends = await asyncio.gather(*calls, return_exceptions=True)
    assert sum(not isinstance(one, BaseException) for one in ends) == 1
    assert scene.calls("/approved") - before == 1
    assert await finding(scene.run("approved", parameters={"a": 1, "b": [2]}, approval_id=approval)) == "used"
    # A repetition of the call that was made needs no second one.
    made = next(at for at, one in enumerate(ends) if not isinstance(one, BaseException))
    again = await scene.run(
        "approved", parameters={"b": [2], "a": 1}, approval_id=approval, request_id=f"approved-{made}"
    )
    assert again.result_json == ends[made].result_json  # type: ignore[union-attr]
    assert scene.calls("/approved") - before == 1
    record = await scene.running.recorded(f"approved-{made}")
    assert record is not None and record.approval_id == approval
    sql = "SELECT action FROM trunkline.audit_log WHERE detail ->> 'approval_id' = $1 ORDER BY sequence"
    rows = await scene.rows(sql, approval, least=3)
    assert [row["action"] for row in rows] == ["tool.approve", "tool.approval_use", "tool.execute"]


async def test_nobody_approves_for_itself(scene: Hub) -> None:
    access: Any = access_pb2_grpc.AccessServiceStub(scene.channel)
    key_id, key = await scene.key("agent", "approver")
    approval = await approve(scene, key)
    assert await finding(scene.run("approved", approval_id=approval, key=key)) == "own"
    rotate = RotateApiKeyRequest(key_id=key_id, overlap=Duration(seconds=60))
    successor = (await access.RotateApiKey(rotate, metadata=scene.metadata)).secret
    assert await finding(scene.run("approved", approval_id=approval, key=successor)) == "own"
    by_successor = await approve(scene, successor)
    assert await finding(scene.run("approved", approval_id=by_successor, key=key)) == "own"
    assert (await scene.run("approved", approval_id=approval)).http_status == 200


async def test_an_approval_ends(scene: Hub, approver: str) -> None:
    approval = await approve(scene, approver, seconds=1)
    await asyncio.sleep(1.2)
    assert await finding(scene.run("approved", approval_id=approval)) == "expired"


async def test_a_call_that_reached_nothing_gives_the_approval_back(scene: Hub, approver: str) -> None:
    _, limited = await scene.key("agent", tools=["hub/read"])
    approval = await approve(scene, approver)
    await refusal(scene.run("approved", approval_id=approval, key=limited))
    kept, scene.upstream.answer = scene.upstream.answer, None
    scene.upstream.answers(status=400)
    try:
        code, info, _ = await refusal(scene.run("approved", approval_id=approval))
    finally:
        scene.upstream.answer = kept
    assert info.reason == "UPSTREAM_REJECTED", "this one was sent"
    assert await finding(scene.run("approved", approval_id=approval)) == "used"


async def test_who_may_approve_what(scene: Hub, approver: str) -> None:
    request = ApproveToolCallRequest(integration_id="hub", tool_name="approved")
    agent = (await scene.key("agent"))[1]
    code, info, _ = await refusal(scene.tools.ApproveToolCall(request, metadata=scene.running.metadata(agent)))
    assert (info.reason, info.metadata["permission"]) == ("PERMISSION_MISSING", "approvals.write")
    code, info, _ = await refusal(scene.tools.ExecuteTool(asking("read"), metadata=scene.running.metadata(approver)))
    assert info.reason == "PERMISSION_MISSING"
    plain = ApproveToolCallRequest(integration_id="hub", tool_name="read")
    code, info, _ = await refusal(scene.tools.ApproveToolCall(plain, metadata=scene.running.metadata(approver)))
    assert code == grpc.StatusCode.INVALID_ARGUMENT
