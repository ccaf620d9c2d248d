"""Arms whose truth is known: what the tests of experiments and bench/experiments.py judge the statistics by."""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from google.protobuf.timestamp_pb2 import Timestamp
from trunkline.v1.experiment_pb2 import (
    Experiment,
    ExperimentArm,
    ExperimentGuardrail,
    ExperimentKind,
    ExperimentMetric,
    ExperimentState,
)
from trunkline_server.domain.experiment_keeping import reweighed, verdicts
from trunkline_server.domain.experiment_results import ArmTotals, results
from trunkline_server.domain.statistics import Moments, required_samples

QUALITY = ExperimentMetric.EXPERIMENT_METRIC_QUALITY
FAILURES = ExperimentMetric.EXPERIMENT_METRIC_FAILURES
COST = ExperimentMetric.EXPERIMENT_METRIC_COST
LATENCY = ExperimentMetric.EXPERIMENT_METRIC_LATENCY
# An arm draws one value: better or worse than the control's by this share.
Draw = Callable[[random.Random, float], float]


@dataclass(frozen=True)
class World:
    """How values of a metric are distributed, `mean` and `deviation` those of the control."""

    metric: int
    draw: Draw
    mean: float
    deviation: float


# Judgements around 0.7 with a deviation of 0.15 and a cap at 1; one call in ten that fails; latencies with a long tail.
WORLDS: Mapping[str, World] = {
    "quality": World(QUALITY, lambda r, f: min(1.0, max(0.0, r.gauss(0.7 * f, 0.15))), 0.7, 0.15),
    "failures": World(FAILURES, lambda r, f: float(r.random() < 0.1 * f), 0.1, 0.3),
    "latency": World(LATENCY, lambda r, f: f * r.lognormvariate(0.0, 0.5), 1.1331, 0.6039),
}


def experiment(metric: int, **fields: object) -> Experiment:
    """A running experiment of two arms, `a` the control and `b`, half of the calls each."""
    arms = [ExperimentArm(arm_id=name, model=f"m/{name}", share=0.5, current_share=0.5) for name in "ab"]
    whole: dict[str, object] = {
        "experiment_id": "x",
        "model": "m/a",
        "arms": arms,
        "metric": metric,
        "confidence": 0.95,
        "power": 0.8,
        "minimum_effect": 0.05,
        "kind": ExperimentKind.EXPERIMENT_KIND_SPLIT,
        "state": ExperimentState.EXPERIMENT_STATE_RUNNING,
        **fields,
    }
    return Experiment(**whole)  # type: ignore[arg-type]


def totals(values: Mapping[str, Moments], metric: int) -> Mapping[str, ArmTotals]:
    """Arms of which nothing is known but one metric."""
    field = {QUALITY: "quality", COST: "cost", LATENCY: "latency"}
    if metric == FAILURES:
        return {k: ArmTotals(one.n, one.n, round(one.n * one.mean)) for k, one in values.items()}
    return {name: ArmTotals(calls=one.n, **{field[metric]: one}) for name, one in values.items()}


def drawn(world: World, seed: random.Random, factor: float, count: int) -> Moments:
    """The moments of so many values of an arm."""
    values = [world.draw(seed, factor) for _ in range(count)]
    mean = sum(values) / count
    return Moments(count, mean, sum((value - mean) ** 2 for value in values))


def planned(world: World, effect: float = 0.05, power: float = 0.8) -> int:
    """The size at which a difference of `effect` is found at this power."""
    size = required_samples(world.mean, world.deviation**2, effect, 0.95, power)
    assert size is not None
    return size


def found_once(world: World, seed: int, factor: float, size: int) -> bool:
    """Whether the one look of the Welch test at this size finds a difference."""
    source = random.Random(seed)
    values = {"a": drawn(world, source, 1.0, size), "b": drawn(world, source, factor, size)}
    told = results(experiment(world.metric), totals(values, world.metric), Timestamp())
    return told.arms[1].metrics[0].p_value <= 0.05


def stopped_at(world: World, seed: int, factor: float, size: int, every: int, max_loss: float = 0.0) -> int | None:
    """After how many values of each arm a guardrail stopped one, looked at every so many; None: never."""
    source = random.Random(seed)
    rail = ExperimentGuardrail(metric=world.metric, max_loss=max_loss)  # type: ignore[arg-type]
    watched = experiment(world.metric, guardrails=[rail])
    one, control = Moments(), Moments()
    for seen in range(every, size + 1, every):
        one, control = (
            one.plus(drawn(world, source, factor, every)),
            control.plus(drawn(world, source, 1.0, every)),
        )
        if verdicts(watched, totals({"a": control, "b": one}, world.metric)):
            return seen
    return None


def bandit(world: World, seed: int, factors: Sequence[float], calls: int, every: int) -> Experiment:
    """A bandit after so many calls, with its shares moved every so many."""
    source = random.Random(seed)
    arms = [ExperimentArm(arm_id=f"arm-{at}", share=1 / len(factors)) for at in range(len(factors))]
    for arm in arms:
        arm.current_share = arm.share
    now = experiment(world.metric, arms=arms, kind=ExperimentKind.EXPERIMENT_KIND_BANDIT)
    values = dict.fromkeys((arm.arm_id for arm in arms), Moments())
    for _ in range(0, calls, every):
        shares = [arm.current_share for arm in now.arms]
        counts = [0] * len(arms)
        for at in source.choices(range(len(arms)), shares, k=every):
            counts[at] += 1
        for arm, factor, count in zip(arms, factors, counts, strict=True):
            if count:
                values[arm.arm_id] = values[arm.arm_id].plus(drawn(world, source, factor, count))
        now = reweighed(now, totals(values, world.metric)) or now
    return now
