"""What a caller wants done when an attempt fails, as its request says or leaves to us."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

from trunkline.v1.completion_pb2 import RecoveryPolicy

from trunkline_server.domain.duration import seconds
from trunkline_server.domain.strategies import MAX_ATTEMPTS


@dataclass(frozen=True, slots=True)
class Recovery:
    """RecoveryPolicy with its defaults; times are in seconds, None where nothing was said."""

    max_attempts: int = MAX_ATTEMPTS
    allow_fallback: bool = True
    restart_after_content: bool = False
    continue_after_content: bool = False
    hedge_after: float | None = None
    attempt_timeout: float | None = None

    @classmethod
    def of(cls, policy: RecoveryPolicy) -> Recovery:
        """What a policy says. A call asks some ten times, and most callers say nothing or always the same."""
        return _read(policy.SerializeToString())


@lru_cache(1024)
def _read(stated: bytes) -> Recovery:
    policy = RecoveryPolicy.FromString(stated)
    return Recovery(
        max_attempts=policy.max_attempts if policy.HasField("max_attempts") else MAX_ATTEMPTS,
        allow_fallback=not policy.HasField("allow_fallback") or policy.allow_fallback,
        restart_after_content=policy.restart_after_content,
        continue_after_content=policy.continue_after_content,
        hedge_after=seconds(policy.hedge_after) if policy.HasField("hedge_after") else None,
        attempt_timeout=seconds(policy.attempt_timeout) if policy.HasField("attempt_timeout") else None,
    )
