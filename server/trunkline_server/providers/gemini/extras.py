"""Options given for the provider itself. The API keeps nearly all of them in objects that the request fills as well,
so that those are merged and tools are added."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from trunkline.v1.completion_pb2 import CompleteRequest

from trunkline_server.domain.errors import Reason, invalid_fields
from trunkline_server.providers.options import parse
from trunkline_server.providers.wire import Subject

Json = dict[str, Any]

_MERGED = frozenset({"generationConfig", "toolConfig"})
# Calls in pieces of arguments, each with the path of its place, are not read.
_UNREAD = "streamFunctionCallArguments"


def merge(body: Json, request: CompleteRequest, subject: Subject) -> None:
    """Merge the options given for the profile or for the provider; what Trunkline sets itself is refused."""
    for name in dict.fromkeys((subject.profile.name, subject.provider)):
        raw = request.provider_options_json.get(name)
        if raw is None:
            continue
        path = f"provider_options_json[{name}]"
        options = parse(raw, path)
        if not isinstance(options, dict):
            raise invalid_fields([(path, "must be a JSON object")])
        if refused := [*_refused(body, options, path)]:
            raise invalid_fields(refused, reason=Reason.ERROR_REASON_UNSUPPORTED_PARAMETER)
        for key, value in options.items():
            _add(body, key, value)


def _refused(body: Json, options: Json, path: str) -> Iterator[tuple[str, str]]:
    for key, value in sorted(options.items()):
        ours = body.get(key)
        if key == "toolConfig" and isinstance(value, dict) and _UNREAD in (value.get("functionCallingConfig") or {}):
            yield f"{path}.{key}.functionCallingConfig.{_UNREAD}", "Trunkline reads whole calls only"
        elif ours is None or (key == "tools" and isinstance(value, list)):
            continue
        elif key in _MERGED and isinstance(value, dict):
            for inner in sorted(value.keys() & ours.keys()):
                yield f"{path}.{key}.{inner}", "Trunkline sets this itself"
        else:
            yield f"{path}.{key}", "Trunkline sets this itself"


def _add(body: Json, key: str, value: Any) -> None:
    if key in _MERGED and isinstance(value, dict):
        body[key] = body.get(key, {}) | value
    elif key == "tools" and isinstance(value, list):
        body[key] = body.get(key, []) + value
    else:
        body[key] = value
