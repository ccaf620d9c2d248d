"""`trunkline complete`, and what a request is made of on the command line."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import click
from trunkline.v1.caching_pb2 import CacheMode, CachePolicy
from trunkline.v1.common_pb2 import CallContext
from trunkline.v1.completion_pb2 import (
    CompleteRequest,
    CompleteResponse,
    Finished,
    FinishReason,
)
from trunkline.v1.requirements_pb2 import ModelRequirements, Quality

from trunkline_server.cli.budgets import Usd
from trunkline_server.cli.remote import Remote, connected, show_json
from trunkline_server.cli.routes import basis_of, counts_of, route_text
from trunkline_server.cli.text import dim, facts, milliseconds, money, name_of, usd
from trunkline_server.domain.money import to_money

_MILLION = 1_000_000

_OPTIONS = (
    click.option("--model", default="", help="`provider/model`, a bare name or an alias. Empty: the router chooses."),
    click.option("--max-tokens", type=click.IntRange(1, 1_000_000), default=256, show_default=True),
    click.option(
        "--capability",
        "capabilities",
        multiple=True,
        help="What the model must be able to do, for example vision. Repeatable.  [default: text, without a --model]",
    ),
    click.option("--residency", default="", help="The region in which data must stay, for example eu."),
    click.option("--task", default="", help="The task, which a policy may map to models."),
    click.option("--policy", default="", help="cost, latency, quality, balanced, or a policy of the tenant by its id."),
    click.option("--quality", type=click.Choice(("basic", "standard", "premium")), help="The least quality."),
    click.option("--max-cost", type=Usd(), help="USD per million tokens at most, of input and of output."),
    click.option(
        "--max-latency", type=click.FloatRange(0, min_open=True), help="Seconds to the whole answer, at most."
    ),
    click.option("--agent", default="cli", show_default=True, help="The agent that the call is counted for."),
    click.option("--json", "as_json", is_flag=True, help="Print what the server sent, as JSON."),
)


def request_options(command: Callable[..., Any]) -> Callable[..., Any]:
    for option in reversed(_OPTIONS):
        command = option(command)
    return command


@click.command()
@click.argument("prompt")
@request_options
@click.option("--stream/--no-stream", default=True, show_default=True, help="Print the answer as it comes.")
@click.option("--no-cache", is_flag=True, help="Neither read nor write the cache.")
@click.option("--explain", is_flag=True, help="Show afterwards why this model was chosen, and not the others.")
@click.option(
    "--timeout", "seconds", type=click.FloatRange(0, min_open=True), default=120.0, show_default=True, help="Seconds."
)
@connected
async def complete(
    remote: Remote,
    /,
    prompt: str,
    stream: bool,
    no_cache: bool,
    explain: bool,
    seconds: float,
    as_json: bool,
    **options: Any,
) -> None:
    """Ask a model. The answer goes to stdout, what it used and cost to stderr.

    \b
    Examples:
      trunkline complete "Name three colours."
      trunkline complete "Name three colours." --model llamacpp/smollm2-135m-instruct --max-tokens 32
      trunkline complete "What is on this page?" --capability vision --residency eu
      trunkline complete "Name three colours." --json --no-stream | jq .usage
    """
    request = request_of(prompt, **options)
    if no_cache:
        request.cache.CopyFrom(CachePolicy(mode=CacheMode.CACHE_MODE_OFF))
    if explain:
        request.routing.explain = True
    async with remote.client() as client:
        if not stream:
            answer = await client.complete(request, deadline=seconds)
            if as_json:
                show_json(answer)
                return
            click.echo(answer.completion)
            _tell(answer, explain)
            return
        async for event in client.stream(request, deadline=seconds):
            if as_json:
                show_json(event, indent=None)
            elif event.HasField("content_delta"):
                click.echo(event.content_delta.text, nl=False)
            elif event.HasField("failed_over") and event.failed_over.content_discarded:
                click.echo(dim("\n[starting anew with another provider]"), err=True)
            elif event.HasField("finished"):
                click.echo()
                _tell(event.finished, explain)


def request_of(prompt: str, *, model: str, max_tokens: int, agent: str, **requirements: Any) -> CompleteRequest:
    """The request. Without a model and capabilities, `text` is asked for: the router needs at least one."""
    request = CompleteRequest(model=model, prompt=prompt, max_tokens=max_tokens, context=CallContext(agent_id=agent))
    capabilities = requirements["capabilities"] or (() if model else ("text",))
    quality = requirements["quality"]
    wanted = ModelRequirements(
        capabilities=capabilities,
        data_residency=requirements["residency"],
        task=requirements["task"],
        quality=Quality.Value(f"QUALITY_{quality.upper()}") if quality else Quality.QUALITY_UNSPECIFIED,
    )
    if requirements["max_cost"]:
        wanted.max_cost_per_token.CopyFrom(to_money(max(1, requirements["max_cost"] // _MILLION)))
    if requirements["max_latency"]:
        wanted.max_latency.FromMicroseconds(round(requirements["max_latency"] * 1_000_000))
    if wanted.ByteSize():
        request.model_requirements.CopyFrom(wanted)
    if requirements["policy"]:
        request.routing.policy = requirements["policy"]
    return request


def _tell(end: Finished | CompleteResponse, explain: bool) -> None:
    click.echo(dim(summary(end)), err=True)
    if explain:
        click.echo(f"\n{route_text(end.route, end.route.candidates)}", err=True)


def summary(end: Finished | CompleteResponse) -> str:
    """What the call used and cost, for people. An absent count is unknown, not zero."""
    rows: list[tuple[str, object]] = [
        ("tokens", f"{_count(end, 'input_tokens')} in, {_count(end, 'output_tokens')} out"),
        ("cost", "unknown: no price" if end.cost_details.price_unknown else usd(end.cost_details.nano_usd)),
        ("first token", milliseconds(end.time_to_first_token)),
        ("total", milliseconds(end.latency)),
        ("route", f"{end.provider}/{end.model_used} ({basis_of(end.route)}, {counts_of(end.route)})"),
        ("request", end.request_id),
        ("trace", end.trace_id),
    ]
    if end.cache_hit:
        rows.insert(2, ("cache", f"answered, saved {usd(end.cache.saved_nano_usd)}"))
    if end.finish.reason != FinishReason.FINISH_REASON_STOP:
        rows.insert(1, ("ended by", name_of(FinishReason.Name(end.finish.reason), "FINISH_REASON_")))
    rows += [
        (f"budget {each.budget_id}", f"{money(each.remaining)} left of {money(each.limit)}") for each in end.budget
    ]
    return facts(rows)


def _count(end: Finished | CompleteResponse, field: str) -> object:
    return getattr(end.usage, field) if end.usage.HasField(field) else "?"  # type: ignore[arg-type]
