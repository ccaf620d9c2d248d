"""Output items as events of one candidate's blocks: told piece by piece in a stream, or whole."""

from __future__ import annotations

from collections.abc import Hashable, Iterator
from typing import Any

import orjson
from trunkline.v1.content_pb2 import Citation, Opaque, Part, Reasoning, TokenLogprob

from trunkline_server.providers.blocks import REASONING, REFUSAL, TEXT, Blocks, Event, Kind
from trunkline_server.providers.openai_compatible.content import with_logprobs
from trunkline_server.providers.wire import Subject

Json = dict[str, Any]

# Items that ask the caller to act.
_ASKS = frozenset({"function_call", "custom_tool_call", "computer_call", "local_shell_call", "apply_patch_call"})


class Items:
    """The output so far. `asked`: the model waits for the caller; `seen`: the places and ids of complete items."""

    __slots__ = ("_notes", "_open", "_provider", "_told", "_told_notes", "asked", "blocks", "seen")

    def __init__(self, subject: Subject) -> None:
        self._provider = subject.provider
        self._open: Hashable = None
        self._told: dict[Hashable, int] = {}
        self._notes: dict[Hashable, list[Json]] = {}
        self._told_notes: dict[Hashable, int] = {}
        self.blocks = Blocks(0, subject.signer)
        self.asked = False
        self.seen: set[Hashable] = set()

    def text(self, event: Json) -> Iterator[Event]:
        """Text grows."""
        key, logprobs = (event["output_index"], event["content_index"]), event.get("logprobs")
        yield from self._say(key, TEXT, event["delta"], None, with_logprobs(logprobs) if logprobs else None)

    def refusal(self, event: Json) -> Iterator[Event]:
        """A refusal grows."""
        yield from self._say((event["output_index"], event["content_index"]), REFUSAL, event["delta"])

    def summary(self, event: Json) -> Iterator[Event]:
        """A summary of reasoning grows."""
        key = ("summary", event["output_index"], event["summary_index"])
        yield from self._say(key, REASONING, event["delta"], _thought(event.get("item_id"), summary=True))

    def thought(self, event: Json) -> Iterator[Event]:
        """Reasoning grows."""
        key = ("thought", event["output_index"], event["content_index"])
        yield from self._say(key, REASONING, event["delta"], _thought(event.get("item_id"), summary=False))

    def annotation(self, event: Json) -> Iterator[Event]:
        """A source of the text. One of text that is still to come waits for it, and so does what follows."""
        key, note = (event["output_index"], event["content_index"]), event["annotation"]
        notes = self._notes.setdefault(key, [])
        notes.append(note)
        told = self._told_notes.get(key, 0)
        if key == self._open and told == len(notes) - 1 and (note.get("end_index") or 0) <= self._told[key]:
            self._told_notes[key] = told + 1
            yield from self._cite(note)

    def part_done(self, event: Json) -> Iterator[Event]:
        """A part of a message is complete, or the text of reasoning."""
        part, place, index = event["part"], event["output_index"], event["content_index"]
        if part.get("type") in ("output_text", "refusal"):
            yield from self._part((place, index), part)

    def begun(self, event: Json) -> Iterator[Event]:
        """An item begins; only calls tell anything at that."""
        item = event["item"]
        if item.get("type") == "function_call":
            yield from self.blocks.call(event["output_index"], item.get("call_id") or "", item.get("name") or "")

    def arguments(self, event: Json) -> Iterator[Event]:
        """The arguments of a call grow."""
        place, piece = event["output_index"], event["delta"]
        self._told[place] = self._told.get(place, 0) + len(piece)
        yield from self.blocks.arguments(place, piece.encode())

    def item(self, place: int, item: Json) -> Iterator[Event]:
        """A complete item: what a stream has not told of it."""
        self.seen |= {place, item.get("id") or place}
        kind = item.get("type")
        self.asked = self.asked or kind in _ASKS
        if kind == "message":
            for index, part in enumerate(item.get("content") or ()):
                yield from self._part((place, index), part, whole=True)
        elif kind == "reasoning":
            yield from self._reasoning(place, item)
        elif kind == "function_call":
            yield from self._call(place, item)
        else:
            yield from self.blocks.opaque(self._opaque(item))

    def _part(self, key: Hashable, part: Json, *, whole: bool = False) -> Iterator[Event]:
        """`whole`: the item is complete, so that nothing more will tell of a part that is not known."""
        kind = part.get("type")
        if kind == "output_text":
            logprobs = part.get("logprobs")
            yield from self._rest(key, TEXT, part.get("text") or "", None, logprobs)
            notes = part.get("annotations") or self._notes.get(key) or ()
            for note in notes[self._told_notes.get(key, 0) :]:
                yield from self._cite(note)
            self._told_notes[key] = len(notes)
        elif kind == "refusal":
            yield from self._rest(key, REFUSAL, part.get("refusal") or "")
        elif whole:
            yield from self.blocks.opaque(self._opaque(part))
        yield from self._end(key)

    def _reasoning(self, place: int, item: Json) -> Iterator[Event]:
        """A block for each part, and one for what is encrypted; all have the item's id, which makes them one again."""
        id = item.get("id") or ""
        for section, name in (("summary", "summary"), ("thought", "content")):
            for index, part in enumerate(item.get(name) or ()):
                key = (section, place, index)
                known = _thought(id, summary=section == "summary")
                yield from self._rest(key, REASONING, part.get("text") or "", known)
                yield from self._end(key)
        encrypted = item.get("encrypted_content")
        if encrypted:
            hidden = Reasoning(id=id, redacted_data=encrypted.encode())
            yield from self.blocks.whole(REASONING, Part(reasoning=hidden))

    def _call(self, place: int, item: Json) -> Iterator[Event]:
        yield from self.blocks.call(place, item.get("call_id") or "", item.get("name") or "")
        rest = (item.get("arguments") or "")[self._told.get(place, 0) :]
        if rest:
            yield from self.blocks.arguments(place, rest.encode())
        yield from self.blocks.end_call(place)

    def _say(
        self,
        key: Hashable,
        kind: Kind,
        text: str,
        known: Part | None = None,
        logprobs: list[TokenLogprob] | None = None,
    ) -> Iterator[Event]:
        """`known` is what a new block begins with."""
        if key != self._open:
            self._open = key
            yield from self.blocks.begin(kind, known)
        self._told[key] = self._told.get(key, 0) + len(text)
        yield from self.blocks.prose(kind, text, logprobs)

    def _rest(
        self, key: Hashable, kind: Kind, text: str, known: Part | None = None, logprobs: list[Json] | None = None
    ) -> Iterator[Event]:
        told = self._told.get(key, 0)
        if len(text) > told:
            yield from self._say(key, kind, text[told:], known, None if told else with_logprobs(logprobs))

    def _end(self, key: Hashable) -> Iterator[Event]:
        if key == self._open:
            self._open = None
            yield from self.blocks.end()

    def _cite(self, note: Json) -> Iterator[Event]:
        citation = Citation(
            title=note.get("title") or note.get("filename") or "",
            uri=note.get("url") or "",
            source_id=note.get("file_id") or "",
            raw_json=orjson.dumps(note),
        )
        yield from self.blocks.citation(citation, note.get("start_index"), note.get("end_index"))

    def _opaque(self, raw: Json) -> Opaque:
        return Opaque(provider=self._provider, type=str(raw.get("type") or ""), raw_json=orjson.dumps(raw))


def _thought(id: str | None, *, summary: bool) -> Part:
    return Part(reasoning=Reasoning(id=id or "", summary=summary))
