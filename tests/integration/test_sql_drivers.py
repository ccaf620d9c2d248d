"""What the adapters make of their drivers: TLS, memory, and that a worker does not load what it does not call."""

import asyncio
import ssl
import struct
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from conformance.sql_databases import MYSQL
from conformance.sql_subject import PATIENT, Subject, refused, rows_of
from cryptography.x509 import DNSName
from e2e.certificates import Authority, write_pair
from integration import mariadb_parts
from trunkline_server.connectors.sql.dialects import DIALECTS
from trunkline_server.connectors.sql.port import Access, Statement


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def mariadb() -> AsyncIterator[mariadb_parts.MariaDb]:
    if reason := mariadb_parts.missing():
        pytest.skip(reason)
    async with mariadb_parts.mariadb() as server:
        yield server


def subject_of(access: Access) -> Subject:
    return Subject(DIALECTS["mysql"](), access, MYSQL)


async def test_mysql_speaks_tls_to_the_host_it_was_told(mariadb: mariadb_parts.MariaDb) -> None:
    async with subject_of(mariadb.encrypted()).session() as session:
        [[name, version]] = await rows_of(session, Statement("SHOW STATUS LIKE 'Ssl_version'"))
        assert version.startswith("TLSv1.")


@pytest.mark.parametrize("host", ["127.0.0.1", "example.org"])
async def test_mysql_refuses_a_certificate_for_another_host(mariadb: mariadb_parts.MariaDb, host: str) -> None:
    async with refused("INTEGRATION_UNAVAILABLE"), subject_of(mariadb.encrypted(host)).session():
        pass


async def test_mysql_refuses_an_unknown_authority(mariadb: mariadb_parts.MariaDb) -> None:
    access = replace(mariadb.encrypted(), tls=ssl.create_default_context())
    async with refused("INTEGRATION_UNAVAILABLE"), subject_of(access).session():
        pass


async def test_mysql_takes_the_next_address(mariadb: mariadb_parts.MariaDb) -> None:
    async with subject_of(replace(mariadb.access, addresses=["127.0.0.9", "127.0.0.1"])).session() as session:
        assert await rows_of(session, Statement("SELECT 1")) == [[1]]


async def test_mysql_holds_little_of_a_large_result(mariadb: mariadb_parts.MariaDb) -> None:
    # 200 MB: what is not read stays with the server, whose sending waits.
    rows = "SELECT REPEAT('x', 10000) FROM seq_1_to_20000"
    async with subject_of(mariadb.access).session() as session:
        held: Any = session
        async with session.run(Statement(rows), PATIENT) as result:
            seen = 0
            while batch := await result.fetch(50):
                seen += len(batch)
                if seen % 1000 == 0:
                    await asyncio.sleep(0.01)
                    assert len(held._wire._proto.buffer) <= 4 << 20
        assert seen == 20_000


async def test_mysql_takes_rows_of_many_megabytes(mariadb: mariadb_parts.MariaDb) -> None:
    async with subject_of(mariadb.access).session() as session:
        big = Statement("SELECT REPEAT('x', 9000000), REPEAT('y', 9000000) UNION ALL SELECT 'a', 'b'")
        found = await rows_of(session, big)
        assert [[len(value) for value in row] for row in found] == [[9_000_000, 9_000_000], [1, 1]]
        assert session.usable


async def test_mysql_refuses_local_files_and_several_results(mariadb: mariadb_parts.MariaDb) -> None:
    async with subject_of(mariadb.access).session() as session:
        async with refused("UPSTREAM_REJECTED"):
            await rows_of(session, Statement("LOAD DATA LOCAL INFILE '/etc/passwd' INTO TABLE mysql.user", (), True))
        await rows_of(session, Statement("CREATE PROCEDURE conf_two() BEGIN SELECT 1; SELECT 2; END", (), True))
        async with refused("UPSTREAM_REJECTED"):
            await rows_of(session, Statement("CALL conf_two()"))


async def test_mysql_tells_indexes_and_grants(mariadb: mariadb_parts.MariaDb) -> None:
    dialect: Any = DIALECTS["mysql"]()
    async with subject_of(mariadb.access).session() as session:
        await rows_of(
            session, Statement("CREATE TABLE conf_index (a INT PRIMARY KEY, b INT, INDEX two (b, a))", (), True)
        )
        found = await rows_of(session, dialect.indexes("", "conf_index"))
        assert found == [["PRIMARY", 1, "a"], ["two", 0, "b, a"]]
        [[name, writes]] = await rows_of(session, dialect.about())
        assert "MariaDB" in name
        assert writes


def test_drivers_are_loaded_when_a_connection_is_made() -> None:
    code = (
        "import sys\n"
        "from trunkline_server.connectors.sql.dialects import DIALECTS\n"
        "assert all(make().connector.name == name for name, make in DIALECTS.items())\n"
        "assert not {'asyncmy', 'pytds', 'oracledb'} & set(sys.modules), 'loaded'\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


# --- SQL Server and Oracle, as far as that goes without them


class NamedTls(ssl.SSLContext):
    """A context for one host, whatever the address, as the engine makes them."""

    host = ""

    def wrap_bio(self, *args: Any, **named: Any) -> ssl.SSLObject:
        return super().wrap_bio(*args[:2], server_side=False, server_hostname=self.host)


@dataclass
class Listener:
    """What it was sent after the handshake."""

    context: ssl.SSLContext
    port: int = 0
    got: bytes = b""
    done: asyncio.Event = field(default_factory=asyncio.Event)

    async def oracle(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """TLS from the first byte."""
        await self._told(await reader.read(1000), writer)

    async def sqlserver(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """The prelogin, then the handshake inside its packets."""
        await self._packet(reader)
        options = struct.pack(">BHHBHHB", 0, 11, 6, 1, 17, 1, 255) + b"\x10\0\0\0\0\0" + b"\x01"
        writer.write(struct.pack(">BBHHBB", 4, 1, 8 + len(options), 0, 1, 0) + options)
        inward, outward = ssl.MemoryBIO(), ssl.MemoryBIO()
        tunnel = self.context.wrap_bio(inward, outward, server_side=True)
        while True:
            try:
                tunnel.do_handshake()
                break
            except ssl.SSLWantReadError:
                if outward.pending:
                    data = outward.read()
                    writer.write(struct.pack(">BBHHBB", 0x12, 1, 8 + len(data), 0, 1, 0) + data)
                inward.write(await self._packet(reader))
        while not self.got:
            inward.write(await reader.read(1000))
            try:
                self.got = tunnel.read(1000)
            except ssl.SSLWantReadError:
                continue
        await self._told(self.got, writer)

    async def _told(self, data: bytes, writer: asyncio.StreamWriter) -> None:
        self.got = data
        self.done.set()
        writer.close()

    @staticmethod
    async def _packet(reader: asyncio.StreamReader) -> bytes:
        _, _, size, _, _, _ = struct.unpack(">BBHHBB", await reader.readexactly(8))
        return await reader.readexactly(size - 8)


@asynccontextmanager
async def listening(name: str, tmp_path: Path) -> AsyncIterator[tuple[Listener, str]]:
    authority = Authority("test authority")
    key, certificate = write_pair(tmp_path, authority.issue("server", DNSName("localhost")))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    listener = Listener(context)

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await getattr(listener, name)(reader, writer)
        except (OSError, EOFError):
            writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0, ssl=context if name == "oracle" else None)
    async with server:
        listener.port = server.sockets[0].getsockname()[1]
        yield listener, authority.pem.decode()


@pytest.mark.parametrize("name", ["sqlserver", "oracle"])
@pytest.mark.parametrize(("host", "trusted"), [("localhost", True), ("example.org", False), ("127.0.0.1", False)])
async def test_tls_verifies_the_host_before_the_login(name: str, host: str, trusted: bool, tmp_path: Path) -> None:
    async with listening(name, tmp_path) as (listener, authority):
        context = NamedTls(ssl.PROTOCOL_TLS_CLIENT)
        context.host = host
        context.load_verify_locations(cadata=authority)
        access = Access(host, ["127.0.0.1"], listener.port, "d", "user", "a-password", tls=context)
        with pytest.raises(Exception) as caught:
            async with asyncio.timeout(PATIENT):
                await DIALECTS[name]().connect(access, PATIENT)
        assert getattr(caught.value, "reason_name", "") == "INTEGRATION_UNAVAILABLE", repr(caught.value)
        assert ("certificate" in str(caught.value)) is not trusted
        assert bool(listener.got) is trusted


@pytest.mark.parametrize("name", ["mysql", "sqlserver", "oracle"])
@pytest.mark.parametrize("answer", [b"", b"HTTP/1.1 400 Bad Request\r\n\r\n" * 20, b"\xff" * 500])
async def test_a_server_of_another_kind_is_typed(name: str, answer: bytes) -> None:
    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(answer)
        await asyncio.sleep(0.05)
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    async with server:
        port = server.sockets[0].getsockname()[1]
        async with refused("INTEGRATION_UNAVAILABLE", "UPSTREAM_MALFORMED", "UPSTREAM_TIMEOUT"):
            await DIALECTS[name]().connect(Access("localhost", ["127.0.0.1"], port, "d", "user", "p"), 5)
