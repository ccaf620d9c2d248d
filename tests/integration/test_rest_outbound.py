"""Calls to forbidden addresses, counted at real sockets."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack

import pytest
from aiohttp.abc import AbstractResolver, ResolveResult
from rest_upstream import Sockets, call, integration, read_head, socket_upstream, tool
from trunkline_server.connectors.rest.engine import RestConnector
from trunkline_server.domain.addresses import OutboundPolicy
from trunkline_server.domain.errors import Reason, TrunklineError


async def speak(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await read_head(reader)
    writer.write(b"HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n")
    await writer.drain()
    writer.close()


def has_ipv6() -> bool:
    try:
        with socket.socket(socket.AF_INET6) as probe:
            probe.bind(("::1", 0))
    except OSError:
        return False
    return True


@pytest.fixture
async def inner() -> AsyncIterator[list[Sockets]]:
    """Listeners on several loopback addresses, all on one port."""
    async with AsyncExitStack() as stack:
        first = await stack.enter_async_context(socket_upstream(speak, "127.0.0.1"))
        hosts = ["127.0.0.2", "127.0.0.3"] + (["::1"] if has_ipv6() else [])
        rest = [await stack.enter_async_context(socket_upstream(speak, host, first.port)) for host in hosts]
        yield [first, *rest]


class Script(AbstractResolver):
    """Answers with the next list of addresses, the last one for ever."""

    def __init__(self, *answers: list[str]) -> None:
        self.answers = list(answers)
        self.asked = 0

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        found = self.answers[min(self.asked, len(self.answers) - 1)]
        self.asked += 1
        return [
            ResolveResult(hostname=host, host=address, port=port, family=family, proto=0, flags=socket.AI_NUMERICHOST)
            for address in found
        ]

    async def close(self) -> None:
        return


async def attempt(policy: OutboundPolicy, endpoint: str, resolver: AbstractResolver | None = None) -> Reason.ValueType:
    """The reason of the refusal, or 0 for an answer."""
    async with RestConnector(policy, resolver=resolver) as rest:
        try:
            await call(rest, integration(endpoint, tool()))
        except TrunklineError as error:
            assert error.metadata.keys() <= {"host", "finding", "sent"}
            return error.reason
    return Reason.ERROR_REASON_UNSPECIFIED


# Ways to write a loopback address; some are refused as no address, none may connect.
SPELLINGS = [
    "127.0.0.1",
    "127.0.0.2",
    "127.1",
    "127.0.1",
    "2130706433",
    "0x7f000001",
    "0x7f.0.0.1",
    "0x7F.0x0.0x0.0x1",
    "017700000001",
    "0177.0.0.1",
    "0177.0.0.01",
    "00000000177.0.0.1",
    "127.0.0.1.",
    "127.000.000.001",
    "localhost",
    "localhost.",
    "LOCALHOST",
    "0",
    "0.0.0.0",
    "[::1]",
    "[0:0:0:0:0:0:0:1]",
    "[::]",
    "[::ffff:127.0.0.1]",
    "[::ffff:7f00:1]",
    "[0:0:0:0:0:ffff:127.0.0.1]",
    "[::127.0.0.1]",
    "[64:ff9b::127.0.0.1]",
    "[2002:7f00:1::]",
    "①②⑦.⓪.⓪.①",
    "127。0。0。1",
    "%31%32%37.0.0.1",
]


@pytest.mark.parametrize("host", SPELLINGS)
async def test_no_spelling_of_loopback_connects(inner: list[Sockets], host: str) -> None:
    reason = await attempt(OutboundPolicy(allow_http=True), f"http://{host}:{inner[0].port}")
    assert reason in (Reason.ERROR_REASON_ADDRESS_FORBIDDEN, Reason.ERROR_REASON_INTEGRATION_UNAVAILABLE)
    assert [sockets.accepted for sockets in inner] == [0] * len(inner)


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "[::ffff:127.0.0.1]"])
async def test_the_same_connects_where_it_is_allowed(inner: list[Sockets], host: str) -> None:
    policy = OutboundPolicy(allow=("127.0.0.0/8", "::1/128"), allow_http=True)
    assert not await attempt(policy, f"http://{host}:{inner[0].port}")
    assert sum(sockets.accepted for sockets in inner) == 1


@pytest.mark.parametrize(
    "address", ["127.0.0.1", "::1", "::ffff:127.0.0.1", "0.0.0.0", "10.0.0.1", "169.254.169.254", "fd00::1", "fe80::1"]
)
async def test_a_name_that_points_inward(inner: list[Sockets], address: str) -> None:
    script = Script([address])
    reason = await attempt(OutboundPolicy(allow_http=True), f"http://innocent.example:{inner[0].port}", script)
    assert reason == Reason.ERROR_REASON_ADDRESS_FORBIDDEN
    assert script.asked == 1
    assert [sockets.accepted for sockets in inner] == [0] * len(inner)


async def test_rebinding_reaches_the_checked_address_only(inner: list[Sockets]) -> None:
    allowed, forbidden = "127.0.0.2", "127.0.0.3"
    policy = OutboundPolicy(allow=(f"{allowed}/32",), allow_http=True)
    url = f"http://rebind.example:{inner[0].port}"
    script = Script([allowed], [forbidden])
    assert not await attempt(policy, url, script)
    # Resolved once: the answer that was checked is the one that is used.
    assert script.asked == 1
    assert await attempt(policy, url, script) == Reason.ERROR_REASON_ADDRESS_FORBIDDEN
    assert [sockets.accepted for sockets in inner][:3] == [0, 1, 0]


@pytest.mark.parametrize("order", [["127.0.0.3", "127.0.0.2"], ["127.0.0.2", "127.0.0.3"]])
async def test_of_several_addresses_only_allowed_ones_are_tried(inner: list[Sockets], order: list[str]) -> None:
    policy = OutboundPolicy(allow=("127.0.0.2/32",), allow_http=True)
    for _ in range(3):
        assert not await attempt(policy, f"http://mixed.example:{inner[0].port}", Script(order))
    assert [sockets.accepted for sockets in inner][:3] == [0, 3, 0]


async def test_several_forbidden_addresses(inner: list[Sockets]) -> None:
    script = Script(["127.0.0.1", "127.0.0.2", "127.0.0.3"])
    reason = await attempt(OutboundPolicy(allow_http=True), f"http://mixed.example:{inner[0].port}", script)
    assert reason == Reason.ERROR_REASON_ADDRESS_FORBIDDEN
    assert [sockets.accepted for sockets in inner] == [0] * len(inner)


async def test_names_that_the_operator_allows(inner: list[Sockets]) -> None:
    port = inner[0].port
    policy = OutboundPolicy(allow=(f"vault.internal:{port}",), allow_http=True)
    assert not await attempt(policy, f"http://vault.internal:{port}", Script(["127.0.0.2"]))
    for host in ("other.internal", "127.0.0.2", "vault.internal.evil.example"):
        reason = await attempt(policy, f"http://{host}:{port}", Script(["127.0.0.2"]))
        assert reason == Reason.ERROR_REASON_ADDRESS_FORBIDDEN
    assert [sockets.accepted for sockets in inner][:3] == [0, 1, 0]


async def test_a_pooled_connection_is_not_lent_to_another_name() -> None:
    async def keep(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while True:
            await read_head(reader)
            writer.write(b"HTTP/1.1 204 No Content\r\n\r\n")
            await writer.drain()

    async with socket_upstream(keep) as sockets:
        policy = OutboundPolicy(allow=(f"vault.internal:{sockets.port}",), allow_http=True)
        async with RestConnector(policy, resolver=Script(["127.0.0.1"])) as rest:
            for host, connections in (("vault.internal", 1), ("other.internal", 1), ("127.0.0.1", 1)):
                target = integration(f"http://{host}:{sockets.port}", tool())
                try:
                    await call(rest, target)
                except TrunklineError as error:
                    assert host != "vault.internal" and error.reason == Reason.ERROR_REASON_ADDRESS_FORBIDDEN
                else:
                    assert host == "vault.internal"
                assert sockets.accepted == connections


@pytest.mark.parametrize(
    "endpoint", ["http://127.0.0.1:{}", "https://u:p@127.0.0.1:{}", "ftp://127.0.0.1:{}", "https://127.0.0.1:{}/?a"]
)
async def test_stored_endpoints_are_judged_again(inner: list[Sockets], endpoint: str) -> None:
    policy = OutboundPolicy(allow=("127.0.0.0/8",))
    reason = await attempt(policy, endpoint.format(inner[0].port))
    assert reason == Reason.ERROR_REASON_ADDRESS_FORBIDDEN
    assert [sockets.accepted for sockets in inner] == [0] * len(inner)


async def test_the_egress_list_holds_at_the_socket(inner: list[Sockets]) -> None:
    """What a name resolves to is judged like any address: public ones that are not listed are not connected to."""
    policy = OutboundPolicy(allow_http=True, allow=("127.0.0.2/32",), egress=("192.0.78.0/24", "*.partner.example:81"))
    port = inner[0].port
    for answers in (["8.8.8.8"], ["2606:4700::1111"], ["127.0.0.1"], ["1.1.1.1", "127.0.0.3"]):
        reason = await attempt(policy, f"http://elsewhere.example:{port}", Script(answers))
        assert reason == Reason.ERROR_REASON_ADDRESS_FORBIDDEN
    assert await attempt(policy, f"http://8.8.8.8:{port}") == Reason.ERROR_REASON_ADDRESS_FORBIDDEN
    assert not await attempt(policy, f"http://elsewhere.example:{port}", Script(["8.8.8.8", "127.0.0.2"]))
    assert [sockets.accepted for sockets in inner][:3] == [0, 1, 0]
