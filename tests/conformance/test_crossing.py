"""An answer of one provider, sent on to another after a failover: what only its maker understands stays behind."""

from __future__ import annotations

from typing import Any

import orjson
import pytest
from conformance.recordings import FAMILIES, Recording, completions, name
from trunkline.v1.completion_pb2 import CompleteRequest, CompleteResponse
from trunkline.v1.content_pb2 import Message, Part, Role, ToolResult
from trunkline_server.providers.foreign import without
from trunkline_server.providers.profiles import builtin
from trunkline_server.providers.wire import Subject
from trunkline_server.providers.wires import WIRES

# One subject for each wire, and for each profile of the chat wire that takes reasoning back in a way of its own.
SUBJECTS = {
    "openai": "gpt-5",
    "openai_responses": "gpt-5",
    "anthropic": "claude-sonnet-4-5",
    "gemini": "gemini-2.5-pro",
    "cohere": "command-a-reasoning-08-2025",
    "bedrock": "us.anthropic.claude-sonnet-4-20250514-v1:0",
    "deepseek": "deepseek-reasoner",
    "mistral": "magistral-medium-latest",
    "openrouter": "anthropic/claude-sonnet-4",
    "groq": "openai/gpt-oss-120b",
}
# Claude's signatures are good wherever Claude is served.
_CLAUDE = frozenset({"anthropic", "bedrock"})
_LEAST = 12


def _kept(answer: CompleteResponse) -> list[bytes]:
    """What only the maker of the answer understands."""
    found = []
    for part in answer.content:
        found += [part.reasoning.signature, part.reasoning.redacted_data, part.tool_call.signature]
        found += [part.opaque.raw_json]
        found += [part.reasoning.id.encode()] if part.reasoning.id.startswith("rs_") else []
    return [secret for secret in found if len(secret) >= _LEAST]


def _answers() -> list[tuple[Recording, CompleteResponse]]:
    found = []
    for recording in completions():
        if recording.streamed or recording.status != 200 or "error" in recording.expect:
            continue
        answer = recording.wire.decoder(recording.subject).whole(recording.body)
        if _kept(answer):
            found.append((recording, answer))
    return found


def _next_turn(answer: CompleteResponse) -> CompleteRequest:
    results = [
        Part(tool_result=ToolResult(tool_call_id=part.tool_call.id, name=part.tool_call.name, parts=[Part(text="7")]))
        for part in answer.content
        if part.HasField("tool_call")
    ]
    turns = [
        Message(role=Role.ROLE_USER, parts=[Part(text="Begin.")]),
        Message(role=Role.ROLE_ASSISTANT, parts=answer.content),
    ]
    if results:
        turns.append(Message(role=Role.ROLE_TOOL, parts=results))
    else:
        turns.append(Message(role=Role.ROLE_USER, parts=[Part(text="Go on.")]))
    return CompleteRequest(messages=turns, max_tokens=100)


ANSWERS = _answers()


def _crossings() -> list[tuple[Recording, CompleteResponse, str]]:
    """Each answer with the providers that do not understand what only its maker does."""
    found = []
    for recording, answer in ANSWERS:
        wire = FAMILIES[recording.family][0]
        for to in SUBJECTS:
            other = builtin()[to].wire
            if other != wire and not {other, wire} <= _CLAUDE:
                found.append((recording, answer, to))
    return found


CROSSINGS = _crossings()


def test_there_is_something_to_keep() -> None:
    assert {FAMILIES[recording.family][0] for recording, _ in ANSWERS} >= {"anthropic", "gemini", "openai_responses"}


@pytest.mark.parametrize(
    ("answer", "to"),
    [(answer, to) for _, answer, to in CROSSINGS],
    ids=[f"{name(recording)}-{to}" for recording, _, to in CROSSINGS],
)
def test_another_provider_gets_only_what_it_understands(answer: CompleteResponse, to: str) -> None:
    profile = builtin()[to]
    subject = Subject(profile, to, SUBJECTS[to])
    body = WIRES[profile.wire].encode(without(_next_turn(answer), subject), subject, False)
    orjson.loads(body)
    text = body.decode()
    for secret in _kept(answer):
        assert _plain(secret) not in text


def _plain(secret: bytes) -> Any:
    """As it would stand in JSON."""
    return orjson.dumps(secret.decode("utf-8", "replace")).decode()[1:-1]
