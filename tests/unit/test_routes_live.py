"""How fast deployments answer, in columns."""

from __future__ import annotations

import numpy as np
import pytest
from trunkline_server.domain.routes.live import DECAY_SECONDS, FORGET_SECONDS, Live
from trunkline_server.domain.routes.spread import Shares, two_choices, warm
from unit.domain_parts import TENANT
from unit.test_routes_policies import deployments


def rows(*numbers: int) -> np.ndarray:
    return np.array(numbers, np.int64)


def test_what_is_slower_counts_at_once_and_what_is_faster_slowly() -> None:
    live, now = Live(), 1000.0
    row = live.row()
    assert live.one(row, 100) is None
    live.note(row, 2.0, 1.0, 100, now)
    assert live.one(row, 100) == pytest.approx(2.0)
    live.note(row, 6.0, 5.0, 100, now + 1)
    assert live.one(row, 0) == 5.0, "a peak"
    live.note(row, 2.0, 1.0, 100, now + 1 + DECAY_SECONDS)
    assert live.one(row, 0) == pytest.approx(1.0 + 4.0 / np.e)


def test_a_whole_answer_tells_of_its_tokens() -> None:
    live = Live()
    row = live.row()
    live.note(row, 10.0, None, 100, 1.0)
    assert live.one(row, 50) == pytest.approx(5.0)
    live.note(row, 3.0, 1.0, 20, 2.0)
    live.note(row, 21.0, None, 100, 3.0)
    assert live.one(row, 0) == pytest.approx(1.0), "the first content is that of streams"


def test_the_unknown_and_the_long_ago_are_hoped_to_be_good() -> None:
    live = Live()
    fast, slow, unknown = (live.row() for _ in range(3))
    assert live.hoped(rows(fast, slow), 10, 0.0).tolist() == [0.0, 0.0]
    live.note(fast, 1.0, 1.0, 0, 100.0)
    live.note(slow, 9.0, 9.0, 0, 100.0)
    assert live.hoped(rows(fast, slow, unknown), 10, 100.0).tolist() == [1.0, 9.0, 1.0]
    later = live.hoped(rows(fast, slow, unknown), 10, 100.0 + FORGET_SECONDS).tolist()
    assert later == [1.0, 5.0, 1.0]
    assert live.slower(rows(fast, slow, unknown), 10, 2.0).tolist() == [False, True, False]


def test_there_is_room_for_more_and_row_zero_stays_unknown() -> None:
    live = Live()
    numbers = [live.row() for _ in range(1000)]
    live.note(numbers[-1], 1.0, 1.0, 0, 1.0)
    live.note(0, 1.0, 1.0, 0, 1.0)
    assert live.one(numbers[-1], 0) == 1.0
    assert live.one(0, 0) is None


async def test_equals_are_told_apart_by_their_load_alone() -> None:
    here = deployments()
    candidates = list((await here.router.roads(TENANT)).table.candidates)
    loads = dict(zip(map(id, candidates), (1.0, 5.0, 1.0), strict=True))

    def load(one: object) -> float:
        return loads[id(one)]

    found = [two_choices(candidates, seed, load) for seed in range(300)]
    assert 1 not in found
    assert {0, 2} <= set(found)
    busy = [warm(candidates, f"s{number}".encode(), load) for number in range(60)]
    assert None in busy
    assert 1 not in busy


def test_shares_count_after_the_first_calls() -> None:
    shares = Shares()
    for _ in range(19):
        shares.took("alpha")
    assert shares.full(0.6) == ()
    shares.took("alpha")
    assert list(shares.full(0.6)) == ["alpha"]
    assert shares.full(1.0) == ()
    for _ in range(20_000):
        shares.took("beta")
    assert list(shares.full(0.6)) == ["beta"]
