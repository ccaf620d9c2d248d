"""EventService: a tenant's events, as they happen."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import aclosing

from trunkline.v1.event_pb2 import SubscribeRequest, SubscribeResponse

from trunkline_server.domain.call import Call
from trunkline_server.domain.errors import permission_missing
from trunkline_server.domain.events_feed import EventFeed
from trunkline_server.domain.keys import token_of
from trunkline_server.domain.ports import Directory

_PERMISSION = "events.read"


class EventService:
    """Subscriptions."""

    def __init__(self, feed: EventFeed, directory: Directory) -> None:
        self._feed = feed
        self._directory = directory

    async def subscribe(self, call: Call, request: SubscribeRequest) -> AsyncGenerator[SubscribeResponse, None]:
        """See the contract. It outlives no key: at each heartbeat the caller's is looked up again."""

        async def still() -> None:
            caller = await self._directory.caller(token_of(call.metadata))
            if not caller.may(_PERMISSION):
                raise permission_missing(_PERMISSION, caller.key_id)

        async with aclosing(self._feed.subscribe(call.tenant_id, request, still)) as answers:
            async for answer in answers:
                yield answer
