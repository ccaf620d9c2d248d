"""What other providers signed stays behind, what they said goes along."""

from __future__ import annotations

from trunkline.v1.completion_pb2 import CompleteRequest
from trunkline.v1.content_pb2 import Message, Part, Reasoning, Role, ToolCall
from trunkline_server.providers.foreign import without
from trunkline_server.providers.profiles import builtin
from trunkline_server.providers.wire import Subject

CLAUDE = Subject(builtin()["anthropic"], "anthropic", "claude-sonnet-4-5")
ON_BEDROCK = Subject(builtin()["bedrock"], "bedrock", "eu.anthropic.claude-sonnet-4-20250514-v1:0")
NOVA = Subject(builtin()["bedrock"], "bedrock", "amazon.nova-pro-v1:0")
VERTEX = Subject(builtin()["vertex"], "vertex", "gemini-2.5-pro")
THOUGHT = Part(reasoning=Reasoning(text="I think", signature=b"s", id="i", signer="anthropic"))
HIDDEN = Part(reasoning=Reasoning(redacted_data=b"r", signer="anthropic"))
CALL = Part(tool_call=ToolCall(id="c", name="t", signature=b"s", signer="gemini"))


def asked(*parts: Part) -> CompleteRequest:
    turns = [Message(role=Role.ROLE_USER, parts=[Part(text="Hi")]), Message(role=Role.ROLE_ASSISTANT, parts=parts)]
    return CompleteRequest(messages=turns)


def test_the_signer_gets_all_of_it_wherever_the_model_is_served() -> None:
    for subject in (CLAUDE, ON_BEDROCK):
        request = asked(THOUGHT, HIDDEN)
        assert without(request, subject) is request
    request = asked(CALL)
    assert without(request, VERTEX) is request


def test_others_get_the_text_and_the_calls() -> None:
    request = asked(THOUGHT, HIDDEN, CALL)
    for subject in (NOVA, Subject(builtin()["openai"], "openai", "gpt-5")):
        own = without(request, subject)
        call = Part(tool_call=ToolCall(id="c", name="t", signer="gemini"))
        assert list(own.messages[1].parts) == [Part(reasoning=Reasoning(text="I think")), call]
    assert request == asked(THOUGHT, HIDDEN, CALL)


def test_a_turn_of_which_nothing_stays_goes() -> None:
    assert [message.role for message in without(asked(HIDDEN), VERTEX).messages] == [Role.ROLE_USER]


def test_what_nobody_signed_goes_to_every_model() -> None:
    request = asked(Part(reasoning=Reasoning(text="t", signature=b"s")), Part(tool_call=ToolCall(id="c", name="t")))
    assert without(request, VERTEX) is request
