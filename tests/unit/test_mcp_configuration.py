"""What a configuration of an MCP server may say."""

from __future__ import annotations

import jsonschema_rs
import orjson
import pytest
from google.protobuf.json_format import MessageToDict
from trunkline.v1.api_pb2 import McpConfiguration
from trunkline.v1.authentication_pb2 import Authentication, AuthenticationScheme
from trunkline.v1.configuration_pb2 import Configuration
from trunkline.v1.integration_pb2 import Integration
from trunkline_server.connectors.mcp import McpConnector
from trunkline_server.domain.addresses import OutboundPolicy

BEARER = AuthenticationScheme.AUTHENTICATION_SCHEME_BEARER
KEY = AuthenticationScheme.AUTHENTICATION_SCHEME_API_KEY_HEADER
BASIC = AuthenticationScheme.AUTHENTICATION_SCHEME_BASIC
CONNECTOR = McpConnector(OutboundPolicy())


def integration(
    endpoint: str = "https://mcp.example.com/mcp",
    scheme: AuthenticationScheme.ValueType = BEARER,
    parameter_name: str = "",
    **headers: str,
) -> Integration:
    return Integration(
        integration_id="tools",
        configuration=Configuration(
            endpoint=endpoint,
            authentication=Authentication(scheme=scheme, parameter_name=parameter_name),
            mcp=McpConfiguration(headers={name.replace("_", "-"): value for name, value in headers.items()}),
        ),
    )


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        (integration(endpoint=""), "configuration.endpoint"),
        (integration(endpoint="http://mcp.example.com"), "configuration.endpoint"),
        (integration(endpoint="https://a:b@mcp.example.com"), "configuration.endpoint"),
        (integration(scheme=BASIC), "configuration.authentication.scheme"),
        (integration(scheme=KEY, parameter_name="Host"), "configuration.authentication.parameter_name"),
        (integration(Authorization="x"), "configuration.mcp.headers.Authorization"),
        (integration(Mcp_Session_Id="x"), "configuration.mcp.headers.Mcp-Session-Id"),
        (integration(scheme=KEY, X_Api_Key="x"), "configuration.mcp.headers.X-Api-Key"),
        (integration(X_Region="ä"), "configuration.mcp.headers.X-Region"),
    ],
)
def test_wrong_configurations(wrong: Integration, field: str) -> None:
    assert [path for path, _ in CONNECTOR.validate(wrong)] == [field]


def test_right_configurations() -> None:
    for right in (
        integration(),
        integration(scheme=KEY, parameter_name="X-Token", X_Region="eu"),
        integration(scheme=1),
    ):
        assert not CONNECTOR.validate(right)
    assert CONNECTOR.validate_secret(integration(), "a\nb") and not CONNECTOR.validate_secret(integration(), "abc")
    assert not CONNECTOR.validate_secret(integration(scheme=1), "")


def test_the_connector_describes_itself() -> None:
    (told,) = CONNECTOR.connectors()
    validator = jsonschema_rs.validator_for(orjson.loads(told.configuration_schema_json))
    assert told.name == "mcp" and validator.is_valid(MessageToDict(integration(X_Region="eu").configuration))
    assert not validator.is_valid({"endpoint": "https://a.example"})
