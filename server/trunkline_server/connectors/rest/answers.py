"""From an HTTP answer to a tool's answer or the one error that it means. Pure: no I/O."""

from __future__ import annotations

import re
import time
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from functools import cached_property
from itertools import islice
from typing import Any
from urllib.parse import urlsplit

import orjson

from trunkline_server.connectors.rest.dotted import at
from trunkline_server.connectors.rest.encoding import MAX_DEPTH
from trunkline_server.connectors.rest.template_models import ErrorMap
from trunkline_server.domain.call_rates import rate_limited
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
# Which error a list of the template's map is.
_BY_LIST: Mapping[str, tuple[ReasonValue, str]] = {
    "authentication": _BY_STATUS[401],
    "rate_limited": _BY_STATUS[429],
    "unavailable": _FAILED,
    "quota_exhausted": _BY_STATUS[402],
    "timeout": _LATE,
    "rejected": _REJECTED,
}
# Shorter values are in every text; masking them would leave nothing to read.
_LEAST_MASKED = 4
# How many values of parameters and of an error's body are searched for those to mask, and bodies of which size (bytes).
_MAX_SEARCHED = 10_000
_MAX_SEARCHED_BODY = 256 * 1024


@dataclass(frozen=True)
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

    @cached_property
    def content(self) -> Any:
        """The parsed body; None for what is not JSON and for `null`, which says nothing either."""
        try:
            return orjson.loads(self.body) if self.complete else None
        except orjson.JSONDecodeError:
            return None

    @property
    def text(self) -> str:
        """The body as text, by the charset that the head names."""
        charset = re.search(r"(?i)charset=[\"']?([a-z0-9_.:-]+)", self.headers.get("content-type", ""))
        try:
            return self.body.decode(charset[1] if charset else "utf-8", "replace")
        except LookupError:
            return self.body.decode("utf-8", "replace")

    def http_date(self, name: str) -> datetime | None:
        """A header's date, in UTC."""
        seconds = _unix(self.headers.get(name, ""))
        return None if seconds is None else datetime.fromtimestamp(seconds, UTC)


def error_of(
    answer: HttpAnswer, errors: ErrorMap, secret: str, redacted: Collection[str] = (), parameters: object = None
) -> TrunklineError | None:
    """The error that the answer means, or None. Text of the upstream is cut to 300 characters and masked: the secret,
    what looks like one, and what the answer or the call's parameters have in fields named in `redacted`."""
    code = _error_code(answer, errors)
    if answer.status >= 300:
        reason, finding = _from_300(answer, errors, code)
        said = _location(answer) if answer.status < 400 else _message(answer, errors)
    elif code is None:
        return None
    else:
        reason, finding = _BY_LIST[_listed(code, errors) or "rejected"]
        said = _told(answer, errors) or code
    said = mask(said, secret, values_of(redacted, parameters, _searched(answer)))
    metadata = {"http_status": str(answer.status)} | ({"upstream_message": said} if said else {})
    wait = retry_after(answer, errors)
    if reason == Reason.ERROR_REASON_UPSTREAM_RATE_LIMITED:
        return rate_limited(wait, f"the integration {finding}", **metadata)
    text = f"the integration {finding} (HTTP {answer.status})" + (f": {said}" if said else "")
    late = answer.status >= 500 or reason == Reason.ERROR_REASON_INTEGRATION_UNAVAILABLE
    return TrunklineError(reason, text, metadata=metadata, retry_after=wait if late else None)


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
        if answer.content is None and body.strip() != b"null":
            raise TrunklineError(
                Reason.ERROR_REASON_UPSTREAM_MALFORMED,
                "the integration's answer calls itself JSON and is not",
                metadata={"http_status": str(status)},
            )
        return ToolAnswer(status, kind, json=body)
    if kind.startswith("text/"):
        return ToolAnswer(status, kind, json=orjson.dumps(answer.text))
    return ToolAnswer(status, kind, raw=body)


def retry_after(answer: HttpAnswer, errors: ErrorMap) -> float | None:
    """Seconds to wait, from Retry-After (seconds or a date), or else until the template's reset header says so, or else
    from the template's field."""
    headers = answer.headers
    told = headers.get("retry-after", "").strip()
    if (seconds := _seconds(told)) is not None:
        return seconds
    until = _unix(told)
    if until is None and _used_up(headers, errors):
        reset = headers.get(errors.reset_header.lower(), "").strip()
        until = float(reset) if _UNIX_SECONDS.fullmatch(reset) else None
    if until is None:
        field = at(answer.content, errors.retry_after_field) if errors.retry_after_field else None
        return None if isinstance(field, bool) else _seconds(str(field))
    # By the upstream's own clock, where it shows it: ours may differ.
    now = _unix(headers.get("date", "")) or time.time()
    return min(max(0.0, until - now), _MAX_RETRY_AFTER)


def _seconds(text: str) -> float | None:
    return min(float(text), _MAX_RETRY_AFTER) if _SECONDS.fullmatch(text) else None


def mask(text: str, secret: str, hidden: Iterable[str] = ()) -> str:
    """The text without the secret, what looks like one, personal data and the values `hidden`; at most 300 characters,
    on one line."""
    text = redact(text, secret, hidden=hidden)
    return " ".join("".join(char if char.isprintable() else " " for char in text).split())[:_MAX_MESSAGE]


def values_of(names: Collection[str], *contents: Any) -> list[str]:
    """The values, as text, of fields of these names at any depth. Of an object or a list, all values in it."""
    if not names:
        return []
    found = []
    for name, value, inside in islice(_walk(contents, names, False), _MAX_SEARCHED):
        text = value if isinstance(value, str) else orjson.dumps(value).decode()
        if (inside or name in names) and len(text) >= _LEAST_MASKED:
            found.append(text)
    return found


def _searched(answer: HttpAnswer) -> Any:
    """Messages are short, and so are the answers that hold them."""
    return answer.content if len(answer.body) <= _MAX_SEARCHED_BODY else None


def _walk(content: Any, names: Collection[str], inside: bool, depth: int = 0) -> Iterator[tuple[str, Any, bool]]:
    """(name, value, whether a field of the names holds it) of every field with a plain value."""
    if depth > MAX_DEPTH:
        return
    pairs = content.items() if isinstance(content, dict) else [("", one) for one in content]
    for name, value in pairs:
        if isinstance(value, dict | list | tuple):
            yield from _walk(value, names, inside or name in names, depth + 1)
        elif value is not None and not isinstance(value, bool):
            yield name, value, inside


def _from_300(answer: HttpAnswer, errors: ErrorMap, code: str | None) -> tuple[ReasonValue, str]:
    """By the code, else by the template's map of statuses, else as HTTP has it."""
    status = answer.status
    named = (_listed(code, errors) if code is not None else None) or errors.status.get(str(status))
    if named:
        return _BY_LIST[named]
    told_to_wait = bool(errors.remaining_header) and "retry-after" in answer.headers
    if status == 403 and (told_to_wait or _used_up(answer.headers, errors)):
        return _BY_STATUS[429]
    return _BY_STATUS.get(status) or (_FAILED if status >= 500 else _REJECTED)


def _listed(code: str, errors: ErrorMap) -> str | None:
    """The list that holds the code."""
    return next((name for name in _BY_LIST if code in getattr(errors, name)), None)


def _used_up(headers: Mapping[str, str], errors: ErrorMap) -> bool:
    return bool(errors.remaining_header) and headers.get(errors.remaining_header.lower(), "").strip() == "0"


def _error_code(answer: HttpAnswer, errors: ErrorMap) -> str | None:
    """The error code of an answer that is an error by its status or by the template's map, or None. May be empty."""
    if answer.status >= 400:
        code = at(answer.content, errors.code_field) if errors.code_field else None
        return None if code is None else str(code)[:_MAX_READ]
    if not errors.when_field:
        return None
    found = at(answer.content, errors.when_field)
    # False equals 0 in Python, not in JSON.
    if found is None or type(found) is not type(errors.when_value) or found != errors.when_value:
        return None
    code = at(answer.content, errors.code_field) if errors.code_field else None
    return "" if code is None else str(code)[:_MAX_READ]


def _location(answer: HttpAnswer) -> str:
    """Where a redirect, which is never followed, points: its host only, as the rest may hold secrets."""
    try:
        host = urlsplit(answer.headers.get("location", "")).hostname
    except ValueError:
        host = None
    return f"redirect to {host}" if host else "redirect"


def _told(answer: HttpAnswer, errors: ErrorMap) -> str:
    """What the template's field for messages says."""
    return _spoken(at(answer.content, errors.message_field))[:_MAX_READ] if errors.message_field else ""


def _message(answer: HttpAnswer, errors: ErrorMap) -> str:
    """What the upstream says to people. Pages of HTML say nothing."""
    if told := _told(answer, errors):
        return told
    if answer.content is not None:
        return _spoken(answer.content)[:_MAX_READ]
    return answer.text[:_MAX_READ] if answer.content_type == "text/plain" else ""


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


def _unix(date: str) -> float | None:
    try:
        found = parsedate_to_datetime(date) if date else None
    except (ValueError, OverflowError):
        return None
    return (found if found.tzinfo else found.replace(tzinfo=UTC)).timestamp() if found else None
