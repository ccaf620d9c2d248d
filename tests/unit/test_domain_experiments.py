"""What an experiment must be like, what came of it, and what it does by itself."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from google.protobuf.timestamp_pb2 import Timestamp
from google.rpc.error_details_pb2 import BadRequest
from simulated_arms import COST, FAILURES, LATENCY, QUALITY, experiment, totals
from trunkline.v1.experiment_pb2 import Experiment, ExperimentArm, ExperimentGuardrail, ExperimentKind, ExperimentState
from trunkline_server.domain.errors import TrunklineError
from trunkline_server.domain.experiment_check import started
from trunkline_server.domain.experiment_keeping import ended, reweighed, running, verdicts, without
from trunkline_server.domain.experiment_results import ArmTotals, results
from trunkline_server.domain.statistics import Moments

NOW = Timestamp(seconds=1_795_000_000)
KNOWN = frozenset(("big", "small", "tiny", "fast"))
BANDIT = ExperimentKind.EXPERIMENT_KIND_BANDIT


def wanted(**fields: object) -> Experiment:
    arms = [ExperimentArm(model="big", share=0.75), ExperimentArm(model="small", share=0.25)]
    return Experiment(**{"experiment_id": "x", "model": "fast", "arms": arms, **fields})  # type: ignore[arg-type]


def arm(model: str, share: float, **fields: object) -> ExperimentArm:
    return ExperimentArm(model=model, share=share, **fields)  # type: ignore[arg-type]


def rail(metric: int, max_loss: float = 0.1) -> ExperimentGuardrail:
    return ExperimentGuardrail(metric=metric, max_loss=max_loss)  # type: ignore[arg-type]


def refused(one: Experiment, *others: Experiment) -> set[str]:
    """The fields that are wrong."""
    with pytest.raises(TrunklineError) as caught:
        started(one, KNOWN.__contains__, others)
    assert caught.value.reason_name == "INVALID_REQUEST"
    (bad,) = caught.value.details
    assert isinstance(bad, BadRequest)
    return {violation.field for violation in bad.field_violations}


# ── Starting ────────────────────────────────────────────────────────────────────────────────────────────────────


def test_defaults_are_filled_in_and_what_is_output_only_is_made_anew() -> None:
    given = wanted(etag="e", version=7, stop_time=NOW)
    given.arms[0].stopped, given.arms[0].stop_reason, given.arms[0].current_share = True, "so", 0.1
    made = started(given, KNOWN.__contains__, [])
    assert [(one.arm_id, one.current_share, one.stopped, one.stop_reason) for one in made.arms] == [
        ("arm-1", 0.75, False, ""),
        ("arm-2", 0.25, False, ""),
    ]
    assert (made.confidence, made.power, made.minimum_effect, made.sticky_by) == (0.95, 0.8, 0.05, "request")
    assert (made.kind, made.metric) == (ExperimentKind.EXPERIMENT_KIND_SPLIT, QUALITY)
    assert running(made) and made.state == ExperimentState.EXPERIMENT_STATE_RUNNING
    assert (made.etag, made.version, made.HasField("stop_time")) == ("", 0, False)


def test_what_is_given_stays() -> None:
    given = wanted(confidence=0.9, power=0.7, minimum_effect=0.2, sticky_by="user", metric=COST, kind=BANDIT, model="*")
    given.arms[0].arm_id = "old"
    made = started(given, KNOWN.__contains__, [])
    assert (made.confidence, made.power, made.minimum_effect, made.sticky_by) == (0.9, 0.7, 0.2, "user")
    assert (made.metric, made.kind, made.arms[0].arm_id) == (COST, BANDIT, "old")


@pytest.mark.parametrize(
    ("fields", "wrong"),
    [
        ({"model": "huge"}, {"model"}),
        ({"arms": [arm("big", 0.5), arm("huge", 0.5)]}, {"arms[1].model"}),
        ({"arms": [arm("big", 0.5), arm("*", 0.5)]}, {"arms[1].model"}),
        ({"arms": [arm("big", 0.5), arm("small", 0.4)]}, {"arms"}),
        ({"arms": [arm("big", 1.0)]}, {"arms"}),
        ({"arms": [arm("big", 1, shadow=True), arm("small", 1, shadow=True)]}, {"arms"}),
        ({"arms": [arm("big", 0.3, shadow=True), arm("small", 1)]}, {"arms[0].shadow"}),
        ({"arms": [arm("big", 0.5, arm_id="a"), arm("small", 0.5, arm_id="a")]}, {"arms[0].arm_id", "arms[1].arm_id"}),
        ({"arms": [arm("big", 1), arm("small", 0.2, shadow=True)], "kind": BANDIT}, {"kind"}),
        ({"guardrails": [rail(COST), rail(COST)]}, {"guardrails[0].metric", "guardrails[1].metric"}),
        ({"guardrails": [rail(QUALITY, 1.0)]}, {"guardrails[0].max_loss"}),
    ],
)
def test_what_could_not_be_followed_is_refused(fields: dict[str, object], wrong: set[str]) -> None:
    assert refused(wanted(**fields)) == {f"experiment.{path}" for path in wrong}


def test_shadows_count_beside_the_others() -> None:
    arms = [arm("big", 1), arm("small", 0.4, shadow=True), arm("tiny", 0.9, shadow=True)]
    assert started(wanted(arms=arms), KNOWN.__contains__, []).arms[2].current_share == 0.9


def test_experiments_do_not_meet() -> None:
    other = wanted(experiment_id="y", model="tiny", arms=[arm("tiny", 0.5), arm("small", 0.5)])
    assert refused(wanted(model="tiny"), other) == {"experiment.model"}
    # An arm that another one splits, and the other way round.
    assert refused(wanted(arms=[arm("big", 0.5), arm("tiny", 0.5)]), other) == {"experiment.arms[1].model"}
    assert refused(wanted(model="small"), other) == {"experiment.model"}
    # Its own model is an arm of most experiments.
    own = wanted(model="big", arms=[arm("big", 0.5), arm("small", 0.5)])
    assert started(own, KNOWN.__contains__, [other]).model == "big"


# ── Results ─────────────────────────────────────────────────────────────────────────────────────────────────────


def test_results_tell_what_is_known_and_no_more() -> None:
    nothing = results(experiment(QUALITY), {}, NOW)
    assert [one.calls for one in nothing.arms] == [0, 0] and not nothing.arms[0].metrics
    assert not nothing.HasField("required_samples") and nothing.best_arm_id == "" and nothing.as_of == NOW
    one = results(experiment(COST), {"b": ArmTotals(1, 1, 1, cost=Moments(1, 0.5))}, NOW).arms[1]
    by_metric = {found.metric: found for found in one.metrics}
    assert set(by_metric) == {COST, FAILURES} and (one.calls, one.failures) == (1, 1)
    cost = by_metric[COST]
    assert cost.mean == 0.5 and not cost.HasField("low") and not cost.HasField("difference")


def test_results_compare_with_the_control() -> None:
    values = {"a": Moments(1000, 0.7, 22.5), "b": Moments(1000, 0.8, 22.5)}
    found = results(experiment(QUALITY), totals(values, QUALITY), NOW)
    control, other = (one.metrics[0] for one in found.arms)
    assert control.low < 0.7 < control.high and not control.HasField("difference")
    assert other.difference == pytest.approx(0.1)
    assert other.difference_low < 0.1 < other.difference_high
    assert 0 <= other.p_value <= other.sequential_p_value < 1e-6
    assert found.best_arm_id == "b"
    # 2 · 0.0225 · 7.849 / (0.05 · 0.7)²
    assert found.required_samples == pytest.approx(289, abs=1)


def test_less_is_better_where_it_is() -> None:
    values = {"a": Moments(1000, 2.0, 90.0), "b": Moments(1000, 1.0, 90.0)}
    assert results(experiment(LATENCY), totals(values, LATENCY), NOW).best_arm_id == "b"


def test_few_values_are_sure_of_nothing() -> None:
    values = {"a": Moments(10, 0.0, 0.0), "b": Moments(10, 1.0, 0.0)}
    found = results(experiment(QUALITY), totals(values, QUALITY), NOW)
    other = found.arms[1].metrics[0]
    assert found.best_arm_id == "" and other.sequential_p_value == 1
    # All alike is no certainty either.
    assert other.p_value > 0 and other.low < 1


# ── Keeping ─────────────────────────────────────────────────────────────────────────────────────────────────────


def watched(metric: int, **fields: object) -> Experiment:
    return experiment(metric, guardrails=[rail(metric)], **fields)


@pytest.mark.parametrize(
    ("metric", "bad", "same"),
    [(QUALITY, 0.4, 0.66), (FAILURES, 0.9, 0.72), (COST, 1.4, 0.75), (LATENCY, 1.4, 0.75)],
)
def test_a_guardrail_stops_an_arm_that_is_surely_worse(metric: int, bad: float, same: float) -> None:
    def found(mean: float, n: int = 400) -> list[str]:
        values = {"a": Moments(n, 0.7, n * 0.04), "b": Moments(n, mean, n * 0.04)}
        return [one.arm_id for one in verdicts(watched(metric), totals(values, metric))]

    assert found(bad) == ["b"]
    assert found(same) == []  # within what the guardrail allows
    assert found(bad, 40) == []  # too few to say


def test_a_verdict_says_why_and_comes_once() -> None:
    values = totals({"a": Moments(400, 1.0, 4.0), "b": Moments(400, 2.0, 4.0)}, COST)
    (verdict,) = verdicts(watched(COST), values)
    assert (verdict.metric, verdict.mean, verdict.control_mean) == ("cost", 2.0, 1.0)
    assert verdict.reason == "cost is 2, the control's 1: worse by more than 10.00%"
    gone = without(watched(COST), [verdict], NOW)
    assert verdicts(gone, values) == []
    assert gone.arms[1].stopped and gone.arms[1].stop_reason == verdict.reason


def test_the_share_of_a_stopped_arm_goes_to_the_others() -> None:
    arms = [
        ExperimentArm(arm_id=name, model=name, share=share, current_share=share, shadow=name == "s")
        for name, share in (("a", 0.5), ("b", 0.3), ("c", 0.2), ("s", 0.4))
    ]
    values = {"a": Moments(400, 1, 4), "b": Moments(400, 2, 4), "c": Moments(400, 1, 4)}
    before = watched(COST, arms=arms)
    found = verdicts(before, totals(values, COST))
    after = without(before, found, NOW)
    shares = [one.current_share for one in after.arms]
    assert shares == pytest.approx([0.5 / 0.7, 0, 0.2 / 0.7, 0.4])
    assert running(after) and [one.share for one in after.arms] == [0.5, 0.3, 0.2, 0.4]


def test_an_experiment_ends_with_its_last_arm() -> None:
    values = totals({"a": Moments(400, 1.0, 4.0), "b": Moments(400, 2.0, 4.0)}, COST)
    before = watched(COST)
    after = without(before, verdicts(before, values), NOW)
    assert not running(after) and after.stop_time == NOW and after.arms[0].current_share == 1
    assert ended(after, Timestamp()) is after
    assert running(before)


def bandit(change: Callable[[Experiment], None] = lambda _: None) -> Experiment:
    made = experiment(QUALITY, kind=BANDIT)
    change(made)
    return made


def test_a_bandit_follows_what_arms_are_worth() -> None:
    values = totals({"a": Moments(500, 0.5, 20.0), "b": Moments(500, 0.7, 20.0)}, QUALITY)
    moved = reweighed(bandit(), values)
    assert moved is not None
    assert [one.current_share for one in moved.arms] == pytest.approx([0.05, 0.95])
    # It would move nothing more.
    assert reweighed(moved, values) is None


def test_a_bandit_waits_for_values() -> None:
    few = totals({"a": Moments(500, 0.5, 20.0), "b": Moments(10, 0.7, 0.1)}, QUALITY)
    assert reweighed(bandit(), few) is None
    known = totals({"a": Moments(500, 0.5, 20.0), "b": Moments(500, 0.7, 20.0)}, QUALITY)
    assert reweighed(experiment(QUALITY), known) is None
    assert reweighed(ended(bandit(), NOW), known) is None
    free = totals({"a": Moments(500), "b": Moments(500)}, COST)
    assert reweighed(experiment(COST, kind=BANDIT), free) is None


def test_a_bandit_of_costs_takes_the_cheaper_arm() -> None:
    values = totals({"a": Moments(500, 2.0, 20.0), "b": Moments(500, 1.0, 20.0)}, COST)
    moved = reweighed(experiment(COST, kind=BANDIT), values)
    assert moved is not None and moved.arms[1].current_share == pytest.approx(0.95)
