"""`trunkline doctor`: runs the checks and shows their findings."""

from __future__ import annotations

import os
import sys

import click

from trunkline_server.cli.dial import Tls, tls_options
from trunkline_server.cli.doctor_checks import Finding, Level, examine, read_place
from trunkline_server.cli.remote import read_state, run
from trunkline_server.config import ConfigError

_COLOURS = {Level.OK: "green", Level.WARN: "yellow", Level.FAIL: "red"}


@click.command()
@tls_options
def doctor(tls: Tls) -> None:
    """Check Python, packages, settings, PostgreSQL, Redis, credential keys, ports, the server and its models.

    Without DATABASE_URL, what `trunkline dev` wrote below .trunkline is checked. Exit code 1 when a check fails.

    \b
    Examples:
      trunkline doctor
      DATABASE_URL=postgresql://… REDIS_CLUSTER_URLS=redis://… trunkline doctor
    """
    try:
        place = read_place(os.environ, read_state(), tls)
    except ConfigError as error:
        findings = [
            Finding(Level.FAIL, "settings", str(error), "correct the keys named here; see trunkline.example.toml")
        ]
    else:
        findings = run(examine(place))
    for found in findings:
        level = click.style(f"{found.level:4}", fg=_COLOURS[found.level])
        click.echo(f"{level}  {found.what.ljust(16)}  {found.detail}")
        if found.fix and found.level is not Level.OK:
            click.echo(f"      {''.ljust(16)}  → {found.fix}")
    if any(found.level is Level.FAIL for found in findings):
        sys.exit(1)
