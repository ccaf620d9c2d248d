"""Refresh tokens that their server replaces: stored in a real Postgres, and each used once."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import orjson
import pytest
from aiohttp import web
from integration.postgres_parts import ACTOR, KEYRING, make_tenants
from integration.redis_parts import plain, until
from rest_upstream import LOCAL, call, integration, refused, tool
from token_upstream import Upstream, serving
from trunkline.v1.authentication_pb2 import Authentication, AuthenticationScheme, OAuth2
from trunkline.v1.integration_pb2 import Integration
from trunkline_server.connectors.rest.engine import RestConnector
from trunkline_server.domain.deadline import Deadline
from trunkline_server.domain.errors import Reason, store_unavailable
from trunkline_server.stores.postgres import Database, PgIntegrations
from trunkline_server.stores.redis.client import connect
from trunkline_server.stores.redis.tokens import RedisTokens

FIRST = '{"refresh_token": "r1-of-mine", "client_secret": "s3cret-of-mine"}'


@dataclass
class Rotating:
    """A server that takes each refresh token once, and gives another one. `reused` are those that came again."""

    upstream: Upstream
    good: str = "r1-of-mine"
    number: int = 1
    reused: list[str] = field(default_factory=list)

    def answer(self, form: Mapping[str, str]) -> web.Response:
        """The token endpoint's."""
        if form["refresh_token"] != self.good:
            self.reused.append(form["refresh_token"])
            return web.json_response({"error": "invalid_grant"}, status=400)
        self.number += 1
        self.good, token = f"r{self.number}-of-mine", f"token-{self.number}"
        self.upstream.valid.add(token)
        return web.json_response(
            {"access_token": token, "token_type": "Bearer", "expires_in": 3600, "refresh_token": self.good}
        )


@asynccontextmanager
async def rotating() -> AsyncIterator[tuple[Upstream, Rotating]]:
    async with serving() as upstream:
        server = Rotating(upstream)
        upstream.answer = server.answer
        yield upstream, server


def target(upstream: Upstream) -> Integration:
    found = integration(f"{upstream.base}/provider", tool(path="/models"), check_path="/models")
    found.configuration.authentication.CopyFrom(
        Authentication(
            scheme=AuthenticationScheme.AUTHENTICATION_SCHEME_OAUTH2_REFRESH_TOKEN,
            oauth2=OAuth2(token_url=f"{upstream.base}/google/token", client_id="c1", credentials_in_body=True),
        )
    )
    return found


@asynccontextmanager
async def server(redis_url: str, keeper: PgIntegrations) -> AsyncIterator[RestConnector]:
    """One server's connector."""
    async with (
        connect([redis_url]) as store,
        RestConnector(LOCAL, templates={}, tokens=RedisTokens(store, KEYRING), secrets=keeper) as rest,
    ):
        yield rest


@pytest.fixture
async def keeper(database: Database) -> PgIntegrations:
    await make_tenants(database, "acme")
    return PgIntegrations(database, KEYRING)


async def stored(keeper: PgIntegrations) -> str:
    """The refresh token in the store."""
    secret = await keeper.secret("acme", "upstream")
    return str(orjson.loads(secret)["refresh_token"]) if secret else ""


async def test_a_replaced_refresh_token_survives_a_restart(redis_url: str, keeper: PgIntegrations) -> None:
    async with rotating() as (upstream, state):
        made = await keeper.create(ACTOR, target(upstream), FIRST)
        async with server(redis_url, keeper) as rest:
            assert (await call(rest, target(upstream), secret=FIRST)).http_status == 200
            assert await stored(keeper) == "r2-of-mine"
        assert upstream.asked[0] == {
            "grant_type": "refresh_token",
            "refresh_token": "r1-of-mine",
            "client_id": "c1",
            "client_secret": "s3cret-of-mine",
        }
        assert (await keeper.get("acme", "upstream")).etag == made.etag
        # What the stores know stays, the memory of the server does not.
        async with server(redis_url, keeper) as rest:
            secret = await keeper.secret("acme", "upstream")
            assert (await call(rest, target(upstream), secret=secret)).http_status == 200
            assert len(upstream.asked) == 1
            upstream.valid.clear()
            assert (await call(rest, target(upstream), secret=secret)).http_status == 200
        async with plain(redis_url) as client:
            await client.flushall()
        async with server(redis_url, keeper) as rest:
            # Even with the secret that was read before.
            assert (await call(rest, target(upstream), secret=FIRST)).http_status == 200
        assert await stored(keeper) == "r4-of-mine"
        assert (len(upstream.asked), state.reused) == (3, [])
        assert "client_secret" in await keeper.secret("acme", "upstream")


async def test_servers_use_each_refresh_token_once(redis_url: str, keeper: PgIntegrations) -> None:
    async with rotating() as (upstream, state):
        await keeper.create(ACTOR, target(upstream), FIRST)
        async with server(redis_url, keeper) as first, server(redis_url, keeper) as second:
            pairs = [(first, target(upstream)), (second, target(upstream))]
            for ended in (False, True):
                if ended:
                    upstream.valid.clear()
                calls = [call(rest, one, secret=FIRST) for _ in range(25) for rest, one in pairs]
                assert {answer.http_status for answer in await asyncio.gather(*calls)} == {200}
        assert (len(upstream.asked), state.reused) == (2, [])
        assert await stored(keeper) == "r3-of-mine"


async def test_a_check_before_the_integration_is_stored(redis_url: str, keeper: PgIntegrations) -> None:
    async with rotating() as (upstream, state), server(redis_url, keeper) as rest:
        assert (await rest.check(target(upstream), FIRST, Deadline.after(5), "acme")).healthy
        assert await stored(keeper) == ""
        await keeper.create(ACTOR, target(upstream), FIRST)

        async def there() -> bool:
            return await stored(keeper) == "r2-of-mine"

        await until(there)
        assert (len(upstream.asked), state.reused) == (1, [])


async def test_a_secret_rotated_in_by_people_stays(redis_url: str, keeper: PgIntegrations) -> None:
    async with rotating() as (upstream, state), server(redis_url, keeper) as rest:
        made = await keeper.create(ACTOR, target(upstream), FIRST)
        second = '{"refresh_token": "of-somebody-else"}'
        await keeper.update(ACTOR, made, second)
        # A call that began before.
        assert (await call(rest, target(upstream), secret=FIRST)).http_status == 200
        assert await keeper.secret("acme", "upstream") == second
        state.good = "of-somebody-else"
        assert (await call(rest, target(upstream), secret=second)).http_status == 200
        assert await stored(keeper) == "r3-of-mine"
        assert "client_secret" not in upstream.asked[1]
        assert state.reused == []


class Away(PgIntegrations):
    """A store that is away for as many times as told."""

    times = 2
    unreadable = False

    async def secret(self, tenant_id: str, integration_id: str) -> str:
        if self.unreadable:
            raise store_unavailable("postgres")
        return await super().secret(tenant_id, integration_id)

    async def replace_secret(self, tenant_id: str, integration_id: str, old: str, new: str) -> bool:
        if self.times:
            self.times -= 1
            raise store_unavailable("postgres")
        return await super().replace_secret(tenant_id, integration_id, old, new)


async def test_a_store_that_is_away_gets_it_later(redis_url: str, database: Database) -> None:
    await make_tenants(database, "acme")
    keeper = Away(database, KEYRING)
    async with rotating() as (upstream, state):
        await keeper.create(ACTOR, target(upstream), FIRST)
        async with server(redis_url, keeper) as rest:
            assert (await call(rest, target(upstream), secret=FIRST)).http_status == 200
            assert await stored(keeper) == "r1-of-mine"
            # The next one comes of the one that is not stored yet.
            upstream.valid.clear()
            keeper.times = 3
            assert (await call(rest, target(upstream), secret=FIRST)).http_status == 200
        # Closing waits for it.
        assert await stored(keeper) == "r3-of-mine"
        assert state.reused == []


async def test_a_store_that_cannot_be_read_keeps_no_call_back(redis_url: str, database: Database) -> None:
    await make_tenants(database, "acme")
    keeper = Away(database, KEYRING)
    keeper.unreadable = True
    async with rotating() as (upstream, state):
        await keeper.create(ACTOR, target(upstream), FIRST)
        async with server(redis_url, keeper) as rest:
            assert (await call(rest, target(upstream), secret=FIRST)).http_status == 200
        keeper.unreadable = False
        assert await stored(keeper) == "r2-of-mine"


async def test_servers_that_share_nothing_learn_from_the_store(keeper: PgIntegrations) -> None:
    async with rotating() as (upstream, state):
        await keeper.create(ACTOR, target(upstream), FIRST)
        for _ in range(2):
            async with RestConnector(LOCAL, templates={}, secrets=keeper) as rest:
                assert (await call(rest, target(upstream), secret=FIRST)).http_status == 200
        assert (len(upstream.asked), state.reused) == (2, [])


async def test_a_refresh_token_that_is_refused(keeper: PgIntegrations) -> None:
    async with rotating() as (upstream, state), RestConnector(LOCAL, templates={}, secrets=keeper) as rest:
        state.good = "another"
        await keeper.create(ACTOR, target(upstream), FIRST)
        error = await refused(rest, target(upstream), secret=FIRST)
        assert error.reason == Reason.ERROR_REASON_UPSTREAM_AUTHENTICATION
        assert "refresh token (HTTP 400, invalid_grant): it was revoked" in error.message
        assert len(upstream.asked) == 1
        assert "of-mine" not in f"{error.status()}"


async def test_a_server_that_keeps_its_refresh_token(keeper: PgIntegrations) -> None:
    async with serving() as upstream, RestConnector(LOCAL, templates={}, secrets=keeper) as rest:
        await keeper.create(ACTOR, target(upstream), FIRST)
        assert (await call(rest, target(upstream), secret=FIRST)).http_status == 200
        assert await keeper.secret("acme", "upstream") == FIRST


async def test_who_checks_must_say_for_whom(keeper: PgIntegrations) -> None:
    async with rotating() as (upstream, state), RestConnector(LOCAL, templates={}, secrets=keeper) as rest:
        with pytest.raises(AssertionError, match="tenant"):
            await rest.check(target(upstream), FIRST, Deadline.after(5))
        assert upstream.asked == []
