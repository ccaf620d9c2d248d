"""Pages of lists that are in memory."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Sequence
from typing import TypeVar

from trunkline_server.domain.errors import invalid_fields

T = TypeVar("T")
DEFAULT_PAGE_SIZE = 100


def page(items: Sequence[T], page_size: int, page_token: str) -> tuple[Sequence[T], str]:
    """One page and the token of the next, empty at the end; a size of 0 is DEFAULT_PAGE_SIZE. Raises INVALID_REQUEST
    for a token that is not ours."""
    start = _start(page_token) if page_token else 0
    end = start + (page_size or DEFAULT_PAGE_SIZE)
    return items[start:end], _token(end) if end < len(items) else ""


def _token(start: int) -> str:
    return base64.urlsafe_b64encode(str(start).encode()).decode()


def _start(token: str) -> int:
    try:
        start = int(base64.urlsafe_b64decode(token))
    except (ValueError, binascii.Error):
        start = -1
    # Decoding is lenient; only the very token that was handed out is taken back.
    if start < 0 or _token(start) != token:
        raise invalid_fields([("page_token", "is not one that this method returned")])
    return start
