"""Images, audio, documents and video as parts of the API."""

from __future__ import annotations

from base64 import b64decode, b64encode
from binascii import Error as Base64Error
from typing import Any

from trunkline.v1.content_pb2 import Media, MediaKind

from trunkline_server.providers.wire import MalformedError, Subject

Json = dict[str, Any]

_KINDS = {
    "image": MediaKind.MEDIA_KIND_IMAGE,
    "audio": MediaKind.MEDIA_KIND_AUDIO,
    "video": MediaKind.MEDIA_KIND_VIDEO,
}


def encode(media: Media, subject: Subject) -> Json:
    """The part: the bytes, or the address of a file."""
    if media.WhichOneof("source") == "data":
        return {"inlineData": {"mimeType": media.mime_type, "data": b64encode(media.data).decode()}}
    file: Json = {"fileUri": media.uri or _address(media.file_id, subject)}
    if media.mime_type:
        file["mimeType"] = media.mime_type
    return {"fileData": file}


def _address(file_id: str, subject: Subject) -> str:
    """Files go by their address; an uploaded one is told by its name, `files/<id>`."""
    if "://" in file_id:
        return file_id
    return f"{subject.profile.endpoint}/files/{file_id.removeprefix('files/')}"


def inline(blob: Json) -> Media:
    """Generated media that came as bytes. Raises MalformedError."""
    media = _of(blob)
    try:
        media.data = b64decode(blob.get("data") or "")
    except Base64Error:
        raise MalformedError("media is not base64") from None
    return media


def file(told: Json) -> Media:
    """Generated media that came as the address of a file."""
    media, address = _of(told), told.get("fileUri") or ""
    # The contract's addresses are https; objects of Cloud Storage go by ids.
    if address.startswith("https://"):
        media.uri = address
    else:
        media.file_id = address
    return media


def _of(told: Json) -> Media:
    mime = told.get("mimeType") or ""
    kind = _KINDS.get(mime.partition("/")[0], MediaKind.MEDIA_KIND_DOCUMENT)
    return Media(kind=kind, mime_type=mime, title=told.get("displayName") or "")
