"""How good a model is by the published list in quality.toml."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from trunkline_server.providers.families import bare

_FILE = Path(__file__).with_name("quality.toml")
# `global.anthropic.` before a model of Bedrock, and its revision after it: `-v1:0`.
_NAMESPACE = re.compile(r"^(?:[a-z]+\.)+")
_REVISION = re.compile(r"-v?\d+:\d+$")
_DATE = re.compile(r"-20\d\d-?[01]\d-?[0-3]\d$")
# `v3p1` and `3.1` are one; `llama3` and `llama-3` too.
_POINT = re.compile(r"(?<=\d)p(?=\d)|[._@ ]")
_NUMBER = re.compile(r"(?<=[a-z])(?=\d)")


@dataclass(frozen=True, slots=True)
class PublishedList:
    """A published list. `rows` are its rows by canonical name, other names of a model included and empty for models
    that it does not have; `scores` are theirs, from 0 to 1. `leading` and `trailing` are words that do not tell models
    apart."""

    name: str
    rows: Mapping[str, str]
    scores: Mapping[str, float]
    leading: re.Pattern[str]
    trailing: re.Pattern[str]

    def score(self, model: str) -> tuple[float | None, str]:
        """The score of a model, and the list's name; (None, "") where the list does not have it."""
        row = self.row(model)
        return (None, "") if row is None else (self.scores[row], self.name)

    def row(self, model: str) -> str | None:
        """The row of a model by any provider's name for it: with prefix, region, date and variant. A name is never
        shortened to that of another model."""
        return next((self.rows[form] for form in self._forms(canonical(model)) if form in self.rows), "") or None

    def _forms(self, name: str) -> Iterator[str]:
        yield name
        while True:
            shorter = _DATE.sub("", name)
            if shorter == name:
                shorter = self.trailing.sub("", name)
            if shorter == name:
                shorter = self.leading.sub("", name)
            if shorter == name:
                return
            name = shorter
            yield name


def canonical(model: str) -> str:
    """A model's name without path, namespace, revision and tag, its words and numbers joined by `-`."""
    name = _REVISION.sub("", bare(model)).partition(":")[0]
    name = _POINT.sub("-", _NAMESPACE.sub("", name))
    return _NUMBER.sub("-", name)


@cache
def published() -> PublishedList:
    """The list of quality.toml."""
    data = tomllib.loads(_FILE.read_text("utf-8"))
    low, high = data["lowest"], data["highest"]
    scores = {canonical(name): _share(raw, low, high) for name, raw in data["scores"].items()}
    rows = {name: name for name in scores}
    rows |= {canonical(name): "" for name in data["unlisted"]}
    rows |= {canonical(name): rows[canonical(real)] for name, real in data["aliases"].items()}
    leading, trailing = _words(data["leading"]), _words(data["trailing"])
    return PublishedList(data["name"], rows, scores, re.compile(f"^(?:{leading})-"), re.compile(f"-(?:{trailing})$"))


def _share(raw: int, low: int, high: int) -> float:
    return round(min(1.0, max(0.0, (raw - low) / (high - low))), 4)


def _words(words: Sequence[str]) -> str:
    return "|".join(re.escape(canonical(word)) for word in words)
