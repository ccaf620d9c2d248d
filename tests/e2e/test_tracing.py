"""Traces as a collector gets them: whose they are, what they say, what they never say, and a collector that is away."""

from __future__ import annotations

import secrets
from pathlib import Path
from typing import Any

import grpc
import orjson
from e2e.calls import ask, llm, read, stream
from e2e.collector import Collector, attributes, collector
from harness import Stack, provider, stack
from opentelemetry.proto.trace.v1.trace_pb2 import Span, Status
from opentelemetry.semconv._incubating.attributes import gen_ai_attributes as gen_ai
from opentelemetry.semconv._incubating.attributes import rpc_attributes as rpc
from opentelemetry.semconv.attributes.error_attributes import ERROR_TYPE
from trunkline.v1.common_pb2 import CallContext
from trunkline.v1.llm_pb2 import EmbedRequest
from trunkline_server.embedded.process import free_port
from upstream import MODEL, Upstream, upstream

PROMPT = "heliotrope lanterns over the estuary"
# Far less than the exporter's own patience, below: a server that waits for its collector is found out.
STOP_SECONDS = 20.0
PATIENT = {"OTEL_EXPORTER_OTLP_TIMEOUT": "60"}


def tracing(folder: Path, state: Upstream, endpoint: str, ratio: str, **extra: str):  # type: ignore[no-untyped-def]
    environment = {
        "OTEL_EXPORTER_OTLP_ENDPOINT": endpoint,
        "TRUNKLINE__OBSERVABILITY__TRACE_SAMPLE_RATIO": ratio,
        "TRUNKLINE__OBSERVABILITY__ACCESS_LOG": "off",
    }
    integration = provider("mock", state.url, [MODEL])
    return stack(folder, [integration], model=f"vllm/{MODEL}", environment=environment | PATIENT | extra)


class Caller:
    """Calls with a trace of its own, and remembers the parent of each."""

    def __init__(self, running: Stack, channel: grpc.aio.Channel) -> None:
        self.running, self.stub, self.parents = running, llm(channel), dict[str, str]()
        self._channel = channel

    def request(self, **fields: Any) -> Any:
        return ask(self.running.model, prompt=PROMPT, **fields)

    def metadata(self, flags: str, key: str | None = None) -> tuple[str, tuple[tuple[str, str], ...]]:
        """A new trace, and the metadata that says it."""
        trace, parent = secrets.token_hex(16), secrets.token_hex(8)
        self.parents[trace] = parent
        return trace, (*self.running.metadata(key), ("traceparent", f"00-{trace}-{parent}-{flags}"))

    async def complete(self, flags: str = "01", **fields: Any) -> str:
        trace, metadata = self.metadata(flags)
        answer = await self.stub.Complete(self.request(**fields), metadata=metadata, timeout=20)
        assert answer.trace_id == trace
        return trace

    async def stream(self, flags: str) -> str:
        trace, metadata = self.metadata(flags)
        events, error = await read(stream(self._channel, self.request(), metadata=metadata, timeout=20))
        assert error is None and events[-1].finished.trace_id == trace
        return trace

    async def embed(self) -> str:
        trace, metadata = self.metadata("01")
        request = EmbedRequest(model=self.running.model, inputs=[PROMPT], context=CallContext(agent_id="tests"))
        await self.stub.Embed(request, metadata=metadata, timeout=20)
        return trace

    async def refused(self, code: grpc.StatusCode, key: str | None = None) -> str:
        trace, metadata = self.metadata("01", key)
        try:
            await self.stub.Complete(self.request(), metadata=metadata, timeout=20)
        except grpc.aio.AioRpcError as error:
            assert error.code() is code
            return trace
        raise AssertionError("the call was not refused")


async def test_a_span_continues_the_callers_trace_and_says_what_the_conventions_name(tmp_path: Path) -> None:
    async with upstream() as state, collector() as traces, tracing(tmp_path, state, traces.url, "0") as running:
        async with grpc.aio.insecure_channel(running.target) as channel:
            caller = Caller(running, channel)
            whole = await caller.complete(max_tokens=16, temperature=0.5)
            # The flags are bits: 03 is a sampled trace whose id is random, as newer callers send it.
            streamed = await caller.stream("03")
            embedded = await caller.embed()
            stranger = await caller.refused(grpc.StatusCode.UNAUTHENTICATED, key="tl_unknown")
            await caller.complete("00")
            await caller.complete("02")
            await caller.stub.Complete(caller.request(), metadata=running.metadata(), timeout=20)
            state.status = 500
            failed = await caller.refused(grpc.StatusCode.UNAVAILABLE)
        # The last spans leave when the server stops; what has not come by then never does.
        assert await running.stop() == 0
        spans = traces.spans()
        assert spans.keys() == {whole, streamed, embedded, stranger, failed}
        for trace, span in spans.items():
            assert span.parent_span_id.hex() == caller.parents[trace]
            assert span.kind == Span.SPAN_KIND_SERVER
            assert 0 < span.start_time_unix_nano <= span.end_time_unix_nano
        _says_what_was_asked_and_used(spans[whole], spans[streamed], spans[embedded])
        _says_how_it_ended(spans[whole], spans[stranger], spans[failed])
        _says_nothing_else(running, traces)


def _says_what_was_asked_and_used(whole: Span, streamed: Span, embedded: Span) -> None:
    answered = {
        gen_ai.GEN_AI_PROVIDER_NAME: "vllm",
        gen_ai.GEN_AI_REQUEST_MODEL: f"vllm/{MODEL}",
        gen_ai.GEN_AI_RESPONSE_MODEL: MODEL,
        rpc.RPC_SYSTEM_NAME: "grpc",
        rpc.RPC_RESPONSE_STATUS_CODE: "OK",
    }
    chat = answered | {
        gen_ai.GEN_AI_OPERATION_NAME: gen_ai.GenAiOperationNameValues.CHAT.value,
        gen_ai.GEN_AI_REQUEST_MAX_TOKENS: 16,
        gen_ai.GEN_AI_USAGE_INPUT_TOKENS: 9,
        gen_ai.GEN_AI_USAGE_OUTPUT_TOKENS: 5,
    }
    expected = (
        (whole, "Complete", chat | {gen_ai.GEN_AI_REQUEST_TEMPERATURE: 0.5}),
        (streamed, "StreamComplete", chat | {gen_ai.GEN_AI_REQUEST_STREAM: True}),
        (
            embedded,
            "Embed",
            answered
            | {
                gen_ai.GEN_AI_OPERATION_NAME: gen_ai.GenAiOperationNameValues.EMBEDDINGS.value,
                gen_ai.GEN_AI_USAGE_INPUT_TOKENS: 1,
            },
        ),
    )
    for span, method, wanted in expected:
        found = attributes(span)
        assert span.name == found[rpc.RPC_METHOD] == f"trunkline.v1.LLMService/{method}"
        assert wanted.items() <= found.items()
        assert ERROR_TYPE not in found


def _says_how_it_ended(whole: Span, stranger: Span, failed: Span) -> None:
    # A caller's own fault is none of the server's: its span has a code and no status.
    assert whole.status.code == stranger.status.code == Status.STATUS_CODE_UNSET
    assert attributes(stranger)[rpc.RPC_RESPONSE_STATUS_CODE] == "UNAUTHENTICATED"
    assert ERROR_TYPE not in attributes(stranger)
    assert failed.status.code == Status.STATUS_CODE_ERROR
    assert failed.status.message
    found = attributes(failed)
    assert found[ERROR_TYPE] == found[rpc.RPC_RESPONSE_STATUS_CODE] == "UNAVAILABLE"
    assert found[gen_ai.GEN_AI_PROVIDER_NAME] == "vllm"


def _says_nothing_else(running: Stack, traces: Collector) -> None:
    raw = traces.raw()
    assert b"service.name" in raw and b"trunkline" in raw
    for content in ("heliotrope", "estuary", "word", "the upstream failed", "sk-test", running.key, "tl_unknown"):
        assert content.encode() not in raw, content


async def test_without_a_callers_decision_the_ratio_decides(tmp_path: Path) -> None:
    async with upstream() as state, collector() as traces, tracing(tmp_path, state, traces.url, "1") as running:
        async with grpc.aio.insecure_channel(running.target) as channel:
            caller = Caller(running, channel)
            await caller.complete("00")
            begun = []
            for parent in (None, "nonsense", f"00-{'0' * 32}-{'1' * 16}-00", f"ff-{'1' * 32}-{'1' * 16}-00"):
                given = (("traceparent", parent),) if parent else ()
                metadata = (*running.metadata(), *given)
                begun.append((await caller.stub.Complete(caller.request(), metadata=metadata, timeout=20)).trace_id)
        assert await running.stop() == 0
        spans = traces.spans()
        assert spans.keys() == set(begun) and len(begun) == 4
        assert not any(span.parent_span_id for span in spans.values())


async def test_a_collector_that_never_answers_keeps_nobody_waiting(tmp_path: Path) -> None:
    often = {"OTEL_BSP_SCHEDULE_DELAY": "50"}
    async with (
        upstream() as state,
        collector(deaf=True) as traces,
        tracing(tmp_path, state, traces.url, "1", **often) as running,
        grpc.aio.insecure_channel(running.target) as channel,
    ):
        caller = Caller(running, channel)
        await caller.complete()
        await traces.asked.wait()
        # An export hangs from here on.
        for _ in range(5):
            await caller.complete()
            await caller.stream("01")
        assert await running.stop(STOP_SECONDS) == 0


async def test_a_collector_that_is_away_is_told_in_the_log_alone(tmp_path: Path) -> None:
    often = {"OTEL_BSP_SCHEDULE_DELAY": "50"}
    async with (
        upstream() as state,
        tracing(tmp_path, state, f"http://127.0.0.1:{free_port()}", "1", **often) as running,
        grpc.aio.insecure_channel(running.target) as channel,
    ):
        caller = Caller(running, channel)
        while "exporting traces" not in running.logs():
            await caller.complete()
        assert await running.stop(STOP_SECONDS) == 0
        lines = [orjson.loads(line) for line in running.logs().splitlines()]
        assert any(line["level"] == "warning" and "exporting traces" in line["event"] for line in lines)
        assert PROMPT not in running.logs()
