"""Cache hints on chat messages: marks where a provider takes them, nothing where it caches by itself."""

from __future__ import annotations

from typing import Any

import orjson
import pytest
from trunkline.v1.completion_pb2 import CompleteRequest
from trunkline.v1.content_pb2 import CacheHint, Message, Part, Role
from trunkline_server.providers.openai_compatible import WIRE
from trunkline_server.providers.profiles import builtin
from trunkline_server.providers.wire import Subject

SHORT, LONG = CacheHint.CACHE_HINT_SHORT, CacheHint.CACHE_HINT_LONG


@pytest.mark.parametrize(
    ("profile", "model", "hint", "mark"),
    [
        ("openai", "gpt-5.6-sol", SHORT, {"prompt_cache_breakpoint": {"mode": "explicit"}}),
        ("openai", "gpt-5.12", LONG, {"prompt_cache_breakpoint": {"mode": "explicit"}}),
        ("openai", "gpt-5.4", SHORT, {}),
        ("openai", "gpt-4o", LONG, {}),
        ("openrouter", "anthropic/claude", SHORT, {"cache_control": {"type": "ephemeral"}}),
        ("openrouter", "anthropic/claude", LONG, {"cache_control": {"type": "ephemeral", "ttl": "1h"}}),
        ("groq", "llama", LONG, {}),
    ],
)
def test_marks(profile: str, model: str, hint: CacheHint.ValueType, mark: dict[str, Any]) -> None:
    parts = [Part(text="a", cache_hint=hint), Part(text="b")]
    request = CompleteRequest(messages=[Message(role=Role.ROLE_SYSTEM, parts=parts)])
    body = orjson.loads(WIRE.encode(request, Subject(builtin()[profile], profile, model), False))
    assert body["messages"][0]["content"] == [{"type": "text", "text": "a"} | mark, {"type": "text", "text": "b"}]


def test_a_marked_text_alone_is_still_a_piece() -> None:
    request = CompleteRequest(messages=[Message(role=Role.ROLE_USER, parts=[Part(text="a", cache_hint=SHORT)])])
    body = orjson.loads(WIRE.encode(request, Subject(builtin()["openrouter"], "openrouter", "m"), False))
    assert body["messages"][0]["content"] == [{"type": "text", "text": "a", "cache_control": {"type": "ephemeral"}}]
