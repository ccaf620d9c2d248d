"""Plays the API of any template, with faults, for tests: a server of its own that knows only the template's data."""

from trunkline_server.sandbox.credentials import SandboxError
from trunkline_server.sandbox.faults import Faults
from trunkline_server.sandbox.server import Sandbox, running

__all__ = ["Faults", "Sandbox", "SandboxError", "running"]
