"""One Postgres and one Redis for the whole session; each test gets a fresh database and an empty Redis."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio
from integration.postgres_parts import PostgresServer
from redis.asyncio import Redis
from trunkline_server.embedded import embedded_postgres, embedded_redis
from trunkline_server.stores.postgres import Database, migrate, open_database

TEMPLATE = "trunkline_template"


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def pg_server(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[PostgresServer]:
    """The session's server, with a migrated template database."""
    data: Path = tmp_path_factory.mktemp("postgres") / "data"
    async with embedded_postgres(data, durable=False) as running:
        server = PostgresServer(running.dsn)
        await server.execute(f"CREATE DATABASE {TEMPLATE}")
        await migrate(server.database(TEMPLATE))
        yield server


@pytest_asyncio.fixture
async def pg_dsn(pg_server: PostgresServer) -> AsyncIterator[str]:
    """A fresh, migrated database, dropped after the test."""
    name = f"test_{next(pg_server.numbers)}"
    await pg_server.execute(f"CREATE DATABASE {name} TEMPLATE {TEMPLATE}")
    yield pg_server.database(name)
    await pg_server.execute(f"DROP DATABASE {name} WITH (FORCE)")


@pytest_asyncio.fixture
async def empty_pg_dsn(pg_server: PostgresServer) -> AsyncIterator[str]:
    """A fresh database without a schema, dropped after the test."""
    name = f"test_{next(pg_server.numbers)}"
    await pg_server.execute(f"CREATE DATABASE {name}")
    yield pg_server.database(name)
    await pg_server.execute(f"DROP DATABASE {name} WITH (FORCE)")


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def redis_server_url(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[str]:
    """The session's Redis, in memory only."""
    data: Path = tmp_path_factory.mktemp("redis") / "data"
    async with embedded_redis(data, durable=False) as running:
        yield running.url


@pytest_asyncio.fixture
async def redis_url(redis_server_url: str) -> str:
    """An empty Redis."""
    async with Redis.from_url(redis_server_url) as client:
        await client.flushall()
    return redis_server_url


@pytest_asyncio.fixture
async def database(pg_dsn: str) -> AsyncIterator[Database]:
    """The pool of a fresh database, as the server opens it."""
    async with open_database(pg_dsn) as opened:
        yield opened
