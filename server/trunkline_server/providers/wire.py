"""What passes between the pure adapters and the driver."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class HttpResponse:
    """A whole answer. Header names are in lower case."""

    status: int
    headers: Mapping[str, str]
    body: bytes


class MalformedError(Exception):
    """An answer does not have the shape that the provider documents. The text names the finding, never the content."""
