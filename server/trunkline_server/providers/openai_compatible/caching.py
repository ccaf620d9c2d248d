"""Marks that ask the provider to cache the prompt up to and with a piece of content."""

from __future__ import annotations

import re
from typing import Any

from trunkline.v1.content_pb2 import CacheHint, Part

from trunkline_server.providers.wire import Subject

Json = dict[str, Any]


def mark(part: Part, subject: Subject) -> Json:
    """The field that says so; nothing where the provider caches by itself."""
    profile = subject.profile
    if not (part.cache_hint and profile.cache_mark and re.search(profile.cache_models, subject.model)):
        return {}
    if profile.cache_mark == "breakpoint":
        return {"prompt_cache_breakpoint": {"mode": "explicit"}}
    long = part.cache_hint == CacheHint.CACHE_HINT_LONG
    return {"cache_control": {"type": "ephemeral", "ttl": "1h"} if long else {"type": "ephemeral"}}
