"""The OpenAI Responses wire. Pure: no I/O.

Turns are stateless: nothing is stored with the provider unless its own option `store` says so, and reasoning travels
encrypted in the conversation.
"""

from trunkline_server.providers import errors
from trunkline_server.providers.openai_responses import request
from trunkline_server.providers.openai_responses.stream import Decoder
from trunkline_server.providers.sse import SseParser
from trunkline_server.providers.wire import Counting, Wire

WIRE = Wire(
    encode=request.encode,
    decoder=Decoder,
    error=errors.decode,
    unsupported=request.unsupported,
    parser=SseParser,
    counting=Counting(encode=request.encode_count, decode=request.decode_count),
)
