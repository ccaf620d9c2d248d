"""Which faults a sandbox has, and which of them a call meets: at most one, by a seeded die. Pure."""

from __future__ import annotations

import random
from collections.abc import Mapping
from typing import Annotated, Literal, get_args

from pydantic import BaseModel, ConfigDict, Field, model_validator

Refusal = Literal["authentication", "rate_limited", "unavailable", "rejected"]
Fault = Literal[
    # Refused in the API's own form; nothing is done.
    "authentication",
    "rate_limited",
    "unavailable",
    "rejected",
    # The access token that is shown ends; where there is none, as authentication.
    "expired_token",
    # The call is carried out, and the caller does not learn of it.
    "hang",
    "disconnect_before",
    "disconnect_within",
    "malformed",
    # The call is carried out; the answer comes byte by byte, or not as its schema says.
    "drip",
    "drift",
]
REFUSALS: frozenset[str] = frozenset(get_args(Refusal))
Share = Annotated[float, Field(ge=0, le=1)]
Seconds = Annotated[float, Field(ge=0, le=600)]


class Faults(BaseModel):
    """`shares` are how many of all calls meet a fault, from 0 to 1, at most 1 together. `times` ends them after so
    many; 0: never. Every answer is late by `latency_seconds` and up to `jitter_seconds` more. `retry_after_seconds` is
    the wait that an injected rate_limited asks for, `drip_seconds` the pause between two bytes. `echo` repeats the
    credential and the parameters in error texts, as careless APIs do. `rates` False: the API's rates are not enforced.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    shares: Mapping[Fault, Share] = Field(default_factory=dict)
    times: Annotated[int, Field(ge=0)] = 0
    latency_seconds: Seconds = 0.0
    jitter_seconds: Seconds = 0.0
    retry_after_seconds: Seconds = 1.0
    drip_seconds: Seconds = 0.2
    echo: bool = False
    rates: bool = True

    @model_validator(mode="after")
    def _shares_fit(self) -> Faults:
        if sum(self.shares.values()) > 1 + 1e-9:
            raise ValueError("the shares are more than 1 together")
        return self


class Die:
    """Decides, from a seed, what each call meets."""

    def __init__(self, seed: int) -> None:
        self._random = random.Random(seed)
        self._left = 0
        self._faults = Faults()

    @property
    def faults(self) -> Faults:
        """What is in force."""
        return self._faults

    @faults.setter
    def faults(self, faults: Faults) -> None:
        self._faults, self._left = faults, faults.times

    def throw(self) -> Fault | None:
        """What the next call meets, if anything."""
        drawn = self._random.random()
        if self._faults.times and not self._left:
            return None
        for fault, share in self._faults.shares.items():
            drawn -= share
            if drawn < 0:
                self._left -= bool(self._faults.times)
                return fault
        return None

    def latency(self) -> float:
        """How late the next answer is, in seconds."""
        return self._faults.latency_seconds + self._random.uniform(0.0, self._faults.jitter_seconds)
