"""Credentials as headers: apart from the wire and from model facts."""

from __future__ import annotations

from trunkline_server.domain.ports import Target
from trunkline_server.providers.profiles import SECRET_AS, Profile


def headers(profile: Profile, target: Target) -> dict[str, str]:
    """The headers that authenticate a call, and those of the integration's options."""
    found = {header: target.options[name] for name, header in profile.headers.items() if target.options.get(name)}
    if profile.gateway_header:
        found[profile.gateway_header] = target.provider
    if target.secret and profile.scheme != "none":
        if profile.scheme == "bearer" or target.options.get(SECRET_AS) == "upstream":
            found["Authorization"] = f"Bearer {target.secret}"
        else:
            found[profile.secret_header] = target.secret
    return found
