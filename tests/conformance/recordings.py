"""Where the recorded provider traffic is, and the hand-written fixtures of the same format beside it."""

from __future__ import annotations

import base64
import os
import random
import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import orjson
from trunkline_server.providers.profiles import Profile, builtin, parse
from trunkline_server.providers.wire import Subject, Wire
from trunkline_server.providers.wires import WIRES

_ROOT = Path(__file__).resolve().parents[2]
RECORDINGS = Path(os.environ.get("TRUNKLINE_SHARED", _ROOT.parent / "shared")) / "recordings"
FIXTURES = Path(__file__).with_name("fixtures")
MISSING = "no recorded traffic at ../shared/recordings; TRUNKLINE_SHARED may name its parent"

# Which wire a family of recordings is, and the profile of exchanges whose provider has none of its name.
FAMILIES = {
    "openai-chat": ("openai_chat", ""),
    "openai-responses": ("openai_responses", "openai_responses"),
    "anthropic": ("anthropic", "anthropic"),
    "gemini": ("gemini", "gemini"),
    "cohere-v2": ("cohere", "cohere"),
    "bedrock": ("bedrock", "bedrock"),
}
# Gemini names the model in the address.
_MODEL = re.compile(r"/models/([^/:?]+):")
_UNKNOWN = parse('[unknown]\ndisplay_name = "Unknown"\nendpoint = "https://api.example"\n')["unknown"]


@dataclass(frozen=True)
class Recording:
    """One exchange. `body` holds the bytes of the answer; `expect` is what they mean. `cut` tells whether long text of
    the request was cut out of it."""

    id: str
    family: str
    api: str
    provider: str
    url: str
    request: Any
    cut: bool
    status: int
    headers: dict[str, str]
    body: bytes
    framing: str
    expect: dict[str, Any]

    @property
    def streamed(self) -> bool:
        """Whether the answer is a stream."""
        return self.framing != "none"

    @property
    def profile(self) -> Profile:
        """The profile of the provider."""
        wire, default = FAMILIES[self.family]
        own = builtin().get(self.provider)
        return own if own is not None and own.wire == wire else builtin().get(default, _UNKNOWN)

    @property
    def wire(self) -> Wire:
        """The adapter that reads it."""
        return WIRES[FAMILIES[self.family][0]]

    @property
    def subject(self) -> Subject:
        """Whom the call spoke to."""
        model = self.request.get("model", "") if isinstance(self.request, dict) else ""
        if found := _MODEL.search(self.url):
            model = found[1]
        return Subject(self.profile, self.provider, model or "m")


def load(path: Path) -> Recording:
    """Read one file."""
    record = orjson.loads(path.read_bytes())
    request, response = record["request"], record["response"]
    body, encoding = response["body"], response["body_encoding"]
    readers: dict[str, Callable[[Any], bytes]] = {"json": orjson.dumps, "text": str.encode, "base64": base64.b64decode}
    return Recording(
        id=path.stem,
        family=record["family"],
        api=record["api"],
        provider=record["provider"],
        url=request["url"],
        request=request.get("body"),
        cut=bool(record.get("request_truncated")),
        status=response["status"],
        headers={name.lower(): value for name, value in response["headers"].items()},
        body=readers[encoding](body),
        framing=record["framing"]["stream"],
        expect=record["expect"],
    )


@cache
def every() -> list[Recording]:
    """Every recording where they are present, and every fixture."""
    recorded = sorted(RECORDINGS.glob("*.json")) if RECORDINGS.is_dir() else []
    return [load(path) for path in recorded + sorted(FIXTURES.glob("*.json"))]


@cache
def completions() -> list[Recording]:
    """The exchanges of completions."""
    return [recording for recording in every() if recording.family in FAMILIES]


def name(recording: Recording) -> str:
    """The id of a test case."""
    return recording.id


# ── Ways to cut bytes ───────────────────────────────────────────────────────────────────────────────────────────


def whole(body: bytes) -> Iterable[bytes]:
    """In one piece."""
    return [body]


def lines(body: bytes) -> Iterable[bytes]:
    """Line by line."""
    return body.splitlines(keepends=True)


def bytewise(body: bytes) -> Iterable[bytes]:
    """Byte by byte."""
    return (body[i : i + 1] for i in range(len(body)))


def at_random(body: bytes) -> Iterator[bytes]:
    """Pieces of 1 to 300 bytes, the same each time."""
    chance = random.Random(len(body))
    start = 0
    while start < len(body):
        end = start + chance.randint(1, 300)
        yield body[start:end]
        start = end


def frames(recording: Recording) -> list[bytes]:
    """The frames of a stream as bytes; comments at its end are left out."""
    if recording.framing == "eventstream":
        return _messages(recording.body)
    found = recording.body.replace(b"\r\n", b"\n").split(b"\n\n")
    while found and (not found[-1].strip() or found[-1].startswith(b":")):
        found.pop()
    return [frame + b"\n\n" for frame in found]


def _messages(body: bytes) -> list[bytes]:
    """AWS event-stream messages: each begins with its own length."""
    found = []
    while body:
        length = int.from_bytes(body[:4], "big")
        found.append(body[:length])
        body = body[length:]
    return found
