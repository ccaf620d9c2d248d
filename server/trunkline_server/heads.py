"""What the headers of an outside system's answer tell: its id of the request, when to come again, its quotas."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

from trunkline.v1.common_pb2 import ProviderQuota

from trunkline_server.domain.duration import duration

_REQUEST_IDS = ("x-request-id", "request-id", "apim-request-id", "mistral-correlation-id", "x-portkey-trace-id",
                "x-debug-trace-id", "x-amzn-requestid")  # fmt: skip
# Anything else is no id, and not to be kept.
_REQUEST_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:/=+-]{0,127}")
_SPAN = re.compile(r"(\d+(?:\.\d+)?)(ms|h|m|s)")
_SECONDS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0}
# `x-ratelimit-remaining-tokens` of most, `anthropic-ratelimit-tokens-remaining` of Anthropic.
_QUOTA = re.compile(
    r"(?:x|anthropic)-ratelimit-(?:(limit|remaining|reset)(?:-(.+))?|(.+)-(limit|remaining|reset))", re.IGNORECASE
)


def request_id(headers: Mapping[str, str]) -> str:
    """The provider's id of the request; empty where it tells none, or something else."""
    for name in _REQUEST_IDS:
        if name in headers:
            return headers[name] if _REQUEST_ID.fullmatch(headers[name]) else ""
    return ""


def quotas(headers: Mapping[str, str], now: float) -> list[ProviderQuota]:
    """The provider's own quotas, by their unit in its words; `now` is Unix time. Numbers that are none are left out."""
    found: dict[str, ProviderQuota] = {}
    for name, value in headers.items():
        if "ratelimit" not in name.lower():
            continue
        if (match := _QUOTA.fullmatch(name)) is None:
            continue
        what, unit = (match[1] or match[4]).lower(), (match[2] or match[3] or "requests").lower()
        quota = found.setdefault(unit, ProviderQuota(unit=unit))
        if what == "reset":
            if (seconds := _until(value, now)) is not None:
                quota.resets_after.CopyFrom(duration(seconds))
        elif (count := _number(value)) is not None and count < 1 << 62:
            setattr(quota, what, int(count))
    return list(found.values())


def retry_after(headers: Mapping[str, str], now: float) -> float | None:
    """Seconds to wait, as told by Retry-After (seconds or a date), retry-after-ms, or the reset of a limit that is
    used up; the longest where both of the first are given. None where nothing is told."""
    told = [_seconds_or_date(headers.get("retry-after", ""), now), _number(headers.get("retry-after-ms", ""), 0.001)]
    known = [seconds for seconds in told if seconds is not None]
    if not known:
        known = [
            seconds
            for name, value in headers.items()
            if name.lower().startswith("x-ratelimit-reset") and _used_up(headers, name.lower())
            if (seconds := _until(value, now)) is not None
        ]
    return max(known, default=None)


def _used_up(headers: Mapping[str, str], reset: str) -> bool:
    remaining = headers.get(reset.replace("-reset", "-remaining", 1))
    return remaining is not None and remaining.strip() in ("0", "0.0")


def _number(value: str, scale: float = 1.0) -> float | None:
    try:
        return max(0.0, float(value) * scale)
    except ValueError:
        return None


def _seconds_or_date(value: str, now: float) -> float | None:
    seconds = _number(value)
    if seconds is not None or not value:
        return seconds
    try:
        at = parsedate_to_datetime(value)
    except ValueError:
        return None
    return max(0.0, (at if at.tzinfo else at.replace(tzinfo=UTC)).timestamp() - now)


def _until(value: str, now: float) -> float | None:
    """Seconds, spans such as `1m30s` and `130ms`, Unix time in seconds or milliseconds, or an ISO date."""
    number = _number(value)
    if number is None:
        spans = _SPAN.findall(value)
        if spans and "T" not in value:
            return sum(float(count) * _SECONDS[unit] for count, unit in spans)
        try:
            return max(0.0, datetime.fromisoformat(value).timestamp() - now)
        except ValueError:
            return None
    if number > 1e12:
        number /= 1000
    return max(0.0, number - now) if number > 1e9 else number
