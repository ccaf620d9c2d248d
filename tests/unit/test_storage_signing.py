"""Signatures of object stores: against documented ones, botocore's own, and the key that checks them."""

from __future__ import annotations

import base64
import hashlib
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

import botocore.auth
import orjson
import pytest
from botocore.auth import S3SigV4Auth, S3SigV4QueryAuth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding
from token_upstream import ACCOUNT, KEY, service_account
from trunkline_server.connectors.storage.azure import AzureStore, account_of, block_id, string_to_sign
from trunkline_server.connectors.storage.gcs import GcsStore
from trunkline_server.connectors.storage.port import Ask, Body, Place, Store, Writing
from trunkline_server.connectors.storage.s3 import S3Store
from trunkline_server.connectors.storage.signing import EMPTY_SHA256, Keys, aws_query, keys_of, signed_headers
from trunkline_server.domain.errors import Reason, TrunklineError

# The credential, the day and the signatures of the examples in "Authenticating Requests" of the S3 API reference.
ID, HIDDEN = "AKIAIOSFODNN7EXAMPLE", "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"
SECRET = f"{ID}:{HIDDEN}"
AT = datetime(2013, 5, 24, tzinfo=UTC)
NOW = AT.timestamp()
HOST = "examplebucket.s3.amazonaws.com"
PRESIGNED = "aeeed9bbccd4d02ee5c0109b86d86835f995330da4c265957d157751f604d404"
RANGED = "f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41"
AZURE = f"myaccount:{base64.b64encode(b'k' * 64).decode()}"


def test_the_documented_signatures() -> None:
    headers = {"host": HOST, "range": "bytes=0-9", "x-amz-content-sha256": EMPTY_SHA256}
    found = signed_headers(Keys(ID, HIDDEN), "us-east-1", "GET", "/test.txt", [], headers, NOW)
    assert found["authorization"].endswith(f"Signature={RANGED}")
    query = aws_query(Keys(ID, HIDDEN), "us-east-1", "GET", "/test.txt", {"host": HOST}, NOW, 86_400)
    assert query.endswith(f"X-Amz-Signature={PRESIGNED}")


@pytest.fixture
def then(monkeypatch: pytest.MonkeyPatch) -> None:
    """botocore's clock."""
    monkeypatch.setattr(botocore.auth, "get_current_datetime", lambda *_: AT.replace(tzinfo=None))


@pytest.mark.parametrize("token", ["", "FwoGZXIvYXdzEJr//////////wEa+session=="])
@pytest.mark.parametrize(
    "ask",
    [
        Ask("GET", "/examplebucket", [("list-type", "2"), ("prefix", "a b/ü+~"), ("delimiter", "/")]),
        Ask("PUT", "/examplebucket/a%20b/%C3%BC", headers={"content-type": "text/plain", "x-amz-meta-n": "1  2"}),
        Ask("POST", "/examplebucket/k", [("uploads", "")]),
        Ask("PUT", "/examplebucket/k", [("partNumber", "1"), ("uploadId", "a/b=")], body=Body([b"x", b"y"])),
    ],
)
def test_as_botocore_signs(then: None, ask: Ask, token: str) -> None:
    content = b"".join(ask.body.pieces)
    body = Body(ask.body.pieces, hashlib.sha256(content).digest())
    asked = Ask(ask.method, ask.path, ask.query, ask.headers, body)
    secret = SECRET + (f":{token}" if token else "")
    store = S3Store(Place("http://127.0.0.1:9000", "examplebucket", "eu-central-1", True))
    signed = store.sign(asked, secret, NOW)
    url = signed.url
    request = AWSRequest(method=ask.method, url=url, data=content or None, headers=dict(ask.headers))
    S3SigV4Auth(Credentials(ID, HIDDEN, token or None), "s3", "eu-central-1").add_auth(request)
    assert signed.headers["authorization"] == request.headers["Authorization"]
    assert signed.headers.get("x-amz-security-token", "") == token


def test_presigned_as_botocore_does(then: None) -> None:
    store: Store = S3Store(Place("https://s3.example.com", "bucket", "eu-central-1", True))
    ask = store.writing(Writing("a b/ü", "text/plain"))
    found = store.presign(ask, SECRET, NOW, 60)
    request = AWSRequest(method="PUT", url="https://s3.example.com/bucket/a%20b/%C3%BC", headers=dict(found.headers))
    S3SigV4QueryAuth(Credentials(ID, HIDDEN), "s3", "eu-central-1", expires=60).add_auth(request)
    ours, theirs = (parse_qs(urlsplit(url).query) for url in (found.url, request.url))
    assert ours == theirs and found.headers == {"content-type": "text/plain"}


@pytest.mark.parametrize("secret", ["", "only", "a:", ":b", "a b:c", "a:b:", "ä:b"])
def test_what_is_no_credential_of_aws(secret: str) -> None:
    assert keys_of(secret) is None


def test_hosts_of_s3() -> None:
    assert S3Store(Place("", "b", "eu-west-1")).origin("") == "https://b.s3.eu-west-1.amazonaws.com"
    assert S3Store(Place("", "b", "", True)).origin("") == "https://s3.us-east-1.amazonaws.com"
    signed = S3Store(Place("https://minio.example.com/base", "b", "", True)).sign(Ask("GET", "/b/k"), "", NOW)
    assert signed.url == "https://minio.example.com/base/b/k" and not signed.headers


def test_the_documented_string_of_azure() -> None:
    """ "Authorize with Shared Key": the example of a container's metadata."""
    headers = {"x-ms-date": "Fri, 26 Jun 2015 23:39:12 GMT", "x-ms-version": "2015-02-21"}
    query = [("restype", "container"), ("comp", "metadata"), ("timeout", "20")]
    assert string_to_sign("myaccount", "GET", "/mycontainer", query, headers) == (
        "GET\n\n\n\n\n\n\n\n\n\n\n\nx-ms-date:Fri, 26 Jun 2015 23:39:12 GMT\nx-ms-version:2015-02-21\n"
        "/myaccount/mycontainer\ncomp:metadata\nrestype:container\ntimeout:20"
    )


def test_requests_of_azure() -> None:
    store = AzureStore(Place("", "things"))
    digest = hashlib.md5(b"x").digest()
    signed = store.sign(Ask("PUT", "/things/k", body=Body([b"x"], digest)), AZURE, NOW)
    assert signed.url == "https://myaccount.blob.core.windows.net/things/k"
    assert signed.headers["content-md5"] == base64.b64encode(digest).decode()
    account = account_of(AZURE)
    assert account is not None
    whole = dict(signed.headers) | {"content-length": "1"}
    text = string_to_sign("myaccount", "PUT", "/things/k", [], {k: v for k, v in whole.items() if k != "authorization"})
    assert signed.headers["authorization"] == f"SharedKey myaccount:{account.sign(text)}"
    assert len({len(block_id("0" * 16, number)) for number in (1, 50_000)}) == 1
    for wrong in ("", "myaccount", "myaccount:%%%", "My:aGk=", "myaccount:"):
        assert account_of(wrong) is None


def test_a_sas_of_azure() -> None:
    found = AzureStore(Place("", "things")).presign(Ask("GET", "/things/a%20b"), AZURE, NOW, 60)
    query = parse_qs(urlsplit(found.url).query)
    assert (query["sp"], query["se"], query["sr"], query["spr"]) == (["r"], ["2013-05-24T00:01:00Z"], ["b"], ["https"])
    account = account_of(AZURE)
    assert account is not None
    text = f"r\n\n2013-05-24T00:01:00Z\n/blob/myaccount/things/a b\n\n\nhttps\n{query['sv'][0]}\nb\n\n\n\n\n\n\n"
    assert query["sig"] == [account.sign(text)]


def test_a_signed_url_of_google() -> None:
    store: Store = GcsStore(Place("", "things"))
    found = store.presign(store.writing(Writing("a b", "text/plain")), service_account(), NOW, 60)
    url = urlsplit(found.url)
    assert (url.netloc, url.path) == ("storage.googleapis.com", "/things/a%20b")
    query, _, signature = url.query.partition("&X-Goog-Signature=")
    assert unquote(query).startswith(f"X-Goog-Algorithm=GOOG4-RSA-SHA256&X-Goog-Credential={ACCOUNT}/20130524/auto/")
    headers = "content-type:text/plain\nhost:storage.googleapis.com\n\ncontent-type;host\nUNSIGNED-PAYLOAD"
    request = f"PUT\n/things/a%20b\n{query}\n{headers}"
    statement = "\n".join(
        (
            *("GOOG4-RSA-SHA256", "20130524T000000Z", "20130524/auto/storage/goog4_request"),
            hashlib.sha256(request.encode()).hexdigest(),
        )
    )
    KEY.public_key().verify(bytes.fromhex(signature), statement.encode(), padding.PKCS1v15(), hashes.SHA256())


@pytest.mark.parametrize("store", [S3Store, AzureStore, GcsStore])
@pytest.mark.parametrize("secret", ["", "{}", orjson.dumps({"private_key": "x", "client_email": "y"}).decode()])
def test_nothing_is_presigned_without_a_credential(store: Any, secret: str) -> None:
    with pytest.raises(TrunklineError) as caught:
        store(Place("https://s.example.com", "bucket")).presign(Ask("GET", "/bucket/k"), secret, NOW, 60)
    assert caught.value.reason == Reason.ERROR_REASON_UPSTREAM_AUTHENTICATION
