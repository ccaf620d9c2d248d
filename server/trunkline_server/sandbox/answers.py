"""Refusals in the API's own form. Pure."""

from __future__ import annotations

import math
import time
from collections.abc import Mapping
from email.utils import formatdate
from typing import Any

import orjson

from trunkline_server.connectors.rest.template_models import SandboxAnswer, Template
from trunkline_server.sandbox.faults import Refusal
from trunkline_server.sandbox.state import Answer

JSON = "application/json"


def refusal(template: Template, kind: Refusal, wait: float = 0.0, echo: str = "") -> Answer:
    """The answer of a kind. A wait (seconds) is told in whole seconds, rounded up, as APIs do. `echo` follows the
    texts for people."""
    shape: SandboxAnswer = getattr(template.sandbox, kind)
    now = int(time.time())
    seconds = math.ceil(wait)
    values = {"{seconds}": seconds, "{reset}": now + seconds}
    headers = {name: str(_filled(value, values, "")) for name, value in shape.headers.items()}
    # The wait until a time is told by this clock.
    headers["Date"] = formatdate(now, usegmt=True)
    body = b"" if shape.body is None else orjson.dumps(_filled(shape.body, values, echo))
    return Answer(shape.status, body, headers)


def passed_check(template: Template) -> Answer:
    """What the path of the live check answers where no tool has it."""
    errors = template.errors
    good = {errors.when_field: not errors.when_value} if errors.when_field else {}
    return Answer(200, orjson.dumps(good))


def _filled(value: Any, values: Mapping[str, int], echo: str) -> Any:
    """The wait in its place: a number where the text is nothing else."""
    if isinstance(value, Mapping):
        return {name: _filled(one, values, echo) for name, one in value.items()}
    if isinstance(value, list | tuple):
        return [_filled(one, values, echo) for one in value]
    if not isinstance(value, str):
        return value
    if value in values:
        return values[value]
    for name, number in values.items():
        value = value.replace(name, str(number))
    # Codes have no spaces.
    return f"{value} {echo}" if echo and " " in value else value
