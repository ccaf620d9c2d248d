"""The Anthropic messages wire. Pure: no I/O."""

from trunkline_server.providers.anthropic import faults, limits, request
from trunkline_server.providers.anthropic.stream import Decoder
from trunkline_server.providers.sse import SseParser
from trunkline_server.providers.wire import Counting, Wire

WIRE = Wire(
    encode=request.encode,
    decoder=Decoder,
    error=faults.decode,
    unsupported=limits.unsupported,
    parser=SseParser,
    counting=Counting(request.encode_count, request.decode_count),
)
