"""Images and documents as blocks of the messages API."""

from __future__ import annotations

from base64 import b64encode
from typing import Any

from trunkline.v1.content_pb2 import Media, MediaKind

from trunkline_server.domain.errors import invalid_fields

Json = dict[str, Any]

PDF = "application/pdf"
IMAGES = frozenset({"image/jpeg", "image/png", "image/gif", "image/webp"})
_ALIASES = {"image/jpg": "image/jpeg"}


def encode(media: Media, path: str) -> Json:
    """The block. Raises INVALID_REQUEST for a text document that is not UTF-8."""
    if media.kind == MediaKind.MEDIA_KIND_IMAGE:
        return {"type": "image", "source": _source(media, path)}
    block = {"type": "document", "source": _source(media, path)}
    if media.title:
        block["title"] = media.title
    return block


def mime_type(media: Media) -> str:
    """The MIME type without its parameters, by its usual name."""
    bare = media.mime_type.partition(";")[0].strip().lower()
    return _ALIASES.get(bare, bare)


def problem(media: Media, name: str) -> tuple[str, str] | None:
    """(field below the media, why) of what the provider `name` does not take. Audio and video are the profile's."""
    if media.detail not in ("", "auto"):
        return "detail", f"{name} always looks at images closely"
    source, mime = media.WhichOneof("source"), mime_type(media)
    if media.kind == MediaKind.MEDIA_KIND_IMAGE and source == "data" and mime not in IMAGES:
        return "mime_type", f"{name} takes images of {', '.join(sorted(IMAGES))}"
    if media.kind == MediaKind.MEDIA_KIND_DOCUMENT:
        if source == "data" and mime != PDF and not mime.startswith("text/"):
            return "mime_type", f"{name} takes documents of {PDF} and text"
        if source == "uri" and mime not in ("", PDF):
            return "mime_type", f"{name} fetches documents of {PDF} only"
    return None


def _source(media: Media, path: str) -> Json:
    if media.uri:
        return {"type": "url", "url": media.uri}
    if media.file_id:
        return {"type": "file", "file_id": media.file_id}
    mime = mime_type(media)
    if mime.startswith("text/"):
        # Every kind of text goes by this name.
        return {"type": "text", "media_type": "text/plain", "data": _decoded(media.data, path)}
    return {"type": "base64", "media_type": mime, "data": b64encode(media.data).decode()}


def _decoded(data: bytes, path: str) -> str:
    try:
        return data.decode()
    except UnicodeDecodeError:
        raise invalid_fields([(f"{path}.data", "is not UTF-8 text")]) from None
