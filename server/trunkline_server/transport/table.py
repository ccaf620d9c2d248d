"""What a table of limits is, and the checks that many of them name."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from trunkline_server.transport.checks import (
    Check,
    Whole,
    at_least,
    count,
    each,
    entries,
    number,
    text,
)

SECOND, HOUR, DAY = 1.0, 3600.0, 86_400.0


@dataclass(frozen=True, slots=True)
class Table:
    """The limits of one message. `whole` looks at fields together; its paths are below the message. `nested` names
    another table than the usual one for the message in a field."""

    fields: Mapping[str, Sequence[Check]] = field(default_factory=dict)
    required: Sequence[str] = ()
    whole: Sequence[Whole] = ()
    nested: Mapping[str, str] = field(default_factory=dict)


ID = text(128, r"[A-Za-z0-9._:-]*", "[A-Za-z0-9._:-]")
USER_ID = text(128, r"[A-Za-z0-9._:@-]*", "[A-Za-z0-9._:@-]")
SLUG = text(64, r"[a-z][a-z0-9-]*", "[a-z0-9-], starting with a letter")
NAME = text(64, r"[A-Za-z0-9_-]+", "[A-Za-z0-9_-]")
TASK = text(64, r"[a-z0-9_]+", "[a-z0-9_]")
REGION = text(32, r"[a-z0-9-]+", "[a-z0-9-]")
TIER = text(64, r"[a-z0-9_-]+", "[a-z0-9_-]")
LABELS = entries(16, text(63, r"[a-z0-9_.-]+", "[a-z0-9_.-]"), text(128))
DISPLAY = text(128)
DESCRIPTION = text(1024)
# A model, an alias, or every model of a provider.
MODELS: Sequence[Check] = (count(256), each(text(256, r"(?s).+", "1 to 256 bytes")))
SHARE = number(0, 1)
HEADERS = entries(32, text(128), text(4096))
TOOLS = text(160, r"[a-z0-9*-]+/[A-Za-z0-9_*-]+", "<integration>/<tool>, with * for any text")
PER_MINUTE = at_least(1)

EACH_SHORT = each(text(256, r"(?s).+", "1 to 256 bytes"))
