"""Going on with an answer that broke off: the request for the rest, and the rest as part of the same answer."""

from __future__ import annotations

from collections.abc import Iterator

from trunkline.v1.completion_pb2 import BlockKind, CompleteRequest, StreamCompleteResponse
from trunkline.v1.content_pb2 import Message, Part, ReasoningEffort, Role, ToolChoiceMode

# Who writes by a grammar begins it anew with each answer.
_FREE_FORMS = (None, "text")
_MUST_CALL = frozenset((ToolChoiceMode.TOOL_CHOICE_MODE_REQUIRED, ToolChoiceMode.TOOL_CHOICE_MODE_NAMED))


def begun(request: CompleteRequest) -> str:
    """The text with which the answer is to begin: that of a last message of the assistant. Empty where there is none,
    or where that message holds anything but text."""
    if not request.messages or request.messages[-1].role != Role.ROLE_ASSISTANT:
        return ""
    parts = request.messages[-1].parts
    return "".join(part.text for part in parts) if all(part.HasField("text") for part in parts) else ""


def continuable(request: CompleteRequest) -> bool:
    """Whether the answer to a request is one that can be gone on with: one candidate, of free text, not after
    reasoning that was asked for, and not a call of a tool that must come."""
    effort = request.reasoning.effort
    reasons = effort not in (ReasoningEffort.REASONING_EFFORT_UNSPECIFIED, ReasoningEffort.REASONING_EFFORT_NONE)
    return (
        request.candidate_count <= 1
        and not reasons
        and not request.reasoning.HasField("budget_tokens")
        and request.response_format.WhichOneof("kind") in _FREE_FORMS
        and request.tool_choice.mode not in _MUST_CALL
    )


def continued(request: CompleteRequest, text: str, used: int = 0) -> CompleteRequest:
    """The request for the rest of an answer that began with `text`: the assistant's turn, or the beginning that the
    request itself gave, has it at its end. Space at the end of it is left out: providers refuse it, and models write
    it anew. Without anything else in `text` the request itself is asked again. `used`: the output tokens that are
    taken off the limit, of which at least one stays."""
    given = text.rstrip()
    asked = CompleteRequest()
    asked.CopyFrom(request)
    if asked.HasField("max_tokens"):
        asked.max_tokens = max(1, asked.max_tokens - used)
    if not given:
        return asked
    if asked.prompt:
        asked.messages.add(role=Role.ROLE_USER, parts=[Part(text=asked.prompt)])
        asked.ClearField("prompt")
    if begun(request):
        last = asked.messages[-1].parts[-1]
        last.text += given
    else:
        asked.messages.append(Message(role=Role.ROLE_ASSISTANT, parts=[Part(text=given)]))
    return asked


class Continuation:
    """Events of the attempt that goes on, as events of the answer that it goes on with.

    `text` is what came before, in the block `index` of candidate 0; `following` is the first index that no block has.
    The new attempt's first text goes to the old block, without a beginning of its own; its other blocks get indices
    from `following` on. Space at the end of `text` that comes again is cut. The usage is the new attempt's alone.
    """

    def __init__(self, text: str, index: int, following: int) -> None:
        # Nothing but space was not given to the model, see `continued`.
        self._space = text[len(text.rstrip()) :] if text.strip() else text
        self._index = index
        self._next = following
        self._places: dict[int, int] = {}
        self._joined: int | None = None

    def of(self, event: StreamCompleteResponse) -> Iterator[StreamCompleteResponse]:
        """What becomes of an event of the new attempt: itself with its block's new index, or nothing."""
        kind = event.WhichOneof("event")
        if kind == "content_started":
            started = event.content_started
            if self._joined is None and started.kind == BlockKind.BLOCK_KIND_TEXT:
                self._joined = started.index
                self._places[started.index] = self._index
                return
            self._places[started.index] = self._next
            started.index, self._next = self._next, self._next + 1
        elif kind == "content_delta":
            delta = event.content_delta
            if delta.index == self._joined and delta.HasField("text") and self._space:
                delta.text = self._cut(delta.text)
                if not delta.text and not delta.logprobs:
                    return
            delta.index = self._places[delta.index]
        elif kind == "content_finished":
            event.content_finished.index = self._places[event.content_finished.index]
        yield event

    def _cut(self, text: str) -> str:
        """The text without the space at its beginning that was sent before."""
        cut = 0
        while cut < len(text) and cut < len(self._space) and text[cut] == self._space[cut]:
            cut += 1
        self._space = self._space[cut:] if cut == len(text) else ""
        return text[cut:]
