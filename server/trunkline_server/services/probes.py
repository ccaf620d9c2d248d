"""The health of integrations, for probes that carry an API key: gRPC health `integration/<id>`, and HTTP."""

from __future__ import annotations

from collections.abc import Mapping

from trunkline.v1.integration_health_pb2 import HealthCheck, IntegrationStatus

from trunkline_server.domain.errors import not_found, permission_missing
from trunkline_server.domain.keys import token_of
from trunkline_server.domain.ports import Directory

_PERMISSION = "integrations.read"


class IntegrationProbes:
    """Tells what the last check found. At most ten seconds old; nothing is called."""

    def __init__(self, directory: Directory) -> None:
        self._directory = directory

    async def find(self, metadata: Mapping[str, str], integration_id: str) -> HealthCheck:
        """The last check of an integration of the key's tenant; one that is switched off is not healthy.

        `metadata`: names in lower case. Raises CREDENTIAL_MISSING, CREDENTIAL_INVALID, PERMISSION_MISSING, NOT_FOUND.
        """
        caller = await self._directory.caller(token_of(metadata))
        if not caller.may(_PERMISSION):
            raise permission_missing(_PERMISSION, caller.key_id)
        view = await self._directory.tenant(caller.tenant_id)
        integration = view.integrations.get(integration_id)
        if integration is None:
            raise not_found("integration", integration_id)
        found = HealthCheck()
        found.CopyFrom(integration.last_check)
        if not integration.HasField("last_check"):
            found.healthy, found.detail = True, "nothing is known against it: it was not checked yet"
        if integration.status == IntegrationStatus.INTEGRATION_STATUS_DISABLED:
            found.healthy, found.detail = False, "the integration is switched off"
        return found
