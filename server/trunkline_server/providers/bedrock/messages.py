"""Messages of the contract as a system prompt and turns of Converse."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

import orjson
from trunkline.v1.completion_pb2 import CompleteRequest
from trunkline.v1.content_pb2 import CacheHint, Citation, Part, Role

from trunkline_server.domain.errors import Reason, invalid_fields
from trunkline_server.providers.bedrock import media, models
from trunkline_server.providers.options import parse
from trunkline_server.providers.wire import Subject

Json = dict[str, Any]
# A block: an object, or JSON that goes out to the byte as it came in.
Block = Any

CACHE: dict[CacheHint.ValueType, Json] = {
    CacheHint.CACHE_HINT_SHORT: {"cachePoint": {"type": "default"}},
    CacheHint.CACHE_HINT_LONG: {"cachePoint": {"type": "default", "ttl": "1h"}},
}
_CITATION = frozenset({"title", "source", "sourceContent", "location"})
_NOT_OF_AN_ID = re.compile(r"[^A-Za-z0-9_.:-]")
_MAX_ID = 64


@dataclass(frozen=True, slots=True)
class _Scope:
    """What the encoding of a part depends on beside the part. `names` are those of the documents so far."""

    provider: str
    signed: bool
    names: set[str] = field(default_factory=set)


def encode(request: CompleteRequest, subject: Subject) -> tuple[list[Block], list[Json]]:
    """(system prompt, turns). System messages are joined wherever they stand, and consecutive turns of one side become
    one, because turns must alternate; those without content are left out. Raises INVALID_REQUEST."""
    if request.prompt:
        return [], [{"role": "user", "content": [{"text": request.prompt}]}]
    scope = _Scope(subject.provider, models.of(subject.model).signed)
    system: list[Block] = []
    turns: list[Json] = []
    for i, message in enumerate(request.messages):
        blocks = _blocks(message.parts, scope, f"messages[{i}].parts")
        if message.role == Role.ROLE_SYSTEM:
            system += blocks
        elif blocks:
            side = "assistant" if message.role == Role.ROLE_ASSISTANT else "user"
            if turns and turns[-1]["role"] == side:
                turns[-1]["content"] += blocks
            else:
                turns.append({"role": side, "content": blocks})
    return system, turns


def _blocks(parts: Iterable[Part], scope: _Scope, path: str) -> list[Block]:
    found: list[Block] = []
    for j, part in enumerate(parts):
        encoder = _ENCODERS.get(part.WhichOneof("kind") or "")
        blocks = encoder(part, scope, f"{path}[{j}]") if encoder else []
        found += blocks
        # Within a tool's result there are no cache points: the part's own stands behind the result.
        hint = max(_hints(part))
        if blocks and hint in CACHE:
            found.append(CACHE[hint])
    return found


def _hints(part: Part) -> Iterable[CacheHint.ValueType]:
    yield part.cache_hint
    if part.HasField("tool_result"):
        yield from (piece.cache_hint for piece in part.tool_result.parts)


def _text(part: Part, scope: _Scope, path: str) -> list[Block]:
    # The API refuses blocks of nothing but space.
    if not part.text.strip():
        return []
    sources = [found for citation in part.citations if (found := _citation(citation))]
    if sources:
        return [{"citationsContent": {"content": [{"text": part.text}], "citations": sources}}]
    return [{"text": part.text}]


def _citation(citation: Citation) -> Block | None:
    """A citation of this API as it was received; none for those of others."""
    try:
        found = orjson.loads(citation.raw_json)
    except orjson.JSONDecodeError:
        return None
    known = isinstance(found, dict) and found.keys() <= _CITATION and isinstance(found.get("location"), dict)
    return orjson.Fragment(citation.raw_json) if known else None


def _media(part: Part, scope: _Scope, path: str) -> list[Block]:
    found = media.problem(part.media, ".tool_result." in path)
    if found:
        why = [(f"{path}.media.{found[0]}", found[1])]
        raise invalid_fields(why, reason=Reason.ERROR_REASON_UNSUPPORTED_PARAMETER)
    return [media.encode(part.media, scope.names)]


def _call(part: Part, scope: _Scope, path: str) -> list[Block]:
    call = part.tool_call
    arguments = call.arguments_json or b"{}"
    if not isinstance(parse(arguments, f"{path}.tool_call.arguments_json"), dict):
        raise invalid_fields([(f"{path}.tool_call.arguments_json", "must be a JSON object")])
    return [{"toolUse": {"toolUseId": _id(call.id), "name": call.name, "input": orjson.Fragment(arguments)}}]


def _result(part: Part, scope: _Scope, path: str) -> list[Block]:
    result = part.tool_result
    content = []
    for k, piece in enumerate(result.parts):
        encoder = _IN_RESULTS.get(piece.WhichOneof("kind") or "")
        if encoder:
            content += encoder(piece, scope, f"{path}.tool_result.parts[{k}]")
    block: Json = {"toolUseId": _id(result.tool_call_id), "content": content}
    if result.is_error:
        block["status"] = "error"
    return [{"toolResult": block}]


def _id(id: str) -> str:
    """The id; those of other providers may have characters that this API refuses, or too many."""
    return _NOT_OF_AN_ID.sub("_", id)[:_MAX_ID]


def _reasoning(part: Part, scope: _Scope, path: str) -> list[Block]:
    """Claude takes its thinking back with the signature only. Reasoning with an id is another provider's."""
    thought = part.reasoning
    blocks: list[Block] = []
    if thought.id:
        return blocks
    if thought.signature or (thought.text and not scope.signed):
        told: Json = {"text": thought.text}
        if thought.signature:
            told["signature"] = thought.signature.decode("utf-8", "replace")
        blocks.append({"reasoningContent": {"reasoningText": told}})
    if thought.redacted_data:
        blocks.append({"reasoningContent": {"redactedContent": thought.redacted_data.decode("utf-8", "replace")}})
    return blocks


def _refusal(part: Part, scope: _Scope, path: str) -> list[Block]:
    return [{"text": part.refusal}] if part.refusal.strip() else []


def _opaque(part: Part, scope: _Scope, path: str) -> list[Block]:
    if part.opaque.provider != scope.provider:
        return []
    if not isinstance(parse(part.opaque.raw_json, f"{path}.opaque.raw_json"), dict):
        raise invalid_fields([(f"{path}.opaque.raw_json", "must be a JSON object")])
    return [orjson.Fragment(part.opaque.raw_json)]


_Encoder = Callable[[Part, _Scope, str], list[Block]]
_IN_RESULTS: dict[str, _Encoder] = {"text": _text, "media": _media, "opaque": _opaque}
_ENCODERS: dict[str, _Encoder] = _IN_RESULTS | {
    "tool_call": _call,
    "tool_result": _result,
    "reasoning": _reasoning,
    "refusal": _refusal,
}
