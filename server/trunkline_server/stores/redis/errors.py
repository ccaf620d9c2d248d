"""The one place where Redis's errors become ours."""

from __future__ import annotations

import re

import structlog
from redis import exceptions as redis_errors

from trunkline_server.domain.errors import Reason, TrunklineError, store_unavailable

_log = structlog.get_logger(__name__)
_LINE = re.compile(r"user_script:\d+")

# The server is there but cannot serve now. The first word of an answer whose class redis-py does not tell.
_AWAY_CLASSES = (
    OSError,  # TimeoutError is one.
    EOFError,
    redis_errors.ConnectionError,
    redis_errors.TimeoutError,
    redis_errors.RedisClusterException,
    redis_errors.ClusterError,
    redis_errors.MasterDownError,
    redis_errors.MovedError,
    redis_errors.OutOfMemoryError,
    redis_errors.ReadOnlyError,
)
_AWAY_WORDS = ("LOADING", "MISCONF", "NOREPLICAS", "BUSY", "CLUSTERDOWN", "READONLY", "MASTERDOWN", "OOM", "TRYAGAIN")


def is_lost_connection(result: object) -> bool:
    """Whether another try over a new connection may help at once."""
    return isinstance(result, redis_errors.ConnectionError | redis_errors.ClusterError)


def is_away(result: object) -> bool:
    """Whether there was no answer: the server cannot be reached, or does not answer in time."""
    return isinstance(result, OSError | EOFError | redis_errors.ConnectionError | redis_errors.TimeoutError)


def is_missing_script(result: object) -> bool:
    """Whether the server does not know the script: it was restarted, or another node took over."""
    return isinstance(result, redis_errors.NoScriptError)


def translate(error: Exception) -> TrunklineError:
    """STORE_UNAVAILABLE when Redis cannot be reached or cannot serve now, INTERNAL for anything else it refuses.

    The text of the error goes no further: it can hold keys and addresses. The log gets its first word and, for a
    script, the line.
    """
    if isinstance(error, TrunklineError):
        return error
    if isinstance(error, _AWAY_CLASSES) or str(error).startswith(_AWAY_WORDS):
        return store_unavailable("redis")
    kind, _, rest = str(error).partition(" ")
    _log.error("redis_refused", error=type(error).__name__, kind=kind[:64], line=_LINE.findall(rest))
    return TrunklineError(Reason.ERROR_REASON_INTERNAL, f"redis refused a command ({type(error).__name__})")
