"""The OpenAI chat completions wire, as spoken by many providers. Pure: no I/O."""

from trunkline_server.providers import errors, options
from trunkline_server.providers.openai_compatible import embeddings, request
from trunkline_server.providers.openai_compatible.stream import Decoder
from trunkline_server.providers.sse import SseParser
from trunkline_server.providers.wire import Wire

WIRE = Wire(
    encode=request.encode,
    decoder=Decoder,
    error=errors.decode,
    unsupported=options.unsupported,
    parser=SseParser,
    embedding=embeddings.EMBEDDING,
)
