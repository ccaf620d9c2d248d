"""The content of one answer as events of its blocks, from the pieces of a stream or from a whole message."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

import orjson
from trunkline.v1.content_pb2 import Opaque, Part, Reasoning, TokenLogprob

from trunkline_server.providers.blocks import REASONING, TEXT, Blocks, Event
from trunkline_server.providers.cohere import citations
from trunkline_server.providers.cohere.messages import PLAN
from trunkline_server.providers.wire import Subject

Json = dict[str, Any]

_FIELDS = {"text": TEXT, "thinking": REASONING}
_MESSAGE = frozenset({"role", "content", "tool_plan", "tool_calls", "citations"})
_PIECE = frozenset({"type", "text", "thinking"})
_CALL = frozenset({"id", "type", "function"})
_FUNCTION = frozenset({"name", "arguments"})


class Content:
    """The blocks of the answer. `noted` holds (name, value) of what was found beside them and has no place there;
    who reads it clears it."""

    __slots__ = ("_novel", "_planning", "_provider", "blocks", "noted")

    def __init__(self, subject: Subject) -> None:
        self._provider = subject.provider
        self._novel: tuple[object, Json] | None = None
        self._planning = False
        self.blocks = Blocks(0, subject.signer)
        self.noted: list[tuple[str, Any]] = []

    # ── A whole message ─────────────────────────────────────────────────────────────────────────────────────────

    def message(self, message: Json, logprobs: Iterable[Json]) -> Iterator[Event]:
        """The events of a whole message: its content with what it cites, its plan, its calls."""
        self._note(message, _MESSAGE, "message.")
        said = message.get("content") or []
        pieces = [{"type": "text", "text": said}] if isinstance(said, str) else list(said)
        yield from self._pieces(pieces, list(logprobs), list(message.get("citations") or ()))
        yield from self.plan({}, message)
        for place, call in enumerate(message.get("tool_calls") or ()):
            yield from self.call({"index": place}, {"tool_calls": call})
            yield from self.blocks.end_call(place)

    def _pieces(self, pieces: list[Json], logprobs: list[Json], cited: list[Json]) -> Iterator[Event]:
        texts = [index for index, piece in enumerate(pieces) if piece.get("type") == "text"]
        for index, piece in enumerate(pieces):
            yield from self._begin(index, piece, _cut(logprobs, piece))
            yield from self.close({"index": index}, {})
            if index in texts:
                last = index == texts[-1]
                for citation in [c for c in cited if c.get("content_index") == index or last]:
                    cited.remove(citation)
                    yield from self.cite({}, {"citations": citation})
        for citation in cited:
            self._note({"citation": citation}, frozenset(), "")
        if logprobs:
            self._note({"logprobs": logprobs}, frozenset(), "")

    # ── Pieces of a stream: each takes the event and the message in it ──────────────────────────────────────────

    def open(self, event: Json, message: Json) -> Iterator[Event]:
        """A block of content begins."""
        yield from self._begin(event.get("index"), message.get("content") or {}, [])

    def grow(self, event: Json, message: Json) -> Iterator[Event]:
        """A block of content grows."""
        piece = message.get("content") or {}
        if self._novel is not None and self._novel[0] == event.get("index"):
            _merge(self._novel[1], piece)
            return
        if not _PIECE.issuperset(piece):
            self._note(piece, _PIECE, "content.")
        logprobs = event.get("logprobs")
        yield from self._say(piece, [logprobs] if logprobs else ())

    def close(self, event: Json, message: Json) -> Iterator[Event]:
        """A block of content is complete. Text stays open for the citations that may follow it."""
        if self._novel is not None and self._novel[0] == event.get("index"):
            yield from self._whole_novel()

    def plan(self, event: Json, message: Json) -> Iterator[Event]:
        """The plan before tool calls grows."""
        said = message.get("tool_plan")
        if not said:
            return
        if not self._planning:
            self._planning = True
            yield from self.blocks.begin(REASONING, Part(reasoning=Reasoning(id=PLAN)))
        yield from self.blocks.prose(REASONING, said)

    def call(self, event: Json, message: Json) -> Iterator[Event]:
        """A tool call begins."""
        call = message["tool_calls"]
        self._planning = False
        self._note(call, _CALL, "tool_calls.")
        function = call.get("function") or {}
        yield from self.blocks.call(event.get("index"), call.get("id") or "", function.get("name") or "")
        yield from self.arguments(event, message)

    def arguments(self, event: Json, message: Json) -> Iterator[Event]:
        """The arguments of a tool call grow."""
        function = message["tool_calls"].get("function") or {}
        if not _FUNCTION.issuperset(function):
            self._note(function, _FUNCTION, "tool_calls.function.")
        said = function.get("arguments")
        if said:
            yield from self.blocks.arguments(event.get("index"), said.encode())

    def end_call(self, event: Json, message: Json) -> Iterator[Event]:
        """A tool call is complete."""
        yield from self.blocks.end_call(event.get("index"))

    def cite(self, event: Json, message: Json) -> Iterator[Event]:
        """A citation. Those of thoughts and plans are noted: their blocks may be closed."""
        told = message.get("citations") or ()
        for citation in [told] if isinstance(told, dict) else told:
            if citation.get("type") not in (None, citations.TEXT):
                self._note({"citation": citation}, frozenset(), "")
                continue
            for each in citations.read(citation):
                yield from self.blocks.citation(each, citation.get("start"), citation.get("end"))

    def nothing(self, event: Json, message: Json) -> Iterator[Event]:
        """An event that says nothing."""
        return iter(())

    def finish(self) -> Iterator[Event]:
        """The answer is over."""
        yield from self._whole_novel()
        yield from self.blocks.finish()

    # ── Both ────────────────────────────────────────────────────────────────────────────────────────────────────

    def _begin(self, index: object, piece: Json, logprobs: list[Json]) -> Iterator[Event]:
        yield from self._whole_novel()
        self._planning = False
        kind = _FIELDS.get(piece.get("type") or "text")
        if kind is None:
            self._novel = (index, dict(piece))
            return
        self._note(piece, _PIECE, "content.")
        yield from self.blocks.begin(kind)
        yield from self._say(piece, logprobs)

    def _say(self, piece: Json, logprobs: Iterable[Json]) -> Iterator[Event]:
        for field, kind in _FIELDS.items():
            said = piece.get(field)
            if said:
                yield from self.blocks.prose(kind, said, self._logprobs(logprobs) if logprobs else None)

    def _whole_novel(self) -> Iterator[Event]:
        """A block of a kind that is not known, once all of it came."""
        if self._novel is not None:
            block, self._novel = self._novel[1], None
            kind = str(block.get("type") or "")
            yield from self.blocks.opaque(Opaque(provider=self._provider, type=kind, raw_json=orjson.dumps(block)))

    def _logprobs(self, items: Iterable[Json]) -> list[TokenLogprob]:
        """A chunk of text has one log probability for each of its tokens, whose texts are not told apart: the first
        token has all of it. The ids of the tokens have no place in the contract."""
        found: list[TokenLogprob] = []
        for item in items:
            text = item.get("text") or ""
            for logprob in item.get("logprobs") or ():
                found.append(TokenLogprob(token=text, logprob=logprob))
                text = ""
            if item.get("token_ids"):
                self.noted.append(("logprobs", item))
        return found

    def _note(self, fields: Json, known: frozenset[str], prefix: str) -> None:
        self.noted.extend((prefix + name, value) for name, value in fields.items() if name not in known)


def _merge(block: Json, piece: Json) -> None:
    """Add a piece to a block: texts and lists grow, the rest is replaced."""
    for name, value in piece.items():
        before = block.get(name)
        grows = isinstance(before, str | list) and type(before) is type(value) and name != "type"
        block[name] = before + value if grows else value


def _cut(logprobs: list[Json], piece: Json) -> list[Json]:
    """Take the items off the list that are of the piece's text."""
    length = len(piece.get("text") or piece.get("thinking") or "") if logprobs else 0
    taken: list[Json] = []
    while logprobs and length > 0:
        taken.append(logprobs.pop(0))
        length -= len(taken[-1].get("text") or "")
    return taken
