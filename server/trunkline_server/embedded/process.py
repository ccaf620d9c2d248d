"""Child processes of the embedded parts: spawn, wait until ready, stop, kill.

A child writes to a log file of its own (never to our pipes), lives in its own session (a Ctrl-C in the terminal
reaches only us, who then stop it in order) and, on Linux, dies with the *thread* which spawned it, even on `kill -9`:
run the event loop in a thread that lives as long as the child, as the main thread does.
"""

import asyncio
import os
import random
import signal
import socket
import sys
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

from trunkline_server.embedded.errors import EmbeddedError, MissingPartError, StartError

HOST = "127.0.0.1"
KILL_SECONDS = 5.0
"""How long a killed process may take to vanish."""

_LAUNCHER = Path(__file__).with_name("launch.py")
# Below the usual ephemeral range (from 32768): while a server restarts, no outgoing connection can take its port.
_PORTS = range(20_000, 32_000)
_PROC = Path("/proc")
_given: set[int] = set()  # A port is free until its server listens: never give it twice.
_PROBE_SECONDS = 5.0
_TAIL_BYTES = 4096
_LOG_BYTES = 8 << 20


@dataclass(frozen=True, slots=True)
class RunAs:
    """The user a child drops to. `bypass` keeps CAP_DAC_OVERRIDE, to reach files below closed directories."""

    uid: int
    gid: int
    bypass: bool = False


def locate(package: str, relative: str) -> Path:
    """A file or directory inside an installed package, which is not imported.

    Raises MissingPartError.
    """
    spec = find_spec(package)
    for root in (spec.submodule_search_locations or ()) if spec else ():
        found = sorted(Path(root).glob(relative))
        if found:
            return found[0].resolve()
    raise MissingPartError(package, f"{package}/{relative}")


def port_is_free(port: int) -> bool:
    """Whether a server could listen on this port of the loopback interface now."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        # As the servers do: a connection in TIME_WAIT does not block a restart.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError:
            return False
        return True


def free_port() -> int:
    """A random free port of the loopback interface. Raises EmbeddedError when a hundred tries find none."""
    for _ in range(100):
        port = random.choice(_PORTS)
        if port not in _given and port_is_free(port):
            _given.add(port)
            return port
    raise EmbeddedError(f"no free port found between {_PORTS.start} and {_PORTS.stop} on {HOST}")


def alive(pid: int) -> bool:
    """Whether a process runs. A zombie does not: in a container there may be nobody to reap it."""
    if (_PROC / "self").exists():
        return _stat(pid)[:1] not in ([], ["Z"], ["X"])
    try:
        os.kill(pid, 0)
    except OSError as error:
        return isinstance(error, PermissionError)
    return True


class Process:
    """A running child. Made by `spawn`."""

    def __init__(self, name: str, child: asyncio.subprocess.Process, log_path: Path, log_start: int) -> None:
        self.name = name
        self.log_path = log_path
        self._child = child
        self._log_start = log_start

    @property
    def pid(self) -> int:
        return self._child.pid

    @property
    def running(self) -> bool:
        return self._child.returncode is None

    async def wait(self, seconds: float) -> int:
        """The exit code (negative: a signal). Raises TimeoutError after `seconds`."""
        async with asyncio.timeout(seconds):
            return await self._child.wait()

    async def wait_ready(self, probe: Callable[[], Awaitable[bool]], seconds: float) -> None:
        """Poll `probe` until it is true; refused connections count as false.

        Raises StartError when the process ends first, or after `seconds`.
        """
        deadline = time.monotonic() + seconds
        pause = 0.005
        while self.running:
            left = deadline - time.monotonic()
            if left <= 0:
                raise await self.failure(f"is not ready after {seconds:g} s")
            try:
                async with asyncio.timeout(min(left, _PROBE_SECONDS)):
                    if await probe():
                        return
            except (OSError, EOFError):  # TimeoutError is an OSError.
                pass
            await asyncio.sleep(pause)
            pause = min(pause * 1.5, 0.05)
        raise await self.failure(f"ended at its start (exit code {self._child.returncode})")

    async def stop(self, signum: signal.Signals, seconds: float) -> None:
        """Ask with `signum`; after `seconds`, or when we are cancelled meanwhile, kill."""
        if not self.running:
            return
        self._send(signum)
        try:
            await self.wait(seconds)
        except TimeoutError:
            await self.kill()
        except asyncio.CancelledError:
            self._send(signal.SIGKILL)
            raise

    async def kill(self) -> None:
        """SIGKILL the process and its descendants, and wait until all are gone.

        Raises EmbeddedError when one is still there after five seconds.
        """
        family = [] if not self.running else await asyncio.to_thread(_descendants, self.pid)
        # The parent first, so that it does not react to the death of its children.
        self._send(signal.SIGKILL)
        for pid in family:
            _signal(pid, signal.SIGKILL)
        try:
            await self.wait(KILL_SECONDS)
            async with asyncio.timeout(KILL_SECONDS):
                while family:
                    family = [pid for pid in family if alive(pid)]
                    await asyncio.sleep(0.005)
        except TimeoutError:
            raise EmbeddedError(f"{self.name} (pid {self.pid}) survived SIGKILL for {KILL_SECONDS:g} s") from None

    async def failure(self, what: str) -> StartError:
        """An error for the caller to raise, with the last 4 KiB, at most, of what this process logged."""
        tail = await asyncio.to_thread(_read_tail, self.log_path, self._log_start)
        return StartError(f"{self.name} {what}; log: {self.log_path}", tail)

    def _send(self, signum: signal.Signals) -> None:
        if self.running:
            _signal(self.pid, signum)


async def spawn(
    name: str,
    command: Sequence[str],
    log_path: Path,
    *,
    death_signal: signal.Signals = signal.SIGKILL,
    run_as: RunAs | None = None,
    inherit: Sequence[int] = (),
    env: Mapping[str, str] | None = None,
) -> Process:
    """Start `command` (absolute path first) with its output in `log_path`.

    `death_signal` is what it gets when we die. `inherit` are file descriptors which stay open in the child. `env` is
    its whole environment; None is ours.
    Raises EmbeddedError when the log cannot be opened or the launcher cannot run.
    """
    who = run_as or RunAs(-1, -1)
    setup = (os.getpid(), death_signal.value, who.uid, who.gid, int(who.bypass))
    try:
        log = await asyncio.to_thread(_open_log, log_path)
        try:
            log_start = os.fstat(log).st_size
            child = await asyncio.create_subprocess_exec(
                *(sys.executable, "-I", "-S", str(_LAUNCHER), *map(str, setup), *command),
                stdin=asyncio.subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                cwd="/",  # Ours may be closed to the child's user.
                start_new_session=True,
                pass_fds=tuple(inherit),
                env=env,
            )
        finally:
            os.close(log)
    except OSError as error:
        raise EmbeddedError(f"{name} cannot be started: {error}") from error
    return Process(name, child, log_path, log_start)


def _open_log(path: Path) -> int:
    path.parent.mkdir(parents=True, exist_ok=True)
    if path.exists() and path.stat().st_size > _LOG_BYTES:
        path.replace(path.with_name(path.name + ".1"))
    return os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600)


def _read_tail(path: Path, start: int) -> str:
    try:
        with path.open("rb") as log:
            log.seek(max(start, path.stat().st_size - _TAIL_BYTES))
            return log.read().decode(errors="replace").strip()
    except OSError:
        return ""


def _signal(pid: int, signum: signal.Signals) -> None:
    with suppress(ProcessLookupError):
        os.kill(pid, signum)


def _stat(pid: int) -> list[str]:
    """Fields of /proc/<pid>/stat after the name: state, parent, …; empty when there is no such process."""
    try:
        return (_PROC / str(pid) / "stat").read_text().rpartition(")")[2].split()
    except OSError:
        return []


def _descendants(pid: int) -> list[int]:
    """Empty where there is no /proc."""
    children: dict[int, list[int]] = {}
    for entry in _PROC.glob("[0-9]*"):
        fields = _stat(int(entry.name))
        if fields:
            children.setdefault(int(fields[1]), []).append(int(entry.name))
    found: list[int] = []
    queue = [pid]
    while queue:
        below = children.get(queue.pop(), [])
        found += below
        queue += below
    return found
