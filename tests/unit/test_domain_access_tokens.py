"""Access tokens that one server fetches for all, and what token endpoints answer."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field

import orjson
import pytest
from trunkline_server.domain.access_tokens import Claimed, Token, Tokens, fetched_once
from trunkline_server.domain.errors import Reason, TrunklineError, store_unavailable
from trunkline_server.domain.token_answers import given, refusal


@dataclass
class Shared:
    """What all servers share, in memory. `away` counts the calls that fail."""

    token: Token | None = None
    holder: str = ""
    away: int = 0
    given: list[str] = field(default_factory=list)

    async def claim(self, tenant_id: str, key: bytes, refused: str, claim: str) -> Claimed:
        self._answer()
        if self.token is not None and self.token.value != refused:
            return Claimed(self.token)
        if self.holder and self.holder != claim:
            return Claimed(wait=5.0)
        self.holder = claim
        return Claimed()

    async def give(self, tenant_id: str, key: bytes, claim: str, token: Token) -> None:
        self._answer()
        self.token, self.holder = token, ""
        self.given.append(token.value)

    async def release(self, tenant_id: str, key: bytes, claim: str) -> None:
        self._answer()
        self.holder = ""

    def _answer(self) -> None:
        if self.away:
            self.away -= 1
            raise store_unavailable("redis")


@dataclass
class Endpoint:
    """Gives t1, t2, … when its gate is open."""

    asked: int = 0
    failing: bool = False
    gate: asyncio.Event = field(default_factory=asyncio.Event)

    async def fetch(self) -> Token:
        self.asked += 1
        value = f"t{self.asked}"
        await self.gate.wait()
        if self.failing:
            raise TrunklineError(Reason.ERROR_REASON_INTEGRATION_UNAVAILABLE, "down", metadata={"a": "b"})
        return Token(value, 3600.0)


async def once(shared: Shared, endpoint: Endpoint, refused: str = "", patience: float = 5.0) -> str:
    return (await fetched_once(shared, "acme", b"k", refused, endpoint.fetch, patience)).value


async def test_one_fetches_and_the_others_wait() -> None:
    shared, endpoint = Shared(), Endpoint()
    waiting = [asyncio.create_task(once(shared, endpoint)) for _ in range(5)]
    await asyncio.sleep(0.01)
    endpoint.gate.set()
    assert (set(await asyncio.gather(*waiting)), endpoint.asked) == ({"t1"}, 1)
    assert await once(shared, endpoint) == "t1"
    assert await once(shared, endpoint, refused="t1") == "t2"
    assert shared.given == ["t1", "t2"]


async def test_a_failure_lets_the_next_one_try() -> None:
    shared, endpoint = Shared(), Endpoint(failing=True)
    endpoint.gate.set()
    with pytest.raises(TrunklineError, match="down"):
        await once(shared, endpoint)
    endpoint.failing = False
    assert await once(shared, endpoint) == "t2"


async def test_patience_ends() -> None:
    with pytest.raises(TimeoutError):
        await once(Shared(holder="dead"), Endpoint(), patience=0.0)


@pytest.mark.parametrize("failing", [False, True])
async def test_a_store_that_is_away_keeps_no_token_back(failing: bool) -> None:
    endpoint = Endpoint()
    endpoint.gate.set()
    assert await once(Shared(away=1), endpoint) == "t1"
    lost = Shared()

    async def fetch() -> Token:
        lost.away = 1
        endpoint.failing = failing
        return await endpoint.fetch()

    if failing:
        with pytest.raises(TrunklineError, match="down"):
            await fetched_once(lost, "acme", b"k", "", fetch, 1.0)
    else:
        assert (await fetched_once(lost, "acme", b"k", "", fetch, 1.0)).value == "t2"


@dataclass(frozen=True)
class Credential:
    key: bytes = b"k"


async def test_the_cache_asks_for_another_one_than_was_refused() -> None:
    told: list[str] = []

    async def fetch(credential: Credential, refused: str) -> Token:
        told.append(refused)
        return Token(f"t{len(told)}", 100.0, age=60.0)

    now = 0.0
    tokens: Tokens[Credential] = Tokens(fetch, clock=lambda: now)
    at = asyncio.get_running_loop().time() + 5
    assert await tokens.get(Credential(), at) == "t1"
    assert tokens.drop(Credential(), "t1")
    assert await tokens.get(Credential(), at) == "t2"
    now = 41.0
    assert await tokens.get(Credential(), at) == "t3", "sixty of its hundred seconds had passed"
    assert told == ["", "t1", ""]
    await tokens.close(1.0)


async def test_closing_lets_a_fetch_end_within_its_grace() -> None:
    endpoint = Endpoint()

    async def fetch(credential: Credential, refused: str) -> Token:
        return await endpoint.fetch()

    tokens: Tokens[Credential] = Tokens(fetch)
    waiting = asyncio.create_task(tokens.get(Credential(), asyncio.get_running_loop().time() + 5))
    await asyncio.sleep(0)
    asyncio.get_running_loop().call_later(0.01, endpoint.gate.set)
    await tokens.close(5.0)
    assert await waiting == "t1"


async def test_errors_of_the_cache_are_of_their_own() -> None:
    async def fetch(credential: Credential, refused: str) -> Token:
        raise TrunklineError(Reason.ERROR_REASON_INTEGRATION_UNAVAILABLE, "down", metadata={"a": "b"}, retry_after=3.0)

    tokens: Tokens[Credential] = Tokens(fetch)
    found = []
    for _ in range(2):
        with pytest.raises(TrunklineError) as caught:
            await tokens.get(Credential(), asyncio.get_running_loop().time() + 5)
        found.append(caught.value)
        caught.value.metadata["more"] = "c"
    assert [(one.message, one.retry_after, one.metadata) for one in found] == [
        ("down", 3.0, {"a": "b", "more": "c"})
    ] * 2
    assert found[0] is not found[1]
    assert "Token(" in repr(Token("s3cret", 1.0)) and "s3cret" not in repr(Token("s3cret", 1.0))


def test_what_is_a_token() -> None:
    body = {"access_token": "a", "token_type": "bearer", "expires_in": 60, "refresh_token": "r"}
    found = given(orjson.dumps(body))
    assert (found.token, found.refresh_token) == (Token("a", 60.0), "r")
    assert found.token.margin == 6.0
    del body["expires_in"]
    assert given(orjson.dumps(body | {"refresh_token": 7}), 600.0).token.lifetime == 600.0
    assert given(orjson.dumps(body | {"expires_in": "3599"})).token.lifetime == 3599.0
    for wrong in (
        b"",
        b"[]",
        orjson.dumps(body),
        orjson.dumps(body | {"expires_in": True}),
        orjson.dumps(body | {"expires_in": "\u0663"}),
    ):
        with pytest.raises(ValueError, match="not a"):
            given(wrong)


@pytest.mark.parametrize(
    ("status", "body", "expected"),
    [
        (400, {"error": "invalid_grant", "error_description": "x"}, ("invalid_grant", "x", False, True)),
        (400, {"error": "No Code", "error_description": 7}, ("", "", False, True)),
        (400, {"error": "server_error"}, ("server_error", "", True, False)),
        (429, [], ("", "", True, False)),
        (500, {"error": "x"}, ("x", "", True, False)),
        (302, None, ("", "", False, False)),
    ],
)
def test_what_is_a_refusal(status: int, body: object, expected: tuple[str, str, bool, bool]) -> None:
    found = refusal(status, orjson.dumps(body))
    assert (found.code, found.said, found.passing, found.refused) == expected
