"""Errors of providers: read in any of their shapes, and told by the kinds of taxonomy.py."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import orjson
from trunkline.v1.common_pb2 import Usage

from trunkline_server import heads
from trunkline_server.domain.errors import ProviderError, Reason
from trunkline_server.domain.redaction import redact
from trunkline_server.providers.taxonomy import kind_of
from trunkline_server.providers.wire import HttpResponse

Json = dict[str, Any]


# Codes of errors inside a 200 answer, which have no status of their own.
_STATUS_OF_CODE = {
    "rate_limit_exceeded": 429,
    "overloaded": 529,
    "overloaded_error": 529,
    "rate_limit_error": 429,
    "authentication_error": 401,
    "permission_error": 403,
    "not_found_error": 404,
    "request_too_large": 413,
    "billing_error": 402,
    "timeout_error": 504,
    "api_error": 500,
    "invalid_request_error": 400,
    "invalid_api_key": 401,
    "timeout": 504,
    "vector_store_timeout": 504,
    # What the Responses API says of a response that failed.
    **dict.fromkeys(
        (
            *("context_length_exceeded", "content_filter", "invalid_prompt", "image_content_policy_violation"),
            *("invalid_image", "invalid_image_format", "invalid_base64_image", "invalid_image_url", "image_too_large"),
            *("image_too_small", "image_parse_error", "invalid_image_mode", "image_file_too_large", "empty_image_file"),
            *("unsupported_image_media_type", "failed_to_download_image", "image_file_not_found"),
        ),
        400,
    ),
}
_MAX_MESSAGE = 300
# How much of a message is looked at.
_MAX_READ = 16 * 1024


@dataclass(frozen=True, slots=True)
class Found:
    """What an error's body tells. `status` is that of an error inside a 200 answer, `retry_after` in seconds."""

    code: str = ""
    type: str = ""
    message: str = ""
    status: int = 0
    gateway: bool = False
    retry_after: float | None = None


# Reads the body of an error (parsed, or its text) beside the headers, whose names are in lower case.
Reader = Callable[[object, Mapping[str, str]], Found]


def decode(
    response: HttpResponse, provider: str, now: float | None = None, reader: Reader | None = None
) -> ProviderError:
    """The error of a non-200 answer. `now` is Unix time, for Retry-After dates; `reader` knows the wire's own shape,
    absent: those of the OpenAI-compatible ones."""
    try:
        body = orjson.loads(response.body)
    except orjson.JSONDecodeError:
        body = response.body.decode("utf-8", "replace").strip()
    headers = response.headers
    found = (reader or read)(body, headers)
    told = heads.retry_after(headers, time.time() if now is None else now)
    return _error(
        found,
        response.status,
        provider,
        http_status=response.status,
        request_id=heads.request_id(headers),
        retry_after=found.retry_after if told is None else told,
    )


def in_answer(chunk: Json, provider: str, used: Usage | None, reader: Reader | None = None) -> ProviderError:
    """The error inside a 200 answer or a stream. `used` is what the attempt used so far."""
    found = (reader or read)(chunk, {})
    error = _error(found, found.status or 500, provider, http_status=200)
    error.usage = used
    return error


def read(body: object, headers: Mapping[str, str]) -> Found:
    """Read any of the shapes in use: `{"error": {…}}`, `{"error": "…"}`, `{"detail": …}`, `{"message": …}`, text."""
    if not isinstance(body, dict):
        return Found(message=str(body) if isinstance(body, str) else "")
    error = body.get("error")
    fields: Json = error if isinstance(error, dict) else {"message": error, "code": body.get("code")} if error else body
    message = fields.get("message") or fields.get("msg") or fields.get("detail") or body.get("message") or ""
    code, kind = str(fields.get("code") or ""), str(fields.get("type") or "")
    status = fields.get("status_code") or (int(code) if code.isdigit() else None)
    if status is None:
        status = _STATUS_OF_CODE.get(code) or _STATUS_OF_CODE.get(kind)
    text = message if isinstance(message, str) else orjson.dumps(message).decode()
    # Portkey's own failures have this shape; those of the provider behind it have an `error`.
    gateway = body.get("status") == "failure" and not error
    return Found(code, kind, text, status if isinstance(status, int) else 0, gateway)


def _error(
    found: Found,
    status: int,
    provider: str,
    *,
    http_status: int,
    request_id: str = "",
    retry_after: float | None = None,
) -> ProviderError:
    names = frozenset({found.code, found.type})
    kind = kind_of(status, names, found.message)
    who = f"the gateway before {provider}" if found.gateway else provider
    metadata = {"provider": provider, "http_status": str(http_status)}
    if found.gateway:
        metadata["gateway"] = "true"
    if found.code or found.type:
        metadata["upstream_code"] = mask(found.code or found.type)
    if found.message:
        metadata["upstream_message"] = mask(found.message)
    error = ProviderError(
        kind.reason,
        f"{who} {kind.said} (HTTP {http_status})",
        retry=kind.retry,
        # A fault of the gateway says nothing about the request: going direct may work.
        fallback=True if found.gateway else kind.fallback,
        http_status=http_status,
        provider_code=mask(found.code or found.type),
        provider_request_id=request_id,
        metadata=metadata,
    )
    error.retry_after = retry_after if error.retry else None
    return error


def unusable(provider: str, why: str) -> ProviderError:
    """UPSTREAM_AUTHENTICATION for a credential that is not what it should be. `why` holds nothing of it."""
    return ProviderError(
        Reason.ERROR_REASON_UPSTREAM_AUTHENTICATION,
        f"the credential of {provider} cannot be used: {why}",
        metadata={"provider": provider},
    )


def mask(text: str) -> str:
    """The text without anything that looks like a credential or personal data, at most 300 characters."""
    return redact(text[:_MAX_READ])[:_MAX_MESSAGE]
