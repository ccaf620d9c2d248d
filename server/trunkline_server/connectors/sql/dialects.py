"""The databases that there are adapters for."""

from __future__ import annotations

from collections.abc import Sequence

from trunkline_server.connectors.sql.port import Dialect
from trunkline_server.connectors.sql.postgres import Postgres


def dialects() -> Sequence[Dialect]:
    """One of each; none loads a driver that the server has no other use for."""
    return [Postgres()]
