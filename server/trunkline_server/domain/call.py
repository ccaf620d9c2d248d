"""What is known of one call, filled in by the interceptors and read by the domain."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from google.protobuf.message import Message
from google.protobuf.timestamp_pb2 import Timestamp
from trunkline.v1.common_pb2 import CallContext, CallLimit

from trunkline_server.domain.assignment import Assignment
from trunkline_server.domain.deadline import Deadline
from trunkline_server.domain.errors import TrunklineError
from trunkline_server.domain.tools.permission import EVERY_TOOL, ToolScope

if TYPE_CHECKING:
    from trunkline_server.domain.tab import Tab


@dataclass(frozen=True, slots=True)
class Caller:
    """Who calls: an API key of a tenant. `permissions` are names, `<area>.*` or `*`. `limits` are those of the tenant's
    calls of models, by scope and subject; see admission.py. `lineage` is the key that this one was first rotated from,
    or its own id; `tools` are those that it may see and execute."""

    tenant_id: str
    key_id: str
    permissions: frozenset[str]
    operator: bool = False
    team_id: str = ""
    key_requests_per_minute: int | None = None
    tenant_requests_per_minute: int | None = None
    data_residency: str = ""
    key_tokens_per_minute: int | None = None
    key_max_concurrent: int | None = None
    limits: Mapping[tuple[int, str], CallLimit] = field(default_factory=dict, hash=False)
    lineage: str = ""
    tools: ToolScope = EVERY_TOOL

    def may(self, permission: str) -> bool:
        """Whether the caller holds a permission such as `llm.complete`."""
        held = self.permissions
        return permission in held or "*" in held or f"{permission.partition('.')[0]}.*" in held


@dataclass(slots=True)
class Call:
    """One call. `arrived` is `time.monotonic()`; `arrived_wall` is Unix time (s); `hold_id` never comes twice."""

    method: str
    request_id: str
    trace_id: str
    deadline: Deadline
    arrived: float
    arrived_wall: float
    hold_id: str
    span_id: str = ""
    # Whether the caller records its trace; None without a trace of the caller.
    sampled: bool | None = None
    metadata: Mapping[str, str] = field(default_factory=dict)
    raw: bytes = b""
    request: Message | None = None
    # What the caller sends after its first message, where the method takes a stream.
    incoming: AsyncIterator[Any] | None = None
    caller: Caller | None = None
    context: CallContext = field(default_factory=CallContext)
    tab: Tab | None = None
    # The arm whose copy of another call this is; None for calls of callers.
    copy: Assignment | None = None
    # Facts for the access log, the span and the metrics, by the field's standard names.
    facts: dict[str, str | int | float | bool] = field(default_factory=dict)
    trailers: list[tuple[str, str | bytes]] = field(default_factory=list)
    # How the call ended: a google.rpc.Code, the error's reason without prefix, and the error itself.
    code: int = 0
    reason: str = ""
    error: TrunklineError | None = None
    messages_sent: int = 0
    first_sent: float | None = None

    @property
    def identity(self) -> Caller:
        """The caller, once authenticated."""
        if self.caller is None:
            raise AssertionError("the call is not authenticated")
        return self.caller

    def put_create_time(self, field: Timestamp) -> None:
        """When the call arrived."""
        field.seconds, field.nanos = divmod(int(self.arrived_wall * 1e9), 1_000_000_000)

    @property
    def tenant_id(self) -> str:
        """The caller's tenant."""
        return self.identity.tenant_id
