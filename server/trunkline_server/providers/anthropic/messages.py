"""Messages of the contract as a system prompt and turns of the messages API."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import orjson
from trunkline.v1.completion_pb2 import CompleteRequest
from trunkline.v1.content_pb2 import CacheHint, Citation, Part, Role

from trunkline_server.domain.errors import invalid_fields
from trunkline_server.providers.anthropic import media
from trunkline_server.providers.options import parse

Json = dict[str, Any]
# A block: an object, or JSON that goes out to the byte as it came in.
Block = Any

CACHE: dict[CacheHint.ValueType, Json] = {
    CacheHint.CACHE_HINT_SHORT: {"type": "ephemeral"},
    CacheHint.CACHE_HINT_LONG: {"type": "ephemeral", "ttl": "1h"},
}
# Fields of a tool call that the contract has no place for and that must come back; see `kept`.
CALL_EXTRAS = frozenset({"caller", "toolset_name"})
_LOCATIONS = frozenset(
    {
        *("char_location", "page_location", "content_block_location"),
        *("web_search_result_location", "search_result_location"),
    }
)
_NOT_OF_AN_ID = re.compile(r"[^A-Za-z0-9_-]")


def encode(request: CompleteRequest, provider: str) -> tuple[list[Block], list[Json]]:
    """(system prompt, turns). System messages are joined wherever they stand, because most models take no other ones;
    consecutive turns of one side become one, so that the results of parallel calls stand together. Turns without
    content are left out. Raises INVALID_REQUEST."""
    if request.prompt:
        return [], [{"role": "user", "content": [{"type": "text", "text": request.prompt}]}]
    system: list[Block] = []
    turns: list[Json] = []
    for i, message in enumerate(request.messages):
        blocks = [
            block
            for j, part in enumerate(message.parts)
            for block in encode_part(part, provider, f"messages[{i}].parts[{j}]")
        ]
        if message.role == Role.ROLE_SYSTEM:
            system += blocks
        elif blocks:
            side = "assistant" if message.role == Role.ROLE_ASSISTANT else "user"
            if turns and turns[-1]["role"] == side:
                turns[-1]["content"] += blocks
            else:
                turns.append({"role": side, "content": blocks})
    return system, turns


def encode_part(part: Part, provider: str, path: str) -> list[Block]:
    """The blocks of one part: none where the API takes none, such as for empty text."""
    encoder = _ENCODERS.get(part.WhichOneof("kind") or "")
    blocks = encoder(part, provider, path) if encoder else []
    if part.cache_hint in CACHE and blocks:
        blocks[-1]["cache_control"] = CACHE[part.cache_hint]
    return blocks


def kept(block: Json) -> bytes:
    """What of a tool call must come back beside it, as bytes that stand for its signature. A call that the model makes
    by itself has nothing of the kind."""
    extras = {name: value for name, value in block.items() if name in CALL_EXTRAS and value}
    if extras.get("caller") == {"type": "direct"}:
        del extras["caller"]
    return orjson.dumps(extras) if extras else b""


def _text(part: Part, provider: str, path: str) -> list[Block]:
    # The API refuses blocks of nothing but space, though its own answers may hold them.
    if not part.text.strip():
        return []
    block: Json = {"type": "text", "text": part.text}
    citations = [found for citation in part.citations if (found := _citation(citation))]
    if citations:
        block["citations"] = citations
    return [block]


def _citation(citation: Citation) -> Json | None:
    """A citation of this API as it was received, without the one field that it does not take back."""
    try:
        found = orjson.loads(citation.raw_json)
    except orjson.JSONDecodeError:
        return None
    if not isinstance(found, dict) or found.get("type") not in _LOCATIONS:
        return None
    found.pop("file_id", None)
    return found


def _media(part: Part, provider: str, path: str) -> list[Block]:
    return [media.encode(part.media, f"{path}.media")]


def _call(part: Part, provider: str, path: str) -> list[Block]:
    call = part.tool_call
    block = {"type": "tool_use", "id": _id(call.id), "name": call.name, "input": orjson.Fragment(b"{}")}
    if call.arguments_json:
        if not isinstance(parse(call.arguments_json, f"{path}.tool_call.arguments_json"), dict):
            raise invalid_fields([(f"{path}.tool_call.arguments_json", "must be a JSON object")])
        block["input"] = orjson.Fragment(call.arguments_json)
    if call.signature.startswith(b"{"):
        block |= _extras(call.signature)
    return [block]


def _extras(signature: bytes) -> Json:
    """What `kept` kept; nothing for a signature of another provider."""
    try:
        found = orjson.loads(signature)
    except orjson.JSONDecodeError:
        return {}
    return {name: value for name, value in found.items() if name in CALL_EXTRAS}


def _id(id: str) -> str:
    """The id; calls of other providers may have characters that this API refuses."""
    return _NOT_OF_AN_ID.sub("_", id)


def _result(part: Part, provider: str, path: str) -> list[Block]:
    result = part.tool_result
    block: Json = {"type": "tool_result", "tool_use_id": _id(result.tool_call_id)}
    content = [
        piece
        for k, inner in enumerate(result.parts)
        for piece in encode_part(inner, provider, f"{path}.tool_result.parts[{k}]")
    ]
    if content:
        block["content"] = content
    if result.is_error:
        block["is_error"] = True
    return [block]


def _reasoning(part: Part, provider: str, path: str) -> list[Block]:
    """Thinking goes back with its signature only. Reasoning with an id is another provider's."""
    reasoning = part.reasoning
    blocks: list[Block] = []
    if reasoning.id:
        return blocks
    if reasoning.signature:
        signature = reasoning.signature.decode("utf-8", "replace")
        blocks.append({"type": "thinking", "thinking": reasoning.text, "signature": signature})
    if reasoning.redacted_data:
        blocks.append({"type": "redacted_thinking", "data": reasoning.redacted_data.decode("utf-8", "replace")})
    return blocks


def _refusal(part: Part, provider: str, path: str) -> list[Block]:
    return [{"type": "text", "text": part.refusal}] if part.refusal.strip() else []


def _opaque(part: Part, provider: str, path: str) -> list[Block]:
    if part.opaque.provider != provider:
        return []
    block = parse(part.opaque.raw_json, f"{path}.opaque.raw_json")
    if not isinstance(block, dict):
        raise invalid_fields([(f"{path}.opaque.raw_json", "must be a JSON object")])
    return [block if part.cache_hint in CACHE else orjson.Fragment(part.opaque.raw_json)]


_ENCODERS: dict[str, Callable[[Part, str, str], list[Block]]] = {
    "text": _text,
    "media": _media,
    "tool_call": _call,
    "tool_result": _result,
    "reasoning": _reasoning,
    "refusal": _refusal,
    "opaque": _opaque,
}
