"""Every field that Finished and CompleteResponse share survives the fold."""

from __future__ import annotations

from collections.abc import Iterable

from google.protobuf.descriptor import FieldDescriptor
from google.protobuf.duration_pb2 import Duration
from google.type.money_pb2 import Money
from trunkline.v1.caching_pb2 import CacheInfo
from trunkline.v1.common_pb2 import Attempt, BudgetState, CostDetails, Usage
from trunkline.v1.completion_pb2 import (
    BlockKind,
    CompleteResponse,
    ContentDelta,
    ContentStarted,
    FailedOver,
    Finish,
    Finished,
    StreamCompleteResponse,
)
from trunkline.v1.route_pb2 import Route
from trunkline_server.domain.fold import fold

Event = StreamCompleteResponse
END = Finished(
    finish=Finish(raw_reason="stop"),
    usage=Usage(input_tokens=1),
    cost=Money(nanos=1),
    cost_details=CostDetails(nano_usd=1),
    latency=Duration(seconds=1),
    time_to_first_token=Duration(nanos=1),
    cache_hit=True,
    cache=CacheInfo(level=2),
    route=Route(rule="r"),
    attempts=[Attempt(number=1), Attempt(number=2)],
    budget=[BudgetState(budget_id="b")],
    trace_id="t",
    request_id="q",
    model_used="m",
    provider="p",
    shared=True,
)


def _names(fields: Iterable[FieldDescriptor]) -> set[str]:
    return {field.name for field in fields}


def test_nothing_of_the_end_is_lost() -> None:
    shared = _names(Finished.DESCRIPTOR.fields) & _names(CompleteResponse.DESCRIPTOR.fields)
    assert shared == {field.name for field, _ in END.ListFields()}
    answer = fold([Event(finished=END)])
    for name in shared:
        assert getattr(answer, name) == getattr(END, name), name


def test_discarded_content_is_gone() -> None:
    def text(said: str) -> list[Event]:
        return [
            Event(content_started=ContentStarted(kind=BlockKind.BLOCK_KIND_TEXT)),
            Event(content_delta=ContentDelta(text=said)),
        ]

    over = Event(failed_over=FailedOver(content_discarded=True))
    answer = fold(
        [*text("first"), Event(usage=Usage(input_tokens=9)), over, *text("second"), Event(finished=Finished())]
    )
    assert answer.completion == "second"
    assert not answer.HasField("usage")
