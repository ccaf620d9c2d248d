"""TLS client certificates: each integration's calls go over connections of their own."""

from __future__ import annotations

import asyncio
import hashlib
import os
import ssl
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager

from trunkline_server.connectors.rest.auth.base import Plain, unusable, usable
from trunkline_server.connectors.rest.request import HttpRequest
from trunkline_server.domain.deadline import Deadline
from trunkline_server.outbound import client_tls

# Certificates in use; those not used for longest go first.
_CAPACITY = 1024


class Contexts:
    """TLS settings with a certificate, by integration and secret. A connection is pooled with the settings that it was
    made with (aiohttp's `ConnectionKey.ssl`), so it serves that integration and no other one; those of settings that
    are gone close when they have been idle."""

    def __init__(self, capacity: int = _CAPACITY) -> None:
        self._capacity = capacity
        self._found: dict[bytes, ssl.SSLContext] = {}

    async def get(self, tenant_id: str, integration_id: str, secret: str) -> ssl.SSLContext:
        """The settings. Raises ValueError with what is wrong with the secret."""
        text = f"{tenant_id}\0{integration_id}\0{secret}"
        key = hashlib.blake2b(text.encode(), digest_size=32).digest()
        found = self._found.pop(key, None)
        if found is None:
            # Reads the system's certificate authorities: some 10 ms.
            found = await asyncio.to_thread(_context, secret)
            # Another call was as quick: its connections are used too.
            found = self._found.pop(key, found)
        self._found[key] = found
        if len(self._found) > self._capacity:
            del self._found[next(iter(self._found))]
        return found

    def clear(self) -> None:
        """Forget all."""
        self._found.clear()


class ClientCertificate(Plain):
    """Mutual TLS, at least 1.3 as for every call."""

    def __init__(self, integration_id: str, contexts: Contexts) -> None:
        self._integration_id = integration_id
        self._contexts = contexts

    async def apply(self, request: HttpRequest, secret: str, deadline: Deadline, tenant_id: str) -> HttpRequest:
        """See `Authenticator`."""
        usable(secret, None)
        try:
            tls = await self._contexts.get(tenant_id, self._integration_id, secret)
        except ValueError as error:
            raise unusable(f"the integration's credential {error}") from None
        return HttpRequest(request.method, request.url, request.headers, request.body, tls)


def certificate_problem(secret: str) -> str | None:
    """What is wrong with a secret that must be a certificate with its key, or None."""
    try:
        _load(ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT), secret)
    except ValueError as error:
        return str(error)
    return None


def _context(secret: str) -> ssl.SSLContext:
    found = client_tls()
    _load(found, secret)
    return found


class _EncryptedError(Exception):
    """The key asks for a passphrase."""


def _refuse() -> str:
    raise _EncryptedError


def _load(context: ssl.SSLContext, secret: str) -> None:
    """Raises ValueError with what is wrong, without the secret's text."""
    if "-----BEGIN CERTIFICATE-----" not in secret or "PRIVATE KEY-----" not in secret:
        raise ValueError("must be PEM: the certificate with its chain, and the private key")
    try:
        with _file(secret.encode()) as path:
            context.load_cert_chain(path, password=_refuse)
    except _EncryptedError:
        raise ValueError("must have a private key that is not encrypted") from None
    except ssl.SSLError as error:
        mismatch = error.reason == "KEY_VALUES_MISMATCH"
        finding = "a private key that is the certificate's" if mismatch else "a certificate and a private key in PEM"
        raise ValueError(f"must have {finding}") from None


@contextmanager
def _file(data: bytes) -> Iterator[str]:
    """A file of the data: `ssl` reads nothing else. On Linux it is in memory only."""
    if not hasattr(os, "memfd_create"):
        with tempfile.NamedTemporaryFile() as file:  # For its owner only.
            file.write(data)
            file.flush()
            yield file.name
        return
    number = os.memfd_create("certificate", os.MFD_CLOEXEC)
    try:
        with os.fdopen(os.dup(number), "wb") as memory:
            memory.write(data)
        yield f"/proc/self/fd/{number}"
    finally:
        os.close(number)
