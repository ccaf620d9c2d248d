"""Metrics that reach the shared file a moment later."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

# In a process of its own: the kind of value is chosen once for all metrics of a process.
PROGRAM = """
import asyncio, time
from trunkline_server.ops.metrics import exposition
from trunkline_server.ops.later import DELAY
from prometheus_client import Counter, Gauge, Histogram

early = Counter("early", "-")
early.inc()
assert "early_total 1.0" in exposition().decode(), "without a loop it is written at once"
count, level = Counter("count", "-", ("way",)), Gauge("level", "-", multiprocess_mode="livesum")
last = Gauge("last", "-", multiprocess_mode="mostrecent")
seconds = Histogram("seconds", "-", buckets=(1, 2))

async def main():
    for _ in range(1000):
        count.labels("a").inc()
    count.labels("b").inc(0.5)
    level.inc(); level.inc(); level.dec()
    last.set(7)
    seconds.observe(1.5)
    assert 'count_total{way="a"} 0.0' in exposition().decode(), "not written yet"
    await asyncio.sleep(2 * DELAY)
    text = exposition().decode()
    for line in ('count_total{way="a"} 1000.0', 'count_total{way="b"} 0.5', 'level 1.0', 'last 7.0',
                 'seconds_bucket{le="1.0"} 0.0', 'seconds_bucket{le="2.0"} 1.0', 'seconds_sum 1.5'):
        assert line in text, (line, text)
    count.labels("a").inc()
    await asyncio.sleep(2 * DELAY)
    assert 'count_total{way="a"} 1001.0' in exposition().decode()
    count.labels("a").inc(41)

asyncio.run(main())
"""
AFTER = "import trunkline_server.ops.metrics as m; assert 'count_total{way=\"a\"} 1042.0' in m.exposition().decode()"


def test_what_is_counted_is_exposed_a_moment_later_and_nothing_is_lost_at_the_end(tmp_path: Path) -> None:
    environment = {"PROMETHEUS_MULTIPROC_DIR": str(tmp_path), "PYTHONPATH": ":".join(sys.path)}
    for program in (PROGRAM, AFTER):
        ended = subprocess.run(
            [sys.executable, "-c", program], env=environment, capture_output=True, text=True, timeout=60, check=False
        )
        assert ended.returncode == 0, ended.stderr
