"""What a running experiment does by itself: guardrails stop arms, bandits move shares. Pure; keeper.py runs it."""

from __future__ import annotations

from dataclasses import dataclass

from google.protobuf.timestamp_pb2 import Timestamp
from trunkline.v1.experiment_pb2 import Experiment, ExperimentArm, ExperimentKind, ExperimentState

from trunkline_server.domain.experiment_check import LEAST_SHARE
from trunkline_server.domain.experiment_results import MEASURES, Totals, loss, metric_name, moments
from trunkline_server.domain.statistics import LEAST_VALUES, chances_to_be_best

# Shares are written anew when one of them would move by this much.
_WORTH_WRITING = 0.01

_STOPPED = ExperimentState.EXPERIMENT_STATE_STOPPED


@dataclass(frozen=True, slots=True)
class Verdict:
    """An arm that a guardrail stops: by which metric, and the means that it was found with."""

    arm_id: str
    model: str
    metric: str
    mean: float
    control_mean: float
    reason: str


def running(experiment: Experiment) -> bool:
    """Whether it takes calls."""
    return experiment.state != _STOPPED


def verdicts(experiment: Experiment, totals: Totals) -> list[Verdict]:
    """The arms that are surely worse than a guardrail allows. The doubt of the experiment's confidence is shared among
    all pairs of an arm and a guardrail (Bonferroni), and each test may be looked at as often as one likes: so the
    chance that a guardrail stops any arm wrongly, ever, is that doubt at most."""
    control, *others = experiment.arms
    pairs = len(others) * len(experiment.guardrails)
    found: dict[str, Verdict] = {}
    for arm in others:
        for rail in experiment.guardrails:
            one, base = moments(totals, arm, rail.metric), moments(totals, control, rail.metric)
            worse = loss(one, base, rail.metric, rail.max_loss)
            if arm.stopped or worse is None or worse.sequential_p_above > (1 - experiment.confidence) / pairs:
                continue
            name = metric_name(rail.metric)
            reason = f"{name} is {one.mean:.6g}, the control's {base.mean:.6g}: worse by more than {rail.max_loss:.2%}"
            found.setdefault(arm.arm_id, Verdict(arm.arm_id, arm.model, name, one.mean, base.mean, reason))
    return list(found.values())


def without(experiment: Experiment, stopped: list[Verdict], now: Timestamp) -> Experiment:
    """The experiment without these arms, whose shares go to the others in proportion; ended when only the control is
    left."""
    kept = Experiment()
    kept.CopyFrom(experiment)
    reasons = {verdict.arm_id: verdict.reason for verdict in stopped}
    for arm in kept.arms:
        if arm.arm_id in reasons and not arm.stopped:
            arm.stopped, arm.stop_reason, arm.current_share = True, reasons[arm.arm_id], 0.0
    live = _live(kept)
    whole = sum(arm.current_share for arm in live)
    for arm in live:
        arm.current_share = arm.current_share / whole if whole > 0 else 1 / len(live)
    if all(arm.stopped for arm in kept.arms[1:]):
        return ended(kept, now)
    return kept


def ended(experiment: Experiment, now: Timestamp) -> Experiment:
    """The experiment as it ends; as it is where that is so already."""
    if not running(experiment):
        return experiment
    kept = Experiment()
    kept.CopyFrom(experiment)
    kept.state = _STOPPED
    kept.stop_time.CopyFrom(now)
    return kept


def reweighed(experiment: Experiment, totals: Totals) -> Experiment | None:
    """A bandit with the shares that its values call for: the chance of each arm to be the best, by a normal posterior
    of its mean, with LEAST_SHARE for each. None for other experiments, while an arm has too few values, and where that
    would move no share by a point."""
    live = _live(experiment)
    if experiment.kind != ExperimentKind.EXPERIMENT_KIND_BANDIT or len(live) < 2 or not running(experiment):
        return None
    measure = MEASURES[experiment.metric]
    values = [moments(totals, arm, experiment.metric) for arm in live]
    if min(one.n for one in values) < LEAST_VALUES:
        return None
    steady = [one.steadied(measure.bounded) for one in values]
    deviations = [(one.variance / one.n) ** 0.5 for one in steady]
    if min(deviations) <= 0:
        return None
    sign = 1 if measure.more_is_better else -1
    chances = chances_to_be_best([(sign * one.mean, each) for one, each in zip(steady, deviations, strict=True)])
    shares = [LEAST_SHARE + (1 - LEAST_SHARE * len(live)) * chance for chance in chances]
    if max(abs(arm.current_share - share) for arm, share in zip(live, shares, strict=True)) < _WORTH_WRITING:
        return None
    kept = Experiment()
    kept.CopyFrom(experiment)
    for arm, share in zip(_live(kept), shares, strict=True):
        arm.current_share = share
    return kept


def _live(experiment: Experiment) -> list[ExperimentArm]:
    return [arm for arm in experiment.arms if not arm.shadow and not arm.stopped]
