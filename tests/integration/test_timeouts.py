"""Each part of a call has its own timeout, and the error names the part: against sockets that stall for real."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import pytest
from rest_upstream import LOCAL, call
from slow_upstream import black_hole, speaker
from trunkline.v1.completion_pb2 import CompleteRequest
from trunkline.v1.integration_pb2 import Integration
from trunkline_server.connectors.rest.engine import RestConnector
from trunkline_server.domain.deadline import Deadline
from trunkline_server.domain.duration import duration
from trunkline_server.domain.errors import ProviderError, Reason, TrunklineError
from trunkline_server.domain.ports import Target
from trunkline_server.domain.timeouts import Timeouts
from trunkline_server.providers.driver import ProviderDriver

ASK = CompleteRequest(prompt="Hi")
LONG = 20.0
HEAD = b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\nconnection: close\r\n\r\n"
FRAME = b'data: {"choices": [{"index": 0, "delta": {"content": "a"}}]}\n\n'
REST = b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 1000\r\n\r\n"


def _target(port: int, timeout: float = LONG, **parts: float) -> Target:
    return Target("i", "openai", "openai", "m", f"http://127.0.0.1:{port}/v1", timeout, "s", timeouts=Timeouts(**parts))


async def _provider(target: Target, stream: bool = True, deadline: float = LONG) -> ProviderError:
    async with ProviderDriver(LOCAL) as driver:
        with pytest.raises(ProviderError) as caught:
            if stream:
                async for _ in driver.stream(target, ASK, Deadline.after(deadline)):
                    pass
            else:
                await driver.complete(target, ASK, Deadline.after(deadline))
    return caught.value


def _is(error: TrunklineError, part: str) -> None:
    assert error.reason == Reason.ERROR_REASON_UPSTREAM_TIMEOUT
    assert error.metadata["timeout"] == part
    assert f"({part} timeout)" in error.message


@pytest.mark.parametrize("stream", [False, True])
async def test_no_connection(stream: bool) -> None:
    with black_hole() as port:
        error = await _provider(_target(port, connect=0.2), stream)
    _is(error, "connect")
    # Nothing was sent, so nothing was used, and the attempt costs nothing.
    assert error.usage is not None
    assert error.usage.input_tokens == error.usage.output_tokens == 0
    assert error.usage.HasField("output_tokens")


async def test_a_handshake_that_stalls_is_no_connection() -> None:
    async with speaker([]) as port:
        target = replace(_target(port, connect=0.3), endpoint=f"https://127.0.0.1:{port}/v1")
        error = await _provider(target)
    _is(error, "connect")
    assert error.usage is not None


async def test_the_callers_deadline_before_a_connection() -> None:
    with black_hole() as port:
        error = await _provider(_target(port), deadline=0.2)
    assert error.reason == Reason.ERROR_REASON_CALLER_DEADLINE
    assert error.usage is not None


@pytest.mark.parametrize(
    ("speech", "parts", "part"),
    [
        ([], {"first_byte": 0.2}, "first_byte"),
        ([], {"timeout": 0.2}, "total"),
        # The head alone is a beginning; the timeout of the whole bounds the wait for more.
        ([(0, HEAD)], {"first_byte": 1.0, "timeout": 1.2}, "total"),
        ([(0, HEAD + FRAME)], {"idle": 0.2}, "idle"),
        # Bytes that complete no frame are a pause all the same.
        ([(0, HEAD), *[(0.05, b"%c" % byte) for byte in FRAME[:40]]], {"idle": 0.3}, "idle"),
        # Comments are a sign of life.
        ([(0, HEAD + FRAME), *[(0.2, b": wait\n\n")] * 6], {"idle": 1.0, "timeout": 1.1}, "idle"),
    ],
    ids=["silence", "silence for all its time", "a head", "a frame", "a drip", "comments"],
)
async def test_a_stream_that_stalls(speech: Sequence[tuple[float, bytes]], parts: dict[str, float], part: str) -> None:
    async with speaker(speech) as port:
        error = await _provider(_target(port, **parts))
    _is(error, part)


@pytest.mark.parametrize(
    ("speech", "parts", "part"),
    [
        ([], {"first_byte": 0.2}, "first_byte"),
        ([(0, REST + b"{")], {"idle": 0.2}, "idle"),
        ([(0, REST), *[(0.1, b" ")] * 20], {"idle": 1.0, "timeout": 1.2}, "total"),
    ],
    ids=["silence", "a piece", "a drip"],
)
async def test_an_answer_that_stalls(speech: Sequence[tuple[float, bytes]], parts: dict[str, float], part: str) -> None:
    async with speaker(speech) as port:
        _is(await _provider(_target(port, **parts), stream=False), part)
        _is(await _tool(port, **parts), part)


async def test_a_tool_without_a_connection() -> None:
    with black_hole() as port:
        _is(await _tool(port, connect=0.2), "connect")
        error = await _tool(port, deadline=0.2)
    assert error.reason == Reason.ERROR_REASON_CALLER_DEADLINE


async def _tool(port: int, deadline: float = LONG, **parts: float) -> TrunklineError:
    """The error of a tool; timeouts of the integration itself stand over those of the connector."""
    integration = Integration()
    integration.configuration.endpoint = f"http://127.0.0.1:{port}"
    integration.configuration.timeout.CopyFrom(duration(parts.pop("timeout", LONG)))
    for name, seconds in parts.items():
        getattr(integration.configuration.timeouts, name).CopyFrom(duration(seconds))
    integration.configuration.api.tools.add(name="t", method="GET", path="/", parameters_schema_json=b"{}")
    async with RestConnector(LOCAL, timeouts=Timeouts(connect=LONG)) as rest:
        with pytest.raises(TrunklineError) as caught:
            await call(rest, integration, seconds=deadline)
    return caught.value
