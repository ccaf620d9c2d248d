"""A real MariaDB for tests, from Debian's `mariadb-server-core`: in a directory of its own, as an ordinary user."""

import asyncio
import os
import pwd
import shutil
import signal
import ssl
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from asyncmy import connect
from cryptography.x509 import DNSName
from e2e.certificates import Authority, write_pair
from trunkline_server.connectors.sql.port import Access
from trunkline_server.embedded.process import HOST, RunAs, free_port, spawn

_SCRIPTS = Path("/usr/share/mysql")
_BOOTSTRAP = ("mysql_system_tables.sql", "mysql_system_tables_data.sql")
# The machine may be busy.
_START_SECONDS = 120.0
ADMIN = ("admin", "a-password-ü")
DATABASE = "conformance"
# A server whose sessions read quotes and backslashes otherwise than by default: what binds values must not care.
SQL_MODE = "NO_BACKSLASH_ESCAPES,ANSI_QUOTES"


def missing() -> str:
    """Why there is no server; empty where one can be started."""
    if _binary() is None:
        return "mariadbd is missing: install Debian's mariadb-server-core"
    return ""


def _binary() -> str | None:
    return shutil.which("mariadbd", path=os.environ.get("PATH", "") + os.pathsep + "/usr/sbin")


@dataclass(frozen=True)
class MariaDb:
    """A running server; `access` is that of a user who may do all."""

    access: Access
    authority: str

    def encrypted(self, host: str = "localhost") -> Access:
        """The same over TLS; the certificate is for `localhost`."""
        return replace(self.access, host=host, tls=ssl.create_default_context(cadata=self.authority))


@asynccontextmanager
async def mariadb() -> AsyncIterator[MariaDb]:
    """The server, for as long as the block runs."""
    home = Path(tempfile.mkdtemp(prefix="mariadb-"))
    try:
        async with _running(home) as server:
            yield server
    finally:
        shutil.rmtree(home, ignore_errors=True)


@asynccontextmanager
async def _running(home: Path) -> AsyncIterator[MariaDb]:
    authority = Authority("test authority")
    key, certificate = write_pair(home, authority.issue("server", DNSName("localhost")))
    (home / "start.sql").write_text(_start_script())
    (home / "bootstrap.sql").write_text("".join(_bootstrap_script()))
    (home / "data").mkdir()
    who = _nobody(home)
    base = (
        _binary() or "",
        "--no-defaults",
        f"--datadir={home}/data",
        f"--tmpdir={home}/data",
        "--innodb-buffer-pool-size=32M",
        "--innodb-log-file-size=16M",
        "--innodb-flush-log-at-trx-commit=0",
        "--skip-log-bin",
    )
    made = await spawn(
        "bootstrap",
        ("/bin/sh", "-c", '"$@" --bootstrap < "$0"', f"{home}/bootstrap.sql", *base),
        home / "log",
        run_as=who,
    )
    if await made.wait(_START_SECONDS) != 0:
        raise await made.failure("failed")
    port = free_port()
    process = await spawn(
        "mariadbd",
        (
            *base,
            f"--port={port}",
            f"--bind-address={HOST}",
            f"--socket={home}/data/socket",
            f"--init-file={home}/start.sql",
            f"--sql-mode={SQL_MODE}",
            f"--ssl-cert={certificate}",
            f"--ssl-key={key}",
        ),
        home / "log",
        run_as=who,
    )
    try:
        access = Access(HOST, [HOST], port, DATABASE, *ADMIN)
        await process.wait_ready(lambda: _answers(access), _START_SECONDS)
        yield MariaDb(access, authority.pem.decode())
    finally:
        await process.stop(signal.SIGTERM, 30)


def _start_script() -> str:
    user, password = ADMIN
    return (
        f"CREATE USER '{user}'@'%' IDENTIFIED BY '{password}';\n"
        f"GRANT ALL ON *.* TO '{user}'@'%' WITH GRANT OPTION;\n"
        f"CREATE DATABASE {DATABASE} CHARACTER SET utf8mb4;\n"
    )


def _bootstrap_script() -> list[str]:
    head = [
        "CREATE DATABASE mysql;\n",
        "USE mysql;\n",
        "SET @auth_root_socket=NULL;\n",
        "SET @skip_auth_anonymous=1;\n",
    ]
    return head + [(_SCRIPTS / name).read_text() for name in _BOOTSTRAP]


def _nobody(home: Path) -> RunAs | None:
    """`nobody` where we are root, as whom the server does not start."""
    if os.geteuid() != 0:
        return None
    user = pwd.getpwnam("nobody")
    for path in (home, *home.rglob("*")):
        os.chown(path, user.pw_uid, user.pw_gid)
    return RunAs(user.pw_uid, user.pw_gid)


async def _answers(access: Access) -> bool:
    try:
        async with administrator(access) as cursor:
            await cursor.execute("SELECT 1")
    except Exception:
        return False
    return True


@asynccontextmanager
async def administrator(access: Access) -> AsyncIterator[Any]:
    """A cursor of a connection that nothing of the adapter has a part in."""
    connection: Any = await connect(
        host=access.addresses[0],
        port=access.port,
        user=access.user,
        password=access.password.encode(),
        autocommit=True,
        connect_timeout=10,
    )
    try:
        async with connection.cursor() as cursor:
            yield cursor
    finally:
        connection.close()
        await asyncio.sleep(0)
