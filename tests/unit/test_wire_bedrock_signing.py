"""Signatures of AWS, against the definition of version 4 and against botocore's own client."""

from __future__ import annotations

import hashlib
import hmac
import logging
import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import quote, urlsplit

import orjson
import pytest
from botocore.awsrequest import AWSResponse
from botocore.session import Session
from trunkline_server.domain.errors import ProviderError, Reason
from trunkline_server.domain.ports import Target
from trunkline_server.providers import urls
from trunkline_server.providers.bedrock import signing
from trunkline_server.providers.profiles import builtin

PROFILE = builtin()["bedrock"]
SECRET = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"
KEYS = {"access_key_id": "AKIDEXAMPLE", "secret_access_key": SECRET}
MODELS = [
    "amazon.titan-text-express-v1",
    "us.amazon.nova-2-lite-v1:0",
    "arn:aws:bedrock:eu-west-1:123456789012:inference-profile/eu.amazon.nova-lite-v1:0",
]
_AUTHORIZATION = re.compile(
    r"AWS4-HMAC-SHA256 Credential=(?P<key>\w+)/(?P<day>\d{8})/(?P<region>[\w-]+)/bedrock/aws4_request, "
    r"SignedHeaders=(?P<signed>[\w;-]+), Signature=(?P<signature>[0-9a-f]{64})"
)


def _target(secret: str, model: str = "m", **options: str) -> Target:
    return Target("i", "bedrock", "bedrock", model, "", 30.0, secret, options)


def _signature(method: str, url: str, headers: Mapping[str, str], body: bytes) -> tuple[str, str, list[str]]:
    """(the signature that the headers claim, the right one, the names of the signed headers)."""
    sent = {name.lower(): value for name, value in headers.items()} | {"host": urlsplit(url).netloc}
    claim = _AUTHORIZATION.fullmatch(sent["authorization"])
    assert claim is not None
    names = claim["signed"].split(";")
    # Outside S3 the path, which is quoted in the address, is quoted once more.
    path = quote(urlsplit(url).path, safe="/~")
    lines = [method, path, "", *(f"{name}:{sent[name]}" for name in names), "", claim["signed"]]
    canonical = "\n".join([*lines, hashlib.sha256(body).hexdigest()])
    scope = f"{claim['day']}/{claim['region']}/bedrock/aws4_request"
    hashed = hashlib.sha256(canonical.encode()).hexdigest()
    text = "\n".join(["AWS4-HMAC-SHA256", sent["x-amz-date"], scope, hashed])
    key = f"AWS4{SECRET}".encode()
    for step in (*scope.split("/"), text):
        key = hmac.new(key, step.encode(), hashlib.sha256).digest()
    return claim["signature"], key.hex(), names


def _by_client(model: str) -> Any:
    """A request as botocore's own client sends it."""
    session = Session()
    session.set_credentials(KEYS["access_key_id"], SECRET, "token")
    client = session.create_client("bedrock-runtime", region_name="eu-west-1")
    sent: list[Any] = []

    def answer(request: Any, **_: object) -> AWSResponse:
        sent.append(request)
        return AWSResponse(request.url, 200, {}, _Empty())

    client.meta.events.register("before-send.bedrock-runtime.Converse", answer)
    client.converse(modelId=model, messages=[{"role": "user", "content": [{"text": "q"}]}])
    return sent[0]


class _Empty:
    def stream(self, **_: object) -> list[bytes]:
        return [b"{}"]


@pytest.mark.parametrize("model", MODELS)
async def test_our_signature_and_the_clients_are_both_right(model: str) -> None:
    theirs = _by_client(model)
    headers = {k: v.decode() if isinstance(v, bytes) else v for k, v in theirs.headers.items()}
    claimed, right, _ = _signature("POST", theirs.url, headers, theirs.body)
    assert claimed == right

    target = _target(orjson.dumps(KEYS | {"session_token": "token"}).decode(), model, region="eu-west-1")
    url = urls.of(PROFILE, target, PROFILE.path)
    assert url == theirs.url
    ours = await signing.strategy(PROFILE, target, "POST", url, theirs.body)
    claimed, right, names = _signature("POST", url, ours, theirs.body)
    assert claimed == right
    # What the driver adds later, such as the type of the content, must not be signed.
    assert names == ["host", "x-amz-date", "x-amz-security-token"]
    assert ours.keys() == {"Authorization", "X-Amz-Date", "X-Amz-Security-Token"}


async def test_a_check_without_body_or_token_in_the_default_region() -> None:
    target = _target(f"  {orjson.dumps(KEYS).decode()}\n")
    url = urls.of(PROFILE, target, PROFILE.check_path)
    assert url == "https://bedrock.us-east-1.amazonaws.com/foundation-models"
    headers = await signing.strategy(PROFILE, target, "GET", url, b"")
    claimed, right, names = _signature("GET", url, headers, b"")
    assert claimed == right
    assert names == ["host", "x-amz-date"]
    assert "/us-east-1/bedrock/" in headers["Authorization"]


async def test_another_body_has_another_signature() -> None:
    target, url = (
        _target(orjson.dumps(KEYS).decode()),
        "https://bedrock-runtime.us-east-1.amazonaws.com/model/m/converse",
    )
    headers = await signing.strategy(PROFILE, target, "POST", url, b"{}")
    claimed, other, _ = _signature("POST", url, headers, b"{ }")
    assert claimed != other


async def test_an_api_key_is_a_bearer_token() -> None:
    headers = await signing.strategy(PROFILE, _target("ABSKkey==\n"), "POST", "https://a.example/x", b"{}")
    assert headers == {"Authorization": "Bearer ABSKkey=="}


@pytest.mark.parametrize(
    "secret",
    ['{"access_key_id": "AKIDEXAMPLE"', "{}", '{"access_key_id":"AKIDEXAMPLE"}',
     '{"access_key_id":"AKIDEXAMPLE","secret_access_key":5}'],
)  # fmt: skip
async def test_a_credential_that_cannot_be_used(secret: str) -> None:
    with pytest.raises(ProviderError) as caught:
        await signing.strategy(PROFILE, _target(secret), "POST", "https://a.example/x", b"{}")
    assert caught.value.reason == Reason.ERROR_REASON_UPSTREAM_AUTHENTICATION
    assert not caught.value.retry
    assert "AKIDEXAMPLE" not in caught.value.message


async def test_nothing_of_the_credential_is_logged(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.DEBUG):
        target = _target(orjson.dumps(KEYS | {"session_token": "s3ss10n"}).decode())
        await signing.strategy(PROFILE, target, "POST", "https://a.example/x", b"{}")
    assert not [record for record in caplog.records if record.name.startswith("botocore")]
