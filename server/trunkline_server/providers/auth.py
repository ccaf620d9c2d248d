"""Credentials as headers: apart from the wire and from model facts. One strategy for each scheme of the profiles."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping

from trunkline_server.domain.ports import Target
from trunkline_server.providers.profiles import SECRET_AS, Profile

Headers = dict[str, str]
# Google's secret is an access token.
_BEARERS = frozenset({"bearer", "google"})
# Makes the headers of a call from: profile, target, method, address, body.
Strategy = Callable[[Profile, Target, str, str, bytes], Awaitable[Headers]]


class Authenticator:
    """The headers that authenticate calls."""

    def __init__(self, strategies: Mapping[str, Strategy] | None = None) -> None:
        self._strategies = dict(strategies or {})

    async def headers(self, profile: Profile, target: Target, method: str, url: str, body: bytes) -> Headers:
        """The headers that authenticate a call, and those of the integration's options. Raises ProviderError where a
        token cannot be had, UPSTREAM_AUTHENTICATION for a credential that cannot be used."""
        found = fixed(profile, target)
        strategy = self._strategies.get(profile.scheme)
        if strategy is not None and target.secret:
            found |= await strategy(profile, target, method, url, body)
        return found


def fixed(profile: Profile, target: Target) -> Headers:
    """The headers that need no more than the secret itself."""
    options = target.options
    found = dict(profile.constants)
    for name, header in profile.headers.items():
        if value := options.get(name):
            found[header] = value
    if profile.gateway_header:
        found[profile.gateway_header] = target.provider
    if target.secret:
        if profile.scheme in _BEARERS or options.get(SECRET_AS) == "upstream":
            found["Authorization"] = f"Bearer {target.secret}"
        elif profile.secret_header:
            found[profile.secret_header] = target.secret
    return found
