"""`trunkline import-openapi`."""

from __future__ import annotations

from typing import IO

import click
from trunkline.v1.configuration_pb2 import Configuration, IntegrationType
from trunkline.v1.connector_pb2 import ImportFinding, ImportOpenApiRequest
from trunkline.v1.integration_pb2 import CreateIntegrationRequest
from trunkline.v1.integration_pb2_grpc import IntegrationServiceStub

from trunkline_server.cli.integrations import secret_of
from trunkline_server.cli.remote import Failure, Remote, connected
from trunkline_server.cli.text import dim


@click.command("import-openapi")
@click.argument("file", type=click.File("rb"))
@click.option("--operations", multiple=True, help="Only these: an operationId or METHOD /path, with `*`. Repeatable.")
@click.option("--tags", multiple=True, help="Only operations with one of these tags. Repeatable.")
@click.option("--skip-deprecated", is_flag=True, help="Leave deprecated operations out.")
@click.option(
    "--security-scheme", default="", help="The security scheme to use.  [default: the first that can be used]"
)
@click.option("--toml", type=click.File("w", "utf-8"), help="Write a template here.")
@click.option("--create", "integration_id", metavar="ID", default="", help="Register an integration of it.")
@click.option("--secret-env", metavar="NAME", help="The environment variable that holds the secret. With --create.")
@click.option("--endpoint", default="", help="The base address.  [default: that of the document]")
@connected
async def import_openapi(
    remote: Remote,
    file: IO[bytes],
    operations: tuple[str, ...],
    tags: tuple[str, ...],
    skip_deprecated: bool,
    security_scheme: str,
    toml: IO[str] | None,
    integration_id: str,
    secret_env: str | None,
    endpoint: str,
) -> None:
    """Turn the OpenAPI document FILE (3.0 or 3.1, JSON or YAML) into tools. Without --toml and --create the template
    goes to stdout. What could not be taken over goes to stderr.

    \b
    Examples:
      trunkline import-openapi github.json --tags issues --toml templates/github-issues.toml
      trunkline import-openapi orders.yaml --operations 'GET /orders*' --create orders --secret-env ORDERS_TOKEN
    """
    if secret_env and not integration_id:
        raise Failure("--secret-env is for --create")
    request = ImportOpenApiRequest(
        document=file.read(),
        operations=operations,
        tags=tags,
        skip_deprecated=skip_deprecated,
        security_scheme=security_scheme,
    )
    found = await remote.ask(IntegrationServiceStub(remote.channel).ImportOpenApi, request)
    configuration = found.configuration
    for finding in found.findings:
        click.echo(dim(_line(finding)), err=True)
    left = sum(finding.skipped for finding in found.findings)
    click.echo(f"{len(configuration.api.tools)} tools, {left} operations left out", err=True)
    configuration.endpoint = endpoint or configuration.endpoint
    if toml is not None:
        toml.write(found.template_toml)
    if integration_id:
        await _create(remote, integration_id, configuration, secret_env)
    elif toml is None:
        click.echo(found.template_toml, nl=False)


async def _create(remote: Remote, integration_id: str, configuration: Configuration, secret_env: str | None) -> None:
    if secret_env:
        configuration.authentication.secret = secret_of(secret_env)
    request = CreateIntegrationRequest(
        integration_id=integration_id, type=IntegrationType.INTEGRATION_TYPE_API, configuration=configuration
    )
    await remote.ask(IntegrationServiceStub(remote.channel).CreateIntegration, request)
    click.echo(f"{integration_id} created")


def _line(finding: ImportFinding) -> str:
    return f"{'left out' if finding.skipped else 'note':<8}  {finding.pointer}: {finding.description}"
