"""Client certificates: real TLS servers that demand one."""

from __future__ import annotations

import os
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from aiohttp import web
from e2e.certificates import Authority, write_pair
from rest_upstream import LOCAL, call, integration, refused, tool
from trunkline.v1.authentication_pb2 import AuthenticationScheme
from trunkline.v1.integration_pb2 import Integration
from trunkline_server.connectors.rest.engine import RestConnector
from trunkline_server.domain.errors import Reason

MTLS = AuthenticationScheme.AUTHENTICATION_SCHEME_MTLS


@dataclass
class Secured:
    """What a server saw: who called, over which connection."""

    url: str = ""
    callers: list[str] = field(default_factory=list)
    connections: list[int] = field(default_factory=list)

    async def answer(self, request: web.BaseRequest) -> web.StreamResponse:
        """The caller's name."""
        assert request.transport is not None
        found = request.transport.get_extra_info("peercert") or {}
        name = dict(pair for part in found.get("subject", ()) for pair in part).get("commonName", "nobody")
        self.callers.append(name)
        self.connections.append(id(request.transport))
        return web.json_response({"caller": name})


@asynccontextmanager
async def secured(
    folder: Path, authority: Authority, demand: bool = True, newest: ssl.TLSVersion = ssl.TLSVersion.TLSv1_3
) -> AsyncIterator[Secured]:
    """A server with a certificate of the authority that demands one of its clients."""
    key, certificate = write_pair(folder, authority.issue("server"))
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH, cafile=str(folder / "ca.pem"))
    context.load_cert_chain(certificate, key)
    context.maximum_version = newest
    context.verify_mode = ssl.CERT_REQUIRED if demand else ssl.CERT_OPTIONAL
    state = Secured()
    runner = web.ServerRunner(web.Server(state.answer), shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0, ssl_context=context).start()
    state.url = f"https://127.0.0.1:{runner.addresses[0][1]}"
    try:
        yield state
    finally:
        await runner.cleanup()


@pytest.fixture
def authority(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Authority:
    """An authority that this process trusts."""
    found = Authority("test")
    (tmp_path / "ca.pem").write_bytes(found.pem)
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "ca.pem"))
    return found


def secret(authority: Authority, name: str) -> str:
    private, certificate = authority.issue(name)
    return (certificate + private).decode()


def target(state: Secured, name: str = "upstream", scheme: AuthenticationScheme.ValueType = MTLS) -> Integration:
    found = integration(state.url, tool(), scheme=scheme)
    found.integration_id = name
    return found


async def test_the_certificate_is_shown(tmp_path: Path, authority: Authority) -> None:
    async with secured(tmp_path, authority) as state, RestConnector(LOCAL, templates={}) as rest:
        one, ours = target(state), secret(authority, "ours")
        for _ in range(3):
            assert (await call(rest, one, secret=ours)).json == b'{"caller": "ours"}'
        assert len(set(state.connections)) == 1
        # A new one takes over at once.
        assert (await call(rest, one, secret=secret(authority, "newer"))).json == b'{"caller": "newer"}'


async def test_connections_are_never_lent(tmp_path: Path, authority: Authority) -> None:
    async with secured(tmp_path, authority, demand=False) as state, RestConnector(LOCAL, templates={}) as rest:
        ours = secret(authority, "ours")
        for _ in range(2):
            await call(rest, target(state, "a"), secret=ours)
            await call(rest, target(state, "b"), secret=ours)
            await call(rest, target(state, "c"), secret=secret(authority, "theirs"))
            await call(
                rest, target(state, "d", AuthenticationScheme.AUTHENTICATION_SCHEME_BEARER), secret="s3cret-of-d"
            )
        assert state.callers == ["ours", "ours", "theirs", "nobody"] * 2
        a, b, c, d = (set(state.connections[place::4]) for place in range(4))
        assert len(a) == len(b) == len(d) == 1
        assert len(a | b | c | d) == len(a) + len(b) + len(c) + len(d)


async def test_a_server_refuses_without_or_with_a_strange_one(tmp_path: Path, authority: Authority) -> None:
    async with secured(tmp_path, authority) as state, RestConnector(LOCAL, templates={}) as rest:
        for own in (
            target(state, scheme=AuthenticationScheme.AUTHENTICATION_SCHEME_NONE),
            target(state),
        ):
            error = await refused(rest, own, secret=secret(Authority("strange"), "ours"))
            assert error.reason == Reason.ERROR_REASON_INTEGRATION_UNAVAILABLE
        assert state.callers == []


async def test_tls_below_1_3_is_refused(tmp_path: Path, authority: Authority) -> None:
    async with (
        secured(tmp_path, authority, newest=ssl.TLSVersion.TLSv1_2) as state,
        RestConnector(LOCAL, templates={}) as rest,
    ):
        error = await refused(rest, target(state), secret=secret(authority, "ours"))
        assert error.reason == Reason.ERROR_REASON_INTEGRATION_UNAVAILABLE
        assert state.callers == []


async def test_a_server_that_is_not_trusted_is_refused(tmp_path: Path, authority: Authority) -> None:
    async with secured(tmp_path, authority) as state, RestConnector(LOCAL, templates={}) as rest:
        os.environ["SSL_CERT_FILE"] = os.devnull
        error = await refused(rest, target(state), secret=secret(authority, "ours"))
        assert error.reason == Reason.ERROR_REASON_INTEGRATION_UNAVAILABLE
        assert "TLS certificate" in error.message


@pytest.mark.parametrize("text", ["", "s3cret"])
async def test_a_secret_that_is_no_certificate(tmp_path: Path, authority: Authority, text: str) -> None:
    async with secured(tmp_path, authority) as state, RestConnector(LOCAL, templates={}) as rest:
        error = await refused(rest, target(state), secret=text)
        assert error.reason == Reason.ERROR_REASON_UPSTREAM_AUTHENTICATION
        assert "s3cret" not in error.message
