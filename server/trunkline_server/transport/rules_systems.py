"""The limits that the contract states of the systems behind Trunkline: integrations, tools, events and webhooks."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from trunkline_server.transport.checks import (
    Check,
    apart,
    at_least,
    capability,
    count,
    each,
    entries,
    json_object,
    lasts,
    new_secret,
    number,
    one_secret,
    prices,
    redelivery,
    size,
    text,
)
from trunkline_server.transport.table import (
    DAY,
    DESCRIPTION,
    DISPLAY,
    EACH_SHORT,
    HEADERS,
    HOUR,
    ID,
    NAME,
    REGION,
    SECOND,
    SHARE,
    SLUG,
    Table,
)

_TYPES: Sequence[Check] = (count(64), each(text(128, r"[a-z0-9_.*:/-]+", "a type, or a family such as integration.*")))
_INTEGRATIONS: Sequence[Check] = (count(64), each(SLUG))
_WEBHOOK_SECRET = text(128, r"(whsec_[A-Za-z0-9+/]{32,88}={0,2})?", "whsec_ and base64 of 24 to 64 bytes")

SYSTEMS: Mapping[str, Table] = {
    # Integrations.
    "Authentication": Table(
        {"secret": (text(16384),), "parameter_name": (NAME,), "secret_reference": (text(512),)}, whole=(one_secret,)
    ),
    "OAuth2": Table(
        {
            **{"token_url": (text(2048),), "client_id": (text(512),), "audience": (text(512),)},
            "scopes": (count(64), each(text(256, r"(?s).+", "1 to 256 bytes"))),
        }
    ),
    "RequestSignature": Table(
        {
            **{"algorithm": (text(16, "sha256|sha512"),), "encoding": (text(16, "hex|base64"),)},
            **{"payload": (text(512),), "format": (text(512),), "key_id": (text(256),)},
            **dict.fromkeys(("header", "timestamp_header", "key_id_header"), (NAME,)),
        }
    ),
    "CircuitBreaker": Table(
        {
            "failure_threshold": (number(1, 1000),),
            "window": (lasts(SECOND, HOUR),),
            "open_duration": (lasts(SECOND, HOUR),),
        }
    ),
    "Timeouts": Table(dict.fromkeys(("connect", "first_byte", "idle"), (lasts(0.01, 600),))),
    "Configuration": Table({"timeout": (lasts(0.1, 600),), "endpoint": (text(2048),)}),
    "LlmProviderConfiguration": Table(
        {"region": (REGION,), "model_overrides": (count(256),), "data_retention": (lasts(0, 3650 * DAY),)},
        ("provider",),
    ),
    "PriceOverride": Table(
        {
            "input_nano_usd_per_million": (at_least(0),),
            "output_nano_usd_per_million": (at_least(0),),
            "prices": (count(64),),
        },
        ("model",),
        (prices,),
    ),
    "TokenPrice": Table(
        {"nano_usd_per_million": (at_least(0),), "from_input_tokens": (at_least(0),)}, ("token_class",)
    ),
    "ModelOverride": Table(
        {
            "display_name": (DISPLAY,),
            "context_window": (at_least(1),),
            "max_output_tokens": (at_least(1),),
            "capabilities": (count(32), each(capability)),
            "input_modalities": (count(16),),
            "output_modalities": (count(16),),
            "quality": (SHARE,),
        },
        ("model",),
    ),
    "ApiConfiguration": Table(
        {
            **{"tools": (count(1024),), "headers": (HEADERS,), "settings_json": (json_object,)},
            **{"rates": (count(8),), "enabled_tools": (count(1024),)},
        }
    ),
    "CallRate": Table({"calls": (at_least(1),), "per": (lasts(0.1, DAY),), "subject": (text(128),)}, ("calls", "per")),
    "ApiTool": Table(
        {
            **{"name": (NAME,), "cost_nano_usd": (at_least(0),), "timeout": (lasts(0.1, 600),)},
            **dict.fromkeys(("parameters_schema_json", "result_schema_json", "constants_json"), (json_object,)),
            "header_parameters": (entries(16, text(128), text(128)),),
        },
        ("name", "method", "path"),
    ),
    "Pagination": Table({"page_size": (at_least(0),)}, ("style",)),
    "McpConfiguration": Table({"enabled_tools": (count(1024),), "headers": (HEADERS,)}),
    "Monitoring": Table(
        {"metrics": (each(text(16, "latency|errors|cost|tokens|throughput")),), "check_interval": (lasts(10, DAY),)}
    ),
    "Integration": Table({"integration_id": (SLUG,), "display_name": (DISPLAY,)}, ("integration_id",)),
    "CreateIntegrationRequest": Table(
        {"integration_id": (SLUG,), "display_name": (DISPLAY,)}, ("integration_id", "type", "configuration")
    ),
    "GetIntegrationRequest": Table(required=("integration_id",)),
    "UpdateIntegrationRequest": Table(required=("integration", "update_mask")),
    "DeleteIntegrationRequest": Table(required=("integration_id",)),
    "CheckIntegrationRequest": Table(required=("integration_id",)),
    "RotateCredentialRequest": Table(
        {"secret": (text(16384),), "secret_reference": (text(512),)}, ("integration_id",), (new_secret,)
    ),
    "GetIntegrationHealthRequest": Table({"window": (lasts(60, DAY),)}, ("integration_id",)),
    "ListIntegrationVersionsRequest": Table(required=("integration_id",)),
    "RollbackIntegrationRequest": Table(
        {"version": (at_least(1),), "secret": (text(16384),)}, ("integration_id", "version")
    ),
    "ImportOpenApiRequest": Table(
        {
            "document": (size(3 << 20),),
            **dict.fromkeys(("operations", "tags"), (count(256), each(text(256, r"(?s).+", "1 to 256 bytes")))),
        },
        ("document",),
    ),
    # Tools.
    "GetToolRequest": Table(required=("integration_id", "tool_name")),
    "ListToolsRequest": Table({"query": (text(256),)}),
    "ExecuteToolRequest": Table(
        {
            **{"request_id": (ID,), "parameters_json": (json_object,), "timeout": (lasts(0.001, 600),)},
            **{"approval_id": (ID,), "max_pages": (number(0, 10_000),)},
        },
        ("tool_name", "integration_id"),
    ),
    "StreamExecuteToolRequest": Table({"chunk": (size(1 << 20),)}),
    "BatchExecuteToolsRequest": Table(
        {"requests": (count(100, 1),), "max_concurrency": (number(0, 32),)}, ("requests",), (apart,)
    ),
    "ApproveToolCallRequest": Table(
        {"parameters_json": (json_object,), "ttl": (lasts(SECOND, DAY),), "comment": (text(1024),)},
        ("integration_id", "tool_name"),
    ),
    "DatabaseConfiguration": Table(
        {
            **{"role": (text(64),), "schemas": (count(64), EACH_SHORT), "tls_ca_pem": (text(65536),)},
            **{"max_rows": (number(1, 1_000_000_000),), "max_bytes": (at_least(1024),)},
            **{"max_connections": (number(1, 64),), "named_queries": (count(256),)},
        },
        ("connector",),
    ),
    "NamedQuery": Table(
        {"name": (NAME,), "sql": (text(65536),), "parameters": (count(64),), "cost_nano_usd": (at_least(0),)},
        ("name", "sql"),
    ),
    "QueryParameter": Table({"name": (NAME,), "schema_json": (json_object,)}, ("name",)),
    "StorageConfiguration": Table(
        {
            **{"bucket": (text(255),), "prefix": (text(512),), "region": (REGION,)},
            **{"max_object_bytes": (number(1, 5 << 40),), "part_bytes": (number(5 << 20, 64 << 20),)},
            **{"max_presign_seconds": (number(0, 604_800),)},
        },
        ("connector", "bucket"),
    ),
    "WebhookConfiguration": Table(
        {"tolerance": (lasts(10, HOUR),), "types": _TYPES, "max_bytes": (number(1, 4 << 20),)}, ("scheme",)
    ),
    "ToolInputFinished": Table({"sha256": (text(64, "[0-9a-fA-F]{64}", "64 hexadecimal digits"),)}),
    # Events and webhooks.
    "SubscribeRequest": Table({"cursor": (text(128),), "types": _TYPES, "integration_ids": _INTEGRATIONS}),
    "WebhookEndpoint": Table(
        {
            **{"endpoint_id": (SLUG,), "url": (text(2048),), "types": _TYPES, "integration_ids": _INTEGRATIONS},
            **{"description": (DESCRIPTION,), "max_concurrency": (number(0, 64),), "timeout": (lasts(SECOND, 30),)},
        },
        ("endpoint_id",),
    ),
    "CreateWebhookEndpointRequest": Table({"secret": (_WEBHOOK_SECRET,)}, ("endpoint",)),
    "GetWebhookEndpointRequest": Table(required=("endpoint_id",)),
    "UpdateWebhookEndpointRequest": Table(required=("endpoint", "update_mask")),
    "DeleteWebhookEndpointRequest": Table(required=("endpoint_id",)),
    "VerifyWebhookEndpointRequest": Table(required=("endpoint_id",)),
    "RotateWebhookSecretRequest": Table(
        {"secret": (_WEBHOOK_SECRET,), "overlap": (lasts(0, 7 * DAY),)}, ("endpoint_id",)
    ),
    "ListWebhookDeliveriesRequest": Table(required=("endpoint_id",)),
    "GetWebhookDeliveryRequest": Table(required=("endpoint_id", "event_id")),
    "RedeliverWebhooksRequest": Table(required=("endpoint_id",), whole=(redelivery,)),
}
