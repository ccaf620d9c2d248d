"""What all embedded servers share: a port which outlives restarts, and start, stop, kill, restart."""

import asyncio
import signal
from abc import ABC, abstractmethod
from pathlib import Path

from trunkline_server.embedded.errors import InUseError, StartError
from trunkline_server.embedded.process import HOST, Process, RunAs, free_port, port_is_free, spawn

_ATTEMPTS = 3


class EmbeddedServer(ABC):
    """One server process on the loopback interface.

    `port` is 0 until the first start when it was asked for as 0, and stays the same afterwards.
    """

    name: str
    start_seconds = 30.0
    stop_seconds = 10.0
    stop_signal = signal.SIGTERM
    death_signal = signal.SIGKILL
    run_as: RunAs | None = None

    def __init__(self, port: int, log_path: Path, inherit: tuple[int, ...] = ()) -> None:
        self.port = port
        self.log_path = log_path
        self._inherit = inherit
        self._process: Process | None = None

    @property
    def running(self) -> bool:
        """Whether the process is there; false after it died by itself."""
        return self._process is not None and self._process.running

    @property
    def pid(self) -> int | None:
        """The process id, None when it does not run."""
        return self._process.pid if self._process and self._process.running else None

    async def start(self) -> None:
        """Start and wait until ready; does nothing when it runs.

        Raises InUseError when the port is taken, StartError when the process fails.
        """
        if self.running:
            return
        chosen = self.port
        for attempt in range(1, _ATTEMPTS + 1):
            port = chosen or free_port()
            if not port_is_free(port):
                raise InUseError(f"port {port} on {HOST} is taken: stop its user, or give {self.name} another port")
            try:
                await self._launch(port)
            except StartError:
                # Another process may have taken the port between our look and the server's bind.
                if chosen or attempt == _ATTEMPTS or port_is_free(port):
                    raise
                continue
            self.port = port
            return

    async def stop(self) -> None:
        """Stop in order; killed when that takes more than `stop_seconds`."""
        if self._process:
            await self._process.stop(self.stop_signal, self.stop_seconds)

    async def kill(self) -> None:
        """`kill -9`, children included: what a crash does."""
        if self._process:
            await self._process.kill()

    async def restart(self) -> None:
        """Stop when it runs, then start on the same port with the same data. Raises as `start`."""
        await self.stop()
        await self.start()

    async def _launch(self, port: int) -> None:
        self._process = await spawn(
            self.name,
            self._command(port),
            self.log_path,
            death_signal=self.death_signal,
            run_as=self.run_as,
            inherit=self._inherit,
        )
        try:
            await self._process.wait_ready(lambda: self._probe(port), self.start_seconds)
        except BaseException:
            await asyncio.shield(self._process.kill())
            raise

    @abstractmethod
    def _command(self, port: int) -> list[str]:
        """The command line, absolute path first."""

    @abstractmethod
    async def _probe(self, port: int) -> bool:
        """Whether it serves. OSError, TimeoutError and EOFError mean not yet."""
