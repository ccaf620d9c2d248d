"""What a worker is made of: stores, pools and tables, built once, for `app.py` to join."""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack
from dataclasses import dataclass

from trunkline_server.config import Settings
from trunkline_server.connectors.mcp import McpConnector
from trunkline_server.connectors.rest.engine import RestConnector
from trunkline_server.connectors.rest.templates import load_all
from trunkline_server.connectors.sql import SqlConnector
from trunkline_server.connectors.storage import StorageConnector
from trunkline_server.connectors.webhook import WebhookConnector
from trunkline_server.domain import tokens
from trunkline_server.domain.addresses import OutboundPolicy
from trunkline_server.domain.breakers import Breakers
from trunkline_server.domain.concurrency import Concurrency, Lanes
from trunkline_server.domain.connectors import Connectors
from trunkline_server.domain.fairness import Queueing
from trunkline_server.domain.integrations.checks import Checks
from trunkline_server.domain.prober import Prober
from trunkline_server.domain.resilience import Resilience
from trunkline_server.domain.router import Router, RoutingSettings
from trunkline_server.domain.routes.aim import Weights
from trunkline_server.domain.routes.policies import BUILT_IN
from trunkline_server.domain.secrets import SecretReferences
from trunkline_server.domain.signals import Signals
from trunkline_server.domain.tab import Settlements
from trunkline_server.domain.timeouts import Timeouts
from trunkline_server.ops.decisions import DecisionMetrics
from trunkline_server.providers.catalogue import PriceCatalogue
from trunkline_server.providers.driver import ProviderDriver
from trunkline_server.references import references_of
from trunkline_server.stores import postgres
from trunkline_server.stores.crypto import Keyring
from trunkline_server.stores.redis.admission import RedisAdmission
from trunkline_server.stores.redis.allotments import Allotments
from trunkline_server.stores.redis.breakers import RedisBreakers
from trunkline_server.stores.redis.call_rates import RedisCallRates
from trunkline_server.stores.redis.client import RedisStore, connect
from trunkline_server.stores.redis.pubsub import Changes
from trunkline_server.stores.redis.replay import RedisReplay
from trunkline_server.stores.redis.tokens import RedisTokens


@dataclass(frozen=True, slots=True)
class Parts:
    """What the services and the chain are made of."""

    database: postgres.Database
    redis: RedisStore
    keyring: Keyring
    changes: Changes
    directory: postgres.PgDirectory
    admission: Allotments
    call_rates: RedisCallRates
    replays: RedisReplay
    providers: ProviderDriver
    connectors: Connectors
    policy: OutboundPolicy
    catalogue: PriceCatalogue
    settlements: Settlements
    signals: Signals
    outbox: postgres.PgOutbox
    breakers: Breakers
    resilience: Resilience
    router: Router
    prober: Prober
    integrations: postgres.PgIntegrations
    references: SecretReferences


async def connect_parts(settings: Settings, stack: AsyncExitStack) -> Parts:
    """Connect the stores, open the pools, load what is loaded once."""
    stores, security = settings.stores, settings.security
    keyring = Keyring.from_setting(security.credential_keys.get_secret_value())
    database = await stack.enter_async_context(
        postgres.open_database(stores.database_url.get_secret_value(), max_connections=stores.pool_size)
    )
    redis = await stack.enter_async_context(connect(stores.redis_urls))
    changes = Changes(redis)
    references, directory = _directory(settings, database, keyring, changes, stack)
    ledger = postgres.PgLedger(database)
    policy = OutboundPolicy(security.allowed_addresses, security.allow_http, security.egress_allow)
    routing = settings.routing
    timeouts = Timeouts(routing.connect_timeout_seconds, idle=routing.stream_idle_timeout_seconds)
    interval, catalogue = routing.probe_interval_seconds, PriceCatalogue()
    await asyncio.gather(asyncio.to_thread(catalogue.load), asyncio.to_thread(tokens.load))
    providers = await stack.enter_async_context(ProviderDriver(policy))
    integrations = postgres.PgIntegrations(database, keyring, settings.integrations.check_interval_seconds)
    signals, board = DecisionMetrics(), RedisBreakers(redis)
    outbox = postgres.PgOutbox(database, signals)
    call_rates = RedisCallRates(redis, signals)
    shared = RedisTokens(redis, keyring)
    connectors = await _connectors(settings, stack, policy, timeouts, call_rates, signals, shared, integrations)
    breakers = Breakers(board, outbox, signals)
    resilience = Resilience(breakers, lanes=_lanes(settings, signals), signals=signals)
    router = Router(directory, catalogue, providers, resilience, _routing(settings, timeouts))
    return Parts(
        database=database,
        redis=redis,
        keyring=keyring,
        changes=changes,
        directory=directory,
        admission=Allotments(RedisAdmission(redis, ledger, lease=settings.budgets.hold_lease_seconds, signals=signals)),
        call_rates=call_rates,
        replays=RedisReplay(redis),
        providers=providers,
        connectors=connectors,
        policy=policy,
        catalogue=catalogue,
        settlements=Settlements(),
        signals=signals,
        outbox=outbox,
        breakers=breakers,
        resilience=resilience,
        router=router,
        prober=Prober(router, directory, providers, integrations, breakers, board, interval, signals),
        integrations=integrations,
        references=references,
    )


def _directory(
    settings: Settings, database: postgres.Database, keyring: Keyring, changes: Changes, stack: AsyncExitStack
) -> tuple[SecretReferences, postgres.PgDirectory]:
    references, stale = references_of(settings), settings.stores.stale_seconds
    directory = postgres.PgDirectory(database, keyring, changes.announce, stale=stale, references=references)
    for closing in (references.close, directory.close):
        stack.push_async_callback(closing)
    return references, directory


def checks_of(parts: Parts) -> Checks:
    """The live checks of integrations of every kind."""
    return Checks(
        parts.integrations, parts.directory, parts.references, parts.providers, parts.router.target, parts.connectors
    )


async def _connectors(
    settings: Settings,
    stack: AsyncExitStack,
    policy: OutboundPolicy,
    timeouts: Timeouts,
    call_rates: RedisCallRates,
    signals: Signals,
    tokens: RedisTokens,
    secrets: postgres.PgIntegrations,
) -> Connectors:
    rest = RestConnector(
        policy,
        templates=await asyncio.to_thread(load_all, settings.integrations.template_dir),
        timeouts=timeouts,
        call_rates=call_rates,
        signals=signals,
        tokens=tokens,
        secrets=secrets,
    )
    mcp = McpConnector(policy, timeouts=timeouts)
    storage = StorageConnector(policy, timeouts=timeouts, tokens=tokens, secrets=secrets)
    sql = SqlConnector(policy, served=settings.integrations.databases, message=settings.server.max_message_bytes)
    return Connectors(
        {
            "api": await stack.enter_async_context(rest),
            "mcp": await stack.enter_async_context(mcp),
            "storage": await stack.enter_async_context(storage),
            "database": await stack.enter_async_context(sql),
            "webhook": WebhookConnector(),
        }
    )


def _routing(settings: Settings, timeouts: Timeouts) -> RoutingSettings:
    routing = settings.routing
    return RoutingSettings(
        aliases=routing.aliases,
        provider_timeout=routing.provider_timeout_seconds,
        timeouts=timeouts,
        cost_optimization=routing.cost_optimization_enabled,
        objective=BUILT_IN[routing.objective],
        weights=Weights.of(**{"cost": 0.0, "latency": 0.0, "quality": 0.0, **routing.balance}),
        max_provider_share=routing.max_provider_share,
        budget_alert_threshold=settings.budgets.alert_threshold,
    )


def _lanes(settings: Settings, signals: Signals) -> Lanes:
    routing, server = settings.routing, settings.server
    rule = Concurrency(routing.concurrency_min, routing.concurrency_start, routing.concurrency_max)
    return Lanes(rule, Queueing(server.queue_size, server.queue_seconds), signals)
