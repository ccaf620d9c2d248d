"""What callers are told that cannot share an execution."""

from __future__ import annotations

from trunkline_server.domain.errors import Reason, TrunklineError


def in_flight(request_id: str) -> TrunklineError:
    """ABORTED: the call runs, and cannot be attached to."""
    return TrunklineError(
        Reason.ERROR_REASON_IDEMPOTENCY_IN_FLIGHT,
        "the first call with this request_id still runs, and its answer is too large to share; wait for that call",
        metadata={"request_id": request_id},
    )


def reused(request_id: str) -> TrunklineError:
    """INVALID_ARGUMENT: the key belongs to another request."""
    return TrunklineError(
        Reason.ERROR_REASON_IDEMPOTENCY_KEY_REUSED,
        "this request_id came with another body before; use a new one",
        metadata={"request_id": request_id},
    )


def not_kept(request_id: str) -> TrunklineError:
    """INVALID_ARGUMENT: the call was made, and cannot be told again."""
    return TrunklineError(
        Reason.ERROR_REASON_IDEMPOTENCY_KEY_REUSED,
        "this request_id was executed and its answer was too large to keep; use a new one to execute again",
        metadata={"request_id": request_id},
    )


def nothing_to_resume(request_id: str) -> TrunklineError:
    """NOT_FOUND: there is no stream to go on with."""
    return TrunklineError(
        Reason.ERROR_REASON_NOTHING_TO_RESUME,
        "nothing of the stream with this request_id is kept; ask anew, with another request_id",
        metadata={"request_id": request_id},
    )


def broken_off(request_id: str) -> TrunklineError:
    """UNAVAILABLE: who executed fell away after answers of it were passed on."""
    return TrunklineError(
        Reason.ERROR_REASON_STREAM_TRUNCATED,
        "the call that made this answer ended early; ask again",
        metadata={"request_id": request_id},
    )


def cancelled(request_id: str) -> TrunklineError:
    """CANCELLED: the execution was given up; never told to a caller that waits for it."""
    return TrunklineError(
        Reason.ERROR_REASON_CALLER_CANCELLED, "the call was given up; ask again", metadata={"request_id": request_id}
    )


def draining() -> TrunklineError:
    """UNAVAILABLE: the worker stops."""
    return TrunklineError(
        Reason.ERROR_REASON_DRAINING, "this server stops; ask again, another one answers", retry_after=0.1
    )
