"""What the suite knows of each wire apart from its adapter: how a stream would read as a whole answer, and what a
recorded request asks for. Written from the providers' documentation, not from the adapters."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from trunkline.v1.completion_pb2 import CompleteRequest


@dataclass(frozen=True)
class Peer:
    """`as_whole` merges a stream's frames into the whole answer that the provider would have given. `request_of`
    reads a recorded body as a CompleteRequest; `neutral` maps a body onto what both sides must agree in, and `notes`
    says why each difference that it removes is neutral."""

    as_whole: Callable[[bytes], Any]
    request_of: Callable[[Any], CompleteRequest] | None = None
    neutral: Callable[[Any], Any] = lambda body: body
    notes: Mapping[str, str] = field(default_factory=dict)
