"""No option is dropped in silence, and docs/providers.md tells what the adapters do."""

from __future__ import annotations

import pytest
from conformance.features import DOCUMENT, DROPPED, WISHES, document, requests
from conformance.recordings import FAMILIES, MISSING, RECORDINGS, every
from trunkline_server.providers.profiles import builtin
from trunkline_server.providers.wires import WIRES

STATES = requests()


@pytest.mark.parametrize("feature", STATES)
def test_an_option_is_honoured_or_refused(feature: str) -> None:
    dropped = [name for name, state in STATES[feature].items() if state == DROPPED]
    assert dropped == [] or feature in WISHES


def test_every_wire_has_profiles_and_every_profile_a_wire() -> None:
    assert {profile.wire for profile in builtin().values()} == WIRES.keys()


def test_every_recording_is_run() -> None:
    if not RECORDINGS.is_dir():
        pytest.skip(MISSING)
    others = {recording.family for recording in every()} - FAMILIES.keys()
    # test_embeddings.py runs these.
    assert others == {"embeddings", "bedrock-invoke"}
    assert {wire for wire, _ in FAMILIES.values()} == WIRES.keys()


def test_the_document_is_current() -> None:
    if not RECORDINGS.is_dir():
        pytest.skip(MISSING)
    assert DOCUMENT.read_text() == document(), "run: make providers-doc"
