"""How often experiments find a difference, and how often one that is not there.

Run: `python bench/experiments.py [runs]`, 1,000 by default; about half a minute. Simulated arms of two to three
metrics (tests/simulated_arms.py), judged by the code that judges real ones, at the default confidence (0.95), power
(0.8) and least effect (0.05). "one look": the Welch test at the planned size. "all the time": a guardrail without
allowance, looked at after every 25 values of each arm, up to 2,000.
"""

from __future__ import annotations

import math
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "tests"))

from simulated_arms import WORLDS, World, bandit, found_once, planned, stopped_at

LONGEST, EVERY = 2000, 25
# Beyond this size a run of the plan takes too long: a twentieth more failures is a small difference.
_LARGEST = 5000


def show(name: str, wanted: str, rate: float, runs: int) -> None:
    """A line with a rate and what it may be off by (two standard deviations)."""
    off = 2 * math.sqrt(rate * (1 - rate) / runs)
    print(f"{name:56} {wanted:>7}  {rate:6.3f} ± {off:.3f}", flush=True)


def judge(name: str, world: World, runs: int) -> None:
    """The lines of one metric."""
    size = planned(world)
    once = min(size, _LARGEST)
    if size <= _LARGEST:
        found = sum(found_once(world, seed, 0.95, size) for seed in range(runs)) / runs
        show(f"{name}: 5 % found in one look at {size}", "≥ 0.80", found, runs)
    wrong = sum(found_once(world, seed, 1.0, once) for seed in range(runs)) / runs
    show(f"{name}: false alarms in one look at {once}", "≤ 0.05", wrong, runs)
    ever = sum(stopped_at(world, seed, 1.0, LONGEST, EVERY) is not None for seed in range(runs)) / runs
    show(f"{name}: false alarms of a guardrail, all the time", "≤ 0.05", ever, runs)
    factor = 0.9 if name == "quality" else 1.5
    stops = sorted(stopped_at(world, seed, factor, LONGEST, EVERY) or math.inf for seed in range(runs // 10))
    share = sum(stop < math.inf for stop in stops) / len(stops)
    show(f"{name}: × {factor} stopped (median after {stops[len(stops) // 2]})", "", share, len(stops))


def main() -> None:
    """All metrics, then a bandit of three arms."""
    runs = int(sys.argv[1]) if len(sys.argv) > 1 else 1000
    began = time.perf_counter()
    print(f"{'':56} {'wanted':>7}  {runs} runs")
    for name, world in WORLDS.items():
        judge(name, world, runs)
    shares = [bandit(WORLDS["quality"], seed, (1.0, 1.1, 0.9), 4000, 100).arms[1] for seed in range(runs // 10)]
    right = sum(arm.current_share > 0.85 for arm in shares) / len(shares)
    show("bandit: best of three (+10 %) above 85 % after 4,000 calls", "", right, len(shares))
    print(f"in {time.perf_counter() - began:.0f} s")


if __name__ == "__main__":
    main()
