"""MCP servers at forbidden addresses, counted at a real socket."""

from __future__ import annotations

import asyncio
import socket

import pytest
from aiohttp.abc import AbstractResolver, ResolveResult
from rest_upstream import read_head, socket_upstream
from trunkline.v1.api_pb2 import McpConfiguration
from trunkline.v1.configuration_pb2 import Configuration, IntegrationType
from trunkline.v1.integration_pb2 import Integration
from trunkline_server.connectors.mcp import McpConnector
from trunkline_server.domain.addresses import OutboundPolicy
from trunkline_server.domain.deadline import Deadline
from trunkline_server.domain.errors import TrunklineError


class Turning(AbstractResolver):
    """A name that means one address first, and another from then on."""

    def __init__(self, *addresses: str) -> None:
        self._addresses = list(addresses)

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        address = self._addresses.pop(0) if len(self._addresses) > 1 else self._addresses[0]
        return [
            ResolveResult(hostname=host, host=address, port=port, family=family, proto=0, flags=socket.AI_NUMERICHOST)
        ]

    async def close(self) -> None:
        return


async def speak(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await read_head(reader)
    writer.write(b"HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n")
    await writer.drain()
    writer.close()


async def reason(connector: McpConnector, url: str) -> str:
    """Why discovering the server at the address fails."""
    target = Integration(
        integration_id="tools",
        type=IntegrationType.INTEGRATION_TYPE_API,
        configuration=Configuration(endpoint=url, mcp=McpConfiguration()),
    )
    with pytest.raises(TrunklineError) as caught:
        await connector.discover(target, "", Deadline.after(10))
    assert "127.0.0" not in caught.value.message.replace(url, "") or "127.0.0" in url
    return caught.value.reason_name


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "[::1]", "2130706433", "169.254.169.254", "10.0.0.1", "0"])
async def test_no_address_inside_is_called(host: str) -> None:
    policy = OutboundPolicy(allow_http=True)
    async with socket_upstream(speak) as inside, McpConnector(policy) as connector:
        assert await reason(connector, f"http://{host}:{inside.port}/mcp") in (
            "ADDRESS_FORBIDDEN",
            "INTEGRATION_UNAVAILABLE",
        )
        assert inside.accepted == 0


@pytest.mark.parametrize("host", ["127.0.0.1", "169.254.169.254"])
async def test_a_forbidden_address_is_called_so(host: str) -> None:
    async with McpConnector(OutboundPolicy(allow_http=True)) as connector:
        assert await reason(connector, f"http://{host}:9/mcp") == "ADDRESS_FORBIDDEN"
        assert await reason(connector, f"ftp://{host}/mcp") == "ADDRESS_FORBIDDEN"
    async with McpConnector(OutboundPolicy()) as connector:
        assert await reason(connector, "http://mcp.example/mcp") == "ADDRESS_FORBIDDEN"


async def test_a_name_that_turns_inward_is_not_followed() -> None:
    policy = OutboundPolicy(allow=("127.0.0.2/32",), allow_http=True)
    async with socket_upstream(speak, "127.0.0.1") as inside:
        async with socket_upstream(speak, "127.0.0.2", inside.port) as outside:
            async with McpConnector(policy, resolver=Turning("127.0.0.1")) as connector:
                assert await reason(connector, f"http://inward.example:{inside.port}/mcp") == "ADDRESS_FORBIDDEN"
            async with McpConnector(policy, resolver=Turning("127.0.0.2", "127.0.0.1")) as connector:
                found = await reason(connector, f"http://turning.example:{inside.port}/mcp")
                assert found != "ADDRESS_FORBIDDEN"
        assert inside.accepted == 0 and outside.accepted > 0
