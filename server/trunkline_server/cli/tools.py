"""`trunkline tools`."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import IO, Any

import click
from google.protobuf.json_format import ParseDict, ParseError
from google.rpc.error_details_pb2 import ErrorInfo
from google.rpc.status_pb2 import Status
from trunkline.v1.common_pb2 import CallContext
from trunkline.v1.tool_pb2 import (
    ApproveToolCallRequest,
    BatchExecuteToolsRequest,
    ExecuteToolRequest,
    ExecuteToolResponse,
    GetToolRequest,
    ListToolsRequest,
    ToolCacheMode,
    ToolPreview,
)
from trunkline.v1.tool_pb2_grpc import ToolServiceStub

from trunkline_server.cli.remote import CALL_SECONDS, Failure, Remote, connected, show_json
from trunkline_server.cli.text import dim, facts, milliseconds, money, table, usd
from trunkline_server.cli.tool_streams import Output, Rows, ToolStream

_CACHE = {"fresh": ToolCacheMode.TOOL_CACHE_MODE_REFRESH, "off": ToolCacheMode.TOOL_CACHE_MODE_BYPASS}


@click.group()
def tools() -> None:
    """What integrations can do."""


def _call_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """What says which call is meant."""
    for option in (
        click.option("--agent", default="cli", show_default=True, help="The agent that the call is counted for."),
        click.option("--user", default="", help="The end user that it is made for."),
        click.option("--approval", default="", help="The id of an approval."),
        click.option("--params", default="{}", show_default=True, help="The parameters, a JSON object."),
        click.option("--integration", required=True, help="The integration."),
        click.argument("name"),
    ):
        command = option(command)
    return command


@tools.command("list")
@click.option("--integration", default="", help="Only tools of this integration.")
@click.option("--query", default="", help="Only tools whose name or description holds all of these words.")
@connected
async def list_tools(remote: Remote, integration: str, query: str) -> None:
    """List the tools that the key may execute."""
    stub, token, rows = ToolServiceStub(remote.channel), "", []
    while True:
        request = ListToolsRequest(integration_id=integration, query=query, page_token=token)
        answer = await remote.ask(stub.ListTools, request)
        rows += [
            (tool.name, tool.integration_id, "changes" if tool.has_side_effects else "reads", tool.description)
            for tool in answer.tools
        ]
        token = answer.next_page_token
        if not token:
            break
    click.echo(table(("name", "integration", "effect", "description"), rows))


@tools.command("show")
@click.argument("name")
@click.option("--integration", required=True, help="The integration.")
@connected
async def show(remote: Remote, name: str, integration: str) -> None:
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
                ("cost", usd(tool.cost_nano_usd)),
                ("approval", "needed" if tool.approval_required else "not needed"),
                ("pages", "yes" if tool.paginated else "no"),
                *([("deprecated", tool.deprecation)] if tool.deprecation else []),
            ]
        )
    )
    click.echo(json.dumps(json.loads(tool.parameters_schema_json or b"{}"), indent=2, ensure_ascii=False))


@tools.command("run")
@_call_options
@click.option("--timeout", "seconds", type=click.FloatRange(0.001, 600), help="Seconds.  [default: the tool's]")
@click.option("--cache", type=click.Choice(sorted(_CACHE)), help="Take no kept result (fresh), and keep none (off).")
@click.option("--request-id", default="", help="The same id again gets the answer of the first call.")
@click.option("--json", "as_json", is_flag=True, help="Print the whole response as JSON.")
@click.option("--stream", is_flag=True, help="Take the result as it comes, of any length: rows as JSON lines.")
@click.option("--table", "as_table", is_flag=True, help="Rows as a table, once all are there; implies --stream.")
@click.option("--output", type=click.Path(dir_okay=False), help="Write the result to this file; implies --stream.")
@click.option(
    "--input", "source", type=click.File("rb"), help="Send this file as input, - for stdin; implies --stream."
)
@connected
async def run(
    remote: Remote,
    /,
    seconds: float | None,
    cache: str | None,
    request_id: str,
    as_json: bool,
    stream: bool,
    as_table: bool,
    output: str | None,
    source: IO[bytes] | None,
    **call: str,
) -> None:
    """Run the tool NAME. Its result goes to stdout, what it took to stderr. An object that is read or sent goes on
    after a cut, where it was.

    \b
    Examples:
      trunkline tools run get_repository --integration github --params '{"owner": "grpc", "repo": "grpc"}'
      trunkline tools run query --integration warehouse --stream --params '{"sql": "SELECT * FROM orders"}'
      trunkline tools run put_object --integration files --params '{"key": "a.bin"}' --input a.bin
      trunkline tools run get_object --integration files --params '{"key": "a.bin"}' --output a.bin
    """
    request = _request(**call)
    request.request_id = request_id
    if cache:
        request.cache = _CACHE[cache]
    if seconds is not None:
        request.timeout.FromMicroseconds(round(seconds * 1_000_000))
    if stream or as_table or output or source is not None:
        end = await ToolStream(remote, request, source, Rows(as_table), Output(output)).run()
        click.echo(dim(facts(_taken(end))), err=True)
        return
    # Later than the server's own timeout, which tells more.
    limit = max(CALL_SECONDS, (seconds or 0) + 5)
    answer = await remote.ask(ToolServiceStub(remote.channel).ExecuteTool, request, limit)
    if as_json:
        show_json(answer)
        return
    click.echo(answer.result_json or answer.result_bytes)
    click.echo(dim(facts(_taken(answer))), err=True)


@tools.command("preview")
@_call_options
@connected
async def preview(remote: Remote, /, **call: str) -> None:
    """Show what a call of the tool NAME would send and cost. Nothing is called."""
    request = _request(**call)
    request.validate_only = True
    told: ToolPreview = (await remote.ask(ToolServiceStub(remote.channel).ExecuteTool, request)).preview
    rows: list[tuple[str, object]] = [("request", f"{told.method} {told.url}")]
    rows += [(name, value) for name, value in sorted(told.headers.items())]
    rows += [("cost", usd(told.cost_nano_usd)), ("cached", "yes" if told.cached else "no")]
    rows += [("approval", "missing")] if told.approval_missing else []
    rows += [("wait", milliseconds(told.wait))] if told.HasField("wait") else []
    click.echo(facts(rows))
    if told.body:
        click.echo(told.body)


@tools.command("approve")
@click.argument("name")
@click.option("--integration", required=True, help="The integration.")
@click.option("--params", default="{}", show_default=True, help="The parameters, as the call will have them.")
@click.option(
    "--minutes", type=click.FloatRange(0.02, 1440), default=15.0, show_default=True, help="How long it lasts."
)
@click.option("--comment", default="", help="Why, for the audit log.")
@connected
async def approve(remote: Remote, name: str, integration: str, params: str, minutes: float, comment: str) -> None:
    """Allow one call of the tool NAME with exactly these parameters, by another key. Its id goes to stdout."""
    request = ApproveToolCallRequest(
        integration_id=integration, tool_name=name, parameters_json=_json(params), comment=comment
    )
    request.ttl.FromMilliseconds(round(minutes * 60_000))
    answer = await remote.ask(ToolServiceStub(remote.channel).ApproveToolCall, request)
    click.echo(answer.approval_id)
    click.echo(dim(f"until {answer.expire_time.ToDatetime():%Y-%m-%d %H:%M:%S} UTC"), err=True)


@tools.command("batch")
@click.argument("file", type=click.File("rb"))
@click.option("--concurrency", type=click.IntRange(1, 32), default=8, show_default=True, help="How many at a time.")
@click.option("--stop-on-error", is_flag=True, help="Begin no further call after the first error.")
@connected
async def batch(remote: Remote, file: IO[bytes], concurrency: int, stop_on_error: bool) -> None:
    """Run the calls of FILE (- for stdin), one JSON object a line: integration, tool, params, and where wanted
    request_id and approval. Prints a line for each; the exit code is 1 when one of them failed.

    \b
    Example:
      echo '{"integration": "orders", "tool": "get_order", "params": {"order_id": 7}}' | trunkline tools batch -
    """
    requests = [_line(number, line) for number, line in enumerate(file, 1) if line.strip()]
    request = BatchExecuteToolsRequest(requests=requests, max_concurrency=concurrency, stop_on_error=stop_on_error)
    answer = await remote.ask(ToolServiceStub(remote.channel).BatchExecuteTools, request, 600)
    for outcome in answer.outcomes:
        click.echo(_told(outcome.error) if outcome.HasField("error") else outcome.response.result_json)
    if failed := sum(outcome.HasField("error") for outcome in answer.outcomes):
        raise Failure(f"{failed} of {len(answer.outcomes)} calls failed")


def _request(name: str, integration: str, params: str, approval: str, agent: str, user: str) -> ExecuteToolRequest:
    return ExecuteToolRequest(
        tool_name=name,
        integration_id=integration,
        parameters_json=_json(params),
        approval_id=approval,
        context=CallContext(agent_id=agent, user_id=user),
    )


def _json(params: str) -> bytes:
    try:
        json.loads(params)
    except ValueError as error:
        raise Failure(f"--params is not JSON: {error}") from None
    return params.encode()


def _line(number: int, line: bytes) -> ExecuteToolRequest:
    try:
        asked = json.loads(line)
        params = json.dumps(asked.pop("params", {})).encode()
        names = {"tool": "tool_name", "integration": "integration_id", "approval": "approval_id"}
        request = ParseDict({names.get(name, name): value for name, value in asked.items()}, ExecuteToolRequest())
    except (ValueError, AttributeError, ParseError) as error:
        raise Failure(f"line {number} is no call: {error}") from None
    request.parameters_json = params
    request.context.agent_id = request.context.agent_id or "cli"
    return request


def _told(status: Status) -> str:
    info = ErrorInfo()
    known = status.details and status.details[0].Unpack(info)
    return json.dumps({"error": info.reason if known else status.code, "message": status.message})


def _taken(answer: ExecuteToolResponse) -> list[tuple[str, object]]:
    rows: list[tuple[str, object]] = [("time", milliseconds(answer.execution_time))]
    if answer.HasField("http_status"):
        rows.append(("HTTP status", answer.http_status))
    age = f"yes, {answer.cache_age.ToSeconds()} s old" if answer.cached else "no"
    rows += [("cached", age), ("request", answer.request_id), ("trace", answer.trace_id)]
    if answer.HasField("cost"):
        rows.append(("cost", money(answer.cost)))
    rows += [("warning", warning) for warning in answer.warnings]
    return rows
