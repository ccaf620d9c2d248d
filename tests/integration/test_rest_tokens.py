"""Access tokens of integrations: a real token endpoint, a real Redis, and several servers' worth of connectors."""

from __future__ import annotations

import asyncio
import base64
import os
import sys
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from urllib.parse import quote_plus

import orjson
import pytest
from aiohttp import web
from integration.redis_parts import plain, until
from rest_upstream import LOCAL, call, integration, refused, tool
from token_upstream import ACCOUNT, KEY, SECRET, Upstream, read_jwt, service_account, serving
from trunkline.v1.authentication_pb2 import Authentication, AuthenticationScheme, OAuth2
from trunkline.v1.integration_pb2 import Integration
from trunkline_server.connectors.rest.engine import RestConnector
from trunkline_server.domain.access_tokens import Claimed, Token
from trunkline_server.domain.addresses import OutboundPolicy
from trunkline_server.domain.deadline import Deadline
from trunkline_server.domain.errors import Reason
from trunkline_server.embedded import embedded_redis
from trunkline_server.stores.crypto import Keyring
from trunkline_server.stores.redis.client import connect
from trunkline_server.stores.redis.tokens import RedisTokens

CLIENT = AuthenticationScheme.AUTHENTICATION_SCHEME_OAUTH2_CLIENT_CREDENTIALS
ACCOUNTS = AuthenticationScheme.AUTHENTICATION_SCHEME_SERVICE_ACCOUNT
KEYRING = Keyring([("k1", os.urandom(32))])


def target(
    upstream: Upstream, scheme: AuthenticationScheme.ValueType = CLIENT, path: str = "/google/token", **more: object
) -> Integration:
    """An integration of the providers behind the token endpoint."""
    found = integration(f"{upstream.base}/provider", tool(path="/models"))
    oauth2 = OAuth2(token_url=upstream.base + path, client_id="client 1", **more)  # type: ignore[arg-type]
    found.configuration.authentication.CopyFrom(Authentication(scheme=scheme, oauth2=oauth2))
    return found


@asynccontextmanager
async def server(redis_url: str, lease: float = 10.0, keyring: Keyring = KEYRING) -> AsyncIterator[RestConnector]:
    """One server's connector, with its own connections to Redis."""
    async with (
        connect([redis_url]) as store,
        RestConnector(LOCAL, templates={}, tokens=RedisTokens(store, keyring, lease=lease)) as rest,
    ):
        yield rest


async def test_a_client_changes_its_secret_for_a_token() -> None:
    async with serving() as upstream, RestConnector(LOCAL, templates={}) as rest:
        one = target(upstream, scopes=["read", "write"], audience="orders")
        for _ in range(3):
            assert (await call(rest, one, secret=SECRET)).http_status == 200
        assert upstream.asked == [
            {"grant_type": "client_credentials", "scope": "read write", "audience": "orders"},
        ]
        # RFC 6749, 2.3.1: both are encoded as in a form first.
        pair = f"{quote_plus('client 1')}:{quote_plus(SECRET)}"
        assert upstream.credentials == ["Basic " + base64.b64encode(pair.encode()).decode()]
        assert [seen.headers["Authorization"] for seen in upstream.calls] == ["Bearer token-1"] * 3
        for seen in upstream.calls:
            assert SECRET not in str(seen)


async def test_a_client_in_the_body() -> None:
    async with serving() as upstream, RestConnector(LOCAL, templates={}) as rest:
        await call(rest, target(upstream, credentials_in_body=True), secret=SECRET)
        assert upstream.credentials == [""]
        (form,) = upstream.asked
        assert form == {"grant_type": "client_credentials", "client_id": "client 1", "client_secret": SECRET}


async def test_a_service_account_signs() -> None:
    async with serving() as upstream, RestConnector(LOCAL, templates={}) as rest:
        one = integration(f"{upstream.base}/provider", tool(path="/models"), scheme=ACCOUNTS)
        one.configuration.authentication.oauth2.scopes.extend(["a", "b"])
        secret, before = service_account(token_uri=f"{upstream.base}/google/token"), int(time.time())
        assert (await call(rest, one, secret=secret)).http_status == 200
        (form,) = upstream.asked
        assert form["grant_type"] == "urn:ietf:params:oauth:grant-type:jwt-bearer"
        head, claims = read_jwt(form["assertion"], KEY.public_key())
        assert head == {"alg": "RS256", "typ": "JWT", "kid": "kid-1"}
        assert before <= int(str(claims["iat"])) <= time.time()
        assert claims == {
            "iss": ACCOUNT,
            "aud": f"{upstream.base}/google/token",
            "scope": "a b",
            "iat": claims["iat"],
            "exp": int(str(claims["iat"])) + 3600,
        }
        one = target(upstream, ACCOUNTS)
        await call(rest, one, secret=secret)
        assert read_jwt(upstream.asked[1]["assertion"], KEY.public_key())[1]["sub"] == "client 1"


async def test_two_servers_fetch_one_token(redis_url: str) -> None:
    async with serving() as upstream, server(redis_url) as first, server(redis_url) as second:
        one, other = target(upstream), target(upstream)
        upstream.gate.clear()
        calls = [
            asyncio.ensure_future(call(rest, of, secret=SECRET))
            for _ in range(50)
            for rest, of in ((first, one), (second, other))
        ]
        while not upstream.asked:
            await asyncio.sleep(0.01)
        await asyncio.sleep(0.2)
        upstream.gate.set()
        assert {answer.http_status for answer in await asyncio.gather(*calls)} == {200}
        assert (len(upstream.asked), len(upstream.calls)) == (1, 100)


async def test_what_redis_holds_is_encrypted(redis_url: str) -> None:
    async with serving() as upstream, server(redis_url) as rest, plain(redis_url) as client:
        await call(rest, target(upstream), secret=SECRET)
        found = {}
        for key in await client.keys("*token*"):
            found[key] = await client.hgetall(key)
            assert 3_500_000 < await client.pttl(key) <= 3_599_000
        assert len(found) == 1
        assert b"token-1" not in str(found).encode()
        assert SECRET not in str(found)


async def test_a_token_that_ends_early_is_fetched_once_more(redis_url: str) -> None:
    async with serving() as upstream, server(redis_url) as first, server(redis_url) as second:
        one, other = target(upstream), target(upstream)
        for rest, of in ((first, one), (second, other)):
            assert (await call(rest, of, secret=SECRET)).http_status == 200
        upstream.valid.clear()
        answers = await asyncio.gather(
            *(call(rest, of, secret=SECRET) for _ in range(20) for rest, of in ((first, one), (second, other)))
        )
        assert {answer.http_status for answer in answers} == {200}
        assert len(upstream.asked) == 2


async def test_a_system_that_refuses_every_token_is_no_flood() -> None:
    async with serving() as upstream, RestConnector(LOCAL, templates={}) as rest:
        upstream.revoked = True
        one = target(upstream)
        for _ in range(3):
            error = await refused(rest, one, secret=SECRET)
            assert error.reason == Reason.ERROR_REASON_UPSTREAM_AUTHENTICATION
        # Twice for the first call, and never again for a while.
        assert (len(upstream.asked), len(upstream.calls)) == (2, 4)


async def test_another_secret_scope_or_integration_is_another_token(redis_url: str) -> None:
    async with serving() as upstream, server(redis_url) as rest:
        others = [target(upstream), target(upstream, scopes=["a"]), target(upstream, audience="b")]
        others[0].integration_id = "other"
        await call(rest, target(upstream), secret=SECRET)
        await call(rest, target(upstream), secret="another")
        for one in others:
            await call(rest, one, secret=SECRET)
        assert len(upstream.asked) == 5


async def test_a_dead_server_delays_others_by_its_lease(redis_url: str) -> None:
    async with serving() as upstream, server(redis_url, lease=1.0) as rest, connect([redis_url]) as store:
        one = target(upstream)
        await call(rest, one, secret=SECRET)
        key = next(iter(rest._authenticators.tokens._tokens._entries))
        dead = RedisTokens(store, KEYRING, lease=1.0)
        async with server(redis_url, lease=1.0) as other:
            # The first token was refused, and who fetches the next one is killed.
            assert await dead.claim("acme", key, "token-1", "dead") == Claimed()
            upstream.valid.clear()
            assert (await call(other, target(upstream), secret=SECRET, seconds=5)).http_status == 200
        assert len(upstream.asked) == 2


# A server of its own, whose token endpoint never answers. Arguments: Redis, key-encryption key, base address, lease.
_SERVER = """
import asyncio, sys
from integration.test_rest_tokens import SECRET, Keyring, Upstream, call, server, target

async def main():
    async with server(sys.argv[1], float(sys.argv[4]), Keyring.from_config([sys.argv[2]])) as rest:
        await call(rest, target(Upstream(base=sys.argv[3])), secret=SECRET)

asyncio.run(main())
"""


async def test_a_killed_server_delays_others_by_its_lease(redis_url: str) -> None:
    key = f"k1:{base64.b64encode(os.urandom(32)).decode()}"
    async with serving() as upstream, server(redis_url, 4.0, Keyring.from_config([key])) as rest:
        upstream.gate.clear()
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-c", _SERVER, redis_url, key, upstream.base, "4.0"),
            env=os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)},
        )
        try:
            await until(lambda: bool(upstream.asked), 30)
        finally:
            process.kill()
            await process.wait()
        upstream.gate.set()
        # Its lock is there, and nobody gives it back.
        async with plain(redis_url) as client:
            assert len(await client.keys("*token-lock*")) == 1
        assert (await call(rest, target(upstream), secret=SECRET, seconds=9)).http_status == 200
        assert len(upstream.asked) == 2


async def test_the_deadline_ends_the_wait_for_another_server(redis_url: str) -> None:
    async with serving() as upstream, server(redis_url) as first, server(redis_url) as second:
        upstream.gate.clear()
        fetching = asyncio.ensure_future(call(first, target(upstream), secret=SECRET))
        while not upstream.asked:
            await asyncio.sleep(0.01)
        error = await refused(second, target(upstream), secret=SECRET, seconds=0.3)
        assert error.reason == Reason.ERROR_REASON_CALLER_DEADLINE
        timed = target(upstream)
        timed.configuration.timeout.FromMilliseconds(200)
        error = await refused(second, timed, secret=SECRET)
        assert error.reason == Reason.ERROR_REASON_INTEGRATION_UNAVAILABLE
        assert "token endpoint" in error.message
        upstream.gate.set()
        assert (await fetching).http_status == 200
        assert len(upstream.asked) == 1


async def test_without_redis_each_server_fetches_its_own(tmp_path: Path) -> None:
    async with AsyncExitStack() as stack:
        upstream = await stack.enter_async_context(serving())
        async with embedded_redis(tmp_path / "redis", modules=False, durable=False) as running:
            servers = [await stack.enter_async_context(server(running.url)) for _ in range(2)]
        for rest in servers:
            assert (await call(rest, target(upstream), secret=SECRET)).http_status == 200
        assert len(upstream.asked) == 2


async def test_a_token_under_a_key_that_is_gone_is_fetched_anew(redis_url: str) -> None:
    async with serving() as upstream:
        async with server(redis_url) as rest:
            await call(rest, target(upstream), secret=SECRET)
        async with server(redis_url, keyring=Keyring([("k2", os.urandom(32))])) as rest:
            assert (await call(rest, target(upstream), secret=SECRET)).http_status == 200
        assert len(upstream.asked) == 2


async def test_a_token_near_its_end_is_renewed_by_one(redis_url: str) -> None:
    async with connect([redis_url]) as store:
        tokens = RedisTokens(store, KEYRING)
        assert await tokens.claim("acme", b"k", "", "a") == Claimed()
        await tokens.give("acme", b"k", "a", Token("t1", 3600.0, 3290.0))
        found = (await tokens.claim("acme", b"k", "", "b")).token
        assert found is not None
        assert (found.value, found.lifetime, round(found.age)) == ("t1", 3600.0, 3290)
        await tokens.claim("acme", b"k", "t1", "c")
        await tokens.give("acme", b"k", "c", Token("t2", 3600.0, 3301.0))
        assert await tokens.claim("acme", b"k", "", "d") == Claimed()
        assert 0 < (await tokens.claim("acme", b"k", "", "e")).wait <= 10
        await tokens.give("acme", b"k", "late", Token("t3", 3600.0))
        await tokens.release("acme", b"k", "d")
        assert await tokens.claim("acme", b"k", "", "e") == Claimed()


def answers(status: int, body: object, headers: Mapping[str, str] | None = None) -> web.Response:
    data = body if isinstance(body, bytes) else orjson.dumps(body)
    return web.Response(status=status, body=data, headers={"Content-Type": "application/json", **(headers or {})})


@pytest.mark.parametrize(
    ("status", "body", "reason", "said"),
    [
        (401, {"error": "invalid_client"}, "UPSTREAM_AUTHENTICATION", "client (HTTP 401, invalid_client): check"),
        (400, {"error": "invalid_scope"}, "UPSTREAM_AUTHENTICATION", "HTTP 400, invalid_scope"),
        (503, b"<html>", "INTEGRATION_UNAVAILABLE", "gives no access token now (HTTP 503)"),
        (400, {"error": "temporarily_unavailable"}, "INTEGRATION_UNAVAILABLE", "temporarily_unavailable"),
        (302, b"", "INTEGRATION_UNAVAILABLE", "HTTP 302"),
        (200, b"no json", "INTEGRATION_UNAVAILABLE", "not a JSON object"),
        (200, {"token_type": "Bearer"}, "INTEGRATION_UNAVAILABLE", "access_token is missing"),
        (200, {"token_type": "mac", "access_token": "a"}, "INTEGRATION_UNAVAILABLE", "not Bearer"),
        (200, {"token_type": "bearer", "access_token": "a\r\nb"}, "INTEGRATION_UNAVAILABLE", "cannot stand"),
    ],
)
async def test_what_the_token_endpoint_refuses(status: int, body: object, reason: str, said: str) -> None:
    async with serving() as upstream, RestConnector(LOCAL, templates={}) as rest:
        upstream.answer = lambda form: answers(status, body, {"Location": "http://169.254.169.254/"})
        error = await refused(rest, target(upstream), secret=SECRET)
        assert error.reason_name == reason
        assert said in error.message
        assert upstream.calls == []


async def test_words_of_the_token_endpoint_are_masked_and_waits_told() -> None:
    async with serving() as upstream, RestConnector(LOCAL, templates={}) as rest:
        said = {"error": "invalid_client", "error_description": f"{SECRET} is no secret of {quote_plus(SECRET)}"}
        upstream.answer = lambda form: answers(401, said)
        error = await refused(rest, target(upstream), secret=SECRET)
        assert error.metadata["upstream_message"] == "*** is no secret of ***"
        assert "s3cret" not in f"{error} {error.metadata} {error.status()}"
        upstream.answer = lambda form: answers(429, {}, {"Retry-After": "7"})
        error = await refused(rest, target(upstream), secret="other")
        assert (error.reason, error.retry_after) == (Reason.ERROR_REASON_INTEGRATION_UNAVAILABLE, 7.0)


async def test_a_token_without_a_lifetime_is_used() -> None:
    async with serving() as upstream, RestConnector(LOCAL, templates={}) as rest:
        upstream.valid.add("t")
        upstream.answer = lambda form: answers(200, {"token_type": "bearer", "access_token": "t"})
        for _ in range(2):
            assert (await call(rest, target(upstream), secret=SECRET)).http_status == 200
        assert len(upstream.asked) == 1


async def test_an_echoed_token_is_masked() -> None:
    async with serving() as upstream, RestConnector(LOCAL, templates={}) as rest:
        upstream.revoked = True
        upstream.refusal = (400, {"message": "what is token-1 for?"})
        error = await refused(rest, target(upstream), secret=SECRET)
        assert error.metadata["upstream_message"] == "what is *** for?"


async def test_token_endpoints_inside_are_out_of_reach() -> None:
    async with serving() as upstream, RestConnector(LOCAL, templates={}) as rest:
        for url in ("http://169.254.169.254/token", "http://10.0.0.1/token", "http://[::1]:1/token"):
            one = target(upstream)
            one.configuration.authentication.oauth2.token_url = url
            error = await refused(rest, one, secret=SECRET)
            assert error.reason == Reason.ERROR_REASON_ADDRESS_FORBIDDEN
        down = target(upstream)
        down.configuration.authentication.oauth2.token_url = "http://127.0.0.1:1/token"
        error = await refused(rest, down, secret=SECRET)
        assert error.reason == Reason.ERROR_REASON_INTEGRATION_UNAVAILABLE
        assert "token endpoint is not reachable" in error.message
        assert upstream.calls == []
    async with serving() as upstream, RestConnector(OutboundPolicy(allow=("127.0.0.0/8",)), templates={}) as rest:
        one = target(upstream)
        one.configuration.endpoint = "https://127.0.0.1:1"
        error = await refused(rest, one, secret=SECRET)
        assert error.reason == Reason.ERROR_REASON_ADDRESS_FORBIDDEN
        assert upstream.asked == []


async def test_a_check_uses_the_same_token(redis_url: str) -> None:
    async with serving() as upstream, server(redis_url) as rest:
        one = target(upstream)
        one.configuration.api.check_path = "/models"
        assert (await rest.check(one, SECRET, Deadline.after(5), "acme")).healthy
        assert (await call(rest, one, secret=SECRET)).http_status == 200
        assert len(upstream.asked) == 1
        upstream.answer = lambda form: answers(400, {"error": "invalid_client"})
        found = await rest.check(one, "wrong", Deadline.after(5), "acme")
        assert not found.healthy
        assert "invalid_client" in found.detail
