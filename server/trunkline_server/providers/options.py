"""What every wire does with a request: find what the provider cannot honour, read JSON options, merge its own ones."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import orjson
from trunkline.v1.completion_pb2 import CompleteRequest

from trunkline_server.domain.errors import Reason, TrunklineError, invalid_fields
from trunkline_server.providers import features
from trunkline_server.providers.profiles import Profile
from trunkline_server.providers.wire import MalformedError, Subject

Json = dict[str, Any]

EMPTY_SCHEMA = b'{"type":"object","properties":{}}'


def unsupported(request: CompleteRequest, profile: Profile) -> Sequence[tuple[str, str]]:
    """(field path, why) of what the profile says that its provider cannot honour; `model` where it answers nothing."""
    if not profile.path:
        return [("model", f"{profile.display_name} serves no completions")]
    found = {path: feature for feature, path in features.used(request) if feature in profile.lacks}
    violations = [
        (path, f"{profile.display_name} does not support this ({feature})") for path, feature in found.items()
    ]
    if len(request.stop_sequences) > profile.max_stop:
        violations.append(("stop_sequences", f"{profile.display_name} takes at most {profile.max_stop}"))
    return violations


def merge(body: Json, request: CompleteRequest, subject: Subject) -> None:
    """Merge the options given for the profile or for the provider. What Trunkline sets itself is refused, and so are
    `stream` and its options, which are always ours."""
    ours = body.keys() | {"stream", "stream_options"}
    for name in dict.fromkeys((subject.profile.name, subject.provider)):
        raw = request.provider_options_json.get(name)
        if raw is None:
            continue
        path = f"provider_options_json[{name}]"
        options = parse(raw, path)
        if not isinstance(options, dict):
            raise invalid_fields([(path, "must be a JSON object")])
        taken = sorted(options.keys() & ours)
        if taken:
            raise invalid_fields(
                [(f"{path}.{key}", "Trunkline sets this itself") for key in taken],
                reason=Reason.ERROR_REASON_UNSUPPORTED_PARAMETER,
            )
        body |= options


def parse(raw: bytes, path: str) -> Any:
    """JSON of the caller. Raises INVALID_REQUEST, naming the field."""
    try:
        return orjson.loads(raw)
    except orjson.JSONDecodeError:
        raise _not_json(path) from None


def _not_json(path: str) -> TrunklineError:
    return invalid_fields([(path, "is not valid JSON")])


def answered(data: bytes, what: str = "the answer") -> Json:
    """A JSON object of the provider. Raises MalformedError."""
    try:
        found = orjson.loads(data)
    except orjson.JSONDecodeError:
        raise MalformedError(f"{what} is not JSON") from None
    if not isinstance(found, dict):
        raise MalformedError(f"{what} is not a JSON object")
    return found
