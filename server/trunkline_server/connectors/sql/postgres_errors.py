"""What an error of PostgreSQL means, by its SQLSTATE. The server's own text holds values: ours names the condition."""

from __future__ import annotations

import re
from collections.abc import Mapping

import asyncpg

from trunkline_server.domain.errors import Reason, ReasonValue, TrunklineError, invalid_fields

_REJECTED = Reason.ERROR_REASON_UPSTREAM_REJECTED
_UNAVAILABLE = Reason.ERROR_REASON_INTEGRATION_UNAVAILABLE
_TIMEOUT = Reason.ERROR_REASON_UPSTREAM_TIMEOUT
_AUTHENTICATION = Reason.ERROR_REASON_UPSTREAM_AUTHENTICATION

# By SQLSTATE, then by its class: the reason, and what to do. PostgreSQL documentation, appendix A.
_MEANINGS: Mapping[str, tuple[ReasonValue, str]] = {
    "08": (_UNAVAILABLE, "try again"),
    "28": (
        _AUTHENTICATION,
        "check the integration's user and password, and what the server lets in; rotate a new one in",
    ),
    "3D": (_UNAVAILABLE, "correct the database in the integration's endpoint"),
    "40001": (_UNAVAILABLE, "nothing was written; try again"),
    "40P01": (_UNAVAILABLE, "nothing was written; try again"),
    "53": (_UNAVAILABLE, "the database is short of something; try again later"),
    "55P03": (_UNAVAILABLE, "others hold a lock; nothing was written, try again"),
    "57014": (_TIMEOUT, "ask for less, or allow it more time"),
    "57P": (_UNAVAILABLE, "the database is stopping or starting; try again"),
    "58": (_UNAVAILABLE, "the database has a fault of its own; its log tells more"),
    "XX": (_UNAVAILABLE, "the database has a fault of its own; its log tells more"),
    "42501": (_REJECTED, "the database's grants do not allow it; the integration's user or role needs more"),
    "22": (_REJECTED, "a value does not suit the statement"),
    "23": (_REJECTED, "nothing was written: a constraint forbids it"),
    "42": (_REJECTED, "correct the statement"),
    "0A": (_REJECTED, "the database does not support it"),
    "54": (_REJECTED, "the statement is too large or too complex for the database"),
}
# Certainly rolled back, and worth another try.
_UNDONE = frozenset(("40001", "40P01", "55P03"))
# They speak of what was asked, and not against the database: its breaker is not to open.
_OF_STATEMENT = _UNDONE | {"57014"}
_CAMEL = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")


def error_of(error: Exception) -> TrunklineError | None:
    """The meaning of an exception of asyncpg, or of the connection below it; None for any other."""
    if isinstance(error, TrunklineError):
        return error
    if isinstance(error, asyncpg.PostgresError):
        return _told(error)
    if isinstance(error, (asyncpg.InternalClientError, asyncpg.UnsupportedClientFeatureError)):
        return TrunklineError(_REJECTED, "a type of the statement cannot be told; cast it to text in the statement")
    if isinstance(error, (asyncpg.InterfaceError, OSError)):
        return TrunklineError(_UNAVAILABLE, "the connection to the database failed; try again")
    return None


def timed_out(seconds: float, part: str = "total") -> TrunklineError:
    """UPSTREAM_TIMEOUT."""
    done = "connect" if part == "connect" else "answer"
    return TrunklineError(
        _TIMEOUT,
        f"the database did not {done} within {seconds:g} s; ask for less, or allow it more time",
        metadata={"timeout": part, "timeout_seconds": f"{seconds:g}"},
    )


def _told(error: asyncpg.PostgresError) -> TrunklineError:
    state = str(getattr(error, "sqlstate", None) or "")
    if state == "25006":
        return invalid_fields(
            [("parameters_json.sql", "must only read: the transaction is read-only")],
            reason=Reason.ERROR_REASON_INVALID_PARAMETERS,
        )
    reason, advice = next(
        (_MEANINGS[key] for key in (state, state[:3], state[:2]) if key in _MEANINGS),
        (_REJECTED, "the database refused the statement"),
    )
    metadata = {"sqlstate": state, **_names(error)}
    if state in _UNDONE:
        metadata["sent"] = "no"
    if state in _OF_STATEMENT:
        metadata["of"] = "statement"
    if reason == _TIMEOUT:
        metadata["timeout"] = "total"
    named = _CAMEL.sub(" ", type(error).__name__.removesuffix("Error")).lower()
    return TrunklineError(reason, f"the database says: {named} (SQLSTATE {state}); {advice}", metadata=metadata)


def _names(error: asyncpg.PostgresError) -> dict[str, str]:
    """What the error names in fields of its own; never its message or detail."""
    fields = {
        "position": "position",
        "schema": "schema_name",
        "table": "table_name",
        "column": "column_name",
        "constraint": "constraint_name",
    }
    found = {name: getattr(error, field, None) for name, field in fields.items()}
    return {name: str(value) for name, value in found.items() if value}
