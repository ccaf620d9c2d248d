"""Which keys callers may name, and how they stand below the prefix of the configuration. Pure."""

from __future__ import annotations

import re
from collections.abc import Sequence

# Of a whole key, in bytes: the limit of S3, Azure and Google alike (Azure counts characters).
MOST = 1024
# C0, DEL and C1 controls, and what XML cannot carry.
_UNFIT = re.compile("[\x00-\x1f\x7f-\x9f\ufffe\uffff\ud800-\udfff]")
# Azure reads a backslash as a slash.
_STEP = re.compile(r"(^|[/\\])\.{1,2}([/\\]|$)")


def below(prefix: str) -> str:
    """The prefix as keys begin with it: a folder, so that `a` is not the beginning of `ab`."""
    return prefix if not prefix or prefix.endswith("/") else prefix + "/"


def key_problem(key: str, prefix: str) -> str | None:
    """What is wrong with a caller's key, or None."""
    if not key or key[0] in "/\\":
        return "must not be empty or begin with a slash"
    if problem := text_problem(key):
        return problem
    if _STEP.search(key):
        return "must have no segment `.` or `..`"
    if len((prefix + key).encode()) > MOST:
        return f"must have at most {MOST - len(prefix.encode())} bytes"
    return None


def prefix_problem(prefix: str) -> str | None:
    """What is wrong with the prefix of a configuration, or None."""
    if prefix.startswith(("/", "\\")):
        return "must not begin with a slash"
    if problem := text_problem(prefix):
        return problem
    return "must have no segment `.` or `..`" if _STEP.search(prefix) else None


def text_problem(text: str) -> str | None:
    """What is wrong with a text that is a part of a key, or None."""
    return "must have no control characters" if _UNFIT.search(text) else None


def shown(keys: Sequence[str], prefix: str) -> list[str]:
    """Keys as callers see them."""
    return [key.removeprefix(prefix) for key in keys if key.startswith(prefix)]
