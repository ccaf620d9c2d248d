"""What the errors of Google's APIs tell: a status in words, and details by type."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from trunkline.v1.common_pb2 import Usage

from trunkline_server.domain.errors import ProviderError
from trunkline_server.providers import errors
from trunkline_server.providers.wire import HttpResponse

Json = dict[str, Any]

# The HTTP statuses of errors that tell none.
_STATUSES = {
    "INVALID_ARGUMENT": 400,
    "FAILED_PRECONDITION": 400,
    "OUT_OF_RANGE": 400,
    "UNAUTHENTICATED": 401,
    "PERMISSION_DENIED": 403,
    "NOT_FOUND": 404,
    "RESOURCE_EXHAUSTED": 429,
    "CANCELLED": 499,
    "INTERNAL": 500,
    "UNKNOWN": 500,
    "UNAVAILABLE": 503,
    "DEADLINE_EXCEEDED": 504,
}
# A quota that waiting does not bring back soon, in the words of the table in errors.py.
_GONE = "quota_exceeded"
_UNPAID = "billing_not_active"
_DAILY = re.compile(r"PerDay|per day|limit: 0\b|credits are depleted|spending cap")
_SECONDS = re.compile(r"(\d+(?:\.\d+)?)s")


def decode(response: HttpResponse, provider: str) -> ProviderError:
    """The error of a non-200 answer."""
    return errors.decode(response, provider, reader=_read)


def in_answer(told: object, provider: str, used: Usage | None) -> ProviderError:
    """The error inside a 200 answer or a stream."""
    return errors.in_answer(_plain(told), provider, used, _read)


def _plain(body: object) -> Json:
    """The error; calls for streams may answer with it in a list."""
    for each in body if isinstance(body, list) else [body]:
        if isinstance(each, dict):
            return each
    return {}


def _read(body: object, headers: Mapping[str, str]) -> errors.Found:
    told = _plain(body)
    error = told.get("error")
    if not isinstance(error, dict):
        return errors.read(told or body, headers)
    word, message, code = str(error.get("status") or ""), str(error.get("message") or ""), error.get("code")
    details = _details(error.get("details"))
    return errors.Found(
        code=word,
        type=_reason(word, message, details),
        message=message,
        status=code if type(code) is int and code >= 400 else _STATUSES.get(word, 0),
        retry_after=_delay(details.get("RetryInfo", {})),
    )


def _details(found: object) -> dict[str, Json]:
    """The details by the last word of their type."""
    details = [detail for detail in found if isinstance(detail, dict)] if isinstance(found, list) else []
    return {str(detail.get("@type") or "").rpartition(".")[2]: detail for detail in details}


def _reason(word: str, message: str, details: Mapping[str, Json]) -> str:
    info = details.get("ErrorInfo", {})
    reason = str(info.get("reason") or "")
    if reason == "BILLING_DISABLED":
        return _UNPAID
    if word == "RESOURCE_EXHAUSTED":
        limits = str(details.get("QuotaFailure", {}).get("violations")) + str(info.get("metadata"))
        if _DAILY.search(limits) or _DAILY.search(message):
            return _GONE
    return reason


def _delay(info: Json) -> float | None:
    told = _SECONDS.fullmatch(str(info.get("retryDelay") or ""))
    return float(told[1]) if told else None
