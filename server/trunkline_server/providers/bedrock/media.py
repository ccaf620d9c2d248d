"""Media of the contract as blocks of Bedrock: bytes, or an object in S3."""

from __future__ import annotations

import re
from base64 import b64encode
from collections.abc import Mapping
from typing import Any

from trunkline.v1.content_pb2 import Media, MediaKind

Json = dict[str, Any]

_OFFICE = "application/vnd.openxmlformats-officedocument"
# By kind of media: the name of its block, and its formats by MIME type.
_KINDS: Mapping[MediaKind.ValueType, tuple[str, Mapping[str, str]]] = {
    MediaKind.MEDIA_KIND_IMAGE: (
        "image",
        {
            "image/png": "png",
            "image/jpeg": "jpeg",
            "image/jpg": "jpeg",
            "image/gif": "gif",
            "image/webp": "webp",
        },
    ),
    MediaKind.MEDIA_KIND_DOCUMENT: (
        "document",
        {
            "application/pdf": "pdf",
            "text/csv": "csv",
            "application/msword": "doc",
            f"{_OFFICE}.wordprocessingml.document": "docx",
            "application/vnd.ms-excel": "xls",
            f"{_OFFICE}.spreadsheetml.sheet": "xlsx",
            "text/html": "html",
            "text/plain": "txt",
            "text/markdown": "md",
        },
    ),
    MediaKind.MEDIA_KIND_VIDEO: (
        "video",
        {
            "video/x-matroska": "mkv",
            "video/quicktime": "mov",
            "video/mp4": "mp4",
            "video/webm": "webm",
            "video/x-flv": "flv",
            "video/mpeg": "mpeg",
            "video/x-ms-wmv": "wmv",
            "video/3gpp": "three_gp",
        },
    ),
    MediaKind.MEDIA_KIND_AUDIO: (
        "audio",
        {
            "audio/mpeg": "mp3",
            "audio/mp3": "mp3",
            "audio/wav": "wav",
            "audio/x-wav": "wav",
            "audio/wave": "wav",
            "audio/flac": "flac",
            "audio/ogg": "ogg",
            "audio/opus": "opus",
            "audio/aac": "aac",
            "audio/mp4": "mp4",
            "audio/x-m4a": "m4a",
            "audio/webm": "webm",
        },
    ),
}
# Ends of file names that are not the format's own name.
_ENDS = {"jpg": "jpeg", "htm": "html", "markdown": "md", "3gp": "three_gp"}
_S3 = "s3://"
_NAME = "document"
_MAX_NAME = 200
_END = re.compile(r"\.[A-Za-z0-9]{1,8}$")
_NOT_OF_A_NAME = re.compile(r"[^A-Za-z0-9()\[\]-]+")


def problem(media: Media, in_result: bool) -> tuple[str, str] | None:
    """(field, why) of what Bedrock cannot take, as part of a message or of a tool's result."""
    if media.kind not in _KINDS or (in_result and media.kind == MediaKind.MEDIA_KIND_AUDIO):
        return "kind", "Amazon Bedrock does not take this here"
    source = media.WhichOneof("source") or "data"
    if source != "data" and not getattr(media, source).startswith(_S3):
        return source, "Amazon Bedrock takes the bytes, or an object in S3 as a file_id: s3://bucket/key"
    if not _format(media):
        known = ", ".join(sorted(set(_KINDS[media.kind][1].values())))
        return "mime_type", f"Amazon Bedrock takes {known}"
    return None


def encode(media: Media, names: set[str]) -> Json:
    """The block of media without a `problem`. `names` are those of the request's documents so far, because no two may
    be alike."""
    name, _ = _KINDS[media.kind]
    place = media.uri or media.file_id
    source: Json = {"s3Location": {"uri": place}} if place else {"bytes": b64encode(media.data).decode()}
    block: Json = {"format": _format(media), "source": source}
    if media.kind == MediaKind.MEDIA_KIND_DOCUMENT:
        block["name"] = _title(media.title, names)
    return {name: block}


def _format(media: Media) -> str:
    formats = _KINDS[media.kind][1]
    if media.mime_type:
        return formats.get(media.mime_type.partition(";")[0].strip().lower(), "")
    end = (media.uri or media.file_id).rpartition(".")[2].lower()
    end = _ENDS.get(end, end)
    return end if end in formats.values() else ""


def _title(title: str, names: set[str]) -> str:
    """A name of the characters that are allowed, and the only one of its kind."""
    stem = _NOT_OF_A_NAME.sub(" ", _END.sub("", title)).strip()[:_MAX_NAME].strip() or _NAME
    name, count = stem, 1
    while name.lower() in names:
        count += 1
        end = f" {count}"
        name = stem[: _MAX_NAME - len(end)].strip() + end
    names.add(name.lower())
    return name
