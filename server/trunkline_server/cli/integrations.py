"""`trunkline integrations`."""

from __future__ import annotations

import os

import click
from trunkline.v1.api_pb2 import ApiConfiguration
from trunkline.v1.authentication_pb2 import Authentication
from trunkline.v1.configuration_pb2 import Configuration, IntegrationType, LlmProviderConfiguration
from trunkline.v1.integration_health_pb2 import IntegrationStatus
from trunkline.v1.integration_pb2 import (
    CheckIntegrationRequest,
    CreateIntegrationRequest,
    DeleteIntegrationRequest,
    GetIntegrationRequest,
    Integration,
    ListIntegrationsRequest,
)
from trunkline.v1.integration_pb2_grpc import IntegrationServiceStub

from trunkline_server.cli.remote import Failure, Remote, connected, show_json
from trunkline_server.cli.text import milliseconds, name_of, table


@click.group()
def integrations() -> None:
    """The systems behind Trunkline: providers of language models, and HTTP APIs."""


@integrations.command("list")
@connected
async def list_integrations(remote: Remote) -> None:
    """List the integrations, by id."""
    stub, token, rows = IntegrationServiceStub(remote.channel), "", []
    while True:
        answer = await remote.ask(stub.ListIntegrations, ListIntegrationsRequest(page_token=token))
        rows += [_row(integration) for integration in answer.integrations]
        token = answer.next_page_token
        if not token:
            break
    click.echo(table(("id", "type", "status", "of", "endpoint", "secret"), rows))


@integrations.command("get")
@click.argument("integration_id")
@connected
async def get(remote: Remote, integration_id: str) -> None:
    """Show INTEGRATION_ID as JSON. Secrets are never shown."""
    request = GetIntegrationRequest(integration_id=integration_id)
    show_json((await remote.ask(IntegrationServiceStub(remote.channel).GetIntegration, request)).integration)


@integrations.command("create")
@click.argument("integration_id")
@click.option("--type", "kind", type=click.Choice(["llm_provider", "api"]), default="llm_provider", show_default=True)
@click.option("--provider", default="", help="The provider profile, for example openai or vllm. For llm_provider.")
@click.option("--template", default="", help="The template, for example github. For api.")
@click.option("--endpoint", default="", help="The base address.  [default: that of the provider or template]")
@click.option("--secret-env", metavar="NAME", help="The environment variable that holds the secret.")
@click.option("--model", "models", multiple=True, help="A model that may be called. Repeatable.  [default: all known]")
@click.option("--region", default="", help="Where a provider processes data, for residency.")
@click.option("--option", "pairs", multiple=True, metavar="NAME=VALUE", help="An option of the provider. Repeatable.")
@click.option("--validate-only", is_flag=True, help="Check everything, and store nothing.")
@connected
async def create(
    remote: Remote,
    integration_id: str,
    kind: str,
    provider: str,
    template: str,
    endpoint: str,
    secret_env: str | None,
    models: tuple[str, ...],
    region: str,
    pairs: tuple[str, ...],
    validate_only: bool,
) -> None:
    """Register INTEGRATION_ID after a live check of it. The secret is read from the environment, never typed here.

    \b
    Examples:
      trunkline integrations create openai --provider openai --secret-env OPENAI_API_KEY
      trunkline integrations create portkey --provider portkey --secret-env PORTKEY_API_KEY --option virtual_key=…
      trunkline integrations create inhouse --provider vllm --endpoint https://llm.example.com/v1 --region eu
      trunkline integrations create github --type api --template github --secret-env GITHUB_TOKEN
    """
    configuration = Configuration(endpoint=endpoint)
    if kind == "api":
        configuration.api.CopyFrom(ApiConfiguration(template=template))
    else:
        configuration.llm_provider.CopyFrom(
            LlmProviderConfiguration(provider=provider, models=models, region=region, options=_options(pairs))
        )
    if secret_env is not None:
        configuration.authentication.CopyFrom(Authentication(secret=secret_of(secret_env)))
    request = CreateIntegrationRequest(
        integration_id=integration_id,
        type=IntegrationType.Value(f"INTEGRATION_TYPE_{kind.upper()}"),
        configuration=configuration,
        validate_only=validate_only,
    )
    answer = await remote.ask(IntegrationServiceStub(remote.channel).CreateIntegration, request)
    what = "is valid; nothing was stored" if validate_only else f"created, {_status(answer.status)}"
    click.echo(f"{integration_id} {what}")


@integrations.command("check")
@click.argument("integration_id")
@connected
async def check(remote: Remote, integration_id: str) -> None:
    """Call the system behind INTEGRATION_ID now. Exit code 1 when it is not healthy."""
    request = CheckIntegrationRequest(integration_id=integration_id)
    found = (await remote.ask(IntegrationServiceStub(remote.channel).CheckIntegration, request)).check
    line = f"{integration_id}: {found.detail} ({milliseconds(found.latency)})"
    if not found.healthy:
        raise Failure(f"not healthy: {line}")
    click.echo(f"healthy: {line}")


@integrations.command("delete")
@click.argument("integration_id")
@connected
async def delete(remote: Remote, integration_id: str) -> None:
    """Remove INTEGRATION_ID and its credential. Its history stays."""
    request = DeleteIntegrationRequest(integration_id=integration_id)
    await remote.ask(IntegrationServiceStub(remote.channel).DeleteIntegration, request)
    click.echo(f"deleted {integration_id}")


def _row(integration: Integration) -> tuple[str, ...]:
    configuration = integration.configuration
    return (
        integration.integration_id,
        name_of(IntegrationType.Name(integration.type), "INTEGRATION_TYPE_"),
        _status(integration.status),
        configuration.llm_provider.provider or configuration.api.template or "-",
        configuration.endpoint or "default",
        f"…{configuration.authentication.secret_hint}" if configuration.authentication.secret_set else "-",
    )


def _status(status: IntegrationStatus.ValueType) -> str:
    return name_of(IntegrationStatus.Name(status), "INTEGRATION_STATUS_")


def _options(pairs: tuple[str, ...]) -> dict[str, str]:
    options = {}
    for pair in pairs:
        name, equals, value = pair.partition("=")
        if not (name and equals):
            raise Failure(f"--option {pair}: write it as NAME=VALUE")
        options[name] = value
    return options


def secret_of(name: str) -> str:
    """The secret in an environment variable. Raises Failure where there is none."""
    secret = os.environ.get(name, "")
    if not secret:
        raise Failure(f"{name} is not set in the environment")
    return secret
