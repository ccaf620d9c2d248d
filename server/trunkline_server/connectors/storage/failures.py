"""What answers that are no success mean to a caller. Nothing of a body is told but the store's own code."""

from __future__ import annotations

import re
from collections.abc import Mapping

from trunkline_server.connectors.rest.answers import HttpAnswer, retry_after
from trunkline_server.connectors.rest.template_models import ErrorMap
from trunkline_server.connectors.storage.port import Answer, Meaning
from trunkline_server.domain.call_rates import rate_limited
from trunkline_server.domain.errors import Reason, ReasonValue, TrunklineError, not_found
from trunkline_server.domain.schemas import invalid_parameters

_CODE = re.compile(r"[A-Za-z]{1,64}")
_PLAIN = ErrorMap()
_MEANT: Mapping[Meaning, tuple[ReasonValue, str]] = {
    Meaning.NO_BUCKET: (
        Reason.ERROR_REASON_UPSTREAM_REJECTED,
        "the bucket does not exist: correct `bucket` in the integration, or create it",
    ),
    Meaning.PRECONDITION: (
        Reason.ERROR_REASON_UPSTREAM_REJECTED,
        "the object is not as if_match or if_none_match demands: read it again, and apply the change anew",
    ),
    Meaning.REFUSED: (
        Reason.ERROR_REASON_UPSTREAM_AUTHENTICATION,
        "the store refused the integration's credential, or what it may do: check it, its policy for this bucket, and "
        "the clock of this server; "
        "some stores answer so for an object that does not exist, where the credential may not list",
    ),
    Meaning.ELSEWHERE: (
        Reason.ERROR_REASON_UPSTREAM_REJECTED,
        "the bucket is at another endpoint or in another region: correct `endpoint` or `region` in the integration",
    ),
    Meaning.LATE: (
        Reason.ERROR_REASON_UPSTREAM_TIMEOUT,
        "the store did not finish in its own time; try again",
    ),
    Meaning.DAMAGED: (
        Reason.ERROR_REASON_UPSTREAM_MALFORMED,
        "the store found that what came is not what was sent, and kept nothing of it; try again",
    ),
    Meaning.FAILED: (Reason.ERROR_REASON_INTEGRATION_UNAVAILABLE, "the store failed; try again shortly"),
    Meaning.REJECTED: (Reason.ERROR_REASON_UPSTREAM_REJECTED, "the store refused the request"),
}


def failure(meaning: Meaning, code: str, answer: Answer, key: str) -> TrunklineError:
    """The error; `key` is the caller's. `code` is told only where it looks like one."""
    metadata = {"http_status": str(answer.status)} | ({"upstream_code": code} if _CODE.fullmatch(code) else {})
    wait = retry_after(HttpAnswer(answer.status, answer.headers, b""), _PLAIN)
    if meaning is Meaning.BUSY:
        return rate_limited(wait, "the store takes no more calls now", **metadata)
    if meaning in (Meaning.NO_OBJECT, Meaning.MISSING):
        error = not_found("object", key)
    elif meaning is Meaning.NO_UPLOAD:
        error = upload_ended(key)
    elif meaning is Meaning.BAD_RANGE:
        error = invalid_parameters([("parameters_json.offset", "is behind the end of the object")])
    else:
        reason, text = _MEANT[meaning]
        error = TrunklineError(reason, f"{text} (HTTP {answer.status})", retry_after=wait)
    error.metadata |= metadata
    return error


def upload_ended(key: str) -> TrunklineError:
    """NOT_FOUND: there is no such upload."""
    error = not_found("upload", key)
    error.message = (
        "the upload has ended: completed, given up or expired; stat_object tells what is there, else begin anew"
    )
    return error


def over_cap(most: int) -> TrunklineError:
    """OVER_CAP."""
    return TrunklineError(
        Reason.ERROR_REASON_OVER_CAP,
        f"the object is larger than the {most} bytes that the integration allows; nothing was written",
        metadata={"limit_bytes": str(most)},
    )


def checksum_mismatch(finding: str) -> TrunklineError:
    """CHECKSUM_MISMATCH."""
    return TrunklineError(Reason.ERROR_REASON_CHECKSUM_MISMATCH, finding)
