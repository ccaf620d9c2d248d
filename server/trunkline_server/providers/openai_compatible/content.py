"""A message or a delta of the provider as events of one candidate's blocks. Both have the same fields."""

from __future__ import annotations

from base64 import b64decode
from binascii import Error as Base64Error
from collections.abc import Iterable, Iterator
from typing import Any

import orjson
from trunkline.v1.content_pb2 import Citation, Media, MediaKind, Opaque, TokenLogprob

from trunkline_server.providers.blocks import REASONING, REFUSAL, TEXT, Blocks, Event
from trunkline_server.providers.wire import MalformedError

Json = dict[str, Any]

# Fields that are read here, or say nothing (`role`, Groq's `channel`).
KNOWN = frozenset(
    {
        *("role", "channel", "content", "refusal", "tool_calls", "function_call", "annotations", "audio", "images"),
        *("reasoning", "reasoning_content", "reasoning_details"),
    }
)


def events(fields: Json, blocks: Blocks, provider: str, logprobs: Json | None) -> Iterator[Event]:
    """The events of one message or delta, reasoning first."""
    thought = fields.get("reasoning_content") or fields.get("reasoning")
    if isinstance(thought, str):
        yield from blocks.prose(REASONING, thought)
    details = fields.get("reasoning_details")
    if details:
        yield from _details(details, blocks, bool(thought))
    content = fields.get("content")
    if content:
        if isinstance(content, str):
            yield from blocks.prose(TEXT, content, with_logprobs(logprobs.get("content")) if logprobs else None)
        else:
            yield from _pieces(content, blocks, provider)
    refusal = fields.get("refusal")
    if refusal:
        yield from blocks.prose(REFUSAL, refusal, with_logprobs(logprobs.get("refusal")) if logprobs else None)
    if len(fields) > 1 or not content:
        yield from _rest(fields, blocks)


def _rest(fields: Json, blocks: Blocks) -> Iterator[Event]:
    for note in fields.get("annotations") or ():
        source = note.get(note.get("type")) or note
        citation = Citation(title=source.get("title") or "", uri=source.get("url") or "", raw_json=orjson.dumps(note))
        yield from blocks.citation(citation, source.get("start_index"), source.get("end_index"))
    for image in fields.get("images") or ():
        yield from blocks.picture(_picture((image.get("image_url") or {}).get("url") or ""))
    audio = fields.get("audio")
    if audio:
        yield from _audio(audio, blocks)
    for call in fields.get("tool_calls") or ():
        yield from _call(call.get("index"), call, blocks)
    if fields.get("function_call"):
        yield from _call(0, {"function": fields["function_call"]}, blocks)


def _details(details: list[Json], blocks: Blocks, told: bool) -> Iterator[Event]:
    """OpenRouter's structured reasoning; its text repeats `reasoning` where that was `told`."""
    for detail in details:
        text = detail.get("text") or detail.get("summary")
        if text and not told:
            yield from blocks.prose(REASONING, text)
        if detail.get("signature"):
            yield from blocks.signature(detail["signature"])
        if detail.get("data"):
            yield from blocks.redacted(detail["data"])


def _pieces(content: list[Json], blocks: Blocks, provider: str) -> Iterator[Event]:
    """Content as a list, as Mistral sends it."""
    for piece in content:
        kind = piece.get("type")
        if kind == "text":
            if piece.get("text"):
                yield from blocks.prose(TEXT, piece["text"])
        elif kind == "thinking":
            thought = piece.get("thinking") or ()
            text = thought if isinstance(thought, str) else "".join(part.get("text") or "" for part in thought)
            if text:
                yield from blocks.prose(REASONING, text)
        else:
            raw = orjson.dumps(piece)
            yield from blocks.opaque(Opaque(provider=provider, type=str(kind or ""), raw_json=raw))


def _call(place: int | None, call: Json, blocks: Blocks) -> Iterator[Event]:
    """A tool call begins or grows. `place` is the provider's index; without one, an id or a name begins a call."""
    function = call.get("function") or {}
    id, name = call.get("id") or "", function.get("name") or ""
    if place is None:
        place = blocks.calls if id or name or not blocks.calls else blocks.calls - 1
    yield from blocks.call(place, id, name, _signature(call))
    arguments = function.get("arguments")
    if arguments:
        # Some servers send an object where the wire asks for its text.
        yield from blocks.arguments(
            place, arguments.encode() if isinstance(arguments, str) else orjson.dumps(arguments)
        )


def _signature(call: Json) -> bytes:
    """Gemini's thought signature, as its OpenAI-compatible endpoint sends it."""
    google = (call.get("extra_content") or {}).get("google") or {}
    signature = google.get("thought_signature")
    return signature.encode() if isinstance(signature, str) else b""


def _audio(audio: Json, blocks: Blocks) -> Iterator[Event]:
    first = Media(kind=MediaKind.MEDIA_KIND_AUDIO, id=audio.get("id") or "")
    more = Media(kind=MediaKind.MEDIA_KIND_AUDIO, transcript=audio.get("transcript") or "")
    if audio.get("data"):
        more.data = _bytes(audio["data"])
    yield from blocks.media(first, more if audio.get("data") or audio.get("transcript") else None)


def _picture(url: str) -> Media:
    head, comma, data = url.partition(",")
    if not (comma and head.startswith("data:")):
        return Media(kind=MediaKind.MEDIA_KIND_IMAGE, uri=url)
    mime = head.removeprefix("data:").partition(";")[0]
    return Media(kind=MediaKind.MEDIA_KIND_IMAGE, mime_type=mime, data=_bytes(data))


def _bytes(text: str) -> bytes:
    try:
        return b64decode(text, validate=False)
    except Base64Error:
        raise MalformedError("media is not base64") from None


def with_logprobs(tokens: Iterable[Json] | None) -> list[TokenLogprob]:
    """Tokens with their log probabilities."""
    return [_logprob(token) for token in tokens or ()]


def _logprob(token: Json) -> TokenLogprob:
    return TokenLogprob(
        token=token.get("token") or "",
        logprob=token.get("logprob") or 0.0,
        raw_bytes=bytes(token.get("bytes") or ()),
        top=with_logprobs(token.get("top_logprobs")),
    )
