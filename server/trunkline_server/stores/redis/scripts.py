"""The Lua scripts, and where a tenant's keys lie."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from hashlib import sha1
from importlib.resources import files
from zlib import crc32

# All keys of a tenant lie in one shard and so in one slot of a cluster: one call touches one node. Sixteen shards
# spread over any sensible number of masters. The number cannot change while there is data.
SHARDS = tuple(f"tl:{{s{number:02}}}" for number in range(16))

# What scripts share: definitions, the later ones made of the earlier.
_SHARED = ("common", "rates")
_COMMENT = re.compile(r"--.*\n")
_DEFINED = re.compile(r"local (?:function )?([\w, ]+)")

# Run by EVAL only: it must come before the others are loaded, see lua/epoch.lua.
_BY_TEXT = "epoch"


@dataclass(frozen=True, slots=True)
class Script:
    """A script and the SHA-1 by which EVALSHA names it."""

    text: str
    sha: str


@lru_cache(maxsize=16384)
def shard_of(tenant_id: str) -> str:
    """The prefix of all keys of the tenant, and KEYS[1] of every script."""
    return SHARDS[crc32(tenant_id.encode()) % len(SHARDS)]


def _load() -> tuple[str, dict[str, Script]]:
    texts = {
        entry.name.removesuffix(".lua"): entry.read_text()
        for entry in files(__package__).joinpath("lua").iterdir()
        if entry.name.endswith(".lua")
    }
    shared = "".join(_COMMENT.sub("\n", texts.pop(name)) for name in _SHARED)
    definitions = re.split(r"^(?=local )", shared, flags=re.MULTILINE)
    whole = {name: _with_what_it_needs(body, definitions) for name, body in texts.items()}
    epoch = whole.pop(_BY_TEXT)
    return epoch, {
        name: Script(text, sha1(text.encode(), usedforsecurity=False).hexdigest()) for name, text in whole.items()
    }


def _with_what_it_needs(body: str, definitions: Sequence[str]) -> str:
    """A script after those of the definitions that it or one of them names: Redis makes anew in each call what stands
    there."""
    text = _COMMENT.sub("\n", body)
    for definition in reversed(definitions):
        found = _DEFINED.match(definition)
        if found and re.search(rf"\b({found[1].strip().replace(', ', '|')})\b", text):
            text = definition + text
    return text


EPOCH_TEXT, SCRIPTS = _load()
