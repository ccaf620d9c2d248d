"""From an HTTP answer to a tool's answer or the one error that it means. Pure: no I/O."""

from __future__ import annotations

import re
import time
from collections.abc import Mapping
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from typing import Any
from urllib.parse import urlsplit

import orjson

from trunkline_server.connectors.rest.pacing import rate_limited
from trunkline_server.connectors.rest.template_models import ErrorMap
from trunkline_server.domain.connectors import ToolAnswer
from trunkline_server.domain.errors import Reason, ReasonValue, TrunklineError
from trunkline_server.domain.redaction import redact

MAX_BODY = 8 * 1024 * 1024
_MAX_MESSAGE = 300
# How much of an answer is looked at for a message.
_MAX_READ = 16 * 1024
# Longer waits than a year are nonsense, and google.protobuf.Duration ends somewhere.
_MAX_RETRY_AFTER = 366 * 86_400
_JSON_TYPE = re.compile(r"(?i)[a-z]+/(json|[a-z0-9.!#$&^_-]+\+json)")
_SECONDS = re.compile(r"[0-9]{1,9}(\.[0-9]{1,6})?")
_UNIX_SECONDS = re.compile(r"[0-9]{1,11}")
# Where APIs put what they say to people, by how often it is met.
_MESSAGE_FIELDS = ("message", "error_description", "detail", "error", "title", "errors")

_LATE = (Reason.ERROR_REASON_UPSTREAM_TIMEOUT, "did not finish in its own time")
# Which error a status is; what helps against it says the table of domain/strategies.py.
_BY_STATUS: Mapping[int, tuple[ReasonValue, str]] = {
    401: (Reason.ERROR_REASON_UPSTREAM_AUTHENTICATION, "refused the integration's credential"),
    403: (Reason.ERROR_REASON_UPSTREAM_AUTHENTICATION, "refused the integration's credential"),
    402: (Reason.ERROR_REASON_UPSTREAM_QUOTA_EXHAUSTED, "has no quota or credit left"),
    408: _LATE,
    429: (Reason.ERROR_REASON_UPSTREAM_RATE_LIMITED, "takes no more calls now"),
    504: _LATE,
    524: _LATE,
}
_REJECTED = (Reason.ERROR_REASON_UPSTREAM_REJECTED, "refused the call")
_FAILED = (Reason.ERROR_REASON_INTEGRATION_UNAVAILABLE, "failed")


@dataclass(frozen=True, slots=True)
class HttpAnswer:
    """What came back. Header names are lower case; `complete` is False when the body is longer than was read."""

    status: int
    headers: Mapping[str, str]
    body: bytes
    complete: bool = True

    @property
    def content_type(self) -> str:
        """The MIME type, without parameters."""
        return self.headers.get("content-type", "").partition(";")[0].strip().lower()


def error_of(answer: HttpAnswer, errors: ErrorMap, secret: str) -> TrunklineError | None:
    """The error that the answer means, or None. Text of the upstream is cut to 300 characters and masked."""
    if answer.status >= 300:
        reason, finding = _by_status(answer, errors)
        said = _location(answer) if answer.status < 400 else _message(answer)
    else:
        code = _error_code(answer, errors)
        if code is None:
            return None
        reason, finding = _by_code(code, errors)
        said = code
    said = mask(said, secret)
    metadata = {"http_status": str(answer.status)} | ({"upstream_message": said} if said else {})
    wait = retry_after(answer.headers, errors)
    if reason == Reason.ERROR_REASON_UPSTREAM_RATE_LIMITED:
        return rate_limited(wait, f"the integration {finding}", **metadata)
    text = f"the integration {finding} (HTTP {answer.status})" + (f": {said}" if said else "")
    return TrunklineError(reason, text, metadata=metadata, retry_after=wait if answer.status >= 500 else None)


def tool_answer(answer: HttpAnswer) -> ToolAnswer:
    """The answer of a call that went well: JSON as received, text as a JSON string, anything else raw; no body is
    `null`. Raises UPSTREAM_MALFORMED for what calls itself JSON and is not, MESSAGE_TOO_LARGE above 8 MiB."""
    if not answer.complete:
        raise TrunklineError(
            Reason.ERROR_REASON_MESSAGE_TOO_LARGE,
            f"the integration's answer is larger than {MAX_BODY} bytes; ask for less of it",
            metadata={"limit_bytes": str(MAX_BODY)},
        )
    status, kind, body = answer.status, answer.content_type, answer.body
    if not body:
        return ToolAnswer(status, kind, json=b"null")
    if _JSON_TYPE.fullmatch(kind):
        if _json(body) is None and body.strip() != b"null":
            raise TrunklineError(
                Reason.ERROR_REASON_UPSTREAM_MALFORMED,
                "the integration's answer calls itself JSON and is not",
                metadata={"http_status": str(status)},
            )
        return ToolAnswer(status, kind, json=body)
    if kind.startswith("text/"):
        return ToolAnswer(status, kind, json=orjson.dumps(_text(answer)))
    return ToolAnswer(status, kind, raw=body)


def retry_after(headers: Mapping[str, str], errors: ErrorMap) -> float | None:
    """Seconds to wait, from Retry-After (seconds or a date), or else until the template's reset header says so."""
    told = headers.get("retry-after", "").strip()
    if _SECONDS.fullmatch(told):
        return min(float(told), _MAX_RETRY_AFTER)
    until = _unix(told)
    if until is None and _used_up(headers, errors):
        reset = headers.get(errors.reset_header, "").strip()
        until = float(reset) if _UNIX_SECONDS.fullmatch(reset) else None
    if until is None:
        return None
    # By the upstream's own clock, where it shows it: ours may differ.
    now = _unix(headers.get("date", "")) or time.time()
    return min(max(0.0, until - now), _MAX_RETRY_AFTER)


def mask(text: str, secret: str) -> str:
    """The text without the secret, what looks like one and personal data; at most 300 characters, on one line."""
    text = redact(text, secret)
    return " ".join("".join(char if char.isprintable() else " " for char in text).split())[:_MAX_MESSAGE]


def _by_status(answer: HttpAnswer, errors: ErrorMap) -> tuple[ReasonValue, str]:
    told_to_wait = bool(errors.remaining_header) and "retry-after" in answer.headers
    if answer.status == 403 and (told_to_wait or _used_up(answer.headers, errors)):
        return _BY_STATUS[429]
    return _BY_STATUS.get(answer.status) or (_FAILED if answer.status >= 500 else _REJECTED)


def _by_code(code: str, errors: ErrorMap) -> tuple[ReasonValue, str]:
    if code in errors.authentication:
        return _BY_STATUS[401]
    if code in errors.rate_limited:
        return _BY_STATUS[429]
    return _FAILED if code in errors.unavailable else _REJECTED


def _used_up(headers: Mapping[str, str], errors: ErrorMap) -> bool:
    return bool(errors.remaining_header) and headers.get(errors.remaining_header) == "0"


def _error_code(answer: HttpAnswer, errors: ErrorMap) -> str | None:
    """The error code of an answer that is an error by the template's map, or None. May be empty."""
    if not errors.when_field or not answer.complete:
        return None
    content = _json(answer.body)
    if not isinstance(content, dict) or errors.when_field not in content:
        return None
    found = content[errors.when_field]
    # False equals 0 in Python, not in JSON.
    if type(found) is not type(errors.when_value) or found != errors.when_value:
        return None
    return str(content.get(errors.code_field, ""))[:_MAX_READ]


def _location(answer: HttpAnswer) -> str:
    """Where a redirect, which is never followed, points: its host only, as the rest may hold secrets."""
    try:
        host = urlsplit(answer.headers.get("location", "")).hostname
    except ValueError:
        host = None
    return f"redirect to {host}" if host else "redirect"


def _message(answer: HttpAnswer) -> str:
    """What the upstream says to people. Pages of HTML say nothing."""
    content = _json(answer.body)
    if content is not None:
        return _spoken(content)[:_MAX_READ]
    return _text(answer)[:_MAX_READ] if answer.content_type == "text/plain" else ""


def _spoken(content: Any, depth: int = 0) -> str:
    if isinstance(content, str):
        return content
    if depth == 3:
        return ""
    if isinstance(content, list):
        return _spoken(content[0], depth + 1) if content else ""
    if isinstance(content, dict):
        found = (_spoken(content[name], depth + 1) for name in _MESSAGE_FIELDS if name in content)
        return next((text for text in found if text), "")
    return ""


def _text(answer: HttpAnswer) -> str:
    charset = re.search(r"(?i)charset=[\"']?([a-z0-9_.:-]+)", answer.headers.get("content-type", ""))
    try:
        return answer.body.decode(charset[1] if charset else "utf-8", "replace")
    except LookupError:
        return answer.body.decode("utf-8", "replace")


def _json(body: bytes) -> Any:
    """The parsed body, or None: both for what is not JSON and for `null`, which says nothing either."""
    try:
        return orjson.loads(body)
    except orjson.JSONDecodeError:
        return None


def _unix(date: str) -> float | None:
    try:
        return parsedate_to_datetime(date).timestamp() if date else None
    except (ValueError, OverflowError):
        return None
