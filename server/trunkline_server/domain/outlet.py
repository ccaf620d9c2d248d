"""What of the attempts' events goes to the caller of a stream: nothing of an attempt before its content, so that a
failover stays invisible until then; everything numbered without gaps."""

from __future__ import annotations

from collections.abc import Sequence

from trunkline.v1.completion_pb2 import FailedOver, StreamCompleteResponse

from trunkline_server.domain.run import Run
from trunkline_server.domain.trial import Trial


class Outlet:
    """The caller's end of a stream. `sent` says whether content went out."""

    def __init__(self, run: Run) -> None:
        self._run = run
        self._trial: Trial | None = None
        self._held: list[StreamCompleteResponse] = []
        self._sequence = 0
        self.sent = False

    def begin(self, trial: Trial) -> None:
        """An attempt begins; what was held back of the one before is dropped. After content the caller is told to
        discard it."""
        self._held.clear()
        before, self._trial = self._trial, trial
        if before is not None and (self.sent or _moved(before, trial)):
            self._held.append(_failed_over(before, trial, discard=self.sent))

    def pass_on(self, kind: str | None, event: StreamCompleteResponse) -> Sequence[StreamCompleteResponse]:
        """The events that go out now, this one last; none while there is no content."""
        trial = self._trial
        assert trial is not None
        content = trial.observe(kind, event)
        event.attempt = trial.number
        if not content and (self._held or not self.sent):
            self._held.append(event)
            return ()
        self.sent = True
        if kind == "content_delta":
            self._run.sending()
        if not self._held:
            self._sequence += 1
            event.sequence = self._sequence
            return (event,)
        ready = [*self._held, event]
        self._held.clear()
        for one in ready:
            self._sequence += 1
            one.sequence = self._sequence
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
