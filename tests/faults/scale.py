"""Each fault test has a short form, for `make test`, and the full form of its bar, for `make faults`."""

from __future__ import annotations

import os
from typing import TypeVar

Value = TypeVar("Value")

full: bool = os.environ.get("TRUNKLINE_FAULTS") == "full"

# What bars on time are multiplied with: the short form runs on machines that do other work as well.
NOISE = 1.0 if full else 3.0


def pick(short: Value, whole: Value) -> Value:
    """The value of the form that runs."""
    return whole if full else short
