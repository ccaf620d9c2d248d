"""A whole answer as CompleteResponse."""

from __future__ import annotations

import orjson
from trunkline.v1.completion_pb2 import CompleteResponse

from trunkline_server.domain.fold import fold
from trunkline_server.providers.openai_compatible.stream import Decoder
from trunkline_server.providers.wire import MalformedError


def decode(body: bytes, decoder: Decoder) -> CompleteResponse:
    """The answer: the fold of its events, as for a stream. Raises ProviderError (an error in a 200), MalformedError."""
    try:
        answer = orjson.loads(body)
    except orjson.JSONDecodeError:
        raise MalformedError("the answer is not JSON") from None
    if not isinstance(answer, dict):
        raise MalformedError("the answer is not a JSON object")
    return fold(decoder.whole(answer))
