"""What configurations of databases are refused, and which tools the others give."""

from __future__ import annotations

from typing import Any

import orjson
import pytest
from sql_scene import database
from trunkline.v1.authentication_pb2 import AuthenticationScheme
from trunkline.v1.database_pb2 import DatabaseTls, NamedQuery, QueryParameter
from trunkline.v1.integration_pb2 import Integration
from trunkline_server.connectors.sql import SqlConnector
from trunkline_server.connectors.sql.dialing import Endpoint, read_endpoint
from trunkline_server.domain.addresses import OutboundPolicy

DSN = "postgresql://u:p@h:5432/sales"
OPEN = OutboundPolicy(("127.0.0.0/8",), allow_http=True)
CLOSED = OutboundPolicy()


def query(name: str = "by_name", sql: str = "SELECT * FROM orders WHERE name = $1", **fields: Any) -> NamedQuery:
    fields.setdefault("parameters", [QueryParameter(name="name", schema_json=b'{"type": "string"}')])
    return NamedQuery(name=name, sql=sql, **fields)


def problems(integration: Integration, policy: OutboundPolicy = OPEN) -> set[str]:
    return {path.removeprefix("configuration.") for path, _ in SqlConnector(policy).validate(integration)}


def test_a_usable_configuration_is_taken() -> None:
    found = database(DSN, named_queries=[query()], role="few", schemas=["public"])
    assert problems(found) == set()
    assert SqlConnector(OPEN).validate_secret(found, "user:pass:word") == []


@pytest.mark.parametrize(
    ("fields", "paths"),
    [
        ({"connector": "access97"}, {"database.connector"}),
        ({"role": "a\nb"}, {"database.role"}),
        ({"tls_ca_pem": "no certificate"}, {"database.tls_ca_pem"}),
        ({"named_queries": [query("query")]}, {"database.named_queries[0].name"}),
        ({"named_queries": [query(), query()]}, {"database.named_queries[1].name"}),
        ({"named_queries": [query(parameters=[])]}, {"database.named_queries[0].parameters"}),
        (
            {"named_queries": [query(sql="DELETE FROM orders", parameters=[])]},
            {"database.named_queries[0].sql"},
        ),
        (
            {"named_queries": [query(sql="DELETE FROM orders", parameters=[], writes=True)]},
            {"database.named_queries[0].writes"},
        ),
        (
            {"named_queries": [query(sql="SELECT 1; SELECT 2", parameters=[])]},
            {"database.named_queries[0].sql"},
        ),
        (
            {"named_queries": [query(sql="SELECT $1, $2", parameters=[QueryParameter(name="a")] * 2)]},
            {"database.named_queries[0].parameters[1].name"},
        ),
        (
            {"named_queries": [query(parameters=[QueryParameter(name="a", schema_json=b'{"type": 1}')])]},
            {"database.named_queries[0].parameters"},
        ),
    ],
)
def test_what_is_wrong_is_told_by_path(fields: dict[str, Any], paths: set[str]) -> None:
    found = database(DSN)
    for name, value in fields.items():
        if name == "named_queries":
            found.configuration.database.named_queries.extend(value)
        else:
            setattr(found.configuration.database, name, value)
    assert problems(found) == paths


@pytest.mark.parametrize(
    "endpoint",
    [
        *("", "postgresql://", "postgresql://h", "postgresql://h/", "postgresql://h/a/b", "mysql://h/a"),
        *("https://h/a", "postgresql://u:p@h/a", "postgresql://h/a?sslmode=disable", "postgresql://h/a#b"),
        *("postgresql://h:99999/a", "postgresql://h /a", "postgresql:///a", "postgresql://0x7f.1/a"),
        *("postgresql://10.0.0.1/a", "postgresql://[::1]:5432/a", "postgresql://169.254.169.254/a"),
    ],
)
def test_an_endpoint_is_a_database_of_a_host_that_may_be_reached(endpoint: str) -> None:
    found = database(DSN)
    found.configuration.endpoint = endpoint
    assert problems(found) == {"endpoint"}


def test_an_endpoint_is_read() -> None:
    assert read_endpoint("postgresql://db.example.com/a%20b", "postgresql", 5432) == Endpoint(
        "db.example.com", 5432, "a b"
    )
    assert read_endpoint("mysql://[2001:4860::1]:33/x", "mysql", 3306) == Endpoint("2001:4860::1", 33, "x")


def test_plain_connections_are_for_the_operator_to_allow() -> None:
    host = "db.example.com"
    assert problems(database(DSN, host), CLOSED) == {"database.tls"}
    assert problems(database(DSN, host, tls=DatabaseTls.DATABASE_TLS_VERIFY), CLOSED) == set()


def test_the_credential_is_a_user_and_a_password() -> None:
    connector, found = SqlConnector(OPEN), database(DSN)
    for secret in ("", "somebody", ":hidden-0", "some\nbody:hidden-0"):
        wrong = connector.validate_secret(found, secret)
        assert [path for path, _ in wrong] == ["configuration.authentication.secret"]
        assert not secret or secret not in str(wrong)
    found.configuration.authentication.scheme = AuthenticationScheme.AUTHENTICATION_SCHEME_NONE
    assert connector.validate_secret(found, "") == [] and problems(found) == set()
    found.configuration.authentication.scheme = AuthenticationScheme.AUTHENTICATION_SCHEME_BEARER
    assert problems(found) == {"authentication.scheme"}


def test_tools_are_those_that_the_configuration_allows() -> None:
    connector = SqlConnector(OPEN)
    reads = {"query", "explain", "list_schemas", "list_tables", "describe_table"}
    assert connector.tools(database(DSN)).keys() == reads
    assert connector.tools(database(DSN, allow_writes=True)).keys() == reads | {"execute"}
    write = query("rename", "UPDATE orders SET name = $1", writes=True, approval_required=True, cost_nano_usd=5)
    narrow = database(DSN, allow_writes=True, named_queries_only=True, named_queries=[query(), write])
    tools = connector.tools(narrow)
    assert tools.keys() == {"list_schemas", "list_tables", "describe_table", "by_name", "rename"}
    assert tools is connector.tools(narrow)
    read, rename = tools["by_name"], tools["rename"]
    assert (read.streams_output, read.repeatable, read.has_side_effects) == (True, True, False)
    assert (rename.streams_output, rename.repeatable, rename.has_side_effects) == (False, False, True)
    assert (rename.approval_required, rename.cost_nano_usd) == (True, 5)
    schema = orjson.loads(read.parameters_schema_json)
    assert schema["required"] == ["name"] and schema["properties"] == {"name": {"type": "string"}}


def test_connectors_tell_their_configuration() -> None:
    (found,) = [one for one in SqlConnector(OPEN).connectors() if one.name == "postgresql"]
    assert found.default_endpoint == "postgresql://localhost:5432/database" and orjson.loads(
        found.configuration_schema_json
    )
    assert len(found.authentications) == 2
