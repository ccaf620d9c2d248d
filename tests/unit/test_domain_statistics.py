"""Moments, intervals, tests and chances, against values that are known."""

from __future__ import annotations

import math
import random
from statistics import NormalDist

import pytest
from hypothesis import given
from hypothesis import strategies as st
from trunkline_server.domain.statistics import (
    Moments,
    chances_to_be_best,
    contrast,
    mean_interval,
    required_samples,
    t_beyond,
    t_quantile,
)

VALUES = st.lists(st.floats(-1e6, 1e6), min_size=2, max_size=30)


@given(VALUES, VALUES)
def test_merged_moments_are_those_of_all_values(first: list[float], second: list[float]) -> None:
    merged, whole = Moments.of(first).plus(Moments.of(second)), Moments.of([*first, *second])
    assert merged.n == whole.n
    assert merged.mean == pytest.approx(whole.mean, abs=1e-6)
    assert merged.m2 == pytest.approx(whole.m2, rel=1e-9, abs=1e-3)


def test_nothing_and_nothing_is_nothing() -> None:
    assert Moments().plus(Moments()) == Moments()
    assert Moments.of_share(0, 0) == Moments()


def test_the_moments_of_a_share_are_those_of_ones_and_noughts() -> None:
    share, values = Moments.of_share(3, 10), Moments.of([1] * 3 + [0] * 7)
    assert (share.n, share.mean) == (values.n, pytest.approx(values.mean))
    assert share.m2 == pytest.approx(values.m2)


# Tables of Student's distribution, for example NIST/SEMATECH e-Handbook 1.3.6.7.2.
@pytest.mark.parametrize(
    ("freedom", "value"), [(1, 12.706), (2, 4.303), (5, 2.571), (10, 2.228), (30, 2.042), (1000, 1.962), (1e7, 1.960)]
)
def test_quantiles_of_t_are_those_of_the_tables(freedom: float, value: float) -> None:
    assert t_quantile(0.975, freedom) == pytest.approx(value, abs=5e-4)
    assert t_beyond(t_quantile(0.975, freedom), freedom) == pytest.approx(0.05, abs=1e-6)


def test_t_has_all_of_its_chance() -> None:
    assert t_beyond(0, 7) == 1
    assert t_beyond(math.inf, 7) == 0
    # With one degree of freedom it is Cauchy's distribution.
    assert t_beyond(2.5, 1) == pytest.approx(1 - 2 * math.atan(2.5) / math.pi)


def test_welch_allows_for_unequal_variances() -> None:
    # R: t.test(1:5, 2 * 1:5) tells t = -1.8974, df = 5.8824, p = 0.1075.
    found = contrast(Moments.of([1, 2, 3, 4, 5]), Moments.of([2, 4, 6, 8, 10]))
    assert found.value / math.sqrt(found.variance) == pytest.approx(-1.8974, abs=1e-4)
    assert found.freedom == pytest.approx(5.8824, abs=1e-4)
    assert found.p_value == pytest.approx(0.1075, abs=1e-4)
    low, high = found.interval(1 - found.p_value)
    assert (low, high) == (pytest.approx(-6, abs=1e-6), pytest.approx(0, abs=1e-6))


@given(st.integers(2, 400), st.integers(2, 400), st.integers(0, 10**6))
def test_looking_often_never_makes_surer(n: int, m: int, seed: int) -> None:
    source = random.Random(seed)
    one = Moments.of(source.gauss(source.random(), 1) for _ in range(n))
    other = Moments.of(source.gauss(0, 1) for _ in range(m))
    found = contrast(one, other)
    assert 0 <= found.p_value <= found.sequential_p_value <= 1
    assert 0 <= found.sequential_p_above <= 1


def test_a_large_difference_is_sure_and_only_on_its_side() -> None:
    high, low = Moments(1000, 1.0, 100.0), Moments(1000, 0.5, 100.0)
    assert contrast(high, low).sequential_p_value < 1e-9
    assert contrast(high, low).sequential_p_above < 1e-9
    assert contrast(low, high).sequential_p_above == 1


def test_values_that_do_not_vary() -> None:
    one, other = Moments(100, 2.0, 0.0), Moments(100, 1.0, 0.0)
    assert contrast(one, one).p_value == contrast(one, one).sequential_p_value == 1
    assert contrast(one, one).sequential_p_above == 1
    assert contrast(one, other).p_value == contrast(one, other).sequential_p_value == 0
    assert contrast(one, other).sequential_p_above == 0
    # Made-up values leave a doubt, and the mean where it is.
    steady = contrast(one.steadied(False), other.steadied(False))
    assert steady.value == pytest.approx(1) and steady.p_value > 0


def test_made_up_values_of_a_bounded_metric_draw_to_the_middle() -> None:
    steady = Moments(2, 1.0, 0.0).steadied(True)
    assert (steady.n, steady.mean) == (4, 0.75)
    assert steady.variance == pytest.approx(0.25)


def test_the_interval_of_a_mean() -> None:
    low, high = mean_interval(Moments.of([1, 2, 3, 4]), 0.95)
    assert (low, high) == (pytest.approx(0.4457, abs=1e-3), pytest.approx(4.5543, abs=1e-3))


def test_sizes_follow_the_formula() -> None:
    # 2 · 0.25² · (1.95996 + 0.84162)² / 0.05² = 392.4
    assert required_samples(1.0, 0.0625, 0.05, 0.95, 0.8) == 393
    assert required_samples(0.0, 1.0, 0.05, 0.95, 0.8) is None
    assert required_samples(1e-12, 1e12, 0.05, 0.95, 0.8) is None
    assert required_samples(1.0, 0.0, 0.05, 0.95, 0.8) == 2


def test_chances_to_be_best() -> None:
    assert chances_to_be_best([(3, 1)]) == [1.0]
    assert chances_to_be_best([(0, 1)] * 4) == pytest.approx([0.25] * 4)
    assert chances_to_be_best([(1, 1), (0, 1)])[0] == pytest.approx(NormalDist().cdf(math.sqrt(0.5)), abs=1e-4)
    assert chances_to_be_best([(9, 0.1), (0, 0.1)]) == pytest.approx([1, 0])
