"""The parts of one candidate as events of its blocks."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from io import StringIO
from typing import Any

import orjson
from trunkline.v1.content_pb2 import Media as MediaPart
from trunkline.v1.content_pb2 import MediaKind, Opaque, Part, Reasoning, TokenLogprob

from trunkline_server.providers.blocks import REASONING, TEXT, Blocks, Event
from trunkline_server.providers.gemini import citations, logprobs, marks, media
from trunkline_server.providers.wire import Subject

Json = dict[str, Any]

# Fields beside the one that says what a part is.
_BESIDE = frozenset({"thought", "thoughtSignature", "partMetadata", "videoMetadata", "mediaResolution"})
_KNOWN = frozenset({"text", "thought", "thoughtSignature", "functionCall", "inlineData", "fileData"})
_CALL = frozenset({"id", "name", "args"})
_BLOB = frozenset({"mimeType", "data", "fileUri", "displayName"})
_THOUGHT = Part(reasoning=Reasoning(summary=True))


class Content:
    """The blocks of a candidate. `calls` counts its tool calls. `noted` holds (name, value) of what was found beside
    them and has no place there; who reads it clears it."""

    __slots__ = ("_apart", "_cited", "_owed", "_provider", "_said", "_talking", "_thinking", "blocks", "calls",
                 "noted")  # fmt: skip

    def __init__(self, candidate: int, subject: Subject, stem: str) -> None:
        self._provider = subject.provider
        self._thinking = self._talking = self._apart = False
        self._said = StringIO()
        # A signature that waits for the citations of the text that it signs.
        self._owed: Reasoning | None = None
        self._cited: dict[bytes, citations.Cited] = {}
        self.blocks = Blocks(candidate, subject.signer)
        self.blocks.id_stem = stem
        self.calls = 0
        self.noted: list[tuple[str, Any]] = []

    def parts(self, parts: Iterable[Json], told: Json | None) -> Iterator[Event]:
        """The events of parts; `told` are the log probabilities of their text."""
        tokens = iter(self._tokens(parts, told)) if told else None
        for part in parts:
            text = part.get("text")
            if text and len(part) == 1:
                yield from self._text(text, next(tokens, None) if tokens else None)
            else:
                yield from self._part(part, tokens)

    def cite(self, cited: Iterable[citations.Cited]) -> None:
        """Remember sources; chunks of a stream repeat them."""
        for each in cited:
            self._cited[each.citation.raw_json] = each

    def finish(self) -> Iterator[Event]:
        """The candidate is over: its citations, the last signature, the end of what is open."""
        said = self._said.getvalue().encode() if self._talking else b""
        for cited in self._cited.values():
            yield from self.blocks.citation(citations.place(cited, said), None, None)
        yield from self._settle()
        yield from self.blocks.finish()

    def _part(self, part: Json, tokens: Iterator[list[TokenLogprob]] | None) -> Iterator[Event]:
        signature, thought = part.get("thoughtSignature") or "", part.get("thought")
        blob = part.get("inlineData") or part.get("fileData")
        if "text" in part or not part.keys() - _BESIDE:
            if thought:
                yield from self._thought(part.get("text") or "", signature)
            else:
                yield from self._signed(part.get("text") or "", signature, tokens)
        elif "functionCall" in part:
            yield from self._call(part["functionCall"], signature)
        elif blob and not thought:
            yield from self._media(blob, "inlineData" in part)
            self._owe(signature, marks.PART)
        else:
            # Pictures of a thought are no part of the answer either.
            yield from self._opaque(part)
            return
        if not _KNOWN.issuperset(part):
            self._note(part, _KNOWN, "part.")

    def _text(self, text: str, tokens: list[TokenLogprob] | None) -> Iterator[Event]:
        if self._owed is not None:
            yield from self._settle()
        if not self._talking or self._apart:
            yield from self._elsewhere()
            yield from self.blocks.begin(TEXT)
            self._said = StringIO()
            self._talking = True
        self._said.write(text)
        yield from self.blocks.prose(TEXT, text, tokens)

    def _signed(self, text: str, signature: str, tokens: Iterator[list[TokenLogprob]] | None) -> Iterator[Event]:
        if text:
            yield from self._text(text, next(tokens, None) if tokens else None)
        else:
            yield from self._settle()
        self._owe(signature, marks.PART if text else marks.EMPTY)

    def _thought(self, text: str, signature: str) -> Iterator[Event]:
        yield from self._settle()
        if not (text or signature):
            return
        if not self._thinking:
            yield from self._elsewhere()
            yield from self.blocks.begin(REASONING, _THOUGHT)
            self._thinking = True
        if text:
            yield from self.blocks.prose(REASONING, text)
        if signature:
            yield from self.blocks.signature(signature)
            yield from self.blocks.end()
            self._thinking = False

    def _call(self, call: Json, signature: str) -> Iterator[Event]:
        """Text before the call stays open for citations, but does not go on after it."""
        yield from self._settle()
        self._thinking, self._apart = False, True
        self.calls += 1
        yield from self.blocks.call(0, call.get("id") or "", call.get("name") or "", signature.encode())
        yield from self.blocks.arguments(0, orjson.dumps(call.get("args") or {}))
        yield from self.blocks.end_call(0)
        if not _CALL.issuperset(call):
            self._note(call, _CALL, "functionCall.")

    def _media(self, blob: Json, inline: bool) -> Iterator[Event]:
        yield from self._settle()
        yield from self._elsewhere()
        found = media.inline(blob) if inline else media.file(blob)
        if found.kind == MediaKind.MEDIA_KIND_AUDIO and found.data:
            # Speech is streamed in pieces.
            first = MediaPart(kind=found.kind, mime_type=found.mime_type, title=found.title)
            yield from self.blocks.media(first, MediaPart(kind=found.kind, data=found.data))
        else:
            yield from self.blocks.picture(found)
        if not _BLOB.issuperset(blob):
            self._note(blob, _BLOB, "inlineData." if inline else "fileData.")

    def _opaque(self, part: Json) -> Iterator[Event]:
        yield from self._settle()
        yield from self._elsewhere()
        kind = next(name for name in part if name not in _BESIDE)
        yield from self.blocks.opaque(Opaque(provider=self._provider, type=kind, raw_json=orjson.dumps(part)))

    def _elsewhere(self) -> Iterator[Event]:
        """Prose ends here."""
        self._thinking = self._talking = self._apart = False
        yield from self.blocks.end()

    def _owe(self, signature: str, mark: str) -> None:
        if signature:
            self._owed = Reasoning(signature=signature.encode(), id=mark)

    def _settle(self) -> Iterator[Event]:
        if self._owed is not None:
            owed, self._owed = self._owed, None
            yield from self._elsewhere()
            yield from self.blocks.whole(REASONING, Part(reasoning=owed))

    def _tokens(self, parts: Iterable[Json], told: Json) -> list[list[TokenLogprob]]:
        texts = [part["text"] for part in parts if part.get("text") and not part.get("thought")]
        if not texts:
            self.noted.append(("candidate.logprobsResult", told))
        return logprobs.share(logprobs.decode(told), texts)

    def _note(self, fields: Json, known: frozenset[str], prefix: str) -> None:
        self.noted.extend((prefix + name, value) for name, value in fields.items() if name not in known)
