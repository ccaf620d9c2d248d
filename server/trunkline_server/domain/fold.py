"""Folding a stream gives exactly what `Complete` returns."""

from __future__ import annotations

from collections.abc import Iterable

from trunkline.v1.completion_pb2 import (
    BlockKind,
    Candidate,
    CompleteResponse,
    ContentDelta,
    ContentStarted,
    Finished,
    StreamCompleteResponse,
)
from trunkline.v1.content_pb2 import Media, Part

# Fields that Finished and CompleteResponse have in common, by kind: messages and lists are copied, the rest is set.
_MESSAGES = frozenset({"finish", "usage", "cost", "cost_details", "latency", "time_to_first_token", "cache", "route"})
_LISTS = frozenset({"attempts", "budget"})
_VALUES = frozenset({"cache_hit", "shared", "trace_id", "request_id", "model_used", "provider"})


class _Block:
    """One block while it grows; text is joined once, at the end."""

    __slots__ = ("arguments", "kind", "part", "signature", "text")

    def __init__(self, started: ContentStarted) -> None:
        self.kind = started.kind
        self.part = Part()
        if started.HasField("part"):
            self.part.CopyFrom(started.part)
        self.text: list[str] = []
        self.arguments: list[bytes] = []
        self.signature: list[bytes] = []

    def grow(self, delta: ContentDelta) -> None:
        kind = delta.WhichOneof("delta")
        if kind == "text":
            self.text.append(delta.text)
        elif kind == "tool_arguments_json":
            self.arguments.append(delta.tool_arguments_json)
        elif kind == "reasoning_text":
            self.text.append(delta.reasoning_text)
        elif kind == "reasoning_signature":
            self.signature.append(delta.reasoning_signature)
        elif kind == "refusal":
            self.text.append(delta.refusal)
        elif kind == "citation":
            self.part.citations.append(delta.citation)
        elif kind == "media":
            _append_media(self.part.media, delta.media)
        if delta.logprobs:
            self.part.logprobs.extend(delta.logprobs)

    def close(self) -> Part:
        part, text, signature = self.part, "".join(self.text), b"".join(self.signature)
        if self.kind == BlockKind.BLOCK_KIND_TEXT:
            part.text += text
        elif self.kind == BlockKind.BLOCK_KIND_REFUSAL:
            part.refusal += text
        elif self.kind == BlockKind.BLOCK_KIND_REASONING:
            part.reasoning.text += text
            part.reasoning.signature += signature
        elif self.kind == BlockKind.BLOCK_KIND_TOOL_CALL:
            part.tool_call.arguments_json += b"".join(self.arguments)
            part.tool_call.signature += signature
        return part


def fold(events: Iterable[StreamCompleteResponse]) -> CompleteResponse:
    """The answer that a stream tells: what `Complete` would have returned for it."""
    answer = CompleteResponse()
    blocks: dict[int, dict[int, _Block]] = {}
    end: Finished | None = None
    for event in events:
        kind = event.WhichOneof("event")
        if kind == "content_delta":
            delta = event.content_delta
            blocks[delta.candidate][delta.index].grow(delta)
        elif kind == "content_started":
            started = event.content_started
            blocks.setdefault(started.candidate, {})[started.index] = _Block(started)
        elif kind == "started":
            answer.completion_id = event.started.completion_id
            answer.model_used = event.started.model
            answer.provider = event.started.provider
        elif kind == "usage":
            answer.usage.CopyFrom(event.usage)
        elif kind == "provider_event":
            answer.provider_events.append(event.provider_event)
        elif kind == "finished":
            end = event.finished
        elif kind == "failed_over" and event.failed_over.content_discarded:
            blocks.clear()
            del answer.provider_events[:]
            answer.ClearField("usage")
    if end is not None:
        _close(answer, end)
    _content(answer, blocks, end)
    return answer


def _close(answer: CompleteResponse, end: Finished) -> None:
    for field, value in end.ListFields():
        name = field.name
        if name in _MESSAGES:
            getattr(answer, name).CopyFrom(value)
        elif name in _LISTS:
            getattr(answer, name).extend(value)
        elif name in _VALUES:
            setattr(answer, name, value)


def _content(answer: CompleteResponse, blocks: dict[int, dict[int, _Block]], end: Finished | None) -> None:
    for block in _in_order(blocks.get(0, {})):
        answer.content.append(block.close())
    answer.completion = _text(answer.content)
    finishes = {each.candidate: each.finish for each in end.candidate_finishes} if end is not None else {}
    if not finishes:
        return
    for index in sorted(finishes):
        candidate = Candidate(index=index, finish=finishes[index])
        if index == 0:
            candidate.content.extend(answer.content)
        else:
            candidate.content.extend(block.close() for block in _in_order(blocks.get(index, {})))
        candidate.completion = _text(candidate.content)
        answer.candidates.append(candidate)


def _in_order(blocks: dict[int, _Block]) -> Iterable[_Block]:
    return (blocks[index] for index in sorted(blocks))


def _text(parts: Iterable[Part]) -> str:
    return "".join(part.text for part in parts)


def _append_media(media: Media, more: Media) -> None:
    if more.data:
        media.data += more.data
    media.transcript += more.transcript
    for name in ("mime_type", "uri", "id"):
        value = getattr(more, name)
        if value:
            setattr(media, name, value)
