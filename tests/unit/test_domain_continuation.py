"""Going on with an answer that broke off: what is asked, and how the two streams become one."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from trunkline.v1.completion_pb2 import (
    BlockKind,
    CompleteRequest,
    ContentDelta,
    ContentFinished,
    ContentStarted,
    Finished,
    Started,
    StreamCompleteResponse,
)
from trunkline.v1.content_pb2 import (
    JsonObjectFormat,
    Message,
    Part,
    ReasoningEffort,
    ReasoningOptions,
    ResponseFormat,
    Role,
    TextFormat,
    ToolCall,
    ToolChoice,
    ToolChoiceMode,
)
from trunkline_server.domain.continuation import Continuation, begun, continuable, continued
from trunkline_server.domain.fold import fold

TEXT, TOOL = BlockKind.BLOCK_KIND_TEXT, BlockKind.BLOCK_KIND_TOOL_CALL


def _event(**fields: object) -> StreamCompleteResponse:
    return StreamCompleteResponse(**fields)  # type: ignore[arg-type]


def _block(index: int, *pieces: str, kind: BlockKind.ValueType = TEXT) -> list[StreamCompleteResponse]:
    """A block from its beginning to its end."""
    called = Part(tool_call=ToolCall(id="c", name="f")) if kind == TOOL else None
    deltas = [
        ContentDelta(index=index, tool_arguments_json=piece.encode())
        if kind == TOOL
        else ContentDelta(index=index, text=piece)
        for piece in pieces
    ]
    return [
        _event(content_started=ContentStarted(index=index, kind=kind, part=called)),
        *[_event(content_delta=delta) for delta in deltas],
        _event(content_finished=ContentFinished(index=index)),
    ]


def _joined(first: list[str], second: list[StreamCompleteResponse]) -> list[StreamCompleteResponse]:
    """The first attempt's text, broken off in block 0, and the second attempt as it goes on."""
    text = "".join(first)
    going_on = Continuation(text, index=0, following=1)
    return [*_block(0, *first)[:-1], *[kept for event in second for kept in going_on.of(event)]]


def test_a_prompt_becomes_a_turn() -> None:
    asked = continued(CompleteRequest(prompt="Hi", max_tokens=9), "Hello \n", used=2)
    assert not asked.prompt
    assert [(message.role, message.parts[0].text) for message in asked.messages] == [
        (Role.ROLE_USER, "Hi"),
        (Role.ROLE_ASSISTANT, "Hello"),
    ]
    assert asked.max_tokens == 7


def test_the_beginning_that_the_request_gave_is_added_to() -> None:
    turns = [Message(role=Role.ROLE_USER, parts=[Part(text="Hi")]), Message(role=Role.ROLE_ASSISTANT)]
    turns[1].parts.add(text="Well,")
    request = CompleteRequest(messages=turns, max_tokens=1)
    asked = continued(request, " hello")
    assert [message.parts[0].text for message in asked.messages] == ["Hi", "Well, hello"]
    assert begun(asked) == "Well, hello"
    assert continued(request, "x", used=5).max_tokens == 1
    assert begun(request) == "Well,", "the request itself stays"


@pytest.mark.parametrize("text", ["", " \n"])
def test_nothing_but_space_is_no_beginning(text: str) -> None:
    request = CompleteRequest(prompt="Hi")
    assert continued(request, text) == request


def test_a_turn_that_calls_a_tool_is_no_beginning() -> None:
    assert begun(CompleteRequest()) == ""
    turn = Message(role=Role.ROLE_ASSISTANT, parts=[Part(text="a"), Part(tool_call=ToolCall(name="f"))])
    assert begun(CompleteRequest(messages=[turn])) == ""


@pytest.mark.parametrize(
    ("request_", "expected"),
    [
        (CompleteRequest(), True),
        (CompleteRequest(response_format=ResponseFormat(text=TextFormat())), True),
        (CompleteRequest(reasoning=ReasoningOptions(effort=ReasoningEffort.REASONING_EFFORT_NONE)), True),
        (CompleteRequest(candidate_count=2), False),
        (CompleteRequest(reasoning=ReasoningOptions(effort=ReasoningEffort.REASONING_EFFORT_LOW)), False),
        (CompleteRequest(reasoning=ReasoningOptions(budget_tokens=9)), False),
        (CompleteRequest(response_format=ResponseFormat(json_object=JsonObjectFormat())), False),
        (CompleteRequest(tool_choice=ToolChoice(mode=ToolChoiceMode.TOOL_CHOICE_MODE_REQUIRED)), False),
    ],
)
def test_what_can_be_gone_on_with(request_: CompleteRequest, expected: bool) -> None:
    assert continuable(request_) is expected


def test_text_and_a_tool_call() -> None:
    second = [_event(started=Started(provider="b")), *_block(0, "or", "ld."), *_block(1, "{}", kind=TOOL)]
    events = _joined(["Hello ", "w"], [*second, _event(finished=Finished(provider="b"))])
    answer = fold(events)
    assert answer.completion == "Hello world."
    assert [part.WhichOneof("kind") for part in answer.content] == ["text", "tool_call"]
    assert answer.content[1].tool_call.arguments_json == b"{}"
    begins = [event.content_started.index for event in events if event.HasField("content_started")]
    assert begins == [0, 1]


def test_a_block_before_the_text_comes_after_it() -> None:
    reasoning = [
        _event(content_started=ContentStarted(index=0, kind=BlockKind.BLOCK_KIND_REASONING)),
        _event(content_delta=ContentDelta(index=0, reasoning_text="hm")),
        _event(content_finished=ContentFinished(index=0)),
    ]
    answer = fold(_joined(["a"], [*reasoning, *_block(1, "b"), *_block(2, "c")]))
    assert [(part.text, part.reasoning.text) for part in answer.content] == [("ab", ""), ("", "hm"), ("c", "")]


@given(
    text=st.text(st.sampled_from("ab \n"), min_size=2, max_size=12),
    data=st.data(),
)
def test_the_whole_text_comes_of_any_cut(text: str, data: st.DataObject) -> None:
    """A model that goes on from what it was given, without the space at its end, writes that space anew."""
    at = data.draw(st.integers(1, len(text)))
    given_text = text[:at].rstrip() if text[:at].strip() else ""
    rest = text[len(given_text) :]
    cuts = sorted(data.draw(st.lists(st.integers(0, len(rest)), max_size=3)))
    pieces = [rest[a:b] for a, b in zip([0, *cuts], [*cuts, len(rest)], strict=True)]
    assert fold(_joined([text[:at]], _block(0, *pieces))).completion == text


def test_space_that_does_not_come_again_stays() -> None:
    assert fold(_joined(["Hello  "], _block(0, "world"))).completion == "Hello  world"
    assert fold(_joined(["Hello  "], _block(0, " ", "world"))).completion == "Hello  world"
