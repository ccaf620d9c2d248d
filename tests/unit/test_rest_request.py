"""From a tool and its parameters to an HTTP request."""

from __future__ import annotations

from typing import Any

import orjson
import pytest
from rest_upstream import tool
from trunkline.v1.authentication_pb2 import Authentication, AuthenticationScheme
from trunkline_server.connectors.rest.operation import Operation
from trunkline_server.connectors.rest.request import HttpRequest, Target, build, build_check
from trunkline_server.domain.errors import Reason, TrunklineError

NONE = AuthenticationScheme.AUTHENTICATION_SCHEME_NONE
HEADER = AuthenticationScheme.AUTHENTICATION_SCHEME_API_KEY_HEADER
QUERY = AuthenticationScheme.AUTHENTICATION_SCHEME_API_KEY_QUERY
CALL = Operation(tool(), {})


def target(
    scheme: AuthenticationScheme.ValueType = NONE,
    parameter_name: str = "",
    endpoint: str = "https://api.example.com/v1/",
    headers: dict[str, str] | None = None,
) -> Target:
    return Target(endpoint, Authentication(scheme=scheme, parameter_name=parameter_name), headers or {})


def made(method: str, path: str, parameters: dict[str, Any], query: tuple[str, ...] = ()) -> HttpRequest:
    return build(target(), Operation(tool(method, path, query=query), {}), parameters)


def fields(error: TrunklineError) -> list[str]:
    (bad,) = error.details
    return [violation.field for violation in bad.field_violations]  # type: ignore[attr-defined]


def test_path_query_and_body() -> None:
    request = made("POST", "/a/{x}/b", {"x": "1", "q": [1, "z"], "n": None, "body": {"k": 1}}, ("q",))
    assert str(request.url) == "https://api.example.com/v1/a/1/b?q=1&q=z"
    assert request.body == b'{"n":null,"body":{"k":1}}'
    assert request.headers["content-type"] == "application/json"


@pytest.mark.parametrize("method", ["GET", "DELETE"])
def test_without_a_body_the_rest_goes_to_the_query(method: str) -> None:
    request = made(method, "/a", {"t": True, "i": 3, "f": 1.5, "s": "a b&c=d/é", "none": None, "empty": []})
    assert request.url.raw_query_string == "t=true&i=3&f=1.5&s=a%20b%26c%3Dd%2F%C3%A9"
    assert request.body is None
    assert "content-type" not in request.headers


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH"])
def test_a_body_is_sent_even_when_empty(method: str) -> None:
    assert made(method, "/a", {}).body == b"{}"


@pytest.mark.parametrize(
    ("value", "segment"),
    [
        ("a/b", "a%2Fb"),
        ("a\\b", "a%5Cb"),
        ("a?b#c", "a%3Fb%23c"),
        ("a%2fb", "a%252fb"),
        ("x\r\nHost: evil", "x%0D%0AHost%3A%20evil"),
        ("nul\0", "nul%00"),
        ("@evil.example", "%40evil.example"),
        (";a=b", "%3Ba%3Db"),
        ("main...dev", "main...dev"),
        ("a..b", "a..b"),
        (".hidden", ".hidden"),
        ("ü", "%C3%BC"),
        (7, "7"),
        (True, "true"),
        ("{x}", "%7Bx%7D"),
    ],
)
def test_path_parameters_stay_in_their_segment(value: object, segment: str) -> None:
    request = made("GET", "/a/{x}/b", {"x": value})
    assert request.url.raw_path == f"/v1/a/{segment}/b"
    assert request.url.host == "api.example.com"


@pytest.mark.parametrize(
    "value",
    [
        "",
        ".",
        "..",
        "../admin",
        "a/../b",
        "a/..",
        "..\\admin",
        "..;/admin",
        "%2e%2e",
        "%2e%2e/admin",
        "..%2fadmin",
        "%252e%252e%252fadmin",
        "a/./b",
        None,
        [],
        {},
    ],
)
def test_path_parameters_that_are_refused(value: object) -> None:
    with pytest.raises(TrunklineError) as caught:
        made("GET", "/a/{x}", {"x": value})
    assert caught.value.reason == Reason.ERROR_REASON_INVALID_PARAMETERS
    assert fields(caught.value) == ["parameters_json.x"]


@pytest.mark.parametrize("value", ["/b", "%2fb", "\\b"])
def test_values_that_make_a_step_with_their_surroundings(value: str) -> None:
    with pytest.raises(TrunklineError) as caught:
        made("GET", "/a/.{x}", {"x": value})
    assert fields(caught.value) == ["parameters_json"]


def test_a_missing_path_parameter() -> None:
    with pytest.raises(TrunklineError) as caught:
        made("GET", "/a/{x}/{y}", {})
    assert fields(caught.value) == ["parameters_json.x", "parameters_json.y"]


def test_a_query_takes_no_objects() -> None:
    with pytest.raises(TrunklineError) as caught:
        made("GET", "/a", {"o": {"a": 1}, "l": [[1]], "fine": 1})
    assert fields(caught.value) == ["parameters_json.o", "parameters_json.l"]


def test_the_credential_is_no_parameter() -> None:
    with pytest.raises(TrunklineError) as caught:
        build(target(QUERY, "key"), CALL, {"key": "mine"})
    assert fields(caught.value) == ["parameters_json.key"]
    assert made("GET", "/a", {"": 1}).url.raw_query_string == "=1"


def test_the_credentials_headers_are_not_configured() -> None:
    for aimed in (target(HEADER, "X-Token", headers={"x-token": "forged"}), target(HEADER, headers={"X-Api-Key": "f"})):
        assert build(aimed, CALL, {}).headers == build_check(target(), "/").headers


@pytest.mark.parametrize(
    "headers",
    [{"X-A": "1\r\nHost: evil"}, {"X-A": "1\n"}, {"X-A\r\nHost": "evil"}, {"X A": "1"}, {"": "1"}, {"X:A": "1"}],
)
def test_headers_that_would_split_a_request(headers: dict[str, str]) -> None:
    with pytest.raises(TrunklineError) as caught:
        build(target(headers=headers), CALL, {})
    assert caught.value.reason == Reason.ERROR_REASON_INVALID_CONFIGURATION


def test_headers_of_the_configuration() -> None:
    headers = {"Host": "evil", "Content-Length": "0", "Transfer-Encoding": "x", "Cookie": "a", "Accept": "text/csv"}
    sent = build(target(headers=headers | {"X-Own": "1"}), Operation(tool("POST"), {}), {}).headers
    assert dict(sent) == {
        "accept": "text/csv",
        "user-agent": "trunkline",
        "x-own": "1",
        "content-type": "application/json",
    }


@pytest.mark.parametrize(
    ("endpoint", "expected"),
    [
        ("https://api.example.com", "https://api.example.com/a"),
        ("https://api.example.com/", "https://api.example.com/a"),
        ("https://api.example.com:8443/x/y/", "https://api.example.com:8443/x/y/a"),
        ("https://[2606:4700::1]:444/x", "https://[2606:4700::1]:444/x/a"),
        ("https://bücher.example", "https://xn--bcher-kva.example/a"),
    ],
)
def test_endpoints(endpoint: str, expected: str) -> None:
    request = build(target(endpoint=endpoint), Operation(tool(path="/a"), {}), {})
    assert str(request.url).encode("ascii").decode() == expected


def test_what_is_nested_too_deep_is_refused() -> None:
    with pytest.raises(TrunklineError) as caught:
        made("POST", "/a", orjson.loads(b'{"x":' + b"[" * 500 + b"]" * 500 + b"}"))
    assert caught.value.reason == Reason.ERROR_REASON_INVALID_PARAMETERS


def test_numbers_keep_their_digits() -> None:
    request = made("POST", "/a", orjson.loads(b'{"z":9223372036854775807,"a":0.1}'))
    assert request.body == b'{"z":9223372036854775807,"a":0.1}'
