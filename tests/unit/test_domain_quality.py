"""Quality: a prior and what callers said, and what the price says where nothing else does."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from trunkline.v1.model_pb2 import Model
from trunkline.v1.requirements_pb2 import Quality
from trunkline_server.domain.quality import (
    FEEDBACK,
    PRICE,
    PRICE_JUDGEMENTS,
    PRIOR_JUDGEMENTS,
    QUALITY_FLOORS,
    from_price,
    quality_of,
)
from trunkline_server.domain.steering import Judged

SHARES = st.floats(0, 1)
USD = 1_000_000_000


def rated(quality: float, source: str = "list") -> Model:
    return Model(quality=quality, quality_source=source)


def test_without_feedback_the_published_score_stands() -> None:
    assert quality_of(rated(0.7), None, USD) == (0.7, "list")
    assert quality_of(rated(0.7), Judged(0, 0.0), None) == (0.7, "list")
    assert quality_of(rated(0.0, "integration"), None, USD) == (0.0, "integration")


def test_nothing_known_is_nothing_told() -> None:
    assert quality_of(Model(), None, None) == (None, "")
    assert quality_of(Model(), None, 0) == (None, "")
    assert quality_of(Model(), Judged(0, 0.0), None) == (None, "")


@given(prior=SHARES, mean=SHARES, samples=st.integers(1, 10**9))
def test_the_blend_lies_between_prior_and_mean(prior: float, mean: float, samples: int) -> None:
    found, source = quality_of(rated(prior), Judged(samples, mean), None)
    assert found is not None
    assert min(prior, mean) - 1e-9 <= found <= max(prior, mean) + 1e-9
    assert source == (FEEDBACK if samples > PRIOR_JUDGEMENTS else "list")


@given(prior=SHARES, mean=SHARES, samples=st.integers(1, 10**6))
def test_more_judgements_bring_it_nearer_to_their_mean(prior: float, mean: float, samples: int) -> None:
    fewer, _ = quality_of(rated(prior), Judged(samples, mean), None)
    more, _ = quality_of(rated(prior), Judged(2 * samples, mean), None)
    assert fewer is not None and more is not None
    assert abs(more - mean) <= abs(fewer - mean) + 1e-9
    assert abs(more - mean) <= PRIOR_JUDGEMENTS / samples


def test_as_many_judgements_as_the_prior_is_worth_weigh_as_much() -> None:
    assert quality_of(rated(0.8), Judged(PRIOR_JUDGEMENTS, 0.4), None) == (pytest.approx(0.6), "list")
    assert quality_of(rated(0.8), Judged(PRIOR_JUDGEMENTS + 1, 0.4), None)[1] == FEEDBACK
    told = from_price(USD)
    assert quality_of(Model(), Judged(PRICE_JUDGEMENTS, 0.1), USD)[0] == pytest.approx((told + 0.1) / 2)


@given(price=st.integers(1, 10**15), times=st.integers(1, 1000))
def test_the_price_says_more_of_dearer_models(price: int, times: int) -> None:
    assert 0 <= from_price(price) <= from_price(price * times) <= 1


def test_the_price_is_for_models_that_no_list_has() -> None:
    found, source = quality_of(Model(), None, 10 * USD)
    assert (found, source) == (from_price(10 * USD), PRICE)
    assert quality_of(Model(), Judged(PRICE_JUDGEMENTS + 1, 1.0), 10 * USD)[1] == FEEDBACK


def test_feedback_alone_is_held_back() -> None:
    once, source = quality_of(Model(), Judged(1, 0.0), None)
    often, _ = quality_of(Model(), Judged(1000, 0.0), None)
    assert once is not None and often is not None
    assert source == FEEDBACK
    assert 0.5 < once < 0.62
    assert often < 0.01


def test_floors_rise_with_the_quality_asked_for() -> None:
    assert set(QUALITY_FLOORS) == set(Quality.values())
    floors = [QUALITY_FLOORS[quality] for quality in sorted(QUALITY_FLOORS)]
    assert floors == sorted(floors)
    assert floors[0] == floors[1] == 0 < floors[2] < floors[3] < 1
