"""The Converse API of Amazon Bedrock, with the embeddings of its InvokeModel. Pure: no I/O."""

from trunkline_server.providers.bedrock import embeddings, faults, request
from trunkline_server.providers.bedrock.framing import EventStreamParser
from trunkline_server.providers.bedrock.stream import Decoder
from trunkline_server.providers.wire import Counting, Embedding, Wire

WIRE = Wire(
    encode=request.encode,
    decoder=Decoder,
    error=faults.decode,
    unsupported=request.unsupported,
    parser=EventStreamParser,
    stream_type="application/vnd.amazon.eventstream",
    embedding=Embedding(embeddings.encode, embeddings.decode, embeddings.unsupported),
    counting=Counting(request.encode_count, request.decode_count),
)
