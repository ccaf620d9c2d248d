"""`trunkline keys`."""

from __future__ import annotations

import click
from google.protobuf.duration_pb2 import Duration
from google.protobuf.timestamp_pb2 import Timestamp
from trunkline.v1.access_pb2 import (
    ApiKey,
    CreateApiKeyRequest,
    ListApiKeysRequest,
    RevokeApiKeyRequest,
    RotateApiKeyRequest,
)
from trunkline.v1.access_pb2_grpc import AccessServiceStub

from trunkline_server.cli.remote import Remote, connected
from trunkline_server.cli.text import dim, table
from trunkline_server.domain.keys import ROLES

_HOUR = 3600
_ONCE = "This is the only time the secret is shown."


@click.group()
def keys() -> None:
    """API keys of the tenant. A secret is shown once, when it is made."""


@keys.command("create")
@click.argument("name")
@click.option("--role", "roles", multiple=True, required=True, type=click.Choice(sorted(ROLES)), help="Repeatable.")
@click.option("--team", default="", help="The team whose budgets it counts against.")
@click.option("--per-minute", type=click.IntRange(min=1), help="Calls per minute.  [default: no limit of its own]")
@click.option("--tokens-per-minute", type=click.IntRange(min=1), help="Tokens per minute, input and output together.")
@click.option("--concurrent", type=click.IntRange(min=1), help="Calls in flight.")
@click.option("--tool", "tools", multiple=True, help="A tool it may execute, <integration>/<tool> with *. Repeatable.")
@click.option("--days", type=click.FloatRange(0, min_open=True), help="How long it lasts.  [default: for ever]")
@connected
async def create(
    remote: Remote,
    name: str,
    roles: tuple[str, ...],
    team: str,
    per_minute: int | None,
    tokens_per_minute: int | None,
    concurrent: int | None,
    tools: tuple[str, ...],
    days: float | None,
) -> None:
    """Make a key called NAME and print its secret.

    \b
    Example:
      trunkline keys create billing-service --role agent --per-minute 600 --days 90
    """
    request = CreateApiKeyRequest(
        display_name=name,
        roles=roles,
        team_id=team,
        requests_per_minute=per_minute,
        tokens_per_minute=tokens_per_minute,
        max_concurrent=concurrent,
        allowed_tools=tools,
    )
    if days is not None:
        request.expire_time.GetCurrentTime()
        request.expire_time.seconds += round(days * 24 * _HOUR)
    answer = await remote.ask(AccessServiceStub(remote.channel).CreateApiKey, request)
    _show_secret(answer.key, answer.secret)


@keys.command("list")
@click.option("--all", "ended", is_flag=True, help="Include revoked and expired keys.")
@connected
async def list_keys(remote: Remote, ended: bool) -> None:
    """List the keys, newest first, without secrets."""
    stub, token, rows = AccessServiceStub(remote.channel), "", []
    while True:
        answer = await remote.ask(stub.ListApiKeys, ListApiKeysRequest(include_ended=ended, page_token=token))
        rows += [
            (key.key_id, key.display_name, ",".join(key.roles), _time(key, "create_time"), _time(key, "last_use_time"))
            + ((_end(key),) if ended else ())
            for key in answer.keys
        ]
        token = answer.next_page_token
        if not token:
            break
    click.echo(table(("id", "name", "roles", "created", "last used", *(("ended",) if ended else ())), rows))


@keys.command("revoke")
@click.argument("key_id")
@connected
async def revoke(remote: Remote, key_id: str) -> None:
    """End the key KEY_ID. Every server refuses it within ten seconds, most at once."""
    answer = await remote.ask(AccessServiceStub(remote.channel).RevokeApiKey, RevokeApiKeyRequest(key_id=key_id))
    click.echo(f"revoked {answer.key.key_id} ({answer.key.display_name})")


@keys.command("rotate")
@click.argument("key_id")
@click.option("--overlap", type=click.FloatRange(0, 720), default=24.0, show_default=True, help="Hours.")
@connected
async def rotate(remote: Remote, key_id: str, overlap: float) -> None:
    """Replace the key KEY_ID by a new one with the same rights. The old one serves on for the overlap.

    \b
    Example:
      trunkline keys rotate aaaaaaaaaaaaaaaa --overlap 1
    """
    request = RotateApiKeyRequest(key_id=key_id, overlap=Duration(seconds=round(overlap * _HOUR)))
    answer = await remote.ask(AccessServiceStub(remote.channel).RotateApiKey, request)
    _show_secret(answer.key, answer.secret)


def _show_secret(key: ApiKey, secret: str) -> None:
    # The secret alone on stdout: `KEY=$(trunkline keys create …)` works.
    click.echo(f"key {key.key_id} ({key.display_name}): {', '.join(key.roles)}", err=True)
    click.echo(secret)
    click.echo(dim(_ONCE), err=True)


def _end(key: ApiKey) -> str:
    return _time(key, "revoke_time" if key.HasField("revoke_time") else "expire_time")


def _time(key: ApiKey, field: str) -> str:
    moment: Timestamp = getattr(key, field)
    return f"{moment.ToDatetime():%Y-%m-%d %H:%M}" if moment.seconds else "-"
