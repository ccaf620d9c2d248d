"""Why a model is chosen: ExplainRoute, the route of a real call, and the command line tell the same."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from pathlib import Path

import grpc
import pytest
import pytest_asyncio
from e2e.calls import ask, llm
from e2e.commands import Done, trunkline
from google.protobuf.json_format import Parse
from harness import Stack, provider, stack
from trunkline.v1.completion_pb2 import CompleteRequest
from trunkline.v1.integration_pb2 import Integration
from trunkline.v1.llm_pb2 import ExplainRouteRequest, ExplainRouteResponse
from trunkline.v1.requirements_pb2 import ModelRequirements, RoutingOptions
from trunkline.v1.route_pb2 import RouteBasis, RouteCandidate, RoutingObjective
from upstream import MODEL, upstream

pytestmark = pytest.mark.asyncio(loop_scope="module")
OTHER = "mock-2"


def deployment(name: str, url: str, region: str, dearer: int = 1) -> Integration:
    """Two models in a region, the second one at twice the price."""
    made = provider(name, url, [MODEL, OTHER])
    made.configuration.llm_provider.region = region
    prices = made.configuration.llm_provider.price_overrides
    prices[0].model = MODEL
    prices.add(
        model=OTHER,
        input_nano_usd_per_million=prices[0].input_nano_usd_per_million * 2 * dearer,
        output_nano_usd_per_million=prices[0].output_nano_usd_per_million * 2 * dearer,
    )
    return made


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def running(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Stack]:
    """Two equal deployments in the EU, one whose second model is dearer, and one elsewhere."""
    async with upstream() as state:
        regions = [("eu-1", "eu", 1), ("eu-2", "eu", 1), ("eu-3", "eu", 3), ("us-1", "us", 1)]
        made = [deployment(name, state.url, region, dearer) for name, region, dearer in regions]
        async with stack(tmp_path_factory.mktemp("explain"), made, model=f"vllm/{MODEL}") as found:
            yield found


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def channel(running: Stack) -> AsyncIterator[grpc.aio.Channel]:
    """A channel to it."""
    async with grpc.aio.insecure_channel(running.target) as opened:
        yield opened


def asking(request_id: str) -> CompleteRequest:
    """A call that leaves the model to Trunkline."""
    wanted = ModelRequirements(capabilities=["text"], data_residency="eu")
    options = RoutingOptions(policy="balanced", explain=True)
    return ask("", request_id=request_id, model_requirements=wanted, routing=options)


def told(candidates: Sequence[RouteCandidate]) -> list[tuple[object, ...]]:
    """What was told of each candidate, without what goes by how fast it answers just now."""
    return [
        (
            *(one.rank, one.integration_id, one.model, one.region, one.rejected_by, one.detail, one.moved_by),
            *(one.estimated_nano_usd, one.expected_nano_usd, [(term.name, term.weight) for term in one.terms]),
        )
        for one in candidates
    ]


def scores(candidates: Sequence[RouteCandidate]) -> list[float]:
    """The scores; what is known of an answer's time fades by the millisecond."""
    return [one.score for one in candidates]


async def test_a_real_call_tells_what_explain_told(running: Stack, channel: grpc.aio.Channel) -> None:
    stub, metadata = llm(channel), running.metadata()
    firsts = set()
    for number in range(6):
        request = asking(f"explain-{number}")
        explained = await stub.ExplainRoute(ExplainRouteRequest(request=request), metadata=metadata, timeout=10)
        answer = await stub.Complete(request, metadata=metadata, timeout=10)
        assert told(answer.route.candidates) == told(explained.candidates)
        assert scores(answer.route.candidates) == pytest.approx(scores(explained.candidates), abs=0.01)
        assert [one.rank for one in explained.candidates] == [1, 2, 3, 4, 5, 6, 0, 0]
        assert {one.rejected_by for one in explained.candidates[6:]} == {"residency"}
        first = explained.candidates[0]
        assert (answer.model_used, answer.route.region) == (first.model, "eu")
        assert (answer.route.seed, answer.route.rejected) == (explained.route.seed, explained.route.rejected)
        assert answer.route.basis == explained.route.basis == RouteBasis.ROUTE_BASIS_POLICY
        assert (first.model, len(first.terms)) == (MODEL, 3)
        firsts.add(first.integration_id)
    # Two of the three equal deployments are drawn for each request.
    assert len(firsts) > 1


async def test_without_being_asked_an_answer_tells_three(running: Stack, channel: grpc.aio.Channel) -> None:
    request = asking("explain-brief")
    request.routing.explain = False
    answer = await llm(channel).Complete(request, metadata=running.metadata(), timeout=10)
    assert [one.rank for one in answer.route.candidates] == [1, 2, 3]


async def command(running: Stack, directory: Path, *arguments: str) -> Done:
    """The command line, against the server."""
    return await trunkline(directory, *arguments, TRUNKLINE_TARGET=running.target, TRUNKLINE_KEY=running.key)


async def test_the_command_shows_it(running: Stack, tmp_path: Path) -> None:
    options = ("Say something.", "--residency", "eu", "--policy", "cost", "--max-tokens", "16")
    shown = await command(running, tmp_path, "explain", *options)
    assert shown.code == 0, shown.err
    decision, ranked, rejected = (part.splitlines() for part in shown.out.split("\n\n"))
    assert decision[0].split() == ["decided", "by", "policy", "cost"]
    assert decision[-1].split() == ["candidates", "6", "of", "8", "eligible"]
    assert [line.split()[:2] for line in ranked[1:4]] == [[str(rank), f"vllm/{MODEL}"] for rank in (1, 2, 3)]
    assert "cost 1.00 x 1.00" in ranked[1] and "$0.0000" in ranked[1]
    assert [line.split()[1:4] for line in rejected[1:]] == [["us-1", "us", "residency"]] * 2
    machine = await command(running, tmp_path, "explain", *options, "--json")
    found = Parse(machine.out, ExplainRouteResponse())
    assert found.route.objective == RoutingObjective.ROUTING_OBJECTIVE_COST
    assert [one.eligible for one in found.candidates] == [True] * 6 + [False] * 2


async def test_an_answer_can_show_it_too(running: Stack, tmp_path: Path) -> None:
    for stream in ("--stream", "--no-stream"):
        shown = await command(running, tmp_path, "complete", "Say something.", "--residency", "eu", "--explain", stream)
        assert shown.code == 0, shown.err
        assert shown.out.strip() and "decided by" not in shown.out
        assert "decided by" in shown.err and "residency" in shown.err


async def test_what_cannot_be_routed_is_told(running: Stack, tmp_path: Path) -> None:
    unknown = await command(running, tmp_path, "explain", "Say something.", "--policy", "nonsense")
    assert unknown.code == 1 and "routing.policy" in unknown.err
    nobody = await command(running, tmp_path, "explain", "Say something.", "--residency", "mars")
    assert nobody.code == 0 and nobody.out.startswith("no candidate is eligible")
    assert nobody.out.count("not in mars") == 8
