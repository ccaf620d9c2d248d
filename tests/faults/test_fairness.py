"""FAULTS 29: a tenant sends ten times its share. Another one, which stays within its own, is served all the same.

The quiet tenant sends evenly: one that sends in bursts is above its share in each of them, and waits for itself.
"""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import grpc
from e2e.calls import ask
from faults.holding import channels, completer, holding, quantile
from faults.report import report
from faults.scale import NOISE, pick
from harness import Stack, provider, stack
from trunkline.v1.access_pb2 import ApiKey, Tenant
from trunkline_server.domain.keys import new_api_key
from trunkline_server.domain.ports import Actor
from trunkline_server.stores import postgres
from trunkline_server.stores.crypto import Keyring
from upstream import MODEL

# 20 places that are taken for 0.5 s on average serve 40 calls a second; half of them are a tenant's share.
PLACES, LEAST, MOST = 20, 0.25, 0.75
SHARE = PLACES / ((LEAST + MOST) / 2) / 2
QUIET, NOISY = 0.9 * SHARE, 10 * SHARE
SECONDS = pick(8.0, 60.0)
SETTINGS = {
    "TRUNKLINE__SERVER__MAX_CONCURRENT_REQUESTS": str(PLACES),
    "TRUNKLINE__OBSERVABILITY__ACCESS_LOG": "off",
}


@dataclass
class Sender:
    """A tenant that sends a call whenever a `pause` (seconds) has passed, whatever becomes of them."""

    key: str
    channel: grpc.aio.Channel
    pause: Callable[[], float]
    seconds: list[float] = field(default_factory=list)
    sent: int = 0

    async def run(self, model: str, duration: float) -> None:
        complete = completer(self.channel)
        payload, metadata = ask(model).SerializeToString(), (("authorization", f"Bearer {self.key}"),)

        async def call() -> None:
            began = time.monotonic()
            try:
                await complete(payload, metadata=metadata, timeout=30)
            except grpc.aio.AioRpcError as error:
                assert error.code() == grpc.StatusCode.RESOURCE_EXHAUSTED, error
            else:
                self.seconds.append(time.monotonic() - began)

        async with asyncio.TaskGroup() as calls:
            at = end = time.monotonic()
            end += duration
            while (at := at + self.pause()) < end:
                # A loop that lags sends what it missed at once: the rate holds.
                await asyncio.sleep(at - time.monotonic())
                self.sent += 1
                calls.create_task(call())

    def p99(self) -> float:
        return quantile(self.seconds, 0.99)


def evenly() -> float:
    """The pauses of the quiet tenant."""
    return 1 / QUIET


async def second_tenant(running: Stack, url: str) -> str:
    """Another tenant with the same provider; returns its key."""
    actor = Actor("quiet", "setup")
    key_id, token, secret_hash = new_api_key()
    async with postgres.open_database(running.postgres_dsn) as database:
        await postgres.PgTenants(database).create(actor, Tenant(tenant_id="quiet"))
        key = ApiKey(key_id=key_id, tenant_id="quiet", roles=["admin"])
        await postgres.PgKeys(database).create(actor, key, secret_hash)
        keyring = Keyring.from_config([running.environment["TRUNKLINE__SECURITY__CREDENTIAL_KEYS"]])
        await postgres.PgIntegrations(database, keyring).create(actor, provider("mock", url, [MODEL]), "sk-test-secret")
    return token


async def test_a_noisy_tenant_delays_itself(tmp_path: Path) -> None:
    chance = random.Random(1)
    async with (
        holding(lambda: chance.uniform(LEAST, MOST)) as state,
        stack(tmp_path, [provider("mock", state.url, [MODEL])], model=f"vllm/{MODEL}", environment=SETTINGS) as running,
        channels(running.target, 2) as opened,
    ):
        state.release.set()
        token = await second_tenant(running, state.url)
        await Sender(token, opened[0], evenly).run(running.model, 1.0)
        alone, quiet = Sender(token, opened[0], evenly), Sender(token, opened[0], evenly)
        noisy = Sender(running.key, opened[1], lambda: chance.expovariate(NOISY))
        await alone.run(running.model, SECONDS)
        await asyncio.gather(quiet.run(running.model, SECONDS), noisy.run(running.model, SECONDS))
        ratio, share = quiet.p99() / alone.p99(), len(quiet.seconds) / quiet.sent
        report(29, "quiet tenant alone, p99 ms", alone.p99() * 1000)
        report(29, f"the same beside one that sends {noisy.sent / quiet.sent:.0f} times as much", quiet.p99() * 1000)
        report(29, "p99 beside it / alone", ratio, "<= 1.5")
        report(29, "what the quiet tenant got of its share", share, ">= 0.95")
        report(29, "what the noisy tenant got of what it sent", len(noisy.seconds) / noisy.sent)
        assert state.most <= PLACES
        assert share >= 0.95
        # First come, first served would make it eight.
        assert ratio <= 1.5 * NOISE
