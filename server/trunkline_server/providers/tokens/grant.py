"""What is asked of a token endpoint: the port between the sources of credentials, the cache and the exchange."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

import orjson
from trunkline.v1.common_pb2 import Usage

from trunkline_server.domain.errors import ProviderError, ReasonValue
from trunkline_server.domain.ports import Target
from trunkline_server.providers.profiles import Profile


class Ask(NamedTuple):
    """One request of a token: the address, and the fields of its form."""

    url: str
    form: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Grant:
    """A credential that is changed for tokens.

    `key` tells it from all others without holding it. `endpoint` is the token endpoint's name for people, and `advice`
    what to do when it refuses. `ask` is called for each fetch and raises UPSTREAM_AUTHENTICATION for a credential that
    cannot be used.
    """

    key: bytes
    provider: str
    endpoint: str
    advice: str
    ask: Callable[[], Ask] = field(repr=False)


@dataclass(frozen=True, slots=True)
class Source:
    """One kind of credential. `applies` tells from a target whether its secret is changed for tokens; `problems` finds
    (option, why) of an integration's options."""

    applies: Callable[[Target], bool]
    grant: Callable[[Profile, Target], Grant]
    problems: Callable[[Mapping[str, str]], list[tuple[str, str]]]


def key(*parts: str) -> bytes:
    """The digest of all that decides which token is given."""
    return hashlib.sha256(orjson.dumps(parts)).digest()


def failed(
    reason: ReasonValue,
    message: str,
    metadata: Mapping[str, str],
    *,
    retry: bool = False,
    fallback: bool = True,
    retry_after: float | None = None,
) -> ProviderError:
    """The error of a call that had no token: the provider was not asked, so nothing was used."""
    return ProviderError(
        reason,
        message,
        retry=retry,
        fallback=fallback,
        usage=Usage(input_tokens=0, output_tokens=0),
        metadata=metadata,
        retry_after=retry_after,
    )
