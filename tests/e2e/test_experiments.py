"""Experiments through a whole server: the split, judgements and results, a guardrail, and shadows that delay nobody."""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import asyncpg
import grpc
import pytest
import pytest_asyncio
from e2e.calls import ask, fields_of, llm, read, refusal, stream
from e2e.commands import trunkline
from google.rpc.error_details_pb2 import ErrorInfo
from harness import Stack, holds, provider, stack
from trunkline.v1.common_pb2 import CallContext
from trunkline.v1.completion_pb2 import CompleteResponse
from trunkline.v1.experiment_pb2 import (
    CreateExperimentRequest,
    Experiment,
    ExperimentArm,
    ExperimentGuardrail,
    ExperimentMetric,
    ExperimentState,
    GetExperimentRequest,
    GetExperimentResultsRequest,
    GetExperimentResultsResponse,
    ListExperimentsRequest,
    StopExperimentRequest,
)
from trunkline.v1.llm_pb2 import RecordFeedbackRequest
from trunkline.v1.policy_pb2 import ListRoutingChangesRequest
from trunkline.v1.policy_pb2_grpc import PolicyServiceStub
from upstream import Upstream, upstream

pytestmark = pytest.mark.asyncio(loop_scope="module")

QUALITY = ExperimentMetric.EXPERIMENT_METRIC_QUALITY
FAILURES = ExperimentMetric.EXPERIMENT_METRIC_FAILURES
STOPPED = ExperimentState.EXPERIMENT_STATE_STOPPED
# Each test splits a model of its own, so that none meets another's experiment.
MODELS = ("first", "second", "third", "fourth", "fifth", "new")
LONG = 30.0


@dataclass
class Scene:
    """A server with two upstreams: `good` serves MODELS as vllm, `other` serves `new` and `slow` through llamacpp."""

    running: Stack
    channel: grpc.aio.Channel
    good: Upstream
    other: Upstream
    experiments: Any = field(init=False)

    def __post_init__(self) -> None:
        self.experiments = PolicyServiceStub(self.channel)

    async def complete(self, model: str, **fields: Any) -> CompleteResponse:
        found = await llm(self.channel).Complete(ask(model, **fields), metadata=self.running.metadata(), timeout=LONG)
        assert isinstance(found, CompleteResponse)
        return found

    async def judge(self, request_id: str, score: float, aspect: str = "") -> str:
        request = RecordFeedbackRequest(request_id=request_id, score=score, aspect=aspect)
        answer = await llm(self.channel).RecordFeedback(request, metadata=self.running.metadata(), timeout=LONG)
        return str(answer.feedback_id)

    def call(self, method: str, request: Any) -> Any:
        return getattr(self.experiments, method)(request, metadata=self.running.metadata(), timeout=LONG)

    async def create(self, experiment_id: str, model: str, arms: list[ExperimentArm], **fields: Any) -> Experiment:
        wanted = Experiment(experiment_id=experiment_id, model=model, arms=arms, **fields)
        answer = await self.call("CreateExperiment", CreateExperimentRequest(experiment=wanted))
        assert isinstance(answer.experiment, Experiment)
        return answer.experiment

    async def get(self, experiment_id: str) -> Experiment:
        answer = await self.call("GetExperiment", GetExperimentRequest(experiment_id=experiment_id))
        assert isinstance(answer.experiment, Experiment)
        return answer.experiment

    async def results(self, experiment_id: str) -> GetExperimentResultsResponse:
        answer = await self.call("GetExperimentResults", GetExperimentResultsRequest(experiment_id=experiment_id))
        assert isinstance(answer, GetExperimentResultsResponse)
        return answer


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def scene(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Scene]:
    async with upstream() as good, upstream() as other:
        integrations = [provider("good", good.url, MODELS), provider("other", other.url, ["rival"], profile="llamacpp")]
        base = tmp_path_factory.mktemp("experiments")
        async with (
            stack(base, integrations, model="vllm/first") as running,
            grpc.aio.insecure_channel(running.target) as channel,
        ):
            yield Scene(running, channel, good, other)


def pair(model: str, rival: str = "llamacpp/rival", share: float = 0.5) -> list[ExperimentArm]:
    return [
        ExperimentArm(arm_id="old", model=model, share=1 - share),
        ExperimentArm(arm_id="rival", model=rival, share=share),
    ]


def user(number: int) -> CallContext:
    return CallContext(agent_id="tests", user_id=f"user-{number}")


async def until(condition: Callable[[], Awaitable[bool]], seconds: float = LONG) -> None:
    async with asyncio.timeout(seconds):
        while not await condition():
            await asyncio.sleep(0.1)


async def test_callers_are_split_and_stay_where_they_are(scene: Scene) -> None:
    made = await scene.create("split", "vllm/first", pair("vllm/first"), sticky_by="user")
    assert (made.confidence, made.version, made.arms[1].current_share) == (0.95, 1, 0.5)
    seen: dict[int, str] = {}
    for number in [*range(40), *range(40)]:
        route = (await scene.complete("vllm/first", context=user(number))).route
        assert route.experiment_id == "split" and not route.shadow
        assert seen.setdefault(number, route.arm_id) == route.arm_id
    counted = Counter(seen.values())
    # Of forty fair draws, fewer than eight on one side come once in thirty thousand.
    assert set(counted) == {"old", "rival"} and min(counted.values()) >= 8
    events, error = await read(
        stream(scene.channel, ask("vllm/first", context=user(0)), metadata=scene.running.metadata())
    )
    assert error is None and events[-1].finished.route.arm_id == seen[0]
    assert (await scene.complete("vllm/second")).route.experiment_id == ""


async def test_judgements_come_back_as_results(scene: Scene) -> None:
    await scene.create("judged", "vllm/second", pair("vllm/second"), aspect="accuracy")
    scores = {"old": 0.4, "rival": 0.8}
    answers = [await scene.complete("vllm/second") for _ in range(24)]
    for number, answer in enumerate(answers):
        score = scores[answer.route.arm_id] + (number % 3 - 1) / 10
        # Most come before their call stands in the request log.
        assert await scene.judge(answer.request_id, score, "accuracy")
    await scene.judge(answers[0].request_id, 1.0, "tone")
    counted = Counter(answer.route.arm_id for answer in answers)

    async def complete() -> bool:
        found = (await scene.results("judged")).arms
        return [one.calls for one in found] == [counted["old"], counted["rival"]] and all(
            any(metric.metric == QUALITY and metric.samples == one.calls for metric in one.metrics) for one in found
        )

    await until(complete)
    found = await scene.results("judged")
    for one in found.arms:
        by_metric = {metric.metric: metric for metric in one.metrics}
        assert set(by_metric) == {1, 2, 3, 4} and one.failures == 0
        quality = by_metric[QUALITY]
        assert abs(quality.mean - scores[one.arm.arm_id]) < 0.1 and quality.low < quality.mean < quality.high
    difference = next(metric for metric in found.arms[1].metrics if metric.metric == QUALITY)
    assert difference.difference > 0.25 and difference.p_value < 0.05 <= difference.sequential_p_value
    assert found.required_samples >= 2 and found.best_arm_id == "" and found.HasField("as_of")


async def test_a_judgement_is_replaced_and_moves_the_quality_of_its_model(scene: Scene) -> None:
    answer = await scene.complete("vllm/new")
    first = await scene.judge(answer.request_id, 0.0)
    # The same again, and another one: neither is a repetition of a request.
    assert {await scene.judge(answer.request_id, score) for score in (0.0, 0.5, 0.75)} == {first}
    assert await scene.judge(answer.request_id, 1.0, "tone") != first
    connection = await asyncpg.connect(scene.running.postgres_dsn)
    try:

        async def summed() -> bool:
            found = await connection.fetchrow(
                "SELECT samples, total FROM trunkline.model_quality WHERE provider = 'vllm' AND model = 'new'"
            )
            return found is not None and tuple(found) == (2, 1.75)

        await until(summed)
    finally:
        await connection.close()


async def test_commands_make_show_and_stop_an_experiment(scene: Scene, tmp_path: Path) -> None:
    there = {"TRUNKLINE_TARGET": scene.running.target, "TRUNKLINE_KEY": scene.running.key}

    async def run(*arguments: str) -> str:
        done = await trunkline(tmp_path, *arguments, **there)
        assert done.code == 0, done.err
        return done.out

    arms = ("--arm", "old:vllm/new=0.8", "--arm", "llamacpp/rival=0.2")
    shown = await run("experiments", "create", "typed", "vllm/new", *arms, "--guardrail", "latency=0.5")
    assert "latency 50%" in shown and "arm-2  llamacpp/rival  20.0%" in shown
    assert await run("experiments", "get", "typed") == shown
    assert "typed  " in await run("experiments", "list")
    answer = await scene.complete("vllm/new")
    assert (await run("feedback", answer.request_id, "0.9", "--comment", "well")).startswith("recorded fb-")
    assert "none is sure, at 0.95" in await run("experiments", "results", "typed")
    assert await run("experiments", "stop", "typed") == "stopped typed\n"
    refused = await trunkline(tmp_path, "experiments", "create", "bad", "vllm/new", "--arm", "vllm/new=1", **there)
    assert refused.code == 1 and "experiment.arms" in refused.err


async def test_a_guardrail_stops_a_losing_arm(scene: Scene) -> None:
    # An arm that answers nobody: every call of it fails, and falls back to nobody.
    rail = ExperimentGuardrail(metric=FAILURES, max_loss=0.5)
    await scene.create("guarded", "vllm/third", pair("vllm/third"), guardrails=[rail], minimum_effect=0.5)
    scene.other.status = 400
    try:
        async with asyncio.timeout(LONG):
            failed = 0
            while True:
                answers = await asyncio.gather(
                    *(scene.complete("vllm/third") for _ in range(20)), return_exceptions=True
                )
                failed += sum(isinstance(answer, grpc.aio.AioRpcError) for answer in answers)
                if (await scene.get("guarded")).arms[1].stopped:
                    break
                await asyncio.sleep(0.2)
    finally:
        scene.other.status = 200
    assert failed >= 50
    now = await scene.get("guarded")
    assert now.state == STOPPED and now.HasField("stop_time") and now.arms[0].current_share == 1
    assert now.arms[1].stop_reason.startswith("failures is ")
    changes = (await scene.call("ListRoutingChanges", ListRoutingChangesRequest())).changes
    stop = next(one for one in changes if one.experiment.experiment_id == "guarded")
    assert (stop.action, stop.key_id) == ("stop_arm", "")

    async def over() -> bool:
        return all([(await scene.complete("vllm/third")).route.experiment_id == "" for _ in range(5)])

    await until(over)


async def test_a_shadow_delays_nobody_and_pays_its_own_way(scene: Scene) -> None:
    arms = [
        ExperimentArm(arm_id="old", model="vllm/fourth", share=1),
        ExperimentArm(arm_id="rival", model="llamacpp/rival", share=1, shadow=True),
    ]
    await scene.create("shadowed", "vllm/fourth", arms)
    # What is held ahead for a busy budget is given back: each of these few calls has a hold of its own.
    assert await holds(scene.running) == 0
    before = len(scene.other.visits)
    scene.other.stall = 60.0
    try:
        # The shadow's upstream answers in a minute: all of these would be too late, were one of them to wait for it.
        async with asyncio.timeout(LONG):
            answers = [await scene.complete("vllm/fourth") for _ in range(5)]
            events, error = await read(stream(scene.channel, ask("vllm/fourth"), metadata=scene.running.metadata()))
        assert error is None and {answer.route.arm_id for answer in answers} == {"old"}
        assert events[-1].finished.route.arm_id == "old"

        async def copied() -> bool:
            return len(scene.other.visits) - before == 6

        async def held() -> bool:
            return await holds(scene.running) == 6

        await until(copied)
        await until(held)
    finally:
        scene.other.stall = 0.0


async def test_the_record_of_a_copy_says_so(scene: Scene) -> None:
    before = time.time()
    answer = await scene.complete("vllm/fourth")
    copy = await scene.running.recorded(f"{answer.request_id}-shadow-rival")
    assert copy is not None
    assert (copy.route.experiment_id, copy.route.arm_id, copy.route.shadow) == ("shadowed", "rival", True)
    assert (copy.provider, copy.status_code, copy.trace_id) == ("llamacpp", 0, answer.trace_id)
    assert copy.cost_details.nano_usd > 0 and copy.create_time.seconds >= int(before)
    own = await scene.running.recorded(answer.request_id)
    assert own is not None and (own.route.arm_id, own.route.shadow) == ("old", False)


async def test_what_cannot_be_followed_is_refused(scene: Scene) -> None:
    for fields, wrong in (
        ({"arms": pair("vllm/nowhere")}, "experiment.arms[0].model"),
        ({"arms": [ExperimentArm(model="vllm/fifth", share=0.5), ExperimentArm(model="vllm/new", share=0.4)]}, "arms"),
        ({"arms": pair("vllm/fifth", "vllm/fourth")}, "experiment.arms[1].model"),
        ({"model": "vllm/fourth"}, "experiment.model"),
        ({"confidence": 0.3}, "experiment.confidence"),
    ):
        wanted = Experiment(**{"experiment_id": "bad", "model": "vllm/fifth", "arms": pair("vllm/fifth"), **fields})
        call = scene.call("CreateExperiment", CreateExperimentRequest(experiment=wanted))
        code, info, status = await refusal(call)
        assert code is grpc.StatusCode.INVALID_ARGUMENT and isinstance(info, ErrorInfo)
        assert any(path.endswith(wrong) for path in fields_of(status))


async def test_an_experiment_is_made_listed_and_stopped_once(scene: Scene) -> None:
    await scene.create("brief", "vllm/fifth", pair("vllm/fifth"))
    again = CreateExperimentRequest(
        experiment=Experiment(experiment_id="brief", model="vllm/new", arms=pair("vllm/new"))
    )
    assert (await refusal(scene.call("CreateExperiment", again)))[0] is grpc.StatusCode.ALREADY_EXISTS
    listed = (await scene.call("ListExperiments", ListExperimentsRequest())).experiments
    assert "brief" in {one.experiment_id for one in listed}
    assert (await scene.complete("vllm/fifth")).route.experiment_id == "brief"
    stopped = (await scene.call("StopExperiment", StopExperimentRequest(experiment_id="brief"))).experiment
    assert stopped.state == STOPPED and stopped.version == 2
    # Who stopped it sees it at once.
    assert (await scene.complete("vllm/fifth")).route.experiment_id == ""
    twice = (await scene.call("StopExperiment", StopExperimentRequest(experiment_id="brief"))).experiment
    assert twice.version == 2
    missing = scene.call("StopExperiment", StopExperimentRequest(experiment_id="none"))
    assert (await refusal(missing))[0] is grpc.StatusCode.NOT_FOUND


async def test_a_drain_leaves_no_hold(scene: Scene) -> None:
    """Last: it stops the server while copies wait for their upstream."""
    scene.other.stall = 60.0
    for _ in range(3):
        await scene.complete("vllm/fourth")
    assert await scene.running.stop() == 0
    assert await holds(scene.running) == 0
