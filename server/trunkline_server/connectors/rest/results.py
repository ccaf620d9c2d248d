"""What there is to say of a result: where it breaks its schema, and that its tool is about to go. Pure: no I/O."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import UTC, datetime

from trunkline.v1.integration_health_pb2 import ResultDrift

from trunkline_server.connectors.rest.answers import HttpAnswer
from trunkline_server.connectors.rest.operation import Operation
from trunkline_server.domain.errors import Reason, TrunklineError, invalid_fields
from trunkline_server.domain.schemas import RESULT, broken

# Places in one result that are told.
MAX_DRIFTS = 16
# RFC 9745, 2.1: a date of structured fields, Unix seconds; drafts of it had `true` or a date as text.
_SINCE = re.compile(r"@(-?[0-9]{1,12})")
_MAX_TEXT = 300


def drifts_of(answer: HttpAnswer, operation: Operation) -> Sequence[ResultDrift]:
    """Where the result breaks the tool's schema; none where it has no schema."""
    validator = operation.result
    if validator is None:
        return ()
    content = answer.text if answer.content is None and answer.content_type.startswith("text/") else answer.content
    if validator.is_valid(content):
        return ()
    found = broken(validator, content, RESULT, MAX_DRIFTS)
    return [ResultDrift(tool_name=operation.name, path=path, description=text[:_MAX_TEXT]) for path, text in found]


def drifted(drifts: Sequence[ResultDrift]) -> str:
    """A warning for the caller."""
    first, others = drifts[0], len(drifts) - 1
    more = f" (and {others} more)" if others else ""
    return f"the result is not what the tool's schema says: {first.path}: {first.description}{more}"


def malformed(drifts: Sequence[ResultDrift], status: int) -> TrunklineError:
    """UPSTREAM_MALFORMED with the paths."""
    error = invalid_fields(
        [(one.path, one.description) for one in drifts], reason=Reason.ERROR_REASON_UPSTREAM_MALFORMED
    )
    error.message = f"{drifted(drifts)}; correct the schema, or allow such results"
    error.metadata["http_status"] = str(status)
    return error


def deprecations_of(answer: HttpAnswer, operation: Operation) -> list[str]:
    """Warnings that the tool, or what it calls, goes away: by its template, and by the headers Deprecation (RFC 9745)
    and Sunset (RFC 8594)."""
    found = []
    if operation.deprecation:
        found.append(f"the tool is deprecated: {operation.deprecation[:_MAX_TEXT]}")
    if told := answer.headers.get("deprecation", "").strip():
        found.append("the API says that what the tool calls is deprecated" + _since(told))
    if ends := answer.http_date("sunset"):
        found.append(f"the API says that what the tool calls ends on {ends:%Y-%m-%d}")
    return found


def _since(told: str) -> str:
    match = _SINCE.fullmatch(told.partition(";")[0].strip())
    if match is None:
        return ""
    try:
        return f" as of {datetime.fromtimestamp(int(match[1]), UTC):%Y-%m-%d}"
    except (ValueError, OverflowError, OSError):
        return ""
