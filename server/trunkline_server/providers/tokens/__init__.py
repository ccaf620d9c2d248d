"""Access tokens that are fetched for a credential: for which secrets, and how. One source for each scheme.

Where a token is asked for is data of the profile (`token_url`): nothing in a credential or among an integration's
options names an address to which a secret is sent.
"""

from __future__ import annotations

from collections.abc import Mapping

from trunkline_server.domain.ports import Target
from trunkline_server.providers.profiles import Profile
from trunkline_server.providers.tokens import entra, google
from trunkline_server.providers.tokens.grant import Source

SOURCES: Mapping[str, Source] = {"azure": entra.SOURCE, "google": google.SOURCE}


def fetched(profile: Profile, target: Target) -> bool:
    """Whether the secret is changed for an access token, and never sent to the provider itself."""
    source = SOURCES.get(profile.scheme)
    return source is not None and source.applies(target)


def problems(profile: Profile, options: Mapping[str, str]) -> list[tuple[str, str]]:
    """(option, why) of what cannot be used to fetch tokens."""
    source = SOURCES.get(profile.scheme)
    return source.problems(options) if source is not None else []
