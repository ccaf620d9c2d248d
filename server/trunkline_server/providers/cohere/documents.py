"""Documents that the model may cite: Cohere takes their text, or fields of text, never files."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import orjson
from trunkline.v1.completion_pb2 import CompleteRequest
from trunkline.v1.content_pb2 import Media, MediaKind

from trunkline_server.providers.cohere.citations import document_id

Json = dict[str, Any]

_JSON = "application/json"


def among(request: CompleteRequest) -> list[Json]:
    """The documents of every message, in order; those of tool results stay with their result."""
    found = [data for media in _media(request) if (data := content(media)) is not None]
    return [{"id": document_id(place), "data": data} for place, data in enumerate(found)]


def _media(request: CompleteRequest) -> Iterator[Media]:
    for message in request.messages:
        for part in message.parts:
            if part.HasField("media"):
                yield part.media


def content(media: Media) -> Json | None:
    """What the model reads of a document; None where it is no text."""
    if media.kind != MediaKind.MEDIA_KIND_DOCUMENT or media.WhichOneof("source") != "data":
        return None
    mime = media.mime_type.partition(";")[0].strip().lower()
    if not (mime.startswith("text/") or mime == _JSON):
        return None
    try:
        text = media.data.decode()
    except UnicodeDecodeError:
        return None
    data = _fields(text) if mime == _JSON else None
    if data is None:
        data = {"text": text}
    if media.title:
        data.setdefault("title", media.title)
    return data


def _fields(text: str) -> Json | None:
    """A JSON object is a document of its own shape."""
    try:
        found = orjson.loads(text)
    except orjson.JSONDecodeError:
        return None
    return found if isinstance(found, dict) else None
