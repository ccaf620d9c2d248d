"""`trunkline events`."""

from __future__ import annotations

import click
from google.protobuf.json_format import MessageToJson
from trunkline.v1.event_pb2 import SubscribeRequest
from trunkline.v1.event_pb2_grpc import EventServiceStub
from trunkline_client import follow

from trunkline_server.cli.remote import Remote, connected


@click.group()
def events() -> None:
    """What happens: calls, failovers, budgets, received webhooks."""


@events.command("tail")
@click.option("--types", "types", multiple=True, help="Only these types; integration.* is a family. Repeatable.")
@click.option("--integration", "integrations", multiple=True, help="Only events about this one. Repeatable.")
@click.option("--from-cursor", "cursor", default="", help="Go on after this cursor; 0: the oldest that is kept.")
@click.option("--count", type=click.IntRange(min=1), help="End after so many.  [default: when interrupted]")
@connected
async def tail(
    remote: Remote, types: tuple[str, ...], integrations: tuple[str, ...], cursor: str, count: int | None
) -> None:
    """Print events as they happen, one JSON object a line, each with the cursor to go on after it. A connection that is
    cut is made anew, and nothing is left out; an event may then come twice, by the same event_id.

    \b
    Examples:
      trunkline events tail --types 'provider.*' --types cost.budget_alert
      trunkline events tail --types webhook.received --from-cursor 0
    """
    stub, metadata = EventServiceStub(remote.channel), (("authorization", f"Bearer {remote.key}"),)
    request = SubscribeRequest(
        cursor=cursor, types=[one for text in types for one in text.split(",")], integration_ids=integrations
    )
    async for message in follow(lambda asked: stub.Subscribe(asked, metadata=metadata), request):
        click.echo(MessageToJson(message, preserving_proto_field_name=True, indent=None))
        if count is not None and (count := count - 1) == 0:
            return
