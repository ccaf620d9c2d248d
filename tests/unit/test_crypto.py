"""Envelope encryption: what was sealed opens, and nothing else does."""

import base64
from dataclasses import fields, replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from trunkline_server.domain.errors import TrunklineError
from trunkline_server.stores.crypto import Keyring, Sealed, framed

OLD, NEW = ("old", b"o" * 32), ("new", b"n" * 32)
KEYRING = Keyring([OLD])


def flipped(data: Any) -> Any:
    return data[::-1] + "x" if isinstance(data, str) else bytes([data[0] ^ 1]) + data[1:]


def refuses(keyring: Keyring, sealed: Sealed, tenant_id: str, field: str) -> None:
    for call in (keyring.open, keyring.rewrap):
        with pytest.raises(TrunklineError) as caught:
            call(sealed, tenant_id, field)
        assert caught.value.reason_name == "INTERNAL"
        assert caught.value.metadata == {} and caught.value.details == ()


@given(st.binary(max_size=200), st.text(), st.text())
def test_opens_what_was_sealed(plaintext: bytes, tenant_id: str, field: str) -> None:
    sealed = KEYRING.seal(plaintext, tenant_id, field)
    assert KEYRING.open(sealed, tenant_id, field) == plaintext
    assert len(sealed.ciphertext) == len(plaintext) + 16


def test_each_record_has_its_own_key_and_nonces() -> None:
    one, two = (KEYRING.seal(b"the same secret", "acme", "f") for _ in range(2))
    for field in ("ciphertext", "nonce", "wrapped_key", "wrap_nonce"):
        assert getattr(one, field) != getattr(two, field)


@pytest.mark.parametrize("name", ["wrapped_key", "wrap_nonce", "kek_id"])
def test_tampered_envelope(name: str) -> None:
    sealed = KEYRING.seal(b"secret", "acme", "f")
    refuses(KEYRING, replace(sealed, **{name: flipped(getattr(sealed, name))}), "acme", "f")
    assert {field.name for field in fields(Sealed)} == {"ciphertext", "nonce", "wrapped_key", "wrap_nonce", "kek_id"}


@pytest.mark.parametrize("change", [flipped, lambda data: data[:-1], lambda data: b""])
@pytest.mark.parametrize("name", ["ciphertext", "nonce"])
def test_tampered_record(name: str, change: Any) -> None:
    sealed = KEYRING.seal(b"secret", "acme", "f")
    with pytest.raises(TrunklineError, match="cannot be decrypted"):
        KEYRING.open(replace(sealed, **{name: change(getattr(sealed, name))}), "acme", "f")


def test_swapped() -> None:
    one, two = KEYRING.seal(b"one", "acme", "f"), KEYRING.seal(b"two", "acme", "f")
    with pytest.raises(TrunklineError):
        KEYRING.open(replace(one, ciphertext=two.ciphertext, nonce=two.nonce), "acme", "f")
    for tenant_id, field in (("other", "f"), ("acme", "g"), ("acm", "ef"), ("", "acmef")):
        refuses(KEYRING, one, tenant_id, field)


def test_same_key_under_another_id_is_refused() -> None:
    """The wrapped key is bound to the KEK's id, not only to its bytes."""
    sealed = KEYRING.seal(b"secret", "acme", "f")
    both = Keyring([OLD, ("alias", OLD[1])])
    assert both.open(sealed, "acme", "f") == b"secret"
    refuses(both, replace(sealed, kek_id="alias"), "acme", "f")


def test_rotation() -> None:
    sealed = KEYRING.seal(b"secret", "acme", "f")
    both = Keyring([NEW, OLD])
    assert both.open(sealed, "acme", "f") == b"secret"
    rewrapped = both.rewrap(sealed, "acme", "f")
    assert rewrapped.kek_id == "new" and rewrapped.ciphertext == sealed.ciphertext
    assert Keyring([NEW]).open(rewrapped, "acme", "f") == b"secret"
    refuses(KEYRING, rewrapped, "acme", "f")
    refuses(Keyring([NEW]), sealed, "acme", "f")


def test_from_config() -> None:
    text = base64.b64encode(b"o" * 32).decode()
    keyring = Keyring.from_config([f"old:{text}"])
    assert keyring.current == "old"
    assert keyring.open(KEYRING.seal(b"secret", "acme", "f"), "acme", "f") == b"secret"


@pytest.mark.parametrize(
    "entry", ["", "id", "id:", "id:c2hvcnQ=", "id:!!!", ":" + base64.b64encode(b"o" * 32).decode()]
)
def test_bad_config(entry: str) -> None:
    with pytest.raises(ValueError) as caught:
        Keyring.from_config([entry])
    assert "c2hvcnQ" not in str(caught.value)


def test_no_keys_and_twice_the_same() -> None:
    for keys in ([], [OLD, OLD]):
        with pytest.raises(ValueError, match="key-encryption keys"):
            Keyring(keys)


@given(st.lists(st.text()), st.lists(st.text()))
def test_framing_is_unambiguous(one: list[str], two: list[str]) -> None:
    assert (framed(*one) == framed(*two)) == (one == two)
