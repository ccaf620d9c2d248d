"""What of the attempts' events goes to the caller of a stream: nothing of an attempt before its content, so that a
failover stays invisible until then; everything numbered without gaps."""

from __future__ import annotations

from collections.abc import Sequence
from io import StringIO

from trunkline.v1.completion_pb2 import BlockKind, CompleteRequest, FailedOver, StreamCompleteResponse

from trunkline_server.domain import tokens
from trunkline_server.domain.continuation import Continuation, continuable, continued
from trunkline_server.domain.run import Run
from trunkline_server.domain.trial import Trial


class Said:
    """The text that went to the caller, for an attempt that goes on with it."""

    def __init__(self, request: CompleteRequest) -> None:
        self._text = StringIO()
        self._open: int | None = None
        self._following = 0
        # Whether it is text of one candidate alone, and its last block still open.
        self._plain = continuable(request)

    @property
    def continuable(self) -> bool:
        """Whether it can be gone on with."""
        return self._plain and self._open is not None

    @property
    def text(self) -> str:
        """All of it."""
        return self._text.getvalue()

    def hear(self, kind: str | None, event: StreamCompleteResponse) -> None:
        """An event goes out."""
        if kind == "content_delta":
            self._text.write(event.content_delta.text)
        elif kind == "content_started":
            started = event.content_started
            self._plain &= started.kind == BlockKind.BLOCK_KIND_TEXT and started.candidate == 0
            self._open, self._following = started.index, max(self._following, started.index + 1)
        elif kind == "content_finished":
            self._open = None
        elif kind == "failed_over" and event.failed_over.content_discarded:
            self._text = StringIO()
            self._open, self._following = None, 0

    def rest(self) -> Continuation:
        """Joins the next attempt's events to it."""
        assert self._open is not None
        return Continuation(self.text, self._open, self._following)


class Outlet:
    """The caller's end of a stream. `sent` says whether content went out."""

    def __init__(self, run: Run, request: CompleteRequest) -> None:
        self._run = run
        self._request = request
        self._said = Said(request) if run.recovery.continue_after_content else None
        self._joint: Continuation | None = None
        self._trial: Trial | None = None
        self._held: list[StreamCompleteResponse] = []
        self._sequence = 0
        self.sent = False

    @property
    def continuable(self) -> bool:
        """Whether what was sent can be gone on with."""
        return self._said is not None and self._said.continuable

    def begin(self, trial: Trial, go_on: bool) -> CompleteRequest:
        """An attempt begins, with the request that is returned; what was held back of the one before is dropped. After
        content the caller is told to discard it, or the attempt is to go on with it."""
        self._held.clear()
        self._joint = None
        before, self._trial = self._trial, trial
        if before is not None and (self.sent or _moved(before, trial)):
            self._held.append(_failed_over(before, trial, discard=self.sent and not go_on))
        if not (go_on and self._said is not None):
            return self._request
        self._joint = self._said.rest()
        text = self._said.text
        used = tokens.count_text(text, tokens.encoding_for(trial.choice.candidate.target.model))
        return continued(self._request, text, used)

    def pass_on(self, kind: str | None, event: StreamCompleteResponse) -> Sequence[StreamCompleteResponse]:
        """The events that go out now, this one last; none while there is no content."""
        trial = self._trial
        assert trial is not None
        content = trial.observe(kind, event)
        if self._joint is not None and next(self._joint.of(event), None) is None:
            return ()
        event.attempt = trial.number
        if not content and (self._held or not self.sent):
            self._held.append(event)
            return ()
        self.sent = True
        if kind == "content_delta":
            self._run.sending()
        if not self._held and self._said is None:
            self._sequence += 1
            event.sequence = self._sequence
            return (event,)
        ready = [*self._held, event]
        self._held.clear()
        for one in ready:
            self._sequence += 1
            one.sequence = self._sequence
            if self._said is not None:
                self._said.hear(one.WhichOneof("event"), one)
        return ready

    def usage(self) -> StreamCompleteResponse:
        """The last event of a stream that ends early."""
        assert self._trial is not None
        self._sequence += 1
        return StreamCompleteResponse(
            sequence=self._sequence, attempt=self._trial.number, usage=self._trial.usage_so_far()
        )


def _moved(before: Trial, now: Trial) -> bool:
    was, target = before.record, now.record
    return (was.integration_id, was.model) != (target.integration_id, target.model)


def _failed_over(before: Trial, now: Trial, discard: bool) -> StreamCompleteResponse:
    was, target = before.record, now.record
    return StreamCompleteResponse(
        attempt=now.number,
        failed_over=FailedOver(
            from_provider=was.provider,
            from_model=was.model,
            to_provider=target.provider,
            to_model=target.model,
            cause=was.error,
            content_discarded=discard,
        ),
    )
