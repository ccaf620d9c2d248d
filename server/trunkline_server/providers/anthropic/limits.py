"""What the messages API cannot honour, beyond what the profile says."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from trunkline.v1.completion_pb2 import CompleteRequest
from trunkline.v1.content_pb2 import Part, Role

from trunkline_server.providers import options
from trunkline_server.providers.anthropic import media
from trunkline_server.providers.anthropic.messages import CACHE
from trunkline_server.providers.profiles import Profile

Finding = tuple[str, str]

MAX_BREAKPOINTS = 4
MIN_THINKING_TOKENS = 1024

_OF_THE_USER = frozenset({"text", "media", "tool_result", "opaque"})
_TAKES = {
    Role.ROLE_SYSTEM: ("system", frozenset({"text", "opaque"})),
    Role.ROLE_USER: ("user", _OF_THE_USER),
    Role.ROLE_TOOL: ("tool", _OF_THE_USER),
    Role.ROLE_ASSISTANT: ("assistant", frozenset({"text", "tool_call", "reasoning", "refusal", "opaque"})),
}
_IN_A_RESULT = frozenset({"text", "media", "opaque"})


def unsupported(request: CompleteRequest, profile: Profile) -> Sequence[Finding]:
    """(field path, why) of what cannot be honoured."""
    name = profile.display_name
    found = [*options.unsupported(request, profile), *_options(request, name)]
    breakpoints = [f"tools[{i}].cache_hint" for i, tool in enumerate(request.tools) if tool.cache_hint in CACHE]
    for i, message in enumerate(request.messages):
        who, takes = _TAKES.get(message.role, ("user", _OF_THE_USER))
        for j, part in enumerate(message.parts):
            path = f"messages[{i}].parts[{j}]"
            found += _part(part, path, f"{name} does not take this in a {who} message", takes, name)
            breakpoints += _breakpoints(part, path)
    found += [(path, f"{name} takes at most {MAX_BREAKPOINTS} cache hints") for path in breakpoints[MAX_BREAKPOINTS:]]
    return found


def _options(request: CompleteRequest, name: str) -> Iterator[Finding]:
    if request.temperature > 1:
        yield "temperature", f"{name} takes at most 1"
    for i, text in enumerate(request.stop_sequences):
        if not text.strip():
            yield f"stop_sequences[{i}]", f"{name} takes none of nothing but space"
    if request.reasoning.HasField("budget_tokens") and request.reasoning.budget_tokens < MIN_THINKING_TOKENS:
        yield "reasoning.budget_tokens", f"{name} takes at least {MIN_THINKING_TOKENS}"


def _part(part: Part, path: str, refusal: str, takes: frozenset[str], name: str) -> Iterator[Finding]:
    kind = part.WhichOneof("kind") or ""
    if kind not in takes:
        yield f"{path}.{kind}", refusal
    elif kind == "media":
        if problem := media.problem(part.media, name):
            yield f"{path}.media.{problem[0]}", problem[1]
    elif kind == "tool_result":
        refusal = f"{name} does not take this in the result of a tool"
        for k, inner in enumerate(part.tool_result.parts):
            yield from _part(inner, f"{path}.tool_result.parts[{k}]", refusal, _IN_A_RESULT, name)
    elif kind == "reasoning" and part.cache_hint in CACHE:
        yield f"{path}.cache_hint", f"{name} does not take this on reasoning"


def _breakpoints(part: Part, path: str) -> Iterator[str]:
    if part.cache_hint in CACHE:
        yield f"{path}.cache_hint"
    if part.HasField("tool_result"):
        for k, inner in enumerate(part.tool_result.parts):
            yield from _breakpoints(inner, f"{path}.tool_result.parts[{k}]")
