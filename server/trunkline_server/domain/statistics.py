"""Means, what they may be off by, and how sure a difference is. Pure; docs/services/experiments.md tells what it is
for.

Sources: Chan, Golub and LeVeque 1979 (merged moments); Welch 1947 and Satterthwaite 1946 (unequal variances); DLMF
8.17 (Student's t); Robbins 1970, Johari et al. "Always Valid Inference" (Operations Research 2022) and Howard et al.
"Time-uniform, nonparametric, nonasymptotic confidence sequences" (Annals of Statistics 2021) for sequential tests;
Chow, Shao and Wang, "Sample Size Calculations in Clinical Research", 3.2 (sizes); Thompson 1933 (chances).
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from statistics import NormalDist

_NORMAL = NormalDist()
# From so many degrees of freedom on, Student's t is normal to six digits.
_NORMAL_FROM = 1e6
# A sequential test says nothing before either side has so many values: its limit theorem needs some.
LEAST_VALUES = 50
# Where a sequential test is sharpest, in values of each side. It is hardly less sharp ten times earlier or later.
_SHARPEST_AT = 1000
# Howard et al. 2021, 3.3: the best weights have 2 ln(1/a) + ln(1 + 2 ln(1/a)) times the variance there: 8 for a = 0.05.
_MIXING = 8.0 / _SHARPEST_AT
# Steps of the integral over an arm's value.
_GRID = 400


@dataclass(frozen=True, slots=True)
class Moments:
    """How many values there are, their mean, and the sum of their squared distances to it."""

    n: int = 0
    mean: float = 0.0
    m2: float = 0.0

    @classmethod
    def of(cls, values: Iterable[float]) -> Moments:
        """The moments of values."""
        found = cls()
        for value in values:
            found = found.plus(cls(1, value))
        return found

    @classmethod
    def of_share(cls, hits: int, n: int) -> Moments:
        """The moments of `n` values of which `hits` are 1 and the others 0."""
        share = hits / n if n else 0.0
        return cls(n, share, n * share * (1 - share))

    def plus(self, other: Moments) -> Moments:
        """The moments of both sets of values together."""
        n = self.n + other.n
        if not n:
            return self
        apart = other.mean - self.mean
        mean = self.mean + apart * other.n / n
        return Moments(n, mean, self.m2 + other.m2 + apart * apart * self.n * other.n / n)

    def steadied(self, bounded: bool) -> Moments:
        """With two made-up values, so that few values alike promise no certainty: 0 and 1 for a `bounded` metric
        (Agresti and Caffo 2000), else 0 and twice the mean."""
        return self.plus(Moments(2, 0.5, 0.5) if bounded else Moments(2, self.mean, 2 * self.mean * self.mean))

    @property
    def alike(self) -> bool:
        """Whether the values do not vary, beyond what summing them blurs."""
        return self.m2 <= 1e-12 * self.n * self.mean * self.mean

    @property
    def variance(self) -> float:
        """The unbiased estimate; from two values on."""
        return self.m2 / (self.n - 1)


NOTHING = Moments()


@dataclass(frozen=True, slots=True)
class Contrast:
    """A difference of means: its value, the variance of that estimate, the degrees of freedom, and what the variance
    would be with one value on each side."""

    value: float
    variance: float
    freedom: float
    unit: float

    def interval(self, confidence: float) -> tuple[float, float]:
        """Where the true difference is, looked at once."""
        half = t_quantile((1 + confidence) / 2, self.freedom) * math.sqrt(self.variance)
        return self.value - half, self.value + half

    @property
    def p_value(self) -> float:
        """How likely a difference as large either way is where there is none, looked at once."""
        if self.variance <= 0:
            return float(self.value == 0)
        return t_beyond(self.value / math.sqrt(self.variance), self.freedom)

    @property
    def sequential_p_value(self) -> float:
        """The same, looked at as often as one likes: the mixture likelihood ratio against no difference, with normal
        weights on the true one, exceeds 1/p with a chance of p at most, over all looks together (Ville 1939)."""
        return max(self.p_value, math.exp(-max(0.0, self._log_ratio())))

    @property
    def sequential_p_above(self) -> float:
        """As `sequential_p_value`, against a true difference of 0 or less: the weights are on those above only."""
        if self.variance <= 0:
            return float(self.value <= 0)
        spread = _MIXING * self.unit
        above = _NORMAL.cdf(self.value * math.sqrt(spread / (self.variance * (self.variance + spread))))
        return 1.0 if above <= 0 else math.exp(-max(0.0, self._log_ratio() + math.log(2 * above)))

    def _log_ratio(self) -> float:
        if self.variance <= 0:
            return 0.0 if self.value == 0 else math.inf
        spread = _MIXING * self.unit
        whole = self.variance + spread
        return 0.5 * math.log(self.variance / whole) + spread * self.value**2 / (2 * self.variance * whole)


def contrast(one: Moments, other: Moments, factor: float = 1.0) -> Contrast:
    """The mean of `one` less `factor` times that of `other`; either has two values at least."""
    first, second = one.variance / one.n, factor * factor * other.variance / other.n
    variance = first + second
    bottom = first * first / (one.n - 1) + second * second / (other.n - 1)
    freedom = variance * variance / bottom if bottom > 0 else float(one.n + other.n - 2)
    return Contrast(one.mean - factor * other.mean, variance, freedom, one.variance + factor * factor * other.variance)


def mean_interval(one: Moments, confidence: float) -> tuple[float, float]:
    """Where the true mean is; from two values on."""
    half = t_quantile((1 + confidence) / 2, one.n - 1) * math.sqrt(one.variance / one.n)
    return one.mean - half, one.mean + half


def required_samples(mean: float, variance: float, effect: float, confidence: float, power: float) -> int | None:
    """How many values each side needs for a difference of `effect` times the mean to be found with the chance `power`,
    looked at once: 2 s² (z[1-a/2] + z[power])² / (effect · mean)². None where there is no mean to compare with."""
    apart = effect * abs(mean)
    if apart <= 0:
        return None
    reach = _NORMAL.inv_cdf((1 + confidence) / 2) + _NORMAL.inv_cdf(power)
    size = 2 * variance * (reach / apart) ** 2
    return max(2, math.ceil(size)) if size < 2**62 else None


def chances_to_be_best(beliefs: Sequence[tuple[float, float]]) -> list[float]:
    """Of each (mean, standard deviation above 0), the chance that a draw from it exceeds the draws from all others:
    what Thompson sampling would serve it. They add up to 1."""
    normals = [NormalDist(mean, deviation) for mean, deviation in beliefs]
    if len(normals) == 1:
        return [1.0]
    found = []
    for at, normal in enumerate(normals):
        others = [*normals[:at], *normals[at + 1 :]]
        # At equal steps of the arm's own probability, so that each step weighs the same.
        draws = (normal.inv_cdf((step + 0.5) / _GRID) for step in range(_GRID))
        found.append(sum(math.prod(other.cdf(draw) for other in others) for draw in draws) / _GRID)
    whole = sum(found)
    return [chance / whole for chance in found]


# ── Student's t ─────────────────────────────────────────────────────────────────────────────────────────────────


def t_beyond(t: float, freedom: float) -> float:
    """The chance of a value as far from 0 as `t`, either way."""
    if freedom >= _NORMAL_FROM:
        return 2 * _NORMAL.cdf(-abs(t))
    return _beta(freedom / (freedom + t * t), freedom / 2, 0.5)


def t_quantile(share: float, freedom: float) -> float:
    """The value that `share` (above a half) lies below."""
    if freedom >= _NORMAL_FROM:
        return _NORMAL.inv_cdf(share)
    beyond, low, high = 2 * (1 - share), 0.0, 1.0
    while t_beyond(high, freedom) > beyond:
        low, high = high, 2 * high
    while high - low > 1e-9 * high:
        middle = (low + high) / 2
        low, high = (middle, high) if t_beyond(middle, freedom) > beyond else (low, middle)
    return high


def _beta(x: float, a: float, b: float) -> float:
    """The regularised incomplete beta function I_x(a, b): DLMF 8.17.22, evaluated by Lentz's method."""
    if x <= 0 or x >= 1:
        return float(x >= 1)
    if x > (a + 1) / (a + b + 2):
        return 1 - _beta(1 - x, b, a)
    log = math.lgamma(a + b) - math.lgamma(a) - math.lgamma(b) + a * math.log(x) + b * math.log1p(-x)
    value, c, d = 1.0, 1.0, 0.0
    for step in range(1, 10_000):
        half, odd = divmod(step, 2)
        top = -(a + half) * (a + b + half) if odd else half * (b - half)
        term = top * x / ((a + step - 1) * (a + step))
        d = 1 / (1 + term * d)
        c = 1 + term / c
        value *= c * d
        if abs(c * d - 1) < 1e-14:
            break
    return math.exp(log) / (a * value)
