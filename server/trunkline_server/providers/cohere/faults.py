"""What the errors of Cohere tell: a message, and in a failed stream the type beside it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from trunkline.v1.common_pb2 import Usage

from trunkline_server.domain.errors import ProviderError
from trunkline_server.providers import errors
from trunkline_server.providers.wire import HttpResponse

Json = dict[str, Any]

# Cohere's own status for a request or an answer with a text on a list of what is forbidden.
_DENIED = 498
_STATUSES = {"TIMEOUT": 504}


def decode(response: HttpResponse, provider: str) -> ProviderError:
    """The error of a non-200 answer."""
    return errors.decode(response, provider, reader=_denied if response.status == _DENIED else None)


def in_answer(told: Json, provider: str, used: Usage | None) -> ProviderError:
    """The error inside a 200 answer, or at the end of a stream."""
    return errors.in_answer(told, provider, used, _failed)


def _denied(body: object, headers: Mapping[str, str]) -> errors.Found:
    found = errors.read(body, headers)
    return errors.Found(code="content_filter", message=found.message)


def _failed(body: object, headers: Mapping[str, str]) -> errors.Found:
    told: Json = body if isinstance(body, dict) else {}
    reason = str(told.get("finish_reason") or "")
    kind, message = told.get("error_type") or reason, told.get("error") or told.get("message") or ""
    return errors.Found(type=str(kind), message=str(message), status=_STATUSES.get(reason, 0))
