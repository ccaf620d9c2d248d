"""Inbound TLS and mTLS. A changed certificate serves the next handshake; a broken one keeps the old."""

from __future__ import annotations

import grpc
import structlog

from trunkline_server.config import Tls

_log = structlog.get_logger("trunkline.tls")


class Certificates:
    """Reads the files, and reads them again when they change."""

    def __init__(self, tls: Tls) -> None:
        self._tls = tls
        self._seen = self._stamp()
        self._mutual = tls.client_ca is not None

    def credentials(self) -> grpc.ServerCredentials:
        """Credentials that follow the files. Raises OSError or ValueError when the first read fails."""
        return grpc.dynamic_ssl_server_credentials(self._read(), self._changed, self._mutual)  # type: ignore[arg-type]

    def _stamp(self) -> tuple[int, ...]:
        files = (self._tls.certificate, self._tls.key, self._tls.client_ca)
        return tuple(file.stat().st_mtime_ns for file in files if file is not None)

    def _read(self) -> grpc.ServerCertificateConfiguration:
        roots = self._tls.client_ca.read_bytes() if self._tls.client_ca else None
        pair = (self._tls.key.read_bytes(), self._tls.certificate.read_bytes())
        return grpc.ssl_server_certificate_configuration([pair], roots)

    def _changed(self) -> grpc.ServerCertificateConfiguration | None:
        # Called by gRPC at each handshake; None keeps what there is.
        try:
            stamp = self._stamp()
            if stamp == self._seen:
                return None
            self._seen = stamp
            if problem := self._tls.problem():
                _log.error("certificate not taken, the old one stays", problem=problem)
                return None
            return self._read()
        except OSError as error:
            _log.error("certificate not read, the old one stays", error=type(error).__name__)
            return None
