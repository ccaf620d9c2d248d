"""`trunkline integrations`."""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import Any

import click
from google.protobuf.duration_pb2 import Duration
from google.protobuf.timestamp_pb2 import Timestamp
from trunkline.v1.configuration_pb2 import Configuration, IntegrationType
from trunkline.v1.integration_health_pb2 import GetIntegrationHealthRequest, IntegrationHealth, IntegrationStatus
from trunkline.v1.integration_pb2 import (
    CheckIntegrationRequest,
    CreateIntegrationRequest,
    DeleteIntegrationRequest,
    GetIntegrationRequest,
    Integration,
    IntegrationVersion,
    ListIntegrationsRequest,
    ListIntegrationVersionsRequest,
    RollbackIntegrationRequest,
    RotateCredentialRequest,
)
from trunkline.v1.integration_pb2_grpc import IntegrationServiceStub
from trunkline.v1.model_pb2 import BreakerState
from trunkline.v1.receiver_pb2 import WebhookScheme

from trunkline_server.cli.integration_kinds import TYPES, configuration_of, kind_options
from trunkline_server.cli.remote import Failure, Remote, connected, show_json
from trunkline_server.cli.text import facts, milliseconds, name_of, table


@click.group()
def integrations() -> None:
    """The systems behind Trunkline: models, HTTP APIs, databases, storage, and receivers of webhooks."""


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
@click.option(
    "--type", "kind", type=click.Choice(sorted({*TYPES.values()})), help="[default: as the other options say]"
)
@kind_options
@click.option("--secret-env", metavar="NAME", help="The environment variable that holds the secret.")
@click.option("--secret-reference", default="", help="Where the secret is kept, for example vault:kv/app#key.")
@click.option("--validate-only", is_flag=True, help="Check everything, and store nothing.")
@connected
async def create(
    remote: Remote,
    /,
    integration_id: str,
    kind: str | None,
    secret_env: str | None,
    secret_reference: str,
    validate_only: bool,
    **given: Any,
) -> None:
    """Register INTEGRATION_ID after a live check of it. The secret is read from the environment, never typed here.

    \b
    Examples:
      trunkline integrations create openai --provider openai --secret-env OPENAI_API_KEY
      trunkline integrations create inhouse --provider vllm --endpoint https://llm.example.com/v1 --region eu
      trunkline integrations create github --template github --secret-env GITHUB_TOKEN
      trunkline integrations create warehouse --database postgresql --endpoint postgresql://db.example.com/shop \\
        --role reader --secret-env DATABASE_LOGIN        (user:password)
      trunkline integrations create files --storage s3 --bucket reports --region eu-central-1 --secret-env S3_LOGIN
      trunkline integrations create payments --webhook stripe --secret-env STRIPE_WEBHOOK_SECRET
    """
    configuration = configuration_of(kind, given)
    if secret_env is not None:
        configuration.authentication.secret = secret_of(secret_env)
    if secret_reference:
        configuration.authentication.secret_reference = secret_reference
    request = CreateIntegrationRequest(
        integration_id=integration_id,
        type=IntegrationType.Value(f"INTEGRATION_TYPE_{TYPES[configuration.WhichOneof('kind') or ''].upper()}"),
        configuration=configuration,
        validate_only=validate_only,
    )
    answer = await remote.ask(IntegrationServiceStub(remote.channel).CreateIntegration, request)
    what = "is valid; nothing was stored" if validate_only else f"created, {_status(answer.status)}"
    click.echo(f"{integration_id} {what}")
    if path := answer.integration.configuration.webhook.receive_path:
        click.echo(f"receives at {path} of the server's HTTP address")


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


@integrations.command("rotate")
@click.argument("integration_id")
@click.option("--secret-env", metavar="NAME", help="The environment variable that holds the new secret.")
@click.option("--secret-reference", default="", help="Where the new secret is kept, for example vault:kv/app#key.")
@click.option("--skip-check", is_flag=True, help="Store it without a live check.")
@connected
async def rotate(
    remote: Remote, integration_id: str, secret_env: str | None, secret_reference: str, skip_check: bool
) -> None:
    """Give INTEGRATION_ID a new credential, which takes over once it was checked. Calls go on meanwhile."""
    if (secret_env is None) == (not secret_reference):
        raise Failure("give one of --secret-env and --secret-reference")
    request = RotateCredentialRequest(
        integration_id=integration_id,
        secret=secret_of(secret_env) if secret_env is not None else "",
        secret_reference=secret_reference,
        skip_check=skip_check,
    )
    answer = await remote.ask(IntegrationServiceStub(remote.channel).RotateCredential, request)
    click.echo(f"{integration_id} has a new credential since {_time(answer.rotate_time)}")


@integrations.command("versions")
@click.argument("integration_id")
@click.option("--version", default=0, help="Show this one as JSON.")
@connected
async def versions(remote: Remote, integration_id: str, version: int) -> None:
    """List what INTEGRATION_ID was like before, newest first; a deleted one too."""
    stub, token = IntegrationServiceStub(remote.channel), ""
    found: list[IntegrationVersion] = []
    while True:
        request = ListIntegrationVersionsRequest(integration_id=integration_id, page_token=token)
        answer = await remote.ask(stub.ListIntegrationVersions, request)
        found += answer.versions
        token = answer.next_page_token
        if not token:
            break
    if version:
        chosen = next((one for one in found if one.version == version), None)
        if chosen is None:
            raise Failure(f"{integration_id} has no version {version}")
        show_json(chosen)
        return
    rows = [
        (one.version, _time(one.create_time), one.action, one.key_id or "-", ", ".join(one.changed_paths) or "-")
        for one in found
    ]
    click.echo(table(("version", "made", "action", "key", "changed"), rows))


@integrations.command("rollback")
@click.argument("integration_id")
@click.argument("version", type=int)
@click.option("--secret-env", metavar="NAME", help="The environment variable that holds the secret for it.")
@click.option("--etag", default="", help="Only if this is the current etag.")
@click.option("--validate-only", is_flag=True, help="Check everything, and store nothing.")
@connected
async def rollback(
    remote: Remote, integration_id: str, version: int, secret_env: str | None, etag: str, validate_only: bool
) -> None:
    """Make VERSION of INTEGRATION_ID the newest one, after a live check of it. Its status stays what it is."""
    request = RollbackIntegrationRequest(
        integration_id=integration_id,
        version=version,
        etag=etag,
        secret=secret_of(secret_env) if secret_env is not None else "",
        validate_only=validate_only,
    )
    answer = await remote.ask(IntegrationServiceStub(remote.channel).RollbackIntegration, request)
    what = (
        "can be gone back to; nothing was stored" if validate_only else f"is version {answer.integration.version} now"
    )
    click.echo(f"{integration_id}: version {version} {what}")


@integrations.command("health")
@click.argument("integration_id")
@click.option("--minutes", default=15, show_default=True, type=click.IntRange(1, 1440), help="How far to look back.")
@connected
async def health(remote: Remote, integration_id: str, minutes: int) -> None:
    """Show how INTEGRATION_ID did lately, over all servers."""
    request = GetIntegrationHealthRequest(integration_id=integration_id)
    request.window.FromSeconds(60 * minutes)
    found = (await remote.ask(IntegrationServiceStub(remote.channel).GetIntegrationHealth, request)).health
    click.echo(f"{integration_id}: {_status(found.status)}")
    click.echo(facts(_facts(found, minutes)))
    for title, head, rows in _tables(found):
        if rows:
            click.echo(f"\n{title}\n{table(head, rows)}")


@integrations.command("delete")
@click.argument("integration_id")
@connected
async def delete(remote: Remote, integration_id: str) -> None:
    """Remove INTEGRATION_ID and its credential. Its history stays."""
    request = DeleteIntegrationRequest(integration_id=integration_id)
    await remote.ask(IntegrationServiceStub(remote.channel).DeleteIntegration, request)
    click.echo(f"deleted {integration_id}")


def _facts(found: IntegrationHealth, minutes: int) -> Iterator[tuple[str, str]]:
    yield f"calls in {minutes} min", f"{found.calls}"
    if found.calls:
        yield "failed", f"{found.failed_calls} ({found.error_rate:.2%})"
        latencies = (found.latency_p50, found.latency_p95, found.latency_p99)
        yield "latency p50, p95, p99", ", ".join(map(milliseconds, latencies))
    if found.HasField("last_failure"):
        last = found.last_failure
        yield "last failure", f"{last.reason} of {last.subject}, {_time(last.time)} (request {last.request_id})"
    yield "next check", _time(found.next_check_time) if found.HasField("next_check_time") else "not checked by itself"


def _tables(found: IntegrationHealth) -> Iterator[tuple[str, tuple[str, ...], list[tuple[object, ...]]]]:
    """Title, head and rows of each list."""
    breakers: list[tuple[object, ...]] = [
        (one.model or "all", name_of(BreakerState.Name(one.state), "BREAKER_STATE_"), _span(one.retry_after))
        for one in found.breakers
    ]
    yield "breakers", ("of", "state", "until next call"), breakers
    quotas: list[tuple[object, ...]] = [
        (one.unit, *(getattr(one, name) if one.HasField(name) else "-" for name in ("limit", "remaining")))
        for one in found.quotas
    ]
    yield "quotas of its own", ("unit", "limit", "left"), quotas
    rates: list[tuple[object, ...]] = [
        (one.rate.subject or "all", f"{one.rate.calls} in {_span(one.rate.per)}", one.available) for one in found.rates
    ]
    yield "call rates", ("of", "rate", "free now"), rates
    checks: list[tuple[object, ...]] = [
        (_time(one.check_time), "healthy" if one.healthy else "not healthy", milliseconds(one.latency), one.detail)
        for one in found.checks
    ]
    yield "checks", ("at", "found", "took", "detail"), checks
    drifts: list[tuple[object, ...]] = [
        (one.tool_name, one.path, one.count, _time(one.last_time), one.description) for one in found.drifts
    ]
    yield "results that broke their schema", ("tool", "path", "times", "last", "what"), drifts


def _time(stamp: Timestamp) -> str:
    """To the second, UTC."""
    return f"{stamp.ToDatetime():%Y-%m-%d %H:%M:%S}Z"


def _span(duration: Duration) -> str:
    return f"{duration.ToMilliseconds() / 1000:g} s"


def _row(integration: Integration) -> tuple[str, ...]:
    configuration = integration.configuration
    return (
        integration.integration_id,
        name_of(IntegrationType.Name(integration.type), "INTEGRATION_TYPE_"),
        _status(integration.status),
        _of(configuration),
        configuration.endpoint or "default",
        f"…{configuration.authentication.secret_hint}" if configuration.authentication.secret_set else "-",
    )


def _of(configuration: Configuration) -> str:
    """What it is an integration of: the provider, template, connector or scheme."""
    if configuration.HasField("webhook"):
        return name_of(WebhookScheme.Name(configuration.webhook.scheme), "WEBHOOK_SCHEME_")
    names = [configuration.llm_provider.provider, configuration.api.template]
    names += [configuration.database.connector, configuration.storage.connector]
    return next(filter(None, names), "mcp" if configuration.HasField("mcp") else "-")


def _status(status: IntegrationStatus.ValueType) -> str:
    return name_of(IntegrationStatus.Name(status), "INTEGRATION_STATUS_")


def secret_of(name: str) -> str:
    """The secret in an environment variable. Raises Failure where there is none."""
    secret = os.environ.get(name, "")
    if not secret:
        raise Failure(f"{name} is not set in the environment")
    return secret
