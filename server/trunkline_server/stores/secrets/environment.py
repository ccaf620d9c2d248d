"""`env:NAME`: the environment of the server."""

from __future__ import annotations

import os
from collections.abc import Mapping

from trunkline_server.domain.secrets import SecretError


class EnvironmentSecrets:
    """Variables as they were when the process started."""

    def __init__(self, environ: Mapping[str, str] = os.environ) -> None:
        self._environ = environ

    async def resolve(self, reference: str) -> str:
        """See SecretSource."""
        if value := self._environ.get(reference):
            return value
        raise SecretError("the server's environment does not have the variable")
