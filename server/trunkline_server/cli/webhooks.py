"""`trunkline webhooks`: endpoints that events are delivered to."""

from __future__ import annotations

import click
from google.protobuf.timestamp_pb2 import Timestamp
from trunkline.v1.webhook_pb2 import (
    CreateWebhookEndpointRequest,
    DeleteWebhookEndpointRequest,
    GetWebhookDeliveryRequest,
    GetWebhookEndpointRequest,
    ListWebhookDeliveriesRequest,
    ListWebhookEndpointsRequest,
    RedeliverWebhooksRequest,
    RotateWebhookSecretRequest,
    UpdateWebhookEndpointRequest,
    VerifyWebhookEndpointRequest,
    WebhookDelivery,
    WebhookDeliveryStatus,
    WebhookEndpoint,
    WebhookEndpointStatus,
)
from trunkline.v1.webhook_pb2_grpc import WebhookServiceStub

from trunkline_server.cli.integrations import secret_of
from trunkline_server.cli.remote import Failure, Remote, connected, show_json
from trunkline_server.cli.text import dim, milliseconds, name_of, table
from trunkline_server.cli.webhook_receiver import receive

_STATUSES = [name_of(name, "WEBHOOK_DELIVERY_STATUS_") for name in WebhookDeliveryStatus.keys()[1:]]


@click.group()
def webhooks() -> None:
    """Endpoints that events are delivered to, and what became of each delivery."""


webhooks.add_command(receive)


@webhooks.command("list")
@connected
async def list_endpoints(remote: Remote) -> None:
    """List the endpoints, by id."""
    stub, token, rows = WebhookServiceStub(remote.channel), "", []
    while True:
        answer = await remote.ask(stub.ListWebhookEndpoints, ListWebhookEndpointsRequest(page_token=token))
        rows += [
            (one.endpoint_id, _state(one.status), ", ".join(one.types) or "all", one.url) for one in answer.endpoints
        ]
        token = answer.next_page_token
        if not token:
            break
    click.echo(table(("id", "status", "types", "url"), rows))


@webhooks.command("get")
@click.argument("endpoint_id")
@connected
async def get(remote: Remote, endpoint_id: str) -> None:
    """Show ENDPOINT_ID as JSON. Secrets are never shown."""
    request = GetWebhookEndpointRequest(endpoint_id=endpoint_id)
    show_json((await remote.ask(WebhookServiceStub(remote.channel).GetWebhookEndpoint, request)).endpoint)


@webhooks.command("create")
@click.argument("endpoint_id")
@click.argument("url")
@click.option("--type", "types", multiple=True, help="Only these types; integration.* is a family. Repeatable.")
@click.option("--integration", "integrations", multiple=True, help="Only events about this one. Repeatable.")
@click.option("--description", default="", help="For people.")
@click.option("--ordered", is_flag=True, help="One by one, in order; one that fails holds up those behind it.")
@click.option("--concurrency", type=click.IntRange(0, 64), default=0, help="Deliveries at a time.  [default: 8]")
@click.option("--secret-env", metavar="NAME", help="The environment variable with its secret.  [default: one is made]")
@connected
async def create(
    remote: Remote,
    endpoint_id: str,
    url: str,
    types: tuple[str, ...],
    integrations: tuple[str, ...],
    description: str,
    ordered: bool,
    concurrency: int,
    secret_env: str | None,
) -> None:
    """Register ENDPOINT_ID at URL. Its secret goes to stdout, and is told only now. It gets nothing until it is
    verified.

    \b
    Example:
      trunkline webhooks create audit https://example.com/hooks --type 'integration.*'
      trunkline webhooks verify audit
    """
    endpoint = WebhookEndpoint(
        endpoint_id=endpoint_id,
        url=url,
        types=types,
        integration_ids=integrations,
        description=description,
        ordered=ordered,
        max_concurrency=concurrency,
    )
    request = CreateWebhookEndpointRequest(endpoint=endpoint, secret=secret_of(secret_env) if secret_env else "")
    answer = await remote.ask(WebhookServiceStub(remote.channel).CreateWebhookEndpoint, request)
    click.echo(answer.secret)
    click.echo(dim(f"{endpoint_id} is {_state(answer.endpoint.status)}: verify it next"), err=True)


@webhooks.command("verify")
@click.argument("endpoint_id")
@connected
async def verify(remote: Remote, endpoint_id: str) -> None:
    """Send ENDPOINT_ID a challenge; it gets events once it answered."""
    request = VerifyWebhookEndpointRequest(endpoint_id=endpoint_id)
    answer = await remote.ask(WebhookServiceStub(remote.channel).VerifyWebhookEndpoint, request)
    click.echo(f"{endpoint_id} is {_state(answer.endpoint.status)}")


@webhooks.command("rotate")
@click.argument("endpoint_id")
@click.option("--hours", type=click.FloatRange(0, 168), help="How long the old secret signs too.  [default: 24]")
@click.option("--secret-env", metavar="NAME", help="The environment variable with the new one.  [default: one is made]")
@connected
async def rotate(remote: Remote, endpoint_id: str, hours: float | None, secret_env: str | None) -> None:
    """Give ENDPOINT_ID a new secret, which goes to stdout and is told only now."""
    request = RotateWebhookSecretRequest(endpoint_id=endpoint_id, secret=secret_of(secret_env) if secret_env else "")
    if hours is not None:
        request.overlap.FromSeconds(round(3600 * hours))
    answer = await remote.ask(WebhookServiceStub(remote.channel).RotateWebhookSecret, request)
    click.echo(answer.secret)
    click.echo(dim(f"the old one signs until {_time(answer.previous_secret_expire_time)}"), err=True)


@webhooks.command("pause")
@click.argument("endpoint_id")
@connected
async def pause(remote: Remote, endpoint_id: str) -> None:
    """Let the events of ENDPOINT_ID wait."""
    await _set(remote, endpoint_id, WebhookEndpointStatus.WEBHOOK_ENDPOINT_STATUS_PAUSED)


@webhooks.command("resume")
@click.argument("endpoint_id")
@connected
async def resume(remote: Remote, endpoint_id: str) -> None:
    """Deliver what waits for ENDPOINT_ID, and go on."""
    await _set(remote, endpoint_id, WebhookEndpointStatus.WEBHOOK_ENDPOINT_STATUS_ACTIVE)


@webhooks.command("delete")
@click.argument("endpoint_id")
@connected
async def delete(remote: Remote, endpoint_id: str) -> None:
    """Remove ENDPOINT_ID with its secrets, deliveries and history."""
    request = DeleteWebhookEndpointRequest(endpoint_id=endpoint_id)
    await remote.ask(WebhookServiceStub(remote.channel).DeleteWebhookEndpoint, request)
    click.echo(f"deleted {endpoint_id}")


@webhooks.command("deliveries")
@click.argument("endpoint_id")
@click.option("--status", type=click.Choice(_STATUSES), help="Only these; dead are the dead letters.")
@click.option("--limit", type=click.IntRange(1, 100_000), default=100, show_default=True, help="At most so many.")
@connected
async def deliveries(remote: Remote, endpoint_id: str, status: str | None, limit: int) -> None:
    """List deliveries to ENDPOINT_ID, newest first."""
    stub, request = WebhookServiceStub(remote.channel), ListWebhookDeliveriesRequest(endpoint_id=endpoint_id)
    if status:
        request.status = WebhookDeliveryStatus.Value(f"WEBHOOK_DELIVERY_STATUS_{status.upper()}")
    rows: list[tuple[object, ...]] = []
    while len(rows) < limit:
        request.page_size = min(1000, limit - len(rows))
        answer = await remote.ask(stub.ListWebhookDeliveries, request)
        rows += [_row(one) for one in answer.deliveries]
        request.page_token = answer.next_page_token
        if not request.page_token:
            break
    click.echo(table(("event", "type", "status", "recorded", "attempts", "next", "last answer"), rows))


@webhooks.command("delivery")
@click.argument("endpoint_id")
@click.argument("event_id")
@connected
async def delivery(remote: Remote, endpoint_id: str, event_id: str) -> None:
    """Show the delivery of EVENT_ID to ENDPOINT_ID as JSON, with its event; its attempts go to stderr."""
    request = GetWebhookDeliveryRequest(endpoint_id=endpoint_id, event_id=event_id)
    answer = await remote.ask(WebhookServiceStub(remote.channel).GetWebhookDelivery, request)
    show_json(answer)
    rows = [(_time(one.time), one.http_status or "-", milliseconds(one.latency), one.error) for one in answer.attempts]
    click.echo(dim(table(("attempt", "status", "took", "error"), rows)), err=True)


@webhooks.command("redeliver")
@click.argument("endpoint_id")
@click.argument("event_id", default="")
@click.option("--dead-since", type=click.DateTime(), help="All dead letters given up since then, UTC.")
@connected
async def redeliver(remote: Remote, endpoint_id: str, event_id: str, dead_since: object) -> None:
    """Deliver EVENT_ID to ENDPOINT_ID again, or all dead letters.

    \b
    Example:
      trunkline webhooks redeliver audit --dead-since 2026-11-01
    """
    if bool(event_id) == (dead_since is not None):
        raise Failure("give one of EVENT_ID and --dead-since")
    request = RedeliverWebhooksRequest(endpoint_id=endpoint_id, event_id=event_id)
    if dead_since is not None:
        request.dead_since.FromDatetime(dead_since)  # type: ignore[arg-type]
    answer = await remote.ask(WebhookServiceStub(remote.channel).RedeliverWebhooks, request)
    click.echo(f"{answer.deliveries} due now")


async def _set(remote: Remote, endpoint_id: str, status: WebhookEndpointStatus.ValueType) -> None:
    request = UpdateWebhookEndpointRequest(endpoint=WebhookEndpoint(endpoint_id=endpoint_id, status=status))
    request.update_mask.paths.append("status")
    answer = await remote.ask(WebhookServiceStub(remote.channel).UpdateWebhookEndpoint, request)
    click.echo(f"{endpoint_id} is {_state(answer.endpoint.status)}")


def _row(one: WebhookDelivery) -> tuple[object, ...]:
    last = " ".join(filter(None, (str(one.last_http_status or ""), one.last_error)))
    return (
        *(one.event_id, one.type, name_of(WebhookDeliveryStatus.Name(one.status), "WEBHOOK_DELIVERY_STATUS_")),
        *(_time(one.create_time), one.attempt_count),
        *(_time(one.next_attempt_time) if one.HasField("next_attempt_time") else "-", last or "-"),
    )


def _state(status: WebhookEndpointStatus.ValueType) -> str:
    return name_of(WebhookEndpointStatus.Name(status), "WEBHOOK_ENDPOINT_STATUS_")


def _time(stamp: Timestamp) -> str:
    """To the second, UTC."""
    return f"{stamp.ToDatetime():%Y-%m-%d %H:%M:%S}Z"
