"""One call of a tool: what is known of it, what it costs, and what it is recorded as."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import IntEnum
from typing import Any

from trunkline.v1.analytics_pb2 import RecordedRequest
from trunkline.v1.common_pb2 import Attempt
from trunkline.v1.integration_health_pb2 import ResultDrift
from trunkline.v1.integration_pb2 import Integration
from trunkline.v1.tool_pb2 import ExecuteToolRequest, ExecuteToolResponse, Tool

from trunkline_server.domain.call import Call
from trunkline_server.domain.connectors import ToolAnswer, ToolCall, ToolConnector
from trunkline_server.domain.deadline import Deadline
from trunkline_server.domain.duration import duration
from trunkline_server.domain.errors import Reason, TrunklineError
from trunkline_server.domain.money import to_money
from trunkline_server.domain.ports import TenantView
from trunkline_server.domain.strategies import strategy_of

# Of all pages of a call together; what is beyond is left out.
_MOST_ATTEMPTS, _MOST_DRIFTS, _MOST_WARNINGS = 64, 16, 16


class Fate(IntEnum):
    """How far a call has come at the system behind the tool."""

    NOT_SENT = 0
    REFUSED = 1
    # It may have been carried out, and so have cost.
    UNKNOWN = 2
    DONE = 3


_NOT_SENT = frozenset(
    (
        Reason.ERROR_REASON_INVALID_PARAMETERS,
        Reason.ERROR_REASON_ADDRESS_FORBIDDEN,
        Reason.ERROR_REASON_SECRET_UNAVAILABLE,
        Reason.ERROR_REASON_STORE_UNAVAILABLE,
        Reason.ERROR_REASON_NOT_IMPLEMENTED,
    )
)
# Without an answer these come from this side: a turn that is too far away, a token that could not be fetched.
_NOT_SENT_UNANSWERED = frozenset(
    (Reason.ERROR_REASON_UPSTREAM_RATE_LIMITED, Reason.ERROR_REASON_UPSTREAM_AUTHENTICATION)
)
# Without an answer it is open what became of the call.
_OPEN_UNANSWERED = frozenset((Reason.ERROR_REASON_INTEGRATION_UNAVAILABLE, Reason.ERROR_REASON_UPSTREAM_UNAVAILABLE))
_OPEN = frozenset((Reason.ERROR_REASON_MESSAGE_TOO_LARGE, Reason.ERROR_REASON_INTERNAL))


def fate_of(error: TrunklineError) -> Fate:
    """What an attempt that ended with this error may have done."""
    told, reason = error.metadata, error.reason
    if reason in _NOT_SENT or told.get("sent") == "no" or told.get("timeout") == "connect":
        return Fate.NOT_SENT
    answered = bool(told.get("http_status"))
    if reason in _NOT_SENT_UNANSWERED and not answered:
        return Fate.NOT_SENT
    if strategy_of(reason).may_have_cost or reason in _OPEN or (reason in _OPEN_UNANSWERED and not answered):
        return Fate.UNKNOWN
    return Fate.REFUSED


@dataclass(slots=True)
class ToolRun:
    """A call that has passed the checks of its request. `end` bounds all attempts, or each page of a stream."""

    call: Call
    request: ExecuteToolRequest
    view: TenantView
    integration: Integration
    tool: Tool
    connector: ToolConnector
    parameters: Mapping[str, Any]
    timeout: float
    end: Deadline
    secret: str = field(repr=False)
    started: float = field(default_factory=time.monotonic)
    attempts: list[Attempt] = field(default_factory=list)
    drifts: list[ResultDrift] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    # How many pages the system gave, and how far the present call of it has come.
    pages: int = 0
    pages_left: bool = False
    fate: Fate = Fate.NOT_SENT
    # Whether some of its time went by before it was admitted.
    waited: bool = False
    cached: bool = False
    # What a stream told at its end.
    ended: ToolAnswer | None = None
    approval_id: str = ""

    @property
    def untouched(self) -> bool:
        """Whether the system behind the tool has not heard of the call."""
        return not self.pages and self.fate is Fate.NOT_SENT

    @property
    def charge(self) -> int:
        """Nano-USD for what was done, and for what may have been."""
        return self.tool.cost_nano_usd * (self.pages + (self.fate >= Fate.UNKNOWN))

    def tool_call(self, timeout: float) -> ToolCall:
        """An attempt of at most `timeout` seconds. All attempts of a call, and of its repetitions, have one key."""
        call = self.call
        return ToolCall(
            tenant_id=call.tenant_id,
            integration=self.integration,
            tool=self.tool,
            parameters=self.parameters,
            timeout=timeout,
            secret=self.secret,
            key=hashlib.blake2b(f"{call.tenant_id}\0{call.request_id}".encode(), digest_size=16).hexdigest(),
        )

    def note(self, answer: ToolAnswer) -> None:
        """What an answer told beside its result."""
        if answer.drifts:
            self.drifts += answer.drifts[: _MOST_DRIFTS - len(self.drifts)]
        for warning in answer.warnings:
            if len(self.warnings) < _MOST_WARNINGS and warning not in self.warnings:
                self.warnings.append(warning)

    def note_attempts(self, made: Sequence[Attempt]) -> None:
        """The attempts at another page."""
        for one in made[: max(0, _MOST_ATTEMPTS - len(self.attempts))]:
            one.number = len(self.attempts) + 1
            self.attempts.append(one)

    def response(self, answer: ToolAnswer | None) -> ExecuteToolResponse:
        """The answer to the caller; without a result where that came in pieces."""
        call, took = self.call, duration(time.monotonic() - self.started)
        common: dict[str, Any] = {"execution_time": took, "trace_id": call.trace_id, "request_id": call.request_id}
        common |= {"warnings": self.warnings, "attempts": self.attempts}
        if answer is None:
            found = ExecuteToolResponse(**common)
        else:
            found = ExecuteToolResponse(
                result_json=answer.json,
                result_bytes=answer.raw,
                content_type=answer.content_type,
                http_status=answer.http_status or None,
                **common,
            )
        if charge := self.charge:
            found.cost.CopyFrom(to_money(charge))
        return found

    def record(self, code: int, reason: str) -> RecordedRequest:
        """The call as the request log has it, ending now."""
        call, name = self.call, self.integration.integration_id
        for one in self.attempts:
            one.integration_id = name
        record = RecordedRequest(
            request_id=call.request_id,
            method=call.method,
            context=call.context,
            integration_id=name,
            tool_name=self.tool.name,
            status_code=code,
            error_reason=reason,
            latency=duration(time.monotonic() - call.arrived),
            cache_hit=self.cached,
            attempts=self.attempts,
            drifts=self.drifts,
            trace_id=call.trace_id,
            key_id=call.identity.key_id,
            approval_id=self.approval_id,
        )
        call.put_create_time(record.create_time)
        if charge := self.charge:
            record.cost_details.nano_usd = charge
        record.context.tenant_id = call.tenant_id
        return record
