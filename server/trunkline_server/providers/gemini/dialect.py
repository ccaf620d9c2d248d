"""What differs between the two homes of the API and between generations of its models."""

from __future__ import annotations

import re

from trunkline_server.providers.profiles import Profile

_BUDGETED = re.compile(r"gemini-[12]\b")


def vertex(profile: Profile) -> bool:
    """Whether the API is that of Vertex AI: only there everything belongs to a project."""
    return "project" in profile.parameters


def budgeted(model: str) -> bool:
    """Whether the model is of the generations that know thinking by budgets only, and that do not insist on their
    signatures. Every later one knows levels."""
    return _BUDGETED.search(model) is not None
