"""Paths into JSON: field names joined by dots, as templates write them. A number is an index into a list."""

from __future__ import annotations

from typing import Any


def at(content: Any, path: str) -> Any:
    """What is at the path; None where nothing is. The empty path is the content itself."""
    for step in path.split(".") if path else ():
        if isinstance(content, dict):
            content = content.get(step)
        elif isinstance(content, list) and step.isascii() and step.isdigit() and int(step) < len(content):
            content = content[int(step)]
        else:
            return None
    return content
