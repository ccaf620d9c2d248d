"""How long the parts of one call may take."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, TypeAlias

from trunkline.v1 import configuration_pb2

from trunkline_server.domain.duration import duration, seconds

# The part of a call whose time ran out; `total` is the timeout of the whole.
Part: TypeAlias = Literal["connect", "first_byte", "idle", "total"]

# What is waited for in each part, for messages.
WAITED_FOR: dict[Part, str] = {
    "connect": "a connection",
    "first_byte": "the beginning of the answer",
    "idle": "more of the answer",
    "total": "the answer",
}
# The parts that integrations and connectors may bound beside the whole.
PARTS: frozenset[Part] = frozenset(("connect", "first_byte", "idle"))


@dataclass(frozen=True, slots=True)
class Timeouts:
    """Bounds of the parts of one call, in seconds: until the connection stands, TLS included; from sending the request
    to the head of the answer; and of a pause within the answer. Infinite: bounded by the timeout of the whole only."""

    connect: float = 5.0
    first_byte: float = math.inf
    idle: float = 30.0

    def of(self, part: Part) -> float:
        """The bound of one part; infinite for the whole."""
        bound: float = getattr(self, part, math.inf)
        return bound


DEFAULT_TIMEOUTS = Timeouts()


def told(parts: Mapping[Part, float]) -> configuration_pb2.Timeouts:
    """Timeouts by name, in seconds, as a connector shows them."""
    return configuration_pb2.Timeouts(**{name: duration(value) for name, value in parts.items()})


def timeouts_of(own: configuration_pb2.Timeouts, connector: configuration_pb2.Timeouts, default: Timeouts) -> Timeouts:
    """What holds for an integration: its own timeouts over its connector's over the default."""
    return Timeouts(
        connect=seconds(own.connect) or seconds(connector.connect) or default.connect,
        first_byte=seconds(own.first_byte) or seconds(connector.first_byte) or default.first_byte,
        idle=seconds(own.idle) or seconds(connector.idle) or default.idle,
    )
