"""Streamed answers: failover before content only, and truth at every end."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import aclosing

import pytest
from google.protobuf.duration_pb2 import Duration
from trunkline.v1.common_pb2 import AttemptOutcome, Usage, UsageSource
from trunkline.v1.completion_pb2 import (
    BlockKind,
    CompleteRequest,
    CompleteResponse,
    ContentStarted,
    RecoveryPolicy,
    StreamCompleteResponse,
)
from trunkline_server.domain import attempts as attempts_module
from trunkline_server.domain.errors import Reason, TrunklineError
from trunkline_server.domain.fold import fold
from unit.domain_parts import (
    Event,
    Hang,
    Step,
    World,
    answer,
    broken,
    delta,
    opened,
    started,
    streamed,
    tenant_budget,
    usage_event,
    used,
)

REQUEST = CompleteRequest(prompt="Say hello.", max_tokens=100)


async def collect(events: AsyncGenerator[StreamCompleteResponse, None]) -> tuple[list[Event], TrunklineError | None]:
    found: list[Event] = []
    try:
        async with aclosing(events):
            async for event in events:
                found.append(event)
    except TrunklineError as error:
        return found, error
    return found, None


async def play(world: World) -> tuple[list[Event], TrunklineError | None]:
    return await collect(world.completions.stream(world.call(), REQUEST))


def kinds(events: list[Event]) -> list[str | None]:
    return [event.WhichOneof("event") for event in events]


def numbered(events: list[Event]) -> bool:
    return [event.sequence for event in events] == list(range(1, len(events) + 1))


async def test_a_stream_ends_with_everything_that_an_answer_tells() -> None:
    world = World({"alpha": [streamed("Hel", "lo", usage=used())]}, budgets=[tenant_budget(10**12)])
    events, error = await play(world)
    assert error is None
    assert kinds(events) == [
        "started",
        "content_started",
        "content_delta",
        "content_delta",
        "content_finished",
        "finished",
    ]
    assert numbered(events)
    assert {event.attempt for event in events} == {1}
    end = events[-1].finished
    assert (end.cost_details.nano_usd, end.provider, end.model_used) == (20_000, "alpha", "m")
    assert end.HasField("time_to_first_token")
    assert end.attempts[0].HasField("time_to_first_token")
    assert len(end.budget) == 1
    assert world.admission.held == {}
    assert world.providers.closed == 1


async def test_the_fold_of_a_stream_is_the_answer() -> None:
    whole = World({"alpha": [answer("Hello", usage=used())]}, budgets=[tenant_budget(10**12)])
    expected = await whole.completions.complete(whole.call(), REQUEST)
    events, _ = await play(World({"alpha": [streamed("Hel", "lo", usage=used())]}, budgets=[tenant_budget(10**12)]))

    def timeless(told: CompleteResponse) -> CompleteResponse:
        for timed in (told, *told.attempts):
            for field, _ in timed.ListFields():
                if field.message_type is Duration.DESCRIPTOR:
                    timed.ClearField(field.name)
        return told

    assert timeless(fold(events)) == timeless(expected)


async def test_before_content_another_provider_takes_over_silently() -> None:
    world = World({"alpha": [[started(), broken()]], "beta": [streamed("Hi", usage=used())]})
    events, error = await play(world)
    assert error is None
    assert kinds(events)[:2] == ["failed_over", "started"]
    assert numbered(events)
    assert {event.attempt for event in events} == {2}
    over = events[0].failed_over
    assert (over.from_provider, over.to_provider, over.content_discarded) == ("alpha", "beta", False)
    assert over.cause.message == "the provider failed"
    assert [attempt.provider for attempt in events[-1].finished.attempts] == ["alpha", "beta"]


async def test_a_retry_of_the_same_model_is_no_failover() -> None:
    world = World({"alpha": [broken(retry_after=0.0), streamed("Hi", usage=used())]})
    events, error = await play(world)
    assert error is None
    assert kinds(events)[0] == "started"
    assert {event.attempt for event in events} == {2}


async def test_after_content_nobody_takes_over() -> None:
    world = World(
        {"alpha": [[started(), opened(), delta("one two three"), broken("STREAM_TRUNCATED")]], "beta": [streamed("x")]}
    )
    call = world.call()
    events, error = await collect(world.completions.stream(call, REQUEST))
    assert kinds(events) == ["started", "content_started", "content_delta", "usage"]
    assert numbered(events)
    assert events[-1].usage.source == UsageSource.USAGE_SOURCE_ESTIMATED
    assert events[-1].usage.output_tokens == 3
    assert error is not None
    assert error.reason == Reason.ERROR_REASON_STREAM_TRUNCATED
    assert (error.metadata["attempts"], error.metadata["output_tokens"]) == ("1", "3")
    assert [target.provider for target in world.providers.calls] == ["alpha"]
    assert call.tab is not None
    await call.tab.close(error.code, error.reason_name)
    assert str(world.admission.spent) == error.metadata["cost_nano_usd"]
    assert world.admission.held == {}


async def test_usage_told_before_the_break_is_the_usage_so_far() -> None:
    script: list[Step] = [started(), opened(), delta("one two"), usage_event(10, 7), broken("STREAM_TRUNCATED")]
    events, error = await play(World({"alpha": [script]}))
    assert kinds(events)[-2:] == ["usage", "usage"]
    assert events[-1].usage == Usage(input_tokens=10, output_tokens=7)
    assert error is not None
    assert error.metadata["cost_nano_usd"] == str(10_000 + 14_000)


async def test_usage_of_the_stream_completes_a_silent_end() -> None:
    script: list[Step] = [*streamed("Hi")[:-1], usage_event(10, 7), streamed("Hi")[-1]]
    events, error = await play(World({"alpha": [script]}))
    assert error is None
    assert events[-1].finished.usage.output_tokens == 7


async def test_every_provider_failing_before_content_is_the_last_error() -> None:
    world = World({"alpha": [broken(retry=False)], "beta": [[started(), broken("UPSTREAM_MALFORMED", retry=False)]]})
    events, error = await play(world)
    assert events == []
    assert error is not None
    assert error.reason == Reason.ERROR_REASON_UPSTREAM_MALFORMED
    assert error.metadata["attempts"] == "2"


async def test_a_caller_who_leaves_stops_the_upstream_and_pays_for_what_came() -> None:
    world = World({"alpha": [[started(), opened(), delta("one two three"), Hang()]]})
    call = world.call()
    events: list[Event] = []

    async def read() -> None:
        async with aclosing(world.completions.stream(call, REQUEST)) as stream:
            async for event in stream:
                events.append(event)

    task = asyncio.create_task(read())
    await world.providers.waiting.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert world.providers.closed == 1
    assert call.tab is not None
    await call.tab.close(1, "CALLER_CANCELLED")
    (record,) = world.admission.records
    assert record is not None
    assert record.attempts[0].outcome == AttemptOutcome.ATTEMPT_OUTCOME_CANCELLED
    assert record.usage.output_tokens == 3
    assert record.HasField("time_to_first_token")
    assert world.admission.spent == record.cost_details.nano_usd > 0


async def test_the_upstream_is_closed_when_the_reader_stops_between_events() -> None:
    world = World({"alpha": [streamed("a", "b", "c", usage=used())]})
    async with aclosing(world.completions.stream(world.call(), REQUEST)) as stream:
        await anext(stream)
    assert world.providers.closed == 1


RESTART = CompleteRequest(prompt="Say hello.", max_tokens=100, recovery=RecoveryPolicy(restart_after_content=True))


async def restart(world: World) -> tuple[list[Event], TrunklineError | None]:
    return await collect(world.completions.stream(world.call(), RESTART))


async def test_after_content_a_stream_starts_anew_where_its_caller_allows_it() -> None:
    cut: list[Step] = [started(), opened(), delta("Hel"), usage_event(), broken("STREAM_TRUNCATED")]
    world = World({"alpha": [cut], "beta": [streamed("Good", " day", usage=used())]}, budgets=[tenant_budget(10**12)])
    events, error = await restart(world)
    assert error is None
    assert numbered(events)
    moved = events[kinds(events).index("failed_over")].failed_over
    assert (moved.from_provider, moved.to_provider, moved.content_discarded) == ("alpha", "beta", True)
    found = fold(events)
    assert (found.completion, found.provider) == ("Good day", "beta")
    assert [one.outcome for one in found.attempts] == [
        AttemptOutcome.ATTEMPT_OUTCOME_FAILED,
        AttemptOutcome.ATTEMPT_OUTCOME_SUCCEEDED,
    ]
    # Both are paid for, and the hold covered both.
    assert found.cost_details.nano_usd == sum(one.cost_nano_usd for one in found.attempts) == world.admission.spent
    assert found.attempts[0].cost_nano_usd > 0
    assert world.admission.asks[0].amount >= world.admission.spent


async def test_a_restart_at_the_same_provider_also_tells_what_to_discard(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(attempts_module, "delay", lambda pause, failures, told: 0.0)
    cut: list[Step] = [started(), opened(), delta("Hel"), broken("STREAM_TRUNCATED")]
    world = World({"alpha": [cut, streamed("Hello", usage=used())]})
    events, error = await restart(world)
    assert error is None
    assert events[kinds(events).index("failed_over")].failed_over.content_discarded
    assert fold(events).completion == "Hello"


async def test_a_restart_that_fails_ends_with_the_usage_and_the_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(attempts_module, "delay", lambda pause, failures, told: 0.0)
    cut: list[Step] = [started(), opened(), delta("Hel"), broken("STREAM_TRUNCATED")]
    world = World({"alpha": [cut], "beta": [[started(), broken()]]})
    events, error = await restart(world)
    assert error is not None
    assert error.metadata["attempts"] == "3"
    assert numbered(events)
    assert kinds(events)[-1] == "usage"
    # No attempt after the first gave content, so nothing was to be discarded for.
    assert "failed_over" not in kinds(events)


def going_on(**recovery: bool) -> CompleteRequest:
    policy = RecoveryPolicy(continue_after_content=True, **recovery)
    return CompleteRequest(prompt="Say hello.", max_tokens=100, recovery=policy)


CUT: list[Step] = [started(), opened(), delta("Hello, "), delta("wor"), usage_event(), broken("STREAM_TRUNCATED")]


async def test_after_text_another_provider_goes_on_where_it_broke_off() -> None:
    rest = streamed("ld", "!", usage=used(14, 2))
    world = World({"alpha": [CUT], "beta": [rest], "gamma": [rest]}, budgets=[tenant_budget(10**12)])
    world.providers.prefilled = frozenset(("gamma",))
    events, error = await collect(world.completions.stream(world.call(), going_on()))
    assert error is None
    assert numbered(events)
    moved = events[kinds(events).index("failed_over")].failed_over
    # Beta cannot be given the beginning of an answer.
    assert (moved.to_provider, moved.content_discarded) == ("gamma", False)
    assert kinds(events).count("content_started") == 1
    found = fold(events)
    assert (found.completion, found.provider) == ("Hello, world!", "gamma")
    asked = world.providers.requests[-1]
    assert isinstance(asked, CompleteRequest)
    assert asked.messages[-1].parts[0].text == "Hello, wor"
    assert 0 < asked.max_tokens < 100
    assert found.cost_details.nano_usd == world.admission.spent <= world.admission.asks[0].amount


async def test_what_cannot_be_gone_on_with_starts_anew_only_where_that_is_allowed() -> None:
    for restart, ends in ((False, "usage"), (True, "finished")):
        world = World({"alpha": [CUT], "beta": [streamed("Hello", usage=used())]})
        events, error = await collect(world.completions.stream(world.call(), going_on(restart_after_content=restart)))
        assert kinds(events)[-1] == ends
        assert (error is None) is restart
        if restart:
            assert fold(events).completion == "Hello"


async def test_an_answer_that_goes_on_may_break_off_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(attempts_module, "delay", lambda pause, failures, told: 0.0)
    second: list[Step] = [started(), opened(), delta("ld"), broken("STREAM_TRUNCATED")]
    world = World({"alpha": [CUT, second, streamed("!", usage=used())]})
    world.providers.prefilled = frozenset(("alpha",))
    events, error = await collect(world.completions.stream(world.call(), going_on()))
    assert error is None
    assert fold(events).completion == "Hello, world!"
    assert kinds(events).count("failed_over") == 2


async def test_only_text_is_gone_on_with() -> None:
    call_of_a_tool = Event(content_started=ContentStarted(index=1, kind=BlockKind.BLOCK_KIND_TOOL_CALL))
    cut: list[Step] = [started(), opened(), delta("Hel"), call_of_a_tool, broken("STREAM_TRUNCATED")]
    world = World({"alpha": [cut], "beta": [streamed("lo", usage=used())]})
    world.providers.prefilled = frozenset(("beta",))
    _, error = await collect(world.completions.stream(world.call(), going_on()))
    assert error is not None and error.reason == Reason.ERROR_REASON_STREAM_TRUNCATED
