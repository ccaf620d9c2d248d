"""Inbound TLS and mTLS, and certificates that change while the server runs."""

from __future__ import annotations

from pathlib import Path

import grpc
import pytest
from e2e.calls import ask, llm
from e2e.certificates import Authority, server_environment, write_pair
from harness import Stack, provider, stack
from trunkline.v1.completion_pb2 import StreamCompleteRequest
from upstream import MODEL, Upstream, upstream


async def _answers(running: Stack, credentials: grpc.ChannelCredentials | None) -> bool:
    """Whether a call over a new connection is answered."""
    # A pool of connections shared by channels would hide new handshakes.
    options = (("grpc.use_local_subchannel_pool", 1),)
    channel = (
        grpc.aio.secure_channel(running.target, credentials, options=options)
        if credentials
        else grpc.aio.insecure_channel(running.target, options=options)
    )
    async with channel:
        try:
            answer = await llm(channel).Complete(ask(running.model), metadata=running.metadata(), timeout=5)
        except grpc.aio.AioRpcError as error:
            assert error.code() == grpc.StatusCode.UNAVAILABLE
            return False
        return bool(answer.completion)


async def test_certificates_change_while_calls_go_on(tmp_path: Path) -> None:
    first, second = Authority("first"), Authority("second")
    write_pair(tmp_path, first.issue("server"))
    old, new = (grpc.ssl_channel_credentials(authority.pem) for authority in (first, second))
    async with (
        upstream(chunks=20, pace=0.1) as state,
        _serving(tmp_path, state, old) as running,
        grpc.aio.secure_channel(running.target, old) as channel,
    ):
        assert await _answers(running, old)
        assert not await _answers(running, None)
        assert not await _answers(running, new)
        stream = llm(channel).StreamComplete(
            StreamCompleteRequest(request=ask(running.model)), metadata=running.metadata(), timeout=20
        )
        events = aiter(stream)
        kinds = [(await anext(events)).WhichOneof("event")]
        write_pair(tmp_path, second.issue("server"))
        assert await _answers(running, new)
        assert not await _answers(running, old)
        (tmp_path / "tls.crt").write_text("no certificate")
        assert await _answers(running, new)
        kinds += [event.WhichOneof("event") async for event in events]
        assert kinds[-1] == "finished"
        assert "the old one stays" in running.logs()


async def test_clients_must_show_a_certificate_where_one_is_asked_for(tmp_path: Path) -> None:
    ours, others = Authority("ours"), Authority("others")
    write_pair(tmp_path, ours.issue("server"))
    (tmp_path / "clients.crt").write_bytes(ours.pem)
    known = grpc.ssl_channel_credentials(ours.pem, *ours.issue("client"))
    extra = {"TRUNKLINE__SERVER__TLS__CLIENT_CA": str(tmp_path / "clients.crt")}
    async with upstream() as state, _serving(tmp_path, state, known, **extra) as running:
        assert await _answers(running, known)
        assert not await _answers(running, grpc.ssl_channel_credentials(ours.pem))
        assert not await _answers(running, grpc.ssl_channel_credentials(ours.pem, *others.issue("client")))


async def test_a_certificate_that_cannot_be_used_is_refused_at_start(tmp_path: Path) -> None:
    authority = Authority("ours")
    write_pair(tmp_path, authority.issue("server"))
    (tmp_path / "tls.crt").write_text("no certificate")
    with pytest.raises(RuntimeError, match=r"server\.tls"):
        async with upstream() as state, _serving(tmp_path, state, grpc.ssl_channel_credentials(authority.pem)):
            raise AssertionError("it serves")


def _serving(folder: Path, state: Upstream, credentials: grpc.ChannelCredentials, **extra: str):  # type: ignore[no-untyped-def]
    return stack(
        folder,
        [provider("mock", state.url, [MODEL])],
        model=f"vllm/{MODEL}",
        environment=server_environment(folder) | extra,
        credentials=credentials,
    )
