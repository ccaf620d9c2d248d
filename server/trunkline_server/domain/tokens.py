"""Local token counts, for estimates where a provider tells none."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from threading import Thread

import toktok
from trunkline.v1.completion_pb2 import CompleteRequest
from trunkline.v1.content_pb2 import Part

# Public encodings by the start of the model's name; others are counted with the newest one and marked as estimates.
_ENCODINGS = (
    ("gpt-oss", "o200k_harmony"),
    ("gpt-3.5", "cl100k_base"),
    ("gpt-4-", "cl100k_base"),
    ("text-embedding-", "cl100k_base"),
    ("qwen3.5", "qwen3.5"),
)
_DEFAULT = "o200k_base"

# OpenAI's published chat format: three tokens around each message, three that open the answer.
_PER_MESSAGE = 3
_ANSWER = 3
# Pieces of a growing text that are counted together: one call takes some 40 µs for this many, 10 µs for one.
_AT_ONCE = 64


# Loading one takes up to a second and tens of megabytes: only those that are asked for.
_loaded: set[str] = set()
_loading: set[str] = set()


@lru_cache(4096)
def exact_encoding(model: str) -> str:
    """The name of the encoding that counts for a model."""
    bare = model.rpartition("/")[2].lower()
    return next((encoding for start, encoding in _ENCODINGS if bare.startswith(start)), _DEFAULT)


def encoding_for(model: str) -> str:
    """The encoding to estimate with now: the model's own, else the newest one while its own is being loaded, which no
    call waits for."""
    wanted = exact_encoding(model)
    if wanted in _loaded:
        return wanted
    if wanted not in _loading:
        _loading.add(wanted)
        Thread(target=load, args=(wanted,), daemon=True).start()
    return _DEFAULT


def load(encoding: str = _DEFAULT) -> str:
    """Load an encoding, and return it; blocks, without holding up other threads."""
    toktok.batch_count(["a"], encoding, threads=1)
    _loaded.add(encoding)
    return encoding


def count_text(text: str, encoding: str = _DEFAULT) -> int:
    """Tokens of a text."""
    return int(toktok.batch_count([text], encoding, threads=1)[0]) if text else 0


class Tally:
    """Tokens of a text that grows, which is not kept: pieces are counted some at a time, so that a cut within a token
    may count one more in each. Thousands of long streams would otherwise hold all that they ever said."""

    __slots__ = ("_counted", "_encoding", "_pieces")

    def __init__(self, encoding: str) -> None:
        self._encoding = encoding
        self._counted = 0
        self._pieces: list[str] = []

    def add(self, text: str) -> None:
        """The text goes on."""
        pieces = self._pieces
        pieces.append(text)
        if len(pieces) >= _AT_ONCE:
            self._counted = self.count()
            pieces.clear()

    def count(self) -> int:
        """Tokens until now."""
        return self._counted + count_text("".join(self._pieces), self._encoding)

    def __bool__(self) -> bool:
        """Whether there is any text."""
        return bool(self._counted or self._pieces)


def count_request(request: CompleteRequest, encoding: str = _DEFAULT) -> int:
    """Input tokens of a request's text, tools and schemas included; media are not counted."""
    texts = [request.prompt] if request.prompt else []
    for message in request.messages:
        for part in message.parts:
            texts.extend(_texts(part))
    for tool in request.tools:
        texts += [tool.name, tool.description, tool.parameters_schema_json.decode(errors="replace")]
    if request.response_format.HasField("json_schema"):
        texts.append(request.response_format.json_schema.schema_json.decode(errors="replace"))
    turns = max(1, len(request.messages))
    return int(sum(toktok.batch_count(texts, encoding, threads=1))) + turns * _PER_MESSAGE + _ANSWER


def count_texts(texts: Sequence[str], encoding: str) -> int:
    """Tokens of several texts together."""
    return int(sum(toktok.batch_count(list(texts), encoding, threads=1))) if texts else 0


def _texts(part: Part) -> list[str]:
    kind = part.WhichOneof("kind")
    if kind == "text":
        return [part.text]
    if kind == "tool_call":
        return [part.tool_call.name, part.tool_call.arguments_json.decode(errors="replace")]
    if kind == "tool_result":
        return [text for inner in part.tool_result.parts for text in _texts(inner)]
    if kind == "reasoning":
        return [part.reasoning.text]
    return [part.refusal] if kind == "refusal" else []
