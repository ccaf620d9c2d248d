"""PolicyService: how calls are routed when the caller leaves it to Trunkline."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeVar

from google.protobuf.message import Message
from trunkline.v1.policy_pb2 import (
    CreateRoutingPolicyRequest,
    CreateRoutingPolicyResponse,
    DeleteRoutingPolicyRequest,
    DeleteRoutingPolicyResponse,
    DeleteTaskMappingRequest,
    DeleteTaskMappingResponse,
    GetRoutingPolicyRequest,
    GetRoutingPolicyResponse,
    ListRoutingChangesRequest,
    ListRoutingChangesResponse,
    ListRoutingPoliciesRequest,
    ListRoutingPoliciesResponse,
    ListTaskMappingsRequest,
    ListTaskMappingsResponse,
    RoutingPolicy,
    SetTaskMappingRequest,
    SetTaskMappingResponse,
    TaskMapping,
    UpdateRoutingPolicyRequest,
    UpdateRoutingPolicyResponse,
)

from trunkline_server.domain.call import Call
from trunkline_server.domain.errors import already_exists, etag_mismatch, in_use, invalid_fields, not_found
from trunkline_server.domain.keeper import ExperimentCalls
from trunkline_server.domain.policy_check import Names, mapping_findings, policy_findings, users_of
from trunkline_server.domain.ports import Catalogue
from trunkline_server.domain.steering import RoutingView
from trunkline_server.services.access import masked
from trunkline_server.services.experiment import ExperimentMethods
from trunkline_server.services.paging import DEFAULT_PAGE_SIZE, page
from trunkline_server.services.steering import Steering

# Output only, or what names the policy.
_FIXED = frozenset(("policy_id", "etag", "version", "create_time", "update_time"))
_PATHS = frozenset(RoutingPolicy.DESCRIPTOR.fields_by_name) - _FIXED
_MOST_ON_A_PAGE = 1000


class PolicyService(ExperimentMethods):
    """Routing policies and task mappings of a tenant; experiments come with `ExperimentMethods`."""

    def __init__(self, steering: Steering, calls: ExperimentCalls, catalogue: Catalogue) -> None:
        super().__init__(steering, calls)
        self._catalogue = catalogue

    # ── Policies ────────────────────────────────────────────────────────────────────────────────────────────────

    async def create_routing_policy(
        self, call: Call, request: CreateRoutingPolicyRequest
    ) -> CreateRoutingPolicyResponse:
        """See the contract."""
        names, policy = await self._steering.names(call.tenant_id), request.policy

        def create(current: RoutingPolicy | None, view: RoutingView) -> RoutingPolicy:
            if current is not None:
                raise already_exists("policy", policy.policy_id)
            return _sound(policy, view, names)

        made = await self._steering.write(call, RoutingPolicy, policy.policy_id, create)
        return CreateRoutingPolicyResponse(policy=made)

    async def get_routing_policy(self, call: Call, request: GetRoutingPolicyRequest) -> GetRoutingPolicyResponse:
        """See the contract."""
        found = await self._steering.items.get(call.tenant_id, RoutingPolicy, request.policy_id)
        return GetRoutingPolicyResponse(policy=found)

    async def list_routing_policies(
        self, call: Call, request: ListRoutingPoliciesRequest
    ) -> ListRoutingPoliciesResponse:
        """See the contract."""
        found, following = await self._steering.items.list(
            call.tenant_id, RoutingPolicy, request.page_size or DEFAULT_PAGE_SIZE, request.page_token
        )
        return ListRoutingPoliciesResponse(policies=found, next_page_token=following)

    async def update_routing_policy(
        self, call: Call, request: UpdateRoutingPolicyRequest
    ) -> UpdateRoutingPolicyResponse:
        """See the contract. The policy is checked as a whole, as it would be."""
        paths, wanted = masked(request.update_mask.paths, _PATHS), request.policy
        names = await self._steering.names(call.tenant_id)

        def update(current: RoutingPolicy | None, view: RoutingView) -> RoutingPolicy:
            kept = _current(current, "policy", wanted.policy_id, wanted.etag)
            return _sound(_changed(kept, wanted, paths), view, names)

        stored = await self._steering.write(call, RoutingPolicy, wanted.policy_id, update)
        return UpdateRoutingPolicyResponse(policy=stored)

    async def delete_routing_policy(
        self, call: Call, request: DeleteRoutingPolicyRequest
    ) -> DeleteRoutingPolicyResponse:
        """See the contract."""

        def delete(current: RoutingPolicy | None, view: RoutingView) -> None:
            _current(current, "policy", request.policy_id, request.etag)
            if users := users_of(request.policy_id, view.policies):
                raise in_use("policy", request.policy_id, users)

        await self._steering.write(call, RoutingPolicy, request.policy_id, delete)
        return DeleteRoutingPolicyResponse()

    # ── Task mappings ───────────────────────────────────────────────────────────────────────────────────────────

    async def list_task_mappings(self, call: Call, request: ListTaskMappingsRequest) -> ListTaskMappingsResponse:
        """See the contract. A mapping of the tenant takes the place of the built-in one."""
        found = {one.task: one for one in self._catalogue.task_mappings()}
        following = ""
        while True:
            own, following = await self._steering.items.list(call.tenant_id, TaskMapping, _MOST_ON_A_PAGE, following)
            found |= {one.task: one for one in own}
            if not following:
                break
        shown, following = page([found[task] for task in sorted(found)], request.page_size, request.page_token)
        return ListTaskMappingsResponse(mappings=shown, next_page_token=following)

    async def set_task_mapping(self, call: Call, request: SetTaskMappingRequest) -> SetTaskMappingResponse:
        """See the contract."""
        names, mapping = await self._steering.names(call.tenant_id), request.mapping
        if findings := mapping_findings(mapping, names):
            raise invalid_fields(findings)

        def put(current: TaskMapping | None, view: RoutingView) -> TaskMapping:
            if mapping.etag and (current is None or mapping.etag != current.etag):
                raise etag_mismatch()
            return mapping

        return SetTaskMappingResponse(mapping=await self._steering.write(call, TaskMapping, mapping.task, put))

    async def delete_task_mapping(self, call: Call, request: DeleteTaskMappingRequest) -> DeleteTaskMappingResponse:
        """See the contract. A built-in mapping cannot be deleted."""

        def delete(current: TaskMapping | None, view: RoutingView) -> None:
            _current(current, "mapping", request.task, request.etag)

        await self._steering.write(call, TaskMapping, request.task, delete)
        return DeleteTaskMappingResponse()

    # ── Changes ─────────────────────────────────────────────────────────────────────────────────────────────────

    async def list_routing_changes(self, call: Call, request: ListRoutingChangesRequest) -> ListRoutingChangesResponse:
        """See the contract."""
        found, following = await self._steering.items.changes(
            call.tenant_id, request.page_size or DEFAULT_PAGE_SIZE, request.page_token
        )
        return ListRoutingChangesResponse(changes=found, next_page_token=following)


Item = TypeVar("Item", RoutingPolicy, TaskMapping)


def _current(current: Item | None, kind: str, item_id: str, etag: str) -> Item:
    """The item that is changed. Raises NOT_FOUND, ETAG_MISMATCH."""
    if current is None:
        raise not_found(kind, item_id)
    if etag and etag != current.etag:
        raise etag_mismatch()
    return current


def _sound(policy: RoutingPolicy, view: RoutingView, names: Names) -> RoutingPolicy:
    """The policy, if it can be followed. Raises INVALID_REQUEST."""
    if findings := policy_findings(policy, {one.policy_id: one for one in view.policies}, names):
        raise invalid_fields(findings)
    return policy


def _changed(current: RoutingPolicy, wanted: RoutingPolicy, paths: Sequence[str]) -> RoutingPolicy:
    """The current policy with the fields of the mask as wanted; one that is absent there is absent then."""
    changed, part = RoutingPolicy(), RoutingPolicy()
    changed.CopyFrom(current)
    part.CopyFrom(wanted)
    for field in RoutingPolicy.DESCRIPTOR.fields:
        cleared: Message = changed if field.name in paths else part
        cleared.ClearField(field.name)
    changed.MergeFrom(part)
    return changed
