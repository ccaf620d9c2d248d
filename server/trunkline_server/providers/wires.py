"""Every wire by the name that profiles use."""

from __future__ import annotations

from collections.abc import Mapping

from trunkline_server.providers import anthropic, bedrock, cohere, gemini, openai_compatible, openai_responses
from trunkline_server.providers.wire import Wire

WIRES: Mapping[str, Wire] = {
    "anthropic": anthropic.WIRE,
    "bedrock": bedrock.WIRE,
    "cohere": cohere.WIRE,
    "gemini": gemini.WIRE,
    "openai_chat": openai_compatible.WIRE,
    "openai_responses": openai_responses.WIRE,
}
