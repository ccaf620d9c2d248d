"""Fits the weights of domain/complexity.py to the labelled prompts, and reports how good they are on the held-out half.

Run: `python bench/complexity.py`. The same prompts give the same weights; tests/unit/test_domain_complexity.py holds
the committed ones to them. The prompts and how they were labelled: bench/data/README.md.
"""

from __future__ import annotations

import hashlib
import json
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from trunkline.v1.completion_pb2 import CompleteRequest
from trunkline.v1.content_pb2 import Media, MediaKind, Message, Part, Role
from trunkline_server.domain.complexity import DEFAULT_TIERS, WEIGHTS, complexity, features

Array = NDArray[np.float64]
_FILE = Path(__file__).parent / "data" / "prompts.jsonl"
LABELS = ("easy", "medium", "hard")
# What the model is to say of each label.
_TARGETS = (0.0, 0.5, 1.0)
_RIDGE = 1.0
_STEPS = 20_000
# More of these never makes a request look easier, more of those never harder.
_RISING = ("length", "reasoning", "binding", "code", "mathematics", "turns", "tools", "documents", "format")
_FALLING = ("looking_up", "asking")


@dataclass(frozen=True)
class Prompt:
    """A labelled prompt. `split` is `train` or `held_out`, by the hash of its text; `fresh` was written after the words
    of domain/lexicon.py were chosen and is never fitted to."""

    id: str
    split: str
    label: int
    request: CompleteRequest


def prompts() -> Sequence[Prompt]:
    """All prompts of the file."""
    return [_prompt(json.loads(line)) for line in _FILE.read_text("utf-8").splitlines()]


def _prompt(row: Mapping[str, object]) -> Prompt:
    text = str(row["text"])
    half = "train" if hashlib.sha256(text.encode()).digest()[0] % 2 else "held_out"
    split = "fresh" if row.get("fresh") else half
    return Prompt(str(row["id"]), split, LABELS.index(str(row["label"])), _request(row, text))


def _request(row: Mapping[str, object], text: str) -> CompleteRequest:
    turns, documents = int(str(row.get("turns", 1))), int(str(row.get("documents", 0)))
    files = [Part(media=Media(kind=MediaKind.MEDIA_KIND_DOCUMENT)) for _ in range(documents)]
    said = [Message(role=Role.ROLE_USER if turn % 2 == 0 else Role.ROLE_ASSISTANT) for turn in range(turns - 1)]
    request = CompleteRequest(messages=[*said, Message(role=Role.ROLE_USER, parts=[Part(text=text), *files])])
    for number in range(int(str(row.get("tools", 0)))):
        request.tools.add(name=f"tool_{number}")
    if row.get("schema"):
        request.response_format.json_schema.SetInParent()
    return request


def fit(train: Sequence[Prompt]) -> dict[str, float]:
    """Logistic regression on the targets with an L2 penalty, within the signs above, by projected gradient descent."""
    x = np.array([features(one.request) for one in train])
    y = np.array([_TARGETS[one.label] for one in train])
    low = np.array([0.0 if name in _RISING else -np.inf for name in WEIGHTS])
    high = np.array([0.0 if name in _FALLING else np.inf for name in WEIGHTS])
    penalty = np.array([0.0 if name == "bias" else _RIDGE for name in WEIGHTS])
    # The largest curvature of the loss bounds the step.
    step = 1.0 / (np.linalg.norm(x, 2) ** 2 / 4 + _RIDGE)
    weights = momentum = np.zeros(len(WEIGHTS))
    for number in range(_STEPS):
        told = 1 / (1 + np.exp(-x @ momentum))
        moved = np.clip(momentum - step * (x.T @ (told - y) + penalty * momentum), low, high)
        momentum = moved + (number / (number + 3)) * (moved - weights)
        weights = moved
    return {name: round(float(value), 3) for name, value in zip(WEIGHTS, weights, strict=True)}


@dataclass(frozen=True)
class Report:
    """How good the estimator is on some prompts. `confusion` is by label, then tier; AUC is of easy against the rest
    and of hard against the rest."""

    confusion: NDArray[np.int64]
    auc_easy: float
    auc_hard: float
    wrongly_small: Sequence[str]

    @property
    def accuracy(self) -> float:
        """The share of prompts whose tier is that of their label."""
        return float(np.trace(self.confusion) / self.confusion.sum())

    @property
    def precision_easy(self) -> float:
        """Of those sent to small models, the share that is easy."""
        return float(self.confusion[0, 0] / self.confusion[:, 0].sum())

    @property
    def recall_easy(self) -> float:
        """Of the easy ones, the share that is sent to small models."""
        return float(self.confusion[0, 0] / self.confusion[0].sum())

    @property
    def share_small(self) -> float:
        """The share of all prompts that is sent to small models."""
        return float(self.confusion[:, 0].sum() / self.confusion.sum())


def report(asked: Sequence[Prompt]) -> Report:
    """Judge the committed weights and default tiers."""
    scores = np.array([complexity(one.request) for one in asked])
    labels = np.array([one.label for one in asked])
    tiers = np.searchsorted([tier.up_to for tier in DEFAULT_TIERS], scores)
    confusion = np.zeros((3, 3), dtype=np.int64)
    np.add.at(confusion, (labels, tiers), 1)
    wrongly = [one.id for one, tier in zip(asked, tiers, strict=True) if tier == 0 and one.label == 2]
    return Report(confusion, _auc(scores, labels > 0), _auc(scores, labels == 2), wrongly)


def _auc(scores: Array, above: NDArray[np.bool_]) -> float:
    """The chance that one of `above` scores higher than one of the others; a tie counts half."""
    gaps = scores[above][:, None] - scores[~above][None, :]
    return float(((gaps > 0) + 0.5 * (gaps == 0)).mean())


def _took(request: CompleteRequest, calls: int = 2000) -> float:
    """The least time of several rounds, in microseconds a call."""
    rounds = []
    for _ in range(5):
        start = time.perf_counter()
        for _ in range(calls):
            complexity(request)
        rounds.append((time.perf_counter() - start) / calls)
    return min(rounds) * 1e6


def main() -> None:
    """Fit, compare with what is committed, and report."""
    asked = prompts()
    fitted = fit([one for one in asked if one.split == "train"])
    print("weights" + ("" if fitted == dict(WEIGHTS) else " (not those of domain/complexity.py)"))
    for name, weight in fitted.items():
        print(f'    "{name}": {weight},')
    for split in ("train", "held_out", "fresh"):
        some = [one for one in asked if one.split == split]
        if not some:
            continue
        found = report(some)
        print(f"\n{split}: {len(some)} prompts; label by tier (small, medium, large)\n{found.confusion}")
        print(
            f"accuracy {found.accuracy:.3f}, easy: precision {found.precision_easy:.3f}, recall {found.recall_easy:.3f}"
        )
        print(f"AUC of easy {found.auc_easy:.3f}, of hard {found.auc_hard:.3f}; sent to small: {found.share_small:.1%}")
        print(f"hard, sent to small: {', '.join(found.wrongly_small) or 'none'}")
    text = "Compare the two proposals below, list what they leave open, and recommend one with your reasons. " * 6
    print(f"\n{_took(CompleteRequest(prompt=text[:500])):.1f} µs for 500 characters")
    print(f"{_took(CompleteRequest(prompt=text * 200)):.1f} µs for {len(text) * 200 // 1000} kB")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
