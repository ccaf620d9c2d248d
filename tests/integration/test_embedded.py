"""The embedded Postgres and Redis, for real: start, stop, persist, crash, recover."""

import asyncio
import os
import pwd
import tempfile
from pathlib import Path
from typing import Any

import asyncpg
import pytest
import redis.asyncio as aioredis
from integration.embedded_parts import query
from redis.asyncio.cluster import RedisCluster
from trunkline_server.embedded import (
    EmbeddedError,
    InUseError,
    StartError,
    embedded_postgres,
    embedded_redis,
    embedded_redis_cluster,
)
from trunkline_server.embedded.process import alive, free_port, port_is_free

# --- Postgres --------------------------------------------------------------------------------------------------------


async def test_postgres_persists_over_runs_and_has_pgvector(tmp_path: Path) -> None:
    data = tmp_path / "a directory" / "postgres"
    async with embedded_postgres(data, durable=False) as server:
        assert await query(server.dsn, "select current_database()") == "trunkline"
        assert await query(server.dsn, "select rolsuper from pg_roles where rolname = current_user") is True
        assert await query(server.dsn, "select inet_server_addr()::text") == "127.0.0.1/32"
        assert await query(server.dsn, "show fsync") == "off"
        await query(server.dsn, "create extension vector")
        await query(server.dsn, "create table kept as select '[1,2]'::vector as v")
        first = server.pid
    assert first and not alive(first)
    assert port_is_free(server.port)

    async with embedded_postgres(data) as server:
        assert await query(server.dsn, "select v <-> '[1,5]' from kept") == 3
        assert await query(server.dsn, "show fsync") == "on"
    log = data.with_name("postgres.log").read_text()
    assert log.count("database system is shut down") == 2
    assert "not properly shut down" not in log


@pytest.mark.skipif(os.geteuid() != 0, reason="an ordinary user stays itself")
@pytest.mark.parametrize(("mode", "capabilities"), [(0o755, 0), (0o700, 1 << 1)])
async def test_postgres_of_root_runs_as_nobody(mode: int, capabilities: int) -> None:
    with tempfile.TemporaryDirectory(dir="/var/tmp") as parent:
        os.chmod(parent, mode)
        async with embedded_postgres(Path(parent) / "postgres", durable=False) as server:
            status = await asyncio.to_thread(Path(f"/proc/{server.pid}/status").read_text)
            fields = dict(line.split(":\t", 1) for line in status.splitlines())
            assert set(fields["Uid"].split()) == {str(pwd.getpwnam("nobody").pw_uid)}
            assert set(fields["Groups"].split()) == set()
            # CAP_DAC_OVERRIDE, only where the path is closed to others.
            assert int(fields["CapEff"], 16) == capabilities


async def test_postgres_wants_its_password(tmp_path: Path) -> None:
    async with embedded_postgres(tmp_path / "postgres", durable=False) as server:
        with pytest.raises(asyncpg.InvalidPasswordError):
            await asyncpg.connect(host="127.0.0.1", port=server.port, user="postgres", password="guess", ssl=False)


async def test_postgres_recovers_from_kill_and_immediate_stop(tmp_path: Path) -> None:
    data = tmp_path / "postgres"
    async with embedded_postgres(data, durable=False) as server:
        dsn = server.dsn
        await query(dsn, "create table kept as select 1 as x")
        busy = await asyncpg.connect(dsn)
        running = asyncio.create_task(busy.execute("do $$ begin loop perform 1; end loop; end $$"))
        backend = await query(dsn, "select pid from pg_stat_activity where query like 'do $$%' and state = 'active'")
        assert backend

        await server.kill()
        assert not server.running
        assert not alive(backend), "a busy backend outlived the kill"
        with pytest.raises((asyncpg.PostgresError, OSError)):
            await running
        with pytest.raises(OSError):
            await query(dsn, "select 1")

        await server.restart()
        assert server.dsn == dsn
        assert await query(dsn, "select x from kept") == 1
        await server.stop("immediate")
        await server.start()
        assert await query(dsn, "select x from kept") == 1
    assert data.with_name("postgres.log").read_text().count("not properly shut down") == 2


async def test_postgres_start_survives_a_stale_pid_file(tmp_path: Path) -> None:
    data = tmp_path / "postgres"
    async with embedded_postgres(data, durable=False) as server:
        await server.kill()
    pid_file = data / "postmaster.pid"
    assert pid_file.exists()
    # The pid now belongs to an unrelated process, of the server's user: Postgres alone would refuse.
    user = data.stat().st_uid
    as_user: dict[str, Any] = {"user": user} if os.geteuid() == 0 else {}
    other = await asyncio.create_subprocess_exec("sleep", "60", **as_user)
    try:
        pid_file.write_text("\n".join([str(other.pid), *pid_file.read_text().splitlines()[1:]]) + "\n")
        async with embedded_postgres(data, durable=False) as server:
            assert await query(server.dsn, "select 1") == 1
    finally:
        other.kill()
        await other.wait()


async def test_postgres_refuses_a_directory_in_use(tmp_path: Path) -> None:
    data = tmp_path / "postgres"
    async with embedded_postgres(data, durable=False) as server:
        with pytest.raises(InUseError, match=f"in use by process {os.getpid()}.*stop it"):
            async with embedded_postgres(data):
                pass
        assert await query(server.dsn, "select 1") == 1
        # A server started by hand holds no lock of ours.
        data.with_name("postgres.lock").unlink()
        with pytest.raises(InUseError, match=rf"already runs .*kill -INT {server.pid}"):
            async with embedded_postgres(data):
                pass
        assert await query(server.dsn, "select 1") == 1


async def test_postgres_start_cleans_an_interrupted_initdb(tmp_path: Path) -> None:
    data = tmp_path / "postgres"
    half = tmp_path / "postgres.new"
    half.mkdir()
    (half / "PG_VERSION").write_text("18\n")
    (tmp_path / "postgres.password").write_text("old")
    async with embedded_postgres(data, durable=False) as server:
        assert await query(server.dsn, "select 1") == 1
    assert not half.exists()
    assert not (tmp_path / "postgres.password").exists()


@pytest.mark.parametrize("name", ["thesis.txt", "PG_VERSION"])
async def test_postgres_leaves_a_foreign_directory_alone(tmp_path: Path, name: str) -> None:
    data = tmp_path / "documents"
    data.mkdir()
    (data / name).write_text("precious")
    owner = data.stat().st_uid
    with pytest.raises(EmbeddedError, match="neither empty nor an embedded Postgres directory"):
        async with embedded_postgres(data):
            pass
    assert [(path.name, path.stat().st_uid) for path in data.iterdir()] == [(name, owner)]
    assert data.stat().st_uid == owner


async def test_postgres_unusable_directories_are_typed_errors(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(EmbeddedError, match="cannot use"):
        async with embedded_postgres(tmp_path / "file"):
            pass
    with pytest.raises(EmbeddedError, match="cannot use"):
        async with embedded_postgres(tmp_path / "file" / "below"):
            pass


async def test_postgres_says_why_it_failed(tmp_path: Path) -> None:
    data = tmp_path / "postgres"
    async with embedded_postgres(data, durable=False):
        pass
    (data / "postgresql.conf").write_text("no_such_setting = 1\n")
    with pytest.raises(StartError) as caught:
        async with embedded_postgres(data):
            pass
    assert "no_such_setting" in caught.value.log_tail
    assert str(tmp_path / "postgres.log") in str(caught.value)


# --- Redis -----------------------------------------------------------------------------------------------------------


async def test_redis_persists_and_searches(tmp_path: Path) -> None:
    data = tmp_path / "redis"
    async with embedded_redis(data) as server:
        client: Any
        async with aioredis.from_url(server.url) as client:
            assert (await client.info("server"))["redis_version"].startswith("8.")
            await client.set("kept", "1")
            await client.execute_command("FT.CREATE", "ix", "SCHEMA", "tenant", "TAG")
            await client.hset("doc:1", mapping={"tenant": "t1"})
            found = await client.execute_command("FT.SEARCH", "ix", "@tenant:{t1}", "DIALECT", "2")
            assert found[b"total_results"] == 1
        assert server.has_search
        await server.kill()
        assert not server.running
        await server.restart()
        async with aioredis.from_url(server.url) as client:
            assert await client.get("kept") == b"1"
    async with embedded_redis(data) as server, aioredis.from_url(server.url) as client:
        assert await client.get("kept") == b"1"


async def test_redis_not_durable_forgets(tmp_path: Path) -> None:
    async with embedded_redis(tmp_path / "redis", durable=False, modules=False) as server:
        assert not server.has_search
        async with aioredis.from_url(server.url) as client:
            await client.set("lost", "1")
        await server.restart()
        async with aioredis.from_url(server.url) as client:
            assert await client.get("lost") is None


async def test_redis_refuses_a_port_or_directory_in_use(tmp_path: Path) -> None:
    async with embedded_redis(tmp_path / "one", modules=False) as server:
        with pytest.raises(InUseError, match=f"port {server.port} .* is taken"):
            async with embedded_redis(tmp_path / "two", port=server.port):
                pass
        with pytest.raises(InUseError, match="in use by process"):
            async with embedded_redis(tmp_path / "one"):
                pass


async def test_redis_takes_another_port_when_it_lost_the_race(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    lost = free_port()
    listener = await asyncio.start_server(lambda _r, w: w.close(), "127.0.0.1", lost)
    answers = iter([lost, free_port()])
    monkeypatch.setattr("trunkline_server.embedded.server.free_port", lambda: next(answers))
    looked = []

    def blind_once(port: int) -> bool:
        looked.append(port)
        return len(looked) == 1 or port_is_free(port)

    monkeypatch.setattr("trunkline_server.embedded.server.port_is_free", blind_once)
    async with listener, embedded_redis(tmp_path / "redis", modules=False) as server:
        assert looked[0] == lost != server.port


async def test_cluster_serves_and_survives_a_node_restart(tmp_path: Path) -> None:
    async with embedded_redis_cluster(tmp_path / "cluster") as cluster:
        assert len(cluster.nodes) == 3
        async with RedisCluster.from_url(cluster.url) as client:
            for number in range(30):
                await client.set(f"key-{number}", number)
            assert {(await client.get(f"key-{number}")) for number in range(30)} == {b"%d" % n for n in range(30)}
        sizes = []
        for node in cluster.nodes:
            async with aioredis.from_url(node.url) as direct:
                sizes.append(await direct.dbsize())
        assert sum(sizes) == 30
        assert all(sizes)

        await cluster.nodes[1].kill()
        await cluster.nodes[1].restart()
        async with aioredis.from_url(cluster.nodes[1].url) as direct:
            assert await direct.dbsize() == sizes[1]
