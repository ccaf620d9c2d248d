"""What a value of a request must meet, and what fields must meet together. A check takes the value, or the message, and
answers with what is wrong."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import orjson
from trunkline.v1.common_pb2 import TOKEN_CLASS_INPUT as _INPUT
from trunkline.v1.common_pb2 import TOKEN_CLASS_OUTPUT as _OUTPUT

from trunkline_server.domain.admission import FIGURES
from trunkline_server.domain.vocabulary import CAPABILITIES

Check = Callable[[Any], str | None]
# Of a message: (field path below it, what is wrong).
Whole = Callable[[Any], Sequence[tuple[str, str]]]


def text(most: int, pattern: str = "", hint: str = "") -> Check:
    """At most `most` bytes; all of it fits `pattern`, which `hint` describes."""
    fits = re.compile(pattern).fullmatch if pattern else None

    def check(value: str) -> str | None:
        if len(value) > most or (not value.isascii() and len(value.encode()) > most):
            return f"has more than {most} bytes"
        return None if fits is None or fits(value) else f"must be of {hint or pattern}"

    return check


def number(least: float, most: float) -> Check:
    """From `least` to `most`, finite."""

    def check(value: float) -> str | None:
        return None if least <= value <= most and math.isfinite(value) else f"must be from {least:,} to {most:,}"

    return check


def positive(value: float) -> str | None:
    """Above zero, finite."""
    return None if value > 0 and math.isfinite(value) else "must be above zero"


def at_least(least: int) -> Check:
    """`least` or more."""
    return lambda value: None if value >= least else f"must be at least {least}"


def count(most: int, least: int = 0) -> Check:
    """From `least` to `most` elements."""
    return lambda value: None if least <= len(value) <= most else f"must have from {least} to {most} elements"


def size(most: int) -> Check:
    """At most `most` bytes of data."""
    return lambda value: None if len(value) <= most else f"has more than {most} bytes"


def each(*checks: Check) -> Check:
    """Every element meets the checks; the first that does not is named by its index."""

    def check(values: Sequence[Any]) -> str | None:
        for at, value in enumerate(values):
            for one in checks:
                if problem := one(value):
                    return f"element {at} {problem}"
        return None

    return check


def lasts(least: float, most: float) -> Check:
    """A Duration from `least` to `most` seconds."""

    def check(value: Any) -> str | None:
        seconds = value.seconds + value.nanos / 1e9
        return None if least <= seconds <= most else f"must be from {least:g} s to {most:g} s"

    return check


def usd(value: Any) -> str | None:
    """Money in USD, above zero."""
    if value.currency_code not in ("", "USD"):
        return "must be in USD"
    if not (abs(value.nanos) < 10**9 and value.units >= 0 and value.nanos >= 0):
        return "must not be negative, with nanos below 1e9"
    return None if value.units or value.nanos else "must be above zero"


def json_text(value: bytes) -> str | None:
    """JSON text."""
    try:
        orjson.loads(value)
    except orjson.JSONDecodeError:
        return "is not JSON"
    return None


def json_object(value: bytes) -> str | None:
    """JSON text of an object."""
    try:
        return None if isinstance(orjson.loads(value), dict) else "is not a JSON object"
    except orjson.JSONDecodeError:
        return "is not JSON"


def entries(most: int, key: Check, value: Check) -> Check:
    """A map of at most `most` entries."""

    def check(found: Mapping[str, Any]) -> str | None:
        if len(found) > most:
            return f"has more than {most} entries"
        for name, content in found.items():
            if problem := key(name) or value(content):
                return f"entry {name[:64]!r} {problem}"
        return None

    return check


# ── Fields together ──────────────────────────────────────────────────────────────────────────────────────────────────


def prompt_or_messages(request: Any) -> Sequence[tuple[str, str]]:
    """One of the two."""
    prompt, messages = request.prompt, request.messages
    if prompt and messages:
        return [("messages", "excludes prompt")]
    return [] if prompt or messages else [("prompt", "is required unless messages are given")]


def model_or_capabilities(request: Any) -> Sequence[tuple[str, str]]:
    """A model, or what it must be able to do."""
    if request.model or request.model_requirements.capabilities:
        return []
    return [("model_requirements.capabilities", "is required when no model is named")]


def agent(request: Any) -> Sequence[tuple[str, str]]:
    """Every call says which agent makes it."""
    return [] if request.context.agent_id else [("context.agent_id", "is required")]


def tools_unique(tools: Sequence[Any]) -> str | None:
    """No two tools of a name."""
    return "has a name twice" if len({tool.name for tool in tools}) < len(tools) else None


def capability(value: str) -> str | None:
    """A word of the vocabulary."""
    return None if value in CAPABILITIES else f"is not a capability; there are {', '.join(sorted(CAPABILITIES))}"


def prices(override: Any) -> Sequence[tuple[str, str]]:
    """The base prices of input and output have fields of their own; every other class needs one among `prices`."""
    seen = {(_INPUT, 0), (_OUTPUT, 0)}
    found = []
    for at, price in enumerate(override.prices):
        step = (price.token_class, price.from_input_tokens)
        if step in seen:
            found.append((f"prices[{at}]", "sets the price of a class and start that has one"))
        seen.add(step)
    missing = {token_class for token_class, start in seen if start and (token_class, 0) not in seen}
    return found + [("prices", f"needs a base price of class {one}") for one in sorted(missing)]


def parts(message: Any) -> Sequence[tuple[str, str]]:
    """Content, except for the assistant, whose turn may be empty."""
    return [] if message.parts or message.role == 3 else [("parts", "needs at least one part")]


def kind(part: Any) -> Sequence[tuple[str, str]]:
    """A part is something."""
    return [] if part.WhichOneof("kind") else [("kind", "is required: one of text, media, tool_call, …")]


def media(media: Any) -> Sequence[tuple[str, str]]:
    """Where the bytes are, and of which type."""
    source = media.WhichOneof("source")
    if source is None:
        return [("source", "is required: one of data, uri, file_id")]
    if source == "data" and not media.mime_type:
        return [("mime_type", "is required with data")]
    if source == "uri" and not media.uri.startswith("https://"):
        return [("uri", "must be an https address")]
    return []


def choice(choice: Any) -> Sequence[tuple[str, str]]:
    """A tool's name with NAMED, and only then."""
    if (choice.mode == 4) != bool(choice.name):
        return [("name", "is required with NAMED, and only then")]
    return []


def reasoning(options: Any) -> Sequence[tuple[str, str]]:
    """An effort or a budget of tokens."""
    both = options.effort and options.HasField("budget_tokens")
    return [("budget_tokens", "excludes effort")] if both else []


def period(request: Any) -> Sequence[tuple[str, str]]:
    """The end comes after the start."""
    late = request.HasField("start_time") and request.HasField("end_time")
    if late and request.start_time.ToNanoseconds() >= request.end_time.ToNanoseconds():
        return [("end_time", "must be after start_time")]
    return []


def subject(budget: Any) -> Sequence[tuple[str, str]]:
    """Whom a budget binds; nobody in particular for the tenant's."""
    if (budget.scope == 1) == bool(budget.subject):
        return [("subject", "is required, except for TENANT, where it must be empty")]
    return []


def limit(limit: Any) -> Sequence[tuple[str, str]]:
    """Something is limited; the tenant's scope names nobody."""
    found = [("subject", "must be empty for TENANT")] if limit.scope == 1 and limit.subject else []
    if not any(limit.HasField(name) for name in FIGURES):
        found.append(("requests_per_minute", f"one of {', '.join(FIGURES)} is required"))
    return found


def once(limits: Sequence[Any]) -> str | None:
    """No two limits of a scope and subject."""
    seen = set()
    for at, one in enumerate(limits):
        if (one.scope, one.subject) in seen:
            return f"element {at} limits a scope and subject that an earlier one limits"
        seen.add((one.scope, one.subject))
    return None


def resumes(request: Any) -> Sequence[tuple[str, str]]:
    """Only a call with an id of its own can be found again."""
    if request.request.request_id:
        return []
    asked = [("last_sequence", request.last_sequence), ("resume_window", request.HasField("resume_window"))]
    return [(name, "needs request.request_id") for name, given in asked if given]


def one_secret(authentication: Any) -> Sequence[tuple[str, str]]:
    """The secret itself, or where it is kept."""
    both = authentication.secret and authentication.secret_reference
    return [("secret_reference", "must be empty beside `secret`")] if both else []


def new_secret(request: Any) -> Sequence[tuple[str, str]]:
    """A rotation brings a secret, or where it is kept."""
    if request.secret or request.secret_reference:
        return one_secret(request)
    return [("secret", "is required, or `secret_reference`")]


def apart(batch: Any) -> Sequence[tuple[str, str]]:
    """No two calls of a batch with one idempotency key."""
    ids = [request.request_id for request in batch.requests if request.request_id]
    return [("requests", "has a `request_id` twice")] if len(set(ids)) < len(ids) else []


def redelivery(request: Any) -> Sequence[tuple[str, str]]:
    """One event, or all dead letters since a time."""
    if bool(request.event_id) != request.HasField("dead_since"):
        return []
    return [("event_id", "give either `event_id` or `dead_since`")]
