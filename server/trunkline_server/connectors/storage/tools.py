"""The tools of object storage: their schemas, and which of them an integration has."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import orjson
from trunkline.v1.storage_pb2 import StorageConfiguration
from trunkline.v1.tool_pb2 import Tool

from trunkline_server.domain.duration import duration

MOST_LISTED = 1000
DEFAULT_PRESIGN_SECONDS = 3600
_TEXT: Mapping[str, Any] = {"type": "string"}
_COUNT: Mapping[str, Any] = {"type": "integer", "minimum": 0}
_KEY: Mapping[str, Any] = {"type": "string", "minLength": 1, "maxLength": 1024, "description": "The object's key."}
_ETAG: Mapping[str, Any] = {"type": "string", "minLength": 1, "maxLength": 256, "pattern": r"^[\x21\x23-\x7e]+$"}
_TOKEN: Mapping[str, Any] = {"type": "string", "minLength": 1, "maxLength": 4096}
_PREFIX: Mapping[str, Any] = {"type": "string", "maxLength": 1024, "description": "Only keys that begin with it."}
_PAGE: Mapping[str, Any] = {
    "page_size": {"type": "integer", "minimum": 1, "maximum": MOST_LISTED, "default": MOST_LISTED},
    "page_token": {**_TOKEN, "description": "Where to go on: `next_page_token` of an earlier page."},
}
_TYPE: Mapping[str, Any] = {
    "type": "string",
    "minLength": 1,
    "maxLength": 255,
    "pattern": r"^[\x21-\x7e]([\x20-\x7e]*[\x21-\x7e])?$",
    "description": "The MIME type. By default application/octet-stream, for `text` text/plain.",
}
_METADATA: Mapping[str, Any] = {
    "type": "object",
    "maxProperties": 16,
    "propertyNames": {"pattern": "^[a-z_][a-z0-9_]{0,63}$"},
    "additionalProperties": {
        "type": "string",
        "maxLength": 1024,
        "pattern": r"^([\x21-\x7e]([\x20-\x7e]*[\x21-\x7e])?)?$",
    },
    "description": "Metadata of the caller's own.",
}
_OBJECT: Mapping[str, Any] = {
    "key": _TEXT,
    "size": _COUNT,
    "etag": _TEXT,
    "content_type": _TEXT,
    "last_modified": _TEXT,
    "storage_class": _TEXT,
    "version_id": _TEXT,
    "content_encoding": _TEXT,
    "metadata": {"type": "object", "additionalProperties": _TEXT},
}


def _object(properties: Mapping[str, Any], *required: str, closed: bool = True) -> bytes:
    found: dict[str, Any] = {"type": "object", "properties": properties}
    found |= {"required": list(required)} if required else {}
    return orjson.dumps(found | ({"additionalProperties": False} if closed else {}))


@dataclass(frozen=True, slots=True)
class ToolKind:
    """One tool. `needs` is what the integration must allow: writes, deletes, presigning."""

    name: str
    description: str
    parameters: bytes
    result: bytes
    needs: frozenset[str] = frozenset()
    changes: bool = False
    repeatable: bool = True
    paginated: bool = False
    takes_input: bool = False
    streams_output: bool = False


_WRITTEN = {"size": _COUNT, "etag": _TEXT, "version_id": _TEXT, "sha256": _TEXT, "resumed_from": _COUNT}
_PRESIGN = {
    "key": _KEY,
    "expires_seconds": {
        "type": "integer",
        "minimum": 1,
        "maximum": 604_800,
        "description": "By default the longest that the integration allows.",
    },
}
_PRESIGNED = _object(
    {"url": _TEXT, "method": _TEXT, "headers": {"type": "object"}, "expire_time": _TEXT}, "url", "method", closed=False
)

TOOLS = (
    ToolKind(
        "list_objects",
        "Lists objects by key, a page at a time. With a delimiter, what is behind it is shown as `prefixes`.",
        _object(
            {"prefix": _PREFIX, "delimiter": {"type": "string", "minLength": 1, "maxLength": 16}, **_PAGE},
        ),
        _object(
            {
                "objects": {"type": "array", "items": {"type": "object", "properties": _OBJECT}},
                "prefixes": {"type": "array", "items": _TEXT},
                "next_page_token": _TEXT,
            },
            *("objects", "prefixes"),
            closed=False,
        ),
        paginated=True,
    ),
    ToolKind(
        "stat_object",
        "What is known of an object, without its content.",
        _object({"key": _KEY}, "key"),
        _object(_OBJECT, "key", "size", "etag", closed=False),
    ),
    ToolKind(
        "get_object",
        "Reads an object, or a range of it. Stream it where it is larger than a message; after a cut go on with "
        "`offset` and the etag as `if_match`.",
        _object(
            {
                "key": _KEY,
                "offset": {"type": "integer", "minimum": 0, "maximum": 1 << 53, "description": "The first byte."},
                "length": {
                    "type": "integer",
                    "minimum": 1,
                    "maximum": 1 << 53,
                    "description": "At most so many bytes.",
                },
                "if_match": {**_ETAG, "description": "Only while this is its etag."},
            },
            "key",
        ),
        _object(
            {
                **{
                    name: _OBJECT[name]
                    for name in ("size", "etag", "content_type", "last_modified", "content_encoding")
                },
                **{"offset": _COUNT, "length": _COUNT, "sha256": {**_TEXT, "description": "Of the bytes sent."}},
            },
            closed=False,
        ),
        streams_output=True,
    ),
    ToolKind(
        "put_object",
        "Writes an object: the input of a stream, or `text` or `base64`. Nothing is visible before its end. After a "
        "cut give the `resume_token` that the progress told, and send on from `bytes_stored`; `finish.sha256` is then "
        "that of the bytes of the resumed call alone.",
        _object(
            {
                "key": _KEY,
                "content_type": _TYPE,
                "metadata": _METADATA,
                "if_none_match": {"const": "*", "description": "Only where there is no such object yet."},
                "if_match": {**_ETAG, "description": "Only while this is the etag of what is there."},
                "resume_token": {**_TOKEN, "description": "Streams only: an upload to go on with."},
                "text": {"type": "string", "description": "The content, as text. Not for streams."},
                "base64": {
                    "type": "string",
                    "contentEncoding": "base64",
                    "description": "The content. Not for streams.",
                },
            },
            "key",
        ),
        _object(_WRITTEN, "size", "etag", closed=False),
        frozenset(("writes",)),
        changes=True,
        repeatable=False,
        takes_input=True,
    ),
    ToolKind(
        "copy_object",
        "Copies an object within the integration, without its content passing through.",
        _object({"source": {**_KEY, "description": "The key to copy."}, "key": _KEY}, "source", "key"),
        _object({"size": _COUNT, "etag": _TEXT, "version_id": _TEXT}, "size", "etag", closed=False),
        frozenset(("writes",)),
        changes=True,
    ),
    ToolKind(
        "delete_object",
        "Deletes an object. `deleted` is false where the store tells that there was none; S3 does not tell.",
        _object({"key": _KEY, "if_match": {**_ETAG, "description": "Only while this is its etag."}}, "key"),
        _object({"deleted": {"type": "boolean"}}, "deleted", closed=False),
        frozenset(("deletes",)),
        changes=True,
    ),
    ToolKind(
        "list_uploads",
        "Lists uploads that were begun and not ended: those that a cut left, and those that run.",
        _object({"prefix": _PREFIX, **_PAGE}),
        _object(
            {
                "uploads": {
                    "type": "array",
                    "items": {"type": "object", "properties": {"key": _TEXT, "resume_token": _TEXT, "begun": _TEXT}},
                },
                "next_page_token": _TEXT,
            },
            "uploads",
            closed=False,
        ),
        frozenset(("writes", "lists_uploads")),
        paginated=True,
    ),
    ToolKind(
        "abort_upload",
        "Gives an upload up and drops what it stored. `aborted` is false where there is none, or the store keeps the "
        "parts until they expire (Azure: a week).",
        _object({"key": _KEY, "resume_token": _TOKEN}, "key", "resume_token"),
        _object({"aborted": {"type": "boolean"}}, "aborted", closed=False),
        frozenset(("writes",)),
        changes=True,
    ),
    ToolKind(
        "presign_get",
        "A URL that reads the object for whoever has it, until it expires.",
        _object(_PRESIGN, "key"),
        _PRESIGNED,
        frozenset(("presign",)),
    ),
    ToolKind(
        "presign_put",
        "A URL that writes the object for whoever has it, until it expires. Send the headers with it. The largest size "
        "is not enforced.",
        _object({**_PRESIGN, "content_type": _TYPE}, "key"),
        _PRESIGNED,
        frozenset(("presign", "writes")),
        changes=True,
    ),
)


def tools_of(
    integration_id: str, storage: StorageConfiguration, timeout: float, *, signs: bool, lists_uploads: bool
) -> Mapping[str, Tool]:
    """The tools of an integration by name. `signs`: it has a credential that URLs can be signed by."""
    longest = presign_seconds(storage)
    allowed = {
        "writes": storage.allow_writes,
        "deletes": storage.allow_deletes,
        "presign": signs and longest > 0,
        "lists_uploads": lists_uploads,
    }
    return {
        kind.name: Tool(
            name=kind.name,
            integration_id=integration_id,
            description=kind.description,
            parameters_schema_json=kind.parameters,
            result_schema_json=kind.result,
            has_side_effects=kind.changes,
            timeout=duration(timeout),
            repeatable=kind.repeatable,
            paginated=kind.paginated,
            takes_input=kind.takes_input,
            streams_output=kind.streams_output,
        )
        for kind in TOOLS
        if all(allowed[need] for need in kind.needs)
    }


def presign_seconds(storage: StorageConfiguration) -> int:
    """The longest that a presigned URL may serve; 0: there are none."""
    return storage.max_presign_seconds if storage.HasField("max_presign_seconds") else DEFAULT_PRESIGN_SECONDS
