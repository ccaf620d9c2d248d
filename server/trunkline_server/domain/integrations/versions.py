"""What of an integration its versions hold, and what differs between two of them. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from trunkline.v1.configuration_pb2 import Configuration
from trunkline.v1.integration_health_pb2 import IntegrationStatus
from trunkline.v1.integration_pb2 import Integration

_DISABLED = IntegrationStatus.INTEGRATION_STATUS_DISABLED
_TOP_LEVEL = ("display_name", "status", "monitoring")
_OF_CONFIGURATION = tuple(field.name for field in Configuration.DESCRIPTOR.fields)
# Neither a credential nor what a server says of itself makes a version.
_CREDENTIAL = ("secret", "secret_set", "secret_hint", "secret_reference")
_SERVER = ("server", "protocol_version")


def changed_paths(before: Integration, after: Integration) -> Sequence[str]:
    """The top-level fields, and those of the configuration, that differ; the credential is left out. ACTIVE and
    DEGRADED are one state: the owner chose between that and DISABLED."""
    old, new = _bare(before), _bare(after)
    paths = [name for name in _TOP_LEVEL if getattr(old, name) != getattr(new, name)]
    configurations = old.configuration, new.configuration
    paths += [
        f"configuration.{name}"
        for name in _OF_CONFIGURATION
        if getattr(configurations[0], name) != getattr(configurations[1], name)
    ]
    return paths


def _bare(integration: Integration) -> Integration:
    bare = Integration(
        display_name=integration.display_name,
        monitoring=integration.monitoring,
        configuration=integration.configuration,
        status=integration.status if integration.status == _DISABLED else IntegrationStatus.INTEGRATION_STATUS_ACTIVE,
    )
    configuration = bare.configuration
    for name in _CREDENTIAL:
        configuration.authentication.ClearField(name)  # type: ignore[arg-type]
    if configuration.HasField("mcp"):
        for name in _SERVER:
            configuration.mcp.ClearField(name)  # type: ignore[arg-type]
        # A server may tell its tools in any order.
        configuration.mcp.tools.sort(key=lambda tool: tool.name)
    return bare
