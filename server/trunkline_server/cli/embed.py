"""`trunkline embed`."""

from __future__ import annotations

import click
from trunkline.v1.common_pb2 import CallContext
from trunkline.v1.llm_pb2 import EmbedRequest, EmbedResponse
from trunkline.v1.llm_pb2_grpc import LLMServiceStub
from trunkline.v1.requirements_pb2 import ModelRequirements

from trunkline_server.cli.remote import Remote, connected, show_json
from trunkline_server.cli.text import dim, facts, milliseconds, usd

_SHOWN = 6


@click.command()
@click.argument("texts", nargs=-1, required=True)
@click.option("--model", default="", help="`provider/model`, a bare name or an alias. Empty: the router chooses.")
@click.option("--dimensions", type=click.IntRange(1), help="The length of the vectors, for models that can shorten.")
@click.option("--purpose", default="", help="query, document, classification or clustering, for models that ask.")
@click.option("--agent", default="cli", show_default=True, help="The agent that the call is counted for.")
@click.option("--json", "as_json", is_flag=True, help="Print what the server sent, as JSON.")
@click.option(
    "--timeout", "seconds", type=click.FloatRange(0, min_open=True), default=60.0, show_default=True, help="Seconds."
)
@connected
async def embed(
    remote: Remote,
    /,
    texts: tuple[str, ...],
    model: str,
    dimensions: int | None,
    purpose: str,
    agent: str,
    as_json: bool,
    seconds: float,
) -> None:
    """Turn TEXTS into vectors. Their first numbers go to stdout, a line each; what they used and cost to stderr.

    \b
    Examples:
      trunkline embed "Name three colours."
      trunkline embed "Name three colours." "List some hues." --model local/all-minilm-l6-v2
      trunkline embed "Name three colours." --json | jq '.embeddings[0].values | length'
    """
    request = EmbedRequest(
        model=model, inputs=texts, dimensions=dimensions, purpose=purpose, context=CallContext(agent_id=agent)
    )
    if not model:
        request.model_requirements.CopyFrom(ModelRequirements(capabilities=["embeddings"]))
    answer = await remote.ask(LLMServiceStub(remote.channel).Embed, request, seconds)
    if as_json:
        show_json(answer)
        return
    for found in answer.embeddings:
        more = ", …" if len(found.values) > _SHOWN else ""
        click.echo(f"[{', '.join(f'{number:.6f}' for number in found.values[:_SHOWN])}{more}]")
    click.echo(dim(summary(answer)), err=True)


def summary(answer: EmbedResponse) -> str:
    """What the call used and cost, for people. An absent count is unknown, not zero."""
    used = answer.usage
    return facts(
        [
            ("dimensions", answer.dimensions),
            ("tokens", f"{used.input_tokens if used.HasField('input_tokens') else '?'} in"),
            ("cost", "unknown: no price" if answer.cost_details.price_unknown else usd(answer.cost_details.nano_usd)),
            ("total", milliseconds(answer.latency)),
            ("model", f"{answer.provider}/{answer.model_used}"),
            ("request", answer.request_id),
            ("trace", answer.trace_id),
        ]
    )
