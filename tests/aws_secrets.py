"""The one operation of AWS Secrets Manager that is used, on the loopback. It refuses whatever is not signed as AWS asks
(Signature Version 4), by computing the signature anew with botocore's own signer."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from unittest.mock import patch

import botocore.auth
import orjson
from aiohttp import web
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

KEY_ID, SECRET_KEY = "AKIDTESTSTESTSTESTS0", "a-secret-key-of-the-tests"
_SCOPE = re.compile(
    r"AWS4-HMAC-SHA256 Credential=(?P<id>[^/]+)/\d{8}/(?P<region>[^/]+)/secretsmanager/aws4_request, "
    r"SignedHeaders=(?P<headers>[^,]+), Signature=[0-9a-f]{64}"
)


@dataclass(slots=True)
class SecretsManager:
    """Secrets by name or ARN; `failure` is the code of the error that every call gets. `regions` of good calls."""

    url: str = ""
    secrets: dict[str, str] = field(default_factory=dict)
    failure: str = ""
    regions: list[str] = field(default_factory=list)

    @property
    def environment(self) -> dict[str, str]:
        """The credentials that it takes, as AWS's usual chain reads them; no file of the machine is read."""
        nowhere = {"AWS_CONFIG_FILE": "/dev/null", "AWS_SHARED_CREDENTIALS_FILE": "/dev/null"}
        return {"AWS_ACCESS_KEY_ID": KEY_ID, "AWS_SECRET_ACCESS_KEY": SECRET_KEY, **nowhere}

    async def handle(self, request: web.BaseRequest) -> web.Response:
        body = await request.read()
        shape = _SCOPE.fullmatch(request.headers.get("Authorization", ""))
        if shape is None or shape["id"] != KEY_ID:
            return _error("UnrecognizedClientException", 400)
        if request.headers["Authorization"] != _signed(request, body, shape):
            return _error("InvalidSignatureException", 400)
        if request.headers.get("X-Amz-Target") != "secretsmanager.GetSecretValue":
            return _error("InvalidAction", 400)
        if self.failure:
            return _error(self.failure, 500 if self.failure == "InternalServiceError" else 400)
        name = orjson.loads(body)["SecretId"]
        if name not in self.secrets:
            return _error("ResourceNotFoundException", 400)
        self.regions.append(shape["region"])
        answer = {"Name": name, "SecretString": self.secrets[name]}
        return web.Response(body=orjson.dumps(answer), content_type="application/x-amz-json-1.1")


def _signed(request: web.BaseRequest, body: bytes, shape: re.Match[str]) -> str:
    """The header that the request should have."""
    headers = {
        name: request.headers[name] for name in shape["headers"].split(";") if name not in ("host", "x-amz-date")
    }
    url = f"http://{request.headers['Host']}{request.raw_path}"
    again = AWSRequest(method=request.method, url=url, data=body, headers=headers)
    signer = botocore.auth.SigV4Auth(Credentials(KEY_ID, SECRET_KEY), "secretsmanager", shape["region"])
    at = datetime.strptime(request.headers["X-Amz-Date"], "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)
    with patch.object(botocore.auth, "get_current_datetime", lambda **_: at.replace(tzinfo=None)):
        signer.add_auth(again)
    return str(again.headers["Authorization"])


def _error(code: str, status: int) -> web.Response:
    body = orjson.dumps({"__type": code, "message": "refused"})
    return web.Response(body=body, status=status, content_type="application/x-amz-json-1.1")


@asynccontextmanager
async def secrets_manager() -> AsyncIterator[SecretsManager]:
    """Serve until the end of the block."""
    state = SecretsManager()
    runner = web.ServerRunner(web.Server(state.handle))
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    state.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
    try:
        yield state
    finally:
        await runner.cleanup()
