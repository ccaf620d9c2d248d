"""The options of `trunkline integrations create`, and the configuration that they make."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import click
from google.protobuf.json_format import Parse, ParseError
from trunkline.v1.api_pb2 import ApiConfiguration, McpConfiguration
from trunkline.v1.configuration_pb2 import Configuration, LlmProviderConfiguration
from trunkline.v1.database_pb2 import DatabaseConfiguration, DatabaseTls
from trunkline.v1.receiver_pb2 import WebhookConfiguration, WebhookScheme
from trunkline.v1.storage_pb2 import StorageConfiguration

from trunkline_server.cli.remote import Failure

_FILE = click.Path(exists=True, dir_okay=False, path_type=Path)
_SCHEMES = [name.removeprefix("WEBHOOK_SCHEME_").lower() for name in WebhookScheme.keys()[1:]]

# Field of `Configuration.kind` -> type of the integration.
TYPES = {
    "llm_provider": "llm_provider",
    "api": "api",
    "mcp": "api",
    "database": "database",
    "storage": "storage",
    "webhook": "webhook",
}
# Kind -> its options, the one that names it first.
_OF_KIND: Mapping[str, tuple[str, ...]] = {
    "llm_provider": ("provider", "models", "region", "pairs"),
    "api": ("template",),
    "mcp": ("mcp",),
    "database": (
        *("database", "schemas", "role", "database_tls", "database_ca", "queries", "queries_only", "max_rows"),
        "allow_writes",
    ),
    "storage": ("storage", "bucket", "prefix", "region", "path_style", "allow_writes", "allow_deletes"),
    "webhook": ("webhook", "webhook_types"),
}

_OPTIONS = (
    click.option("--endpoint", default="", help="The base address.  [default: that of the provider or template]"),
    click.option("--configuration", type=_FILE, help="The whole configuration, as JSON; options change it."),
    click.option("--provider", default="", help="A provider of models, for example openai or vllm."),
    click.option(
        "--model", "models", multiple=True, help="A model that may be called. Repeatable.  [default: all known]"
    ),
    click.option(
        "--option", "pairs", multiple=True, metavar="NAME=VALUE", help="An option of the provider. Repeatable."
    ),
    click.option(
        "--region", default="", help="Where a provider processes data, for residency; of a bucket: its region."
    ),
    click.option("--template", default="", help="An HTTP API, by its template, for example github."),
    click.option("--mcp", is_flag=True, help="An MCP server, at the endpoint."),
    click.option("--database", default="", help="A database: postgresql, mysql, sqlserver or oracle."),
    click.option("--schema", "schemas", multiple=True, help="A schema that is listed. Repeatable.  [default: all]"),
    click.option("--role", default="", help="The database role that statements run as."),
    click.option(
        "--database-tls", type=click.Choice(["verify", "none"]), help="TLS to the database.  [default: verify]"
    ),
    click.option("--database-ca", type=_FILE, help="PEM roots that signed the database's certificate."),
    click.option("--queries", type=_FILE, help="Named queries, a JSON list: name, sql, parameters, …"),
    click.option("--queries-only", is_flag=True, help="Offer the named queries, and no others."),
    click.option("--max-rows", type=click.IntRange(1), help="At most so many rows of one call."),
    click.option("--storage", default="", help="Object storage: s3, azure_blob or gcs."),
    click.option("--bucket", default="", help="The bucket or container."),
    click.option("--prefix", default="", help="All keys are below this prefix."),
    click.option("--path-style", is_flag=True, help="The bucket is in the path: most S3 that is not AWS."),
    click.option("--allow-writes", is_flag=True, help="Rows or objects may be written."),
    click.option("--allow-deletes", is_flag=True, help="Objects may be deleted."),
    click.option("--webhook", type=click.Choice(_SCHEMES), help="A receiver of webhooks that are signed so."),
    click.option("--webhook-type", "webhook_types", multiple=True, help="Only these become events. Repeatable."),
)


def kind_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Adds the options."""
    for option in reversed(_OPTIONS):
        command = option(command)
    return command


def configuration_of(kind: str | None, given: Mapping[str, Any]) -> Configuration:
    """The configuration that the options make. `kind` is a type where it was named. Raises Failure for options of
    several kinds, and for files that are none."""
    made = _from_file(given["configuration"])
    chosen = _kind(kind, given, made)
    if given["endpoint"]:
        made.endpoint = given["endpoint"]
    allowed = frozenset(_OF_KIND[chosen])
    strange = [name for names in _OF_KIND.values() for name in names if given[name] and name not in allowed]
    if strange:
        raise Failure(f"--{strange[0].replace('_', '-')} is not for an integration of kind {chosen}")
    getattr(made, chosen).MergeFrom(_MAKERS[chosen](given))
    getattr(made, chosen).SetInParent()
    return made


def _from_file(path: Path | None) -> Configuration:
    made = Configuration()
    if path is not None:
        try:
            Parse(path.read_bytes(), made)
        except ParseError as error:
            raise Failure(f"--configuration {path}: {error}") from None
    return made


def _kind(kind: str | None, given: Mapping[str, Any], made: Configuration) -> str:
    """The kind: of the file, else the one whose first option is given, else as the type says."""
    named = [one for one, names in _OF_KIND.items() if given[names[0]]]
    if len(named) > 1:
        raise Failure(f"an integration is of one kind: these are {' and '.join(named)}")
    found = made.WhichOneof("kind") or (named[0] if named else kind or "llm_provider")
    if kind not in (None, TYPES[found]):
        raise Failure(f"--type {kind}: the other options make one of type {TYPES[found]}")
    return found


def _llm_provider(given: Mapping[str, Any]) -> LlmProviderConfiguration:
    return LlmProviderConfiguration(
        provider=given["provider"],
        models=given["models"],
        region=given["region"],
        options=options_of(given["pairs"]),
    )


def _database(given: Mapping[str, Any]) -> DatabaseConfiguration:
    made = DatabaseConfiguration(
        connector=given["database"],
        schemas=given["schemas"],
        role=given["role"],
        allow_writes=given["allow_writes"],
        named_queries_only=given["queries_only"],
    )
    if given["database_tls"]:
        made.tls = DatabaseTls.Value(f"DATABASE_TLS_{given['database_tls'].upper()}")
    if given["database_ca"]:
        made.tls_ca_pem = given["database_ca"].read_text()
    if given["max_rows"]:
        made.max_rows = given["max_rows"]
    if given["queries"]:
        try:
            Parse(b'{"namedQueries": %b}' % given["queries"].read_bytes(), made)
        except ParseError as error:
            raise Failure(f"--queries {given['queries']}: {error}") from None
    return made


def _storage(given: Mapping[str, Any]) -> StorageConfiguration:
    names = ("bucket", "prefix", "region", "path_style", "allow_writes", "allow_deletes")
    return StorageConfiguration(connector=given["storage"], **{name: given[name] for name in names})


def _webhook(given: Mapping[str, Any]) -> WebhookConfiguration:
    made = WebhookConfiguration(types=given["webhook_types"])
    if given["webhook"]:
        made.scheme = WebhookScheme.Value(f"WEBHOOK_SCHEME_{given['webhook'].upper()}")
    return made


_MAKERS: Mapping[str, Callable[[Mapping[str, Any]], Any]] = {
    "llm_provider": _llm_provider,
    "api": lambda given: ApiConfiguration(template=given["template"]),
    "mcp": lambda given: McpConfiguration(),
    "database": _database,
    "storage": _storage,
    "webhook": _webhook,
}


def options_of(pairs: tuple[str, ...]) -> dict[str, str]:
    """Options by name. Raises Failure for one that is not NAME=VALUE."""
    options = {}
    for pair in pairs:
        name, equals, value = pair.partition("=")
        if not (name and equals):
            raise Failure(f"--option {pair}: write it as NAME=VALUE")
        options[name] = value
    return options
