"""The driver of SQL Server as it is used here: blocking, in a thread of the session's own; over a socket to an address
that was judged before; TLS by Python's own context instead of pyOpenSSL; no following of a server that sends elsewhere;
values as typed parameters of `sp_executesql`, never in the text.

The names with an underscore are pytds's; its version is pinned.
"""

from __future__ import annotations

import socket
import ssl
from collections.abc import Sequence
from contextlib import suppress
from typing import Any

from pytds import tls
from pytds.connection import NonMarsConnection
from pytds.row_strategies import list_row_strategy
from pytds.tds_base import TDS74, TDS_ODBC_ON, Error, PacketType, PreLoginEnc, _TdsLogin
from pytds.tds_socket import _TdsSocket
from pytds.tz import FixedOffsetTimezone

from trunkline_server.connectors.sql import refusals
from trunkline_server.connectors.sql.port import Access
from trunkline_server.connectors.sql.sqlserver_types import Declared

_CHUNK = 65536
# How much longer the thread waits than the caller, who ends its wait by closing the socket.
_GRACE_SECONDS = 5.0


class Wire:
    """One connection; every method blocks. `shut` may be called from another thread."""

    def __init__(self, access: Access, address: str, seconds: float) -> None:
        self._sock = socket.create_connection((address, access.port), timeout=seconds)
        try:
            self._sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self._sock.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
            tds = _TdsSocket(
                sock=self._sock,
                tzinfo_factory=FixedOffsetTimezone,
                row_strategy=list_row_strategy,
                use_tz=None,
                autocommit=True,
                login=_login(access),
                isolation_level=0,
            )
            if tds.login() is not None:
                raise refusals.ELSEWHERE.error({})
        except BaseException:
            self._sock.close()
            raise
        self._tds = tds
        self._session = tds.main_session
        self._connection = NonMarsConnection(pooling=False, key=(), tds_socket=tds)
        self._cursor: Any = None

    def shut(self) -> None:
        """End the connection at once: the server aborts what runs on it."""
        with suppress(OSError):  # It may be gone already.
            self._sock.shutdown(socket.SHUT_RDWR)

    def close(self) -> None:
        """Free the socket."""
        self._sock.close()

    def bound(self, seconds: float) -> None:
        """How long each wait may take."""
        self._sock.settimeout(seconds + _GRACE_SECONDS)

    def command(self, sql: str) -> None:
        """A statement of ours, without values and results."""
        self._session.submit_plain_query(sql)
        self._session.process_simple_request()

    def begin(self) -> None:
        """Start a transaction."""
        self._session.submit_begin_tran()
        self._session.process_simple_request()

    def end(self, commit: bool) -> None:
        """Commit or roll back."""
        if commit:
            self._session.submit_commit(False)
        else:
            self._session.submit_rollback(False)
        self._session.process_simple_request()

    def reset(self) -> None:
        """Forget the session's state: temporary tables, options, locks."""
        self._session.callproc("sp_reset_connection", [])

    def execute(self, sql: str, values: Sequence[Any]) -> None:
        """Execute with typed values, for the parameters @p0, @p1, …"""
        self._cursor = self._connection.cursor()
        if not values:
            self._cursor.callproc("sp_executesql", [sql])
            return
        infer = self._tds.type_inferrer.from_value
        declared = ", ".join(f"@p{index} {infer(value).get_declaration()}" for index, value in enumerate(values))
        self._cursor.callproc("sp_executesql", [sql, declared, *values])

    def columns(self) -> list[Declared]:
        """The columns of the result; none where the statement gives no rows."""
        info = self._session.res_info
        return [_declared(one) for one in info.columns] if info is not None else []

    def affected(self) -> int:
        """How many rows were written; -1: the server does not tell."""
        return int(self._cursor.rowcount)

    def fetch(self, most: int) -> list[list[Any]]:
        """The next rows; none at the end."""
        return list(self._cursor.fetchmany(most))

    def finish(self) -> bool:
        """Read to the end of the answer. Whether there was another result."""
        return bool(self._cursor.nextset())


def _declared(column: Any) -> Declared:
    kind = column.serializer
    return Declared(column.column_name or "", kind.get_typeid(), kind.size, kind.precision, kind.scale)


def _login(access: Access) -> _TdsLogin:
    login = _TdsLogin()
    login.client_host_name = "trunkline"
    login.library = login.app_name = "trunkline"
    login.server_name = access.host
    login.port = access.port
    login.user_name, login.password, login.database = access.user, access.password, access.database
    login.tds_version = TDS74
    login.client_lcid = 1033
    login.option_flag2 = TDS_ODBC_ON
    login.bytes_to_unicode = True
    login.tls_ctx = access.tls
    login.enc_flag = PreLoginEnc.ENCRYPT_NOT_SUP if access.tls is None else PreLoginEnc.ENCRYPT_ON
    return login


class _TlsTransport:
    """TLS over a socket, once the handshake is done."""

    def __init__(
        self, sock: socket.socket, tunnel: ssl.SSLObject, inward: ssl.MemoryBIO, outward: ssl.MemoryBIO
    ) -> None:
        self._sock = sock
        self._tunnel = tunnel
        self._inward = inward
        self._outward = outward
        self.settimeout = sock.settimeout
        self.gettimeout = sock.gettimeout
        self.close = sock.close

    def sendall(self, data: bytes | bytearray, flags: int = 0) -> None:
        """Encrypt and send all of it."""
        self._tunnel.write(data)
        self._sock.sendall(self._outward.read())

    def recv(self, size: int, flags: int = 0) -> bytes:
        """At most so many bytes; none at the end."""
        while True:
            try:
                return self._tunnel.read(size)
            except ssl.SSLWantReadError:
                self._flush()
                if not (data := self._sock.recv(_CHUNK)):
                    return b""
                self._inward.write(data)
            except ssl.SSLZeroReturnError:
                return b""

    def recv_into(self, buffer: bytearray | memoryview, size: int = 0, flags: int = 0) -> int:
        """As `recv`, into a buffer."""
        data = self.recv(size or len(buffer))
        buffer[: len(data)] = data
        return len(data)

    def _flush(self) -> None:
        if self._outward.pending:
            self._sock.sendall(self._outward.read())


def _establish(session: Any) -> None:
    """The handshake inside packets of the prelogin, https://learn.microsoft.com/openspecs/windows_protocols/ms-tds"""
    login, reader, writer = session.conn._login, session._reader, session._writer
    context: ssl.SSLContext | None = login.tls_ctx
    if context is None:
        raise refusals.UNTRUSTED.error({})
    inward, outward = ssl.MemoryBIO(), ssl.MemoryBIO()
    tunnel = context.wrap_bio(inward, outward, server_hostname=login.server_name)

    def send() -> None:
        if outward.pending:
            writer.begin_packet(PacketType.PRELOGIN)
            writer.write(outward.read())
            writer.flush()

    while True:
        try:
            tunnel.do_handshake()
        except ssl.SSLWantReadError:
            send()
            if reader.begin_response().type != PacketType.PRELOGIN:
                raise Error("no prelogin") from None
            while not reader.stream_finished():
                inward.write(bytes(reader.recv(4096)))
        else:
            break
    send()
    transport = _TlsTransport(session.conn.sock, tunnel, inward, outward)
    session.conn.sock = writer._transport = reader._transport = transport


# The one place where the driver looks it up.
tls.establish_channel = _establish
