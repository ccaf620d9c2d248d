"""The soak of tools: systems fail one time in twenty, callers see next to nothing of it, and nothing is done twice.

Sandboxes of shipped templates play the systems. Tools that only read are called again by the server. Of those that
change something, Stripe's carry an idempotency key and are repeated, by the server and by callers with the same request
id; the others are sent again with one request id after an answer, and never after a failure.
"""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from typing import Any

import grpc
import orjson
import pytest
import pytest_asyncio
from faults.load import reason_of
from faults.observe import until
from faults.report import report
from faults.scale import pick
from harness import Stack, holds, stack
from trunkline.v1 import integration_pb2_grpc, tool_pb2_grpc
from trunkline.v1.api_pb2 import CallRate
from trunkline.v1.configuration_pb2 import IntegrationType
from trunkline.v1.integration_pb2 import CreateIntegrationRequest
from trunkline.v1.tool_pb2 import ExecuteToolRequest
from trunkline_server.connectors.rest.templates import load_templates
from trunkline_server.sandbox import Faults, Sandbox, running

pytestmark = pytest.mark.asyncio(loop_scope="module")

SECONDS = pick(20.0, 600.0)
CALLERS = 4
# One call in twenty.
FAULTS = Faults(
    shares={"unavailable": 0.02, "disconnect_before": 0.01, "disconnect_within": 0.01, "malformed": 0.01},
    latency_seconds=0.002,
    jitter_seconds=0.02,
    rates=False,
)
READS = (
    ("openai", "create_embedding", {"model": "text-embedding-3-small", "input": "{unique}"}),
    ("notion", "query_data_source", {"data_source_id": "248104cd-477e-80af-bc30-000bd28de8f9"}),
    ("github", "search_issues", {"q": "{unique}"}),
    ("firestore", "get_document", {"collection": "cities", "document_id": "{unique}"}),
    ("perplexity", "search", {"query": "{unique}"}),
)
KEYED = ("stripe", "create_customer", {"name": "{unique}"})
UNKEYED = (
    ("slack", "post_message", {"channel": "C1", "text": "{unique}"}),
    ("telegram", "send_message", {"chat_id": 1, "text": "{unique}"}),
    ("github", "create_issue", {"owner": "o", "repo": "r", "title": "{unique}"}),
)
NAMES = sorted({name for name, _, _ in (*READS, KEYED, *UNKEYED)})


@dataclass
class Soak:
    """A Trunkline and the sandboxes behind it. Ends of calls are counted by kind and reason."""

    server: Stack
    channel: grpc.aio.Channel
    sandboxes: dict[str, Sandbox]
    ended: dict[str, Counter[str]] = field(default_factory=dict)
    made: int = 0

    async def call(self, what: tuple[str, str, dict[str, Any]], unique: str, request_id: str = "") -> str:
        """One call; OK or the reason of its error. `{unique}` stands for what tells it from all others."""
        name, tool, parameters = what
        request = ExecuteToolRequest(
            integration_id=name,
            tool_name=tool,
            parameters_json=orjson.dumps(parameters).replace(b"{unique}", unique.encode()),
            request_id=request_id,
        )
        stub = tool_pb2_grpc.ToolServiceStub(self.channel)
        try:
            await stub.ExecuteTool(request, metadata=self.server.metadata(), timeout=30)
        except grpc.aio.AioRpcError as error:
            return reason_of(error)
        return "OK"

    def number(self) -> str:
        """What no other call has."""
        self.made += 1
        return f"call-{self.made}"

    def count(self, kind: str, end: str) -> None:
        """How a caller's call ended."""
        self.ended.setdefault(kind, Counter())[end] += 1


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def soak(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Soak]:
    templates = load_templates()
    # Every caller is one key, and the retry budget is for the load of many.
    environment = {"TRUNKLINE__SERVER__MAX_CONCURRENT_REQUESTS": "1000", "TRUNKLINE__OBSERVABILITY__ACCESS_LOG": "off"}
    async with AsyncExitStack() as closing:
        base = tmp_path_factory.mktemp("tools")
        server = await closing.enter_async_context(stack(base, [], model="", environment=environment))
        channel = await closing.enter_async_context(grpc.aio.insecure_channel(server.target))
        sandboxes = {}
        for number, name in enumerate(NAMES):
            played = Sandbox(templates[name], Faults(rates=False), seed=number)
            sandboxes[name] = await closing.enter_async_context(running(played))
            await _register(server, channel, name, played)
            played.reset()
            played.faults = FAULTS
        yield Soak(server, channel, sandboxes)


async def _register(server: Stack, channel: grpc.aio.Channel, name: str, played: Sandbox) -> None:
    request = CreateIntegrationRequest(
        integration_id=name, type=IntegrationType.INTEGRATION_TYPE_API, configuration=played.configuration()
    )
    request.configuration.authentication.secret = played.secret
    # The soak is about faults: the API's own rates would be waited for.
    rate = CallRate(calls=1000)
    rate.per.FromMilliseconds(100)
    request.configuration.api.rates.append(rate)
    stub = integration_pb2_grpc.IntegrationServiceStub(channel)
    await stub.CreateIntegration(request, metadata=server.metadata(), timeout=20)


async def reading(soak: Soak, until_: float) -> None:
    while time.monotonic() < until_:
        for what in READS:
            soak.count("reads", await soak.call(what, soak.number()))


async def keyed(soak: Soak, until_: float) -> None:
    """Two at once with one request id; then again after a failure, as a careful caller would."""
    while time.monotonic() < until_:
        unique = soak.number()
        for _ in range(3):
            both = await asyncio.gather(*(soak.call(KEYED, unique, unique) for _ in range(2)))
            if "OK" in both:
                break
        soak.count("keyed", "OK" if "OK" in both else both[0])


async def unkeyed(soak: Soak, until_: float) -> None:
    """Sent again after an answer, which was kept. After a failure nobody knows what was done: never."""
    while time.monotonic() < until_:
        for what in UNKEYED:
            unique = soak.number()
            end = await soak.call(what, unique, unique)
            soak.count("unkeyed", end)
            if end == "OK":
                soak.count("kept", await soak.call(what, unique, unique))


async def test_callers_of_tools_that_fail_one_time_in_twenty(soak: Soak) -> None:
    end = time.monotonic() + SECONDS
    await asyncio.gather(*(work(soak, end) for work in (reading, keyed, unkeyed) for _ in range(CALLERS)))
    told = {name: played.told() for name, played in soak.sandboxes.items()}
    calls, met = sum(one["calls"] for one in told.values()), Counter[str]()
    for one in told.values():
        met.update(one["faults_met"])
    errors = {kind: ends.total() - ends["OK"] for kind, ends in soak.ended.items()}
    share = errors["reads"] / soak.ended["reads"].total()
    report(33, f"calls of {len(NAMES)} systems, faults met", f"{calls}, {met.total()}", "5 %")
    report(33, "errors of idempotent tools that callers saw", f"{share:.3%}", "≤ 0.5 %")
    report(33, "duplicate side effects", sum(one["duplicates"] for one in told.values()), "0")
    report(33, "repetitions answered by their key", told["stripe"]["replayed"])
    report(33, "unkeyed calls that failed, of", f"{errors['unkeyed']}, {soak.ended['unkeyed'].total()}")
    print({kind: dict(ends) for kind, ends in soak.ended.items()})
    assert soak.ended["reads"].total() > 100 and soak.ended["keyed"].total() > 20
    assert 0.02 <= met.total() / calls <= 0.1
    assert share <= 0.005
    # Every call that was answered was done, once; a failed one at most once.
    for name, one in told.items():
        assert one["duplicates"] == 0, name
    assert soak.ended["keyed"]["OK"] <= told["stripe"]["side_effects"] <= soak.ended["keyed"].total()
    assert errors["keyed"] == errors["kept"] == 0
    assert told["stripe"]["replayed"] > 0
    assert await until(lambda: _quiet(soak), 10)


async def _quiet(soak: Soak) -> bool:
    """No hold is left, and nothing runs behind the callers' backs."""
    return await holds(soak.server) == 0 and not any(one.state.in_flight for one in soak.sandboxes.values())
