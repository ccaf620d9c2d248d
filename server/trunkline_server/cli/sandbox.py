"""`trunkline sandbox`."""

from __future__ import annotations

import asyncio
import re
import signal
import sys
from collections.abc import Mapping

import click
from google.protobuf import json_format
from pydantic import ValidationError
from trunkline.v1.configuration_pb2 import IntegrationType
from trunkline.v1.integration_pb2 import CreateIntegrationRequest

from trunkline_server.cli.remote import Failure, run
from trunkline_server.cli.text import facts, table
from trunkline_server.connectors.rest.template_models import Template
from trunkline_server.connectors.rest.template_rules import check_template
from trunkline_server.connectors.rest.templates import TemplateError, load_all
from trunkline_server.sandbox import Faults, Sandbox, SandboxError, running
from trunkline_server.sandbox.credentials import with_scheme
from trunkline_server.sandbox.server import CONTROL_PATH

_DURATION = re.compile(r"([0-9]+(?:\.[0-9]+)?)(ms|s)?")
_SHARE = re.compile(r"(?:([a-z_]+)=)?([0-9]+(?:\.[0-9]+)?)%")
_LATENCY = re.compile(r"([^+]+)(?:\+(.+))?")
# What an option means where no kind is named.
_FAULTS = {"errors": "unavailable", "disconnect": "disconnect_within", "expire": "expired_token"}


def _duration(text: str) -> float:
    found = _DURATION.fullmatch(text)
    if found is None:
        raise Failure(f"{text}: write a time as 200ms or 1.5s")
    return float(found[1]) / (1000 if found[2] == "ms" else 1)


def _shares(given: dict[str, tuple[str, ...]]) -> dict[str, float]:
    """Fault -> share, from options such as `5%` and `rate_limited=2%`."""
    shares: dict[str, float] = {}
    for fault, texts in given.items():
        for text in texts:
            found = _SHARE.fullmatch(text)
            if found is None:
                raise Failure(f"{text}: write a share as 5%, or with its kind as rate_limited=5%")
            shares[found[1] or fault] = float(found[2]) / 100
    return shares


@click.command()
@click.argument("template", default="")
@click.option("--list", "listing", is_flag=True, help="List the templates.")
@click.option("--templates", "directory", default="", help="A directory of your own templates, over the shipped ones.")
@click.option("--port", type=click.IntRange(0, 65535), default=8090, show_default=True, help="0: any free one.")
@click.option("--latency", default="0ms", help="How late answers are: 200ms, or 100ms+200ms for up to 200 ms more.")
@click.option(
    "--errors", multiple=True, metavar="5%", help="Calls that fail; with a kind: rate_limited=2%. Repeatable."
)
@click.option("--malformed", multiple=True, metavar="1%", help="Answers that are cut JSON.")
@click.option("--drip", multiple=True, metavar="1%", help="Answers that come byte by byte.")
@click.option("--disconnect", multiple=True, metavar="1%", help="Connections that break; disconnect_before=1% before.")
@click.option("--hang", multiple=True, metavar="1%", help="Calls that are never answered.")
@click.option("--drift", multiple=True, metavar="1%", help="Answers that break their schema.")
@click.option("--expire", multiple=True, metavar="1%", help="Access tokens that end early.")
@click.option("--no-rates", is_flag=True, help="Do not enforce the API's rates.")
@click.option("--scheme", default="", help="Another of the template's authentication schemes.")
@click.option("--seed", type=int, default=0, show_default=True, help="Which calls meet a fault, and the secret.")
def sandbox(
    template: str,
    listing: bool,
    directory: str,
    port: int,
    latency: str,
    no_rates: bool,
    scheme: str,
    seed: int,
    **given: tuple[str, ...],
) -> None:
    """Play the API of TEMPLATE on this machine, with faults, until it is interrupted.

    Faults can be changed while it runs: PUT /_sandbox; GET tells what happened.

    \b
    Examples:
      trunkline sandbox --list
      trunkline sandbox notion
      trunkline sandbox crm --templates ./templates
      trunkline sandbox stripe --errors 5% --disconnect 1% --latency 50ms+100ms --seed 7
    """
    templates = _templates(directory)
    if listing or not template:
        click.echo(table(("template", "service", "authentication", "tools"), [_row(one) for one in templates.values()]))
        return
    if template not in templates:
        raise Failure(f"there is no template {template}; `trunkline sandbox --list` shows them")
    late = _LATENCY.fullmatch(latency)
    if late is None:
        raise Failure("--latency: write a time as 200ms, or 100ms+200ms")
    told = {
        "shares": _shares({_FAULTS.get(name, name): texts for name, texts in given.items()}),
        "latency_seconds": _duration(late[1]),
        "jitter_seconds": _duration(late[2] or "0"),
        "rates": not no_rates,
    }
    try:
        played = Sandbox(with_scheme(templates[template], scheme), Faults.model_validate(told), seed)
        run(_serve(played, port))
    except ValidationError as error:
        raise Failure(f"the faults do not fit: {error.errors(include_url=False)[0]['msg']}") from None
    except (SandboxError, OSError) as error:
        raise Failure(str(error)) from None


def _templates(directory: str) -> Mapping[str, Template]:
    """The shipped templates and those of the directory, all of them checked."""
    try:
        templates = load_all(directory)
        for one in templates.values():
            check_template(one)
    except TemplateError as error:
        raise Failure(str(error)) from None
    return templates


async def _serve(played: Sandbox, port: int) -> None:
    """Until SIGINT or SIGTERM; then the figures."""
    stop = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    async with running(played, port=port):
        click.echo(_introduction(played))
        sys.stdout.flush()
        await stop.wait()
        figures = {name: value for name, value in played.told().items() if name != "faults"}
    click.echo(facts((name, value) for name, value in figures.items() if value))


def _introduction(played: Sandbox) -> str:
    """Where it is, and how to use it."""
    name = played.template.name
    body = CreateIntegrationRequest(
        integration_id=f"{name.replace('_', '-')}-sandbox",
        type=IntegrationType.INTEGRATION_TYPE_API,
        configuration=played.configuration(),
    )
    body.configuration.authentication.secret = played.secret
    rows = [
        ("address", played.configuration().endpoint),
        ("secret", played.secret or "none is needed"),
        ("faults", f"GET and PUT {played.url}{CONTROL_PATH}"),
        ("server", "TRUNKLINE__SECURITY__ALLOW_HTTP=true TRUNKLINE__SECURITY__ALLOWED_ADDRESSES=127.0.0.0/8"),
    ]
    register = json_format.MessageToJson(body, preserving_proto_field_name=True)
    head = f"{played.template.display_name} is played here."
    return f"{head}\n{facts(rows)}\nRegister it with CreateIntegration:\n{register}"


def _row(template: Template) -> tuple[object, ...]:
    own = template.authentication
    return template.name, template.display_name, ", ".join((own.scheme, *own.alternatives)), len(template.tools)
