"""What is wrong with an authentication and with a secret, by field path; and what a template adds to it."""

from __future__ import annotations

from collections.abc import Mapping

import orjson
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from e2e.certificates import Authority
from rest_upstream import integration, tool
from token_upstream import pem, service_account
from trunkline.v1.authentication_pb2 import Authentication, AuthenticationScheme, OAuth2, RequestSignature
from trunkline.v1.integration_pb2 import Integration
from trunkline_server.connectors.rest.auth.places import effective
from trunkline_server.connectors.rest.auth.table import _SCHEMES
from trunkline_server.connectors.rest.engine import RestConnector
from trunkline_server.connectors.rest.templates import load_templates, parse_template
from trunkline_server.domain.addresses import OutboundPolicy
from trunkline_server.domain.schemas import field_path

ROOT = "configuration.authentication"
TOKEN_URL = "https://login.example.com/token"
CLIENT = OAuth2(token_url=TOKEN_URL, client_id="c1")
TEMPLATE = """
display_name = "Orders"
endpoint = "https://orders.example.com"
timeout_seconds = 5
check_path = "/"
tools = []
[authentication]
scheme = "oauth2_client_credentials"
alternatives = ["bearer", "hmac"]
[authentication.oauth2]
token_url = "https://login.orders.example.com/token"
scopes = ["read", "write"]
audience = "orders"
credentials_in_body = true
[authentication.signature]
payload = "{timestamp}{body}"
header = "X-Orders-Signature"
"""


def scheme(name: str) -> AuthenticationScheme.ValueType:
    return AuthenticationScheme.Value(f"AUTHENTICATION_SCHEME_{name}")


def authenticated(own: Authentication, endpoint: str = "https://api.example.com", template: str = "") -> Integration:
    found = integration(endpoint, tool(), template=template)
    found.configuration.authentication.CopyFrom(own)
    return found


def rest() -> RestConnector:
    templates = load_templates() | {"orders": parse_template("orders", TEMPLATE)}
    return RestConnector(OutboundPolicy(), templates=templates)


def test_every_scheme_has_its_place() -> None:
    others = {AuthenticationScheme.Value(f"AUTHENTICATION_SCHEME_{name}") for name in ("AWS_SIGV4", "SHARED_KEY")}
    assert _SCHEMES.keys() == set(AuthenticationScheme.values()) - {0} - others
    for scheme in others:
        found = authenticated(Authentication(scheme=scheme, secret_set=True))
        assert [path for path, _ in rest().validate(found)] == ["configuration.authentication.scheme"]


@pytest.mark.parametrize(
    ("name", "more", "endpoint"),
    [
        ("NONE", {}, ""),
        ("BEARER", {}, ""),
        ("API_KEY_PATH", {}, "https://api.example.com/bot{secret}"),
        ("OAUTH2_CLIENT_CREDENTIALS", {"oauth2": CLIENT}, ""),
        ("OAUTH2_REFRESH_TOKEN", {"oauth2": CLIENT}, ""),
        ("SERVICE_ACCOUNT", {}, ""),
        ("SERVICE_ACCOUNT", {"oauth2": OAuth2(token_url=TOKEN_URL, scopes=["a:b/c"])}, ""),
        ("HMAC", {}, ""),
        ("HMAC", {"signature": RequestSignature(payload="{path}", format="v1={signature}", header="X-Sig")}, ""),
        ("MTLS", {}, ""),
    ],
)
def test_what_is_fine(name: str, more: Mapping[str, object], endpoint: str) -> None:
    own = Authentication(scheme=scheme(name), **more)  # type: ignore[arg-type]
    assert not rest().validate(authenticated(own, endpoint or "https://api.example.com"))


@pytest.mark.parametrize(
    ("name", "more", "endpoint", "fields"),
    [
        ("API_KEY_QUERY", {}, "", [f"{ROOT}.parameter_name"]),
        ("API_KEY_HEADER", {"parameter_name": "Host"}, "", [f"{ROOT}.parameter_name"]),
        ("API_KEY_HEADER", {"parameter_name": "a b"}, "", [f"{ROOT}.parameter_name"]),
        ("API_KEY_PATH", {}, "", ["configuration.endpoint"]),
        ("API_KEY_PATH", {}, "https://a.example.com/{secret}/{secret}", ["configuration.endpoint"]),
        ("API_KEY_PATH", {}, "https://{secret}.example.com/", ["configuration.endpoint"]),
        ("BEARER", {}, "https://a.example.com/{secret}", ["configuration.endpoint"]),
        ("BEARER", {"oauth2": CLIENT}, "", [f"{ROOT}.oauth2"]),
        ("BEARER", {"signature": RequestSignature(header="x")}, "", [f"{ROOT}.signature"]),
        ("OAUTH2_CLIENT_CREDENTIALS", {}, "", [f"{ROOT}.oauth2.token_url", f"{ROOT}.oauth2.client_id"]),
        (
            "OAUTH2_CLIENT_CREDENTIALS",
            {
                "oauth2": OAuth2(
                    token_url="http://login.example.com", client_id="a\n", audience="\0", scopes=["a", "b c"]
                )
            },
            "",
            [f"{ROOT}.oauth2.{field}" for field in ("token_url", "client_id", "audience", "scopes[1]")],
        ),
        (
            "OAUTH2_REFRESH_TOKEN",
            {"oauth2": CLIENT, "secret_reference": "vault:a/b#c"},
            "",
            [f"{ROOT}.secret_reference"],
        ),
        ("SERVICE_ACCOUNT", {"oauth2": OAuth2(token_url="ftp://a.example")}, "", [f"{ROOT}.oauth2.token_url"]),
        ("HMAC", {"signature": RequestSignature(payload="{secret}")}, "", [f"{ROOT}.signature.payload"]),
        ("HMAC", {"signature": RequestSignature(payload="{body")}, "", [f"{ROOT}.signature.payload"]),
        ("HMAC", {"signature": RequestSignature(format="{body}")}, "", [f"{ROOT}.signature.format"] * 2),
        ("HMAC", {"signature": RequestSignature(format="v1\n{signature}")}, "", [f"{ROOT}.signature.format"]),
        ("HMAC", {"signature": RequestSignature(key_id="é")}, "", [f"{ROOT}.signature.key_id"]),
        ("HMAC", {"signature": RequestSignature(header="Host")}, "", [f"{ROOT}.signature.header"]),
        ("HMAC", {"signature": RequestSignature(timestamp_header="X-Signature")}, "", [f"{ROOT}.signature.header"]),
    ],
)
def test_what_is_wrong(name: str, more: Mapping[str, object], endpoint: str, fields: list[str]) -> None:
    own = Authentication(scheme=scheme(name), **more)  # type: ignore[arg-type]
    found = rest().validate(authenticated(own, endpoint or "https://api.example.com"))
    assert [field for field, _ in found] == fields


def test_a_client_certificate_wants_tls() -> None:
    local = RestConnector(OutboundPolicy(allow_http=True))
    own = Authentication(scheme=scheme("MTLS"))
    assert [field for field, _ in local.validate(authenticated(own, "http://api.example.com"))] == [
        "configuration.endpoint"
    ]


def test_headers_of_the_signature_are_not_configured() -> None:
    own = authenticated(Authentication(scheme=scheme("HMAC"), signature=RequestSignature(timestamp_header="X-Time")))
    own.configuration.api.headers.update({"X-Signature": "forged", "x-time": "1"})
    names = [field_path(name, root="configuration.api.headers") for name in ("X-Signature", "x-time")]
    assert [field for field, _ in rest().validate(own)] == names


def test_a_template_and_its_alternatives() -> None:
    template = parse_template("orders", TEMPLATE).authentication
    found = effective(Authentication(oauth2=OAuth2(client_id="c1", scopes=["read"]), secret="s"), template)
    assert found == Authentication(
        scheme=scheme("OAUTH2_CLIENT_CREDENTIALS"),
        oauth2=OAuth2(
            token_url="https://login.orders.example.com/token",
            client_id="c1",
            scopes=["read"],
            audience="orders",
            credentials_in_body=True,
        ),
    )
    assert effective(Authentication(), template).oauth2.scopes == ["read", "write"]
    signature = effective(Authentication(scheme=scheme("HMAC")), template).signature
    assert (signature.payload, signature.header) == ("{timestamp}{body}", "X-Orders-Signature")
    assert not effective(Authentication(scheme=scheme("BEARER")), template).HasField("oauth2")
    assert effective(Authentication(), None).scheme == scheme("NONE")
    for name, fields in (("BEARER", []), ("HMAC", []), ("BASIC", [f"{ROOT}.scheme"])):
        own = authenticated(Authentication(scheme=scheme(name)), "", "orders")
        assert [field for field, _ in rest().validate(own)] == fields


AUTHORITY = Authority("test")
PRIVATE, CERTIFICATE = (part.decode() for part in AUTHORITY.issue("client"))
OTHER, _ = (part.decode() for part in AUTHORITY.issue("other"))
SMALL = rsa.generate_private_key(65537, 2048)


@pytest.mark.parametrize(
    ("name", "secret"),
    [
        ("BEARER", "s3cret"),
        ("BASIC", "user:pässword"),
        ("API_KEY_PATH", "12:AB-c_d"),
        ("OAUTH2_CLIENT_CREDENTIALS", "s3cret ~"),
        ("OAUTH2_REFRESH_TOKEN", '{"refresh_token": "r1", "client_secret": "s"}'),
        ("OAUTH2_REFRESH_TOKEN", '{\n"refresh_token": "r1"}'),
        ("SERVICE_ACCOUNT", service_account(token_uri=TOKEN_URL)),
        ("MTLS", CERTIFICATE + PRIVATE),
        ("MTLS", PRIVATE + CERTIFICATE),
        ("HMAC", "any text at all"),
    ],
)
def test_secrets_that_are_fine(name: str, secret: str) -> None:
    assert not rest().validate_secret(authenticated(Authentication(scheme=scheme(name))), secret)


@pytest.mark.parametrize(
    ("name", "secret", "why"),
    [
        ("BEARER", "s3cret\n", "no header can carry"),
        ("API_KEY_HEADER", "s3crét", "no header can carry"),
        ("BASIC", "user:s3cret\n", "control characters"),
        ("API_KEY_QUERY", "s3cret\r\n", "control characters"),
        ("API_KEY_PATH", "..", "step"),
        ("HMAC", "s3cret\n", "line break"),
        ("OAUTH2_CLIENT_CREDENTIALS", "s3cret\n", "control characters"),
        ("OAUTH2_REFRESH_TOKEN", "s3cret", "JSON object"),
        ("OAUTH2_REFRESH_TOKEN", '["s3cret"]', "JSON object"),
        ("OAUTH2_REFRESH_TOKEN", '{"client_secret": "s3cret"}', "must have a refresh_token"),
        ("OAUTH2_REFRESH_TOKEN", '{"refresh_token": "r", "client_secret": 7}', "texts"),
        ("OAUTH2_REFRESH_TOKEN", '{"refresh_token": "s3cret\\n"}', "control characters"),
        ("OAUTH2_REFRESH_TOKEN", '{"refresh_token": "r", "s3cret": "s"}', "no members but"),
        ("OAUTH2_REFRESH_TOKEN", '{"refresh_token": "r", "origin": "s3cret"}', "no origin"),
        ("SERVICE_ACCOUNT", "s3cret", "key file"),
        ("SERVICE_ACCOUNT", service_account(client_email=None), "client_email"),
        ("SERVICE_ACCOUNT", service_account(token_uri=None), "token_uri"),
        ("SERVICE_ACCOUNT", service_account(token_uri="http://login.example.com"), "token_uri that must use https"),
        ("SERVICE_ACCOUNT", service_account(private_key="s3cret"), "no RSA key"),
        ("SERVICE_ACCOUNT", service_account(private_key=pem(ec.generate_private_key(ec.SECP256R1()))), "no RSA key"),
        ("SERVICE_ACCOUNT", service_account(private_key="s3cret" * 2000), "longer than one of 2,048 bits"),
        ("MTLS", "s3cret", "must be PEM"),
        ("MTLS", CERTIFICATE, "must be PEM"),
        ("MTLS", CERTIFICATE + OTHER, "that is the certificate's"),
        ("MTLS", CERTIFICATE + PRIVATE.replace("M", "s3cret", 3), "private key"),
    ],
)
def test_secrets_that_are_refused(name: str, secret: str, why: str) -> None:
    found = rest().validate_secret(authenticated(Authentication(scheme=scheme(name))), secret)
    assert [field for field, _ in found] == [f"{ROOT}.secret"]
    assert why in found[0][1]
    assert "s3cr" not in found[0][1]


def test_an_encrypted_key_is_refused() -> None:
    form = serialization.PrivateFormat.PKCS8
    lock = serialization.BestAvailableEncryption(b"phrase")
    locked = SMALL.private_bytes(serialization.Encoding.PEM, form, lock).decode()
    found = rest().validate_secret(authenticated(Authentication(scheme=scheme("MTLS"))), CERTIFICATE + locked)
    assert "not encrypted" in found[0][1]


def test_an_absent_secret_is_for_the_live_check() -> None:
    assert not rest().validate_secret(authenticated(Authentication(scheme=scheme("MTLS"))), "")


def test_a_key_file_of_another_endpoint_may_name_any_token_uri() -> None:
    own = Authentication(scheme=scheme("SERVICE_ACCOUNT"), oauth2=OAuth2(token_url=TOKEN_URL))
    assert not rest().validate_secret(authenticated(own), service_account())
    assert orjson.loads(service_account())["token_uri"].startswith("http://")
