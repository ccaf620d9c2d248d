"""What a new experiment must be like, beside the limits of its fields (transport/rules.py). Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence

from trunkline.v1.experiment_pb2 import Experiment, ExperimentKind, ExperimentMetric, ExperimentState

from trunkline_server.domain.errors import invalid_fields

# Calls that leave the model to Trunkline.
ANY_MODEL = "*"
# The share that a bandit leaves each arm at least.
LEAST_SHARE = 0.05
_SHARES_WITHIN = 1e-6
_CONFIDENCE, _POWER, _EFFECT = 0.95, 0.8, 0.05

Problem = tuple[str, str]


def started(experiment: Experiment, knows: Callable[[str], bool], running: Sequence[Experiment]) -> Experiment:
    """The experiment as it starts, its defaults filled in and what only Trunkline says made anew. `knows` tells whether
    a name is a model or alias of the tenant; `running` are its other experiments. Raises INVALID_REQUEST with field
    paths below `experiment`."""
    made = _filled(experiment)
    problems = [
        *_unknown(made, knows),
        *_shares(made),
        *_twice(made),
        *_chained(made, running),
        *_guardrails(made),
    ]
    if problems:
        raise invalid_fields((f"experiment.{path}", why) for path, why in problems)
    return made


def _filled(experiment: Experiment) -> Experiment:
    made = Experiment()
    made.CopyFrom(experiment)
    for name in ("create_time", "stop_time", "etag", "version"):
        made.ClearField(name)
    made.state = ExperimentState.EXPERIMENT_STATE_RUNNING
    made.kind = made.kind or ExperimentKind.EXPERIMENT_KIND_SPLIT
    made.metric = made.metric or ExperimentMetric.EXPERIMENT_METRIC_QUALITY
    made.sticky_by = made.sticky_by or "request"
    made.confidence = made.confidence or _CONFIDENCE
    made.power = made.power or _POWER
    made.minimum_effect = made.minimum_effect or _EFFECT
    for number, arm in enumerate(made.arms, 1):
        arm.arm_id = arm.arm_id or f"arm-{number}"
        arm.stopped, arm.stop_reason, arm.current_share = False, "", arm.share
    return made


def _unknown(made: Experiment, knows: Callable[[str], bool]) -> Iterator[Problem]:
    why = "is neither a model nor an alias that this tenant can call"
    if made.model != ANY_MODEL and not knows(made.model):
        yield "model", why
    for at, arm in enumerate(made.arms):
        if not knows(arm.model):
            yield f"arms[{at}].model", why


def _shares(made: Experiment) -> Iterator[Problem]:
    live = [arm for arm in made.arms if not arm.shadow]
    if len(made.arms) < 2:
        yield "arms", "needs two at least"
    if not live:
        yield "arms", "needs one at least that is no shadow"
    elif abs(sum(arm.share for arm in live) - 1) > _SHARES_WITHIN:
        yield "arms", "the shares of the arms that are no shadows must add up to 1"
    if made.arms and made.arms[0].shadow and live:
        yield "arms[0].shadow", "the first arm is the control, which must answer callers"
    if made.kind == ExperimentKind.EXPERIMENT_KIND_BANDIT and len(live) < 2:
        yield "kind", "a bandit needs two arms at least that are no shadows"


def _twice(made: Experiment) -> Iterator[Problem]:
    counted = Counter(arm.arm_id for arm in made.arms)
    for at, arm in enumerate(made.arms):
        if counted[arm.arm_id] > 1:
            yield f"arms[{at}].arm_id", f"{arm.arm_id!r} names more than one arm"


def _chained(made: Experiment, running: Sequence[Experiment]) -> Iterator[Problem]:
    """An arm's model is called as it is: were it split by another experiment, neither would tell what it measured."""
    for other in running:
        if other.model == made.model:
            yield "model", f"the experiment {other.experiment_id!r} splits it already; stop that one first"
        elif made.model in {arm.model for arm in other.arms}:
            yield "model", f"is an arm of the running experiment {other.experiment_id!r}"
        for at, arm in enumerate(made.arms):
            if arm.model == other.model != made.model:
                yield f"arms[{at}].model", f"is split by the running experiment {other.experiment_id!r}"


def _guardrails(made: Experiment) -> Iterator[Problem]:
    counted = Counter(rail.metric for rail in made.guardrails)
    for at, rail in enumerate(made.guardrails):
        if counted[rail.metric] > 1:
            yield f"guardrails[{at}].metric", "is watched by another guardrail already"
        if rail.metric == ExperimentMetric.EXPERIMENT_METRIC_QUALITY and rail.max_loss >= 1:
            yield f"guardrails[{at}].max_loss", "of quality no more than all can be lost: it must be below 1"
