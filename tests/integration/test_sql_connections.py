"""Connections to databases: how many, where to, for how long, and what ends a statement."""

from __future__ import annotations

import asyncio
import os
import socket
import ssl
from collections.abc import AsyncIterator, Callable
from contextlib import aclosing, asynccontextmanager, suppress
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import pytest
import pytest_asyncio
from cryptography import x509
from e2e.certificates import Authority, Pair, write_pair
from integration.postgres_parts import PostgresServer, superuser
from sql_calls import LOCAL, Scene, call
from sql_scene import PASSWORD, READER, clear, database, furnish, owner
from trunkline.v1.database_pb2 import DatabaseTls
from trunkline_server.connectors.sql import SqlConnector
from trunkline_server.domain.addresses import OutboundPolicy
from trunkline_server.domain.deadline import Deadline
from trunkline_server.domain.errors import TrunklineError
from trunkline_server.embedded.process import free_port

pytestmark = pytest.mark.asyncio(loop_scope="module")
SLOW = "SELECT pg_sleep(60)"
LONG = "SELECT n, repeat('x', 200) FROM generate_series(1, 50000000) n"


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def dsn(pg_server: PostgresServer) -> AsyncIterator[str]:
    await pg_server.execute("CREATE DATABASE connections")
    found = pg_server.database("connections")
    await furnish(found)
    yield found
    await clear(found)
    await pg_server.execute("DROP DATABASE connections WITH (FORCE)")


@pytest_asyncio.fixture(loop_scope="module")
async def connector() -> AsyncIterator[SqlConnector]:
    async with SqlConnector(LOCAL) as entered:
        yield entered


async def seen(dsn: str, where: str = "true") -> int:
    """How many of our connections the database has, of those that `where` holds for."""
    async with superuser(dsn) as connection:
        count = await connection.fetchval(
            "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'trunkline' "
            f"AND datname = current_database() AND ({where})"
        )
    return int(count)


async def becomes(count: int, dsn: str, where: str = "true") -> bool:
    for _ in range(200):
        if await seen(dsn, where) == count:
            return True
        await asyncio.sleep(0.05)
    return False


RUNNING = "state = 'active' AND query NOT LIKE '%pg_stat_activity%'"


async def test_a_cancelled_call_ends_its_statement(connector: SqlConnector, dsn: str) -> None:
    scene = Scene(connector, dsn)
    task = asyncio.create_task(scene.run("query", sql=SLOW))
    assert await becomes(1, dsn, RUNNING)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert await becomes(0, dsn, RUNNING)
    assert await scene.rows("SELECT 1") == [[1]]
    assert await seen(dsn) == 1, "the connection serves on"


async def test_a_stream_that_is_left_ends_its_statement(connector: SqlConnector, dsn: str) -> None:
    scene = Scene(connector, dsn)
    made = call(connector, scene.integration, scene.secret, "query", sql=LONG)
    async with aclosing(connector.stream(made, None, Deadline.after(60))) as pieces:
        for _ in range(5):
            await anext(pieces)
        assert await seen(dsn, "backend_xid IS NULL AND xact_start IS NOT NULL") == 1
    assert await becomes(0, dsn, "xact_start IS NOT NULL")
    assert await scene.rows("SELECT 1") == [[1]]


async def test_a_cancelled_stream_ends_its_statement(connector: SqlConnector, dsn: str) -> None:
    scene = Scene(connector, dsn)

    async def read() -> None:
        made = call(connector, scene.integration, scene.secret, "query", sql=SLOW)
        async with aclosing(connector.stream(made, None, Deadline.after(60))) as pieces:
            async for _ in pieces:
                pass

    task = asyncio.create_task(read())
    assert await becomes(1, dsn, RUNNING)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert await becomes(0, dsn, RUNNING)


@pytest.mark.parametrize(
    ("seconds", "deadline", "reason"), [(0.3, 30, "UPSTREAM_TIMEOUT"), (20, 0.3, "CALLER_DEADLINE")]
)
async def test_what_takes_too_long_is_ended(
    connector: SqlConnector, dsn: str, seconds: float, deadline: float, reason: str
) -> None:
    scene = Scene(connector, dsn)
    assert await scene.rows("SELECT 1") == [[1]]
    made = call(connector, scene.integration, scene.secret, "query", seconds, sql=SLOW)
    with pytest.raises(TrunklineError) as caught:
        await connector.execute(made, Deadline.after(deadline))
    assert caught.value.reason_name == reason
    with pytest.raises(TrunklineError) as caught:
        async for _ in connector.stream(made, None, Deadline.after(deadline)):
            pass
    assert caught.value.reason_name == reason
    assert await becomes(0, dsn, RUNNING)


async def test_connections_are_shared_and_so_many_at_most(connector: SqlConnector, dsn: str) -> None:
    scene = Scene(connector, dsn, max_connections=2)
    tasks = [asyncio.create_task(scene.rows("SELECT pg_sleep(0.1)::text")) for _ in range(10)]
    most = 0
    while not all(task.done() for task in tasks):
        most = max(most, await seen(dsn))
    assert most <= 2 and len(await asyncio.gather(*tasks)) == 10
    assert await seen(dsn) == 2, "they stay"
    busy = [asyncio.create_task(scene.rows("SELECT pg_sleep(2)::text")) for _ in range(2)]
    assert await becomes(2, dsn, RUNNING)
    error = await scene.refused("query", 0.2, sql="SELECT 1")
    assert error.reason_name == "UPSTREAM_RATE_LIMITED" and error.metadata["sent"] == "no"
    await asyncio.gather(*busy)


async def test_idle_connections_are_closed(dsn: str) -> None:
    async with SqlConnector(LOCAL, idle=0.3) as connector:
        scene = Scene(connector, dsn)
        assert await scene.rows("SELECT 1") == [[1]]
        assert await becomes(0, dsn)
        assert await scene.rows("SELECT 1") == [[1]]


async def test_connections_of_an_old_credential_are_closed(connector: SqlConnector, dsn: str) -> None:
    scene = Scene(connector, dsn)
    old = asyncio.create_task(scene.rows("SELECT pg_sleep(1)::text"))
    assert await becomes(1, dsn, RUNNING)
    scene.secret = f"{READER}:{PASSWORD}"
    assert await scene.rows("SELECT current_user::text") == [[READER]]
    await old
    assert await becomes(0, dsn, "usename = 'postgres'")
    scene.secret = f"{READER}:wrong-password"
    error = await scene.refused("query", sql="SELECT 1")
    assert error.reason_name == "UPSTREAM_AUTHENTICATION" and error.metadata["sqlstate"] == "28P01"
    assert "wrong-password" not in str(error.status()) and READER not in error.message
    assert await becomes(0, dsn)


async def test_all_connections_are_closed_at_the_end(dsn: str) -> None:
    async with SqlConnector(LOCAL) as connector:
        assert await Scene(connector, dsn).rows("SELECT 1") == [[1]]
    assert await becomes(0, dsn)


async def test_a_connection_that_the_database_ends_is_told_and_replaced(connector: SqlConnector, dsn: str) -> None:
    scene = Scene(connector, dsn)
    task = asyncio.create_task(scene.refused("query", sql=SLOW))
    assert await becomes(1, dsn, RUNNING)
    async with superuser(dsn) as connection:
        await connection.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'trunkline' "
            "AND datname = current_database()"
        )
    assert (await task).reason_name == "INTEGRATION_UNAVAILABLE"
    assert await scene.rows("SELECT 1") == [[1]]


async def test_what_a_statement_leaves_in_its_session_is_taken_out(connector: SqlConnector, dsn: str) -> None:
    scene = Scene(connector, dsn, allow_writes=True, max_connections=1)
    await scene.run("execute", sql="CREATE TEMP TABLE mine (a int)")
    await scene.run("execute", sql="CREATE FUNCTION tune() RETURNS text LANGUAGE sql AS "
                    "$$ SELECT set_config('work_mem', '64kB', false) $$")  # fmt: skip
    before = await scene.rows("SELECT current_setting('work_mem')")
    await scene.run("execute", sql="SELECT tune()")
    assert await scene.rows("SELECT current_setting('work_mem')") == before
    error = await scene.refused("query", sql="SELECT * FROM mine")
    assert error.metadata["sqlstate"] == "42P01"


# ── Where to ──────────────────────────────────────────────────────────────────────────────────────────────────────


def resolving(*addresses: str) -> Callable[[str, int], Any]:
    async def resolve(host: str, port: int) -> list[str]:
        if not addresses:
            raise socket.gaierror("no such host")
        return list(addresses)

    return resolve


async def test_only_allowed_addresses_are_connected_to(dsn: str) -> None:
    port = int(database(dsn).configuration.endpoint.rpartition("/")[0].rpartition(":")[2])
    policy = OutboundPolicy((f"127.0.0.1:{port}",), allow_http=True)
    for addresses in (("10.0.0.1",), ("127.0.0.2", "169.254.169.254"), ("::1",), ("::ffff:127.0.0.3",)):
        async with SqlConnector(policy, resolves=resolving(*addresses)) as connector:
            error = await Scene(connector, dsn, host="db.example.com").refused("query", sql="SELECT 1")
            assert error.reason_name == "ADDRESS_FORBIDDEN"
            assert not any(one in str(error.status()) for one in addresses)
    async with SqlConnector(policy, resolves=resolving("10.0.0.1", "127.0.0.1")) as connector:
        assert await Scene(connector, dsn, host="db.example.com").rows("SELECT 1") == [[1]]
    async with SqlConnector(OutboundPolicy()) as connector:
        error = await Scene(connector, dsn, tls=DatabaseTls.DATABASE_TLS_VERIFY).refused("query", sql="SELECT 1")
        assert error.reason_name == "ADDRESS_FORBIDDEN", "the policy may be another than when it was stored"


async def test_a_database_that_is_not_there_is_told(dsn: str) -> None:
    async with SqlConnector(LOCAL, resolves=resolving()) as connector:
        error = await Scene(connector, dsn, host="db.example.com").refused("query", sql="SELECT 1")
        assert error.reason_name == "INTEGRATION_UNAVAILABLE" and error.metadata["sent"] == "no"
    async with SqlConnector(LOCAL) as connector:
        dead = Scene(connector, f"postgresql://u:p@127.0.0.1:{free_port()}/x", secret="u:hidden-0")
        error = await dead.refused("query", sql="SELECT 1")
        assert error.reason_name == "INTEGRATION_UNAVAILABLE" and error.metadata["sent"] == "no"
        assert "127.0.0.1" not in str(error.status()) and "hidden-0" not in str(error.status())
        check = await connector.check(dead.integration, dead.secret, Deadline.after(10))
        assert not check.healthy and check.detail
        absent = Scene(connector, dsn.rpartition("/")[0] + "/nothing", secret=owner(dsn))
        assert (await absent.refused("query", sql="SELECT 1")).metadata["sqlstate"] == "3D000"
        silent = await asyncio.start_server(lambda reader, writer: None, "127.0.0.1", 0)
        port = silent.sockets[0].getsockname()[1]
        error = await Scene(connector, f"postgresql://u:p@127.0.0.1:{port}/x").refused("query", 0.3, sql="SELECT 1")
        assert error.reason_name == "UPSTREAM_TIMEOUT"
        silent.close()


async def test_a_check_tells_the_version_and_who_may_write(connector: SqlConnector, dsn: str) -> None:
    reads = await connector.check(database(dsn), f"{READER}:{PASSWORD}", Deadline.after(20))
    assert reads.healthy and reads.detail.startswith("PostgreSQL ") and "may write" not in reads.detail
    writes = await connector.check(database(dsn), owner(dsn), Deadline.after(20))
    assert writes.healthy and "may write" in writes.detail
    wanted = await connector.check(database(dsn, allow_writes=True), owner(dsn), Deadline.after(20))
    assert "may write" not in wanted.detail
    assert await becomes(0, dsn), "a check keeps no connection"


async def test_what_the_environment_says_of_a_database_is_not_this_one(
    connector: SqlConnector, dsn: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in {
        "PGHOST": "10.0.0.1",
        "PGPASSWORD": owner(dsn).partition(":")[2],
        "PGSSLMODE": "require",
    }.items():
        monkeypatch.setitem(os.environ, name, value)
    assert await Scene(connector, dsn).rows("SELECT 1") == [[1]]
    error = await Scene(connector, dsn, secret="postgres:").refused("query", sql="SELECT 1")
    assert error.reason_name == "UPSTREAM_AUTHENTICATION"


@asynccontextmanager
async def before(dsn: str, folder: Path, pair: Pair) -> AsyncIterator[str]:
    """A DSN of the database behind TLS: PostgreSQL's own handshake, by a front with this key and certificate."""
    key, certificate = write_pair(folder, pair)
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(certificate, key)
    behind = urlsplit(dsn)

    async def pipe(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(OSError):
            while data := await reader.read(65536):
                writer.write(data)
                await writer.drain()
        writer.close()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(OSError, asyncio.IncompleteReadError):
            # SSLRequest: its length, and 80877103.
            assert await reader.readexactly(8) == b"\x00\x00\x00\x08\x04\xd2\x16\x2f"
            writer.write(b"S")
            await writer.start_tls(tls)
            to, into = await asyncio.open_connection(behind.hostname, behind.port)
            await asyncio.gather(pipe(reader, into), pipe(to, writer))

    async with await asyncio.start_server(serve, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        yield urlunsplit(behind._replace(netloc=f"postgres:{behind.password}@127.0.0.1:{port}"))


async def test_tls_checks_the_name_whatever_the_address(dsn: str, tmp_path: Path) -> None:
    authority, other = Authority("of the database"), Authority("another")
    pair = authority.issue("db", x509.DNSName("db.example.com"))
    verify, resolves = DatabaseTls.DATABASE_TLS_VERIFY, resolving("127.0.0.1")
    async with before(dsn, tmp_path, pair) as front, SqlConnector(LOCAL, resolves=resolves) as connector:
        named = Scene(connector, front, host="db.example.com", tls=verify, tls_ca_pem=authority.pem.decode())
        assert await named.rows("SELECT 1") == [[1]]
        task = asyncio.create_task(named.run("query", sql=SLOW))
        assert await becomes(1, dsn, RUNNING)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert await becomes(0, dsn, RUNNING), "the request to cancel goes by TLS too"
        assert await named.rows("SELECT 1") == [[1]]
        for host, pem in (("other.example.com", authority.pem), ("db.example.com", other.pem), ("db.example.com", b"")):
            wrong = Scene(connector, front, host=host, tls=verify, tls_ca_pem=pem.decode())
            assert (await wrong.refused("query", sql="SELECT 1")).reason_name == "INTEGRATION_UNAVAILABLE"
        plain = Scene(connector, dsn, tls=verify)
        error = await plain.refused("query", sql="SELECT 1")
        assert error.reason_name == "INTEGRATION_UNAVAILABLE", "no connection without TLS instead"


async def test_a_commit_that_is_not_told_of_is_said_to_be_open(connector: SqlConnector, dsn: str) -> None:
    async with superuser(dsn) as connection:
        await connection.execute(
            "CREATE TABLE late (a int); CREATE FUNCTION slowly() RETURNS trigger LANGUAGE plpgsql AS "
            "$$ BEGIN PERFORM pg_sleep(60); RETURN NULL; END $$; CREATE CONSTRAINT TRIGGER at_commit "
            "AFTER INSERT ON late DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION slowly()"
        )
    scene = Scene(connector, dsn, allow_writes=True)
    task = asyncio.create_task(scene.refused("execute", sql="INSERT INTO late VALUES (1)"))
    assert await becomes(1, dsn, "state = 'active' AND query = 'COMMIT'")
    async with superuser(dsn) as connection:
        await connection.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE query = 'COMMIT' AND state = 'active' "
            "AND datname = current_database() AND application_name = 'trunkline'"
        )
    error = await task
    assert error.reason_name == "INTEGRATION_UNAVAILABLE" and error.metadata["outcome"] == "unknown"
    assert await scene.rows("SELECT count(*) FROM late") == [[0]]
