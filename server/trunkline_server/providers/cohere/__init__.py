"""The Cohere v2 chat wire, with its embeddings. Pure: no I/O."""

from trunkline_server.providers.cohere import embeddings, faults, findings, request
from trunkline_server.providers.cohere.stream import Decoder
from trunkline_server.providers.sse import SseParser
from trunkline_server.providers.wire import Wire

WIRE = Wire(
    encode=request.encode,
    decoder=Decoder,
    error=faults.decode,
    unsupported=findings.unsupported,
    parser=SseParser,
    embedding=embeddings.EMBEDDING,
)
