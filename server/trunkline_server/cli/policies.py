"""`trunkline policies`."""

from __future__ import annotations

import json
import tomllib
from pathlib import Path
from typing import Any

import click
import grpc
from google.protobuf.field_mask_pb2 import FieldMask
from google.protobuf.json_format import ParseDict, ParseError
from trunkline.v1.policy_pb2 import (
    CreateRoutingPolicyRequest,
    DeleteRoutingPolicyRequest,
    GetRoutingPolicyRequest,
    ListRoutingChangesRequest,
    ListRoutingPoliciesRequest,
    RoutingChange,
    RoutingMatch,
    RoutingPolicy,
    UpdateRoutingPolicyRequest,
)
from trunkline.v1.policy_pb2_grpc import PolicyServiceStub
from trunkline.v1.route_pb2 import RoutingObjective

from trunkline_server.cli.remote import Failure, Remote, connected, show_json
from trunkline_server.cli.text import name_of, table

# What a file sets; the rest names the policy, or is output only.
_FIXED = ("policy_id", "etag", "version", "create_time", "update_time")
_PATHS = [field.name for field in RoutingPolicy.DESCRIPTOR.fields if field.name not in _FIXED]


@click.group()
def policies() -> None:
    """How calls are routed when the caller leaves it to Trunkline. A change is in force everywhere within a second."""


@policies.command("list")
@connected
async def list_policies(remote: Remote) -> None:
    """List the policies in the order in which they apply."""
    stub, token = PolicyServiceStub(remote.channel), ""
    found: list[RoutingPolicy] = []
    while True:
        answer = await remote.ask(stub.ListRoutingPolicies, ListRoutingPoliciesRequest(page_token=token))
        found += answer.policies
        token = answer.next_page_token
        if not token:
            break
    found.sort(key=lambda policy: (policy.order, policy.policy_id))
    click.echo(table(("id", "order", "objective", "for", "version"), map(_row, found)))


@policies.command("get")
@click.argument("policy_id")
@connected
async def get(remote: Remote, policy_id: str) -> None:
    """Show POLICY_ID as JSON, which `apply` takes back."""
    show_json((await _get(remote, policy_id)).policy)


@policies.command("apply")
@click.argument("path", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@connected
async def apply(remote: Remote, path: Path) -> None:
    """Make the policy in the file at PATH, or change it to be as it stands there: what is absent is taken away.

    The file is JSON, or TOML if its name ends in .toml, with the field names of the contract. With an `etag` in it,
    a policy that was changed meanwhile is left alone.

    \b
    Example, careful.toml:
      policy_id = "careful"
      objective = "ROUTING_OBJECTIVE_PRIORITY"
      chain = [{model = "openai/gpt-4o"}, {model = "anthropic/claude-sonnet-4-5"}]
      match = {tasks = ["analysis"], labels = {env = "prod"}}
      max_provider_share = 0.8
    """
    policy, stub = _read(path), PolicyServiceStub(remote.channel)
    try:
        current = (await _get(remote, policy.policy_id)).policy
    except grpc.aio.AioRpcError as error:
        if error.code() is not grpc.StatusCode.NOT_FOUND or policy.etag:
            raise
        request = CreateRoutingPolicyRequest(policy=policy)
        stored = (await remote.ask(stub.CreateRoutingPolicy, request)).policy
    else:
        policy.etag = policy.etag or current.etag
        update = UpdateRoutingPolicyRequest(policy=policy, update_mask=FieldMask(paths=_PATHS))
        stored = (await remote.ask(stub.UpdateRoutingPolicy, update)).policy
    click.echo(f"{stored.policy_id} is in force, version {stored.version}")


@policies.command("delete")
@click.argument("policy_id")
@connected
async def delete(remote: Remote, policy_id: str) -> None:
    """Remove POLICY_ID. One that another policy's chain names cannot be removed."""
    request = DeleteRoutingPolicyRequest(policy_id=policy_id)
    await remote.ask(PolicyServiceStub(remote.channel).DeleteRoutingPolicy, request)
    click.echo(f"deleted {policy_id}")


@policies.command("changes")
@click.option("--limit", type=click.IntRange(1, 1000), default=20, show_default=True, help="How many, newest first.")
@click.option("--revision", type=click.IntRange(1), help="Show what this one changed, as JSON, as it was then.")
@connected
async def changes(remote: Remote, limit: int, revision: int | None) -> None:
    """List the changes of policies, task mappings and experiments.

    \b
    To go back to what a policy was at revision 7:
      trunkline policies changes --revision 7 > earlier.json && trunkline policies apply earlier.json
    """
    if revision is not None:
        show_json(getattr(change := await _change(remote, revision), str(change.WhichOneof("subject"))))
        return
    request = ListRoutingChangesRequest(page_size=limit)
    answer = await remote.ask(PolicyServiceStub(remote.channel).ListRoutingChanges, request)
    head = ("revision", "when (UTC)", "what", "id", "action", "version", "by")
    click.echo(table(head, map(_change_row, answer.changes)))


async def _get(remote: Remote, policy_id: str) -> Any:
    request = GetRoutingPolicyRequest(policy_id=policy_id)
    return await remote.ask(PolicyServiceStub(remote.channel).GetRoutingPolicy, request)


async def _change(remote: Remote, revision: int) -> RoutingChange:
    stub, token = PolicyServiceStub(remote.channel), ""
    while True:
        request = ListRoutingChangesRequest(page_size=1000, page_token=token)
        answer = await remote.ask(stub.ListRoutingChanges, request)
        for change in answer.changes:
            if change.revision == revision:
                return change
        token = answer.next_page_token
        if not token:
            raise Failure(f"there is no revision {revision}")


def _read(path: Path) -> RoutingPolicy:
    try:
        text = path.read_text()
        values = tomllib.loads(text) if path.suffix == ".toml" else json.loads(text)
        policy = ParseDict(values, RoutingPolicy())
    except (OSError, ValueError, ParseError) as error:
        raise Failure(f"{path}: {error}") from None
    if not policy.policy_id:
        raise Failure(f"{path}: policy_id is missing")
    return policy


def _row(policy: RoutingPolicy) -> tuple[object, ...]:
    objective = name_of(RoutingObjective.Name(policy.objective), "ROUTING_OBJECTIVE_")
    return (
        *(policy.policy_id, policy.order, objective if policy.objective else "constrains"),
        *(_meant(policy.match), policy.version),
    )


def _meant(match: RoutingMatch) -> str:
    """`tasks=analysis,code labels=env:prod`."""
    parts = [f"{field.name}={','.join(value)}" for field, value in match.ListFields() if field.name != "labels"]
    if match.labels:
        parts.append("labels=" + ",".join(f"{key}:{value}" for key, value in sorted(match.labels.items())))
    return " ".join(parts) or "all calls"


def _change_row(change: RoutingChange) -> tuple[object, ...]:
    kind = str(change.WhichOneof("subject"))
    subject = getattr(change, kind)
    item_id = next(getattr(subject, name) for name in ("policy_id", "task", "experiment_id") if hasattr(subject, name))
    when = f"{change.create_time.ToDatetime():%Y-%m-%d %H:%M:%S}"
    return change.revision, when, kind, item_id, change.action, subject.version, change.key_id or "Trunkline"
