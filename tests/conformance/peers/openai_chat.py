"""The chat completions wire."""

from __future__ import annotations

from typing import Any

import orjson
from conformance.peers import Peer


def as_whole(body: bytes) -> Any:
    """A naive merge of the chunks."""
    answer: dict[str, Any] = {}
    choices: dict[int, dict[str, Any]] = {}
    for line in body.splitlines():
        if not line.startswith(b"data: {"):
            continue
        chunk = orjson.loads(line[6:])
        answer |= {name: value for name, value in chunk.items() if name != "choices" and value}
        for choice in chunk["choices"]:
            kept = choices.setdefault(choice["index"], {"index": choice["index"], "message": {}})
            kept |= {k: v for k, v in choice.items() if k not in ("delta", "message", "index") and v}
            message = kept["message"]
            for name, value in choice["delta"].items():
                if name == "tool_calls":
                    _merge_calls(message.setdefault("tool_calls", {}), value)
                elif isinstance(value, list):
                    before = message.get(name) or []
                    message[name] = (_pieces(before) if name == "content" else before) + value
                elif name == "content" and isinstance(message.get(name), list):
                    message[name] += _pieces(value)
                elif isinstance(value, str) and name != "role":
                    message[name] = message.get(name, "") + value
    for choice in choices.values():
        if "tool_calls" in choice["message"]:
            choice["message"]["tool_calls"] = list(choice["message"]["tool_calls"].values())
    return answer | {"choices": list(choices.values())}


def _pieces(content: Any) -> list[Any]:
    return [{"type": "text", "text": content}] if isinstance(content, str) else list(content)


def _merge_calls(calls: dict[int, Any], deltas: list[Any]) -> None:
    for delta in deltas:
        call = calls.setdefault(delta["index"], {"id": delta.get("id"), "function": {"name": "", "arguments": ""}})
        for name in ("name", "arguments"):
            call["function"][name] += delta["function"].get(name) or ""


PEER = Peer(as_whole)
