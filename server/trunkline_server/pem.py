"""Why PEM files cannot be used for TLS. gRPC would tell it late and unclearly, or not at all."""

from __future__ import annotations

import ssl
from pathlib import Path
from typing import Literal


class _EncryptedError(Exception):
    """The key asks for a passphrase."""


def certificates_problem(file: Path) -> str | None:
    """Why the file is no list of certificates, or None."""
    try:
        ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT).load_verify_locations(file)
    except ssl.SSLError:
        return f"{file} holds no certificate in PEM"
    except OSError as error:
        return f"{file} cannot be read: {error.strerror or error}"
    return None


def pair_problem(certificate: Path, key: Path) -> tuple[Literal["certificate", "key"], str] | None:
    """Which of the two files cannot be used and why, or None. An encrypted key cannot: gRPC knows no passphrase."""
    if problem := certificates_problem(certificate):
        return "certificate", problem
    try:
        ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT).load_cert_chain(certificate, key, password=_refuse)
    except _EncryptedError:
        return "key", f"{key} is encrypted; give an unencrypted key that only its user may read"
    except ssl.SSLError as error:
        mismatch = error.reason == "KEY_VALUES_MISMATCH"
        return "key", f"{key} is not the key of {certificate}" if mismatch else f"{key} holds no private key in PEM"
    except OSError as error:
        return "key", f"{key} cannot be read: {error.strerror or error}"
    return None


def _refuse() -> str:
    raise _EncryptedError
