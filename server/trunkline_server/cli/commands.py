"""The list of commands. Only click is imported here: `trunkline --help` answers at once."""

from __future__ import annotations

import importlib
import os
from collections.abc import Mapping

import click

# Before gRPC is imported: its core tells every closed connection on stderr.
os.environ.setdefault("GRPC_VERBOSITY", "ERROR")

# Command -> (module of this package, attribute, one line of help).
COMMANDS: Mapping[str, tuple[str, str, str]] = {
    "dev": ("dev", "dev", "Run everything on this machine: databases, a small real model, the server."),
    "serve": ("serve", "serve", "Run the server."),
    "migrate": ("serve", "migrate", "Bring the database schema up to date."),
    "probe": ("serve", "probe", "Ask a server for its health; the exit code is the answer."),
    "credentials": ("credentials", "credentials", "Put stored credentials under a new key-encryption key."),
    "doctor": (
        "doctor",
        "doctor",
        "Check this machine, the settings and the stores, and say how to fix what is wrong.",
    ),
    "complete": ("complete", "complete", "Ask a model, and print the answer as it comes."),
    "embed": ("embed", "embed", "Turn texts into vectors."),
    "explain": ("explain", "explain", "Show which model a request would get, and why not the others."),
    "keys": ("keys", "keys", "Create, list, rotate and revoke API keys."),
    "integrations": ("integrations", "integrations", "Manage the systems behind Trunkline."),
    "import-openapi": ("openapi", "import_openapi", "Turn an OpenAPI document into tools."),
    "mcp": ("mcp", "mcp", "Offer the tools of integrations to MCP clients."),
    "tools": ("tools", "tools", "List and run the tools of integrations."),
    "events": ("events", "events", "Follow what happens."),
    "webhooks": ("webhooks", "webhooks", "Deliver events to HTTP endpoints, and try receivers out."),
    "sandbox": ("sandbox", "sandbox", "Play the API of a template on this machine, with faults, for tests."),
    "budgets": ("budgets", "budgets", "Set limits on money, and see what is left."),
    "experiments": (
        "experiments",
        "experiments",
        "Set models against each other on live calls, and see what comes of it.",
    ),
    "feedback": ("experiments", "feedback", "Judge a call."),
    "policies": ("policies", "policies", "Say how calls are routed, and see who changed what."),
    "tasks": ("tasks", "tasks", "Say which models serve which task."),
}


class Commands(click.Group):
    """A group that imports a command when it is asked for, and only then."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """The names, in the order of COMMANDS."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The command, None when there is none of this name."""
        if cmd_name not in COMMANDS:
            return None
        module, attribute, _ = COMMANDS[cmd_name]
        command = getattr(importlib.import_module(f"trunkline_server.cli.{module}"), attribute)
        assert isinstance(command, click.Command)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """The list, without importing anything."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, text) for name, (_, _, text) in COMMANDS.items()])


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110})
@click.version_option(package_name="trunkline", prog_name="trunkline")
def main() -> None:
    """Trunkline: one gRPC contract for language models, tools and the systems behind them.

    \b
    Start here, with nothing installed but this package:
      trunkline dev
    Then, in another terminal of the same directory:
      trunkline complete "Name three colours."
      trunkline explain "Name three colours." --capability text
      trunkline doctor

    Commands that talk to a server find it by --target and --key, then TRUNKLINE_TARGET and TRUNKLINE_KEY, then
    .trunkline/dev.json, which `trunkline dev` writes. They speak TLS with --tls or --tls-ca (TRUNKLINE_TLS_CA).
    """
