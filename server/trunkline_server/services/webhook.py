"""WebhookService: events, delivered to HTTP endpoints of the tenant."""

from __future__ import annotations

from contextlib import suppress
from datetime import UTC, datetime

from google.protobuf.field_mask_pb2 import FieldMask
from trunkline.v1.webhook_pb2 import (
    CreateWebhookEndpointRequest,
    CreateWebhookEndpointResponse,
    DeleteWebhookEndpointRequest,
    DeleteWebhookEndpointResponse,
    GetWebhookDeliveryRequest,
    GetWebhookDeliveryResponse,
    GetWebhookEndpointRequest,
    GetWebhookEndpointResponse,
    ListWebhookDeliveriesRequest,
    ListWebhookDeliveriesResponse,
    ListWebhookEndpointsRequest,
    ListWebhookEndpointsResponse,
    RedeliverWebhooksRequest,
    RedeliverWebhooksResponse,
    RotateWebhookSecretRequest,
    RotateWebhookSecretResponse,
    UpdateWebhookEndpointRequest,
    UpdateWebhookEndpointResponse,
    VerifyWebhookEndpointRequest,
    VerifyWebhookEndpointResponse,
)

from trunkline_server.domain.addresses import OutboundPolicy
from trunkline_server.domain.call import Call
from trunkline_server.domain.duration import seconds
from trunkline_server.domain.webhooks import endpoints as rules
from trunkline_server.domain.webhooks.message import Poison, read_event
from trunkline_server.domain.webhooks.ports import Endpoints, Sender
from trunkline_server.services.access import actor_of, masked
from trunkline_server.services.paging import DEFAULT_PAGE_SIZE

_PATHS = frozenset(
    ("url", "types", "integration_ids", "description", "status", "ordered", "max_concurrency", "timeout")
)
# How long the secret before signs too, where a request does not say, in seconds.
_OVERLAP = 86_400.0


class WebhookService:
    """Endpoints of a tenant, and their deliveries."""

    def __init__(self, endpoints: Endpoints, sender: Sender, policy: OutboundPolicy) -> None:
        self._endpoints = endpoints
        self._sender = sender
        self._policy = policy

    async def create_webhook_endpoint(
        self, call: Call, request: CreateWebhookEndpointRequest
    ) -> CreateWebhookEndpointResponse:
        """See the contract."""
        rules.check_url(self._policy, request.endpoint.url)
        secret = rules.checked_secret(request.secret)
        endpoint = await self._endpoints.create(actor_of(call), request.endpoint, secret)
        return CreateWebhookEndpointResponse(endpoint=endpoint, secret=secret)

    async def get_webhook_endpoint(self, call: Call, request: GetWebhookEndpointRequest) -> GetWebhookEndpointResponse:
        """See the contract."""
        return GetWebhookEndpointResponse(endpoint=await self._endpoints.get(call.tenant_id, request.endpoint_id))

    async def list_webhook_endpoints(
        self, call: Call, request: ListWebhookEndpointsRequest
    ) -> ListWebhookEndpointsResponse:
        """See the contract."""
        found, following = await self._endpoints.list(
            call.tenant_id, request.page_size or DEFAULT_PAGE_SIZE, request.page_token
        )
        return ListWebhookEndpointsResponse(endpoints=found, next_page_token=following)

    async def update_webhook_endpoint(
        self, call: Call, request: UpdateWebhookEndpointRequest
    ) -> UpdateWebhookEndpointResponse:
        """See the contract."""
        paths = masked(_whole(request.update_mask), _PATHS)
        if "url" in paths:
            rules.check_url(self._policy, request.endpoint.url)
        endpoint = await self._endpoints.update(actor_of(call), request.endpoint, paths)
        return UpdateWebhookEndpointResponse(endpoint=endpoint)

    async def delete_webhook_endpoint(
        self, call: Call, request: DeleteWebhookEndpointRequest
    ) -> DeleteWebhookEndpointResponse:
        """See the contract."""
        await self._endpoints.delete(actor_of(call), request.endpoint_id, request.etag)
        return DeleteWebhookEndpointResponse()

    async def verify_webhook_endpoint(
        self, call: Call, request: VerifyWebhookEndpointRequest
    ) -> VerifyWebhookEndpointResponse:
        """See the contract."""
        endpoint = await rules.verify(self._endpoints, self._sender, actor_of(call), request.endpoint_id, call.deadline)
        return VerifyWebhookEndpointResponse(endpoint=endpoint)

    async def rotate_webhook_secret(
        self, call: Call, request: RotateWebhookSecretRequest
    ) -> RotateWebhookSecretResponse:
        """See the contract."""
        secret = rules.checked_secret(request.secret)
        overlap = seconds(request.overlap) if request.HasField("overlap") else _OVERLAP
        endpoint = await self._endpoints.rotate(actor_of(call), request.endpoint_id, secret, overlap)
        answer = RotateWebhookSecretResponse(secret=secret)
        if endpoint.HasField("previous_secret_expire_time"):
            answer.previous_secret_expire_time.CopyFrom(endpoint.previous_secret_expire_time)
        else:
            answer.previous_secret_expire_time.CopyFrom(endpoint.update_time)
        return answer

    async def list_webhook_deliveries(
        self, call: Call, request: ListWebhookDeliveriesRequest
    ) -> ListWebhookDeliveriesResponse:
        """See the contract."""
        size = request.page_size or DEFAULT_PAGE_SIZE
        found, following = await self._endpoints.deliveries(
            call.tenant_id, request.endpoint_id, request.status, size, request.page_token
        )
        return ListWebhookDeliveriesResponse(deliveries=found, next_page_token=following)

    async def get_webhook_delivery(self, call: Call, request: GetWebhookDeliveryRequest) -> GetWebhookDeliveryResponse:
        """See the contract."""
        delivery, payload, attempts = await self._endpoints.delivery(
            call.tenant_id, request.endpoint_id, request.event_id
        )
        answer = GetWebhookDeliveryResponse(delivery=delivery, attempts=attempts)
        with suppress(Poison):
            answer.event.CopyFrom(read_event(payload))
        return answer

    async def redeliver_webhooks(self, call: Call, request: RedeliverWebhooksRequest) -> RedeliverWebhooksResponse:
        """See the contract."""
        since = request.dead_since.ToDatetime(UTC) if request.HasField("dead_since") else None
        if since is not None and since.year < 2:
            since = datetime(2, 1, 1, tzinfo=UTC)
        done = await self._endpoints.redeliver(actor_of(call), request.endpoint_id, request.event_id, since)
        return RedeliverWebhooksResponse(deliveries=done)


def _whole(mask: FieldMask) -> list[str]:
    """A mask may name the fields of a duration; they are set together."""
    return ["timeout" if path.startswith("timeout.") else path for path in mask.paths]
