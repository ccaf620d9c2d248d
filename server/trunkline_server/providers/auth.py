"""Credentials as headers: apart from the wire and from model facts.

A secret is sent as it is, signs each call (a strategy), or is changed for an access token (tokens/).
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping

from trunkline.v1.common_pb2 import Usage

from trunkline_server.domain.errors import ProviderError
from trunkline_server.domain.ports import Target
from trunkline_server.domain.secrets import secret_unavailable
from trunkline_server.providers.http import Bound
from trunkline_server.providers.profiles import SECRET_AS, Profile
from trunkline_server.providers.tokens import SOURCES, fetched
from trunkline_server.providers.tokens.cache import ProviderTokens
from trunkline_server.providers.tokens.grant import Grant

Headers = dict[str, str]
# Google's secret is an access token, unless `fetched` says otherwise.
_BEARERS = frozenset({"bearer", "google"})
_BEARER = "Bearer "
# Makes the headers of a call from: profile, target, method, address, body.
Strategy = Callable[[Profile, Target, str, str, bytes], Awaitable[Headers]]


class Authenticator:
    """The headers that authenticate calls. `strategies` sign, by scheme."""

    def __init__(self, tokens: ProviderTokens, strategies: Mapping[str, Strategy]) -> None:
        self._tokens = tokens
        self._strategies = dict(strategies)

    async def headers(
        self, profile: Profile, target: Target, method: str, url: str, body: bytes, bound: Bound
    ) -> Headers:
        """The headers that authenticate a call, and those of the integration's options. `bound` ends the wait for a
        token. Raises ProviderError where none can be had, UPSTREAM_AUTHENTICATION for a credential that cannot be
        used, SECRET_UNAVAILABLE where there is none."""
        if target.unresolved:
            raise _unavailable(target)
        if fetched(profile, target):
            token = await self._tokens.of(_grant(profile, target), bound)
            return _named(profile, target) | {"Authorization": _BEARER + token}
        found = fixed(profile, target)
        strategy = self._strategies.get(profile.scheme)
        if strategy is not None and target.secret:
            found |= await strategy(profile, target, method, url, body)
        return found

    async def fresh(self, profile: Profile, target: Target, headers: Mapping[str, str], bound: Bound) -> Headers | None:
        """The headers with another token, after the provider refused theirs; None where another is of no use. Raises
        as `headers` does."""
        grant = _grant(profile, target)
        if not self._tokens.drop(grant, headers["Authorization"].removeprefix(_BEARER)):
            return None
        return {**headers, "Authorization": _BEARER + await self._tokens.of(grant, bound)}


def _unavailable(target: Target) -> ProviderError:
    error = secret_unavailable(target.integration_id, target.unresolved)
    return ProviderError(
        error.reason,
        error.message,
        metadata=error.metadata | {"provider": target.provider},
        # Nothing was sent, so nothing was used.
        usage=Usage(input_tokens=0, output_tokens=0),
    )


def _grant(profile: Profile, target: Target) -> Grant:
    return SOURCES[profile.scheme].grant(profile, target)


def fixed(profile: Profile, target: Target) -> Headers:
    """The headers that need no more than the secret itself. Not for a secret that is `fetched`."""
    found = _named(profile, target)
    if target.secret:
        if profile.scheme in _BEARERS or target.options.get(SECRET_AS) == "upstream":
            found["Authorization"] = _BEARER + target.secret
        elif profile.secret_header:
            found[profile.secret_header] = target.secret
    return found


def _named(profile: Profile, target: Target) -> Headers:
    """The headers of the profile and of the integration's options."""
    options = target.options
    found = dict(profile.constants)
    for name, header in profile.headers.items():
        if value := options.get(name):
            found[header] = value
    if profile.gateway_header:
        found[profile.gateway_header] = target.provider
    return found
