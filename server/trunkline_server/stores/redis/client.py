"""Contact with Redis: a single server or a cluster, scripts, batches, and what happens after a restart."""

from __future__ import annotations

import asyncio
from abc import ABC, abstractmethod
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Any

from redis.asyncio import ConnectionPool, Redis
from redis.asyncio.cluster import ClusterNode, RedisCluster
from redis.asyncio.connection import parse_url
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff

from trunkline_server.domain.errors import store_unavailable
from trunkline_server.stores.redis.batch import Batcher, Command, Done, Errands
from trunkline_server.stores.redis.contact import Contact
from trunkline_server.stores.redis.errors import is_away, is_lost_connection, is_missing_script, translate
from trunkline_server.stores.redis.pipe import Pipe
from trunkline_server.stores.redis.scripts import EPOCH_TEXT, SCRIPTS, SHARDS

# Batches under way at a time, each on a connection of its own. See bench/redis_batch.py.
_WIDTH = 2
# A server may forget its scripts again while they are loaded; more often than this it is not well.
_LOADS = 3


class _Link(ABC):
    """A way to send commands, by the shard that they are about."""

    @abstractmethod
    def call(self, shard: str, command: Command) -> asyncio.Future[Any]:
        """As Batcher.call."""

    @abstractmethod
    def contact(self, shard: str) -> Contact:
        """What is remembered of the shard's server."""

    @abstractmethod
    async def load(self, texts: Sequence[str]) -> None:
        """SCRIPT LOAD on every master."""

    @abstractmethod
    async def aclose(self) -> None: ...


class _Single(_Link):
    def __init__(self, url: str, connect_timeout: float, timeout: float) -> None:
        # RESP 2: every message is the answer to a command.
        pool: Any = ConnectionPool.from_url(
            url, socket_connect_timeout=connect_timeout, socket_timeout=None, retry=Retry(NoBackoff(), 0), protocol=2
        )
        self._idle = [Pipe(pool.make_connection(), timeout) for _ in range(_WIDTH)]
        self._all = tuple(self._idle)
        self._opening = Errands()
        self._batcher = Batcher(self._exchange, _WIDTH)
        self._contact = Contact()

    def call(self, shard: str, command: Command) -> asyncio.Future[Any]:
        return self._batcher.call(command)

    def contact(self, shard: str) -> Contact:
        return self._contact

    async def load(self, texts: Sequence[str]) -> None:
        answers = await asyncio.gather(*(self._batcher.call(("SCRIPT", "LOAD", text)) for text in texts))
        _raise_first(answers)

    async def aclose(self) -> None:
        self._batcher.close()
        await self._opening.aclose()
        for pipe in self._all:
            await pipe.aclose()

    def _exchange(self, commands: Sequence[Command], done: Done) -> None:
        pipe = self._idle.pop()

        def over(answers: Sequence[Any] | Exception) -> None:
            self._idle.append(pipe)
            done(answers)

        if pipe.is_open:
            pipe.send(commands, over)
        else:
            self._opening.run(pipe.open(), lambda failed: over(failed) if failed else pipe.send(commands, over))


class _Cluster(_Link):
    """Batches per node, so that a node which is away fails only the calls of its own shards."""

    def __init__(self, urls: Sequence[str], connect_timeout: float, timeout: float) -> None:
        options: dict[str, Any] = dict(parse_url(urls[0]))
        options.pop("db", None)
        nodes = [parse_url(url) for url in urls]
        for name in ("host", "port"):
            options.pop(name, None)
        if options.pop("connection_class", None) is not None:
            options["ssl"] = True
        self._client = RedisCluster(
            startup_nodes=[ClusterNode(node.get("host", "localhost"), node.get("port", 6379)) for node in nodes],
            socket_connect_timeout=connect_timeout,
            socket_timeout=timeout,
            retry=Retry(NoBackoff(), 0),
            **options,
        )
        self._timeout = timeout
        self._nodes: dict[str, tuple[Batcher[Command], Contact]] = {}
        self._errands = Errands()

    async def open(self) -> None:
        """Find the nodes."""
        await self._client.initialize()

    def call(self, shard: str, command: Command) -> asyncio.Future[Any]:
        return self._node(shard)[0].call(command)

    def contact(self, shard: str) -> Contact:
        return self._node(shard)[1]

    def _node(self, shard: str) -> tuple[Batcher[Command], Contact]:
        node = self._client.get_node_from_key(shard)
        name = node.name if node else ""
        found = self._nodes.get(name)
        if found is None:
            found = self._nodes[name] = (Batcher(self._exchange, _WIDTH), Contact())
        return found

    async def load(self, texts: Sequence[str]) -> None:
        async with asyncio.timeout(self._timeout):
            for text in texts:
                await self._client.execute_command("SCRIPT LOAD", text, target_nodes=RedisCluster.PRIMARIES)

    async def aclose(self) -> None:
        for batcher, _ in self._nodes.values():
            batcher.close()
        await self._errands.aclose()
        await self._client.aclose()

    def _exchange(self, commands: Sequence[Command], done: Done) -> None:
        self._errands.run(self._answers(commands), done)

    async def _answers(self, commands: Sequence[Command]) -> Sequence[Any]:
        async with asyncio.timeout(self._timeout):
            answers = await self._pipeline(commands)
            if any(map(is_lost_connection, answers)):
                # Another node may have taken over.
                await self._client.nodes_manager.initialize()
                answers = await self._pipeline(commands)
            return answers

    async def _pipeline(self, commands: Sequence[Command]) -> Sequence[Any]:
        pipeline = self._client.pipeline()
        for command in commands:
            pipeline.execute_command(*command)
        answers: Sequence[Any] = await pipeline.execute(raise_on_error=False)
        return answers


class RedisStore:
    """A connected Redis. Every method raises STORE_UNAVAILABLE when it is away."""

    def __init__(self, link: _Link, urls: Sequence[str], connect_timeout: float, grace: float) -> None:
        self._link = link
        self._urls = tuple(urls)
        self._connect_timeout = connect_timeout
        self.grace = grace
        self._loading = asyncio.Lock()
        self._loads = 0

    async def run(self, script: str, shard: str, *args: str | bytes | int) -> Any:
        """Run `lua/<script>.lua` on the shard's server. Answers as Redis does: bytes, int, list, None."""
        command: Command = ("EVALSHA", SCRIPTS[script].sha, 1, shard, *args)
        for _ in range(_LOADS):
            loads = self._loads
            answer = await self._call(shard, command)
            if not isinstance(answer, Exception):
                return answer
            if not is_missing_script(answer):
                raise translate(answer)
            await self._load_unless_done(loads)
        raise store_unavailable("redis")

    def away(self, shard: str) -> bool:
        """Whether the shard's server did not answer when it was asked last."""
        return self._link.contact(shard).away

    async def epoch(self, shard: str) -> str:
        """The shard's epoch, made when there is none or when the server has been restarted, see lua/epoch.lua."""
        answer = await self._call(shard, ("EVAL", EPOCH_TEXT, 1, shard, round(self.grace * 1e6)))
        if isinstance(answer, Exception):
            raise translate(answer)
        return str(answer.decode())

    async def ping(self) -> None:
        """Raise STORE_UNAVAILABLE unless every shard's server answers."""
        answers = await asyncio.gather(*(self._call(shard, ("EXISTS", f"{shard}:epoch")) for shard in SHARDS))
        try:
            _raise_first(answers)
        except Exception as error:
            raise translate(error) from None

    async def load(self) -> None:
        """Load the scripts, after the epochs: a script that runs tells that its server's epoch is no older."""
        try:
            await asyncio.gather(*map(self.epoch, SHARDS))
            await self._link.load([script.text for script in SCRIPTS.values()])
        except Exception as error:
            raise translate(error) from None
        self._loads += 1

    def subscriber(self, attempt: int) -> Redis:
        """A client of its own for publish and subscribe, on one of the servers: messages reach all of a cluster."""
        url = self._urls[attempt % len(self._urls)]
        return Redis.from_url(
            url, socket_connect_timeout=self._connect_timeout, socket_timeout=None, retry=Retry(NoBackoff(), 0)
        )

    async def aclose(self) -> None:
        """Close all connections. Calls under way raise STORE_UNAVAILABLE."""
        await self._link.aclose()

    async def _call(self, shard: str, command: Command) -> Any:
        contact = self._link.contact(shard)
        probing = contact.away
        if probing and not contact.claim():
            return ConnectionError("away")
        try:
            answer = await self._link.call(shard, command)
            if not (probing or isinstance(answer, Exception)):
                return answer
            if is_lost_connection(answer):
                # Idle connections end with the server. Every script may be repeated, see lua/.
                answer = await self._link.call(shard, command)
        except asyncio.CancelledError:
            if probing:
                contact.left()
            raise
        if probing or is_away(answer):
            contact.heard(not is_away(answer))
        return answer

    async def _load_unless_done(self, seen: int) -> None:
        async with self._loading:
            if self._loads == seen:
                await self.load()


@asynccontextmanager
async def connect(
    urls: Sequence[str], *, connect_timeout: float = 0.4, batch_timeout: float = 0.8, grace: float = 0.5
) -> AsyncIterator[RedisStore]:
    """Connect to one server (one URL) or to a cluster (several URLs of nodes), and load the scripts.

    Seconds: `connect_timeout` for a connection, `batch_timeout` for a batch from sending to the last answer, `grace`
    between the loss of a server's data and the rebuilding of its counters, for all processes to tell their holds. So
    short that a call which finds the server away knows it within a second.
    Raises STORE_UNAVAILABLE.
    """
    link: _Link
    try:
        if len(urls) == 1:
            link = _Single(urls[0], connect_timeout, batch_timeout)
        else:
            link = cluster = _Cluster(urls, connect_timeout, batch_timeout)
            await cluster.open()
    except Exception as error:
        raise translate(error) from None
    store = RedisStore(link, urls, connect_timeout, grace)
    try:
        await store.load()
        yield store
    finally:
        await asyncio.shield(store.aclose())


def _raise_first(answers: Sequence[Any]) -> None:
    for answer in answers:
        if isinstance(answer, Exception):
            raise answer
