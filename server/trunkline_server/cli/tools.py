"""`trunkline tools`."""

from __future__ import annotations

import json

import click
from trunkline.v1.common_pb2 import CallContext
from trunkline.v1.tool_pb2 import ExecuteToolRequest, GetToolRequest, ListToolsRequest
from trunkline.v1.tool_pb2_grpc import ToolServiceStub

from trunkline_server.cli.remote import CALL_SECONDS, Failure, Remote, connected, show_json
from trunkline_server.cli.text import dim, facts, milliseconds, money, table


@click.group()
def tools() -> None:
    """What integrations can do."""


@tools.command("list")
@click.option("--integration", default="", help="Only tools of this integration.")
@connected
async def list_tools(remote: Remote, integration: str) -> None:
    """List the tools of the tenant's active integrations."""
    stub, token, rows = ToolServiceStub(remote.channel), "", []
    while True:
        answer = await remote.ask(stub.ListTools, ListToolsRequest(integration_id=integration, page_token=token))
        rows += [
            (tool.name, tool.integration_id, "changes" if tool.has_side_effects else "reads", tool.description)
            for tool in answer.tools
        ]
        token = answer.next_page_token
        if not token:
            break
    click.echo(table(("name", "integration", "effect", "description"), rows))


@tools.command("get")
@click.argument("name")
@click.option("--integration", required=True, help="The integration.")
@connected
async def get(remote: Remote, name: str, integration: str) -> None:
    """Show the tool NAME and the JSON Schema of its parameters."""
    request = GetToolRequest(integration_id=integration, tool_name=name)
    tool = (await remote.ask(ToolServiceStub(remote.channel).GetTool, request)).tool
    click.echo(
        facts(
            [
                ("name", tool.name),
                ("integration", tool.integration_id),
                ("description", tool.description),
                ("effect", "changes" if tool.has_side_effects else "reads"),
                ("timeout", milliseconds(tool.timeout)),
            ]
        )
    )
    click.echo(json.dumps(json.loads(tool.parameters_schema_json or b"{}"), indent=2, ensure_ascii=False))


@tools.command("execute")
@click.argument("name")
@click.option("--integration", required=True, help="The integration.")
@click.option("--params", default="{}", show_default=True, help="The parameters, a JSON object.")
@click.option("--timeout", "seconds", type=click.FloatRange(0.001, 600), help="Seconds.  [default: the tool's]")
@click.option("--agent", default="cli", show_default=True, help="The agent that the call is counted for.")
@click.option("--json", "as_json", is_flag=True, help="Print the whole response as JSON.")
@connected
async def execute(
    remote: Remote, name: str, integration: str, params: str, seconds: float | None, agent: str, as_json: bool
) -> None:
    """Run the tool NAME. Its result goes to stdout, what it took to stderr.

    \b
    Example:
      trunkline tools execute get_repository --integration github --params '{"owner": "grpc", "repo": "grpc"}'
    """
    try:
        json.loads(params)
    except ValueError as error:
        raise Failure(f"--params is not JSON: {error}") from None
    request = ExecuteToolRequest(
        tool_name=name, integration_id=integration, parameters_json=params.encode(), context=CallContext(agent_id=agent)
    )
    if seconds is not None:
        request.timeout.FromMicroseconds(round(seconds * 1_000_000))
    # Later than the server's own timeout, which tells more.
    limit = max(CALL_SECONDS, (seconds or 0) + 5)
    answer = await remote.ask(ToolServiceStub(remote.channel).ExecuteTool, request, limit)
    if as_json:
        show_json(answer)
        return
    click.echo(answer.result_json or answer.result_bytes)
    rows: list[tuple[str, object]] = [
        ("time", milliseconds(answer.execution_time)),
        ("cached", "yes" if answer.cached else "no"),
        ("request", answer.request_id),
        ("trace", answer.trace_id),
    ]
    if answer.HasField("http_status"):
        rows.insert(1, ("HTTP status", answer.http_status))
    if answer.HasField("cost"):
        rows.append(("cost", money(answer.cost)))
    click.echo(dim(facts(rows)), err=True)
