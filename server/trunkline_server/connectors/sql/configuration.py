"""Reads the configuration of a database, and finds what is wrong with it. Pure but for the roots of TLS: no I/O."""

from __future__ import annotations

import re
import ssl
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property

import orjson
from trunkline.v1.authentication_pb2 import AuthenticationScheme
from trunkline.v1.connector_pb2 import Connector
from trunkline.v1.database_pb2 import DatabaseConfiguration, DatabaseTls, NamedQuery
from trunkline.v1.integration_pb2 import Integration
from trunkline.v1.tool_pb2 import Tool

from trunkline_server.connectors.sql.dialing import Endpoint, read_endpoint, tls_of
from trunkline_server.connectors.sql.port import Access, Dialect
from trunkline_server.connectors.sql.results import Caps
from trunkline_server.connectors.sql.tools import BUILT_IN, parameters_schema, tools_of
from trunkline_server.domain.addresses import OutboundPolicy
from trunkline_server.domain.duration import seconds
from trunkline_server.domain.schemas import SchemaError, compiled

TIMEOUT = 30.0
_ROOT = "configuration"
_DATABASE = f"{_ROOT}.database"
_BASIC = AuthenticationScheme.AUTHENTICATION_SCHEME_BASIC
_NONE = AuthenticationScheme.AUTHENTICATION_SCHEME_NONE
_SCHEMES = (AuthenticationScheme.AUTHENTICATION_SCHEME_UNSPECIFIED, _BASIC, _NONE)
_WHOLE_ROWS, _STREAM_ROWS, _STREAM_BYTES = 10_000, 10_000_000, 4 << 30
_CONNECTIONS = 4
_PRINTABLE = re.compile(r"[^\x00-\x1f\x7f]*")
_SECRET = re.compile(r"[^\x00-\x1f\x7f:]{1,128}:[^\x00-\x1f\x7f]*")
_SCHEMA = {
    "type": "object",
    "required": ["endpoint", "database"],
    "properties": {
        "endpoint": {"type": "string", "description": "<scheme>://host[:port]/database"},
        "database": {
            "type": "object",
            "required": ["connector"],
            "properties": {
                "connector": {"type": "string"},
                "allowWrites": {"type": "boolean"},
                "role": {"type": "string", "maxLength": 64},
                "schemas": {"type": "array", "items": {"type": "string"}, "maxItems": 64},
                "maxRows": {"type": "string", "description": "A whole number from 1."},
                "maxBytes": {"type": "string", "description": "A whole number from 1024."},
                "maxConnections": {"type": "integer", "minimum": 1, "maximum": 64},
                "tls": {"enum": ["DATABASE_TLS_VERIFY", "DATABASE_TLS_NONE"]},
                "tlsCaPem": {"type": "string"},
                "namedQueries": {"type": "array", "items": {"type": "object"}, "maxItems": 256},
                "namedQueriesOnly": {"type": "boolean"},
            },
        },
    },
}


def connector_of(dialect: Dialect) -> Connector:
    """The connector of a dialect, with what all databases have in common."""
    found = Connector()
    found.CopyFrom(dialect.connector)
    if not found.authentications:
        found.authentications.extend((_BASIC, _NONE))
    if not found.configuration_schema_json:
        found.configuration_schema_json = orjson.dumps(_SCHEMA)
    return found


def scheme_of(dialect: Dialect) -> str:
    """The scheme of its endpoints."""
    return dialect.connector.default_endpoint.partition("://")[0]


@dataclass(frozen=True)
class Shape:
    """What calls of an integration have in common, read once. `forbidden` is what the policy has against its host."""

    dialect: Dialect
    database: DatabaseConfiguration
    endpoint: Endpoint
    url: str
    timeout: float
    tools: Mapping[str, Tool]
    named: Mapping[str, NamedQuery]
    connections: int
    whole: Caps
    streamed: Caps
    anonymous: bool
    forbidden: str | None = field(default=None)

    @cached_property
    def tls(self) -> ssl.SSLContext | None:
        """The TLS of its connections. Raises ssl.SSLError, ValueError."""
        if self.database.tls == DatabaseTls.DATABASE_TLS_NONE:
            return None
        return tls_of(self.endpoint.host, self.database.tls_ca_pem)

    def access(self, addresses: Sequence[str], secret: str) -> Access:
        """How a connection is made to these addresses."""
        user, _, password = ("", "", "") if self.anonymous else secret.partition(":")
        one = self.endpoint
        return Access(one.host, addresses, one.port, one.database, user, password, self.database.role, self.tls)


def shape_of(integration: Integration, dialect: Dialect, policy: OutboundPolicy, message: int) -> Shape:
    """Of a valid configuration; `message` is the most bytes of one message."""
    configuration = integration.configuration
    database = DatabaseConfiguration()
    database.CopyFrom(configuration.database)
    endpoint = read_endpoint(configuration.endpoint, scheme_of(dialect), dialect.port)
    forbidden = endpoint if isinstance(endpoint, str) else policy.host_problem(endpoint.host, endpoint.port)
    if database.tls == DatabaseTls.DATABASE_TLS_NONE and not policy.allow_http:
        forbidden = forbidden or "must use TLS; the operator does not allow connections without"
    timeout = seconds(configuration.timeout) or TIMEOUT
    rows, most = database.max_rows, database.max_bytes
    return Shape(
        dialect=dialect,
        database=database,
        endpoint=endpoint if isinstance(endpoint, Endpoint) else Endpoint("", 0, ""),
        url=configuration.endpoint,
        timeout=timeout,
        tools=tools_of(integration.integration_id, database, dialect.parser, timeout),
        named={query.name: query for query in database.named_queries},
        connections=database.max_connections or _CONNECTIONS,
        whole=Caps(rows or _WHOLE_ROWS, min(most or message, message), message),
        streamed=Caps(rows or _STREAM_ROWS, most or _STREAM_BYTES, message),
        anonymous=configuration.authentication.scheme == _NONE,
        forbidden=forbidden,
    )


def violations_of(
    integration: Integration, dialects: Mapping[str, Dialect], policy: OutboundPolicy
) -> Sequence[tuple[str, str]]:
    """(field path, what is wrong) of an integration with `database`."""
    configuration = integration.configuration
    database = configuration.database
    dialect = dialects.get(database.connector)
    if dialect is None:
        return [(f"{_DATABASE}.connector", f"must be one of {', '.join(sorted(dialects))}")]
    found: list[tuple[str, str]] = []
    endpoint = read_endpoint(configuration.endpoint, scheme_of(dialect), dialect.port)
    problem = endpoint if isinstance(endpoint, str) else policy.host_problem(endpoint.host, endpoint.port)
    if problem:
        found.append((f"{_ROOT}.endpoint", problem))
    if configuration.authentication.scheme not in _SCHEMES:
        found.append((f"{_ROOT}.authentication.scheme", "must be BASIC, with the secret `user:password`, or NONE"))
    if database.tls == DatabaseTls.DATABASE_TLS_NONE and not policy.allow_http:
        found.append((f"{_DATABASE}.tls", "must be VERIFY; the operator does not allow connections without TLS"))
    if database.tls_ca_pem:
        try:
            tls_of("", database.tls_ca_pem)
        except (ssl.SSLError, ValueError):
            found.append((f"{_DATABASE}.tls_ca_pem", "must be certificates in PEM"))
    if not _PRINTABLE.fullmatch(database.role):
        found.append((f"{_DATABASE}.role", "must not hold control characters"))
    return [*found, *_query_violations(database, dialect.parser)]


def secret_violations(integration: Integration, secret: str) -> Sequence[tuple[str, str]]:
    """(field path, what is wrong) of a secret; never shows it."""
    if integration.configuration.authentication.scheme == _NONE or _SECRET.fullmatch(secret):
        return []
    return [(f"{_ROOT}.authentication.secret", "must be `user:password`, without control characters")]


def _query_violations(database: DatabaseConfiguration, parser: str) -> Iterator[tuple[str, str]]:
    names: set[str] = set()
    for number, query in enumerate(database.named_queries):
        path = f"{_DATABASE}.named_queries[{number}]"
        if query.name in BUILT_IN:
            yield f"{path}.name", "is that of a built-in tool"
        if query.name in names:
            yield f"{path}.name", "is that of another query; names are unique"
        names.add(query.name)
        if query.writes and not database.allow_writes:
            yield f"{path}.writes", "only where `allow_writes` is set"
        yield from _statement_violations(query, parser, path)


def _statement_violations(query: NamedQuery, parser: str, path: str) -> Iterator[tuple[str, str]]:
    # With the first query, and not with the server: the import is not small.
    from trunkline_server.connectors.sql.statements import judge  # noqa: PLC0415

    judged = judge(query.sql, parser, query.writes)
    if judged.problem:
        yield f"{path}.sql", judged.problem
    elif judged.placeholders != len(query.parameters):
        yield (
            f"{path}.parameters",
            f"must be as many as the placeholders of the statement, {judged.placeholders}",
        )
    names: set[str] = set()
    for number, one in enumerate(query.parameters):
        if one.name in names:
            yield f"{path}.parameters[{number}].name", "is that of another parameter; names are unique"
        names.add(one.name)
    try:
        compiled(parameters_schema(query))
    except (SchemaError, orjson.JSONDecodeError):
        yield f"{path}.parameters", "must have a JSON Schema each, 64 KiB together"
