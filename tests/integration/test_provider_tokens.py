"""Fetched credentials through the driver: a real token endpoint, and providers that check its tokens."""

from __future__ import annotations

import asyncio
import logging
import socket
import ssl
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from aiohttp import web
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from e2e.certificates import Authority, write_pair
from rest_upstream import LOCAL
from token_upstream import (
    ACCOUNT,
    ASK,
    CLIENT,
    KEY,
    SECRET,
    TENANT,
    azure,
    driving,
    failure,
    pem,
    read_jwt,
    service_account,
    serving,
    soon,
    vertex,
)
from trunkline_server.domain.addresses import OutboundPolicy
from trunkline_server.domain.deadline import Deadline
from trunkline_server.domain.errors import ProviderError, Reason
from trunkline_server.providers.driver import ProviderDriver


def _shown(error: ProviderError) -> str:
    return f"{error} {error.message} {error.metadata} {error!r} {error.status()}"


async def test_entra_changes_the_secret_for_a_token() -> None:
    async with serving() as upstream, driving(upstream) as driver:
        for _ in range(3):
            assert (await driver.complete(azure(upstream), ASK, soon())).completion == "Hello"
        assert upstream.token_paths == [f"/{TENANT}/oauth2/v2.0/token"]
        assert upstream.asked == [
            {
                "grant_type": "client_credentials",
                "client_id": CLIENT,
                "client_secret": SECRET,
                "scope": "https://cognitiveservices.azure.com/.default",
            }
        ]
        assert [call.headers["Authorization"] for call in upstream.calls] == ["Bearer token-1"] * 3
        for call in upstream.calls:
            assert "api-key" not in call.headers
            assert "s3cret" not in str(call)


async def test_without_the_options_the_secret_is_an_api_key() -> None:
    async with serving() as upstream, driving(upstream) as driver:
        target = replace(azure(upstream), options={"resource": "r"}, secret="key")
        error = await failure(driver.complete(target, ASK, soon()))
        assert (error.reason, error.http_status) == (Reason.ERROR_REASON_UPSTREAM_AUTHENTICATION, 401)
        assert [call.headers.get("api-key") for call in upstream.calls] == ["key"], "and it is tried once"
        assert upstream.asked == []


async def test_a_service_account_signs_for_its_token() -> None:
    async with serving() as upstream, driving(upstream) as driver:
        before = int(time.time())
        assert (await driver.complete(vertex(upstream), ASK, soon())).completion == "Hello"
        (form,) = upstream.asked
        assert form["grant_type"] == "urn:ietf:params:oauth:grant-type:jwt-bearer"
        head, claims = read_jwt(form["assertion"], KEY.public_key())
        assert head == {"alg": "RS256", "typ": "JWT", "kid": "kid-1"}
        issued = claims["iat"]
        assert isinstance(issued, int)
        assert before <= issued <= int(time.time())
        assert claims == {
            "iss": ACCOUNT,
            "scope": "https://www.googleapis.com/auth/cloud-platform",
            "aud": "https://oauth2.googleapis.com/token",
            "iat": issued,
            "exp": issued + 3600,
        }
        # The key's own `token_uri` leads elsewhere.
        assert upstream.token_paths == ["/google/token"]
        assert upstream.calls[0].headers["Authorization"] == "Bearer token-1"
        assert "PRIVATE KEY" not in str(upstream.calls[0])


async def test_a_ready_access_token_is_sent_as_it_is() -> None:
    async with serving() as upstream, driving(upstream) as driver:
        upstream.valid.add("ya29.ready")
        assert (await driver.complete(vertex(upstream, "ya29.ready"), ASK, soon())).completion == "Hello"
        upstream.valid.clear()
        error = await failure(driver.complete(vertex(upstream, "ya29.ready"), ASK, soon()))
        assert error.reason == Reason.ERROR_REASON_UPSTREAM_AUTHENTICATION
        assert (len(upstream.calls), upstream.asked) == (2, [])


# ── The token endpoint ──────────────────────────────────────────────────────────────────────────────────────────


def _saying(status: int, code: str = "", said: str = "", **headers: str) -> Callable[..., web.Response]:
    return lambda form: web.json_response(
        {"error": code, "error_description": said.format(**form)}, status=status, headers=headers
    )


@pytest.mark.parametrize(
    ("status", "code", "reason", "retry"),
    [
        (401, "invalid_client", Reason.ERROR_REASON_UPSTREAM_AUTHENTICATION, False),
        (400, "invalid_client", Reason.ERROR_REASON_UPSTREAM_AUTHENTICATION, False),
        (400, "unauthorized_client", Reason.ERROR_REASON_UPSTREAM_AUTHENTICATION, False),
        (400, "temporarily_unavailable", Reason.ERROR_REASON_UPSTREAM_UNAVAILABLE, True),
        (429, "", Reason.ERROR_REASON_UPSTREAM_UNAVAILABLE, True),
        (500, "", Reason.ERROR_REASON_UPSTREAM_UNAVAILABLE, True),
        (503, "", Reason.ERROR_REASON_UPSTREAM_UNAVAILABLE, True),
        (302, "", Reason.ERROR_REASON_UPSTREAM_MALFORMED, True),
    ],
)
async def test_the_endpoint_refuses(
    status: int, code: str, reason: int, retry: bool, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    async with serving() as upstream, driving(upstream) as driver:
        said = "AADSTS7000215: not {client_secret}, for app {client_id}"
        upstream.answer = _saying(
            status, code, said, **{"Retry-After": "7", "Location": f"{upstream.base}/google/token"}
        )
        error = await failure(driver.complete(azure(upstream), ASK, soon()))
        assert (error.reason, error.retry, error.fallback) == (reason, retry, True)
        assert error.metadata["provider"] == "azure"
        if reason == Reason.ERROR_REASON_UPSTREAM_AUTHENTICATION:
            assert "check entra_tenant and entra_client_id" in error.message
            assert error.metadata["upstream_code"] == code
            assert error.metadata["upstream_message"].startswith("AADSTS7000215: not ***")
        if reason == Reason.ERROR_REASON_UPSTREAM_UNAVAILABLE:
            assert error.retry_after == 7.0
        assert "s3cret" not in _shown(error) + caplog.text
        assert (upstream.calls, len(upstream.asked)) == ([], 1)


async def test_google_refuses() -> None:
    async with serving() as upstream, driving(upstream) as driver:
        upstream.answer = _saying(400, "invalid_grant", "Invalid JWT Signature: {assertion}")
        error = await failure(driver.complete(vertex(upstream), ASK, soon()))
        assert error.reason == Reason.ERROR_REASON_UPSTREAM_AUTHENTICATION
        assert "the key of the service account was not deleted" in error.message
        assert error.metadata["upstream_message"] == "Invalid JWT Signature: ***"
        assert upstream.asked[0]["assertion"] not in _shown(error)


@pytest.mark.parametrize(
    "body",
    [
        b"", b"<html>", b"[]", b"{}",
        b'{"token_type":"Bearer","expires_in":3599,"access_token":""}',
        b'{"token_type":"Bearer","expires_in":3599,"access_token":"a\\r\\nX-Evil: 1"}',
        b'{"token_type":"Bearer","expires_in":3599,"access_token":7}',
        b'{"token_type":"mac","expires_in":3599,"access_token":"abc"}',
        b'{"token_type":"Bearer","expires_in":0,"access_token":"abc"}',
        b'{"token_type":"Bearer","expires_in":"soon","access_token":"abc"}',
        b'{"token_type":"Bearer","access_token":"abc"}',
    ],
)  # fmt: skip
async def test_the_endpoint_gives_no_token(body: bytes) -> None:
    async with serving() as upstream, driving(upstream) as driver:
        upstream.answer = lambda form: web.Response(body=body, content_type="application/json")
        error = await failure(driver.complete(azure(upstream), ASK, soon()))
        assert (error.reason, error.retry) == (Reason.ERROR_REASON_UPSTREAM_MALFORMED, True)
        assert error.usage is not None
        assert error.usage.input_tokens == 0, "the provider was not asked"
        assert upstream.calls == []


async def test_the_endpoint_is_slow() -> None:
    async with serving() as upstream, driving(upstream, token_timeout=0.2) as driver:
        upstream.gate.clear()
        error = await failure(driver.complete(azure(upstream), ASK, soon()))
        assert (error.reason, error.retry) == (Reason.ERROR_REASON_UPSTREAM_UNAVAILABLE, True)
    async with serving() as upstream, driving(upstream) as driver:
        upstream.gate.clear()
        error = await failure(driver.complete(replace(azure(upstream), timeout=0.1), ASK, soon()))
        assert error.reason == Reason.ERROR_REASON_UPSTREAM_UNAVAILABLE
        error = await failure(driver.complete(azure(upstream), ASK, Deadline.after(0.1)))
        assert (error.reason, error.retry) == (Reason.ERROR_REASON_CALLER_DEADLINE, False)
        assert "access token" in error.message
        upstream.gate.set()
        await driver.complete(azure(upstream), ASK, soon())
        assert len(upstream.asked) == 1, "the fetch went on meanwhile"


async def test_nobody_is_at_the_endpoint() -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    async with serving() as upstream:
        profiles = upstream.profiles()
        profiles["azure"] = replace(profiles["azure"], token_url=f"http://127.0.0.1:{port}/token")
        async with ProviderDriver(LOCAL, profiles) as driver:
            error = await failure(driver.complete(azure(upstream), ASK, soon()))
        assert (error.reason, error.retry) == (Reason.ERROR_REASON_UPSTREAM_UNAVAILABLE, True)
        assert "Microsoft Entra ID could not be reached" in error.message


async def test_the_endpoint_is_bound_by_the_outbound_policy() -> None:
    async with serving() as upstream, driving(upstream, OutboundPolicy(allow_http=True)) as driver:
        error = await failure(driver.complete(azure(upstream), ASK, soon()))
        assert (error.reason, error.retry) == (Reason.ERROR_REASON_ADDRESS_FORBIDDEN, False)
        assert upstream.asked == []


async def test_over_tls(tmp_path: Path) -> None:
    authority = Authority("tokens")
    key, certificate = write_pair(tmp_path, authority.issue("endpoint"))
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(certificate, key)
    trusting = ssl.create_default_context(cadata=authority.pem.decode())
    async with serving(context) as upstream:
        async with ProviderDriver(LOCAL, upstream.profiles(), tls=trusting) as driver:
            await driver.complete(azure(upstream), ASK, soon())
        async with ProviderDriver(LOCAL, upstream.profiles()) as driver:
            error = await failure(driver.complete(azure(upstream), ASK, soon()))
        assert error.reason == Reason.ERROR_REASON_UPSTREAM_UNAVAILABLE
        assert len(upstream.asked) == 1, "nothing is sent to whom the roots do not know"


async def test_calls_at_once_share_a_fetch_and_one_may_leave() -> None:
    async with serving() as upstream, driving(upstream) as driver:
        upstream.gate.clear()
        calls = [asyncio.create_task(driver.complete(azure(upstream), ASK, soon())) for _ in range(8)]
        while not upstream.asked:
            await asyncio.sleep(0.01)
        calls[0].cancel()
        with pytest.raises(asyncio.CancelledError):
            await calls[0]
        upstream.gate.set()
        assert [answer.completion for answer in await asyncio.gather(*calls[1:])] == ["Hello"] * 7
        assert len(upstream.asked) == 1


async def test_integrations_do_not_share_tokens() -> None:
    async with serving() as upstream, driving(upstream) as driver:
        await driver.complete(azure(upstream), ASK, soon())
        await driver.complete(replace(azure(upstream), integration_id="j"), ASK, soon())
        rotated = replace(azure(upstream), secret="another")
        await driver.complete(rotated, ASK, soon())
        assert [form["client_secret"] for form in upstream.asked] == [SECRET, SECRET, "another"]


# ── Credentials that cannot be used ─────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("secret", "why"),
    [
        ("{", "not valid JSON"),
        ('{"type": "authorized_user"}', "no key of a service account"),
        ("{}", "no key of a service account"),
        (service_account(client_email=None), "no client_email"),
        (service_account(private_key=""), "no private_key"),
        (service_account(private_key="s3cret"), "no RSA key"),
        (service_account(private_key=pem(ec.generate_private_key(ec.SECP256R1()))), "no RSA key"),
        (service_account(private_key=pem(rsa.generate_private_key(65537, 4096))), "longer than one of 2,048 bits"),
    ],
)
async def test_keys_that_are_none(secret: str, why: str) -> None:
    async with serving() as upstream, driving(upstream) as driver:
        error = await failure(driver.complete(vertex(upstream, secret), ASK, soon()))
        assert (error.reason, error.retry) == (Reason.ERROR_REASON_UPSTREAM_AUTHENTICATION, False)
        assert why in error.message
        assert "s3cret" not in _shown(error)
        assert "PRIVATE" not in _shown(error)
        assert (upstream.asked, upstream.calls) == ([], [])


async def test_half_a_setting_sends_nothing() -> None:
    async with serving() as upstream, driving(upstream) as driver:
        error = await failure(driver.complete(azure(upstream, entra_client_id=""), ASK, soon()))
        assert error.reason == Reason.ERROR_REASON_UPSTREAM_AUTHENTICATION
        assert "entra_client_id is needed too" in error.message
        assert (upstream.asked, upstream.calls) == ([], [])


async def test_a_check_tells_what_is_wrong_with_the_credential() -> None:
    async with serving() as upstream, driving(upstream) as driver:
        upstream.answer = _saying(401, "invalid_client", "AADSTS7000222: expired")
        found = await driver.check(azure(upstream), soon())
        assert not found.healthy
        assert found.detail.startswith("Microsoft Entra ID refused the credential of azure (HTTP 401, invalid_client)")
        assert found.detail.endswith("AADSTS7000222: expired")
        found = await driver.check(vertex(upstream, "{}"), soon())
        assert not found.healthy
    async with serving() as upstream, driving(upstream) as driver:
        upstream.revoked = True
        found = await driver.check(azure(upstream), soon())
        assert (found.healthy, found.http_status, len(upstream.calls)) == (False, 401, 2)
        found = await driver.check(azure(upstream), soon())
        assert (found.healthy, found.http_status, len(upstream.calls)) == (False, 401, 3)
        assert "invalid credentials" in found.detail
