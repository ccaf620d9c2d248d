"""A real model behind llama.cpp's OpenAI-compatible server."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import orjson
import pytest
import pytest_asyncio
from rest_upstream import LOCAL
from trunkline.v1.completion_pb2 import CompleteRequest, FinishReason
from trunkline.v1.content_pb2 import JsonSchemaFormat, Message, Part, ResponseFormat, Role
from trunkline_server.domain.continuation import continued
from trunkline_server.domain.deadline import Deadline
from trunkline_server.domain.errors import ProviderError, Reason
from trunkline_server.domain.fold import fold
from trunkline_server.domain.ports import Target
from trunkline_server.embedded import MissingPartError, embedded_model
from trunkline_server.providers.driver import ProviderDriver

SECONDS = 60.0


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def endpoint(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[str]:
    log_dir: Path = tmp_path_factory.mktemp("model")
    try:
        async with embedded_model(log_dir, n_parallel=2, n_ctx=2048) as model:
            yield model.base_url
    except MissingPartError as missing:
        pytest.skip(str(missing))


pytestmark = pytest.mark.asyncio(loop_scope="module")


def _target(endpoint: str) -> Target:
    return Target("i", "llamacpp", "llamacpp", "smollm2-135m-instruct", endpoint, SECONDS, "")


def _ask(**fields: object) -> CompleteRequest:
    says = Message(role=Role.ROLE_USER, parts=[Part(text="Name a colour.")])
    return CompleteRequest(messages=[says], max_tokens=12, temperature=0, seed=7, **fields)  # type: ignore[arg-type]


async def test_unary_and_streamed_answers_agree(endpoint: str) -> None:
    async with ProviderDriver(LOCAL) as driver:
        whole = await driver.complete(_target(endpoint), _ask(), Deadline.after(SECONDS))
        events = [event async for event in driver.stream(_target(endpoint), _ask(), Deadline.after(SECONDS))]
    folded = fold(events)
    assert whole.completion
    assert folded.completion == whole.completion
    assert folded.finish == whole.finish
    assert folded.usage.input_tokens == whole.usage.input_tokens > 0
    assert folded.usage.output_tokens == whole.usage.output_tokens > 0
    assert len([event for event in events if event.HasField("content_delta")]) > 1


async def test_the_limit_is_told(endpoint: str) -> None:
    asked = _ask()
    asked.max_tokens = 2
    async with ProviderDriver(LOCAL) as driver:
        answer = await driver.complete(_target(endpoint), asked, Deadline.after(SECONDS))
    assert answer.finish.reason == FinishReason.FINISH_REASON_LENGTH
    assert answer.usage.output_tokens == 2


async def test_a_schema_is_held(endpoint: str) -> None:
    schema = {"type": "object", "properties": {"n": {"type": "integer", "maximum": 99}}, "required": ["n"]}
    shape = ResponseFormat(json_schema=JsonSchemaFormat(name="number", schema_json=orjson.dumps(schema)))
    asked = _ask(response_format=shape)
    asked.max_tokens = 60
    async with ProviderDriver(LOCAL) as driver:
        answer = await driver.complete(_target(endpoint), asked, Deadline.after(SECONDS))
    assert isinstance(orjson.loads(answer.completion)["n"], int)


async def test_logprobs(endpoint: str) -> None:
    async with ProviderDriver(LOCAL) as driver:
        events = driver.stream(_target(endpoint), _ask(top_logprobs=2), Deadline.after(SECONDS))
        answer = fold([event async for event in events])
    (part,) = answer.content
    assert "".join(token.token for token in part.logprobs).startswith(part.text)
    assert all(len(token.top) == 2 and token.logprob <= 0 for token in part.logprobs)


async def test_the_context_is_too_long(endpoint: str) -> None:
    asked = CompleteRequest(prompt="word " * 5000, max_tokens=5)
    async with ProviderDriver(LOCAL) as driver:
        with pytest.raises(ProviderError) as caught:
            await driver.complete(_target(endpoint), asked, Deadline.after(SECONDS))
    assert caught.value.reason == Reason.ERROR_REASON_CONTEXT_TOO_LONG


async def test_check(endpoint: str) -> None:
    async with ProviderDriver(LOCAL) as driver:
        found = await driver.check(_target(endpoint), Deadline.after(SECONDS))
    assert found.healthy
    assert found.models


async def test_an_answer_is_gone_on_with(endpoint: str) -> None:
    """The rest of an answer is what the whole of it would have been, and repeats nothing of its beginning."""
    asked = _ask()
    asked.max_tokens = 24
    async with ProviderDriver(LOCAL) as driver:
        assert driver.prefills(_target(endpoint))
        whole = await driver.complete(_target(endpoint), asked, Deadline.after(SECONDS))
        words = whole.completion.split(" ")
        begun = " ".join(words[: len(words) // 2])
        rest = continued(asked, begun)
        gone_on = await driver.complete(_target(endpoint), rest, Deadline.after(SECONDS))
    assert not gone_on.completion.startswith(begun)
    assert (begun + gone_on.completion).startswith(whole.completion)
