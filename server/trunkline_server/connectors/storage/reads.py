"""An object, or a range of it, as it comes from the store."""

from __future__ import annotations

import hashlib
from collections.abc import AsyncGenerator, Mapping
from contextlib import aclosing
from typing import Any

import orjson
from trunkline.v1.tool_pb2 import StreamExecuteToolResponse, ToolProgress

from trunkline_server.connectors.storage.client import Client
from trunkline_server.connectors.storage.failures import checksum_mismatch, failure
from trunkline_server.connectors.storage.http import malformed
from trunkline_server.connectors.storage.port import Answer, Ask, Meaning, Reading
from trunkline_server.domain.connectors import ToolAnswer, ToolPiece
from trunkline_server.domain.errors import Reason, TrunklineError

# A whole object in one message; what is larger is to be streamed.
MOST_AT_ONCE = 8 << 20
_BYTES = "application/octet-stream"


async def read(client: Client, prefix: str, parameters: Mapping[str, Any]) -> AsyncGenerator[ToolPiece, None]:
    """The bytes, then what they were. The first piece tells the etag: to go on after a cut. Raises CHECKSUM_MISMATCH
    where the store gave a checksum of just these bytes."""
    key = parameters["key"]
    async with client.reading(_ask(client, prefix, parameters), key) as source:
        reading = _head(client, prefix + key, source.answer, parameters)
        detail = f"{reading.length} of {reading.stat.size} bytes, etag {reading.stat.etag}"
        yield StreamExecuteToolResponse(progress=ToolProgress(detail=detail))
        sha256, sums = hashlib.sha256(), _sums(reading)
        size = 0
        async with aclosing(source.chunks()) as chunks:
            async for chunk in chunks:
                size += len(chunk)
                sha256.update(chunk)
                for one in sums.values():
                    one.update(chunk)
                yield StreamExecuteToolResponse(chunk=chunk)
        _compare(reading, sums, size)
        told = _told(reading) | {"sha256": sha256.hexdigest()}
        yield ToolAnswer(source.answer.status, reading.stat.content_type or _BYTES, json=orjson.dumps(told))


async def read_at_once(client: Client, prefix: str, parameters: Mapping[str, Any]) -> ToolAnswer:
    """The bytes in one message. Raises MESSAGE_TOO_LARGE, CHECKSUM_MISMATCH."""
    key = parameters["key"]
    async with client.reading(_ask(client, prefix, parameters), key) as source:
        reading = _head(client, prefix + key, source.answer, parameters)
        if reading.length > MOST_AT_ONCE:
            raise TrunklineError(
                Reason.ERROR_REASON_MESSAGE_TOO_LARGE,
                f"the object is larger than {MOST_AT_ONCE} bytes; stream it, or ask for a range",
                metadata={"limit_bytes": str(MOST_AT_ONCE)},
            )
        sums, found = _sums(reading), bytearray()
        async with aclosing(source.chunks()) as chunks:
            async for chunk in chunks:
                found += chunk
        for one in sums.values():
            one.update(found)
        _compare(reading, sums, len(found))
        return ToolAnswer(source.answer.status, reading.stat.content_type or _BYTES, raw=bytes(found))


def _ask(client: Client, prefix: str, parameters: Mapping[str, Any]) -> Ask:
    offset, length = parameters.get("offset", 0), parameters.get("length")
    return client.store.get(prefix + parameters["key"], offset, length, parameters.get("if_match", ""))


def _head(client: Client, key: str, answer: Answer, parameters: Mapping[str, Any]) -> Reading:
    """Also looks at the etag itself: not all that speak like a store know the condition."""
    try:
        reading = client.store.reading(key, answer)
    except ValueError:
        raise malformed("is not of its protocol") from None
    if parameters.get("if_match", reading.stat.etag) != reading.stat.etag:
        raise failure(Meaning.PRECONDITION, "", Answer(412, {}), parameters["key"])
    return reading


def _sums(reading: Reading) -> dict[str, Any]:
    return {name: hashlib.new(name, usedforsecurity=False) for name in reading.digests}


def _compare(reading: Reading, sums: Mapping[str, Any], size: int) -> None:
    if size != reading.length or any(sums[name].digest() != told for name, told in reading.digests.items()):
        raise checksum_mismatch("what came is not what the store keeps by its checksum; read it again")


def _told(reading: Reading) -> dict[str, Any]:
    stat = reading.stat
    found = {
        "size": stat.size,
        "offset": reading.offset,
        "length": reading.length,
        "etag": stat.etag,
        "content_type": stat.content_type,
        "last_modified": stat.modified,
        "content_encoding": stat.content_encoding,
    }
    return {name: value for name, value in found.items() if value != ""}
