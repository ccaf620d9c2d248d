"""How many tokens a request would send: by the provider's own counter where there is one, else by a local estimate."""

from __future__ import annotations

import asyncio

from trunkline.v1.completion_pb2 import CompleteRequest
from trunkline.v1.llm_pb2 import CountTokensResponse

from trunkline_server.domain import tokens
from trunkline_server.domain.call import Call
from trunkline_server.domain.errors import TrunklineError
from trunkline_server.domain.ports import Providers
from trunkline_server.domain.router import Router

# A provider may take this share of the time that is left, and at most so many seconds: an estimate must come in time.
_SHARE = 0.75
_MOST_SECONDS = 5.0


class TokenCounts:
    """Token counts for every tenant. They cost nothing, and are counted against no budget."""

    def __init__(self, router: Router, providers: Providers) -> None:
        self._router = router
        self._providers = providers

    async def count(self, call: Call, request: CompleteRequest) -> CountTokensResponse:
        """The count, and how it was made. Raises CALLER_DEADLINE."""
        try:
            found = await self._by_provider(call, request)
        except TrunklineError:
            # Whatever keeps a provider from counting, an estimate can be had.
            found = None
        call.deadline.check()
        if found is not None:
            return found
        model = self._router.resolve(request.model)
        encoding = await asyncio.to_thread(tokens.load, tokens.exact_encoding(model))
        return CountTokensResponse(
            input_tokens=tokens.count_request(request, encoding), estimated=True, method=encoding, model=model
        )

    async def _by_provider(self, call: Call, request: CompleteRequest) -> CountTokensResponse | None:
        """The first count that a provider of the model gives; None when none of them counts."""
        roads = await self._router.roads(call.tenant_id)
        within = call.deadline.sooner(min(_MOST_SECONDS, call.deadline.remaining() * _SHARE))
        for candidate in self._router.counters(roads, request):
            count = await self._providers.count(candidate.target, request, within)
            if count is not None:
                return CountTokensResponse(input_tokens=count, method="provider", model=candidate.name)
        return None
