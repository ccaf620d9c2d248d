"""Which optional features a request uses: the vocabulary of `lacks` in provider profiles."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from trunkline.v1.completion_pb2 import CompleteRequest
from trunkline.v1.content_pb2 import Media, MediaKind, ToolChoiceMode

Used = tuple[str, str]

_MEDIA = {
    MediaKind.MEDIA_KIND_IMAGE: "image",
    MediaKind.MEDIA_KIND_AUDIO: "audio",
    MediaKind.MEDIA_KIND_DOCUMENT: "document",
    MediaKind.MEDIA_KIND_VIDEO: "video",
}

# Feature: (field path, whether the request uses it).
_OPTIONS: dict[str, tuple[str, Callable[[CompleteRequest], bool]]] = {
    "top_k": ("top_k", lambda r: r.HasField("top_k")),
    "seed": ("seed", lambda r: r.HasField("seed")),
    "frequency_penalty": ("frequency_penalty", lambda r: r.HasField("frequency_penalty")),
    "presence_penalty": ("presence_penalty", lambda r: r.HasField("presence_penalty")),
    "candidate_count": ("candidate_count", lambda r: r.candidate_count > 1),
    "logprobs": ("top_logprobs", lambda r: r.HasField("top_logprobs")),
    "stop_sequences": ("stop_sequences", lambda r: bool(r.stop_sequences)),
    "tools": ("tools", lambda r: bool(r.tools)),
    "tool_choice": ("tool_choice.mode", lambda r: r.tool_choice.mode > ToolChoiceMode.TOOL_CHOICE_MODE_AUTO),
    "parallel_tool_calls": ("tool_choice.parallel", lambda r: r.tool_choice.HasField("parallel")),
    "json_object": ("response_format", lambda r: r.response_format.HasField("json_object")),
    "json_schema": ("response_format", lambda r: r.response_format.HasField("json_schema")),
    "reasoning_effort": ("reasoning.effort", lambda r: r.reasoning.effort != 0),
    "reasoning_budget": ("reasoning.budget_tokens", lambda r: r.reasoning.HasField("budget_tokens")),
    "reasoning_include": ("reasoning.include", lambda r: r.reasoning.HasField("include")),
}
# The options by the field of the request that must be there for them.
_BY_FIELD: dict[str, list[tuple[str, str, Callable[[CompleteRequest], bool]]]] = {}
for _feature, (_path, _uses) in _OPTIONS.items():
    _BY_FIELD.setdefault(_path.partition(".")[0], []).append((_feature, _path, _uses))
FEATURES = frozenset(
    [*_OPTIONS, "message_name", "media_file"]
    + [f"{kind}{source}" for kind in _MEDIA.values() for source in ("", "_uri", "_file")]
)


def used(request: CompleteRequest) -> Iterator[Used]:
    """(feature, field path) of everything optional in the request."""
    for field, _ in request.ListFields():
        for feature, path, uses in _BY_FIELD.get(field.name, ()):
            if uses(request):
                yield feature, path
    for i, message in enumerate(request.messages):
        if message.name:
            yield "message_name", f"messages[{i}].name"
        for j, part in enumerate(message.parts):
            kind = part.WhichOneof("kind")
            if kind == "media":
                yield from _media(part.media, f"messages[{i}].parts[{j}].media")
            elif kind == "tool_result":
                for k, piece in enumerate(part.tool_result.parts):
                    if piece.WhichOneof("kind") == "media":
                        yield from _media(piece.media, f"messages[{i}].parts[{j}].tool_result.parts[{k}].media")


def _media(media: Media, path: str) -> Iterator[Used]:
    kind = _MEDIA.get(media.kind, "video")
    yield kind, path
    source = media.WhichOneof("source")
    if source == "uri":
        yield f"{kind}_uri", path
    elif source == "file_id":
        yield f"{kind}_file", path
        yield "media_file", path
