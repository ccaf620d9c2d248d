"""What of a request Cohere cannot honour, beyond what its profile says."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from trunkline.v1.completion_pb2 import CompleteRequest
from trunkline.v1.content_pb2 import Media, MediaKind, Part, ReasoningEffort, Role, ToolChoiceMode

from trunkline_server.providers import options
from trunkline_server.providers.cohere import documents
from trunkline_server.providers.profiles import Profile

Found = tuple[str, str]

_NONE = ReasoningEffort.REASONING_EFFORT_NONE
# (field path, whether the request goes beyond, what the API takes).
_LIMITS: tuple[tuple[str, Callable[[CompleteRequest], bool], str], ...] = (
    ("temperature", lambda r: r.temperature > 1, "takes 0 to 1"),
    ("top_k", lambda r: r.top_k > 500, "takes at most 500"),
    ("frequency_penalty", lambda r: not 0 <= r.frequency_penalty <= 1, "takes 0 to 1"),
    ("presence_penalty", lambda r: not 0 <= r.presence_penalty <= 1, "takes 0 to 1"),
    ("top_logprobs", lambda r: r.top_logprobs > 0, "reports the chosen tokens only: takes 0"),
    (
        "tool_choice.mode",
        lambda r: r.tool_choice.mode == ToolChoiceMode.TOOL_CHOICE_MODE_NAMED,
        "cannot be made to call one tool by name",
    ),
    ("reasoning.effort", lambda r: r.reasoning.effort > _NONE, "takes NONE or budget_tokens"),
    (
        "reasoning.include",
        lambda r: r.reasoning.HasField("include") and not r.reasoning.include and r.reasoning.effort != _NONE,
        "cannot hide its reasoning; effort NONE turns it off",
    ),
)


def unsupported(request: CompleteRequest, profile: Profile) -> Sequence[Found]:
    """(field path, why) of every option that Cohere cannot honour."""
    found = list(options.unsupported(request, profile))
    told = {path for path, _ in found}
    more = [*_beyond(request), *_together(request), *_strict(request), *_media(request)]
    return found + [(path, f"{profile.display_name} {why}") for path, why in more if path not in told]


def _beyond(request: CompleteRequest) -> Iterator[Found]:
    return ((path, why) for path, beyond, why in _LIMITS if beyond(request))


def _together(request: CompleteRequest) -> Iterator[Found]:
    if request.response_format.WhichOneof("kind") in ("json_object", "json_schema") and (
        request.tools or documents.among(request)
    ):
        yield "response_format", "does not take it together with tools or documents"


def _strict(request: CompleteRequest) -> Iterator[Found]:
    if any(tool.strict for tool in request.tools):
        for i, tool in enumerate(request.tools):
            if tool.HasField("strict") and not tool.strict:
                yield f"tools[{i}].strict", "holds all tools to their schemas or none"


def _media(request: CompleteRequest) -> Iterator[Found]:
    for i, message in enumerate(request.messages):
        images = message.role == Role.ROLE_USER
        for j, part in enumerate(message.parts):
            path = f"messages[{i}].parts[{j}]"
            yield from _of_part(part, f"{path}.media", images)
            for k, piece in enumerate(part.tool_result.parts):
                yield from _of_part(piece, f"{path}.tool_result.parts[{k}].media", images=False)


def _of_part(part: Part, path: str, images: bool) -> Iterator[Found]:
    if part.HasField("media") and (why := _refused(part.media, images)):
        yield path, why


def _refused(media: Media, images: bool) -> str:
    if media.kind == MediaKind.MEDIA_KIND_IMAGE:
        return "" if images else "takes images in user messages only"
    if documents.content(media) is None:
        return "takes documents as text (text/* or application/json in UTF-8) only"
    return ""
