"""Who gets which arm: sticky, by shares, and moved no more than must be."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st
from trunkline.v1.common_pb2 import CallContext
from trunkline.v1.experiment_pb2 import Experiment, ExperimentArm
from trunkline_server.domain.assignment import assign

SUBJECTS = 20_000
# Worked out by hand from SHAKE-128 of `x/user-0` and so on.
PINNED = ["arm-1", "arm-0", "arm-0", "arm-1", "arm-1", "arm-0", "arm-1", "arm-0"]
SHARES = st.lists(st.integers(1, 20), min_size=1, max_size=6)


def split(shares: Sequence[float], sticky_by: str = "user") -> Experiment:
    arms = [ExperimentArm(arm_id=f"arm-{at}", model=f"m/{at}", current_share=one) for at, one in enumerate(shares)]
    return Experiment(experiment_id="x", arms=arms, sticky_by=sticky_by)


def arms_of(experiment: Experiment) -> list[str]:
    users = (CallContext(user_id=f"user-{number}") for number in range(SUBJECTS))
    return [assign(experiment, user, "r").arm_id for user in users]


@given(SHARES, st.text(min_size=1), st.text(min_size=1), st.text(min_size=1))
def test_a_user_stays(shares: list[int], user: str, first: str, second: str) -> None:
    experiment, context = split(shares), CallContext(user_id=user)
    assert assign(experiment, context, first) == assign(experiment, context, second)


@pytest.mark.parametrize(
    ("sticky_by", "field"), [("user", "user_id"), ("session", "session_id"), ("agent", "agent_id"), ("request", "")]
)
def test_what_keeps_a_caller_on_one_side(sticky_by: str, field: str) -> None:
    experiment = split([0.5, 0.5], sticky_by)
    named = CallContext(**{field: "s"}) if field else CallContext(user_id="u", session_id="s", agent_id="a")
    ids = [str(number) for number in range(64)]
    assert len({assign(experiment, named, one).arm_id for one in ids}) == (1 if field else 2)
    # Without the id, the request decides.
    assert len({assign(experiment, CallContext(), one).arm_id for one in ids}) == 2


@pytest.mark.parametrize("shares", [[0.5, 0.5], [0.9, 0.1], [0.2, 0.3, 0.5], [0.05] * 20])
def test_shares_hold(shares: list[float]) -> None:
    counted = Counter(arms_of(split(shares)))
    for at, share in enumerate(shares):
        deviation = math.sqrt(SUBJECTS * share * (1 - share))
        assert abs(counted[f"arm-{at}"] - share * SUBJECTS) <= 3 * deviation


@pytest.mark.parametrize(
    ("before", "after"),
    [([0.5, 0.5], [0.6, 0.4]), ([0.2, 0.3, 0.5], [0.3, 0.3, 0.4]), ([0.4, 0.3, 0.3], [0.5714, 0.0, 0.4286])],
)
def test_changed_shares_move_only_whom_they_must(before: list[float], after: list[float]) -> None:
    moves = Counter(
        pair for pair in zip(arms_of(split(before)), arms_of(split(after)), strict=True) if len(set(pair)) > 1
    )
    must = sum(max(0.0, new - old) for old, new in zip(before, after, strict=True))
    # As many as must where two change or one is stopped; where one stays between two, hardly more.
    assert must - 0.01 <= sum(moves.values()) / SUBJECTS <= 1.3 * must
    grew = {f"arm-{at}": new / old for at, (old, new) in enumerate(zip(before, after, strict=True))}
    assert all(grew[left] < grew[taken] for left, taken in moves)


def test_stopped_arms_get_nobody() -> None:
    experiment = split([0.5, 0.25, 0.25])
    experiment.arms[1].stopped = True
    experiment.arms[2].current_share = 0
    assert set(arms_of(experiment)) == {"arm-0"}


def test_two_experiments_split_differently() -> None:
    one, other = split([0.5, 0.5]), split([0.5, 0.5])
    other.experiment_id = "y"
    same = sum(a == b for a, b in zip(arms_of(one), arms_of(other), strict=True))
    assert abs(same / SUBJECTS - 0.5) < 0.02


def test_shadows_are_drawn_for_each_call_by_themselves() -> None:
    experiment = split([0.5, 0.5, 0.3, 1.0, 1.0])
    for arm in experiment.arms[2:]:
        arm.shadow = True
    experiment.arms[4].stopped = True
    user = CallContext(user_id="u")
    found = [assign(experiment, user, str(number)) for number in range(SUBJECTS)]
    assert len({one.arm_id for one in found}) == 1
    copied = Counter(arm for one in found for arm in one.shadows)
    assert copied[("arm-3", "m/3")] == SUBJECTS
    assert abs(copied[("arm-2", "m/2")] / SUBJECTS - 0.3) < 3 * math.sqrt(0.21 / SUBJECTS)
    assert set(copied) == {("arm-2", "m/2"), ("arm-3", "m/3")}


def test_the_hash_is_the_same_everywhere() -> None:
    experiment = split([0.5, 0.5])
    assert [assign(experiment, CallContext(user_id=f"user-{n}"), "").arm_id for n in range(8)] == PINNED
