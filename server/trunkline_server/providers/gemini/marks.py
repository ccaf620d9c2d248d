"""Where a thought signature belongs. The contract has a place for those of reasoning and of calls; the signature of
any other part travels as reasoning without text, whose id is one of these marks."""

from __future__ import annotations

import re

# The part before it.
PART = "part"
# A text part of its own, which is empty.
EMPTY = "empty"
# The documented signature for calls that no Gemini model made, for example before a fallback.
FOREIGN = "skip_thought_signature_validator"

_SIGNATURE = re.compile(rb"[A-Za-z0-9+/=_-]+")
# Ids that Trunkline made because the model gave none; see Blocks.call.
_MADE = re.compile(r"call_.*_\d+_\d+")


def signature(raw: bytes) -> str:
    """The signature as text; empty for what can be none of Gemini's, which are base64."""
    return raw.decode() if _SIGNATURE.fullmatch(raw) else ""


def given(id: str) -> str:
    """The id where the model gave one, else nothing."""
    return "" if _MADE.fullmatch(id) else id
