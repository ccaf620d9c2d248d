"""The complexity estimator: its weights are what the fit finds, and it is as good as the documentation says."""

from __future__ import annotations

import importlib.util
import json
import sys
from collections import Counter
from pathlib import Path
from types import ModuleType

import pytest
from hypothesis import given
from hypothesis import strategies as st
from trunkline.v1.completion_pb2 import CompleteRequest
from trunkline.v1.content_pb2 import Media, MediaKind, Message, Part, Role
from trunkline_server.domain.complexity import DEFAULT_TIERS, WEIGHTS, complexity, features
from trunkline_server.domain.lexicon import PHRASES, STEM, STEMS

ROOT = Path(__file__).resolve().parents[2]


def _bench(name: str) -> ModuleType:
    """A script of bench/, which is no package."""
    made = importlib.util.spec_from_file_location(f"bench_{name}", ROOT / "bench" / f"{name}.py")
    assert made is not None and made.loader is not None
    module = importlib.util.module_from_spec(made)
    sys.modules[made.name] = module
    made.loader.exec_module(module)
    return module


BENCH = _bench("complexity")
PROMPTS = BENCH.prompts()
LINES = (ROOT / "bench/data/prompts.jsonl").read_text("utf-8").splitlines()


def asked(text: str, **more: object) -> CompleteRequest:
    return CompleteRequest(prompt=text, **more)  # type: ignore[arg-type]


def said(*parts: Part, before: int = 0) -> CompleteRequest:
    turns = [Message(role=Role.ROLE_USER if step % 2 == 0 else Role.ROLE_ASSISTANT) for step in range(before)]
    return CompleteRequest(messages=[*turns, Message(role=Role.ROLE_USER, parts=parts)])


def test_the_prompts_are_many_and_of_many_kinds() -> None:
    rows = [json.loads(line) for line in LINES]
    assert len({row["id"] for row in rows}) == len({row["text"] for row in rows}) == len(rows) >= 400
    assert min(Counter(row["label"] for row in rows).values()) >= 100
    assert sum(count >= 12 for count in Counter(row["lang"] for row in rows).values()) >= 5
    assert min(Counter(one.split for one in PROMPTS).values()) >= 100


def test_the_weights_are_what_the_fit_finds() -> None:
    found = BENCH.fit([one for one in PROMPTS if one.split == "train"])
    assert found == pytest.approx(dict(WEIGHTS), abs=0.002)


@pytest.mark.parametrize(("split", "accuracy", "easy"), [("held_out", 0.80, 0.82), ("fresh", 0.70, 0.80)])
def test_it_is_as_good_as_documented(split: str, accuracy: float, easy: float) -> None:
    found = BENCH.report([one for one in PROMPTS if one.split == split])
    assert found.accuracy >= accuracy
    assert found.precision_easy >= easy
    assert found.recall_easy >= 0.85
    assert found.auc_easy >= 0.94
    assert found.auc_hard >= 0.92
    assert not found.wrongly_small


@given(text=st.text(max_size=4000), tools=st.integers(0, 30))
def test_it_is_bounded_and_deterministic(text: str, tools: int) -> None:
    request = asked(text)
    for number in range(tools):
        request.tools.add(name=f"t{number}")
    first = complexity(request)
    assert 0.0 < first < 1.0
    assert complexity(CompleteRequest.FromString(request.SerializeToString())) == first
    assert len(features(request)) == len(WEIGHTS)


@given(text=st.text(alphabet=st.characters(codec="utf-8"), max_size=300), more=st.integers(1, 20))
def test_more_around_the_same_words_never_makes_it_easier(text: str, more: int) -> None:
    plain = complexity(said(Part(text=text)))
    document = Part(media=Media(kind=MediaKind.MEDIA_KIND_DOCUMENT))
    assert complexity(said(Part(text=text), before=2 * more)) >= plain
    assert complexity(said(Part(text=text), *[document] * more)) >= plain
    armed = said(Part(text=text))
    for number in range(more):
        armed.tools.add(name=f"t{number}")
    assert complexity(armed) >= plain
    formatted = said(Part(text=text))
    formatted.response_format.json_schema.SetInParent()
    assert complexity(formatted) >= plain


def test_words_of_reasoning_raise_it_and_of_looking_up_lower_it() -> None:
    plain = complexity(asked("Say something about the number of trees in a forest."))
    assert complexity(asked("Prove something about the number of trees in a forest.")) > plain
    assert complexity(asked("List something about the number of trees in a forest.")) < plain
    assert complexity(asked("证明这个结论")) > complexity(asked("翻译这个结论"))


def test_what_the_user_said_last_counts() -> None:
    proof = Message(role=Role.ROLE_USER, parts=[Part(text="Prove that every planar graph is five-colourable.")])
    thanks = Message(role=Role.ROLE_USER, parts=[Part(text="Thanks!")])
    answer = Message(role=Role.ROLE_ASSISTANT, parts=[Part(text="Prove, derive and analyse everything.")])
    easy = complexity(CompleteRequest(messages=[proof, answer, thanks, answer]))
    assert easy < 0.25 < complexity(CompleteRequest(messages=[thanks, answer, proof]))
    assert complexity(CompleteRequest(messages=[answer])) < 0.25
    assert complexity(CompleteRequest()) < 0.25


def test_of_a_long_text_the_ends_are_read() -> None:
    middle = "word " * 20_000
    task = "Prove and derive the optimal algorithm. "
    neutral = complexity(asked(f"{middle}{middle}{middle}"))
    assert complexity(asked(f"{task}{middle}{middle}")) > neutral
    assert complexity(asked(f"{middle}{middle}{task}")) > neutral
    assert complexity(asked(f"{middle}{task}{middle}")) == neutral


def test_the_default_tiers_are_a_policy_that_could_be_written() -> None:
    tiers = [tier.up_to for tier in DEFAULT_TIERS]
    assert tiers == sorted(set(tiers))
    assert tiers[-1] == 1.0
    floors = [tier.min_quality for tier in DEFAULT_TIERS]
    assert floors == sorted(set(floors))


def test_the_lexicon_is_of_stems() -> None:
    assert all(0 < len(stem) <= STEM and stem == stem.lower() for stem in STEMS)
    assert all(phrase == phrase.strip() and len(phrase) > 1 for phrase in PHRASES)
