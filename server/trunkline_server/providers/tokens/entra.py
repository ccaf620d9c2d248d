"""Azure OpenAI with Microsoft Entra ID: the secret is that of an application (client credentials). Without the options
below it is the resource's API key."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import partial

from trunkline_server.domain.ports import Target
from trunkline_server.providers.errors import unusable
from trunkline_server.providers.profiles import Profile
from trunkline_server.providers.tokens.grant import Ask, Grant, Source, key

TENANT, CLIENT = "entra_tenant", "entra_client_id"
_ID = r"[0-9A-Fa-f]{8}(?:-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}"
_LABEL = r"[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?"
# Either option: its pattern, and what it must be.
_RULES = {
    TENANT: (
        re.compile(rf"{_ID}|(?=.{{1,253}}\Z)(?:{_LABEL}\.)+[A-Za-z]{{2,63}}"),
        "must be the id of the Entra tenant, a GUID, or one of its domains",
    ),
    CLIENT: (re.compile(_ID), "must be the application's client id, a GUID"),
}
_ADVICE = (
    f"check {TENANT} and {CLIENT}, and that the secret is the value of a client secret, not its id, and has not "
    "expired; then rotate the integration's credential"
)


def _applies(target: Target) -> bool:
    # One of them alone is a mistake; it must not make the secret an API key.
    return bool(target.secret) and any(target.options.get(name) for name in _RULES)


def _problems(options: Mapping[str, str]) -> list[tuple[str, str]]:
    if not any(options.get(name) for name in _RULES):
        return []
    both = f"is needed too: {TENANT} and {CLIENT} go together"
    return [
        (name, why if options.get(name) else both)
        for name, (pattern, why) in _RULES.items()
        if not pattern.fullmatch(options.get(name, ""))
    ]


def _grant(profile: Profile, target: Target) -> Grant:
    named = [target.options.get(name, "") for name in _RULES]
    return Grant(
        key("entra", target.integration_id, profile.token_url, profile.token_scope, *named, target.secret),
        target.provider,
        "Microsoft Entra ID",
        _ADVICE,
        partial(_ask, profile, target),
    )


def _ask(profile: Profile, target: Target) -> Ask:
    if found := _problems(target.options):
        raise unusable(target.provider, " ".join(found[0]))
    form = {
        "grant_type": "client_credentials",
        "client_id": target.options[CLIENT],
        "client_secret": target.secret,
        "scope": profile.token_scope,
    }
    return Ask(profile.token_url.replace(f"{{{TENANT}}}", target.options[TENANT]), form)


SOURCE = Source(_applies, _grant, _problems)
