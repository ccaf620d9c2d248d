"""`trunkline experiments` and `trunkline feedback`."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import click
from trunkline.v1.experiment_pb2 import (
    ArmMetric,
    ArmResult,
    CreateExperimentRequest,
    Experiment,
    ExperimentArm,
    ExperimentGuardrail,
    ExperimentKind,
    ExperimentMetric,
    ExperimentState,
    GetExperimentRequest,
    GetExperimentResultsRequest,
    GetExperimentResultsResponse,
    ListExperimentsRequest,
    StopExperimentRequest,
)
from trunkline.v1.llm_pb2 import RecordFeedbackRequest
from trunkline.v1.llm_pb2_grpc import LLMServiceStub
from trunkline.v1.policy_pb2_grpc import PolicyServiceStub

from trunkline_server.cli.remote import Remote, connected
from trunkline_server.cli.text import dim, facts, name_of, table

_METRICS = [name_of(name, "EXPERIMENT_METRIC_") for name in ExperimentMetric.keys()[1:]]
_UNITS = {"cost": "USD", "latency": "s"}


class Arm(click.ParamType[ExperimentArm]):
    """`<model>=<share>`, or `<model>=<share>,shadow`; an id may stand before it: `<id>:<model>=<share>`."""

    name = "arm"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> ExperimentArm:
        """The arm; fails for what is none."""
        if isinstance(value, ExperimentArm):
            return value
        model, _, rest = str(value).rpartition("=")
        share, _, shadow = rest.partition(",")
        arm_id, _, named = model.rpartition(":") if ":" in model.partition("/")[0] else ("", "", model)
        try:
            if not named or shadow not in {"", "shadow"}:
                raise ValueError
            return ExperimentArm(arm_id=arm_id, model=named, share=float(share), shadow=bool(shadow))
        except ValueError:
            self.fail(f"{value!r} is not [<id>:]<model>=<share>[,shadow]", param, ctx)


class Guardrail(click.ParamType[ExperimentGuardrail]):
    """`<metric>=<share of the control's mean>`."""

    name = "guardrail"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> ExperimentGuardrail:
        """The guardrail; fails for what is none."""
        if isinstance(value, ExperimentGuardrail):
            return value
        metric, _, loss = str(value).partition("=")
        try:
            return ExperimentGuardrail(metric=_metric(metric), max_loss=float(loss))
        except ValueError:
            self.fail(f"{value!r} is not <metric>=<share>, the metric one of {', '.join(_METRICS)}", param, ctx)


@click.group()
def experiments() -> None:
    """Models against each other on live calls, and what comes of it."""


@experiments.command("list")
@connected
async def list_experiments(remote: Remote) -> None:
    """List the experiments, by id."""
    stub, token, rows = PolicyServiceStub(remote.channel), "", []
    while True:
        answer = await remote.ask(stub.ListExperiments, ListExperimentsRequest(page_token=token))
        rows += [(one.experiment_id, one.model, _state(one), _kind(one), _arms(one)) for one in answer.experiments]
        token = answer.next_page_token
        if not token:
            break
    click.echo(table(("id", "model", "state", "kind", "arms"), rows))


@experiments.command("get")
@click.argument("experiment_id")
@connected
async def get(remote: Remote, experiment_id: str) -> None:
    """Show EXPERIMENT_ID and its arms."""
    stub = PolicyServiceStub(remote.channel)
    _show((await remote.ask(stub.GetExperiment, GetExperimentRequest(experiment_id=experiment_id))).experiment)


@experiments.command("create")
@click.argument("experiment_id")
@click.argument("model")
@click.option("--arm", "arms", type=Arm(), multiple=True, required=True, help="The first one is the control.")
@click.option("--guardrail", "guardrails", type=Guardrail(), multiple=True, help="What stops an arm.")
@click.option("--metric", type=click.Choice(_METRICS), default="quality", show_default=True)
@click.option("--sticky-by", type=click.Choice(["user", "session", "agent", "request"]), default="request")
@click.option("--bandit", is_flag=True, help="Let the shares follow what each arm is worth.")
@click.option("--aspect", default="", help="Only judgements of this aspect count.")
@click.option("--confidence", type=float, default=0.0, help="Of intervals and guardrails; 0.95 by default.")
@click.option("--power", type=float, default=0.0, help="The chance to find the least effect; 0.8 by default.")
@click.option("--minimum-effect", type=float, default=0.0, help="A share of the control's mean; 0.05 by default.")
@connected
async def create(
    remote: Remote,
    /,
    experiment_id: str,
    model: str,
    arms: tuple[ExperimentArm, ...],
    guardrails: tuple[ExperimentGuardrail, ...],
    metric: str,
    bandit: bool,
    **more: Any,
) -> None:
    """Split the calls for MODEL (`*`: those that name none) under the id EXPERIMENT_ID.

    \b
    Examples:
      trunkline experiments create mini openai/gpt-4o --arm old:openai/gpt-4o=0.9 --arm mini:openai/gpt-4o-mini=0.1 \\
          --sticky-by user --guardrail quality=0.1 --guardrail failures=0.5
      trunkline experiments create shadow fast --arm fast=1 --arm anthropic/claude-haiku-4-5=0.2,shadow
    """
    kind = ExperimentKind.EXPERIMENT_KIND_BANDIT if bandit else ExperimentKind.EXPERIMENT_KIND_SPLIT
    wanted = Experiment(
        experiment_id=experiment_id,
        model=model,
        arms=arms,
        guardrails=guardrails,
        metric=_metric(metric),
        kind=kind,
        **more,
    )
    stub = PolicyServiceStub(remote.channel)
    _show((await remote.ask(stub.CreateExperiment, CreateExperimentRequest(experiment=wanted))).experiment)


@experiments.command("stop")
@click.argument("experiment_id")
@connected
async def stop(remote: Remote, experiment_id: str) -> None:
    """Stop EXPERIMENT_ID: calls are routed as without it. What came of it stays."""
    stub = PolicyServiceStub(remote.channel)
    answer = await remote.ask(stub.StopExperiment, StopExperimentRequest(experiment_id=experiment_id))
    click.echo(f"stopped {answer.experiment.experiment_id}")


@experiments.command("results")
@click.argument("experiment_id")
@connected
async def show_results(remote: Remote, experiment_id: str) -> None:
    """Show what came of EXPERIMENT_ID so far, arm by arm.

    `p` is for a look at the planned size alone, `p any time` for as many looks as you like.
    """
    stub = PolicyServiceStub(remote.channel)
    request = GetExperimentResultsRequest(experiment_id=experiment_id)
    click.echo(results_text(await remote.ask(stub.GetExperimentResults, request)))


@click.command()
@click.argument("request_id")
@click.argument("score", type=click.FloatRange(0, 1))
@click.option("--aspect", default="", help="What is judged, for example accuracy.")
@click.option("--comment", default="", help="Words.")
@connected
async def feedback(remote: Remote, request_id: str, score: float, aspect: str, comment: str) -> None:
    """Judge the call REQUEST_ID with a SCORE from 0 (useless) to 1 (perfect). Judging again replaces it."""
    request = RecordFeedbackRequest(request_id=request_id, score=score, aspect=aspect, comment=comment)
    answer = await remote.ask(LLMServiceStub(remote.channel).RecordFeedback, request)
    click.echo(f"recorded {answer.feedback_id}")


def results_text(answer: GetExperimentResultsResponse) -> str:
    """The results as a table, and what they add up to."""
    one = answer.experiment
    head = ("arm", "calls", "failed", "metric", "values", "mean", "interval", "difference", "p", "p any time")
    lines = [table(head, [row for arm in answer.arms for row in _rows(arm)])]
    needed = f"{answer.required_samples} values an arm" if answer.HasField("required_samples") else "not known yet"
    metric = name_of(ExperimentMetric.Name(one.metric), "EXPERIMENT_METRIC_")
    best = answer.best_arm_id or f"none is sure, at {one.confidence:.4g}"
    lines.append(facts([("state", _state(one)), (f"best by {metric}", best), ("size needed", needed)]))
    lines += [dim(f"{arm.arm_id} stopped: {arm.stop_reason}") for arm in one.arms if arm.stopped]
    return "\n".join(lines)


def _rows(arm: ArmResult) -> Iterator[tuple[object, ...]]:
    first: tuple[object, ...] = (arm.arm.arm_id, arm.calls, arm.failures)
    if not arm.metrics:
        yield (*first, *[""] * 7)
    for metric in arm.metrics:
        name = name_of(ExperimentMetric.Name(metric.metric), "EXPERIMENT_METRIC_")
        unit = f" ({_UNITS[name]})" if name in _UNITS else ""
        yield (*first, f"{name}{unit}", metric.samples, f"{metric.mean:.4g}", *_doubts(metric))
        first = ("", "", "")


def _doubts(metric: ArmMetric) -> tuple[str, str, str, str]:
    def shown(name: str, style: str = ".4g") -> str:
        return format(getattr(metric, name), style) if metric.HasField(name) else ""  # type: ignore[arg-type]

    interval = f"{shown('low')} to {shown('high')}" if metric.HasField("low") else ""
    return interval, shown("difference", "+.4g"), shown("p_value", ".2g"), shown("sequential_p_value", ".2g")


def _show(one: Experiment) -> None:
    kind, state = _kind(one), _state(one)
    rails = ", ".join(
        f"{name_of(ExperimentMetric.Name(rail.metric), 'EXPERIMENT_METRIC_')} {rail.max_loss:.0%}"
        for rail in one.guardrails
    )
    sizes = f"{one.minimum_effect:.4g} at power {one.power:.4g}, confidence {one.confidence:.4g}"
    click.echo(f"{one.experiment_id}: {one.model} ({state})")
    metric = name_of(ExperimentMetric.Name(one.metric), "EXPERIMENT_METRIC_")
    pairs = [("kind", f"{kind}, by {metric}"), ("sticky by", one.sticky_by), ("least effect", sizes)]
    click.echo(facts([*pairs, ("guardrails", rails or "none")]))
    rows = [
        (arm.arm_id, arm.model, f"{arm.current_share:.1%}", "shadow" if arm.shadow else "", arm.stop_reason)
        for arm in one.arms
    ]
    click.echo(table(("arm", "model", "share", "", "stopped"), rows))


def _arms(one: Experiment) -> str:
    return ", ".join(f"{arm.arm_id} {arm.current_share:.0%}" for arm in one.arms)


def _kind(one: Experiment) -> str:
    return name_of(ExperimentKind.Name(one.kind), "EXPERIMENT_KIND_")


def _state(one: Experiment) -> str:
    return name_of(ExperimentState.Name(one.state), "EXPERIMENT_STATE_")


def _metric(name: str) -> ExperimentMetric.ValueType:
    return ExperimentMetric.Value(f"EXPERIMENT_METRIC_{name.upper()}")
