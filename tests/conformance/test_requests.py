"""Every recorded request, asked for in the contract's words, is encoded as the recorded body."""

from __future__ import annotations

from typing import Any

import orjson
import pytest
from conformance.peers.table import PEERS
from conformance.recordings import FAMILIES, Recording, completions, name
from trunkline.v1.completion_pb2 import CompleteRequest
from trunkline_server.providers.wires import WIRES

# Requests made to be refused; the contract has no words for them, so that they never reach a provider.
INEXPRESSIBLE = {
    "deepseek-error-422-a": "content that is neither text nor a list",
    "mistral-error-422-a": "content that is neither text nor a list",
    "openai-chat-error-400-a": "a message without content, no tokens to write, a temperature below zero",
}
ALL = [
    recording
    for recording in completions()
    if isinstance(recording.request, dict)
    and FAMILIES[recording.family][0] in WIRES
    and recording.id not in INEXPRESSIBLE
    and PEERS[FAMILIES[recording.family][0]].request_of is not None
]


def _asked(recording: Recording) -> CompleteRequest:
    """The request. Peers know no provider: options of one are given to the one that was recorded."""
    read = PEERS[FAMILIES[recording.family][0]].request_of
    assert read is not None
    asked = read(recording.request)
    given = list(asked.provider_options_json.values())
    asked.provider_options_json.clear()
    for options in given:
        asked.provider_options_json[recording.provider] = options
    return asked


@pytest.mark.parametrize("recording", ALL, ids=name)
def test_a_recorded_request_can_be_asked_for(recording: Recording) -> None:
    asked, peer = _asked(recording), PEERS[FAMILIES[recording.family][0]]
    assert recording.wire.unsupported(asked, recording.profile) == []
    body: Any = orjson.loads(recording.wire.encode(asked, recording.subject, recording.streamed))
    assert peer.neutral(body) == peer.neutral(recording.request)


@pytest.mark.parametrize("wire", sorted(wire for wire, peer in PEERS.items() if peer.request_of is not None))
def test_what_is_neutral_has_a_reason(wire: str) -> None:
    assert all(PEERS[wire].notes.values())
    assert len(PEERS[wire].notes) <= 6


def test_what_cannot_be_asked_for_was_refused() -> None:
    known = {recording.id: recording for recording in completions()}
    assert all(known[id].status >= 400 for id in INEXPRESSIBLE if id in known)
