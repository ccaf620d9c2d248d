"""What is masked, and what stays readable."""

from __future__ import annotations

import base64
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st
from trunkline_server.domain.redaction import MASK, conceal, redact, redact_own, redact_trace

# Numbers that the networks and registries publish for tests.
PERSONAL = [
    *("jane.doe+tag@mail.example.co.uk", "o_brien@x.io", "müller@example.com"),
    *("4111111111111111", "4111 1111 1111 1111", "5555-5555-5555-4444", "378282246310005", "6011111111111117"),
    *("2223003122003222", "30569309025904"),
    *("DE89370400440532013000", "GB29 NWBK 6016 1331 9268 19", "NO9386011117947", "MT84MALT011000012345MTLCAST001S"),
    *("+49 30 901820", "+14155552671", "+44 (0)20 7946 0958", "(415) 555-2671", "415-555-2671", "+33.1.42.68.53.00"),
]
SECRETS = [
    *(
        "sk-proj-abcdefghijkl",
        "ghp_16C7e42F292c6912E7710c838347Ae178B4a",
        "xoxb-12345678-abcdefgh",
        "hvs.CAESIJ1234567",
    ),
    *("AKIAIOSFODNN7EXAMPLE", "AIzaSyA-abcdefghijkl", "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.abc", "gsk_abcdef123456"),
    *("pplx-1234567890", "sk-abc***************xyz", "tl_osdliaao57lb6prf_OsbfPZgvY8ibqstI6h3aFf", "key-2f3a9c"),
    *("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "ya29.a0AfH6SMBx-123"),
]
PLAIN = [
    "page 3c90c3cc-0d44-4b50-8888-8dd25736052a not found",
    "the secretary-general is out",
    "basics of tokens",
    "The risk-free task failed: desk-top, key word",
    "listening on 127.0.0.1:50051, started 2026-11-21T20:13:35.123456Z in 0.125 s",
    "at 2026-11-21 20:13:35+0000, 1732219215123456789 ns, 4012888888881880 tries",
    "model gpt-4o-2024-08-06, HTTP 429, 1,234,567 tokens, price 12345678901234",
    "call +1 or 555-12",
    "version 10.20.30.40 of 1.2.840.113549",
    "GB00 NWBK 6016 1331 9268 19 fails its check",
]


@pytest.mark.parametrize("mask", [redact, redact_own, redact_trace])
@pytest.mark.parametrize("found", [*PERSONAL, *SECRETS])
def test_it_is_masked_wherever_it_stands(mask: object, found: str) -> None:
    for text in (f"so {found} it is", f'"{found}"', f"<{found}>", f"({found})", f"a={found};", f"{found}\n", found):
        masked = mask(text)  # type: ignore[operator]
        assert MASK in masked and found not in masked, masked
        kept = [part for part in found.replace("*", " ").split() if len(part) > 5]
        assert not [part for part in kept if part in masked], masked


@pytest.mark.parametrize("text", PLAIN)
def test_what_is_none_of_it_stays(text: str) -> None:
    assert (redact(text), redact_own(text), redact_trace(text)) == (text, text, text)


@pytest.mark.parametrize(
    ("text", "secret"),
    [
        ("Authorization: Bearer hunter2x", "hunter2x"),
        ('{"password": "hunter2x"}', "hunter2x"),
        ("https://user:hunter2x@host.example/path", "hunter2x"),
        ("postgresql://app:hunter2x@db/trunkline", "hunter2x"),
        ("GET /v1?api_key=hunter2x&page=2", "hunter2x"),
        ("-----BEGIN RSA PRIVATE KEY-----\nMIIabc\nhunter2x\n-----END RSA PRIVATE KEY-----", "hunter2x"),
    ],
)
def test_named_secrets(text: str, secret: str) -> None:
    for mask in (redact, redact_own, redact_trace):
        assert secret not in mask(text) and MASK in mask(text)


def test_long_runs_are_foreign_only() -> None:
    digest = "0af7651916cd43dd8448eb211c80319c"
    assert redact(f"bad {digest}") == f"bad {MASK}" and redact_own(f"trace {digest}") == f"trace {digest}"
    assert digest not in redact_trace(f"ValueError: {digest}")
    line = (
        'File "/usr/lib/python3/site-packages/aiohttp/connector_with_a_very_long_name.py", line 1, in a_long_function'
    )
    assert redact_trace(line) == line


@given(
    secret=st.text(st.characters(min_codepoint=33, max_codepoint=126), min_size=8, max_size=60),
    before=st.text(max_size=40),
    after=st.text(max_size=40),
)
def test_a_known_secret_never_survives(secret: str, before: str, after: str) -> None:
    if secret in MASK * 20 or secret in before + after:
        return
    for form in (secret, quote(secret, safe=""), base64.b64encode(secret.encode()).decode()):
        assert form not in redact(before + form + after, secret).replace(MASK, "") or form in before + after
    assert conceal(before + secret + after, "", secret).count(secret) == 0 or secret in before + after


def test_the_second_part_of_a_pair_is_a_secret_too() -> None:
    assert conceal("user says pass-word-1", "user:pass-word-1") == f"user says {MASK}"
