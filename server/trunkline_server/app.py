"""The composition root: one worker, from settings to a serving server, in one AsyncExitStack."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from typing import Any

import structlog
from opentelemetry.trace import Tracer

from trunkline_server import background
from trunkline_server.config import Settings
from trunkline_server.connectors.rest.engine import RestConnector
from trunkline_server.domain import tokens
from trunkline_server.domain.addresses import OutboundPolicy
from trunkline_server.domain.completion import Completions
from trunkline_server.domain.deadline import Deadline
from trunkline_server.domain.ports import Admission, Directory, ReplayStore
from trunkline_server.domain.resilience import Resilience
from trunkline_server.domain.router import Router, RoutingSettings
from trunkline_server.domain.tab import Settlements
from trunkline_server.ops import admin
from trunkline_server.ops.accesslog import AccessLog
from trunkline_server.ops.metrics import CallMetrics
from trunkline_server.ops.tracing import tracer
from trunkline_server.providers.catalogue import PriceCatalogue
from trunkline_server.providers.driver import ProviderDriver
from trunkline_server.services.access import AccessService
from trunkline_server.services.budget import BudgetService
from trunkline_server.services.integration import IntegrationService
from trunkline_server.services.llm import LLMService
from trunkline_server.services.tool import ToolService
from trunkline_server.stores import postgres
from trunkline_server.stores.crypto import Keyring
from trunkline_server.stores.redis.admission import RedisAdmission
from trunkline_server.stores.redis.client import connect
from trunkline_server.stores.redis.pubsub import Changes
from trunkline_server.stores.redis.replay import RedisReplay
from trunkline_server.stores.redis.usage import UsageWriter
from trunkline_server.transport.chain import Interceptor
from trunkline_server.transport.health import Health
from trunkline_server.transport.interceptors.authentication import Authentication
from trunkline_server.transport.interceptors.authorization import Authorization
from trunkline_server.transport.interceptors.budget import Budget
from trunkline_server.transport.interceptors.errors import Errors
from trunkline_server.transport.interceptors.limits import Limits
from trunkline_server.transport.interceptors.metrics import Metrics
from trunkline_server.transport.interceptors.replay import Replay
from trunkline_server.transport.interceptors.request_context import RequestContext
from trunkline_server.transport.interceptors.tracing import Tracing
from trunkline_server.transport.interceptors.validation import Validation
from trunkline_server.transport.server import GrpcServer

_log = structlog.get_logger("trunkline.app")


@dataclass(frozen=True, slots=True)
class Worker:
    """A serving worker."""

    server: GrpcServer
    port: int
    settlements: Settlements
    usage: UsageWriter

    async def drain(self) -> int:
        """Stop serving without losing anything; returns how many calls had to be cut off."""
        left = await self.server.drain(self.settlements)
        await self.usage.drain(Deadline.after(10))
        return left


@asynccontextmanager
async def worker(settings: Settings) -> AsyncIterator[Worker]:
    """Build everything, serve, and take it down again in reverse order.

    Raises TrunklineError when a store cannot be reached at start.
    """
    async with AsyncExitStack() as stack:
        keyring = Keyring.from_config(_words(settings.security.credential_keys.get_secret_value()))
        database = await stack.enter_async_context(
            postgres.open_database(
                settings.stores.database_url.get_secret_value(), max_connections=settings.stores.pool_size
            )
        )
        redis = await stack.enter_async_context(connect(settings.stores.redis_urls))
        changes = Changes(redis)
        directory = postgres.PgDirectory(database, keyring, changes.announce)
        stack.push_async_callback(directory.close)
        ledger = postgres.PgLedger(database)
        admission, replays, usage = RedisAdmission(redis, ledger), RedisReplay(redis), UsageWriter(redis, ledger)
        policy = OutboundPolicy(allow=settings.security.allowed_addresses, allow_http=settings.security.allow_http)
        providers = await stack.enter_async_context(
            ProviderDriver(stream_idle_timeout=settings.routing.stream_idle_timeout_seconds)
        )
        api = await stack.enter_async_context(RestConnector(policy))
        catalogue = PriceCatalogue()
        await asyncio.gather(asyncio.to_thread(catalogue.load), asyncio.to_thread(tokens.warm_up))
        resilience, settlements = Resilience(), Settlements()
        router = Router(
            directory,
            catalogue,
            providers,
            resilience,
            RoutingSettings(
                aliases=settings.routing.aliases,
                provider_timeout=settings.routing.provider_timeout_seconds,
                cost_optimization=settings.routing.cost_optimization_enabled,
                budget_alert_threshold=settings.budgets.alert_threshold,
            ),
        )
        servicers: dict[str, object] = {
            "LLMService": LLMService(Completions(router, providers, resilience), router, catalogue),
            "IntegrationService": IntegrationService(
                postgres.PgIntegrations(database, keyring), directory, router, providers, api, policy.url_problem
            ),
            "ToolService": ToolService(directory, api),
            "AccessService": AccessService(postgres.PgTenants(database), postgres.PgKeys(database), directory),
            "BudgetService": BudgetService(
                postgres.PgBudgets(database), directory, admission, settings.budgets.alert_threshold
            ),
        }
        log = AccessLog(settings.observability.access_log)
        interceptors = interceptors_of(
            settings,
            tracer(settings.observability.otlp_endpoint, stack),
            CallMetrics(),
            log,
            directory,
            replays,
            admission,
            settlements,
        )

        async def findings() -> tuple[bool, Mapping[str, Any]]:
            found = {
                "postgres": await background.answers(database.ping()),
                "redis": await background.answers(redis.ping()),
            }
            return all(found.values()), found

        async def ready() -> bool:
            return (await findings())[0]

        async def cache_status() -> Mapping[str, Any]:
            return {
                "redis": await background.answers(redis.ping()),
                "levels": [],
                "detail": "no answer cache is served yet",
            }

        health = Health(ready)
        server = GrpcServer(settings.server, interceptors, servicers, health)
        background.start(
            stack,
            admission.run(),
            replays.run(),
            usage.run(),
            background.follow(changes, directory),
            background.partitions(ledger),
            health.run(),
            log.run(),
        )
        port = await server.start()
        runner = await admin.serve(admin.application(findings, cache_status), settings.server.admin)
        stack.push_async_callback(runner.cleanup)
        _log.info("serving", port=port, pid=os.getpid())
        yield Worker(server, port, settlements, usage)


def interceptors_of(
    settings: Settings,
    spans: Tracer | None,
    metrics: CallMetrics,
    log: AccessLog,
    directory: Directory,
    replays: ReplayStore,
    admission: Admission,
    settlements: Settlements,
) -> list[Interceptor]:
    """The chain, outermost first."""
    return [
        RequestContext(),
        Tracing(spans, settings.observability.trace_sample_ratio),
        Metrics(metrics, log),
        Errors(),
        Authentication(directory),
        Authorization(),
        Validation(settings.server.max_message_bytes),
        Limits(settings.server.max_concurrent_requests),
        Replay(replays),
        Budget(admission, settlements),
    ]


def _words(text: str) -> list[str]:
    return [word.strip() for word in text.split(",") if word.strip()]
