"""Batches of one embedding: their order, their bounds, and what ends them."""

from __future__ import annotations

import asyncio
import struct
from collections.abc import Sequence

import orjson
import pytest
from trunkline.v1.common_pb2 import Usage, UsageSource
from trunkline.v1.llm_pb2 import EmbedRequest
from trunkline_server.domain.errors import ProviderError, Reason
from trunkline_server.providers.embedding import CONCURRENCY, embed, split, summed
from trunkline_server.providers.profiles import builtin
from trunkline_server.providers.wire import Embedding, MalformedError, Subject, Vectors

SUBJECT = Subject(builtin()["openai"], "openai", "text-embedding-3-small")
PROVIDER = UsageSource.USAGE_SOURCE_PROVIDER


def _encode(request: EmbedRequest, texts: Sequence[str], subject: Subject) -> bytes:
    return orjson.dumps(list(texts))


def _decode(body: bytes, subject: Subject) -> Vectors:
    """The answer holds the numbers whose vectors it is: `{"of": [...], "told": bool, "long": bool}`."""
    found = orjson.loads(body)
    if found is None:
        raise MalformedError("nothing came")
    packed = [struct.pack("<f", number) * (2 if found["long"] else 1) for number in found["of"]]
    usage = Usage(input_tokens=len(packed), source=PROVIDER) if found["told"] else Usage()
    return Vectors(packed, usage, "m-1")


WIRE = Embedding(_encode, _decode, lambda request, subject: [])


class Upstream:
    """Answers each batch, the later ones first; `broken` holds what the batch that begins with a number raises."""

    def __init__(self, **behaviour: object) -> None:
        self.broken: dict[int, Exception] = {}
        self.untold: set[int] = set()
        self.long: set[int] = set()
        self.short: set[int] = set()
        self.stuck: set[int] = set()
        self.malformed: set[int] = set()
        self.__dict__.update(behaviour)
        self.sent: list[list[int]] = []
        self.running = self.most = self.cancelled = 0

    async def __call__(self, body: bytes) -> bytes:
        numbers = [int(text) for text in orjson.loads(body)]
        first = numbers[0]
        self.sent.append(numbers)
        self.running += 1
        self.most = max(self.most, self.running)
        try:
            # Those that began together answer in reverse.
            for _ in range(3 * (CONCURRENCY - len(self.sent) % CONCURRENCY)):
                await asyncio.sleep(0)
            if first in self.stuck:
                await asyncio.Event().wait()
            if first in self.broken:
                raise self.broken[first]
        except asyncio.CancelledError:
            self.cancelled += 1
            raise
        finally:
            self.running -= 1
        if first in self.malformed:
            return b"null"
        found = numbers[1:] if first in self.short else numbers
        return orjson.dumps({"of": found, "told": first not in self.untold, "long": first in self.long})


async def run(upstream: Upstream, texts: int, most: int = 2, **more: int) -> Vectors:
    request = EmbedRequest(inputs=[str(at) for at in range(texts)], **more)  # type: ignore[arg-type]
    return await embed(WIRE, request, SUBJECT, most, upstream)


async def failure(upstream: Upstream, texts: int, most: int = 2, **more: int) -> ProviderError:
    with pytest.raises(ProviderError) as caught:
        await run(upstream, texts, most, **more)
    assert upstream.running == 0
    return caught.value


async def test_vectors_come_in_the_order_of_the_texts() -> None:
    upstream = Upstream()
    found = await run(upstream, 21)
    assert [struct.unpack("<f", vector)[0] for vector in found.packed] == list(range(21))
    assert sorted(map(len, upstream.sent)) == [1] + [2] * 10
    assert upstream.most == CONCURRENCY
    assert (found.usage.input_tokens, found.usage.source, found.model) == (21, PROVIDER, "m-1")


async def test_few_texts_are_one_call() -> None:
    upstream = Upstream()
    await run(upstream, 2)
    assert upstream.sent == [[0, 1]]


async def test_usage_that_one_batch_does_not_tell_is_not_known() -> None:
    found = await run(Upstream(untold={2}), 6)
    assert not found.usage.HasField("input_tokens")


async def test_one_failure_ends_all_batches() -> None:
    error = ProviderError(Reason.ERROR_REASON_UPSTREAM_UNAVAILABLE, "down", retry=True)
    upstream = Upstream(broken={4: error}, stuck={2, 6})
    found = await failure(upstream, 100)
    assert found is error
    # Which texts the failed call held, as it may tell one of them by its place in the batch.
    assert found.metadata["inputs"] == "4-5"
    assert upstream.cancelled >= 2
    assert len(upstream.sent) <= CONCURRENCY + 1
    # What was answered is told, what was cut off is estimated, and what was refused cost nothing.
    assert found.usage is not None
    assert found.usage.source == UsageSource.USAGE_SOURCE_ESTIMATED
    assert found.usage.input_tokens == 2 * (len(upstream.sent) - 1)


async def test_a_failure_alone_costs_nothing() -> None:
    error = ProviderError(Reason.ERROR_REASON_UPSTREAM_RATE_LIMITED, "slow down")
    found = await failure(Upstream(broken={0: error}), 1)
    assert (found.usage, found.metadata) == (None, {})


async def test_a_batch_that_took_too_long_may_have_cost() -> None:
    error = ProviderError(Reason.ERROR_REASON_UPSTREAM_TIMEOUT, "too long")
    usage = (await failure(Upstream(broken={0: error}), 2)).usage
    assert usage is not None
    assert (usage.input_tokens, usage.source) == (2, UsageSource.USAGE_SOURCE_ESTIMATED)


@pytest.mark.parametrize("kind", ["malformed", "short", "long"])
async def test_a_wrong_answer_is_malformed(kind: str) -> None:
    found = await failure(Upstream(**{kind: {2}}), 6)
    assert found.reason == Reason.ERROR_REASON_UPSTREAM_MALFORMED
    assert (found.retry, found.fallback, found.metadata) == (True, True, {"provider": "openai"})


async def test_vectors_of_another_length_than_asked_for_are_malformed() -> None:
    assert (await failure(Upstream(), 2, dimensions=2)).reason == Reason.ERROR_REASON_UPSTREAM_MALFORMED
    assert len((await run(Upstream(), 2, dimensions=1)).packed) == 2


async def test_a_caller_who_leaves_closes_every_call() -> None:
    upstream = Upstream(stuck={0, 2, 4, 6})
    task = asyncio.create_task(run(upstream, 100))
    while len(upstream.sent) < CONCURRENCY:
        await asyncio.sleep(0)
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert (upstream.cancelled, upstream.running, len(upstream.sent)) == (CONCURRENCY, 0, CONCURRENCY)


def test_batches_have_a_bound_of_bytes() -> None:
    texts = ["a" * 100_000, "b" * 100_000, "ü" * 50_000, "d" * 1_000_000, "e"]
    assert [len(batch) for batch in split(texts, 100)] == [2, 1, 1, 1]
    assert [text for batch in split(texts, 100) for text in batch] == texts
    assert [len(batch) for batch in split(["x"] * 2048, 2048)] == [1024, 1024]
    assert [len(batch) for batch in split(["x"] * 3, 0)] == [1, 1, 1]


def test_usage_is_summed() -> None:
    parts = [Usage(input_tokens=3, output_tokens=0, source=PROVIDER), Usage(input_tokens=4, source=PROVIDER)]
    parts[0].other_units["pages"] = 2
    parts[1].other_units["pages"] = 3
    total = summed(parts)
    assert (total.input_tokens, total.HasField("output_tokens"), dict(total.other_units)) == (7, False, {"pages": 5})
