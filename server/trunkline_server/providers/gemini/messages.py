"""Messages of the contract as the contents of a call."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from operator import itemgetter
from typing import Any

import orjson
from trunkline.v1.completion_pb2 import CompleteRequest
from trunkline.v1.content_pb2 import Message, Part, Reasoning, Role, ToolCall, ToolResult

from trunkline_server.domain.errors import invalid_fields
from trunkline_server.providers.gemini import marks, media
from trunkline_server.providers.gemini.dialect import budgeted
from trunkline_server.providers.options import parse
from trunkline_server.providers.wire import Subject

Json = dict[str, Any]
# The calls so far: id: (place, name).
Calls = dict[str, tuple[int, str]]


def encode(request: CompleteRequest, subject: Subject) -> tuple[list[Json], list[Json]]:
    """The parts of the system instruction, and the contents. Raises INVALID_REQUEST, with field paths.

    The results of parallel calls have to come in one content, and go in the order of the calls: where those have no
    ids, the order tells results of one tool apart.
    """
    if request.prompt:
        return [], [{"role": "user", "parts": [{"text": request.prompt}]}]
    system: list[Json] = []
    contents: list[Json] = []
    calls: Calls = {}
    waiting: list[tuple[int, Json]] = []
    for i, message in enumerate(request.messages):
        path = f"messages[{i}]"
        if message.role == Role.ROLE_SYSTEM:
            system += _parts(message, subject, calls, path)
        elif message.role == Role.ROLE_TOOL:
            waiting += _results(message, subject, calls, path)
        else:
            _answer(contents, waiting)
            parts = _assistant(message, subject, calls, path) if message.role == Role.ROLE_ASSISTANT else None
            said = _parts(message, subject, calls, path) if parts is None else parts
            if said:
                contents.append({"role": "user" if parts is None else "model", "parts": said})
    _answer(contents, waiting)
    return system, contents


def _answer(contents: list[Json], waiting: list[tuple[int, Json]]) -> None:
    if waiting:
        contents.append({"role": "user", "parts": [part for _, part in sorted(waiting, key=itemgetter(0))]})
        waiting.clear()


def _results(message: Message, subject: Subject, calls: Calls, path: str) -> Iterator[tuple[int, Json]]:
    for part, encoded in zip(message.parts, _parts(message, subject, calls, path), strict=True):
        place, _ = calls.get(part.tool_result.tool_call_id, (len(calls), ""))
        yield place, encoded


def _parts(message: Message, subject: Subject, calls: Calls, path: str) -> list[Json]:
    """Parts of anyone but the model."""
    encoded = []
    for j, part in enumerate(message.parts):
        if part.WhichOneof("kind") == "tool_result":
            encoded.append(_result(part.tool_result, subject, calls, f"{path}.parts[{j}].tool_result"))
        elif (piece := _piece(part, subject)) is not None:
            encoded.append(piece)
    return encoded


def _piece(part: Part, subject: Subject) -> Json | None:
    """A part that is the same whoever says it. None for what says nothing here."""
    kind = part.WhichOneof("kind")
    if kind == "text" or kind == "refusal":
        said = part.text or part.refusal
        return {"text": said} if said else None
    if kind == "media":
        return media.encode(part.media, subject)
    if kind == "opaque" and part.opaque.provider == subject.provider:
        raw: Json = orjson.loads(part.opaque.raw_json)
        return raw
    return None


# ── What the model said ─────────────────────────────────────────────────────────────────────────────────────────


def _assistant(message: Message, subject: Subject, calls: Calls, path: str) -> list[Json]:
    encoded: list[Json] = []
    first: Json | None = None
    for j, part in enumerate(message.parts):
        kind = part.WhichOneof("kind")
        if kind == "reasoning":
            _reason(encoded, part.reasoning)
        elif kind == "tool_call":
            call = part.tool_call
            encoded.append(_call(call, f"{path}.parts[{j}].tool_call.arguments_json"))
            first = first or encoded[-1]
            calls[call.id] = (len(calls), call.name)
        elif (piece := _piece(part, subject)) is not None:
            encoded.append(piece)
    if first is not None and not budgeted(subject.model):
        # Without any signature on the first call of a turn the model refuses all of it.
        first.setdefault("thoughtSignature", marks.FOREIGN)
    return encoded


def _call(call: ToolCall, path: str) -> Json:
    arguments = parse(call.arguments_json or b"{}", path)
    if not isinstance(arguments, dict):
        raise invalid_fields([(path, "must be a JSON object")])
    function: Json = {"name": call.name, "args": arguments}
    if id := marks.given(call.id):
        function["id"] = id
    encoded: Json = {"functionCall": function}
    if signature := marks.signature(call.signature):
        encoded["thoughtSignature"] = signature
    return encoded


def _reason(encoded: list[Json], reasoning: Reasoning) -> None:
    """A thought, or the signature of another part. Reasoning that another provider named is a thought without
    signature: Gemini checks them."""
    signature = marks.signature(reasoning.signature)
    if reasoning.id in (marks.PART, marks.EMPTY):
        last = encoded[-1] if encoded else {}
        if reasoning.id == marks.EMPTY or "thoughtSignature" in last or not last.keys() & _SIGNABLE:
            encoded.append({"text": "", "thoughtSignature": signature})
        else:
            last["thoughtSignature"] = signature
        return
    if reasoning.id:
        signature = ""
    if not (reasoning.text or signature):
        return
    thought: Json = {"text": reasoning.text, "thought": True}
    if signature:
        thought["thoughtSignature"] = signature
    encoded.append(thought)


_SIGNABLE = frozenset({"text", "inlineData", "fileData"})


# ── What tools said ─────────────────────────────────────────────────────────────────────────────────────────────


def _result(result: ToolResult, subject: Subject, calls: Calls, path: str) -> Json:
    """A result, by the name of its tool. One text that is a JSON object is the result itself; anything else is its
    `output`, or its `error`."""
    name = result.name or calls.get(result.tool_call_id, (0, ""))[1]
    if not name:
        raise invalid_fields([(f"{path}.name", "is required: no call before has this id")])
    function: Json = {"name": name, "response": _response(result)}
    if id := marks.given(result.tool_call_id):
        function["id"] = id
    if shown := [media.encode(part.media, subject) for part in result.parts if part.HasField("media")]:
        function["parts"] = shown
    return {"functionResponse": function}


def _response(result: ToolResult) -> Json:
    texts = [part.text for part in result.parts if part.HasField("text")]
    if len(texts) == 1 and not result.is_error and (whole := _object(texts[0])) is not None:
        return whole
    return {"error" if result.is_error else "output": _said(texts)}


def _said(texts: Iterable[str]) -> str | list[str]:
    said = list(texts)
    return said[0] if len(said) == 1 else said or ""


def _object(text: str) -> Json | None:
    if not text.lstrip().startswith("{"):
        return None
    try:
        found = orjson.loads(text)
    except orjson.JSONDecodeError:
        return None
    return found if isinstance(found, dict) else None
