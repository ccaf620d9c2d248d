"""Rows that hold an envelope (stores/crypto.py), and how their data keys come under another key-encryption key."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from trunkline_server.domain.errors import TrunklineError
from trunkline_server.stores.crypto import Keyring, Sealed


@dataclass(frozen=True, slots=True)
class Envelopes:
    """A table of envelopes. `stale` reads at most $4 rows of the tenant $1 that are not under the key $2 and stand
    behind the place $3, with their `place` and what wraps the data key, but not what that encrypts; `rewrap` gives the
    row at the place $2 of the tenant $1 another wrapping, if it still has the one in $3. `field` is what a place is
    bound to, `name` what it is called."""

    stale: str
    rewrap: str
    field: Callable[[str], str]
    name: Callable[[str], str]


@dataclass(frozen=True, slots=True)
class Rewrapped:
    """Some envelopes of a tenant, by name: `changed` are under the current key now; `unreadable`, with the ids of their
    keys, are as they were. `read` were looked at, up to the place `last`, which is empty without any."""

    tenant_id: str
    read: int
    last: str
    changed: Sequence[str]
    unreadable: Mapping[str, str]


def sealed(row: Mapping[str, Any]) -> Sealed:
    """The envelope of a row."""
    return Sealed(row["ciphertext"], row["nonce"], row["wrapped_key"], row["wrap_nonce"], row["kek_id"])


async def rewrap(
    connection: Any, keyring: Keyring, envelopes: Envelopes, tenant_id: str, after: str, limit: int
) -> Rewrapped:
    """Put up to `limit` envelopes under the current key-encryption key that are not: the next ones behind the place
    `after`. One that changes meanwhile is left as it is."""
    changed: list[str] = []
    unreadable: dict[str, str] = {}
    rows = await connection.fetch(envelopes.stale, tenant_id, keyring.current, after, limit)
    for row in rows:
        place, old = row["place"], Sealed(b"", b"", row["wrapped_key"], row["wrap_nonce"], row["kek_id"])
        try:
            new = keyring.rewrap(old, tenant_id, envelopes.field(place))
        except TrunklineError:
            unreadable[envelopes.name(place)] = old.kek_id
            continue
        values = (old.wrapped_key, new.wrapped_key, new.wrap_nonce, new.kek_id)
        if await connection.fetchval(envelopes.rewrap, tenant_id, place, *values):
            changed.append(envelopes.name(place))
    return Rewrapped(tenant_id, len(rows), rows[-1]["place"] if rows else "", changed, unreadable)
