"""What of a request the API cannot honour, beyond what the profile says."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from trunkline.v1.completion_pb2 import CompleteRequest
from trunkline.v1.content_pb2 import Media, Part, Role

from trunkline_server.providers import options
from trunkline_server.providers.gemini.dialect import vertex
from trunkline_server.providers.profiles import Profile

Found = tuple[str, str]

MAX_CANDIDATES = 8
_INT32 = range(-(2**31), 2**31)
# (field path, whether the request goes beyond, what the API takes).
_LIMITS: tuple[tuple[str, Callable[[CompleteRequest], bool], str], ...] = (
    ("candidate_count", lambda r: r.candidate_count > MAX_CANDIDATES, f"takes at most {MAX_CANDIDATES}"),
    ("seed", lambda r: r.seed not in _INT32, "takes 32 bits"),
)
_IN_SYSTEM = frozenset({"text", "opaque"})
_IN_RESULT = frozenset({"text", "media"})


def unsupported(request: CompleteRequest, profile: Profile) -> Sequence[Found]:
    """(field path, why) of every option that cannot be honoured."""
    found = list(options.unsupported(request, profile))
    told = {path for path, _ in found}
    more = [(path, why) for path, beyond, why in _LIMITS if beyond(request)]
    more += _of_messages(request, vertex(profile))
    return found + [(path, f"{profile.display_name} {why}") for path, why in more if path not in told]


def _of_messages(request: CompleteRequest, of_project: bool) -> Iterator[Found]:
    for i, message in enumerate(request.messages):
        for j, part in enumerate(message.parts):
            path, kind = f"messages[{i}].parts[{j}]", part.WhichOneof("kind") or ""
            if message.role == Role.ROLE_SYSTEM and kind not in _IN_SYSTEM:
                yield f"{path}.{kind}", "takes text only in a system message"
            elif kind == "media":
                yield from _of_media(part.media, f"{path}.media", of_project)
            elif kind == "tool_result":
                for k, piece in enumerate(part.tool_result.parts):
                    yield from _of_piece(piece, f"{path}.tool_result.parts[{k}]", of_project)


def _of_piece(piece: Part, path: str, of_project: bool) -> Iterator[Found]:
    kind = piece.WhichOneof("kind") or ""
    if kind not in _IN_RESULT:
        yield f"{path}.{kind}", "does not take this in the result of a tool"
    elif kind == "media":
        if not of_project and piece.media.WhichOneof("source") != "data":
            yield f"{path}.media", "takes media in the result of a tool as bytes only"
        else:
            yield from _of_media(piece.media, f"{path}.media", of_project)


def _of_media(media: Media, path: str, of_project: bool) -> Iterator[Found]:
    if media.detail not in ("", "auto"):
        yield f"{path}.detail", "looks at all media alike: see its option generationConfig.mediaResolution"
    if of_project and media.file_id and "://" not in media.file_id:
        yield f"{path}.file_id", "takes the addresses of objects in Cloud Storage (gs://…)"
