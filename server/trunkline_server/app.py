"""The composition root: one worker, from settings to a serving server, in one AsyncExitStack."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass

import structlog
from opentelemetry.trace import Tracer

from trunkline_server import background
from trunkline_server.config import Settings
from trunkline_server.connectors.openapi import OpenApiImporter
from trunkline_server.domain.completion import Completions
from trunkline_server.domain.counting import TokenCounts
from trunkline_server.domain.embedding import Embeddings
from trunkline_server.domain.events_feed import EventFeed
from trunkline_server.domain.fairness import Queueing
from trunkline_server.domain.integrations.checker import Checker
from trunkline_server.domain.integrations.checks import Checks
from trunkline_server.domain.integrations.health import HealthReports
from trunkline_server.domain.ports import Admission, Directory
from trunkline_server.domain.shadows import Shadows
from trunkline_server.domain.signals import Signals
from trunkline_server.domain.tab import Settlements
from trunkline_server.eventing import event_services
from trunkline_server.ops import admin
from trunkline_server.ops.accesslog import AccessLog
from trunkline_server.ops.loop import LoopWatch
from trunkline_server.ops.metrics import CallMetrics
from trunkline_server.ops.tracing import tracer
from trunkline_server.parts import Parts, checks_of, connect_parts
from trunkline_server.receiving import serve_http
from trunkline_server.services.access import AccessService
from trunkline_server.services.budget import BudgetService
from trunkline_server.services.integration import IntegrationService
from trunkline_server.services.llm import LLMService
from trunkline_server.services.policy import PolicyService
from trunkline_server.services.probes import IntegrationProbes
from trunkline_server.services.steering import Steering
from trunkline_server.stores import postgres
from trunkline_server.tooling import tool_service
from trunkline_server.transport.chain import Interceptor
from trunkline_server.transport.executions import Executions
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
    executions: Executions
    settlements: Settlements
    shadows: Shadows
    feed: EventFeed

    async def drain(self) -> int:
        """Stop serving without losing anything; returns how many calls had to be cut off."""
        self.feed.drain()
        await self.shadows.drain()
        return await self.server.drain(self.executions, self.settlements)


def _health(settings: Settings, parts: Parts) -> HealthReports:
    records = postgres.PgIntegrationHealth(parts.database, checks=settings.integrations.check_interval_seconds > 0)
    return HealthReports(records, parts.directory, parts.breakers, parts.connectors)


def _servicers(
    settings: Settings, parts: Parts, shadows: Shadows, checks: Checks, interceptors: Sequence[Interceptor]
) -> dict[str, object]:
    """The services that are served; the others answer UNIMPLEMENTED with their plan."""
    directory, database, router = parts.directory, parts.database, parts.router
    resilience, threshold = parts.resilience, settings.budgets.alert_threshold
    catalogue, items = parts.catalogue, postgres.PgRouting(database)
    steering = Steering(items, directory, router, catalogue, parts.providers, settings.routing.aliases)
    return {
        "LLMService": LLMService(
            Completions(router, parts.providers, resilience, shadows),
            Embeddings(router, parts.providers, resilience),
            TokenCounts(router, parts.providers),
            router,
            catalogue,
            postgres.PgFeedback(database),
        ),
        "IntegrationService": IntegrationService(
            parts.integrations,
            directory,
            parts.providers,
            parts.connectors,
            checks,
            _health(settings, parts),
            OpenApiImporter(),
        ),
        "ToolService": tool_service(settings, parts, interceptors),
        "AccessService": AccessService(postgres.PgTenants(database), postgres.PgKeys(database), directory),
        "BudgetService": BudgetService(postgres.PgBudgets(database), directory, parts.admission, threshold),
        "PolicyService": PolicyService(steering, postgres.PgExperiments(database), catalogue),
    }


@asynccontextmanager
async def worker(settings: Settings) -> AsyncIterator[Worker]:
    """Build everything, serve, and take it down again in reverse order.

    Raises TrunklineError when a store cannot be reached at start.
    """
    async with AsyncExitStack() as stack:
        parts = await connect_parts(settings, stack)
        log = AccessLog(settings.observability.access_log)
        executions = Executions(parts.replays, parts.signals)
        interceptors = interceptors_of(
            settings,
            tracer(settings.observability.otlp_endpoint, stack),
            CallMetrics(),
            log,
            parts.directory,
            executions,
            parts.admission,
            parts.settlements,
            parts.signals,
        )
        stores = {"postgres": parts.database.ping, "redis": parts.redis.ping}
        probe = IntegrationProbes(parts.directory).find
        health = Health(lambda: background.all_answer(stores), probe)
        shadows = Shadows(parts.admission, parts.settlements, settings.routing.max_shadows, parts.signals)
        checks, usual = checks_of(parts), settings.integrations.check_interval_seconds
        feed, events = await event_services(settings, parts, stack)
        servicers = {**_servicers(settings, parts, shadows, checks, interceptors), **events}
        server = GrpcServer(settings.server, interceptors, servicers, health)
        background.start(
            stack,
            parts.outbox.run(),
            parts.breakers.run(),
            parts.prober.run(),
            Checker(postgres.PgChecks(parts.database, usual), checks, usual, parts.signals).run(),
            parts.references.run(),
            parts.admission.run(),
            parts.call_rates.run(),
            executions.run(),
            background.follow(parts.changes, parts.directory),
            background.follow(postgres.PgChanges(settings.stores.database_url.get_secret_value()), parts.directory),
            health.run(),
            log.run(),
            LoopWatch().run(),
        )
        port = await server.start()
        application = admin.application(lambda: background.findings(stores), lambda: health.draining, probe)
        await serve_http(parts, log, application, settings.server, stack)
        _log.info("serving", port=port, pid=os.getpid())
        yield Worker(server, port, executions, parts.settlements, shadows, feed)


def interceptors_of(
    settings: Settings,
    spans: Tracer | None,
    metrics: CallMetrics,
    log: AccessLog,
    directory: Directory,
    executions: Executions,
    admission: Admission,
    settlements: Settlements,
    signals: Signals,
) -> list[Interceptor]:
    """The chain, outermost first."""
    server = settings.server
    return [
        RequestContext(),
        Tracing(spans, settings.observability.trace_sample_ratio),
        Metrics(metrics, log),
        Errors(),
        Authentication(directory),
        Authorization(),
        Validation(server.max_message_bytes),
        Limits(server.max_concurrent_requests, Queueing(server.queue_size, server.queue_seconds), signals),
        Replay(executions),
        Budget(admission, settlements),
    ]
