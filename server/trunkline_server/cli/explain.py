"""`trunkline explain`."""

from __future__ import annotations

from typing import Any

import click
from trunkline.v1.llm_pb2 import ExplainRouteRequest
from trunkline.v1.llm_pb2_grpc import LLMServiceStub

from trunkline_server.cli.complete import request_of, request_options
from trunkline_server.cli.remote import Remote, connected, show_json
from trunkline_server.cli.routes import route_text


@click.command()
@click.argument("prompt")
@request_options
@connected
async def explain(remote: Remote, /, prompt: str, as_json: bool, **options: Any) -> None:
    """Show the route of a request: what decides, each candidate with its score and quote in the order of attempts, and
    the rule that rejected each other one. Nothing is called.

    \b
    Examples:
      trunkline explain "Name three colours."
      trunkline explain "Summarise this." --capability tools --residency eu
      trunkline explain "Prove it." --policy balanced --quality premium --max-cost 15
    """
    request = ExplainRouteRequest(request=request_of(prompt, **options))
    answer = await remote.ask(LLMServiceStub(remote.channel).ExplainRoute, request)
    if as_json:
        show_json(answer)
    else:
        click.echo(route_text(answer.route, answer.candidates))
