"""What the errors of Bedrock tell: their type is in a header, in the body, or names the event of a stream."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import orjson
from trunkline.v1.common_pb2 import Usage

from trunkline_server.domain.errors import ProviderError
from trunkline_server.providers import errors
from trunkline_server.providers.wire import HttpResponse

Json = dict[str, Any]

# The statuses that the API documents for its exceptions, for those inside a stream. A stream's own error stands for a
# failure of the model and has no better status.
_STATUSES = {
    "validationexception": 400,
    "servicequotaexceededexception": 400,
    "accessdeniedexception": 403,
    "unrecognizedclientexception": 403,
    "expiredtokenexception": 403,
    "resourcenotfoundexception": 404,
    "modeltimeoutexception": 408,
    "throttlingexception": 429,
    "modelnotreadyexception": 429,
    "modelerrorexception": 500,
    "modelstreamerrorexception": 500,
    "internalserverexception": 500,
    "serviceunavailableexception": 503,
}


def decode(response: HttpResponse, provider: str) -> ProviderError:
    """The error of a non-200 answer."""
    return errors.decode(response, provider, reader=read)


def in_stream(name: str, payload: bytes, provider: str, used: Usage | None) -> ProviderError:
    """The error that the event `name` of a stream tells."""
    try:
        body = orjson.loads(payload)
    except orjson.JSONDecodeError:
        body = None
    told = body if isinstance(body, dict) else {"message": payload.decode("utf-8", "replace")}
    return errors.in_answer({"__type": name} | told, provider, used, read)


def in_answer(answer: Json, provider: str) -> ProviderError | None:
    """The error inside an answer that is none, as AWS sends it for an operation that it does not know."""
    return errors.in_answer(answer, provider, None, read) if _fields(answer).get("__type") else None


def read(body: object, headers: Mapping[str, str]) -> errors.Found:
    """The type without the address that AWS appends to it, and the message."""
    if not isinstance(body, dict):
        return errors.Found(type=_type(headers), message=body if isinstance(body, str) else "")
    fields = _fields(body)
    name = _type(headers) or _bare(fields.get("__type") or fields.get("code"))
    message = fields.get("message") or fields.get("Message") or ""
    cause = fields.get("originalMessage")
    if cause and cause != message:
        message = f"{message}: {cause}" if message else cause
    status = fields.get("originalStatusCode")
    if not (type(status) is int and 400 <= status < 600):
        status = _STATUSES.get(name.lower(), 0)
    return errors.Found(type=name, message=str(message), status=status)


def _fields(body: Json) -> Json:
    output = body.get("Output")
    return output if isinstance(output, dict) else body


def _type(headers: Mapping[str, str]) -> str:
    return _bare(headers.get("x-amzn-errortype"))


def _bare(name: object) -> str:
    """`namespace#Name:http://…` is `Name`."""
    return name.partition(":")[0].rpartition("#")[2] if isinstance(name, str) else ""
