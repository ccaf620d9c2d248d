"""The calls of the simulation: when they come, how long they are, how difficult, and what they demand.

- Arrivals: Poisson, with a swing that stands for a day (here two hours) and bursts. Both are assumptions.
- Lengths: log-normal around the medians of the conversation service in P. Patel et al., Splitwise (ISCA 2024, section
  III-A, the Azure LLM inference trace 2023): 1,020 tokens of prompt, 129 of answer. The spreads are assumptions.
- Difficulty and text: the labelled prompts of bench/data/prompts.jsonl, drawn evenly; how many calls are easy, medium
  and hard is an assumption. The text is what the caller says last; what makes up the length stands before it.
- Demands: a tenth must stay in the EU, some need tools or vision, a few a large context. Assumptions.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import orjson
from trunkline.v1.common_pb2 import CallContext
from trunkline.v1.completion_pb2 import CompleteRequest
from trunkline.v1.content_pb2 import Message, Part, Role
from trunkline.v1.requirements_pb2 import ModelRequirements

PROMPTS = Path(__file__).resolve().parent / "data/prompts.jsonl"
PROMPT_MEDIAN, PROMPT_SPREAD = 1020, 1.0
ANSWER_MEDIAN, ANSWER_SPREAD = 129, 0.8
MOST_PROMPT, MAX_TOKENS = 24_000, 1024
# The share of each difficulty.
MIX = {"easy": 0.5, "medium": 0.3, "hard": 0.2}
# Calls a second on average; the swing goes from (1 - SWING) to (1 + SWING) of that in DAY seconds.
RATE, SWING, DAY = 1.5, 0.6, 7200.0
# Bursts come every so many seconds on average, last so long, and multiply the rate.
BURST_EVERY, BURST_LASTS, BURST_FACTOR = 600.0, 20.0, 4.0
# The share of calls with each demand.
EU, TOOLS, VISION, LONG = 0.10, 0.15, 0.05, 0.02
LONG_CONTEXT = 150_000
_TOKEN_BYTES = 4
_FILLER = "The minutes of the last meeting say who was there and what was agreed upon. " * 2000


@dataclass(frozen=True, slots=True)
class Ask:
    """One call: its arrival in seconds after the start, and the tokens of its prompt and of its whole answer."""

    number: int
    at: float
    label: str
    text: str
    prompt_tokens: int
    answer_tokens: int
    capabilities: tuple[str, ...]
    residency: str
    min_context: int

    def request(self, seed: int) -> CompleteRequest:
        """What the caller sends."""
        before = _FILLER[: max(0, self.prompt_tokens * _TOKEN_BYTES - len(self.text.encode()))]
        wanted = ModelRequirements(capabilities=self.capabilities, data_residency=self.residency)
        if self.min_context:
            wanted.min_context_tokens = self.min_context
        return CompleteRequest(
            request_id=f"s{seed}-{self.number}",
            messages=[
                Message(role=Role.ROLE_SYSTEM, parts=[Part(text=before)]),
                Message(role=Role.ROLE_USER, parts=[Part(text=self.text)]),
            ],
            max_tokens=MAX_TOKENS,
            model_requirements=wanted,
            context=CallContext(agent_id="simulation"),
        )


def workload(calls: int, seed: int) -> Sequence[Ask]:
    """So many calls, the same for the same seed."""
    dice = np.random.default_rng(seed)
    lines = [orjson.loads(line) for line in PROMPTS.read_bytes().splitlines()]
    by_label = {label: [one for one in lines if one["label"] == label] for label in MIX}
    times = _arrivals(calls, dice)
    labels = dice.choice(list(MIX), calls, p=list(MIX.values()))
    prompts = np.exp(dice.normal(np.log(PROMPT_MEDIAN), PROMPT_SPREAD, calls)).clip(16, MOST_PROMPT).astype(int)
    answers = np.exp(dice.normal(np.log(ANSWER_MEDIAN), ANSWER_SPREAD, calls)).clip(1, MAX_TOKENS).astype(int)
    demands = dice.random((calls, 4)) < (EU, TOOLS, VISION, LONG)
    found = []
    for number, (label, (eu, tools, vision, long)) in enumerate(zip(labels.tolist(), demands.tolist(), strict=True)):
        said = by_label[label][int(dice.integers(len(by_label[label])))]
        found.append(
            Ask(
                number=number,
                at=times[number],
                label=label,
                text=said["text"],
                prompt_tokens=int(prompts[number]),
                answer_tokens=int(answers[number]),
                capabilities=("text", *(["tools"] if tools else []), *(["vision"] if vision else [])),
                residency="eu" if eu else "",
                min_context=LONG_CONTEXT if long else 0,
            )
        )
    return found


def _arrivals(calls: int, dice: np.random.Generator) -> Sequence[float]:
    """Seconds after the start, by thinning: candidates at the highest rate, each kept with its own rate's share."""
    highest = RATE * (1 + SWING) * BURST_FACTOR
    found: list[float] = []
    at = burst = 0.0
    next_burst = float(dice.exponential(BURST_EVERY))
    while len(found) < calls:
        at += float(dice.exponential(1 / highest))
        if at >= next_burst:
            burst, next_burst = at + BURST_LASTS, at + BURST_LASTS + float(dice.exponential(BURST_EVERY))
        rate = RATE * (1 - SWING * np.cos(2 * np.pi * at / DAY)) * (BURST_FACTOR if at < burst else 1.0)
        if dice.random() * highest < rate:
            found.append(at)
    return found
