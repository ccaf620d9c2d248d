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
    """One page and the token of the next, empty at the end. Raises INVALID_REQUEST for a token that is not ours."""
    try:
        start = int(base64.urlsafe_b64decode(page_token)) if page_token else 0
    except (ValueError, binascii.Error):
        raise invalid_fields([("page_token", "is not one that this method returned")]) from None
    end = start + (page_size or DEFAULT_PAGE_SIZE)
    following = base64.urlsafe_b64encode(str(end).encode()).decode() if end < len(items) else ""
    return items[start:end], following
