"""The command `trunkline`. Each command lives in a module of its own, which is imported when the command runs."""

from trunkline_server.cli.commands import main

__all__ = ["main"]
