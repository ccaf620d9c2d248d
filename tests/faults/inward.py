"""Ways to say an address that no call may reach: what they are, and how each can be written."""

from __future__ import annotations

# One of each range that IANA or a cloud keeps for itself, and the ends of the large ones.
ADDRESSES = (
    *("0.0.0.0", "0.1.2.3", "10.0.0.1", "10.255.255.254", "100.64.0.1", "100.127.255.254", "127.0.0.1", "127.0.0.3"),
    *("127.255.255.254", "169.254.0.1", "172.16.0.1", "172.31.255.254", "192.0.0.8", "192.0.2.1", "192.88.99.1"),
    *("192.168.0.1", "192.168.255.254", "198.18.0.1", "198.19.255.254", "198.51.100.1", "203.0.113.1", "224.0.0.1"),
    *("239.255.255.250", "240.0.0.1", "255.255.255.255"),
    # Metadata and platforms of clouds.
    *("169.254.169.254", "169.254.170.2", "100.100.100.200", "168.63.129.16", "192.0.0.192", "fd00:ec2::254"),
    *("::", "::1", "fc00::1", "fd12:3456:789a::1", "fe80::1", "fec0::1", "ff02::1", "100::1", "2001:db8::1", "3fff::1"),
    *("2001::1", "2001:10::1", "5f00::1"),
    # IPv4 in IPv6: mapped, compatible, translated, NAT64, 6to4, Teredo.
    *("::ffff:127.0.0.1", "::ffff:169.254.169.254", "::ffff:7f00:1", "::127.0.0.1", "::ffff:0:127.0.0.1"),
    *("64:ff9b::127.0.0.1", "64:ff9b::a9fe:a9fe", "64:ff9b:1::127.0.0.1", "2002:7f00:1::", "2002:a9fe:a9fe::1"),
    "2001:0:7f00:1:8000:63bf:80ff:fffe",
)
# Other ways to write the loopback address and that of the metadata.
SPELLINGS = (
    *("127.1", "127.0.1", "2130706433", "0x7f000001", "0x7F.0.0.1", "0x7f.1", "017700000001", "0177.0.0.1", "0177.1"),
    *("00000000177.0.0.1", "127.000.000.001", "127.0.0.1.", "127.0x0.00.1", "0", "0x0", "4294967295", "0x7f.0.1"),
    *("2852039166", "0xa9fea9fe", "0xa9.0xfe.0xa9.0xfe", "0251.0376.0251.0376", "169.254.43518", "169.16689662"),
    *(
        "①②⑦.⓪.⓪.①",
        "１２７.０.０.１",
        "127。0。0。1",
        "127．0．0．1",
        "%31%32%37.0.0.1",
        "127.0.0.1%2e",
        "127%2e0%2e0%2e1",
    ),
    *("localhost", "LOCALHOST", "localhost.", "ⓛⓞⓒⓐⓛⓗⓞⓢⓣ", "metadata.google.internal", "metadata.google.internal."),
    *("METADATA.google.internal", "instance-data.ec2.internal", "[::1%25lo]", "[fe80::1%25eth0]", "[::1%lo]"),
    *("[0:0:0:0:0:0:0:1]", "[0000:0000:0000:0000:0000:0000:0000:0001]", "[::ffff:0x7f.1]", "[::FFFF:127.0.0.1]"),
    *("[0:0:0:0:0:ffff:127.0.0.1]", "[v1.127.0.0.1]"),
)
# Whole addresses that show one host to a reader and another to a parser; {port} is that of the listeners.
TRICKS = (
    *("http://127.0.0.2@127.0.0.1:{port}", "http://127.0.0.2:{port}@127.0.0.1:{port}", "http://u:p@127.0.0.1:{port}"),
    *("http://127.0.0.1:{port}#@127.0.0.2:{port}", "http://127.0.0.1:{port}?@127.0.0.2:{port}/"),
    *(
        "http://127.0.0.1:{port}\\@127.0.0.2:{port}/",
        "http://127.0.0.2\\.127.0.0.1:{port}",
        "http:\\\\127.0.0.1:{port}",
    ),
    *("http:/127.0.0.1:{port}", "http:127.0.0.1:{port}", "//127.0.0.1:{port}", "ftp://127.0.0.1:{port}"),
    *("gopher://127.0.0.1:{port}/_GET", "file:///etc/passwd", "unix:///var/run/x.sock", "http://127.0.0.1:{port}\r\n"),
    *("http://127.0.0.2 127.0.0.1:{port}", "http://127.0.0.2\t@127.0.0.1:{port}", "http://[::1]127.0.0.2:{port}"),
    *("http://127.0.0.1:{port}/..;@127.0.0.2", "http://127.0.0.2%00.127.0.0.1:{port}", "http://0x7f.1:{port}/%2e%2e"),
)


def host_of(address: str) -> str:
    """An address as the host of a URL."""
    return f"[{address}]" if ":" in address else address


def urls(port: int) -> list[str]:
    """All of them as base addresses."""
    hosts = [*map(host_of, ADDRESSES), *SPELLINGS]
    return [f"http://{host}:{port}" for host in hosts] + [trick.format(port=port) for trick in TRICKS]


def names() -> dict[str, list[list[str]]]:
    """Names that resolve to each address, and what they answer in turn."""
    found = {f"inward-{number}.test": [[address]] for number, address in enumerate(ADDRESSES)}
    metadata = [["169.254.169.254"]]
    return found | {"metadata.google.internal": metadata, "instance-data.ec2.internal": metadata}
