"""A certificate authority for tests, and where a server finds what it issued."""

from __future__ import annotations

import datetime
import ipaddress
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

Pair = tuple[bytes, bytes]
LOOPBACK = x509.IPAddress(ipaddress.ip_address("127.0.0.1"))


class Authority:
    """A certificate authority; `issue` gives (key, certificate) as PEM."""

    def __init__(self, name: str) -> None:
        self._key = ec.generate_private_key(ec.SECP256R1())
        self._name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, name)])
        basic = x509.BasicConstraints(ca=True, path_length=None)
        own = self._builder(self._name, self._key.public_key()).add_extension(basic, critical=True)
        self.pem = own.sign(self._key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM)

    def issue(self, name: str, holder: x509.GeneralName = LOOPBACK) -> Pair:
        """A certificate for the holder; that of the loopback address by default."""
        key = ec.generate_private_key(ec.SECP256R1())
        names = x509.SubjectAlternativeName([holder])
        subject = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, name)])
        made = self._builder(subject, key.public_key()).add_extension(names, critical=False)
        private = key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        return private, made.sign(self._key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM)

    def _builder(self, subject: x509.Name, key: ec.EllipticCurvePublicKey) -> x509.CertificateBuilder:
        now = datetime.datetime.now(datetime.UTC)
        builder = x509.CertificateBuilder(self._name, subject, key, x509.random_serial_number())
        return builder.not_valid_before(now - datetime.timedelta(hours=1)).not_valid_after(
            now + datetime.timedelta(days=1)
        )


def write_pair(folder: Path, pair: Pair, name: str = "tls") -> tuple[Path, Path]:
    """`<name>.key` and `<name>.crt` in the folder."""
    key, certificate = folder / f"{name}.key", folder / f"{name}.crt"
    key.write_bytes(pair[0])
    certificate.write_bytes(pair[1])
    return key, certificate


def server_environment(folder: Path) -> dict[str, str]:
    """The settings of a server with the pair `tls` of the folder."""
    return {
        "TRUNKLINE__SERVER__TLS__KEY": str(folder / "tls.key"),
        "TRUNKLINE__SERVER__TLS__CERTIFICATE": str(folder / "tls.crt"),
    }
