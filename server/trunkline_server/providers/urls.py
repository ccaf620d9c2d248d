"""The address of a call: a profile's paths, with the model and the options that stand in addresses."""

from __future__ import annotations

import re
from collections.abc import Mapping
from contextlib import suppress
from urllib.parse import quote

import orjson

from trunkline_server.domain.ports import Target
from trunkline_server.providers.profiles import Profile

_ADDRESS = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*://[^\s\"'\\]*")
# What an option in an address may be: nothing that could change the host or the path.
OPTION = r"[A-Za-z0-9](?:[A-Za-z0-9._-]{0,126}[A-Za-z0-9])?"
_VALUE = re.compile(OPTION)


def of(profile: Profile, target: Target, path: str) -> str:
    """`path` below the endpoint; a leading `../` leaves its last segment, and a whole address stays as it is."""
    base = "" if path.startswith("https://") else (target.endpoint or profile.endpoint).rstrip("/") + "/"
    if path.startswith("../"):
        base, path = base[:-1].rpartition("/")[0] + "/", path[3:]
    url = base + path
    return _filled(url, profile, target.options, target.model) if "{" in url else url


def endpoint(profile: Profile, endpoint: str, options: Mapping[str, str]) -> str:
    """The base address of an integration, its own or the profile's."""
    return _filled(endpoint or profile.endpoint, profile, options, "")


def problems(profile: Profile, options: Mapping[str, str], endpoint: str = "") -> list[tuple[str, str]]:
    """(option, why) of what is missing or cannot stand in an address. What stands in the profile's endpoint only is
    not needed by an integration with its own."""
    needed = (endpoint or profile.endpoint) + paths_of(profile)
    found = []
    for name, default in profile.parameters.items():
        value = options.get(name) or default
        if not value:
            if f"{{{name}}}" in needed:
                found.append((name, f"{profile.display_name} needs it"))
        elif not _VALUE.fullmatch(value):
            found.append((name, "may hold letters, digits, '.', '_' and '-' only, at most 128"))
    return found


def within(value: str) -> list[str]:
    """The addresses that stand in an option, which may be JSON."""
    with suppress(orjson.JSONDecodeError):
        value = orjson.dumps(orjson.loads(value)).decode()  # without escaped slashes
    return _ADDRESS.findall(value)


def paths_of(profile: Profile) -> str:
    """All paths of a profile, one after the other, to look for the options that stand in them."""
    return "".join((profile.path, profile.stream_path, profile.embed_path, profile.count_path, profile.check_path))


def _filled(text: str, profile: Profile, options: Mapping[str, str], model: str) -> str:
    for name, default in profile.parameters.items():
        text = text.replace(f"{{{name}}}", options.get(name) or default)
    return text.replace("{model}", quote(model, safe=""))
