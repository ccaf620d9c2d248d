"""Access tokens: the cache by a clock that the test moves, the options, and what a grant shows of its credential."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace

import pytest
from trunkline.v1.integration_pb2 import Integration
from trunkline_server.domain.access_tokens import FAILURE_SECONDS, REFUSAL_SECONDS, Token
from trunkline_server.domain.addresses import OutboundPolicy
from trunkline_server.domain.deadline import Deadline
from trunkline_server.domain.errors import ProviderError, Reason
from trunkline_server.domain.ports import Target
from trunkline_server.providers.driver import ProviderDriver
from trunkline_server.providers.errors import unusable
from trunkline_server.providers.http import Bound
from trunkline_server.providers.profiles import builtin
from trunkline_server.providers.tokens import SOURCES, fetched
from trunkline_server.providers.tokens.cache import ProviderTokens
from trunkline_server.providers.tokens.grant import Ask, Grant

TENANT, CLIENT = "72f988bf-86f1-41af-91ab-2d7cd011db47", "11111111-2222-3333-4444-555555555555"
ENTRA = {"entra_tenant": TENANT, "entra_client_id": CLIENT}


class Endpoint:
    """Gives t1, t2, … or fails as told; `open` false holds every answer back."""

    def __init__(self, lifetime: float = 3600.0) -> None:
        self.now, self.asked, self.lifetime = 1000.0, 0, lifetime
        self.failure: Callable[[], ProviderError] | None = None
        self.gate = asyncio.Event()
        self.gate.set()

    async def fetch(self, grant: Grant, refused: str) -> Token:
        self.asked += 1
        number = self.asked
        await self.gate.wait()
        if self.failure is not None:
            raise self.failure()
        return Token(f"t{number}", self.lifetime)

    def tokens(self, capacity: int = 8) -> ProviderTokens:
        return ProviderTokens(self.fetch, clock=lambda: self.now, capacity=capacity)


def _grant(name: bytes = b"k") -> Grant:
    return Grant(name, "azure", "Microsoft Entra ID", "look", lambda: Ask("https://login.example", {}))


def _bound(seconds: float = 5.0, *, caller: bool = False) -> Bound:
    return Bound(Deadline.after(seconds).at, caller)


async def _turns() -> None:
    for _ in range(5):
        await asyncio.sleep(0)


async def _error(run: Awaitable[object]) -> ProviderError:
    with pytest.raises(ProviderError) as caught:
        await run
    return caught.value


def _down() -> ProviderError:
    return ProviderError(Reason.ERROR_REASON_UPSTREAM_UNAVAILABLE, "down", retry=True, metadata={"provider": "azure"})


async def test_many_callers_share_one_fetch() -> None:
    endpoint = Endpoint()
    tokens = endpoint.tokens()
    found = await asyncio.gather(*(tokens.of(_grant(), _bound()) for _ in range(20)))
    assert (set(found), endpoint.asked) == ({"t1"}, 1)
    assert await tokens.of(_grant(b"other"), _bound()) == "t2"


async def test_a_caller_who_leaves_does_not_break_the_fetch() -> None:
    endpoint = Endpoint()
    endpoint.gate.clear()
    tokens = endpoint.tokens()
    first, second = (asyncio.create_task(tokens.of(_grant(), _bound())) for _ in range(2))
    await _turns()
    first.cancel()
    with pytest.raises(asyncio.CancelledError):
        await first
    endpoint.gate.set()
    assert (await second, endpoint.asked) == ("t1", 1)


@pytest.mark.parametrize(("lifetime", "ahead"), [(3600.0, 300.0), (86400.0, 300.0), (60.0, 6.0)])
async def test_renewal_ahead_of_expiry_keeps_nobody_waiting(lifetime: float, ahead: float) -> None:
    endpoint = Endpoint(lifetime)
    tokens = endpoint.tokens()
    assert await tokens.of(_grant(), _bound()) == "t1"
    endpoint.now += lifetime - ahead - 1
    assert await tokens.of(_grant(), _bound()) == "t1"
    await _turns()
    assert endpoint.asked == 1
    endpoint.now += 2
    endpoint.gate.clear()
    assert [await tokens.of(_grant(), _bound()) for _ in range(3)] == ["t1"] * 3
    await _turns()
    assert endpoint.asked == 2
    endpoint.gate.set()
    await _turns()
    assert await tokens.of(_grant(), _bound()) == "t2"


async def test_after_expiry_all_wait() -> None:
    endpoint = Endpoint()
    tokens = endpoint.tokens()
    await tokens.of(_grant(), _bound())
    endpoint.now += 3600
    endpoint.gate.clear()
    waiting = [asyncio.create_task(tokens.of(_grant(), _bound())) for _ in range(5)]
    await _turns()
    assert not any(task.done() for task in waiting)
    endpoint.gate.set()
    assert (set(await asyncio.gather(*waiting)), endpoint.asked) == ({"t2"}, 2)


async def test_age_counts_from_the_question() -> None:
    endpoint = Endpoint()
    endpoint.gate.clear()
    tokens = endpoint.tokens()
    waiting = asyncio.create_task(tokens.of(_grant(), _bound()))
    await _turns()
    endpoint.now += 3600
    endpoint.gate.set()
    assert await waiting == "t1"
    assert await tokens.of(_grant(), _bound()) == "t2"


async def test_a_failed_renewal_fails_no_call() -> None:
    endpoint = Endpoint()
    tokens = endpoint.tokens()
    await tokens.of(_grant(), _bound())
    endpoint.now, endpoint.failure = endpoint.now + 3400, _down
    for _ in range(3):
        assert await tokens.of(_grant(), _bound()) == "t1"
        await _turns()
    assert endpoint.asked == 2
    endpoint.now += FAILURE_SECONDS
    assert await tokens.of(_grant(), _bound()) == "t1"
    await _turns()
    assert endpoint.asked == 3
    endpoint.now += 200
    assert (await _error(tokens.of(_grant(), _bound()))).message == "down"


async def test_failures_rest_for_a_second() -> None:
    endpoint = Endpoint()
    endpoint.failure = _down
    tokens = endpoint.tokens()
    errors = await asyncio.gather(*(_error(tokens.of(_grant(), _bound())) for _ in range(3)))
    errors.append(await _error(tokens.of(_grant(), _bound())))
    assert endpoint.asked == 1
    assert len(set(map(id, errors))) == 4, "callers add to their errors"
    assert all(error.reason == Reason.ERROR_REASON_UPSTREAM_UNAVAILABLE and error.retry for error in errors)
    # Nothing reached the provider: the attempt costs nothing, whatever the reason.
    assert all(error.usage is not None and error.usage.HasField("input_tokens") for error in errors)
    endpoint.now, endpoint.failure = endpoint.now + FAILURE_SECONDS, None
    assert await tokens.of(_grant(), _bound()) == "t2"


async def test_the_bound_ends_the_wait_and_not_the_fetch() -> None:
    endpoint = Endpoint()
    endpoint.gate.clear()
    tokens = endpoint.tokens()
    error = await _error(tokens.of(_grant(), _bound(0.02)))
    assert (error.reason, error.retry) == (Reason.ERROR_REASON_UPSTREAM_UNAVAILABLE, True)
    error = await _error(tokens.of(_grant(), _bound(0.02, caller=True)))
    assert (error.reason, error.fallback) == (Reason.ERROR_REASON_CALLER_DEADLINE, False)
    endpoint.gate.set()
    await _turns()
    assert (await tokens.of(_grant(), _bound()), endpoint.asked) == ("t1", 1)


async def test_a_fault_of_ours_reaches_the_caller_and_is_not_kept() -> None:
    endpoint = Endpoint()
    tokens = endpoint.tokens()
    endpoint.failure = lambda: ValueError("a fault")  # type: ignore[assignment, return-value]
    with pytest.raises(ValueError, match="a fault"):
        await tokens.of(_grant(), _bound())
    endpoint.failure = None
    assert await tokens.of(_grant(), _bound()) == "t2"


async def test_a_refused_token_is_dropped_once() -> None:
    endpoint = Endpoint()
    tokens = endpoint.tokens()
    await tokens.of(_grant(), _bound())
    assert tokens.drop(_grant(), "t1")
    assert await tokens.of(_grant(), _bound()) == "t2"
    assert tokens.drop(_grant(), "t1"), "a newer one is there"
    assert (await tokens.of(_grant(), _bound()), endpoint.asked) == ("t2", 2)
    assert not tokens.drop(_grant(), "t2"), "a provider that refuses fresh tokens too must not flood the endpoint"
    assert (await tokens.of(_grant(), _bound()), endpoint.asked) == ("t2", 2)
    endpoint.now += REFUSAL_SECONDS
    assert tokens.drop(_grant(), "t2")
    assert await tokens.of(_grant(), _bound()) == "t3"


async def test_what_is_used_least_goes_first() -> None:
    endpoint = Endpoint()
    tokens = endpoint.tokens(capacity=2)
    assert [await tokens.of(_grant(name), _bound()) for name in (b"a", b"b", b"a", b"c")] == ["t1", "t2", "t1", "t3"]
    assert [await tokens.of(_grant(name), _bound()) for name in (b"a", b"c", b"b")] == ["t1", "t3", "t4"]


async def test_closing_ends_a_fetch() -> None:
    endpoint = Endpoint()
    endpoint.gate.clear()
    tokens = endpoint.tokens()
    waiting = asyncio.create_task(tokens.of(_grant(), _bound()))
    await _turns()
    await tokens.close()
    with pytest.raises(asyncio.CancelledError):
        await waiting


def _target(profile: str = "azure", secret: str = "s3cret-Value", **options: str) -> Target:
    return Target("i", profile, profile, "m", "", 30.0, secret, options)


def test_which_secrets_are_changed() -> None:
    azure, vertex, openai = (builtin()[name] for name in ("azure", "vertex", "openai"))
    assert fetched(azure, _target(**ENTRA))
    assert fetched(azure, _target(entra_tenant=TENANT)), "half a setting must not make the secret an API key"
    assert not fetched(azure, _target())
    assert fetched(vertex, _target("vertex", ' {"type": "service_account"}'))
    assert fetched(vertex, _target("vertex", "{}")), "JSON is never an access token"
    assert not fetched(vertex, _target("vertex", "ya29.token"))
    assert not fetched(openai, _target("openai", "{}", **ENTRA))
    assert not fetched(azure, _target(secret="", **ENTRA))


def test_a_grant_is_told_by_all_that_decides_the_token_and_shows_nothing() -> None:
    azure, one = builtin()["azure"], _target(**ENTRA)
    grant = SOURCES["azure"].grant
    others = [
        replace(one, integration_id="j"),
        replace(one, secret="another"),
        replace(one, options={**ENTRA, "entra_tenant": "contoso.com"}),
        replace(one, options={**ENTRA, "entra_client_id": TENANT}),
    ]
    keys = {grant(azure, target).key for target in [one, *others]}
    keys.add(grant(replace(azure, token_url="https://elsewhere.example"), one).key)
    keys.add(grant(replace(azure, token_scope="other"), one).key)
    assert len(keys) == 7
    assert grant(azure, one).key == grant(azure, replace(one, model="m2", endpoint="https://e")).key
    assert "s3cret" not in repr(grant(azure, one)) + repr(Token("s3cret", 1.0)) + str(unusable("azure", "x"))


@pytest.mark.parametrize("tenant", [TENANT, TENANT.upper(), "contoso.onmicrosoft.com", "a.b-c.io"])
def test_tenants_of_entra(tenant: str) -> None:
    assert not SOURCES["azure"].problems({**ENTRA, "entra_tenant": tenant})
    form = SOURCES["azure"].grant(builtin()["azure"], _target(**ENTRA | {"entra_tenant": tenant})).ask()
    assert form.url == f"https://login.microsoftonline.com/{tenant}/oauth2/v2.0/token"


@pytest.mark.parametrize(
    "tenant",
    ["common", "contoso", "contoso.com/x", "../evil.com", "evil.com?", "a@evil.com", "evil.com#", "contoso.com\n",
     "-a.com", "a..com", ".com", "a.1", f"{TENANT}0", "x" * 260 + ".com", "{entra_client_id}.com", "cöntoso.com"],
)  # fmt: skip
async def test_a_tenant_that_is_none(tenant: str) -> None:
    target = _target(**ENTRA | {"entra_tenant": tenant})
    with pytest.raises(ProviderError, match="entra_tenant must be") as caught:
        SOURCES["azure"].grant(builtin()["azure"], target).ask()
    assert caught.value.reason == Reason.ERROR_REASON_UPSTREAM_AUTHENTICATION


@pytest.mark.parametrize(
    ("options", "wrong"),
    [
        (ENTRA, {}),
        ({}, {}),
        ({"entra_tenant": TENANT}, {"entra_client_id": "is needed too"}),
        ({"entra_client_id": CLIENT}, {"entra_tenant": "is needed too"}),
        ({"entra_tenant": "common", "entra_client_id": "app"}, {"entra_tenant": "domains", "entra_client_id": "GUID"}),
        (ENTRA | {"token_url": "https://evil.example"}, {"token_url": "is not an option"}),
    ],
)
@pytest.mark.parametrize("profile", ["azure", "azure_responses"])
async def test_the_configuration_names_what_is_wrong(
    profile: str, options: dict[str, str], wrong: dict[str, str]
) -> None:
    integration = Integration()
    integration.configuration.llm_provider.provider = profile
    integration.configuration.llm_provider.options.update({"resource": "r"} | options)
    async with ProviderDriver(OutboundPolicy()) as driver:
        found = dict(driver.validate(integration))
    assert found.keys() == {f"configuration.llm_provider.options[{name}]" for name in wrong}
    for name, why in wrong.items():
        assert why in found[f"configuration.llm_provider.options[{name}]"]
