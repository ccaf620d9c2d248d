"""Which addresses outbound calls may reach."""

from __future__ import annotations

from ipaddress import ip_address

import pytest
from trunkline_server.domain.addresses import OutboundPolicy, address_forbidden, is_public
from trunkline_server.domain.errors import Reason

FORBIDDEN = [
    "0.0.0.0",
    "0.0.0.1",
    "0.255.255.255",
    "10.0.0.1",
    "10.255.255.255",
    "100.64.0.1",
    "100.100.100.200",
    "100.127.255.255",
    "127.0.0.1",
    "127.0.0.53",
    "127.255.255.254",
    "168.63.129.16",
    "169.254.0.1",
    "169.254.169.254",
    "169.254.170.2",
    "169.254.255.255",
    "172.16.0.1",
    "172.31.255.255",
    "192.0.0.1",
    "192.0.0.192",
    "192.0.2.1",
    "192.88.99.1",
    "192.168.0.1",
    "192.168.255.255",
    "198.18.0.1",
    "198.19.255.255",
    "198.51.100.1",
    "203.0.113.1",
    "224.0.0.1",
    "239.255.255.255",
    "240.0.0.1",
    "255.255.255.254",
    "255.255.255.255",
    "::",
    "::1",
    "::127.0.0.1",
    "::8.8.8.8",
    "::a00:1",
    "::ffff:127.0.0.1",
    "::ffff:10.0.0.1",
    "::ffff:169.254.169.254",
    "::ffff:0:127.0.0.1",
    "::ffff:0.0.0.0",
    "64:ff9b::127.0.0.1",
    "64:ff9b::10.0.0.1",
    "64:ff9b::169.254.169.254",
    "64:ff9b:1::8.8.8.8",
    "2002:7f00:1::",
    "2002:a9fe:a9fe::",
    "2002:808:808::1",
    "2001::1",
    "2001:0:7f00:1::",
    "2001:0:4136:e378:8000:63bf:3fff:fdd2",
    "2001:1::1",
    "2001:10::1",
    "2001:20::1",
    "2001:db8::1",
    "3fff::1",
    "5f00::1",
    "100::1",
    "fc00::1",
    "fd00::1",
    "fd00:ec2::254",
    "fd12:3456:789a::1",
    "fe80::1",
    "fe80::1%eth0",
    "fec0::1",
    "ff02::1",
    "ff05::1:3",
    "4000::1",
]

PUBLIC = [
    "1.1.1.1",
    "8.8.8.8",
    "9.255.255.255",
    "11.0.0.1",
    "100.63.255.255",
    "100.128.0.1",
    "126.255.255.255",
    "128.0.0.1",
    "168.63.129.15",
    "169.253.255.255",
    "169.255.0.1",
    "172.15.255.255",
    "172.32.0.1",
    "192.0.1.1",
    "192.167.255.255",
    "192.169.0.1",
    "198.17.255.255",
    "198.20.0.1",
    "223.255.255.255",
    "2606:4700:4700::1111",
    "2001:4860:4860::8888",
    "2001:200::1",
    "2a00:1450::1",
    "2003::1",
    "::ffff:8.8.8.8",
    "64:ff9b::8.8.8.8",
]


def test_the_list_is_long_enough_and_has_no_doubles() -> None:
    assert len(set(FORBIDDEN)) == len(FORBIDDEN) >= 60


@pytest.mark.parametrize("address", FORBIDDEN)
def test_forbidden(address: str) -> None:
    assert not is_public(ip_address(address))
    assert not OutboundPolicy(allow_http=True).allows(address, 443)


@pytest.mark.parametrize("address", PUBLIC)
def test_public(address: str) -> None:
    assert OutboundPolicy().allows(address, 443)


@pytest.mark.parametrize(
    "text", ["", "localhost", "127.1", "2130706433", "0x7f000001", "0177.0.0.1", "1.1.1.1 ", "[::1]"]
)
def test_what_is_no_resolved_address_is_forbidden(text: str) -> None:
    assert not OutboundPolicy(allow=("127.0.0.0/8",)).allows(text, 443)


@pytest.mark.parametrize(
    ("entry", "address", "port", "name", "expected"),
    [
        ("127.0.0.0/8", "127.0.0.9", 80, "", True),
        ("127.0.0.0/8", "::ffff:127.0.0.9", 80, "", True),
        ("127.0.0.0/8", "10.0.0.1", 80, "", False),
        ("127.0.0.1:8080", "127.0.0.1", 8080, "", True),
        ("127.0.0.1:8080", "127.0.0.1", 8081, "", False),
        ("127.0.0.1:8080", "127.0.0.2", 8080, "", False),
        ("10.0.0.0/8:443", "10.2.3.4", 443, "", True),
        ("10.0.0.0/8:443", "10.2.3.4", 80, "", False),
        ("fd00::/8", "fd00::1", 1, "", True),
        ("[fd00::/8]:443", "fd00::1", 443, "", True),
        ("[fd00::/8]:443", "fd00::1", 80, "", False),
        ("[::1]:8080", "::1", 8080, "", True),
        ("2002::/16", "2002:7f00:1::", 80, "", True),
        ("vault.internal:8200", "10.0.0.5", 8200, "vault.internal", True),
        ("vault.internal:8200", "10.0.0.5", 8200, "VAULT.internal.", True),
        ("vault.internal:8200", "10.0.0.5", 8201, "vault.internal", False),
        ("vault.internal:8200", "10.0.0.5", 8200, "evil.vault.internal", False),
        ("vault.internal:8200", "10.0.0.5", 8200, "", False),
        ("vault.internal", "169.254.1.1", 1, "vault.internal", True),
    ],
)
def test_the_operator_allows(entry: str, address: str, port: int, name: str, expected: bool) -> None:
    assert OutboundPolicy(allow=(entry,)).allows(address, port, name) is expected
    assert not OutboundPolicy().allows(address, port, name)


@pytest.mark.parametrize(
    "entry", ["", "10.0.0.1/8", "10.0.0/8", "300.1.1.1", "a b", "host:0", "host:70000", "host/8", "*:80", "[::1"]
)
def test_an_entry_that_cannot_be_read_stops_the_start(entry: str) -> None:
    with pytest.raises(ValueError, match="allowed address"):
        OutboundPolicy(allow=(entry,))


@pytest.mark.parametrize(
    "url",
    [
        "https://api.example.com",
        "https://api.example.com:8443/v1/",
        "https://[2606:4700::1]/x",
        "HTTPS://api.example.com",
        "https://bücher.example",
    ],
)
def test_good_base_addresses(url: str) -> None:
    assert OutboundPolicy().url_problem(url) is None


@pytest.mark.parametrize(
    ("url", "word"),
    [
        ("", "https"),
        ("api.example.com", "https"),
        ("//api.example.com", "https"),
        ("ftp://api.example.com", "https"),
        ("file:///etc/passwd", "https"),
        ("gopher://127.0.0.1:6379/_", "https"),
        ("http://api.example.com", "http"),
        ("https://", "host"),
        ("https:///x", "host"),
        ("https://:443", "host"),
        ("https://user@api.example.com", "user name"),
        ("https://user:pass@api.example.com", "user name"),
        ("https://api.example.com@127.0.0.1/", "user name"),
        ("https://api.example.com:0/", "port"),
        ("https://api.example.com:99999/", "URL"),
        ("https://api.example.com:x/", "URL"),
        ("https://[::1/", "URL"),
        ("https://api.example.com/?a=b", "query"),
        ("https://api.example.com/?", "query"),
        ("https://api.example.com/#f", "fragment"),
        ("https://api.example.com/\r\nHost: x", "control"),
        ("https://api.example.com/a b", "spaces"),
        ("https:\\\\api.example.com", "backslashes"),
        ("https://api.example.com\\@127.0.0.1", "backslashes"),
        ("https://api.example.com/" + "x" * 2048, "characters"),
    ],
)
def test_bad_base_addresses(url: str, word: str) -> None:
    problem = OutboundPolicy().url_problem(url)
    assert problem is not None and word in problem


def test_http_where_the_operator_allows_it() -> None:
    assert OutboundPolicy(allow_http=True).url_problem("http://api.example.com") is None


def test_the_refusal_names_the_host_only() -> None:
    error = address_forbidden("db.internal")
    assert error.reason == Reason.ERROR_REASON_ADDRESS_FORBIDDEN
    assert error.metadata == {"host": "db.internal"}


EGRESS = ("*.partner.example", "api.example:8443", "192.0.78.0/24", "8.8.8.8:443", "[2606:4700::/32]:443")


@pytest.mark.parametrize(
    ("address", "port", "name", "expected"),
    [
        ("1.1.1.1", 443, "hub.partner.example", True),
        ("1.1.1.1", 443, "a.b.PARTNER.example.", True),
        ("1.1.1.1", 443, "partner.example", False),
        ("1.1.1.1", 443, "evilpartner.example", False),
        ("1.1.1.1", 443, "hub.partner.example.evil.example", False),
        ("1.1.1.1", 8443, "api.example", True),
        ("1.1.1.1", 443, "api.example", False),
        ("192.0.78.9", 80, "elsewhere.example", True),
        ("192.0.79.9", 80, "elsewhere.example", False),
        ("8.8.8.8", 443, "", True),
        ("8.8.8.8", 53, "", False),
        ("::ffff:8.8.8.8", 443, "", True),
        ("2606:4700::1", 443, "", True),
        ("2606:4701::1", 443, "", False),
        # Never a way inside; that is what `allow` is for, which the list does not close.
        ("10.0.0.1", 443, "hub.partner.example", False),
        ("169.254.169.254", 80, "hub.partner.example", False),
        ("10.9.0.1", 443, "inside.example", True),
    ],
)
def test_the_egress_list_closes_everything_else(address: str, port: int, name: str, expected: bool) -> None:
    assert OutboundPolicy(allow=("10.9.0.0/16",), egress=EGRESS).allows(address, port, name) is expected


@pytest.mark.parametrize(
    ("egress", "url", "fine"),
    [
        ((), "https://anything.example", True),
        (("*.partner.example",), "https://hub.partner.example/v1", True),
        (("*.partner.example",), "https://elsewhere.example", False),
        (("*.partner.example:8443",), "https://hub.partner.example", False),
        (("*.partner.example:8443",), "https://hub.partner.example:8443", True),
        # A network may hold what a name resolves to: the socket judges.
        (("192.0.78.0/24",), "https://elsewhere.example", True),
        (("192.0.78.0/24",), "https://192.0.78.9", True),
        (("192.0.78.0/24",), "https://8.8.8.8", False),
        (("192.0.78.0/24:8443",), "https://elsewhere.example", False),
        (("*.partner.example",), "https://10.9.0.1:9443", True),
        (("*.partner.example",), "https://inside.example:9443", True),
    ],
)
def test_an_endpoint_outside_the_list_is_known_before_any_call(egress: tuple[str, ...], url: str, fine: bool) -> None:
    policy = OutboundPolicy(allow=("10.9.0.0/16:9443",), egress=egress)
    assert (policy.url_problem(url) is None) is fine
    assert fine or "does not allow" in (policy.url_problem(url) or "")


@pytest.mark.parametrize(
    "host",
    [
        *(
            "127.0.0.1",
            "10.0.0.1",
            "169.254.169.254",
            "[::1]",
            "[fd00:ec2::254]",
            "[::ffff:127.0.0.1]",
            "[fe80::1%25lo]",
        ),
        *("2130706433", "0x7f000001", "0x7f.1", "127.1", "0177.0.0.1", "127.000.000.001", "0", "127.0.0.1."),
    ],
)
def test_an_address_inside_is_known_before_any_call(host: str) -> None:
    problem = OutboundPolicy().url_problem(f"https://{host}/v1")
    assert problem is not None and ("does not allow" in problem or "usual form" in problem)


def test_an_address_that_the_operator_allows_is_fine() -> None:
    policy = OutboundPolicy(allow=("10.1.0.0/16:8443", "127.0.0.0/8"))
    assert policy.url_problem("https://10.1.2.3:8443") is None and policy.url_problem("https://127.0.0.1") is None
    assert policy.url_problem("https://10.1.2.3") is not None


@pytest.mark.parametrize(
    "entry", ["", "*", "*.", "*.*.example", "a.*.example", "*example", "10.0.0.1/8", "*.e:0", "*.1.2"]
)
def test_an_egress_entry_that_cannot_be_read_stops_the_start(entry: str) -> None:
    with pytest.raises(ValueError, match="allowed egress"):
        OutboundPolicy(egress=(entry,))
