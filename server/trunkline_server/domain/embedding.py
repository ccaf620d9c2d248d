"""Vectors of texts, stage by stage: route, admit, attempt, settle."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import partial

from trunkline.v1.llm_pb2 import Embedding, EmbeddingEncoding, EmbedRequest, EmbedResponse

from trunkline_server.domain import tokens
from trunkline_server.domain.attempts import Attempts
from trunkline_server.domain.call import Call
from trunkline_server.domain.errors import ProviderError, Reason, invalid_fields
from trunkline_server.domain.ports import Providers
from trunkline_server.domain.resilience import Resilience
from trunkline_server.domain.router import Router
from trunkline_server.domain.routes.plan import no_provider
from trunkline_server.domain.run import Run
from trunkline_server.domain.stages import admit, conclude, unserved_cache

_FLOAT_BYTES = 4
# Field 2, `values`, length-delimited.
_VALUES_TAG = b"\x12"


class Embeddings:
    """Vectors for every tenant."""

    def __init__(self, router: Router, providers: Providers, resilience: Resilience) -> None:
        self._router = router
        self._providers = providers
        self._resilience = resilience

    async def embed(self, call: Call, request: EmbedRequest) -> EmbedResponse:
        """A vector for each text, in order. Raises what a completion raises."""
        run = await self._begin(call, request)
        attempts = Attempts(run, self._resilience)
        while (trial := await attempts.next()) is not None:
            try:
                found = await self._providers.embed(trial.choice.candidate.target, request, call.deadline, trial.heard)
            except ProviderError as error:
                trial.failed(error)
                continue
            usage = trial.succeeded(found.usage)
            answer = EmbedResponse(
                embeddings=embeddings(found.packed, request.encoding),
                dimensions=len(found.packed[0]) // _FLOAT_BYTES,
                model_used=found.model,
                usage=usage,
            )
            await conclude(run, answer)
            return answer
        raise run.final_error()

    async def _begin(self, call: Call, request: EmbedRequest) -> Run:
        """Route, then admit: a hold for the dearest candidate that may be tried."""
        if unserved := unserved_cache(request.cache):
            raise invalid_fields(unserved, reason=Reason.ERROR_REASON_UNSUPPORTED_PARAMETER)
        roads = await self._router.roads(call.tenant_id)
        budgets = roads.budgets.in_scope(call.identity, call.context, call.arrived_wall)
        plan = self._router.plan_embedding(roads, call, request, budgets)
        if not plan.choices:
            raise no_provider(plan)
        # Vectors are no output tokens: the input tells what was used.
        run = Run(
            call,
            plan,
            partial(tokens.count_texts, request.inputs),
            priority=request.priority,
            explain=request.routing.explain,
            told_by="input_tokens",
        )
        await admit(run, budgets, self._resilience)
        self._router.took(call.tenant_id, run.plan)
        return run


def embeddings(packed: Sequence[bytes], encoding: EmbeddingEncoding.ValueType) -> Iterator[Embedding]:
    """Vectors of little-endian 32-bit floats as messages."""
    for index, vector in enumerate(packed):
        if encoding == EmbeddingEncoding.EMBEDDING_ENCODING_PACKED:
            yield Embedding(index=index, packed=vector)
        else:
            # A packed field travels as these very bytes: parsing them copies once, where assignment takes each float.
            found = Embedding.FromString(_VALUES_TAG + _varint(len(vector)) + vector)
            found.index = index
            yield found


def _varint(number: int) -> bytes:
    parts = bytearray()
    while number > 0x7F:
        parts.append(number & 0x7F | 0x80)
        number >>= 7
    parts.append(number)
    return bytes(parts)
