"""The beginning of an answer that was given to the model, and that some providers give back: it is cut. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from trunkline.v1.completion_pb2 import CompleteRequest, CompleteResponse, ContentDelta, StreamCompleteResponse
from trunkline.v1.content_pb2 import Part

from trunkline_server.domain.continuation import begun
from trunkline_server.providers.wire import Subject


def expected(request: CompleteRequest, subject: Subject) -> str:
    """The text that the answer will repeat; empty where it repeats none."""
    prefill = subject.profile.prefill
    repeats = prefill is not None and prefill.echo and subject.profile.prefills(subject.model)
    return begun(request) if repeats else ""


def cut(answer: CompleteResponse, text: str) -> CompleteResponse:
    """A whole answer without the text, where it begins with it."""
    if text and answer.completion.startswith(text):
        answer.completion = answer.completion.removeprefix(text)
        _cut(answer.content, text)
        for candidate in answer.candidates:
            candidate.completion = candidate.completion.removeprefix(text)
            _cut(candidate.content, text)
    return answer


def _cut(parts: Iterable[Part], text: str) -> None:
    for part in parts:
        if part.HasField("text"):
            part.text = part.text.removeprefix(text)
            return


class Echo:
    """Takes the text from the beginning of a stream. What may be it is held back until that is certain."""

    def __init__(self, text: str) -> None:
        self._left = text
        self._held: list[StreamCompleteResponse] = []

    def of(self, event: StreamCompleteResponse) -> Iterator[StreamCompleteResponse]:
        """What becomes of an event."""
        kind = event.WhichOneof("event")
        if not self._left or kind in ("started", "content_started", "usage"):
            yield event
        elif kind == "content_delta" and event.content_delta.HasField("text"):
            yield from self._weigh(event, event.content_delta)
        else:
            yield from self._release()
            yield event

    def _weigh(self, event: StreamCompleteResponse, delta: ContentDelta) -> Iterator[StreamCompleteResponse]:
        if self._left.startswith(delta.text):
            self._left = self._left[len(delta.text) :]
            self._held.append(event)
        elif delta.text.startswith(self._left):
            delta.text = delta.text[len(self._left) :]
            self._left = ""
            yield event
        else:
            yield from self._release()
            yield event

    def _release(self) -> Iterator[StreamCompleteResponse]:
        """It was no echo after all."""
        self._left = ""
        yield from self._held
        self._held.clear()
