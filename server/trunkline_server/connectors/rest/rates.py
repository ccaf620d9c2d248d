"""An integration's call rates, and which of them bind a call. Pure: no I/O."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from trunkline.v1.api_pb2 import CallRate

from trunkline_server.connectors.rest.encoding import scalar
from trunkline_server.domain.call_rates import Rate
from trunkline_server.domain.duration import seconds


@dataclass(frozen=True, slots=True)
class Limit:
    """A rate as it is told and as it is kept. `parameter`: its values count apart."""

    told: CallRate
    rate: Rate
    parameter: str

    @property
    def general(self) -> bool:
        """Whether it binds every call."""
        return not self.told.subject

    def of(self, parameters: Mapping[str, Any]) -> Rate | None:
        """The rate of a call; None where it lacks the parameter. Values are not kept, only what tells them apart."""
        if not self.parameter:
            return self.rate
        value = parameters.get(self.parameter)
        if value is None:
            return None
        # A number and its text are one value to most APIs; lists and objects count together.
        digest = hashlib.blake2b((scalar(value) or "").encode(), digest_size=8).hexdigest()
        return Rate(f"{self.rate.name}/{digest}", self.rate.calls, self.rate.seconds)


def limits_of(rates: Iterable[CallRate]) -> Sequence[Limit]:
    """The rates of an integration."""
    return tuple(_limit(rate) for rate in rates)


def binding(limits: Sequence[Limit], tool: str) -> Sequence[Limit]:
    """Those that bind calls of the tool."""
    return tuple(limit for limit in limits if limit.parameter or limit.told.subject in ("", tool))


def rates_of(limits: Sequence[Limit], parameters: Mapping[str, Any]) -> Sequence[Rate]:
    """The rates of a call."""
    found = (limit.of(parameters) for limit in limits)
    return [rate for rate in found if rate is not None]


def key_of(endpoint: str, secret: str) -> str:
    """Upstreams count by credential; the key does not tell it."""
    return hashlib.blake2b(f"{endpoint}\0{secret}".encode(), digest_size=16).hexdigest()


def _limit(told: CallRate) -> Limit:
    subject, per = told.subject, seconds(told.per)
    parameter = subject[1:-1] if subject.startswith("{") else ""
    # By its figures: integrations of one credential that tell the same rate share it.
    return Limit(told, Rate.of(f"{subject}/{told.calls}/{per:g}", told.calls, per), parameter)
