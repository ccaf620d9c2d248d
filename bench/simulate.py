"""`make simulate`: the routing policies against each other; the table goes to stdout, the plot to docs/simulation.svg.

`--write` puts the table into docs/simulation.md too. `--sweep` compares weights of the balanced policy instead. What is
simulated, and how: simulation.py.
"""

from __future__ import annotations

import argparse
import os
import sys
import time
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from multiprocessing import get_context
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT / "tests"), str(ROOT / "bench")]

from scatter import Point, scatter  # noqa: E402
from simulation import CALLS, CONTENDERS, FLOOR, SEED, SWEEP, Contender, Outcome, simulate  # noqa: E402

PLOT, PAGE = ROOT / "docs/simulation.svg", ROOT / "docs/simulation.md"
BEGIN, END = "<!-- table -->\n", "<!-- end -->\n"
HEAD = (
    *("policy", "USD per 1,000 calls", "against large", "p50", "p95", "failed", "failed attempts"),
    *("good answers", "at slope 6 … 24", "quality", "largest provider", "plan p50", "plan p99"),
)


def outcomes(contenders: Sequence[Contender], calls: int, seed: int) -> Sequence[Outcome]:
    """All contenders, two at a time where there are two cores; progress to stderr."""
    found: dict[str, Outcome] = {}
    began = time.perf_counter()
    with ProcessPoolExecutor(min(2, os.cpu_count() or 1), get_context("spawn")) as pool:
        for done in as_completed([pool.submit(simulate, one, calls, seed) for one in contenders]):
            outcome = done.result()
            found[outcome.name] = outcome
            seconds = time.perf_counter() - began
            print(f"{len(found)}/{len(contenders)} {outcome.name}, {seconds:.0f} s", file=sys.stderr, flush=True)
    return [found[one.name] for one in contenders]


def table(found: Sequence[Outcome]) -> str:
    """The outcomes in Markdown; the first is what the others are compared with."""
    large = found[0].cost
    rows = [HEAD, ("---", *("--:" for _ in HEAD[1:])), *(_row(one, large) for one in found)]
    return "".join(f"| {' | '.join(row)} |\n" for row in rows)


def _row(one: Outcome, large: float) -> tuple[str, ...]:
    return (
        one.name,
        f"{one.cost:.3f}",
        f"{one.cost / large - 1:+.0%}",
        f"{one.latency(50):.1f} s",
        f"{one.latency(95):.1f} s",
        f"{one.failed}",
        f"{one.attempts_failed}",
        f"{one.good():.1%}",
        f"{one.good(6):.0%} … {one.good(24):.0%}",
        f"{one.quality:.3f}",
        f"{one.largest_share:.0%}",
        f"{one.plan(50):.0f} µs",
        f"{one.plan(99):.0f} µs",
    )


def plot(found: Sequence[Outcome], calls: int, seed: int) -> str:
    """Cost against good answers."""
    points = [Point(one.name, one.cost, one.good(), one.name.startswith("balanced")) for one in found]
    title = f"What a policy costs, and how good its answers are ({calls:,} calls, seed {seed})"
    return scatter(title, "USD per 1,000 calls", "good answers", points)


def main() -> None:
    """Simulate, print, draw; exit code 1 where a hard constraint was broken."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--calls", type=int, default=CALLS)
    parser.add_argument("--seed", type=int, default=SEED)
    parser.add_argument("--sweep", action="store_true", help="compare weights of the balanced policy")
    parser.add_argument("--write", action="store_true", help="put the table into docs/simulation.md")
    options = parser.parse_args()
    found = outcomes(SWEEP if options.sweep else CONTENDERS, options.calls, options.seed)
    text = table(found)
    print(f"{options.calls} calls, seed {options.seed}; floor: quality {FLOOR}\n\n{text}")
    if not options.sweep:
        PLOT.write_text(plot(found, options.calls, options.seed))
        print(f"plot: {PLOT.relative_to(ROOT)}", file=sys.stderr)
    if options.write:
        page = PAGE.read_text()
        before, _, rest = page.partition(BEGIN)
        PAGE.write_text(f"{before}{BEGIN}{text}{END}{rest.partition(END)[2]}")
    if broken := sum(one.broken for one in found):
        sys.exit(f"{broken} attempts broke a hard constraint")


if __name__ == "__main__":
    main()
