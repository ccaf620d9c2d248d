"""One Trunkline for the rows that kill nothing, and the table of figures at the end of the run."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from faults import report
from faults.scene import IDLE, WRITE_TIMEOUT
from harness import Stack, stack


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def shared(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Stack]:
    """One worker with short timeouts and room for many calls; rows bring their providers (`faults.scene.joined`)."""
    environment = {
        "TRUNKLINE__ROUTING__STREAM_IDLE_TIMEOUT_SECONDS": str(IDLE),
        "TRUNKLINE__SERVER__WRITE_TIMEOUT_SECONDS": str(WRITE_TIMEOUT),
        "TRUNKLINE__SERVER__MAX_CONCURRENT_REQUESTS": "5000",
        "TRUNKLINE__OBSERVABILITY__ACCESS_LOG": "off",
    }
    base = tmp_path_factory.mktemp("faults")
    async with stack(base, [], model="", budget_usd=1_000_000, environment=environment) as running:
        yield running


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Every figure with its bar."""
    if report.FIGURES:
        terminalreporter.section("faults and load")
        for line in report.table():
            terminalreporter.write_line(line)
