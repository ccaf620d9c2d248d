"""What the errors of the messages API tell. Their shape is a usual one; the request's id may be in the body."""

from __future__ import annotations

from typing import Any

import orjson
from trunkline.v1.common_pb2 import Usage

from trunkline_server.domain.errors import ProviderError
from trunkline_server.providers import errors
from trunkline_server.providers.wire import HttpResponse

Json = dict[str, Any]


def decode(response: HttpResponse, provider: str) -> ProviderError:
    """The error of a non-200 answer."""
    error = errors.decode(response, provider)
    if not error.provider_request_id:
        try:
            body = orjson.loads(response.body)
        except orjson.JSONDecodeError:
            return error
        _name(error, body)
    return error


def in_answer(chunk: Json, provider: str, used: Usage | None) -> ProviderError:
    """The error inside a 200 answer or a stream."""
    error = errors.in_answer(chunk, provider, used)
    _name(error, chunk)
    return error


def _name(error: ProviderError, body: object) -> None:
    id = body.get("request_id") if isinstance(body, dict) else None
    if isinstance(id, str):
        error.provider_request_id = id
