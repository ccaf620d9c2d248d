"""Which rates bind a call, and where the next page is."""

from __future__ import annotations

import pytest
from trunkline.v1.api_pb2 import CallRate
from trunkline_server.connectors.rest.paging import next_of
from trunkline_server.connectors.rest.rates import binding, key_of, limits_of, rates_of


def rate(calls: int, seconds: float, subject: str = "") -> CallRate:
    made = CallRate(calls=calls, subject=subject)
    made.per.FromMilliseconds(round(seconds * 1000))
    return made


LIMITS = limits_of([rate(30, 1), rate(2, 0.5, "send"), rate(1, 60, "{chat_id}"), rate(5000, 3600)])


def test_a_tool_is_bound_by_its_own_rates_and_those_of_all() -> None:
    assert [limit.told.subject for limit in binding(LIMITS, "send")] == ["", "send", "{chat_id}", ""]
    assert [limit.told.subject for limit in binding(LIMITS, "list")] == ["", "{chat_id}", ""]
    assert [limit.general for limit in LIMITS] == [True, False, False, True]


def test_values_of_a_parameter_count_apart_and_are_not_kept() -> None:
    names = [rates_of(LIMITS, {"chat_id": value})[2].name for value in ("anna@example.com", 7, "7", {"a": 1}, [1])]
    assert len(set(names)) == 3
    assert names[1] == names[2] and names[3] == names[4]
    assert "anna" not in str(names)
    for without in ({}, {"chat_id": None}):
        assert [(one.calls, one.seconds) for one in rates_of(LIMITS, without)] == [(30, 1), (2, 0.5), (1000, 720)]


def test_keys_tell_neither_address_nor_secret() -> None:
    keys = {key_of("https://a.example", "s"), key_of("https://a.example", "t"), key_of("https://b.example", "s")}
    assert len(keys) == 3
    assert all(len(key) == 32 and key.isalnum() for key in keys)


@pytest.mark.parametrize(
    ("header", "found"),
    [
        ("", ""),
        ("</a>; rel=next", "/a"),
        ('</a>; rel="next"', "/a"),
        ('</a>; rel="prev"', ""),
        ('</a>; rel="prev", </b>; rel="next"', "/b"),
        ('</a>; title="x, y; rel=next"; rel=last, </b>;rel="foo NEXT bar"', "/b"),
        ("</a?x=1,2;3>; REL=next; title*=UTF-8''x", "/a?x=1,2;3"),
        ("</a>; rel=last; rel=next", ""),
        ('</a>; rel=next; anchor="#other", </b>; rel=next', "/b"),
        ("nonsense; rel=next", ""),
        ("<https://a.example/x>; rel=next;", "https://a.example/x"),
        ("<" * 5000, ""),
        ("</a>" + "; x" * 3000 + "!", ""),
    ],
)
def test_the_next_link(header: str, found: str) -> None:
    assert next_of(header) == found
