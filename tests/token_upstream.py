"""A token endpoint and the providers that take its tokens, on one ephemeral port."""

from __future__ import annotations

import asyncio
import base64
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace

import orjson
import pytest
from aiohttp import web
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from rest_upstream import LOCAL
from trunkline.v1.completion_pb2 import CompleteRequest
from trunkline_server.domain.addresses import OutboundPolicy
from trunkline_server.domain.deadline import Deadline
from trunkline_server.domain.errors import ProviderError
from trunkline_server.domain.ports import Target
from trunkline_server.providers.driver import ProviderDriver
from trunkline_server.providers.profiles import Profile, builtin

KEY = rsa.generate_private_key(65537, 2048)
ACCOUNT = "gateway@project-1.iam.gserviceaccount.com"
TENANT, CLIENT = "contoso.onmicrosoft.com", "11111111-2222-3333-4444-555555555555"
ENTRA = {"entra_tenant": TENANT, "entra_client_id": CLIENT, "resource": "r"}
# Every character that a form must escape.
SECRET = "s3cret~Value+&=%/ 77.abc"
ASK = CompleteRequest(prompt="Hi")
_AZURE = {
    "id": "c1",
    "model": "m1",
    "choices": [{"index": 0, "message": {"role": "assistant", "content": "Hello"}, "finish_reason": "stop"}],
    "usage": {"prompt_tokens": 3, "completion_tokens": 1, "total_tokens": 4},
}
_VERTEX = {
    "responseId": "c1",
    "modelVersion": "m1",
    "candidates": [{"content": {"role": "model", "parts": [{"text": "Hello"}]}, "finishReason": "STOP"}],
    "usageMetadata": {"promptTokenCount": 3, "candidatesTokenCount": 1, "totalTokenCount": 4},
}
# By the end of the path, which is the method.
_ANSWERS: Mapping[str, object] = {
    "completions": _AZURE,
    "generateContent": _VERTEX,
    "predict": {"predictions": [{"embeddings": {"values": [1.0, 0.0], "statistics": {"token_count": 3}}}]},
    "countTokens": {"totalTokens": 3},
    "models": {"data": [{"id": "m1"}]},
}
REFUSAL = {"error": {"code": 401, "status": "UNAUTHENTICATED", "message": "Request had invalid credentials."}}


def pem(key: rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey) -> str:
    """A private key as it stands in the JSON of a service account."""
    form = serialization.PrivateFormat.PKCS8
    return key.private_bytes(serialization.Encoding.PEM, form, serialization.NoEncryption()).decode()


def service_account(**changes: object) -> str:
    """The JSON of a service account's key; a change to None leaves a member out."""
    found: dict[str, object] = {
        "type": "service_account",
        "project_id": "project-1",
        "private_key_id": "kid-1",
        "private_key": pem(KEY),
        "client_email": ACCOUNT,
        "token_uri": "http://127.0.0.1:1/evil",
    }
    return orjson.dumps(
        {k: v for k, v in (found | changes).items() if v is not None}, option=orjson.OPT_INDENT_2
    ).decode()


@dataclass
class Seen:
    """One request."""

    path: str
    headers: Mapping[str, str]
    body: bytes


@dataclass
class Upstream:
    """Gives token-1, token-2, … ; a provider's call is answered where its token is in `valid`, which they all are at
    first. `answer` replaces the endpoint's answers, `refusal` is what a provider says of other tokens."""

    base: str = ""
    asked: list[dict[str, str]] = field(default_factory=list)
    token_paths: list[str] = field(default_factory=list)
    credentials: list[str] = field(default_factory=list)
    calls: list[Seen] = field(default_factory=list)
    valid: set[str] = field(default_factory=set)
    revoked: bool = False
    answer: Callable[[Mapping[str, str]], web.Response] | None = None
    refusal: tuple[int, object] = (401, REFUSAL)
    gate: asyncio.Event = field(default_factory=asyncio.Event)

    def profiles(self) -> dict[str, Profile]:
        """The shipped profiles, with this endpoint for tokens."""
        found = dict(builtin())
        for name in ("azure", "azure_responses", "vertex"):
            path = "/{entra_tenant}/oauth2/v2.0/token" if name != "vertex" else "/google/token"
            found[name] = replace(found[name], token_url=self.base + path)
        return found

    async def token(self, request: web.Request) -> web.Response:
        """The token endpoint."""
        form = {name: str(value) for name, value in (await request.post()).items()}
        self.asked.append(form)
        self.token_paths.append(request.path)
        self.credentials.append(request.headers.get("Authorization", ""))
        number = len(self.asked)
        await self.gate.wait()
        if self.answer is not None:
            return self.answer(form)
        token = f"token-{number}"
        if not self.revoked:
            self.valid.add(token)
        return web.json_response({"token_type": "Bearer", "expires_in": 3599, "access_token": token})

    async def provider(self, request: web.Request) -> web.StreamResponse:
        """Every provider."""
        self.calls.append(Seen(request.path, request.headers.copy(), await request.read()))
        if request.headers.get("Authorization", "").removeprefix("Bearer ") not in self.valid:
            status, body = self.refusal
            return web.json_response(body, status=status, headers={"x-request-id": f"r{len(self.calls)}"})
        method = request.path.rpartition(":")[2].rpartition("/")[2]
        if method == "streamGenerateContent":
            return web.Response(body=b"data: " + orjson.dumps(_VERTEX) + b"\n\n", content_type="text/event-stream")
        return web.json_response(_ANSWERS[method])


@asynccontextmanager
async def serving(tls: ssl.SSLContext | None = None) -> AsyncIterator[Upstream]:
    """An upstream that runs."""
    upstream = Upstream()
    upstream.gate.set()
    app = web.Application()
    app.router.add_post("/{tenant}/oauth2/v2.0/token", upstream.token)
    app.router.add_post("/google/token", upstream.token)
    app.router.add_route("*", "/provider/{path:.*}", upstream.provider)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0, ssl_context=tls).start()
    upstream.base = f"{'https' if tls else 'http'}://127.0.0.1:{runner.addresses[0][1]}"
    try:
        yield upstream
    finally:
        upstream.gate.set()
        await runner.cleanup()


def read_jwt(assertion: str, key: rsa.RSAPublicKey) -> tuple[dict[str, object], dict[str, object]]:
    """Head and claims. Raises InvalidSignature unless the key's owner signed them with RS256."""
    stated, _, signature = assertion.rpartition(".")
    key.verify(_decoded(signature), stated.encode(), padding.PKCS1v15(), hashes.SHA256())
    head, claims = (orjson.loads(_decoded(part)) for part in stated.split("."))
    return head, claims


def _decoded(part: str) -> bytes:
    return base64.urlsafe_b64decode(part + "=" * (-len(part) % 4))


def azure(upstream: Upstream, **options: str) -> Target:
    """An integration that uses an application of Entra ID."""
    return Target("i", "azure", "azure", "gpt", f"{upstream.base}/provider", 5.0, SECRET, ENTRA | options)


def vertex(upstream: Upstream, secret: str | None = None) -> Target:
    """An integration with a service account, or with another secret."""
    secret = service_account() if secret is None else secret
    return Target(
        "i", "vertex", "google", "gemini-embedding-001", f"{upstream.base}/provider", 5.0, secret, {"project": "p"}
    )


def driving(upstream: Upstream, policy: OutboundPolicy = LOCAL, **more: float) -> ProviderDriver:
    """A driver whose token endpoint is the upstream's."""
    return ProviderDriver(policy, upstream.profiles(), **more)  # type: ignore[arg-type]


def soon() -> Deadline:
    """Long enough for any call."""
    return Deadline.after(10)


async def failure(run: Awaitable[object]) -> ProviderError:
    """The error that `run` ends with."""
    with pytest.raises(ProviderError) as caught:
        await asyncio.wait_for(run, 10)
    return caught.value
