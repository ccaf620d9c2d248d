"""Where the recorded provider traffic is, and the hand-written fixtures of the same format beside it."""

from __future__ import annotations

import os
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import orjson

_ROOT = Path(__file__).resolve().parents[2]
RECORDINGS = Path(os.environ.get("TRUNKLINE_SHARED", _ROOT.parent / "shared")) / "recordings"
FIXTURES = Path(__file__).with_name("fixtures")
MISSING = "no recorded traffic at ../shared/recordings; TRUNKLINE_SHARED may name its parent"


@dataclass(frozen=True)
class Recording:
    """One exchange. `body` holds the bytes of the answer; `expect` is what they mean."""

    id: str
    provider: str
    request: Any
    status: int
    headers: dict[str, str]
    body: bytes
    streamed: bool
    expect: dict[str, Any]


def load(path: Path) -> Recording:
    """Read one file."""
    record = orjson.loads(path.read_bytes())
    response = record["response"]
    body = response["body"]
    return Recording(
        id=path.stem,
        provider=record["provider"],
        request=record["request"].get("body"),
        status=response["status"],
        headers={name.lower(): value for name, value in response["headers"].items()},
        body=orjson.dumps(body) if response["body_encoding"] == "json" else body.encode(),
        streamed=record["framing"]["stream"] == "sse",
        expect=record["expect"],
    )


@cache
def chat() -> list[Recording]:
    """Every exchange of the chat completions family: recorded ones where they are present, and the fixtures."""
    found = sorted(RECORDINGS.glob("*.json")) if RECORDINGS.is_dir() else []
    recorded = [path for path in found if orjson.loads(path.read_bytes())["family"] == "openai-chat"]
    return [load(path) for path in recorded + sorted(FIXTURES.glob("openai-chat-*.json"))]
