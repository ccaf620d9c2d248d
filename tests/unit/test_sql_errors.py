"""What errors of PostgreSQL mean to a caller; and where connections may go."""

from __future__ import annotations

import asyncpg
import pytest
from trunkline_server.connectors.sql.postgres_errors import error_of
from trunkline_server.domain.tools.run import Fate, fate_of

DATA = "Key (name)=(hidden-0) already exists."


def told(state: str) -> asyncpg.PostgresError:
    """As asyncpg makes it of what the server sent."""
    fields = {"S": "ERROR", "C": state, "M": DATA, "D": DATA, "t": "orders", "n": "orders_pkey", "P": "7"}
    error = asyncpg.PostgresError.new(fields)
    assert isinstance(error, asyncpg.PostgresError)
    return error


@pytest.mark.parametrize(
    ("state", "reason", "fate"),
    [
        ("42P01", "UPSTREAM_REJECTED", Fate.REFUSED),
        ("42601", "UPSTREAM_REJECTED", Fate.REFUSED),
        ("42501", "UPSTREAM_REJECTED", Fate.REFUSED),
        ("23505", "UPSTREAM_REJECTED", Fate.REFUSED),
        ("22012", "UPSTREAM_REJECTED", Fate.REFUSED),
        ("P0001", "UPSTREAM_REJECTED", Fate.REFUSED),
        ("25006", "INVALID_PARAMETERS", Fate.NOT_SENT),
        ("28P01", "UPSTREAM_AUTHENTICATION", Fate.NOT_SENT),
        ("57014", "UPSTREAM_TIMEOUT", Fate.UNKNOWN),
        ("40001", "INTEGRATION_UNAVAILABLE", Fate.NOT_SENT),
        ("40P01", "INTEGRATION_UNAVAILABLE", Fate.NOT_SENT),
        ("53300", "INTEGRATION_UNAVAILABLE", Fate.UNKNOWN),
        ("08006", "INTEGRATION_UNAVAILABLE", Fate.UNKNOWN),
        ("57P01", "INTEGRATION_UNAVAILABLE", Fate.UNKNOWN),
        ("XX000", "INTEGRATION_UNAVAILABLE", Fate.UNKNOWN),
        ("3D000", "INTEGRATION_UNAVAILABLE", Fate.UNKNOWN),
    ],
)
def test_an_error_is_told_by_its_state_and_without_its_text(state: str, reason: str, fate: Fate) -> None:
    found = error_of(told(state))
    assert found is not None
    assert found.reason_name == reason and fate_of(found) == fate
    assert "hidden-0" not in str(found.status())
    if state == "23505":
        named = {"sqlstate": state, "table": "orders", "constraint": "orders_pkey", "position": "7"}
        assert found.metadata == named and "unique violation" in found.message


def test_what_the_driver_cannot_do_is_not_the_databases_fault() -> None:
    for error, reason in (
        (asyncpg.InternalClientError("no such type"), "UPSTREAM_REJECTED"),
        (asyncpg.UnsupportedClientFeatureError("no such type"), "UPSTREAM_REJECTED"),
        (asyncpg.InterfaceError("closed"), "INTEGRATION_UNAVAILABLE"),
        (ConnectionResetError("10.0.0.1"), "INTEGRATION_UNAVAILABLE"),
    ):
        found = error_of(error)
        assert found is not None and found.reason_name == reason and str(error) not in found.message
    assert error_of(KeyError("ours")) is None
