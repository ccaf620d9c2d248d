"""The methods of the contract, read from its descriptors and joined to the servicers that answer them."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from google.protobuf import descriptor_pool
from google.protobuf.descriptor import MethodDescriptor, ServiceDescriptor
from google.protobuf.descriptor_pb2 import MethodOptions
from google.protobuf.message import Message
from google.protobuf.message_factory import GetMessageClass
from trunkline.v1 import (  # noqa: F401  their import registers the services
    access_pb2,
    analytics_pb2,
    budget_pb2,
    cache_pb2,
    event_pb2,
    integration_pb2,
    llm_pb2,
    options_pb2,
    policy_pb2,
    tool_pb2,
    webhook_pb2,
)

PACKAGE = "trunkline.v1"
_LASTING = frozenset(("trunkline.v1.EventService/Subscribe",))
SERVICES = (
    "LLMService",
    "IntegrationService",
    "ToolService",
    "BudgetService",
    "AnalyticsService",
    "EventService",
    "WebhookService",
    "AccessService",
    "PolicyService",
    "CacheService",
)


@dataclass(frozen=True, slots=True)
class Method:
    """One method: what it needs of its caller, and the servicer's function, None where it is not served yet.
    `repeatable`: executed twice it has no other effect than once."""

    name: str
    request: type[Message]
    permission: str
    operator_only: bool
    client_streaming: bool
    server_streaming: bool
    repeatable: bool
    function: Callable[..., Any] | None
    # It goes on until its caller ends it: a caller that sets no deadline has none.
    lasting: bool = False

    @property
    def path(self) -> str:
        """The path on the wire."""
        return f"/{self.name}"


def full_names() -> list[str]:
    """The full names of all services."""
    return [f"{PACKAGE}.{name}" for name in SERVICES]


def _snake(name: str) -> str:
    return re.sub(r"(?<!^)(?=[A-Z])", "_", name).lower()


def descriptors() -> Iterator[ServiceDescriptor]:
    """The services of the contract."""
    pool = descriptor_pool.Default()
    for name in full_names():
        yield pool.FindServiceByName(name)


def methods(servicers: dict[str, object]) -> Iterable[Method]:
    """Every method of the contract. `servicers` holds servicers by service name, for example `LLMService`."""
    for service in descriptors():
        servicer = servicers.get(service.name)
        for method in service.methods:
            yield _method(service, method, getattr(servicer, _snake(method.name), None))


def _method(service: ServiceDescriptor, method: MethodDescriptor, function: Callable[..., Any] | None) -> Method:
    options = method.GetOptions()
    access = options.Extensions[options_pb2.access]
    name = f"{service.full_name}/{method.name}"
    return Method(
        name=name,
        request=GetMessageClass(method.input_type),
        permission=access.permission,
        operator_only=access.operator_only,
        client_streaming=method.client_streaming,
        server_streaming=method.server_streaming,
        repeatable=options.idempotency_level != MethodOptions.IDEMPOTENCY_UNKNOWN,
        function=function,
        lasting=name in _LASTING,
    )
