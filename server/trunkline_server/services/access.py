"""AccessService: tenants, API keys and roles."""

from __future__ import annotations

import time
from collections.abc import Sequence

from google.protobuf.timestamp_pb2 import Timestamp
from trunkline.v1.access_pb2 import (
    AccessRole,
    ApiKey,
    CreateApiKeyRequest,
    CreateApiKeyResponse,
    CreateTenantRequest,
    CreateTenantResponse,
    GetTenantRequest,
    GetTenantResponse,
    ListApiKeysRequest,
    ListApiKeysResponse,
    ListRolesRequest,
    ListRolesResponse,
    ListTenantsRequest,
    ListTenantsResponse,
    RevokeApiKeyRequest,
    RevokeApiKeyResponse,
    RotateApiKeyRequest,
    RotateApiKeyResponse,
    UpdateTenantRequest,
    UpdateTenantResponse,
)

from trunkline_server.domain.admission import FIGURES
from trunkline_server.domain.call import Call
from trunkline_server.domain.duration import seconds
from trunkline_server.domain.errors import Reason, TrunklineError, invalid_fields, not_found
from trunkline_server.domain.keys import ROLES, is_operator, new_api_key, permissions_of
from trunkline_server.domain.ports import Actor, Directory, Keys, Tenants
from trunkline_server.services.paging import DEFAULT_PAGE_SIZE

_TENANT_PATHS = frozenset(("display_name", "status", "data_residency", "requests_per_minute", "limits"))


def actor_of(call: Call, tenant_id: str = "") -> Actor:
    """Who changes something, for the audit log."""
    return Actor(tenant_id or call.tenant_id, call.identity.key_id, call.trace_id)


class AccessService:
    """Who may do what."""

    def __init__(self, tenants: Tenants, keys: Keys, directory: Directory) -> None:
        self._tenants = tenants
        self._keys = keys
        self._directory = directory

    async def create_tenant(self, call: Call, request: CreateTenantRequest) -> CreateTenantResponse:
        """See the contract."""
        return CreateTenantResponse(tenant=await self._tenants.create(actor_of(call), request.tenant))

    async def get_tenant(self, call: Call, request: GetTenantRequest) -> GetTenantResponse:
        """The caller's own tenant, or any for operators; a foreign one does not exist."""
        tenant_id = request.tenant_id or call.tenant_id
        if tenant_id != call.tenant_id and not call.identity.operator:
            raise not_found("tenant", tenant_id)
        return GetTenantResponse(tenant=await self._tenants.get(tenant_id))

    async def list_tenants(self, call: Call, request: ListTenantsRequest) -> ListTenantsResponse:
        """See the contract."""
        found, following = await self._tenants.list(request.page_size or DEFAULT_PAGE_SIZE, request.page_token)
        return ListTenantsResponse(tenants=found, next_page_token=following)

    async def update_tenant(self, call: Call, request: UpdateTenantRequest) -> UpdateTenantResponse:
        """See the contract."""
        paths = masked(request.update_mask.paths, _TENANT_PATHS)
        tenant = await self._tenants.update(actor_of(call), request.tenant, paths)
        await self._directory.changed(tenant.tenant_id)
        return UpdateTenantResponse(tenant=tenant)

    async def create_api_key(self, call: Call, request: CreateApiKeyRequest) -> CreateApiKeyResponse:
        """See the contract. A caller cannot grant what its own key does not hold."""
        tenant_id = self._tenant_for_key(call, request.tenant_id)
        _may_grant(call, request.roles)
        # None of its own: those that the caller's key may.
        tools = tuple(request.allowed_tools) or call.identity.tools.patterns
        _may_allow(call, tools)
        key = ApiKey(
            tenant_id=tenant_id,
            display_name=request.display_name,
            roles=request.roles,
            team_id=request.team_id,
            allowed_tools=tools,
        )
        for name in FIGURES:
            if request.HasField(name):
                setattr(key, name, getattr(request, name))
        if request.HasField("expire_time"):
            if request.expire_time.seconds <= time.time():
                raise invalid_fields([("expire_time", "is in the past")])
            key.expire_time.CopyFrom(request.expire_time)
        made, secret = await self._make(call, key)
        return CreateApiKeyResponse(key=made, secret=secret)

    async def list_api_keys(self, call: Call, request: ListApiKeysRequest) -> ListApiKeysResponse:
        """See the contract."""
        found, following = await self._keys.list(
            call.tenant_id, request.page_size or DEFAULT_PAGE_SIZE, request.page_token, request.include_ended
        )
        return ListApiKeysResponse(keys=found, next_page_token=following)

    async def revoke_api_key(self, call: Call, request: RevokeApiKeyRequest) -> RevokeApiKeyResponse:
        """See the contract."""
        key = await self._keys.revoke(actor_of(call), request.key_id)
        await self._directory.changed(call.tenant_id)
        return RevokeApiKeyResponse(key=key)

    async def rotate_api_key(self, call: Call, request: RotateApiKeyRequest) -> RotateApiKeyResponse:
        """A new key with the same rights; the old one ends after the overlap, or at its own end if that is sooner. A
        key that has ended cannot be rotated."""
        old, now = await self._keys.get(call.tenant_id, request.key_id), time.time_ns()
        expires = old.expire_time.ToNanoseconds() if old.HasField("expire_time") else None
        if old.HasField("revoke_time") or (expires is not None and expires <= now):
            raise not_found("api_key", request.key_id)
        _may_grant(call, old.roles)
        _may_allow(call, old.allowed_tools)
        fresh = ApiKey()
        fresh.CopyFrom(old)
        for name in ("create_time", "last_use_time", "revoke_time"):
            fresh.ClearField(name)
        made, secret = await self._make(call, fresh, request.key_id)
        overlap = seconds(request.overlap)
        if overlap:
            end = now + round(overlap * 1e9)
            ends = Timestamp()
            ends.FromNanoseconds(end if expires is None else min(end, expires))
            await self._keys.expire(actor_of(call), request.key_id, ends)
        else:
            await self._keys.revoke(actor_of(call), request.key_id)
        await self._directory.changed(call.tenant_id)
        return RotateApiKeyResponse(key=made, secret=secret)

    async def list_roles(self, call: Call, request: ListRolesRequest) -> ListRolesResponse:
        """See the contract."""
        return ListRolesResponse(
            roles=[
                AccessRole(name=name, description=role.description, permissions=sorted(role.permissions))
                for name, role in ROLES.items()
            ]
        )

    async def _make(self, call: Call, key: ApiKey, rotated_from: str = "") -> tuple[ApiKey, str]:
        key.key_id, token, secret_hash = new_api_key()
        return await self._keys.create(actor_of(call), key, secret_hash, rotated_from), token

    def _tenant_for_key(self, call: Call, wanted: str) -> str:
        if wanted and wanted != call.tenant_id and not call.identity.operator:
            raise TrunklineError(
                Reason.ERROR_REASON_TENANT_MISMATCH,
                "tenant_id is not the tenant of the key; leave it empty",
                metadata={"field": "tenant_id"},
            )
        return wanted or call.tenant_id


def _may_grant(call: Call, roles: Sequence[str]) -> None:
    if unknown := [
        (f"roles[{at}]", f"there is no role {role!r}") for at, role in enumerate(roles) if role not in ROLES
    ]:
        raise invalid_fields(unknown)
    caller = call.identity
    lacking = sorted(name for name in permissions_of(roles) if not caller.may(name))
    if lacking or (is_operator(roles) and not caller.operator):
        missing = lacking[0] if lacking else "operator"
        raise TrunklineError(
            Reason.ERROR_REASON_PERMISSION_MISSING,
            f"a key cannot grant {missing}, which it does not hold",
            metadata={"permission": missing, "key_id": caller.key_id},
        )


def _may_allow(call: Call, patterns: Sequence[str]) -> None:
    caller = call.identity
    if beyond := caller.tools.beyond(patterns):
        raise TrunklineError(
            Reason.ERROR_REASON_PERMISSION_MISSING,
            f"a key cannot allow {beyond}, which is beyond the tools that it may execute itself",
            metadata={"permission": "tools.execute", "tool": beyond, "key_id": caller.key_id},
        )


def masked(paths: Sequence[str], known: frozenset[str]) -> Sequence[str]:
    """The paths of an update mask. Raises INVALID_REQUEST for an empty mask or a path that cannot be changed."""
    if not paths:
        raise invalid_fields([("update_mask", "names no field to change")])
    if wrong := [path for path in paths if path not in known]:
        raise invalid_fields([("update_mask", f"{path} cannot be changed") for path in wrong])
    return paths
