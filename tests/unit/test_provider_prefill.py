"""Requests whose last message is the beginning of the answer, and answers that repeat it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import orjson
import pytest
from trunkline.v1.completion_pb2 import (
    BlockKind,
    CompleteRequest,
    CompleteResponse,
    ContentDelta,
    ContentStarted,
    Finished,
    StreamCompleteResponse,
)
from trunkline.v1.content_pb2 import Message, Part, Role
from trunkline_server.providers import echo
from trunkline_server.providers.profiles import builtin, parse
from trunkline_server.providers.wire import Subject
from trunkline_server.providers.wires import WIRES

BEGUN = CompleteRequest(
    messages=[
        Message(role=Role.ROLE_USER, parts=[Part(text="Hi")]),
        Message(role=Role.ROLE_ASSISTANT, parts=[Part(text="Hello")]),
    ]
)


def _subject(profile: str, model: str) -> Subject:
    facts = builtin()[profile]
    return Subject(facts, facts.provider, model)


def _body(profile: str, model: str = "m", request: CompleteRequest = BEGUN) -> dict[str, Any]:
    subject = _subject(profile, model)
    body: dict[str, Any] = orjson.loads(WIRES[subject.profile.wire].encode(request, subject, True))
    return body


@pytest.mark.parametrize(
    ("profile", "model", "expected"),
    [
        ("anthropic", "claude-3-5-haiku-latest", True),
        ("anthropic", "claude-sonnet-4-20250514", True),
        ("anthropic", "claude-opus-4-1-20250805", True),
        ("anthropic", "claude-sonnet-4-5", True),
        ("anthropic", "claude-haiku-4-5-20251001", True),
        ("anthropic", "claude-opus-4-6", False),
        ("anthropic", "claude-sonnet-4-6-20260217", False),
        ("anthropic", "claude-opus-4-10", False),
        ("anthropic", "claude-sonnet-5", False),
        ("bedrock", "us.anthropic.claude-sonnet-4-5-20250929-v1:0", True),
        ("bedrock", "anthropic.claude-3-haiku-20240307-v1:0", True),
        ("bedrock", "anthropic.claude-opus-4-6-v1", False),
        ("bedrock", "mistral.mistral-large-2407-v1:0", False),
        ("openrouter", "anthropic/claude-sonnet-4.5", True),
        ("openrouter", "anthropic/claude-opus-4.6", False),
        ("openrouter", "openai/gpt-5", False),
        ("groq", "llama-3.3-70b-versatile", True),
        ("groq", "openai/gpt-oss-120b", False),
        ("groq", "deepseek-r1-distill-llama-70b", False),
        ("openrouter", "anthropic/claude-3.7-sonnet:thinking", False),
        ("mistral", "mistral-large-latest", True),
        ("mistral", "magistral-medium-latest", False),
        ("vllm", "any", True),
        ("llamacpp", "any", True),
        ("openai", "gpt-4o", False),
        ("deepseek", "deepseek-chat", False),
        ("gemini", "gemini-2.5-flash", False),
    ],
)
def test_which_models_go_on(profile: str, model: str, expected: bool) -> None:
    assert builtin()[profile].prefills(model) is expected


def test_how_they_are_asked() -> None:
    vllm = _body("vllm")
    assert (vllm["add_generation_prompt"], vllm["continue_final_message"]) == (False, True)
    assert _body("mistral", "mistral-small-latest")["messages"][-1] == {
        "role": "assistant",
        "content": "Hello",
        "prefix": True,
    }
    assert _body("anthropic", "claude-sonnet-4-5")["messages"][-1]["content"] == [{"type": "text", "text": "Hello"}]
    for body in (_body("mistral", "magistral-small"), _body("openai")):
        assert body["messages"][-1] == {"role": "assistant", "content": "Hello"}
    assert "continue_final_message" not in _body("vllm", request=CompleteRequest(prompt="Hi"))


def test_unknown_keys_are_refused() -> None:
    with pytest.raises(ValueError, match="prefill"):
        parse('[p]\ndisplay_name = "P"\nendpoint = "https://p.example"\nprefill = { bodies = 1 }')
    with pytest.raises(ValueError, match="timeouts"):
        parse('[p]\ndisplay_name = "P"\nendpoint = "https://p.example"\ntimeouts = { total = 1 }')


def test_what_is_repeated() -> None:
    assert echo.expected(BEGUN, _subject("mistral", "mistral-small-latest")) == "Hello"
    assert echo.expected(BEGUN, _subject("vllm", "m")) == ""
    assert echo.expected(BEGUN, _subject("openai", "m")) == ""


def _stream(*pieces: str) -> Iterator[StreamCompleteResponse]:
    yield StreamCompleteResponse(content_started=ContentStarted(kind=BlockKind.BLOCK_KIND_TEXT))
    for piece in pieces:
        yield StreamCompleteResponse(content_delta=ContentDelta(text=piece))
    yield StreamCompleteResponse(finished=Finished())


@pytest.mark.parametrize(
    ("pieces", "rest"),
    [
        (("Hello", " world"), " world"),
        (("He", "llo wor", "ld"), " world"),
        (("Hello world",), " world"),
        ((" world",), " world"),
        (("He", " said"), "He said"),
        (("Hel",), "Hel"),
        (("Hello", "Hello"), "Hello"),
        ((), ""),
    ],
)
def test_a_repeated_beginning_is_cut(pieces: tuple[str, ...], rest: str) -> None:
    cutter = echo.Echo("Hello")
    events = [kept for event in _stream(*pieces) for kept in cutter.of(event)]
    assert "".join(event.content_delta.text for event in events) == rest
    assert events[-1].HasField("finished")


def test_a_repeated_beginning_of_a_whole_answer_is_cut() -> None:
    answer = CompleteResponse(completion="Hello world", content=[Part(text="Hello world")])
    answer.candidates.add(completion="Hello world", content=[Part(text="Hello world")])
    found = echo.cut(answer, "Hello")
    assert found.completion == found.content[0].text == found.candidates[0].content[0].text == " world"
    other = CompleteResponse(completion="Bye", content=[Part(text="Bye")])
    assert echo.cut(other, "Hello").completion == "Bye"
    assert echo.cut(other, "").completion == "Bye"
