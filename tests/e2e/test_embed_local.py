"""Vectors of the real local model, through a whole server."""

from __future__ import annotations

import struct
from collections.abc import AsyncIterator
from typing import Any

import grpc
import pytest
import pytest_asyncio
from e2e.calls import ask, llm, refusal
from e2e.commands import trunkline
from harness import INPUT_PRICE, Stack, provider, stack
from trunkline.v1.common_pb2 import CallContext
from trunkline.v1.llm_pb2 import EmbeddingEncoding, EmbedRequest, EmbedResponse
from trunkline_server.embedded import embedded_embedder
from trunkline_server.embedded.embedder import DIMENSIONS, MAX_TOKENS, NAME

pytestmark = pytest.mark.asyncio(loop_scope="module")
MODEL = f"local/{NAME}"


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def running(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Stack]:
    """Trunkline in front of the model: the profile, the address and the model are all that an integration needs."""
    base = tmp_path_factory.mktemp("local")
    async with embedded_embedder(base) as server:
        integration = provider("local-embeddings", server.base_url, [NAME], profile="local")
        async with stack(base, [integration], model=MODEL) as running:
            yield running


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def stub(running: Stack) -> AsyncIterator[Any]:
    async with grpc.aio.insecure_channel(running.target) as channel:
        yield llm(channel)


def request(*texts: str, **fields: Any) -> EmbedRequest:
    return EmbedRequest(model=MODEL, inputs=texts, context=CallContext(agent_id="tests"), **fields)


def dot(one: list[float], other: list[float]) -> float:
    return sum(a * b for a, b in zip(one, other, strict=True))


async def test_vectors_of_many_texts(running: Stack, stub: Any) -> None:
    # More than one batch, of texts of many lengths.
    texts = ["How do I reset my password?", *(f"row {at} " * (at % 40 + 1) for at in range(100)), "Lost my password."]
    found: EmbedResponse = await stub.Embed(request(*texts), metadata=running.metadata(), timeout=60)
    vectors = [list(one.values) for one in found.embeddings]
    assert [one.index for one in found.embeddings] == list(range(102))
    assert (found.dimensions, found.provider, found.model_used) == (DIMENSIONS, "local", NAME)
    assert all(len(vector) == DIMENSIONS and dot(vector, vector) == pytest.approx(1, abs=1e-4) for vector in vectors)
    assert dot(vectors[0], vectors[101]) > 0.6 > 0.3 > dot(vectors[0], vectors[1])
    assert found.usage.input_tokens > 102 * 3
    assert found.cost_details.nano_usd == pytest.approx(found.usage.input_tokens * INPUT_PRICE / 1_000_000, abs=1)

    packed = request(texts[0], encoding=EmbeddingEncoding.EMBEDDING_ENCODING_PACKED)
    alone = await stub.Embed(packed, metadata=running.metadata(), timeout=60)
    assert struct.unpack(f"<{DIMENSIONS}f", alone.embeddings[0].packed) == pytest.approx(vectors[0], abs=1e-5)


async def test_a_text_that_is_too_long_is_named(running: Stack, stub: Any) -> None:
    longest = "word " * (MAX_TOKENS - 2)
    fits = await stub.Embed(request(longest), metadata=running.metadata(), timeout=60)
    assert fits.usage.input_tokens == MAX_TOKENS
    call = stub.Embed(request(*(["short"] * 40), longest + "word"), metadata=running.metadata(), timeout=60)
    code, info, _ = await refusal(call)
    assert (code, info.reason) == (grpc.StatusCode.INVALID_ARGUMENT, "CONTEXT_TOO_LONG")
    # The ninth of the batch that begins with the text 32.
    assert info.metadata["inputs"] == "32-40"
    said = f"input[8] has {MAX_TOKENS + 1} tokens; the maximum context length is {MAX_TOKENS}"
    assert info.metadata["upstream_message"] == said


async def test_what_the_model_cannot_do_is_refused(running: Stack, stub: Any) -> None:
    options = {"metadata": running.metadata(), "timeout": 20}
    _, info, _ = await refusal(stub.Embed(request("a", dimensions=8), **options))
    assert info.metadata[MODEL] == "parameter: dimensions: Local embeddings does not shorten vectors"
    _, info, _ = await refusal(stub.Complete(ask(MODEL), **options))
    assert info.metadata[MODEL] == "parameter: model: Local embeddings serves no completions"


async def test_the_command(running: Stack, tmp_path: Any) -> None:
    where = {"TRUNKLINE_TARGET": running.target, "TRUNKLINE_KEY": running.key}
    done = await trunkline(tmp_path, "embed", "Name three colours.", "List hues.", "--model", MODEL, **where)
    assert done.code == 0, done.err
    first, second = done.out.splitlines()
    assert first.startswith("[") and first.endswith(", …]") and first.count(",") == 6 and first != second
    rows = dict(line.split(maxsplit=1) for line in done.err.splitlines())
    assert (rows["dimensions"], rows["tokens"], rows["model"]) == (str(DIMENSIONS), "12 in", MODEL)
    assert rows["cost"] == "$0.000012000"
    done = await trunkline(tmp_path, "embed", "word " * 300, "--model", MODEL, **where)
    assert (done.code, done.out) == (1, "")
    assert "CONTEXT_TOO_LONG" in done.err and "input[0] has 302 tokens" in done.err
