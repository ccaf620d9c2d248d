"""What came of an experiment: from the sums of its calls to figures with their uncertainty. Pure."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from google.protobuf.timestamp_pb2 import Timestamp
from trunkline.v1.experiment_pb2 import (
    ArmMetric,
    ArmResult,
    Experiment,
    ExperimentArm,
    ExperimentMetric,
    GetExperimentResultsResponse,
)

from trunkline_server.domain.statistics import (
    LEAST_VALUES,
    NOTHING,
    Contrast,
    Moments,
    contrast,
    mean_interval,
    required_samples,
)

QUALITY = ExperimentMetric.EXPERIMENT_METRIC_QUALITY
FAILURES = ExperimentMetric.EXPERIMENT_METRIC_FAILURES
COST = ExperimentMetric.EXPERIMENT_METRIC_COST
LATENCY = ExperimentMetric.EXPERIMENT_METRIC_LATENCY


@dataclass(frozen=True, slots=True)
class ArmTotals:
    """The calls of an arm that have ended. `failures` are those of `judged` calls that failed: a call that its caller
    left is neither. Cost is in USD and of all calls, latency in seconds and of those that succeeded."""

    calls: int = 0
    judged: int = 0
    failures: int = 0
    cost: Moments = NOTHING
    latency: Moments = NOTHING
    quality: Moments = NOTHING


@dataclass(frozen=True, slots=True)
class Measure:
    """How a metric is read: whether more is better, and whether its values are from 0 to 1."""

    more_is_better: bool
    bounded: bool
    of: Callable[[ArmTotals], Moments]


MEASURES: Mapping[int, Measure] = {
    QUALITY: Measure(True, True, lambda totals: totals.quality),
    FAILURES: Measure(False, True, lambda totals: Moments.of_share(totals.failures, totals.judged)),
    COST: Measure(False, False, lambda totals: totals.cost),
    LATENCY: Measure(False, False, lambda totals: totals.latency),
}
Totals = Mapping[str, ArmTotals]


def metric_name(metric: int) -> str:
    """`quality`, `failures`, `cost` or `latency`."""
    return ExperimentMetric.Name(metric).removeprefix("EXPERIMENT_METRIC_").lower()  # type: ignore[arg-type]


def moments(totals: Totals, arm: ExperimentArm, metric: int) -> Moments:
    """An arm's values of a metric."""
    return MEASURES[metric].of(totals.get(arm.arm_id, ArmTotals()))


def loss(one: Moments, control: Moments, metric: int, max_loss: float = 0.0) -> Contrast | None:
    """How much worse than the control by more than `max_loss` of its mean; above 0 it is. None while either has too few
    values for a sequential test."""
    if min(one.n, control.n) < LEAST_VALUES:
        return None
    measure = MEASURES[metric]
    first, second = one.steadied(measure.bounded), control.steadied(measure.bounded)
    found = contrast(first, second, 1 - max_loss if measure.more_is_better else 1 + max_loss)
    if not measure.more_is_better:
        return found
    return Contrast(-found.value, found.variance, found.freedom, found.unit)


def results(experiment: Experiment, totals: Totals, as_of: Timestamp) -> GetExperimentResultsResponse:
    """The answer of GetExperimentResults."""
    answer = GetExperimentResultsResponse(experiment=experiment, as_of=as_of)
    for arm in experiment.arms:
        found = totals.get(arm.arm_id, ArmTotals())
        told = (_told(experiment, totals, arm, metric) for metric in MEASURES)
        answer.arms.append(
            ArmResult(arm=arm, calls=found.calls, failures=found.failures, metrics=[one for one in told if one])
        )
    control = moments(totals, experiment.arms[0], experiment.metric)
    if control.n >= 2:
        variance = _doubtful(control, MEASURES[experiment.metric].bounded).variance
        size = required_samples(
            control.mean, variance, experiment.minimum_effect, experiment.confidence, experiment.power
        )
        if size is not None:
            answer.required_samples = size
    answer.best_arm_id = best_arm(experiment, totals)
    return answer


def _told(experiment: Experiment, totals: Totals, arm: ExperimentArm, metric: int) -> ArmMetric | None:
    one, bounded = moments(totals, arm, metric), MEASURES[metric].bounded
    if not one.n:
        return None
    told = ArmMetric(metric=metric, samples=one.n, mean=one.mean)  # type: ignore[arg-type]
    if one.n >= 2:
        told.standard_deviation = one.variance**0.5
        told.low, told.high = mean_interval(_doubtful(one, bounded), experiment.confidence)
        if bounded:
            told.low, told.high = max(0.0, told.low), min(1.0, told.high)
    control = experiment.arms[0]
    base = moments(totals, control, metric)
    if arm.arm_id == control.arm_id or not base.n:
        return told
    told.difference = one.mean - base.mean
    if min(one.n, base.n) >= 2:
        found = contrast(_doubtful(one, bounded), _doubtful(base, bounded))
        told.difference_low, told.difference_high = found.interval(experiment.confidence)
        told.p_value = found.p_value
        told.sequential_p_value = 1.0
        if min(one.n, base.n) >= LEAST_VALUES:
            steady = contrast(one.steadied(bounded), base.steadied(bounded))
            told.sequential_p_value = max(found.p_value, steady.sequential_p_value)
    return told


def _doubtful(one: Moments, bounded: bool) -> Moments:
    """The values, with a doubt where all of them are alike."""
    return one.steadied(bounded) if one.alike else one


def best_arm(experiment: Experiment, totals: Totals) -> str:
    """The arm that is surely better than each other one, by the sequential test; the doubt that is allowed is shared
    among the arms, so that the whole keeps the confidence. Empty while none is."""
    metric = experiment.metric
    values = {arm.arm_id: moments(totals, arm, metric) for arm in experiment.arms}
    doubt = (1 - experiment.confidence) / len(values)
    for arm_id, one in values.items():
        if all(_surely_worse(other, one, metric, doubt) for name, other in values.items() if name != arm_id):
            return arm_id
    return ""


def _surely_worse(one: Moments, than: Moments, metric: int, doubt: float) -> bool:
    found = loss(one, than, metric)
    return found is not None and found.sequential_p_above <= doubt
