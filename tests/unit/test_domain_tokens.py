"""Local token counts."""

from __future__ import annotations

import pytest
from trunkline.v1.completion_pb2 import CompleteRequest
from trunkline.v1.content_pb2 import JsonSchemaFormat, Message, Part, Reasoning, ResponseFormat, ToolCall, ToolResult
from trunkline_server.domain.tokens import Tally, count_request, count_text, encoding_for, exact_encoding, load

O200K = "o200k_base"


@pytest.mark.parametrize(
    ("model", "encoding"),
    [
        ("gpt-4o", O200K),
        ("openai/gpt-4-turbo", "cl100k_base"),
        ("GPT-3.5-turbo", "cl100k_base"),
        ("openai/gpt-oss-20b", "o200k_harmony"),
        ("something-new", O200K),
    ],
)
def test_encodings_by_model(model: str, encoding: str) -> None:
    assert exact_encoding(model) == encoding
    # Until its own is loaded, with the newest one.
    assert encoding_for(model) in (encoding, "o200k_base")
    load(encoding)
    assert encoding_for(model) == encoding


def test_text_is_counted() -> None:
    assert count_text("") == 0
    assert count_text("one two three") == 3


def test_every_textual_part_counts() -> None:
    def cost(*parts: Part) -> int:
        return count_request(CompleteRequest(messages=[Message(parts=parts)]), O200K)

    empty = cost()
    assert empty == 6
    text = Part(text="one two three")
    assert cost(text) == empty + 3
    assert cost(Part(refusal="one two three")) == empty + 3
    assert cost(Part(reasoning=Reasoning(text="one two three"))) == empty + 3
    assert cost(Part(tool_result=ToolResult(parts=[text]))) == empty + 3
    assert cost(Part(tool_call=ToolCall(name="one", arguments_json=b" two three"))) == empty + 3
    assert cost(Part()) == empty


def test_prompts_tools_and_schemas_count() -> None:
    prompt = CompleteRequest(prompt="one two three")
    assert count_request(prompt, O200K) == 9
    prompt.tools.add(name="one", description="two", parameters_schema_json=b"{}")
    with_tool = count_request(prompt, O200K)
    assert with_tool == 12
    prompt.response_format.CopyFrom(ResponseFormat(json_schema=JsonSchemaFormat(schema_json=b"{}")))
    assert count_request(prompt, O200K) == with_tool + 1


def test_a_growing_text_counts_as_the_whole_but_for_cuts() -> None:
    words = [f"word{number} " for number in range(1000)]
    tally = Tally("o200k_base")
    assert not tally
    for word in words:
        tally.add(word)
    whole = count_text("".join(words))
    assert tally
    assert whole <= tally.count() <= whole + len(words) / 64
