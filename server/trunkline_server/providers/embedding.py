"""One embedding of many texts: batches that run side by side, and the vectors together in the order of the texts."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Iterator, Mapping, Sequence

from trunkline.v1.common_pb2 import Usage, UsageSource
from trunkline.v1.llm_pb2 import EmbedRequest

from trunkline_server.domain import tokens
from trunkline_server.domain.errors import ProviderError, Reason
from trunkline_server.providers import taxonomy
from trunkline_server.providers.wire import Embedding, MalformedError, Subject, Vectors

# Sends a body and gives that of the answer. Raises ProviderError.
Post = Callable[[bytes], Awaitable[bytes]]

# Calls of one embedding that are on their way at a time.
CONCURRENCY = 4
# A batch never has more tokens than bytes; OpenAI takes 300,000 tokens in one call.
_BATCH_BYTES = 256 * 1024
# More of the longest vectors would exceed what is read of an answer.
_BATCH_TEXTS = 1024
_FLOAT_BYTES = 4
_NONE = Vectors((), Usage())
_COUNTS = [field.name for field in Usage.DESCRIPTOR.fields if field.name.endswith("_tokens")]
# A call that failed so may have been worked on all the same.
_MAY_HAVE_COST = frozenset(
    (
        Reason.ERROR_REASON_UPSTREAM_TIMEOUT,
        Reason.ERROR_REASON_CALLER_DEADLINE,
        Reason.ERROR_REASON_UPSTREAM_MALFORMED,
    )
)


async def embed(embedding: Embedding, request: EmbedRequest, subject: Subject, most: int, post: Post) -> Vectors:
    """A vector for each text, at most `most` texts in a call. The first failure ends all calls; its error tells what
    those used that were answered or cut off."""
    batches = list(split(request.inputs, most))
    found: list[Vectors] = [_NONE] * len(batches)
    used: dict[int, Usage] = {}
    lengths: set[int] = {request.dimensions} if request.HasField("dimensions") else set()
    queue = iter(range(len(batches)))

    async def work() -> None:
        for at in queue:
            body = embedding.encode(request, batches[at], subject)
            used[at] = Usage()
            try:
                found[at] = vectors = embedding.decode(await post(body), subject)
                used[at] = vectors.usage
                _check(vectors, len(batches[at]), lengths)
            except MalformedError as error:
                raise malformed(subject.provider, error) from None
            except ProviderError as error:
                if error.usage is not None:
                    used[at] = error.usage
                elif error.reason not in _MAY_HAVE_COST:
                    del used[at]
                if len(batches) > 1:
                    error.metadata["inputs"] = _place(batches, at)
                raise

    try:
        async with asyncio.TaskGroup() as group:
            for _ in range(min(CONCURRENCY, len(batches))):
                group.create_task(work())
    except ExceptionGroup as errors:
        first = errors.exceptions[0]
        if isinstance(first, ProviderError):
            first.usage = _estimated(used, batches, subject.model)
        raise first from None
    if len(found) == 1:
        return found[0]
    model = next((part.model for part in found if part.model), "")
    return Vectors([vector for part in found for vector in part.packed], summed(used.values()), model)


def split(texts: Sequence[str], most: int) -> Iterator[Sequence[str]]:
    """Texts in batches of at most `most`, and of no more bytes than fit; a text that is longer goes alone."""
    most = max(1, min(most, _BATCH_TEXTS))
    start = size = 0
    for at, text in enumerate(texts):
        long = len(text) if text.isascii() else len(text.encode(errors="replace"))
        if at > start and (at - start == most or size + long > _BATCH_BYTES):
            yield texts[start:at]
            start, size = at, 0
        size += long
    yield texts[start:]


def summed(counts: Iterable[Usage]) -> Usage:
    """Usage of several calls. A count that any of them did not tell is not known of all."""
    parts = list(counts)
    total = Usage(source=max((part.source for part in parts), default=UsageSource.USAGE_SOURCE_UNSPECIFIED))
    for name in _COUNTS:
        if all(part.HasField(name) for part in parts):  # type: ignore[arg-type]
            setattr(total, name, sum(getattr(part, name) for part in parts))
    for part in parts:
        for unit, amount in part.other_units.items():
            total.other_units[unit] += amount
    return total


def _place(batches: Sequence[Sequence[str]], at: int) -> str:
    """The first and the last text of a batch, by their index in the request: the provider counts within the batch."""
    first = sum(map(len, batches[:at]))
    return f"{first}-{first + len(batches[at]) - 1}"


def _check(vectors: Vectors, wanted: int, lengths: set[int]) -> None:
    """One vector for each text, all of the length that was asked for or came before. Raises MalformedError."""
    if len(vectors.packed) != wanted:
        raise MalformedError(f"{len(vectors.packed)} vectors came for {wanted} texts")
    lengths.update(len(vector) // _FLOAT_BYTES for vector in vectors.packed)
    if len(lengths) > 1:
        raise MalformedError(f"the vectors have not the one length they should have: {sorted(lengths)}")


def _estimated(used: Mapping[int, Usage], batches: Sequence[Sequence[str]], model: str) -> Usage | None:
    """What a failed embedding used: as told by the calls that were answered, estimated for those that told nothing."""
    if not used or all(usage.HasField("input_tokens") for usage in used.values()):
        return summed(used.values()) if used else None
    encoding = tokens.encoding_for(model)
    counts = [
        usage.input_tokens if usage.HasField("input_tokens") else tokens.count_texts(batches[at], encoding)
        for at, usage in used.items()
    ]
    return Usage(input_tokens=sum(counts), output_tokens=0, source=UsageSource.USAGE_SOURCE_ESTIMATED)


def malformed(provider: str, error: Exception) -> ProviderError:
    """UPSTREAM_MALFORMED; the same provider may do better."""
    kind = taxonomy.MALFORMED
    return ProviderError(
        kind.reason,
        f"{provider} {kind.said}: {error}",
        retry=kind.retry,
        fallback=kind.fallback,
        http_status=200,
        metadata={"provider": provider},
    )
