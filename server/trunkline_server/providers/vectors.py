"""Embedding vectors as packed little-endian 32-bit floats."""

from __future__ import annotations

import sys
from array import array
from base64 import b64decode
from binascii import Error as Base64Error

from trunkline_server.providers.wire import MalformedError

_WIDTH = 4
_SWAPPED = sys.byteorder == "big"


def pack(vector: object) -> bytes:
    """A vector in either shape that providers use: a list of numbers, or its bytes as base64. Raises MalformedError."""
    if isinstance(vector, str):
        return _unwrapped(vector)
    if not isinstance(vector, list) or not vector:
        raise MalformedError("a vector is neither numbers nor base64")
    try:
        floats = array("f", vector)
    except (TypeError, OverflowError):
        raise MalformedError("a vector holds something that is no number") from None
    if _SWAPPED:
        floats.byteswap()
    return floats.tobytes()


def _unwrapped(text: str) -> bytes:
    try:
        packed = b64decode(text, validate=True)
    except Base64Error:
        raise MalformedError("a vector is not base64") from None
    if not packed or len(packed) % _WIDTH:
        raise MalformedError("a vector has no whole number of 32-bit floats")
    return packed
