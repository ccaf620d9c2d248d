"""Every peer by the name of its wire."""

from __future__ import annotations

from collections.abc import Mapping

from conformance.peers import Peer, openai_chat

PEERS: Mapping[str, Peer] = {
    "openai_chat": openai_chat.PEER,
}
