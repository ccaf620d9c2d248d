"""Receivers of webhooks as integrations: what their configuration may be, and what they read."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import orjson
from google.protobuf.timestamp_pb2 import Timestamp
from trunkline.v1.authentication_pb2 import AuthenticationScheme
from trunkline.v1.configuration_pb2 import IntegrationType
from trunkline.v1.connector_pb2 import Connector
from trunkline.v1.integration_health_pb2 import HealthCheck
from trunkline.v1.integration_pb2 import Integration
from trunkline.v1.receiver_pb2 import WebhookScheme
from trunkline.v1.tool_pb2 import Tool, ToolPreview

from trunkline_server.connectors.webhook.schemes import SCHEMES, body_object
from trunkline_server.domain.connectors import ToolAnswer, ToolCall, ToolConnector
from trunkline_server.domain.deadline import Deadline
from trunkline_server.domain.duration import seconds
from trunkline_server.domain.receivers import Said

# How old a signature may be where the configuration does not say, in seconds.
TOLERANCE = 300.0
# Secrets that serve at a time.
MAX_SECRETS = 16
_SECRET = "configuration.authentication.secret"
_NONE = (AuthenticationScheme.AUTHENTICATION_SCHEME_UNSPECIFIED, AuthenticationScheme.AUTHENTICATION_SCHEME_NONE)
_NO_TOOLS: Mapping[str, Tool] = {}


class WebhookConnector(ToolConnector):
    """Implements `ToolConnector` of domain/connectors.py, without tools, and `WebhookReader` of domain/receivers.py."""

    def connectors(self) -> Sequence[Connector]:
        """One for each scheme."""
        return [
            Connector(
                name=f"webhook_{scheme.name}",
                type=IntegrationType.INTEGRATION_TYPE_WEBHOOK,
                display_name=f"Webhooks, signed as by {scheme.title}",
                authentication=AuthenticationScheme.AUTHENTICATION_SCHEME_NONE,
                authentications=[AuthenticationScheme.AUTHENTICATION_SCHEME_NONE],
                configuration_schema_json=orjson.dumps(_schema(number)),
                notes=["It has no tools: what it receives becomes events of type webhook.received."],
                secret_description=f"{scheme.wants}; several, one per line, all serve.",
            )
            for number, scheme in SCHEMES.items()
        ]

    def validate(self, integration: Integration) -> Sequence[tuple[str, str]]:
        """See the port."""
        configuration = integration.configuration
        found = []
        if configuration.webhook.scheme not in SCHEMES:
            found.append(("configuration.webhook.scheme", "is required: how what comes is signed"))
        if configuration.endpoint:
            found.append(("configuration.endpoint", "must be empty: a receiver calls nobody"))
        if configuration.authentication.scheme not in _NONE:
            why = "must be NONE: the secret checks signatures, as configuration.webhook.scheme says"
            found.append(("configuration.authentication.scheme", why))
        return found

    def validate_secret(self, integration: Integration, secret: str) -> Sequence[tuple[str, str]]:
        """See the port."""
        scheme = SCHEMES.get(integration.configuration.webhook.scheme)
        if scheme is None:
            return []
        keys = scheme.keys(secret)
        if not keys:
            return [(_SECRET, f"must be {scheme.wants}; several, one per line")]
        return [(_SECRET, f"at most {MAX_SECRETS} serve at a time")] if len(keys) > MAX_SECRETS else []

    async def discover(self, integration: Integration, secret: str, deadline: Deadline) -> None:
        """See the port. The path is told with the integration, and never stored with it."""
        integration.configuration.webhook.ClearField("receive_path")

    def tools(self, integration: Integration) -> Mapping[str, Tool]:
        """None."""
        return _NO_TOOLS

    async def preview(self, call: ToolCall) -> ToolPreview:
        """Never called: there are no tools."""
        raise AssertionError("a receiver has no tools")

    async def execute(self, call: ToolCall, deadline: Deadline) -> ToolAnswer:
        """Never called: there are no tools."""
        raise AssertionError("a receiver has no tools")

    async def check(
        self, integration: Integration, secret: str, deadline: Deadline, tenant_id: str = ""
    ) -> HealthCheck:
        """Healthy when what comes can be checked: nothing is called."""
        at = Timestamp()
        at.GetCurrentTime()
        scheme = SCHEMES.get(integration.configuration.webhook.scheme)
        keys = scheme.keys(secret) if scheme else None
        if scheme is None or not keys:
            wants = f": {scheme.wants}" if scheme else ""
            return HealthCheck(detail=f"a signing secret is required{wants}", check_time=at)
        serve = "one secret serves" if len(keys) == 1 else f"{len(keys)} secrets serve"
        return HealthCheck(
            healthy=True, detail=f"receives webhooks signed as by {scheme.title}: {serve}", check_time=at
        )

    def read(
        self, integration: Integration, secret: str, headers: Mapping[str, str], body: bytes, now: float
    ) -> Said | None:
        """See WebhookReader."""
        webhook = integration.configuration.webhook
        scheme = SCHEMES.get(webhook.scheme)
        keys = scheme.keys(secret) if scheme else None
        if scheme is None or not keys:
            return None
        tolerance = seconds(webhook.tolerance) if webhook.HasField("tolerance") else TOLERANCE
        if not scheme.verify(headers, body, keys, now, tolerance):
            return None
        told = body_object(body) if scheme.in_body else {}
        if webhook.scheme == WebhookScheme.WEBHOOK_SCHEME_SLACK and told.get("type") == "url_verification":
            return Said(challenge=_text(told.get("challenge")))
        source_id, source_type = scheme.describe(headers, told)
        return Said(_text(source_id), _text(source_type))


def _text(value: object) -> str:
    """A text that can be stored; empty for anything else."""
    return value.encode("utf-8", "replace").decode() if isinstance(value, str) else ""


def _schema(scheme: int) -> dict[str, object]:
    """The JSON Schema of a configuration."""
    webhook = {
        "type": "object",
        "required": ["scheme"],
        "properties": {
            "scheme": {"const": WebhookScheme.Name(WebhookScheme.ValueType(scheme))},
            "tolerance": {
                "type": "string",
                "description": "How old a signature may be: 10s to 3600s, 300s by default.",
            },
            "types": {"type": "array", "items": {"type": "string"}, "maxItems": 64},
            "maxBytes": {"type": "integer", "minimum": 1, "maximum": 4 << 20},
        },
    }
    return {"type": "object", "required": ["webhook"], "properties": {"webhook": webhook}}
