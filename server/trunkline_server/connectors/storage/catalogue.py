"""The three kinds of store, as `ListConnectors` shows them."""

from __future__ import annotations

from collections.abc import Sequence

import orjson
from trunkline.v1.authentication_pb2 import AuthenticationScheme
from trunkline.v1.configuration_pb2 import IntegrationType
from trunkline.v1.connector_pb2 import Connector, ConnectorTool

from trunkline_server.connectors.storage.tools import TOOLS
from trunkline_server.domain.duration import duration

# Of each wait for the store, in seconds.
TIMEOUT = 60.0
NONE = AuthenticationScheme.AUTHENTICATION_SCHEME_NONE
SIGV4 = AuthenticationScheme.AUTHENTICATION_SCHEME_AWS_SIGV4
SHARED_KEY = AuthenticationScheme.AUTHENTICATION_SCHEME_SHARED_KEY
SERVICE_ACCOUNT = AuthenticationScheme.AUTHENTICATION_SCHEME_SERVICE_ACCOUNT

_STORAGE = {
    "bucket": {"type": "string", "minLength": 1, "maxLength": 255},
    "prefix": {"type": "string", "maxLength": 512},
    "allowWrites": {"type": "boolean"},
    "allowDeletes": {"type": "boolean"},
    "maxObjectBytes": {"type": "string", "pattern": "^[0-9]+$"},
    "partBytes": {"type": "string", "pattern": "^[0-9]+$"},
    "maxPresignSeconds": {"type": "integer", "minimum": 0, "maximum": 604_800},
}
_OF_S3 = {"region": {"type": "string"}, "pathStyle": {"type": "boolean"}}


def _schema(name: str, more: dict[str, object]) -> bytes:
    properties = {"connector": {"const": name}, **_STORAGE, **more}
    storage = {"type": "object", "required": ["connector", "bucket"], "properties": properties}
    return orjson.dumps(
        {"type": "object", "required": ["storage"], "properties": {"endpoint": {"type": "string"}, "storage": storage}}
    )


def _connector(
    name: str, title: str, scheme: int, endpoint: str, notes: Sequence[str], secret: str, url: str
) -> Connector:
    without = ("list_uploads",) if name == "gcs" else ()
    return Connector(
        name=name,
        type=IntegrationType.INTEGRATION_TYPE_STORAGE,
        display_name=title,
        default_endpoint=endpoint,
        authentication=scheme,  # type: ignore[arg-type]
        authentications=[scheme, NONE],  # type: ignore[list-item]
        timeout=duration(TIMEOUT),
        configuration_schema_json=_schema(name, dict(_OF_S3) if name == "s3" else {}),
        notes=notes,
        documentation_url=url,
        secret_description=secret,
        tools=[
            ConnectorTool(
                name=tool.name,
                description=tool.description,
                parameters_schema_json=tool.parameters,
                result_schema_json=tool.result,
                has_side_effects=tool.changes,
            )
            for tool in TOOLS
            if tool.name not in without
        ],
    )


S3 = _connector(
    "s3",
    "Amazon S3, and what speaks like it",
    SIGV4,
    "https://s3.{region}.amazonaws.com",
    ["An object has at most 10,000 parts: a larger one needs larger `part_bytes`."],
    "access_key_id:secret_access_key, or with :session_token behind.",
    "https://docs.aws.amazon.com/AmazonS3/latest/API/",
)
AZURE = _connector(
    "azure_blob",
    "Azure Blob Storage",
    SHARED_KEY,
    "https://{account}.blob.core.windows.net",
    ["Parts of an upload that was given up stay for a week: Azure has no way to drop them."],
    "account:key of the storage account.",
    "https://learn.microsoft.com/rest/api/storageservices/",
)
GCS = _connector(
    "gcs",
    "Google Cloud Storage",
    SERVICE_ACCOUNT,
    "https://storage.googleapis.com",
    ["The etag of an object is its generation.", "Uploads that have not ended are not listed; they end after a week."],
    "The key file of a service account, as JSON.",
    "https://cloud.google.com/storage/docs/json_api",
)
