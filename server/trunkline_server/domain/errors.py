"""The one family of errors. A reason decides the status code; see protos/trunkline/v1/errors.proto for their meaning.

TrunklineError
└── ProviderError      an upstream provider failed; says what may be tried next
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TypeAlias

from google.protobuf.duration_pb2 import Duration
from google.protobuf.message import Message
from google.rpc.code_pb2 import Code
from google.rpc.error_details_pb2 import (
    BadRequest,
    ErrorInfo,
    PreconditionFailure,
    QuotaFailure,
    ResourceInfo,
    RetryInfo,
)
from google.rpc.status_pb2 import Status
from trunkline.v1 import errors_pb2
from trunkline.v1.common_pb2 import Usage

from trunkline_server.domain.strategies import Elsewhere, strategy_of

DOMAIN = "trunkline.dev"
Reason = errors_pb2.ErrorReason
ReasonValue: TypeAlias = errors_pb2.ErrorReason.ValueType

_PREFIX = len("ERROR_REASON_")


def _table(groups: Mapping[int, Iterable[str]]) -> dict[int, int]:
    return {Reason.Value(f"ERROR_REASON_{name}"): code for code, names in groups.items() for name in names}


# The status code of every reason, DESIGN §3.
CODES: dict[int, int] = _table(
    {
        Code.INVALID_ARGUMENT: (
            "INVALID_REQUEST",
            "INVALID_MODEL_REQUIREMENTS",
            "UNSUPPORTED_PARAMETER",
            "INVALID_PARAMETERS",
            "INVALID_CONFIGURATION",
            "CONTEXT_TOO_LONG",
            "IDEMPOTENCY_KEY_REUSED",
            "UPSTREAM_REJECTED",
            "CONTENT_FILTERED",
            "CHECKSUM_MISMATCH",
        ),
        Code.ABORTED: ("IDEMPOTENCY_IN_FLIGHT", "ETAG_MISMATCH"),
        Code.UNAUTHENTICATED: ("CREDENTIAL_MISSING", "CREDENTIAL_INVALID"),
        Code.PERMISSION_DENIED: ("PERMISSION_MISSING", "TENANT_MISMATCH", "ADDRESS_FORBIDDEN"),
        Code.NOT_FOUND: ("NOT_FOUND", "NOTHING_TO_RESUME"),
        Code.ALREADY_EXISTS: ("ALREADY_EXISTS",),
        Code.FAILED_PRECONDITION: (
            "LIVE_CHECK_FAILED",
            "PRICE_UNKNOWN",
            "UPSTREAM_AUTHENTICATION",
            "IN_USE",
            "APPROVAL_REQUIRED",
            "SECRET_UNAVAILABLE",
            "CURSOR_EXPIRED",
        ),
        Code.RESOURCE_EXHAUSTED: (
            "BUDGET_EXCEEDED",
            "RATE_LIMITED",
            "OVERLOADED",
            "MESSAGE_TOO_LARGE",
            "UPSTREAM_QUOTA_EXHAUSTED",
            "OVER_CAP",
        ),
        Code.UNAVAILABLE: (
            "NO_PROVIDER_AVAILABLE",
            "UPSTREAM_RATE_LIMITED",
            "UPSTREAM_UNAVAILABLE",
            "UPSTREAM_MALFORMED",
            "STREAM_TRUNCATED",
            "STORE_UNAVAILABLE",
            "INTEGRATION_UNAVAILABLE",
            "DRAINING",
        ),
        Code.DEADLINE_EXCEEDED: ("UPSTREAM_TIMEOUT", "CALLER_DEADLINE", "SLOW_CONSUMER"),
        Code.UNIMPLEMENTED: ("NOT_IMPLEMENTED",),
        Code.CANCELLED: ("CALLER_CANCELLED",),
        Code.INTERNAL: ("INTERNAL",),
    }
)

# Worth another try by the caller, after `retry_after` where it is given.
RETRYABLE: frozenset[int] = frozenset(
    Reason.Value(f"ERROR_REASON_{name}")
    for name in (
        "RATE_LIMITED",
        "OVERLOADED",
        "NO_PROVIDER_AVAILABLE",
        "UPSTREAM_RATE_LIMITED",
        "UPSTREAM_UNAVAILABLE",
        "UPSTREAM_MALFORMED",
        "UPSTREAM_TIMEOUT",
        "STREAM_TRUNCATED",
        "STORE_UNAVAILABLE",
        "INTEGRATION_UNAVAILABLE",
        "DRAINING",
        "IDEMPOTENCY_IN_FLIGHT",
        "ETAG_MISMATCH",
    )
)

# Details travel in trailers, whose soft limit is 8 KB; DESIGN §3 keeps them under half of it.
MAX_DETAILS_BYTES = 4000
# Shares of it, in bytes; the rest is for the other details.
_MAX_MESSAGE = 768
_MAX_INFO = 1400
_MAX_VALUE = 512
_MAX_VIOLATIONS = 2400


def _clipped(text: str, size: int) -> str:
    return text.encode(errors="replace")[:size].decode(errors="ignore")


class TrunklineError(Exception):
    """An error that a caller may see: code, reason, message for people, metadata for programs.

    `retry_after` is in seconds. `details` are further google.rpc detail messages (BadRequest, QuotaFailure, …).
    """

    def __init__(
        self,
        reason: ReasonValue,
        message: str,
        *,
        metadata: Mapping[str, str] | None = None,
        details: Iterable[Message] = (),
        retry_after: float | None = None,
    ) -> None:
        super().__init__(message)
        self.reason = reason
        self.message = message
        self.metadata = dict(metadata or {})
        self.details = tuple(details)
        self.retry_after = retry_after

    @property
    def code(self) -> int:
        """The google.rpc.Code."""
        return CODES[self.reason]

    @property
    def reason_name(self) -> str:
        """The reason as it travels, without prefix."""
        return Reason.Name(self.reason)[_PREFIX:]

    @property
    def retryable(self) -> bool:
        """Whether another try can help."""
        return self.reason in RETRYABLE

    def status(self) -> Status:
        """The error as google.rpc.Status: one ErrorInfo, then the rest, below MAX_DETAILS_BYTES together."""
        info = ErrorInfo(domain=DOMAIN, reason=self.reason_name)
        for name, value in self.metadata.items():
            info.metadata[name] = _clipped(value, _MAX_VALUE)
            if info.ByteSize() > _MAX_INFO:
                del info.metadata[name]
        status = Status(code=self.code, message=_clipped(self.message, _MAX_MESSAGE))
        status.details.add().Pack(info)
        extra: list[Message] = list(self.details)
        if self.retry_after is not None:
            delay = Duration()
            delay.FromMilliseconds(max(0, round(self.retry_after * 1000)))
            extra.append(RetryInfo(retry_delay=delay))
        for detail in extra:
            status.details.add().Pack(detail)
            if status.ByteSize() > MAX_DETAILS_BYTES:
                del status.details[-1]
        return status


class ProviderError(TrunklineError):
    """A provider failed. `fallback`: another provider may do better. `retry`: the same one may, a little later.
    `refresh`: the same one may at once, with a fresh credential. Absent, the table of strategies.py says so.

    `usage` is what the failed attempt used, as far as known; `http_status` is None when there was no answer.
    """

    def __init__(
        self,
        reason: ReasonValue,
        message: str,
        *,
        retry: bool | None = None,
        fallback: bool | None = None,
        refresh: bool | None = None,
        http_status: int | None = None,
        provider_code: str = "",
        provider_request_id: str = "",
        usage: Usage | None = None,
        metadata: Mapping[str, str] | None = None,
        retry_after: float | None = None,
    ) -> None:
        super().__init__(reason, message, metadata=metadata, retry_after=retry_after)
        strategy = strategy_of(reason)
        self.retry = strategy.pause is not None if retry is None else retry
        self.fallback = strategy.elsewhere is not Elsewhere.NOBODY if fallback is None else fallback
        self.refresh = strategy.refresh if refresh is None else refresh
        self.http_status = http_status
        self.provider_code = provider_code
        self.provider_request_id = provider_request_id
        self.usage = usage


def invalid_fields(
    violations: Iterable[tuple[str, str]], *, reason: ReasonValue = Reason.ERROR_REASON_INVALID_REQUEST
) -> TrunklineError:
    """INVALID_ARGUMENT with a BadRequest of (field path, what is wrong) pairs, as many as fit."""
    pairs = list(violations)
    bad = BadRequest()
    for field, text in pairs[:32]:
        bad.field_violations.add(field=_clipped(field, 256), description=_clipped(text, 300))
        if bad.ByteSize() > _MAX_VIOLATIONS:
            del bad.field_violations[-1]
            break
    first_field, first_text = pairs[0]
    more = f" (and {len(pairs) - 1} more)" if len(pairs) > 1 else ""
    return TrunklineError(reason, f"{first_field}: {first_text}{more}", metadata={"field": first_field}, details=[bad])


def permission_missing(permission: str, key_id: str, needed: str = "") -> TrunklineError:
    """PERMISSION_DENIED: the key does not hold `permission`, or what is `needed` besides."""
    return TrunklineError(
        Reason.ERROR_REASON_PERMISSION_MISSING,
        f"the key lacks {needed or permission}; use a key with a role that holds it",
        metadata={"permission": permission, "key_id": key_id},
    )


def not_found(kind: str, name: str) -> TrunklineError:
    """NOT_FOUND with ResourceInfo; `kind` is for example `integration`."""
    return _resource(Reason.ERROR_REASON_NOT_FOUND, f"{kind} {name!r} does not exist", kind, name)


def already_exists(kind: str, name: str) -> TrunklineError:
    """ALREADY_EXISTS with ResourceInfo."""
    return _resource(Reason.ERROR_REASON_ALREADY_EXISTS, f"{kind} {name!r} exists already", kind, name)


def _resource(reason: ReasonValue, message: str, kind: str, name: str) -> TrunklineError:
    info = ResourceInfo(resource_type=kind, resource_name=name[:256], description=message[:300])
    return TrunklineError(reason, message, metadata={"resource_type": kind, "resource_name": name}, details=[info])


def etag_mismatch() -> TrunklineError:
    """ABORTED: somebody changed it meanwhile."""
    return TrunklineError(
        Reason.ERROR_REASON_ETAG_MISMATCH, "the etag is not the current one: read again, and apply the change anew"
    )


def in_use(kind: str, name: str, used_by: Sequence[str]) -> TrunklineError:
    """FAILED_PRECONDITION: others, named by `used_by`, refer to it."""
    users = ", ".join(used_by)
    violation = PreconditionFailure.Violation(type="IN_USE", subject=f"{kind}/{name}", description=users[:300])
    return TrunklineError(
        Reason.ERROR_REASON_IN_USE,
        f"{kind} {name!r} is in use by {users}; change those first",
        metadata={"resource_type": kind, "resource_name": name, "used_by": users},
        details=[PreconditionFailure(violations=[violation])],
    )


def live_check_failed(subject: str, finding: str) -> TrunklineError:
    """FAILED_PRECONDITION: the configuration is valid but the system behind it did not answer as it should."""
    violation = PreconditionFailure.Violation(type="LIVE_CHECK", subject=subject, description=finding[:300])
    return TrunklineError(
        Reason.ERROR_REASON_LIVE_CHECK_FAILED,
        f"the live check of {subject} failed: {finding}; correct the endpoint or credential and try again",
        metadata={"subject": subject},
        details=[PreconditionFailure(violations=[violation])],
    )


def quota(reason: ReasonValue, message: str, subject: str, retry_after: float | None = None) -> TrunklineError:
    """RESOURCE_EXHAUSTED with QuotaFailure, for budgets and rate limits."""
    failure = QuotaFailure(violations=[QuotaFailure.Violation(subject=subject, description=message[:300])])
    return TrunklineError(reason, message, metadata={"subject": subject}, details=[failure], retry_after=retry_after)


def store_outdated(sqlstate: str) -> TrunklineError:
    """UNAVAILABLE: the schema of Postgres lacks what this server needs."""
    return TrunklineError(
        Reason.ERROR_REASON_STORE_UNAVAILABLE,
        "the schema is older than this server; the operator runs `trunkline migrate`",
        metadata={"store": "postgres", "sqlstate": sqlstate},
        retry_after=5.0,
    )


def store_unavailable(store: str) -> TrunklineError:
    """UNAVAILABLE: Postgres or Redis cannot be reached."""
    return TrunklineError(
        Reason.ERROR_REASON_STORE_UNAVAILABLE,
        f"{store} is not reachable; try again shortly",
        metadata={"store": store},
        retry_after=1.0,
    )


def from_status(status: Status) -> TrunklineError:
    """The error that `TrunklineError.status()` told, for callers elsewhere. What is not ours becomes INTERNAL."""
    info, delay = ErrorInfo(), None
    details: list[Message] = []
    for detail in status.details:
        kind = _DETAILS.get(detail.TypeName())
        if kind is None or (kind is ErrorInfo and detail.Unpack(info)):
            continue
        message = kind()
        detail.Unpack(message)
        if isinstance(message, RetryInfo):
            delay = message.retry_delay.ToMilliseconds() / 1000
        else:
            details.append(message)
    known = f"ERROR_REASON_{info.reason}" in Reason.keys()  # noqa: SIM118  an enum is no mapping
    reason = Reason.Value(f"ERROR_REASON_{info.reason}") if known else Reason.ERROR_REASON_INTERNAL
    return TrunklineError(reason, status.message, metadata=info.metadata, details=details, retry_after=delay)


_DETAILS: dict[str, type[Message]] = {
    kind.DESCRIPTOR.full_name: kind
    for kind in (ErrorInfo, BadRequest, PreconditionFailure, QuotaFailure, ResourceInfo, RetryInfo)
}
