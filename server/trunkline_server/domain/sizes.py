"""How many tokens a request has before anything has counted them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from trunkline.v1.completion_pb2 import CompleteRequest
from trunkline.v1.content_pb2 import Media, MediaKind, Part
from trunkline.v1.llm_pb2 import EmbedRequest

# A media part that is named by address has no bytes to count. 49,152 tokens bound an image or a short document at every
# provider: OpenAI publishes the most, 2,833 and 5,667 for each of up to 8 tiles with gpt-4o-mini.
_MEDIA_BY_ADDRESS_TOKENS = 49_152
# Chat templates add a few tokens for each message.
_MESSAGE_OVERHEAD_TOKENS = 16
# Embedding models put marks around a text, and some a short instruction before it.
_TEXT_OVERHEAD_TOKENS = 32
# English text runs at about four bytes a token (OpenAI's published rule of thumb).
_TYPICAL_BYTES_PER_TOKEN = 4
# Texts of more bytes a token are hardly ever written.
_MOST_BYTES_PER_TOKEN = 8


@dataclass(frozen=True, slots=True)
class _Media:
    """Bytes a token of inline media, typically and at the least; `most_likely` and `most` cap the tokens of a part."""

    typical: int
    least: int
    most_likely: int = 1 << 62
    most: int = 1 << 62


# Images cost by their pixels, mostly up to about 1,600 tokens. Sound is 10 tokens a second at OpenAI and 32 at Gemini,
# video 263 at Gemini; speech is seldom below 6 kbit/s. A page of a PDF takes some 50 KB and 2,000 tokens.
_INLINE = {
    MediaKind.MEDIA_KIND_IMAGE: _Media(64, 1, 1600, _MEDIA_BY_ADDRESS_TOKENS),
    MediaKind.MEDIA_KIND_AUDIO: _Media(500, 16),
    MediaKind.MEDIA_KIND_VIDEO: _Media(400, 16),
    MediaKind.MEDIA_KIND_DOCUMENT: _Media(32, 1),
}
_AS_TEXT = _Media(_TYPICAL_BYTES_PER_TOKEN, 1)


@dataclass(slots=True)
class Size:
    """Input tokens of a request before it is sent: what is likely, what it cannot exceed, and what it hardly falls
    below."""

    likely: int
    bound: int
    least: int = 0


def size(request: CompleteRequest) -> Size:
    """Without a tokenizer: byte-level vocabularies never make more tokens than bytes, so the size is a bound."""
    # A list: iterating over the field itself ends with an error made inside protobuf.
    text, messages = request.ByteSize(), request.messages[:]
    likely = bound = _MESSAGE_OVERHEAD_TOKENS * (1 + len(messages))
    for message in messages:
        for media in _media(message.parts):
            rule = _AS_TEXT if media.mime_type.startswith("text/") else _INLINE.get(media.kind, _AS_TEXT)
            if media.WhichOneof("source") != "data":
                likely += min(_MEDIA_BY_ADDRESS_TOKENS, rule.most_likely)
                bound += _MEDIA_BY_ADDRESS_TOKENS
                continue
            bytes_ = len(media.data)
            text -= bytes_
            likely += min(bytes_ // rule.typical, rule.most_likely)
            bound += min(bytes_ // rule.least, rule.most)
    return Size(likely + text // _TYPICAL_BYTES_PER_TOKEN, bound + text, text // _MOST_BYTES_PER_TOKEN)


def embedding_size(request: EmbedRequest) -> tuple[Size, int]:
    """The size of all texts, and the tokens that the longest one, which is all that is read at once, has at least: what
    may just fit is left to the provider to judge."""
    bytes_, extra = request.ByteSize(), _TEXT_OVERHEAD_TOKENS * len(request.inputs)
    longest = len(max(request.inputs, key=len, default="").encode(errors="replace"))
    whole = Size(likely=bytes_ // _TYPICAL_BYTES_PER_TOKEN + len(request.inputs), bound=bytes_ + extra)
    return whole, longest // _MOST_BYTES_PER_TOKEN


def _media(parts: Iterable[Part]) -> Iterable[Media]:
    for part in parts:
        kind = part.WhichOneof("kind")
        if kind == "media":
            yield part.media
        elif kind == "tool_result":
            yield from _media(part.tool_result.parts)
