"""The driver as it is used here: one connection to an address that was judged before, no several statements, no local
files, and results of prepared statements that are read as they come.

The driver reads such results as a whole only, and reads on while nobody takes rows. So rows are parsed here, by the
driver's own parser, and reading pauses between batches: what is buffered stays below a megabyte and a row. The names
with an underscore are asyncmy's; its version is pinned.
"""

from __future__ import annotations

import asyncio
import socket
import struct
from collections.abc import Sequence
from typing import Any

from asyncmy.connection import Connection
from asyncmy.constants.CLIENT import MULTI_STATEMENTS, SSL
from asyncmy.protocol import (
    EOFPacketWrapper,
    FieldDescriptorPacket,
    MysqlPacket,
    OKPacketWrapper,
    pack_binary_params,
    parse_binary_rows_from_buffer,
)

from trunkline_server.connectors.sql import mysql_types, refusals
from trunkline_server.connectors.sql.port import Access
from trunkline_server.domain.errors import TrunklineError

# https://dev.mysql.com/doc/dev/mysql-server/latest/page_protocol_command_phase.html
_EXECUTE = 0x17
_RESET_CONNECTION = 0x1F
_MORE_RESULTS = 8
_END = 0xFE
# They would tell the password to whoever answers.
_CLEAR_TEXT = frozenset({b"mysql_clear_password", b"dialog", b"mysql_old_password"})


class Wire(Connection):  # type: ignore[misc]  # untyped
    """A connection over `sock`. TLS verifies the access's host, though the socket is one to an address."""

    def __init__(self, access: Access, sock: socket.socket) -> None:
        super().__init__(
            user=access.user,
            password=access.password.encode(),
            host=access.host,
            port=access.port,
            database=access.database,
            sock=sock,
            charset="utf8mb4",
            autocommit=None,
            local_infile=False,
            program_name="trunkline",
        )
        # Without a user the driver would name the system's.
        self._user = access.user
        self._client_flag &= ~MULTI_STATEMENTS
        self._tls = access.tls
        self._reading = True

    async def _get_server_information(self) -> None:
        await super()._get_server_information()
        if self._tls is None:
            return
        if not self.server_capabilities & SSL:
            raise refusals.UNTRUSTED.error({})
        # Only from here on: given with a socket, the driver would speak TLS before the server's greeting.
        self._client_flag |= SSL
        self._ssl_context = self._tls

    async def _process_auth(self, plugin_name: bytes, auth_packet: MysqlPacket) -> Any:
        if plugin_name in _CLEAR_TEXT and not self._secure:
            raise refusals.LOGIN.error({})
        return await super()._process_auth(plugin_name, auth_packet)

    @property
    def broken(self) -> bool:
        """Whether it stands no more."""
        return bool(self._stream_broken)

    def flow(self, on: bool) -> None:
        """Read from the server, or let it wait."""
        if on != self._reading and not self._stream_broken:
            self._reading = on
            if on:
                self._transport.resume_reading()
            else:
                self._transport.pause_reading()

    async def reset(self) -> None:
        """Forget all of the session's state: variables, temporary tables, locks, prepared statements."""
        await self._execute_command(_RESET_CONNECTION, b"")
        await self._read_ok_packet()

    async def execute(self, prepared: Any, values: Sequence[Any]) -> Rows:
        """Execute what `prepare` gave, with as many values as it has placeholders."""
        # No cursor: a materialised one would be made in full before the first row. One execution.
        header = struct.pack("<IBI", prepared._statement_id, 0, 1)
        bound = pack_binary_params(tuple(values), "utf8") if values else b""
        await self._execute_command(_EXECUTE, header + bound)
        rows = Rows(self)
        await rows.begin()
        return rows


class Rows:
    """The result of an executed statement. `affected` is that of one without rows. `ended`: the server has told all."""

    def __init__(self, wire: Wire) -> None:
        self._wire = wire
        self._specs: tuple[mysql_types.Spec, ...] = ()
        self.fields: list[mysql_types.Field] = []
        self.affected = 0
        self.ended = False

    async def begin(self) -> None:
        """Read what the columns are, or how many rows were written."""
        first = await self._wire.read_packet()
        if first.is_ok_packet():
            told = OKPacketWrapper(first)
            self.affected = told.affected_rows
            await self._finish(bool(told.has_next))
            return
        count = first.read_length_encoded_integer()
        if count is None:
            # A request for a local file, which no prepared statement makes.
            raise refusals.REFUSED.error({})
        self.fields = [await self._wire.read_packet(FieldDescriptorPacket) for _ in range(count)]
        if not self._wire._deprecate_eof:
            await self._wire.read_packet()
        self._specs = tuple(mysql_types.spec(one, mysql_types.column(one).type) for one in self.fields)
        self._wire.flow(False)

    async def more(self) -> list[tuple[Any, ...]]:
        """The rows that have come, at least one; none at the end."""
        wire = self._wire
        rows: list[tuple[Any, ...]] = []
        try:
            while not self.ended:
                state = wire._proto
                state.pos, wire._next_seq_id = parse_binary_rows_from_buffer(
                    state.buffer, state.pos, state.length, self._specs, wire._next_seq_id, rows, wire._deprecate_eof
                )
                if rows and not self._end_has_come(state):
                    break
                wire.flow(True)
                packet = await wire.read_packet()
                if not self._is_end(packet):
                    rows.append(packet.read_binary_row(self._specs))
                elif wire._deprecate_eof:
                    packet.advance(1)
                    packet.read_length_encoded_integer()
                    packet.read_length_encoded_integer()
                    await self._finish(bool(packet.read_uint16() & _MORE_RESULTS))
                else:
                    await self._finish(bool(EOFPacketWrapper(packet).has_next))
        except ValueError:
            # A date that no calendar has, text that is no UTF-8.
            raise refusals.MALFORMED.error({}) from None
        finally:
            wire.flow(self.ended)
        return rows

    def _is_end(self, packet: MysqlPacket) -> bool:
        # A row begins with a zero.
        return bool(packet.is_auth_switch_request() if self._wire._deprecate_eof else packet.is_eof_packet())

    def _end_has_come(self, state: Any) -> bool:
        buffer, at = state.buffer, state.pos
        held = state.length - at - 4
        size = int.from_bytes(buffer[at : at + 3], "little")
        return bool(held > 0 and buffer[at + 4] == _END and held >= size)

    async def _finish(self, more: bool) -> None:
        """The end of the statement: of a procedure, only its own word may follow."""
        if more:
            following = await self._wire.read_packet()
            if not following.is_ok_packet() or OKPacketWrapper(following).has_next:
                raise refusals.SEVERAL.error({})
        self.ended = True


async def open_wire(access: Access, seconds: float) -> Wire:
    """A connection to the first of the addresses that answers, each in its share of the time."""
    end = asyncio.get_running_loop().time() + seconds
    left = len(access.addresses)
    last: Exception = refusals.AWAY.error({})
    for address in access.addresses:
        share = (end - asyncio.get_running_loop().time()) / left
        left -= 1
        try:
            async with asyncio.timeout(share):
                return await _open(access, address)
        except TrunklineError:
            raise
        except OSError as error:
            last = error
    raise last


async def _open(access: Access, address: str) -> Wire:
    sock = socket.socket(socket.AF_INET6 if ":" in address else socket.AF_INET, socket.SOCK_STREAM)
    try:
        sock.setblocking(False)
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
        await asyncio.get_running_loop().sock_connect(sock, (address, access.port))
        wire = Wire(access, sock)
    except BaseException:
        sock.close()
        raise
    await wire.connect()
    return wire
