"""Schemes that wait for nothing: what goes out, what a preview shows, and what is refused."""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Coroutine
from typing import Any

import pytest
from rest_upstream import SECRET, integration, tool, tool_call
from trunkline.v1.authentication_pb2 import Authentication, AuthenticationScheme, RequestSignature
from trunkline_server.connectors.rest.auth.base import Authenticator
from trunkline_server.connectors.rest.auth.keys import InPath
from trunkline_server.connectors.rest.auth.signing import Signed
from trunkline_server.connectors.rest.auth.table import Authenticators
from trunkline_server.connectors.rest.engine import RestConnector
from trunkline_server.connectors.rest.operation import Operation
from trunkline_server.connectors.rest.request import HttpRequest, Target, build, build_check
from trunkline_server.domain.addresses import OutboundPolicy
from trunkline_server.domain.deadline import Deadline
from trunkline_server.domain.errors import Reason, TrunklineError

ENDPOINT = "https://api.example.com/v1"


def scheme(name: str) -> AuthenticationScheme.ValueType:
    return AuthenticationScheme.Value(f"AUTHENTICATION_SCHEME_{name}")


def now(work: Coroutine[Any, Any, HttpRequest]) -> HttpRequest:
    """What the coroutine returns; it must not wait for anything."""
    with pytest.raises(StopIteration) as ended:
        work.send(None)
    found = ended.value.value
    assert isinstance(found, HttpRequest)
    return found


async def _never(*_: object) -> Any:
    raise AssertionError("nothing is fetched")


def authenticator(authentication: Authentication, endpoint: str = ENDPOINT) -> Authenticator:
    return Authenticators(OutboundPolicy(), _never).of("upstream", endpoint, authentication)


def request(authentication: Authentication, endpoint: str = ENDPOINT, **parameters: object) -> HttpRequest:
    return build(Target(endpoint, authentication, {}), Operation(tool(path="/a"), {}), parameters)


def applied(authentication: Authentication, secret: str = SECRET, endpoint: str = ENDPOINT, **more: object) -> Any:
    made = request(authentication, endpoint, **more)
    return now(authenticator(authentication, endpoint).apply(made, secret, Deadline.after(1), "acme"))


BASIC = base64.b64encode(SECRET.encode()).decode()


@pytest.mark.parametrize(
    ("name", "parameter", "header", "value", "shown"),
    [
        ("BEARER", "", "authorization", f"Bearer {SECRET}", "Bearer ***"),
        ("API_KEY_HEADER", "", "x-api-key", SECRET, "***"),
        ("API_KEY_HEADER", "X-Token", "x-token", SECRET, "***"),
        ("BASIC", "", "authorization", f"Basic {BASIC}", "Basic ***"),
    ],
)
def test_credentials_in_headers(name: str, parameter: str, header: str, value: str, shown: str) -> None:
    own = Authentication(scheme=scheme(name), parameter_name=parameter)
    for made in (request(own), build_check(Target(ENDPOINT, own, {}), "/")):
        found = now(authenticator(own).apply(made, SECRET, Deadline.after(1), "acme"))
        assert found.headers[header] == value
        assert SECRET not in str(found.url)
        assert authenticator(own).masked(made).headers[header] == shown
        assert not authenticator(own).refused(found, SECRET, "acme")


def test_no_authentication_changes_nothing() -> None:
    own = Authentication(scheme=scheme("NONE"))
    assert applied(own, "") == request(own)


def test_a_credential_in_the_query() -> None:
    own = Authentication(scheme=scheme("API_KEY_QUERY"), parameter_name="key")
    found = applied(own, "a&b=c/\u00e9 ", q=1)
    assert found.url.raw_query_string == "q=1&key=a%26b%3Dc%2F%C3%A9%20"
    assert authenticator(own).masked(found).url.raw_query_string == "q=1&key=***"
    # An address that the system told already holds it.
    again = now(authenticator(own).apply(found, "new", Deadline.after(1), "acme"))
    assert again.url.raw_query_string == "q=1&key=new"


def test_a_credential_in_the_path() -> None:
    own, endpoint = Authentication(scheme=scheme("API_KEY_PATH")), "https://api.example.com/bot{secret}/x/"
    found = applied(own, "12:A/b%?#", endpoint)
    assert found.url.raw_path == "/bot12:A%2Fb%25%3F%23/x/a"
    assert str(authenticator(own, endpoint).masked(request(own, endpoint)).url) == "https://api.example.com/bot***/x/a"


def test_a_parameter_cannot_ask_for_the_secret() -> None:
    own, endpoint = Authentication(scheme=scheme("API_KEY_PATH")), "https://api.example.com/bot{secret}"
    made = build(
        Target(endpoint, own, {}), Operation(tool(path="/say/{text}"), {}), {"text": "{secret}", "q": "{secret}"}
    )
    found = now(InPath(endpoint).apply(made, SECRET, Deadline.after(1), "acme"))
    assert str(found.url) == f"https://api.example.com/bot{SECRET}/say/%7Bsecret%7D?q=%7Bsecret%7D"
    elsewhere = build_check(Target("https://api.example.com/other", own, {}), "/x")
    assert now(InPath(endpoint).apply(elsewhere, SECRET, Deadline.after(1), "acme")) == elsewhere


@pytest.mark.parametrize("secret", ["", "a\r\nHost: evil", "a\n", "a\0", "\x7f"])
@pytest.mark.parametrize("name", ["BEARER", "API_KEY_HEADER", "API_KEY_QUERY", "API_KEY_PATH", "BASIC", "HMAC"])
def test_credentials_that_cannot_be_sent(name: str, secret: str) -> None:
    own = Authentication(scheme=scheme(name), parameter_name="key")
    with pytest.raises(TrunklineError) as caught:
        applied(own, secret, "https://api.example.com/{secret}" if name == "API_KEY_PATH" else ENDPOINT)
    assert caught.value.reason == Reason.ERROR_REASON_UPSTREAM_AUTHENTICATION
    assert len(secret) < 3 or secret not in caught.value.message


@pytest.mark.parametrize(("name", "secret"), [("BEARER", " a"), ("BEARER", "ключ"), ("API_KEY_PATH", "..")])
def test_credentials_that_one_place_cannot_carry(name: str, secret: str) -> None:
    with pytest.raises(TrunklineError) as caught:
        applied(Authentication(scheme=scheme(name)), secret, "https://api.example.com/{secret}")
    assert caught.value.reason == Reason.ERROR_REASON_UPSTREAM_AUTHENTICATION


# ── HMAC ────────────────────────────────────────────────────────────────────────────────────────────────────────────


def signed(signature: RequestSignature, made: HttpRequest, secret: str = "Jefe") -> HttpRequest:
    return now(Signed(signature, clock=lambda: 1700000000.9).apply(made, secret, Deadline.after(1), "acme"))


def posted(body: dict[str, object]) -> HttpRequest:
    return build(Target(ENDPOINT, Authentication(), {}), Operation(tool("POST", "/a", query=("q",)), {}), body)


@pytest.mark.parametrize(
    ("algorithm", "expected"),
    [
        ("sha256", "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"),
        (
            "sha512",
            "164b7a7bfcf819e2e395fbe73b56e0a387bd64222e831fd610270cd7ea250554"
            "9758bf75c05a994a6d034f65f8f0e6fdcaeab1a34d4a6b4b636e070a38bce737",
        ),
    ],
)
def test_the_vectors_of_rfc_4231(algorithm: str, expected: str) -> None:
    """Test case 2, whose data is the payload here."""
    made = posted({})
    for encoding, written in (("hex", expected), ("base64", base64.b64encode(bytes.fromhex(expected)).decode())):
        signature = RequestSignature(algorithm=algorithm, payload="what do ya want for nothing?", encoding=encoding)
        assert signed(signature, made).headers["x-signature"] == written


def test_what_is_signed_by_default() -> None:
    found = signed(RequestSignature(), posted({"q": "a b", "text": "{timestamp}"}))
    payload = b'1700000000.POST./v1/a?q=a%20b.{"text":"{timestamp}"}'
    assert found.headers["x-signature"] == hmac.new(b"Jefe", payload, "sha256").hexdigest()
    assert found.body == b'{"text":"{timestamp}"}'


def test_how_a_signature_is_written() -> None:
    signature = RequestSignature(
        payload="{method}\n{body_sha256}",
        header="X-Sig",
        format="t={timestamp},k={key_id},v1={signature}",
        timestamp_header="X-Time",
        key_id="k-1",
        key_id_header="X-Key",
    )
    made = posted({"a": 1})
    digest = hmac.new(b"Jefe", b"POST\n" + hashlib.sha256(b'{"a":1}').hexdigest().encode(), "sha256").hexdigest()
    headers = signed(signature, made).headers
    assert headers["x-sig"] == f"t=1700000000,k=k-1,v1={digest}"
    assert (headers["x-time"], headers["x-key"]) == ("1700000000", "k-1")
    shown = Signed(signature, clock=lambda: 1700000000.9).masked(made).headers
    assert shown["x-sig"] == "t=1700000000,k=k-1,v1=***"


# ── Previews ────────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("name", "endpoint", "url", "header"),
    [
        ("API_KEY_QUERY", ENDPOINT, f"{ENDPOINT}/a?q=1&key=***", None),
        ("API_KEY_PATH", "https://api.example.com/bot{secret}", "https://api.example.com/bot***/a?q=1", None),
        ("BASIC", ENDPOINT, f"{ENDPOINT}/a?q=1", ("authorization", "Basic ***")),
        ("OAUTH2_REFRESH_TOKEN", ENDPOINT, f"{ENDPOINT}/a?q=1", ("authorization", "Bearer ***")),
        ("SERVICE_ACCOUNT", ENDPOINT, f"{ENDPOINT}/a?q=1", ("authorization", "Bearer ***")),
        ("HMAC", ENDPOINT, f"{ENDPOINT}/a?q=1", ("x-signature", "***")),
        ("MTLS", ENDPOINT, f"{ENDPOINT}/a?q=1", None),
    ],
)
async def test_previews_fetch_nothing_and_show_no_secret(
    name: str, endpoint: str, url: str, header: tuple[str, str] | None
) -> None:
    rest = RestConnector(OutboundPolicy(), templates={})
    own = integration(endpoint, tool(path="/a"), scheme=scheme(name), parameter_name="key" if "QUERY" in name else "")
    found = await rest.preview(tool_call(rest, own, {"q": 1}, SECRET))
    assert found.url == url
    assert header is None or found.headers[header[0]] == header[1]
    assert SECRET not in str(found)


def test_a_request_does_not_print_what_it_carries() -> None:
    own = Authentication(scheme=scheme("API_KEY_QUERY"), parameter_name="key")
    assert SECRET not in repr(applied(own))
