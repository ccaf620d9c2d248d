"""The Gemini wire of AI Studio and of Vertex AI, with embeddings and counting. Pure: no I/O."""

from trunkline_server.providers.gemini import counting, embeddings, faults, findings, request
from trunkline_server.providers.gemini.stream import Decoder
from trunkline_server.providers.sse import SseParser
from trunkline_server.providers.wire import Wire

WIRE = Wire(
    encode=request.encode,
    decoder=Decoder,
    error=faults.decode,
    unsupported=findings.unsupported,
    parser=SseParser,
    embedding=embeddings.EMBEDDING,
    counting=counting.COUNTING,
)
