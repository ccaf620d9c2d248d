"""Which calls are identical, and what those get that share an answer."""

from __future__ import annotations

import pytest
from google.protobuf.duration_pb2 import Duration
from google.protobuf.message import Message
from google.rpc.status_pb2 import Status
from google.type.money_pb2 import Money
from trunkline.v1.common_pb2 import CallContext, CostDetails, Usage
from trunkline.v1.completion_pb2 import (
    CompleteRequest,
    CompleteResponse,
    ContentDelta,
    Finished,
    Priority,
    StreamCompleteRequest,
    StreamCompleteResponse,
)
from trunkline.v1.llm_pb2 import EmbedRequest
from trunkline_server.domain.errors import (
    DOMAIN,
    Reason,
    TrunklineError,
    from_status,
    invalid_fields,
    live_check_failed,
    not_found,
    quota,
)
from trunkline_server.domain.sharing import as_shared, coalescing_digest, digest

# What may differ between calls that share an upstream call, see the contract.
OWN = {
    "request_id": "r-1",
    "context": CallContext(agent_id="other"),
    "priority": Priority.PRIORITY_HIGH,
    "coalesce": True,
}


def complete(**fields: object) -> CompleteRequest:
    request = CompleteRequest(model="m", prompt="p")
    request.MergeFrom(CompleteRequest(**fields))  # type: ignore[arg-type]
    return request


def test_how_a_stream_is_read_is_no_part_of_its_body() -> None:
    plain = StreamCompleteRequest(request=complete())
    resumed = StreamCompleteRequest(request=complete(), last_sequence=7, resume_window=Duration(seconds=3))
    assert digest(plain) == digest(resumed)
    assert coalescing_digest(plain) == coalescing_digest(resumed)
    assert resumed.last_sequence == 7, "the request itself stays as it is"


@pytest.mark.parametrize("field", OWN)
def test_callers_own_fields_tell_keys_apart_and_not_upstream_calls(field: str) -> None:
    changed = complete(**{field: OWN[field]})
    assert digest(changed) != digest(complete())
    assert coalescing_digest(changed) == coalescing_digest(complete())
    assert changed.HasField("context") or field != "context"


def test_every_other_field_tells_upstream_calls_apart() -> None:
    seen = {coalescing_digest(complete())}
    for field in CompleteRequest.DESCRIPTOR.fields:
        if field.name in OWN or field.name in ("model", "prompt"):
            continue
        request = complete()
        if field.message_type is not None and field.message_type.GetOptions().map_entry:
            getattr(request, field.name)["name"] = b"{}" if field.name.endswith("_json") else "value"
        elif field.message_type is not None:
            value = getattr(request, field.name)
            value.add() if hasattr(value, "add") else value.SetInParent()
        elif hasattr(getattr(request, field.name), "append"):
            getattr(request, field.name).append("x")
        else:
            setattr(
                request, field.name, type(getattr(request, field.name))(b"1" if field.type == field.TYPE_BYTES else 1)
            )
        seen.add(coalescing_digest(request))
    assert len(seen) == len(CompleteRequest.DESCRIPTOR.fields) - len(OWN) - 2 + 1


def test_requests_without_such_fields_have_a_digest_too() -> None:
    assert digest(EmbedRequest(inputs=["a"])) != digest(EmbedRequest(inputs=["b"]))


def paid() -> dict[str, object]:
    return {
        "cost": Money(currency_code="USD", nanos=70),
        "cost_details": CostDetails(nano_usd=70),
        "usage": Usage(output_tokens=5),
        "request_id": "leader",
        "trace_id": "t1",
    }


@pytest.mark.parametrize(
    "message",
    [
        CompleteResponse(completion="text", **paid()),  # type: ignore[arg-type]
        StreamCompleteResponse(sequence=9, finished=Finished(**paid())),  # type: ignore[arg-type]
    ],
    ids=["whole", "streamed"],
)
def test_a_shared_answer_is_free_and_names_who_paid(message: Message) -> None:
    before = message.SerializeToString()
    shared = as_shared(message, "mine", "t2")
    assert message.SerializeToString() == before
    part = shared.finished if isinstance(shared, StreamCompleteResponse) else shared
    assert isinstance(part, CompleteResponse | Finished)
    assert part.shared
    assert (part.cost.currency_code, part.cost.units, part.cost.nanos) == ("USD", 0, 0)
    assert not part.HasField("cost_details")
    assert (part.cache.origin_request_id, part.cache.saved_nano_usd) == ("leader", 70)
    assert (part.request_id, part.trace_id, part.usage.output_tokens) == ("mine", "t2", 5)


def test_other_events_are_shared_as_they_are() -> None:
    event = StreamCompleteResponse(sequence=2, content_delta=ContentDelta(text="a"))
    assert as_shared(event, "mine", "t2") is event


@pytest.mark.parametrize(
    "error",
    [
        TrunklineError(Reason.ERROR_REASON_UPSTREAM_TIMEOUT, "slow", metadata={"provider": "p"}, retry_after=1.5),
        quota(Reason.ERROR_REASON_RATE_LIMITED, "too many", "key/1", retry_after=0.25),
        invalid_fields([("prompt", "is long"), ("model", "is unknown")]),
        not_found("model", "m"),
        live_check_failed("openai", "401"),
    ],
    ids=lambda error: error.reason_name,
)
def test_an_error_travels_as_a_status_and_comes_back(error: TrunklineError) -> None:
    back = from_status(error.status())
    assert (back.reason, back.message, back.metadata) == (error.reason, error.message, error.metadata)
    assert (back.retry_after, back.details) == (error.retry_after, error.details)


def test_a_status_that_is_not_ours_becomes_internal() -> None:
    strange = Status(code=2, message="what")
    strange.details.add().Pack(Usage())
    assert from_status(strange).reason == Reason.ERROR_REASON_INTERNAL
    assert from_status(strange).status().details[0].type_url.endswith("ErrorInfo")
    assert DOMAIN in str(from_status(strange).status())
