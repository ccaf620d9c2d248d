"""The providers of the simulation: which models there are in which region, and how they answer.

Prices and facts are the catalogue's, quality the published list's. Of the list only models that it has without an
effort (providers/quality.toml): what the others think before they answer would make their answers longer. How fast they
are, what they carry and how they fail are assumptions, stated here:

- The time to the first token and the tokens a second go by the price of output, with log-normal noise; a prompt adds to
  the first in proportion (as Splitwise finds, section III-C), another region than the caller's a tenth of a second.
- A deployment works on so many calls at once, the others wait in line. Beyond its calls a minute it answers 429 and
  tells when to come back.
- Each integration has outages (most calls fail at once, some hang), slow phases, and now and then an error.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncGenerator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from simulated_workload import Ask
from trunkline.v1.common_pb2 import Usage
from trunkline.v1.completion_pb2 import (
    BlockKind,
    CompleteRequest,
    ContentDelta,
    ContentFinished,
    ContentStarted,
    Finish,
    Finished,
    FinishReason,
    Started,
    StreamCompleteResponse,
)
from trunkline.v1.configuration_pb2 import Configuration, IntegrationType, LlmProviderConfiguration
from trunkline.v1.connector_pb2 import Connector
from trunkline.v1.integration_pb2 import Integration
from trunkline_server.domain.deadline import Deadline
from trunkline_server.domain.errors import ProviderError, Reason
from trunkline_server.domain.ports import Heard, Target
from trunkline_server.domain.routes.candidates import Candidate

_OPENAI = "gpt-5.5 gpt-5.4 gpt-5.1 gpt-4.1 gpt-4.1-mini gpt-4.1-nano gpt-4o-mini"
_GOOGLE = "gemini-3.1-pro-preview gemini-3-flash-preview gemini-2.5-flash gemini-2.5-flash-lite"
_AMAZON = "anthropic.claude-opus-4-6-v1:0 anthropic.claude-sonnet-4-6-v1:0 amazon.nova-pro-v1:0 amazon.nova-lite-v1:0"
# Integration: profile, region, models.
FLEET: Mapping[str, tuple[str, str, str]] = {
    "openai-us": ("openai", "us", _OPENAI),
    "openai-eu": ("openai", "eu", _OPENAI),
    "anthropic-us": ("anthropic", "us", "claude-opus-4-6 claude-sonnet-4-6 claude-haiku-4-5"),
    "bedrock-eu": ("bedrock", "eu", _AMAZON),
    "vertex-us": ("vertex", "us", _GOOGLE),
    "vertex-eu": ("vertex", "eu", _GOOGLE),
    "mistral-eu": ("mistral", "eu", "mistral-large-4 mistral-medium-3-1 mistral-small-3.2-24b-instruct"),
    "groq-us": ("groq", "us", "llama-3.3-70b-versatile llama-3.1-8b-instant openai/gpt-oss-120b openai/gpt-oss-20b"),
    "xai-us": ("xai", "us", "grok-4.20"),
}
LARGE = ("anthropic/claude-opus-4-6", "bedrock/anthropic.claude-opus-4-6-v1:0")
SMALL = ("openai/gpt-4.1-nano",)


@dataclass(frozen=True, slots=True)
class Pace:
    """Up to so many USD per million output tokens: seconds to the first one, tokens a second, calls at once and a
    minute."""

    up_to: float
    first: float
    tokens: float
    at_once: int
    a_minute: int


PACES = (
    Pace(1.0, 0.35, 120.0, 48, 600),
    Pace(6.0, 0.60, 80.0, 32, 300),
    Pace(16.0, 1.00, 60.0, 24, 240),
    Pace(1e9, 1.60, 45.0, 24, 240),
)
FIRST_SPREAD, PACE_SPREAD, PER_PROMPT_TOKEN, ABROAD = 0.35, 0.2, 0.15e-3, 0.1
# Outages and slow phases come every so many seconds on average to an integration, and last from … to … seconds.
OUTAGE_EVERY, OUTAGE_LASTS = 5400.0, (60.0, 300.0)
SLOW_EVERY, SLOW_LASTS, SLOW_FACTOR = 3600.0, (120.0, 480.0), 4.0
# The share of errors in fair weather and in an outage; of those, calls that hang.
FAIR, FOUL, HANGS = 0.003, 0.9, 0.1
# Seconds to a refusal, and until a call that hangs is given up.
FAILS_AFTER, FIRST_TOKEN_SECONDS = 0.2, 30.0
_ATTEMPTS = 4


def integrations() -> Sequence[Integration]:
    """The fleet, as a tenant would have registered it."""
    return [
        Integration(
            integration_id=name,
            type=IntegrationType.INTEGRATION_TYPE_LLM_PROVIDER,
            configuration=Configuration(
                endpoint=f"https://{name}.example",
                llm_provider=LlmProviderConfiguration(provider=profile, region=region, models=models.split()),
            ),
        )
        for name, (profile, region, models) in FLEET.items()
    ]


@dataclass(slots=True)
class Deployment:
    """One model of one integration, at work."""

    candidate: Candidate
    place: int
    pace: Pace
    line: asyncio.Semaphore
    # Calls that may come now, of at most a quarter of a minute's, and since when that is known.
    room: float = 0.0
    at: float = field(default_factory=lambda: time.monotonic())

    def wait(self) -> float:
        """Takes one call of the minute's; else the seconds until there is room for one."""
        each, now = self.pace.a_minute / 60.0, time.monotonic()
        self.room = min(self.pace.a_minute / 4, self.room + (now - self.at) * each)
        self.at = now
        if self.room < 1.0:
            return (1.0 - self.room) / each
        self.room -= 1.0
        return 0.0


class Weather:
    """When each integration is out or slow, in seconds after the start."""

    def __init__(self, seed: int, seconds: float) -> None:
        dice = np.random.default_rng((seed, 1))
        self._out = {name: _spells(dice, seconds, OUTAGE_EVERY, OUTAGE_LASTS) for name in FLEET}
        self._slow = {name: _spells(dice, seconds, SLOW_EVERY, SLOW_LASTS) for name in FLEET}

    def out(self, integration: str, at: float) -> bool:
        """Whether it is down."""
        return any(since <= at < until for since, until in self._out[integration])

    def slow(self, integration: str, at: float) -> bool:
        """Whether it is slow."""
        return any(since <= at < until for since, until in self._slow[integration])


def _spells(
    dice: np.random.Generator, seconds: float, every: float, lasts: tuple[float, float]
) -> Sequence[tuple[float, float]]:
    found, at = [], float(dice.exponential(every))
    while at < seconds:
        end = at + float(dice.uniform(*lasts))
        found.append((at, end))
        at = end + float(dice.exponential(every))
    return found


class SimulatedProviders:
    """The port `Providers`, as far as streams need it. Chance is drawn before: a call meets the same luck at the same
    deployment and attempt whatever the policy. `broken` counts attempts that a hard constraint forbids, `served` has
    the candidate that answered each call."""

    def __init__(self, asks: Sequence[Ask], seed: int) -> None:
        self._asks = asks
        self._weather = Weather(seed, asks[-1].at + 600.0)
        self._deployments: dict[tuple[str, str], Deployment] = {}
        count = sum(len(models.split()) for _, _, models in FLEET.values())
        # [call, deployment, attempt]: the luck of an error, of hanging, of the first token and of the pace.
        dice = np.random.default_rng((seed, 2))
        self._luck = dice.random((len(asks), count, _ATTEMPTS, 2), dtype=np.float32)
        self._noise = dice.standard_normal((len(asks), count, _ATTEMPTS, 2), dtype=np.float32)
        self._attempts: dict[int, int] = {}
        self.began = time.monotonic()
        self.served: dict[int, Candidate] = {}
        self.broken = self.failures = self.refusals = 0

    def settle_in(self, candidates: Sequence[Candidate]) -> None:
        """The candidates that the router made of the fleet begin to work."""
        for place, one in enumerate(candidates):
            dollars = 0.0 if one.prices is None else one.prices.base_output / 1e9
            pace = next(pace for pace in PACES if dollars <= pace.up_to)
            key = (one.target.integration_id, one.target.model)
            line = asyncio.Semaphore(pace.at_once)
            self._deployments[key] = Deployment(one, place, pace, line, room=pace.a_minute / 4)

    def prepare(self, target: Target, request: CompleteRequest, *, stream: bool) -> None:
        """Nothing."""

    async def stream(
        self, target: Target, request: CompleteRequest, deadline: Deadline, heard: Heard | None = None, *prepared: Any
    ) -> AsyncGenerator[StreamCompleteResponse, None]:
        """One attempt."""
        ask = self._asks[int(request.request_id.partition("-")[2])]
        one = self._deployments[target.integration_id, target.model]
        self.broken += not _may(one.candidate, ask)
        attempt = self._attempts[ask.number] = self._attempts.get(ask.number, -1) + 1
        luck = (ask.number, one.place, attempt % _ATTEMPTS)
        try:
            async with deadline.sooner(FIRST_TOKEN_SECONDS).timeout() as limit:
                if wait := one.wait():
                    self.refusals += 1
                    raise _failed(Reason.ERROR_REASON_UPSTREAM_RATE_LIMITED, 429, wait)
                await self._weathered(target.integration_id, *self._luck[luck].tolist())
                async with one.line:
                    first, pace = self._times(one, ask, self._noise[luck].tolist())
                    await asyncio.sleep(first)
                    limit.reschedule(deadline.at)
                    yield _event(started=Started(provider=target.provider, model=target.model))
                    yield _event(content_started=ContentStarted(kind=BlockKind.BLOCK_KIND_TEXT))
                    yield _event(content_delta=ContentDelta(text="…"))
                    await asyncio.sleep(ask.answer_tokens * pace)
        except TimeoutError:
            self.failures += 1
            over = deadline.remaining() <= 0
            late = Reason.ERROR_REASON_CALLER_DEADLINE if over else Reason.ERROR_REASON_UPSTREAM_TIMEOUT
            raise ProviderError(late, "too late") from None
        self.served[ask.number] = one.candidate
        yield _event(content_finished=ContentFinished())
        used = Usage(input_tokens=ask.prompt_tokens, output_tokens=ask.answer_tokens)
        yield _event(finished=Finished(finish=Finish(reason=FinishReason.FINISH_REASON_STOP), usage=used))

    async def _weathered(self, integration: str, luck: float, hangs: float) -> None:
        """Raises as the weather of the integration is."""
        out = self._weather.out(integration, time.monotonic() - self.began)
        if luck < (FOUL if out else FAIR):
            self.failures += 1
            await asyncio.sleep(2 * FIRST_TOKEN_SECONDS if hangs < HANGS else FAILS_AFTER)
            raise _failed(Reason.ERROR_REASON_UPSTREAM_UNAVAILABLE, 503, None)

    def _times(self, one: Deployment, ask: Ask, noise: Sequence[float]) -> tuple[float, float]:
        """Seconds to the first token, and for each one."""
        slow = self._weather.slow(one.candidate.target.integration_id, time.monotonic() - self.began)
        factor = SLOW_FACTOR if slow else 1.0
        first = one.pace.first * np.exp(FIRST_SPREAD * noise[0]) + PER_PROMPT_TOKEN * ask.prompt_tokens
        abroad = ABROAD if one.candidate.region != "us" else 0.0
        return float(factor * first + abroad), float(factor * np.exp(PACE_SPREAD * noise[1]) / one.pace.tokens)

    def unsupported(self, profile: str, provider: str, request: CompleteRequest) -> Sequence[tuple[str, str]]:
        """All of a request is honoured."""
        return ()

    def prefills(self, target: Target) -> bool:
        """Nobody goes on from the beginning of an answer."""
        return False

    def connectors(self) -> Sequence[Connector]:
        """None: the fleet needs no endpoints."""
        return ()


def _may(one: Candidate, ask: Ask) -> bool:
    """Whether a call may go to a candidate: judged by itself, without the rules of the router."""
    facts = one.facts
    return (
        set(ask.capabilities) <= set(facts.capabilities)
        and (not ask.residency or one.region == ask.residency)
        and (not ask.min_context or facts.context_window >= ask.min_context)
    )


def _event(**event: object) -> StreamCompleteResponse:
    return StreamCompleteResponse(**event)  # type: ignore[arg-type]


def _failed(reason: int, status: int, told: float | None) -> ProviderError:
    return ProviderError(Reason.ValueType(reason), "the provider failed", http_status=status, retry_after=told)
