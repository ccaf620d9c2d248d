"""What a worker is made of: stores, pools and tables, built once, for `app.py` to join."""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack
from dataclasses import dataclass

from trunkline_server.config import Settings
from trunkline_server.connectors.rest.engine import RestConnector
from trunkline_server.domain import tokens
from trunkline_server.domain.addresses import OutboundPolicy
from trunkline_server.domain.tab import Settlements
from trunkline_server.providers.catalogue import PriceCatalogue
from trunkline_server.providers.driver import ProviderDriver
from trunkline_server.stores import postgres
from trunkline_server.stores.crypto import Keyring
from trunkline_server.stores.redis.admission import RedisAdmission
from trunkline_server.stores.redis.client import RedisStore, connect
from trunkline_server.stores.redis.pubsub import Changes
from trunkline_server.stores.redis.replay import RedisReplay


@dataclass(frozen=True, slots=True)
class Parts:
    """What the services and the chain are made of."""

    database: postgres.Database
    redis: RedisStore
    keyring: Keyring
    changes: Changes
    directory: postgres.PgDirectory
    admission: RedisAdmission
    replays: RedisReplay
    providers: ProviderDriver
    api: RestConnector
    policy: OutboundPolicy
    catalogue: PriceCatalogue
    settlements: Settlements


async def connect_parts(settings: Settings, stack: AsyncExitStack) -> Parts:
    """Connect the stores, open the pools, load what is loaded once."""
    stores, security = settings.stores, settings.security
    keyring = Keyring.from_setting(security.credential_keys.get_secret_value())
    database = await stack.enter_async_context(
        postgres.open_database(stores.database_url.get_secret_value(), max_connections=stores.pool_size)
    )
    redis = await stack.enter_async_context(connect(stores.redis_urls))
    changes = Changes(redis)
    directory = postgres.PgDirectory(database, keyring, changes.announce)
    stack.push_async_callback(directory.close)
    ledger = postgres.PgLedger(database)
    policy = OutboundPolicy(allow=security.allowed_addresses, allow_http=security.allow_http)
    idle = settings.routing.stream_idle_timeout_seconds
    catalogue = PriceCatalogue()
    await asyncio.gather(asyncio.to_thread(catalogue.load), asyncio.to_thread(tokens.warm_up))
    return Parts(
        database=database,
        redis=redis,
        keyring=keyring,
        changes=changes,
        directory=directory,
        admission=RedisAdmission(redis, ledger, lease=settings.budgets.hold_lease_seconds),
        replays=RedisReplay(redis),
        providers=await stack.enter_async_context(ProviderDriver(policy, stream_idle_timeout=idle)),
        api=await stack.enter_async_context(RestConnector(policy)),
        policy=policy,
        catalogue=catalogue,
        settlements=Settlements(),
    )
