"""What a configuration of object storage may say, and which tools it gives."""

from __future__ import annotations

from typing import Any

import jsonschema_rs
import orjson
import pytest
from google.protobuf.json_format import MessageToDict
from token_upstream import service_account
from trunkline.v1.authentication_pb2 import Authentication, AuthenticationScheme
from trunkline.v1.configuration_pb2 import Configuration
from trunkline.v1.integration_pb2 import Integration
from trunkline.v1.storage_pb2 import StorageConfiguration
from trunkline_server.connectors.storage import StorageConnector
from trunkline_server.domain.addresses import OutboundPolicy

CONNECTOR = StorageConnector(OutboundPolicy())
NONE = AuthenticationScheme.AUTHENTICATION_SCHEME_NONE
SIGV4 = AuthenticationScheme.AUTHENTICATION_SCHEME_AWS_SIGV4
SHARED = AuthenticationScheme.AUTHENTICATION_SCHEME_SHARED_KEY
ALL = {
    *("list_objects", "stat_object", "get_object", "put_object", "copy_object", "delete_object"),
    *("list_uploads", "abort_upload", "presign_get", "presign_put"),
}


def integration(connector: str = "s3", endpoint: str = "", scheme: int = 0, **storage: Any) -> Integration:
    storage.setdefault("bucket", "things")
    return Integration(
        integration_id="bucket",
        configuration=Configuration(
            endpoint=endpoint,
            authentication=Authentication(scheme=scheme),  # type: ignore[arg-type]
            storage=StorageConfiguration(connector=connector, **storage),
        ),
    )


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        (integration("ftp"), "storage.connector"),
        (integration(bucket="a"), "storage.bucket"),
        (integration(bucket="a/b/c"), "storage.bucket"),
        (integration("azure_blob", bucket="Things"), "storage.bucket"),
        (integration("gcs", bucket="a..b"), "storage.bucket"),
        (integration(prefix="/a"), "storage.prefix"),
        (integration(prefix="a/../b"), "storage.prefix"),
        (integration("gcs", region="eu"), "storage.region"),
        (integration("azure_blob", path_style=True), "storage.path_style"),
        (integration("gcs", part_bytes=(5 << 20) + 1), "storage.part_bytes"),
        (integration(max_object_bytes=5 << 40), "storage.max_object_bytes"),
        (integration(bucket="a.b"), "storage.path_style"),
        (integration(endpoint="http://s3.example.com"), "endpoint"),
        (integration(endpoint="https://10.0.0.1"), "endpoint"),
        (integration(scheme=SHARED), "authentication.scheme"),
        (integration("azure_blob", scheme=NONE), "endpoint"),
    ],
)
def test_wrong_configurations(wrong: Integration, field: str) -> None:
    assert [path for path, _ in CONNECTOR.validate(wrong)] == [f"configuration.{field}"]


@pytest.mark.parametrize(
    "right",
    [
        integration(),
        integration(bucket="a.b", path_style=True, region="eu-central-1", scheme=SIGV4),
        integration(endpoint="https://minio.example.com", scheme=NONE, prefix="a/b"),
        integration(max_object_bytes=600 << 30, part_bytes=64 << 20),
        integration("azure_blob"),
        integration("azure_blob", bucket="$root"),
        integration("azure_blob", endpoint="https://a.example.com", scheme=NONE),
        integration("gcs", part_bytes=16 << 20, max_object_bytes=5 << 40),
    ],
)
def test_right_configurations(right: Integration) -> None:
    assert CONNECTOR.validate(right) == []
    schemas = {one.name: one.configuration_schema_json for one in CONNECTOR.connectors()}
    schema = jsonschema_rs.validator_for(orjson.loads(schemas[right.configuration.storage.connector]))
    assert schema.is_valid(MessageToDict(right.configuration))


def test_secrets() -> None:
    for target, good, wrong in (
        (integration(), "AKIA:secret", "secret"),
        (integration("azure_blob"), "account:aGVsbG8=", "account:!"),
        (integration("gcs"), service_account(token_uri="https://oauth2.example.com/token"), "{}"),
        (integration("gcs"), service_account(token_uri="https://oauth2.example.com/token"), service_account()),
    ):
        assert CONNECTOR.validate_secret(target, good) == []
        assert [path for path, _ in CONNECTOR.validate_secret(target, wrong)] == ["configuration.authentication.secret"]
    assert CONNECTOR.validate_secret(integration(scheme=NONE), "anything") == []


@pytest.mark.parametrize(
    ("target", "tools"),
    [
        (integration(allow_writes=True, allow_deletes=True), ALL),
        (integration(), {"list_objects", "stat_object", "get_object", "presign_get"}),
        (integration(allow_deletes=True, max_presign_seconds=0), {"delete_object"}),
        (integration("gcs", allow_writes=True, allow_deletes=True), ALL - {"list_uploads"}),
        (integration(allow_writes=True, scheme=NONE), ALL - {"delete_object", "presign_get", "presign_put"}),
    ],
)
def test_tools_by_what_is_allowed(target: Integration, tools: set[str]) -> None:
    reads = {"list_objects", "stat_object", "get_object"}
    assert CONNECTOR.tools(Integration.FromString(target.SerializeToString())).keys() == tools | reads


def test_what_tools_are() -> None:
    found = CONNECTOR.tools(integration(allow_writes=True, allow_deletes=True, prefix="flags"))
    assert {name for name, tool in found.items() if tool.has_side_effects} == {
        *("put_object", "copy_object", "delete_object", "abort_upload", "presign_put"),
    }
    assert {name for name, tool in found.items() if not tool.repeatable} == {"put_object"}
    assert {name for name, tool in found.items() if tool.paginated} == {"list_objects", "list_uploads"}
    assert found["put_object"].takes_input and found["get_object"].streams_output
    for tool in found.values():
        for schema in (tool.parameters_schema_json, tool.result_schema_json):
            jsonschema_rs.validator_for(orjson.loads(schema))
