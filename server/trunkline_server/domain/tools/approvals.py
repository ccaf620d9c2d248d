"""Approvals: one call of one tool with exactly these parameters, allowed by another key than the one that calls."""

from __future__ import annotations

import secrets
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

import structlog
from trunkline.v1.tool_pb2 import ApproveToolCallRequest, ApproveToolCallResponse

from trunkline_server.domain.call import Call
from trunkline_server.domain.duration import seconds
from trunkline_server.domain.errors import Reason, TrunklineError, invalid_fields
from trunkline_server.domain.ports import Actor
from trunkline_server.domain.schemas import read_parameters
from trunkline_server.domain.tools.catalogue import ToolCatalogue
from trunkline_server.domain.tools.digest import call_digest
from trunkline_server.domain.tools.run import ToolRun

_log = structlog.get_logger("trunkline.tools")
_DEFAULT_SECONDS = 900.0
# Why an approval does not serve -> what is wrong with it.
PROBLEMS = {
    "missing": "there is no such approval",
    "used": "the approval was used already: it serves one call",
    "expired": "the approval has expired",
    "other_call": "the approval is for another tool or other parameters",
    "own": "the key that calls, or one that it was rotated from or to, gave the approval",
}


@dataclass(frozen=True, slots=True)
class Approval:
    """What was allowed. `digest` names the call, `lineage` the key that approves with all that it was rotated from and
    to; `ttl` is in seconds."""

    approval_id: str
    integration_id: str
    tool_name: str
    digest: bytes
    lineage: str
    comment: str
    ttl: float


@dataclass(frozen=True, slots=True)
class Claim:
    """A call that wants to use an approval; `hold_id` names the call."""

    approval_id: str
    digest: bytes
    lineage: str
    hold_id: str


class ApprovalStore(Protocol):
    """Approvals. What is done to one goes to the audit log in the same transaction."""

    async def add(self, actor: Actor, approval: Approval) -> datetime:
        """Keep it; returns when it ends."""
        ...

    async def use(self, actor: Actor, claim: Claim) -> str:
        """Use it up for one call, in one step. Empty where that was done, else a key of PROBLEMS."""
        ...

    async def look(self, tenant_id: str, claim: Claim) -> str:
        """What `use` would answer; nothing is used up."""
        ...

    async def give_back(self, actor: Actor, claim: Claim) -> None:
        """Undo what `use` did for this very call; nothing where it did nothing."""
        ...


class Approvals:
    """Gives approvals, and uses them up. `start` runs work in the background, to its end."""

    def __init__(
        self,
        store: ApprovalStore,
        catalogue: ToolCatalogue,
        start: Callable[[Coroutine[Any, Any, None]], None],
    ) -> None:
        self._store = store
        self._catalogue = catalogue
        self._start = start

    async def approve(self, call: Call, request: ApproveToolCallRequest) -> ApproveToolCallResponse:
        """See the contract. Raises as `ToolCatalogue.executable`, INVALID_PARAMETERS, and INVALID_REQUEST for a tool
        that needs no approval."""
        found = await self._catalogue.executable(call, request.integration_id, request.tool_name)
        if not found.tool.approval_required:
            raise invalid_fields([("tool_name", "needs no approval; call it without one")])
        parameters = read_parameters(found.tool.parameters_schema_json, request.parameters_json)
        approval = Approval(
            approval_id=secrets.token_hex(16),
            integration_id=request.integration_id,
            tool_name=request.tool_name,
            digest=call_digest(call.tenant_id, request.integration_id, request.tool_name, parameters),
            lineage=_lineage(call),
            comment=request.comment,
            ttl=seconds(request.ttl) or _DEFAULT_SECONDS,
        )
        ends = await self._store.add(_actor(call), approval)
        answer = ApproveToolCallResponse(approval_id=approval.approval_id)
        answer.expire_time.FromDatetime(ends)
        return answer

    async def missing(self, run: ToolRun) -> bool:
        """Whether the call would be refused for want of an approval."""
        if not run.tool.approval_required:
            return False
        return not run.request.approval_id or bool(await self._store.look(run.call.tenant_id, _claim(run)))

    @asynccontextmanager
    async def used(self, run: ToolRun) -> AsyncIterator[None]:
        """The block is the call that uses the approval. It is given back where the block fails before the system behind
        the tool has heard of the call. Raises APPROVAL_REQUIRED."""
        if not run.request.approval_id:
            raise _required("missing", run)
        claim, actor = _claim(run), _actor(run.call)
        run.waited = True
        try:
            problem = await self._store.use(actor, claim)
            if problem:
                raise _required(problem, run)
            run.approval_id = claim.approval_id
            yield
        except TrunklineError:
            if run.approval_id and run.untouched:
                await self._give_back(actor, claim)
            raise
        except BaseException:
            # The caller has left, perhaps before it heard that the approval was used.
            if run.untouched:
                self._start(self._give_back(actor, claim))
            raise

    async def _give_back(self, actor: Actor, claim: Claim) -> None:
        try:
            await self._store.give_back(actor, claim)
        except TrunklineError as error:
            _log.warning("approval_not_given_back", approval_id=claim.approval_id, reason=error.reason_name)


def _actor(call: Call) -> Actor:
    return Actor(call.tenant_id, call.identity.key_id, call.trace_id)


def _lineage(call: Call) -> str:
    return call.identity.lineage or call.identity.key_id


def _claim(run: ToolRun) -> Claim:
    call, name = run.call, run.integration.integration_id
    wanted = call_digest(call.tenant_id, name, run.tool.name, run.parameters)
    return Claim(run.request.approval_id, wanted, _lineage(call), call.hold_id)


def _required(problem: str, run: ToolRun) -> TrunklineError:
    tool = f"{run.integration.integration_id}/{run.tool.name}"
    why = f"{tool} needs an approval" if not run.request.approval_id else PROBLEMS[problem]
    return TrunklineError(
        Reason.ERROR_REASON_APPROVAL_REQUIRED,
        f"{why}; have another key approve this very call (ApproveToolCall), and call with its approval_id",
        metadata={"tool": tool, "finding": problem},
    )
