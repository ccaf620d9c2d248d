"""The gRPC server: generic handlers over the chain, health, reflection, limits of the wire, drain."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from typing import Any

import grpc
from grpc_health.v1 import health_pb2_grpc
from grpc_reflection.v1alpha import reflection

from trunkline_server.config import Server as Settings
from trunkline_server.domain.tab import Settlements
from trunkline_server.transport.chain import Interceptor, compose
from trunkline_server.transport.executions import Executions
from trunkline_server.transport.health import Health
from trunkline_server.transport.methods import full_names, methods
from trunkline_server.transport.pump import Calls, pump
from trunkline_server.transport.tls import Certificates

# How long calls that were sent before their caller learnt of the drain may still arrive.
_LATE_SECONDS = 1.0
# The wire takes four times what the contract allows, so that a request that is too large gets a typed refusal.
_WIRE_FACTOR = 4


class _Handlers(grpc.GenericRpcHandler):
    """One dictionary of handlers. grpcio 1.84 and later pay on each call for each *registered* method."""

    def __init__(self, handlers: Mapping[str, grpc.RpcMethodHandler[Any, Any]]) -> None:
        self._handlers = handlers

    def service(self, details: grpc.HandlerCallDetails) -> grpc.RpcMethodHandler[Any, Any] | None:
        """The handler of a path."""
        return self._handlers.get(details.method)


class _GenericOnly:
    """Takes a generated `add_…Servicer_to_server` and drops its registered handlers."""

    def __init__(self, server: grpc.aio.Server) -> None:
        self.add_generic_rpc_handlers = server.add_generic_rpc_handlers

    def add_registered_method_handlers(self, service: str, handlers: object) -> None:
        """Nothing: the generic ones serve."""


def _options(settings: Settings) -> list[tuple[str, int]]:
    keepalive = int(settings.keepalive_seconds * 1000)
    wire = settings.max_message_bytes * _WIRE_FACTOR
    return [
        ("grpc.so_reuseport", 1),
        ("grpc.max_receive_message_length", wire),
        ("grpc.max_send_message_length", wire),
        ("grpc.keepalive_time_ms", keepalive),
        ("grpc.keepalive_timeout_ms", 20_000),
        ("grpc.keepalive_permit_without_calls", 1),
        ("grpc.http2.min_ping_interval_without_data_ms", 10_000),
        ("grpc.max_concurrent_streams", 100_000),
        # Above 1,000 calls that Python has not picked up yet, gRPC would drop some at random, as CANCELLED and without
        # a word. The limits refuse them, with a reason.
        ("grpc.server.max_pending_requests", 100_000),
        ("grpc.server.max_pending_requests_hard_limit", 100_000),
    ]


class GrpcServer:
    """One worker's server."""

    def __init__(
        self, settings: Settings, interceptors: Sequence[Interceptor], servicers: dict[str, object], health: Health
    ) -> None:
        self._settings = settings
        self._health = health
        self.calls = Calls(settings.write_timeout_seconds)
        self._server = grpc.aio.server(options=_options(settings))
        handlers: dict[str, grpc.RpcMethodHandler[Any, Any]] = {}
        for method in methods(servicers):
            run = pump(method, compose(interceptors, method), self.calls, settings.default_deadline_seconds)
            if method.client_streaming:
                handlers[method.path] = grpc.stream_stream_rpc_method_handler(run)
            elif method.server_streaming:
                handlers[method.path] = grpc.unary_stream_rpc_method_handler(run)
            else:
                handlers[method.path] = grpc.unary_unary_rpc_method_handler(run)
        self._server.add_generic_rpc_handlers((_Handlers(handlers),))
        generic: Any = _GenericOnly(self._server)
        health_pb2_grpc.add_HealthServicer_to_server(health.servicer, generic)
        if settings.reflection:
            names = (*full_names(), "grpc.health.v1.Health", reflection.SERVICE_NAME)
            reflection.enable_server_reflection(names, self._server)
        self._watch: asyncio.Task[None] | None = None

    async def start(self) -> int:
        """Bind and serve; returns the port. Raises RuntimeError when the address cannot be bound."""
        address = self._settings.listen
        if self._settings.tls is None:
            port = self._server.add_insecure_port(address)
        else:
            port = self._server.add_secure_port(address, Certificates(self._settings.tls).credentials())
        await self._server.start()
        self._watch = asyncio.create_task(self.calls.watch())
        return port

    async def drain(self, executions: Executions, settlements: Settlements) -> int:
        """NOT_SERVING, wait for balancers to notice, refuse what comes then, let calls and executions end within the
        grace, then their settlements.

        Returns how many calls had to be cut off.
        """
        await self._health.drain()
        await asyncio.sleep(self._settings.drain_seconds)
        await self.calls.refuse()
        stopping = asyncio.create_task(self._server.stop(self._settings.grace_seconds))
        seconds = self._settings.grace_seconds
        left, unread = await asyncio.gather(self.calls.drain(seconds), executions.drain(seconds))
        # Ends when nothing is open. Health.Watch never ends by itself: do not wait for it beyond this.
        await asyncio.wait((stopping,), timeout=_LATE_SECONDS)
        await self.calls.drain(5)
        await settlements.drain(10)
        await self._server.stop(0)
        await stopping
        if self._watch is not None:
            self._watch.cancel()
        return max(left, unread)
