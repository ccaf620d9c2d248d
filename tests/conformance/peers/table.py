"""Every peer by the name of its wire."""

from __future__ import annotations

from collections.abc import Mapping

from conformance.peers import Peer, anthropic, bedrock, cohere, gemini, openai_chat, openai_responses

PEERS: Mapping[str, Peer] = {
    "anthropic": anthropic.PEER,
    "bedrock": bedrock.PEER,
    "cohere": cohere.PEER,
    "gemini": gemini.PEER,
    "openai_chat": openai_chat.PEER,
    "openai_responses": openai_responses.PEER,
}
