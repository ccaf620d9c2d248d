"""What helps against each error: one table, for providers of models and for connectors alike.

The table is by reason; an error that knows better (a gateway that failed before its provider was asked) says so.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import Enum

from trunkline.v1 import errors_pb2

_Reason = errors_pb2.ErrorReason

# DESIGN §5: at most three attempts unless the caller says otherwise.
MAX_ATTEMPTS = 3
# An attempt that has less time than this, in seconds, is not begun.
LEAST_TIME = 0.005
# DESIGN §5: base 100 ms, cap 30 s, full jitter.
BACKOFF_BASE = 0.1
BACKOFF_CAP = 30.0


class Pause(Enum):
    """How long to wait before the same one is asked again."""

    TOLD = "exactly as told; exponential where nothing was told"
    LINEAR = "a base more for each failure"
    EXPONENTIAL = "twice as long for each failure"


class Elsewhere(Enum):
    """Who else may do better."""

    ANYONE = "any other candidate"
    LARGER = "a candidate that takes more"
    NOBODY = "none: the request itself is refused"


class Verdict(Enum):
    """What the error says of who gave it."""

    FAILURE = "it fails"
    BUSY = "it wants to be left alone for a while"
    NONE = "nothing: it is about this request"


@dataclass(frozen=True, slots=True)
class Strategy:
    """What is done about an error. `pause` None: the same one is not asked again. `refresh`: once, at once, with a
    fresh credential. `may_have_cost`: work may have been done for it that is charged."""

    pause: Pause | None = None
    elsewhere: Elsewhere = Elsewhere.ANYONE
    verdict: Verdict = Verdict.FAILURE
    refresh: bool = False
    may_have_cost: bool = False


_TRY_AGAIN = Strategy(Pause.EXPONENTIAL)
_CUT_OFF = Strategy(Pause.EXPONENTIAL, may_have_cost=True)
_REFUSED = Strategy(None, Elsewhere.NOBODY, Verdict.NONE)
_DEFAULT = Strategy()

STRATEGIES: Mapping[int, Strategy] = {
    _Reason.ERROR_REASON_UPSTREAM_RATE_LIMITED: Strategy(Pause.TOLD, verdict=Verdict.BUSY),
    _Reason.ERROR_REASON_UPSTREAM_UNAVAILABLE: _TRY_AGAIN,
    _Reason.ERROR_REASON_INTEGRATION_UNAVAILABLE: _TRY_AGAIN,
    _Reason.ERROR_REASON_UPSTREAM_TIMEOUT: _CUT_OFF,
    _Reason.ERROR_REASON_STREAM_TRUNCATED: _CUT_OFF,
    _Reason.ERROR_REASON_UPSTREAM_MALFORMED: _CUT_OFF,
    _Reason.ERROR_REASON_UPSTREAM_AUTHENTICATION: Strategy(refresh=True),
    _Reason.ERROR_REASON_UPSTREAM_QUOTA_EXHAUSTED: _DEFAULT,
    # Nothing was sent: it says nothing of who would have been called.
    _Reason.ERROR_REASON_SECRET_UNAVAILABLE: Strategy(verdict=Verdict.NONE),
    _Reason.ERROR_REASON_CONTEXT_TOO_LONG: Strategy(None, Elsewhere.LARGER, Verdict.NONE),
    _Reason.ERROR_REASON_CONTENT_FILTERED: _REFUSED,
    _Reason.ERROR_REASON_UPSTREAM_REJECTED: _REFUSED,
    _Reason.ERROR_REASON_CHECKSUM_MISMATCH: _REFUSED,
    _Reason.ERROR_REASON_OVER_CAP: _REFUSED,
    _Reason.ERROR_REASON_NOT_FOUND: _REFUSED,
    _Reason.ERROR_REASON_CALLER_DEADLINE: Strategy(None, Elsewhere.NOBODY, Verdict.NONE, may_have_cost=True),
}
# Refinements by HTTP status: a 503 is a matter of load, which passes at its own pace.
_BY_STATUS: Mapping[int, Mapping[Pause, Pause]] = {503: {Pause.EXPONENTIAL: Pause.LINEAR}}


def strategy_of(reason: int) -> Strategy:
    """The strategy against errors of a reason."""
    return STRATEGIES.get(reason, _DEFAULT)


def pause_of(reason: int, http_status: int | None) -> Pause | None:
    """How to wait after an error before the same one is asked again; None where that cannot help."""
    pause = strategy_of(reason).pause
    return _BY_STATUS.get(http_status or 0, {}).get(pause, pause) if pause else None


def delay(
    pause: Pause, failures: int, told: float | None = None, pick: Callable[[float, float], float] = random.uniform
) -> float:
    """Seconds to wait after `failures` failed tries, with full jitter; what was told is waited for exactly."""
    if told is not None:
        return told
    if pause is Pause.LINEAR:
        return pick(0.0, min(BACKOFF_CAP, BACKOFF_BASE * failures))
    return backoff(failures, pick)


def backoff(failures: int, pick: Callable[[float, float], float] = random.uniform) -> float:
    """Seconds to wait after `failures` failed tries: uniform from 0 to min(cap, base * 2**(failures - 1))."""
    return pick(0.0, min(BACKOFF_CAP, BACKOFF_BASE * 2.0 ** (failures - 1)))
