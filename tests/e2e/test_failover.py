"""A gateway that is down: the direct provider behind it answers, and the call says so."""

from __future__ import annotations

from pathlib import Path

import grpc
from e2e.calls import ask, llm, read, stream
from harness import provider, stack
from trunkline.v1.common_pb2 import AttemptOutcome
from trunkline_server.domain.fold import fold
from upstream import MODEL, upstream


async def test_portkey_down_falls_back_to_the_provider(tmp_path: Path) -> None:
    async with upstream() as state:
        # Port 1 of the loopback refuses every connection.
        gateway = provider("gateway", "http://127.0.0.1:1/v1", [MODEL], profile="portkey", provider="openai")
        direct = provider("direct", state.url, [MODEL], profile="openai")
        async with (
            stack(tmp_path, [gateway, direct], model=f"openai/{MODEL}") as running,
            grpc.aio.insecure_channel(running.target) as channel,
        ):
            answer = await llm(channel).Complete(ask(running.model), metadata=running.metadata(), timeout=10)
            assert [one.integration_id for one in answer.attempts] == ["gateway", "direct"]
            assert answer.attempts[0].outcome == AttemptOutcome.ATTEMPT_OUTCOME_FAILED
            assert answer.attempts[0].cost_nano_usd == 0
            assert [one.provider_request_id for one in answer.attempts] == ["", "req_7"]
            assert [one.HasField("http_status") for one in answer.attempts] == [False, True]
            quota = answer.attempts[1].quotas[0]
            assert (quota.unit, quota.remaining, quota.resets_after.nanos) == ("requests", 41, 120_000_000)
            assert answer.completion

            events, error = await read(stream(channel, ask(running.model), metadata=running.metadata(), timeout=10))
            assert error is None
            assert [event.sequence for event in events] == list(range(1, len(events) + 1))
            assert events[0].WhichOneof("event") == "failed_over"
            assert not events[0].failed_over.content_discarded
            assert fold(events).completion
            last = events[-1].finished.attempts[-1]
            assert (last.provider_request_id, last.http_status, len(last.quotas)) == ("req_7", 200, 1)
            assert events[-1].attempt == 2
