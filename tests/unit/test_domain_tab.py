"""Holds are always settled or voided, whatever ends the call."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import replace

import pytest
from trunkline.v1.analytics_pb2 import RecordedRequest
from trunkline.v1.common_pb2 import Attempt, CostDetails, Usage
from trunkline_server.domain import tab as tab_module
from trunkline_server.domain.errors import Reason, TrunklineError
from trunkline_server.domain.ports import Ask, BudgetLevel, BudgetLimit, RateLimit
from trunkline_server.domain.tab import Settlements, Tab
from unit.domain_parts import FakeAdmission

LIMIT = BudgetLimit("b", "total", 1000, True, (0.8,), None)
ASK = Ask("acme", "h-1", 100, (), (LIMIT,))


def record(code: int, reason: str) -> RecordedRequest:
    return RecordedRequest(status_code=code, error_reason=reason, cost_details=CostDetails(nano_usd=30))


@pytest.fixture
def admission() -> FakeAdmission:
    return FakeAdmission()


@pytest.fixture
def settlements() -> Settlements:
    return Settlements()


@pytest.fixture(autouse=True)
def soon(monkeypatch: pytest.MonkeyPatch) -> None:
    real = asyncio.sleep
    monkeypatch.setattr(asyncio, "sleep", lambda _: real(0))


async def test_a_tab_settles_once(admission: FakeAdmission, settlements: Settlements) -> None:
    tab = Tab(admission, settlements)
    await tab.open(ASK, record)
    assert admission.held == {"h-1": 100}
    assert await tab.settle() == [BudgetLevel("b", 1000, 30, 0)]
    assert await tab.settle() == ()
    await tab.close(13, "INTERNAL")
    assert (admission.spent, len(admission.records)) == (30, 1)


async def test_closing_settles_with_how_the_call_ended(admission: FakeAdmission, settlements: Settlements) -> None:
    tab = Tab(admission, settlements)
    await tab.open(ASK, record)
    await tab.close(4, "CALLER_DEADLINE")
    (kept,) = admission.records
    assert kept is not None
    assert (kept.status_code, kept.error_reason) == (4, "CALLER_DEADLINE")
    assert admission.held == {}


async def test_a_refused_call_owes_nothing(settlements: Settlements) -> None:
    admission = FakeAdmission(limit=99)
    tab = Tab(admission, settlements)
    with pytest.raises(TrunklineError) as caught:
        await tab.open(ASK, record)
    assert caught.value.reason == Reason.ERROR_REASON_BUDGET_EXCEEDED
    await tab.close(8, "BUDGET_EXCEEDED")
    assert (admission.records, admission.held) == ([], {})


async def test_an_answer_leaves_before_its_settlement(admission: FakeAdmission, settlements: Settlements) -> None:
    tab = Tab(admission, settlements)
    before = await tab.open(ASK, record)
    levels = tab.settle_behind(30)
    assert [level.spent for level in levels] == [level.spent + 30 for level in before]
    await tab.close(1, "CALLER_CANCELLED")  # There is nothing left to settle.
    assert (admission.records, len(settlements)) == ([], 1)
    assert await settlements.drain(5) == 0
    assert (admission.held, admission.spent, len(admission.records)) == ({}, 30, 1)


async def test_a_widened_tab_settles_all_its_limits(admission: FakeAdmission, settlements: Settlements) -> None:
    asked: list[Ask] = []
    real = admission.settle

    async def settle(ask: Ask, spent: int, record: bytes, tokens: int = 0) -> Sequence[BudgetLevel]:
        asked.append(ask)
        return await real(ask, spent, record, tokens)

    admission.settle = settle  # type: ignore[method-assign]
    tab = Tab(admission, settlements)
    one, two, three = (RateLimit(f"provider/{name}", 5) for name in "abc")
    await tab.widen([one])  # Nothing is open: nothing is counted.
    await tab.open(replace(ASK, rates=(one,)), record)
    await tab.widen(())
    await tab.widen([one])
    assert admission.widened == []
    await tab.widen([one, two])
    admission.at_limit = {"provider/c"}
    with pytest.raises(TrunklineError, match="provider/c is at its limit"):
        await tab.widen([three])
    admission.at_limit = set()
    await tab.widen([three])
    await tab.settle()
    assert admission.widened == [(two,), (three,)]
    assert asked == [replace(ASK, rates=(one, two, three))]


async def test_the_tokens_of_all_attempts_are_told(admission: FakeAdmission, settlements: Settlements) -> None:
    attempts = [
        Attempt(usage=Usage(input_tokens=7, output_tokens=2)),
        Attempt(),
        Attempt(usage=Usage(input_tokens=7, output_tokens=4, reasoning_tokens=3, cache_read_tokens=5)),
    ]
    tab = Tab(admission, settlements)
    await tab.open(ASK, lambda code, reason: RecordedRequest(attempts=attempts))
    await tab.settle()
    assert admission.tokens == [20]


async def test_a_tab_never_opened_closes_quietly(admission: FakeAdmission, settlements: Settlements) -> None:
    await Tab(admission, settlements).close(0, "")
    assert admission.records == []


async def test_a_hold_taken_while_the_caller_left_is_voided(admission: FakeAdmission, settlements: Settlements) -> None:
    admission.admitting = asyncio.Event()
    tab = Tab(admission, settlements)
    opening = asyncio.create_task(tab.open(ASK, record))
    await asyncio.sleep(0)
    assert admission.held == {"h-1": 100}
    opening.cancel()
    with pytest.raises(asyncio.CancelledError):
        await opening
    await tab.close(1, "CALLER_CANCELLED")
    assert (admission.held, admission.spent, admission.records) == ({}, 0, [None])


async def test_cancelling_the_call_does_not_stop_its_settlement(
    admission: FakeAdmission, settlements: Settlements
) -> None:
    admission.settling = asyncio.Event()
    tab = Tab(admission, settlements)
    await tab.open(ASK, record)
    closing = asyncio.create_task(tab.close(1, "CALLER_CANCELLED"))
    await asyncio.sleep(0)
    closing.cancel()
    with pytest.raises(asyncio.CancelledError):
        await closing
    assert len(settlements) == 1
    assert await settlements.drain(0) == 1
    admission.settling.set()
    assert await settlements.drain(5) == 0
    assert (admission.held, admission.spent) == ({}, 30)


async def test_settlements_wait_for_redis(admission: FakeAdmission, settlements: Settlements) -> None:
    admission.away = 8
    tab = Tab(admission, settlements)
    await tab.open(ASK, record)
    assert await tab.settle() == ()
    assert admission.held == {"h-1": 100}
    assert await settlements.drain(5) == 0
    assert (admission.held, admission.spent, admission.away) == ({}, 30, 0)
    assert len(admission.records) == 1


async def test_settlements_give_up_after_their_patience(
    admission: FakeAdmission, settlements: Settlements, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tab_module, "_SETTLE_PATIENCE", -1.0)
    admission.away = 1000
    kept: list[asyncio.Future[None]] = []
    monkeypatch.setattr(settlements, "start", lambda work: kept.append(asyncio.ensure_future(work)))
    tab = Tab(admission, settlements)
    await tab.open(ASK, record)
    await tab.settle()
    with pytest.raises(TrunklineError, match="Redis is not reachable"):
        await kept[-1]


async def test_other_errors_of_a_settlement_are_told(admission: FakeAdmission, settlements: Settlements) -> None:
    async def refuse(ask: Ask, spent: int, record: bytes, tokens: int = 0) -> Sequence[BudgetLevel]:
        raise TrunklineError(Reason.ERROR_REASON_INTERNAL, "broken script")

    admission.settle = refuse  # type: ignore[method-assign]
    tab = Tab(admission, settlements)
    await tab.open(ASK, record)
    with pytest.raises(TrunklineError, match="broken script"):
        await tab.settle()
