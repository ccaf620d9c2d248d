"""Processes, signals and exit codes: a supervisor, its workers, the scribe that writes their ledger, and the relay.

The supervisor imports no gRPC. Each worker is a fresh process (`python -m trunkline_server.main worker`) that shares
the ports by SO_REUSEPORT; the scribe takes the usage stream to Postgres and the relay events to webhooks, off the path
of calls. SIGTERM and SIGINT drain; a process that dies is replaced. Exit codes: 0 drained, 1 failed, 2 the settings
cannot be used.
"""

from __future__ import annotations

import asyncio
import gc
import os
import shutil
import signal
import sys
import tempfile
import time
from asyncio.subprocess import Process
from contextlib import AbstractAsyncContextManager
from pathlib import Path
from typing import TYPE_CHECKING

import structlog

from trunkline_server.config import ConfigError, Settings, load
from trunkline_server.ops import logs

if TYPE_CHECKING:
    from trunkline_server.app import Worker
    from trunkline_server.relay import RelayProcess
    from trunkline_server.scribe import Scribe

_log = structlog.get_logger("trunkline.main")

# A worker that dies sooner than this after its start waits before the next start, ever longer, in seconds.
_SOUND_AFTER = 10.0
_RESTART_CAP = 15.0
# When the collector looks at each generation. gRPC leaves a cycle of seven small objects for each call: after 1,400
# calls a look is due, and takes 2 ms. The oldest generation is large, and seldom worth one.
_COLLECT_AFTER = (10_000, 2, 100)
# gRPC's older listener reads and writes in the thread that hands calls to Python. The newer one has threads of its own
# that take the core from Python in turn: a bare echo costs 5 to 15 % more CPU with it. An operator may say otherwise.
GRPC = {"GRPC_EXPERIMENTS": "-event_engine_listener"}


def run(settings: Settings) -> int:
    """Serve until SIGTERM or SIGINT; returns the exit code."""
    if settings.server.tls is not None and (problem := settings.server.tls.problem()):
        print(f"server.tls: {problem}", file=sys.stderr)
        return 2
    if problem := _template_problem(settings.integrations.template_dir):
        print(problem, file=sys.stderr)
        return 2
    logs.configure(settings.observability.log_level)
    count = settings.server.workers or os.cpu_count() or 1
    shared = tempfile.mkdtemp(prefix="trunkline-metrics-")
    try:
        return asyncio.run(_supervise(settings, count, shared))
    finally:
        shutil.rmtree(shared, ignore_errors=True)


def _template_problem(directory: str) -> str | None:
    """What is wrong with the operator's templates: a worker that cannot read them would be started again for ever."""
    if not directory:
        return None
    from trunkline_server.connectors.rest.template_rules import check_template  # noqa: PLC0415
    from trunkline_server.connectors.rest.templates import TemplateError, load_all  # noqa: PLC0415

    try:
        for template in load_all(directory).values():
            check_template(template)
    except TemplateError as error:
        return str(error)
    return None


async def _supervise(settings: Settings, count: int, shared: str) -> int:
    stopping = asyncio.Event()
    loop = asyncio.get_running_loop()
    for signum in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(signum, stopping.set)
    patience = settings.server.drain_seconds + settings.server.grace_seconds + 30
    workers = [asyncio.create_task(_keep("worker", shared, stopping, patience)) for _ in range(count)]
    served = asyncio.Event()
    # The scribe goes last: it writes what the workers settled while they drained.
    scribe = asyncio.create_task(_keep("scribe", shared, served, patience))
    relay = asyncio.create_task(_keep("relay", shared, stopping, patience))
    codes = await asyncio.gather(*workers)
    served.set()
    return max(*codes, await scribe, await relay)


async def _keep(role: str, shared: str, stopping: asyncio.Event, patience: float) -> int:
    """Keep one process running until told to stop; returns its last exit code."""
    failures = 0
    while True:
        started = time.monotonic()
        process = await _spawn(role, shared)
        ended, stop = asyncio.create_task(process.wait()), asyncio.create_task(stopping.wait())
        await asyncio.wait((ended, stop), return_when=asyncio.FIRST_COMPLETED)
        if stopping.is_set():
            return await _end(process, patience)
        stop.cancel()
        _forget_levels(shared, process.pid)
        failures = 0 if time.monotonic() - started > _SOUND_AFTER else failures + 1
        delay = min(_RESTART_CAP, 0.2 * 2**failures) if failures else 0.0
        _log.error("process ended", role=role, code=process.returncode, restart_in=round(delay, 1))
        try:
            await asyncio.wait_for(stopping.wait(), delay)
        except TimeoutError:
            continue
        return 1 if failures else 0


def _forget_levels(shared: str, pid: int) -> None:
    """A process that was killed cannot take back what it said last."""
    for left in Path(shared).glob(f"gauge_live*_{pid}.db"):
        left.unlink(missing_ok=True)


async def _spawn(role: str, shared: str) -> Process:
    own = {"PROMETHEUS_MULTIPROC_DIR": shared, "TRUNKLINE_SUPERVISOR": str(os.getpid())}
    return await asyncio.create_subprocess_exec(
        sys.executable, "-m", "trunkline_server.main", role, env=GRPC | os.environ | own, start_new_session=True
    )


async def _end(process: Process, patience: float) -> int:
    if process.returncode is None:
        process.terminate()
    try:
        return await asyncio.wait_for(process.wait(), patience)
    except TimeoutError:
        _log.error("process did not drain in time", pid=process.pid)
        process.kill()
        await process.wait()
        return 1


# ── The worker ──────────────────────────────────────────────────────────────────────────────────────────────────


def work(settings: Settings, role: str) -> int:
    """Be a worker, the scribe or the relay until SIGTERM; returns the exit code."""
    # Imported here: the supervisor stays small.
    import uvloop  # noqa: PLC0415

    logs.configure(settings.observability.log_level)
    _run_in_turns()
    try:
        return uvloop.run(_work(settings, role))
    finally:
        _forget_metrics()


async def _work(settings: Settings, role: str) -> int:
    from trunkline_server.domain.errors import TrunklineError  # noqa: PLC0415

    stopping = asyncio.Event()
    loop = asyncio.get_running_loop()
    for signum in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(signum, stopping.set)
    orphaned = asyncio.create_task(_watch_supervisor(stopping))
    try:
        async with _serving(settings, role) as serving:
            _spare_the_collector()
            await stopping.wait()
            left = await serving.drain()
            _log.info("drained", role=role, cut_off=left)
    except TrunklineError as error:
        _log.error("cannot start", reason=error.reason_name, detail=error.message)
        return 1
    except RuntimeError as error:
        _log.error("cannot bind", detail=str(error))
        return 1
    finally:
        orphaned.cancel()
    return 0


def _serving(settings: Settings, role: str) -> AbstractAsyncContextManager[Worker | Scribe | RelayProcess]:
    """Imported by role: scribe and relay need no gRPC."""
    if role == "scribe":
        from trunkline_server.scribe import scribe  # noqa: PLC0415

        return scribe(settings)
    if role == "relay":
        from trunkline_server.relay import relay  # noqa: PLC0415

        return relay(settings)
    from trunkline_server.app import worker  # noqa: PLC0415

    return worker(settings)


def _run_in_turns() -> None:
    """Threads of gRPC that wake up wait until the event loop pauses; on a busy core each would interrupt it.

    Threads started later inherit it. The bare server of `make bench` runs so too.
    """
    if sys.platform == "linux":
        os.sched_setscheduler(0, os.SCHED_BATCH, os.sched_param(0))


def _spare_the_collector() -> None:
    """What was built at start lives for ever: the collector need not walk it again and again."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(*_COLLECT_AFTER)


async def _watch_supervisor(stopping: asyncio.Event) -> None:
    """A worker whose supervisor was killed drains by itself."""
    supervisor = os.environ.get("TRUNKLINE_SUPERVISOR")
    while supervisor and os.getppid() == int(supervisor):  # noqa: ASYNC110
        await asyncio.sleep(1)  # nothing tells of a parent's death
    if supervisor:
        stopping.set()


def _forget_metrics() -> None:
    from prometheus_client import multiprocess  # noqa: PLC0415

    if "PROMETHEUS_MULTIPROC_DIR" in os.environ:
        multiprocess.mark_process_dead(os.getpid())  # type: ignore[no-untyped-call]


def main() -> int:
    """`python -m trunkline_server.main [worker | scribe | relay]`, with the settings of the environment."""
    try:
        settings = load()
    except ConfigError as error:
        print(error, file=sys.stderr)
        return 2
    return work(settings, sys.argv[1]) if sys.argv[1:] in (["worker"], ["scribe"], ["relay"]) else run(settings)


if __name__ == "__main__":
    sys.exit(main())
