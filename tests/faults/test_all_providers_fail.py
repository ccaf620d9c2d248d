"""Row 9: every provider answers 500. What is tried again must not multiply an outage."""

from __future__ import annotations

from collections import Counter

import pytest
from faults.load import Callers, Tally, crowd, whole
from faults.report import report
from faults.scale import pick
from faults.scene import joined
from harness import Stack

CALLS = pick(300, 2000)


@pytest.mark.asyncio(loop_scope="session")
async def test_an_outage_is_not_multiplied(shared: Stack) -> None:
    tally = Tally()
    async with joined(shared, "failing", 2, status=500, stall=0.2) as states, Callers(shared) as callers:
        # All at once: no breaker can know before the calls are on their way.
        async def work(number: int) -> None:
            await callers.answered(whole("vllm/failing", prompt=f"call {number}"), tally)

        await crowd(work, CALLS, CALLS)
        asked = Counter(visit.body["messages"][-1]["content"] for state in states for visit in state.visits)
    made = asked.total() / CALLS
    report(9, f"upstream calls for each of {CALLS} calls, every provider 500", made, "≤ 1.2")
    report(9, "upstream calls for one call, at most", max(asked.values()), "≤ 3")
    report(9, "calls that ended without an answer, each with a reason", tally.failed)
    assert tally.ended["OK"] == 0 and tally.failed == CALLS
    assert max(asked.values()) <= 3
    assert made <= 1.2
