"""The Lua scripts, and where a tenant's keys lie."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from hashlib import sha1
from importlib.resources import files
from zlib import crc32

# All keys of a tenant lie in one shard and so in one slot of a cluster: one call touches one node. Sixteen shards
# spread over any sensible number of masters. The number cannot change while there is data.
SHARDS = tuple(f"tl:{{s{number:02}}}" for number in range(16))

# What counts calls and tokens, for the scripts that do.
_RATES, _WITH_RATES = "rates", frozenset(("admit", "widen", "settle"))

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
    common, rates = texts.pop("common"), texts.pop(_RATES)
    epoch = f"{common}\n{texts.pop(_BY_TEXT)}"
    scripts = {}
    for name, body in texts.items():
        text = "\n".join((common, rates, body) if name in _WITH_RATES else (common, body))
        scripts[name] = Script(text, sha1(text.encode(), usedforsecurity=False).hexdigest())
    return epoch, scripts


EPOCH_TEXT, SCRIPTS = _load()
