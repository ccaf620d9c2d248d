"""Provider × feature, as the wires themselves show it. `make providers-doc` writes docs/providers.md.

A feature is honoured where a request that uses it is not refused and its body differs from the one without it; it is
refused where the finding names its field. There is nothing in between: test_features.py sees to that.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

from conformance.recordings import RECORDINGS, completions
from trunkline.v1.completion_pb2 import CompleteRequest
from trunkline.v1.content_pb2 import (
    CacheHint,
    Media,
    MediaKind,
    Message,
    Part,
    ReasoningEffort,
    Role,
    ToolCall,
    ToolChoiceMode,
    ToolResult,
)
from trunkline_server.domain.errors import TrunklineError
from trunkline_server.providers.profiles import Profile, builtin
from trunkline_server.providers.wire import Subject
from trunkline_server.providers.wires import WIRES

_ROOT = Path(__file__).resolve().parents[2]
DOCUMENT = _ROOT / "docs" / "providers.md"
HONOURED, REFUSED, DROPPED = "yes", "–", "dropped"
Change = Callable[[CompleteRequest], object]

# Where a wire asks for things by model: one that has the most.
_MODELS = {
    "anthropic": "claude-sonnet-4-6",
    "bedrock": "us.anthropic.claude-sonnet-4-6",
    "gemini": "gemini-2.5-pro",
    "openai_chat": "gpt-5.6",
    "openai_responses": "gpt-5.6",
    "cohere": "command-a-reasoning-08-2025",
}


def _said(*parts: Part, role: Role.ValueType = Role.ROLE_USER) -> Message:
    return Message(role=role, parts=parts)


def _media(kind: MediaKind.ValueType, mime: str = "", **source: object) -> Change:
    media = Media(kind=kind, mime_type=mime, **source)  # type: ignore[arg-type]
    return lambda r: r.messages[-1].parts.append(Part(media=media))


def _tools(r: CompleteRequest) -> None:
    r.tools.add(name="look", description="Looks.", parameters_schema_json=b'{"type":"object","properties":{}}')


def _results(r: CompleteRequest) -> None:
    _tools(r)
    calls = [ToolCall(id=f"call_{n}", name="look", arguments_json=b"{}") for n in "ab"]
    r.messages.append(_said(*(Part(tool_call=call) for call in calls), role=Role.ROLE_ASSISTANT))
    told = [ToolResult(tool_call_id=call.id, name="look", parts=[Part(text="seen")]) for call in calls]
    r.messages.append(_said(*(Part(tool_result=result) for result in told), role=Role.ROLE_TOOL))


def _choice(mode: ToolChoiceMode.ValueType, name: str = "") -> Change:
    def change(r: CompleteRequest) -> None:
        _tools(r)
        r.tool_choice.mode, r.tool_choice.name = mode, name

    return change


def _serial(r: CompleteRequest) -> None:
    _tools(r)
    r.tool_choice.parallel = False


def _schema(r: CompleteRequest) -> None:
    shape = r.response_format.json_schema
    shape.name = "answer"
    shape.schema_json = b'{"type":"object","properties":{"a":{"type":"string"}},"required":["a"]}'


def _set(**fields: object) -> Change:
    return lambda r: r.MergeFrom(CompleteRequest(**fields))  # type: ignore[arg-type]


def _hint(r: CompleteRequest) -> None:
    r.messages[0].parts[0].cache_hint = CacheHint.CACHE_HINT_SHORT


_IMAGE, _AUDIO, _DOC, _VIDEO = (
    MediaKind.MEDIA_KIND_IMAGE,
    MediaKind.MEDIA_KIND_AUDIO,
    MediaKind.MEDIA_KIND_DOCUMENT,
    MediaKind.MEDIA_KIND_VIDEO,
)
FEATURES: Mapping[str, Change] = {
    "system prompt": lambda r: r.messages.insert(0, _said(Part(text="Be brief."), role=Role.ROLE_SYSTEM)),
    "earlier turns": lambda r: r.messages.extend(
        [_said(Part(text="Hello."), role=Role.ROLE_ASSISTANT), _said(Part(text="And?"))]
    ),
    "max_tokens": _set(max_tokens=77),
    "temperature": _set(temperature=0.5),
    "top_p": _set(top_p=0.5),
    "top_k": _set(top_k=7),
    "seed": _set(seed=7),
    "frequency_penalty": _set(frequency_penalty=0.5),
    "presence_penalty": _set(presence_penalty=0.5),
    "stop sequences": _set(stop_sequences=["END"]),
    "n > 1": _set(candidate_count=2),
    "log probabilities": _set(top_logprobs=2),
    "tools": _tools,
    "results of parallel calls": _results,
    "tool choice: required": _choice(ToolChoiceMode.TOOL_CHOICE_MODE_REQUIRED),
    "tool choice: none": _choice(ToolChoiceMode.TOOL_CHOICE_MODE_NONE),
    "tool choice: named": _choice(ToolChoiceMode.TOOL_CHOICE_MODE_NAMED, "look"),
    "one call at a time": _serial,
    "JSON object": lambda r: r.response_format.json_object.SetInParent(),
    "JSON schema": _schema,
    "reasoning effort": lambda r: setattr(r.reasoning, "effort", ReasoningEffort.REASONING_EFFORT_HIGH),
    "reasoning budget": lambda r: setattr(r.reasoning, "budget_tokens", 2048),
    "image, bytes": _media(_IMAGE, "image/png", data=b"x"),
    "image, address": _media(_IMAGE, uri="https://example.com/a.png"),
    "document, bytes": _media(_DOC, "application/pdf", data=b"x", title="a.pdf"),
    "document, address": _media(_DOC, "application/pdf", uri="https://example.com/a.pdf"),
    "audio, bytes": _media(_AUDIO, "audio/wav", data=b"x"),
    "video, bytes": _media(_VIDEO, "video/mp4", data=b"x"),
    "prompt caching hint": _hint,
}
# What a feature is compared with, where that is more than a question.
_BESIDES = {name: _tools for name in FEATURES if name.startswith("tool choice") or name == "one call at a time"}
# A hint is a wish: a provider that caches unasked, or not at all, may pass over it.
WISHES = frozenset({"prompt caching hint"})


def _nothing(r: CompleteRequest) -> None:
    pass


def _base() -> CompleteRequest:
    return CompleteRequest(messages=[_said(Part(text="Hi"))], max_tokens=4000)


def state(profile: Profile, change: Change, besides: Change) -> str:
    """HONOURED, REFUSED or DROPPED. Raises what `encode` raises beyond refusals."""
    wire, subject = WIRES[profile.wire], Subject(profile, profile.name, _MODELS[profile.wire])
    plain, asked = _base(), _base()
    besides(plain)
    change(asked)
    if wire.unsupported(asked, profile):
        return REFUSED
    try:
        return HONOURED if wire.encode(asked, subject, False) != wire.encode(plain, subject, False) else DROPPED
    except TrunklineError as error:
        assert error.metadata["field"], "a refusal names its field"
        return REFUSED


def requests() -> dict[str, dict[str, str]]:
    """Feature: profile: state."""
    return {
        feature: {
            profile.name: state(profile, change, _BESIDES.get(feature, _nothing)) for profile in builtin().values()
        }
        for feature, change in FEATURES.items()
    }


_SEEN = {
    "text": "text",
    "tool_calls": "tool calls",
    "reasoning_text_present": "reasoning",
    "reasoning_signature_present": "signed reasoning",
    "reasoning_redacted": "redacted reasoning",
    "reasoning_encrypted_present": "encrypted reasoning",
    "citations_count": "citations",
    "refusal": "refusal",
    "cached_input_tokens": "cache reads",
    "cache_write_tokens": "cache writes",
    "reasoning_tokens": "reasoning tokens",
    "error": "errors",
}


def answers() -> dict[str, dict[str, int]]:
    """Wire: what recordings and fixtures of it show: how many."""
    found: dict[str, dict[str, int]] = {}
    for recording in completions():
        row = found.setdefault(recording.profile.wire, {})
        for key, name in _SEEN.items():
            if recording.expect.get(key):
                row[name] = row.get(name, 0) + 1
        row["streams"] = row.get("streams", 0) + recording.streamed
    return found


_CREDENTIALS = """
## Credentials

An integration's secret is sent as the provider's key, but for these:

- **bedrock**: an API key of Bedrock, or JSON with `access_key_id`, `secret_access_key` and, for temporary ones,
  `session_token`, which sign each call.
- **azure**, **azure_responses**: the resource's API key; or, with the options `entra_tenant` (the tenant's id or one of
  its domains) and `entra_client_id`, the value of a client secret of that application, which is changed for access
  tokens of Microsoft Entra ID. The application needs a role that may call the resource, such as Cognitive Services
  OpenAI User, and the endpoint must be the resource's own (`https://NAME.openai.azure.com`).
- **vertex**: an access token, which Google ends after an hour; or the JSON of a service account's key (RSA, 2,048
  bits), which signs for access tokens. The account needs a role such as Vertex AI User in the project.

Access tokens are kept in the memory of each server process, renewed before they expire, and fetched anew, once, when
the provider answers 401. They are asked for at `login.microsoftonline.com` and `oauth2.googleapis.com` only: an address
in a credential (`token_uri`) is not looked at.
"""


def _goes_on(name: str) -> str:
    prefill = builtin()[name].prefill
    if prefill is None:
        return REFUSED
    return "some" if prefill.models else HONOURED


def document() -> str:
    """docs/providers.md."""
    names = sorted(builtin())
    lines = [
        "# Providers",
        "",
        "Made by `make providers-doc` from the adapters and the conformance suite; a test fails when it is not",
        "current. **yes**: the option reaches the provider; **–**: a request that uses it is refused before the",
        "call, naming the field. An option is never dropped; only prompt caching hints may be passed over (**no**).",
        "A last message of the assistant is gone on from where the table says so, by **some** models only that",
        "do not think first; not while they are to reason or to write JSON, nor where a tool must be called.",
        "",
        "## What a request may use",
        "",
        f"| feature | {' | '.join(names)} |",
        f"| --- |{' --- |' * len(names)}",
    ]
    for feature, states in requests().items():
        cells = ["no" if states[name] == DROPPED else states[name] for name in names]
        lines.append(f"| {feature} | {' | '.join(cells)} |")
    for title, path in (("embeddings", "embed_path"), ("provider's token counter", "count_path")):
        cells = [HONOURED if getattr(builtin()[name], path) else REFUSED for name in names]
        lines.append(f"| {title} | {' | '.join(cells)} |")
    lines.append(f"| goes on from the beginning of an answer | {' | '.join(_goes_on(name) for name in names)} |")
    seen = answers()
    columns = ["streams", *_SEEN.values()]
    lines += [
        "",
        "## What answers were seen to hold",
        "",
        "Exchanges of the conformance suite, recorded or written by hand, in which the wire reads it.",
        "",
        f"| wire | {' | '.join(columns)} |",
        f"| --- |{' --- |' * len(columns)}",
    ]
    lines += [f"| {wire} | {' | '.join(str(seen[wire].get(c, 0)) for c in columns)} |" for wire in sorted(seen)]
    return "\n".join(lines) + "\n" + _CREDENTIALS


if __name__ == "__main__":
    if not RECORDINGS.is_dir():
        raise SystemExit("the recordings are missing; the table would be short")
    DOCUMENT.write_text(document())
