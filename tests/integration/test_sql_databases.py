"""The conformance suite of databases, against each that is there: PostgreSQL and MariaDB here, SQL Server and Oracle
where a DSN is given, `<scheme>://user:password@host:port/database`."""

import asyncio
import os
from collections.abc import AsyncIterator
from urllib.parse import unquote, urlsplit

import pytest
import pytest_asyncio
from conformance.sql_databases import MYSQL, ORACLE, POSTGRESQL, SQLSERVER, Dialectal
from conformance.sql_subject import PATIENT, Subject, prepare
from conformance.sql_suite import CASES, Case
from integration import mariadb_parts
from integration.postgres_parts import PostgresServer
from trunkline_server.connectors.sql.dialects import DIALECTS
from trunkline_server.connectors.sql.port import Access

DSNS = {"sqlserver": "TRUNKLINE_TEST_SQLSERVER_DSN", "oracle": "TRUNKLINE_TEST_ORACLE_DSN"}


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def mariadb() -> AsyncIterator[mariadb_parts.MariaDb]:
    """The module's server."""
    if reason := mariadb_parts.missing():
        pytest.skip(reason)
    async with mariadb_parts.mariadb() as server:
        yield server


def access_of(dsn: str) -> Access:
    """Where a DSN leads, without TLS."""
    url = urlsplit(dsn)
    host = url.hostname or ""
    user, password = unquote(url.username or ""), unquote(url.password or "")
    return Access(host, [host], url.port or 0, url.path.lstrip("/"), user, password)


async def run(says: Dialectal, access: Access, case: Case) -> None:
    """The case, on an empty table."""
    subject = Subject(DIALECTS[says.name](), access, says)
    async with asyncio.timeout(4 * PATIENT):
        await prepare(subject)
        await case(subject)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.__name__)
async def test_mariadb(mariadb: mariadb_parts.MariaDb, case: Case) -> None:
    await run(MYSQL, mariadb.access, case)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.__name__)
async def test_postgresql(pg_server: PostgresServer, empty_pg_dsn: str, case: Case) -> None:
    await run(POSTGRESQL, access_of(empty_pg_dsn), case)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.__name__)
@pytest.mark.parametrize("says", [SQLSERVER, ORACLE], ids=lambda says: says.name)
async def test_by_dsn(says: Dialectal, case: Case) -> None:
    if not (dsn := os.environ.get(DSNS[says.name], "")):
        pytest.skip(f"{DSNS[says.name]} is not set")
    await run(says, access_of(dsn), case)
