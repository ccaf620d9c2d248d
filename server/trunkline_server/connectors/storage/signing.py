"""Signatures of version 4: AWS's over a key derived from the secret, and Google's, of the same shape, by RSA.

Sources: "Create a signed AWS API request" and "Authenticating Requests: Using Query Parameters" in the documentation of
AWS; "Signatures" and "Canonical requests" in that of Google Cloud Storage. Own code, as botocore's signer reads the
clock itself and cannot sign by RSA; tests compare the two.
"""

from __future__ import annotations

import hashlib
import hmac
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from trunkline_server.connectors.storage.documents import stamp
from trunkline_server.connectors.storage.port import query_of

UNSIGNED = "UNSIGNED-PAYLOAD"
# AWS's own are of capitals and digits; what speaks like S3 takes names.
_ACCESS_KEY = re.compile(r"[A-Za-z0-9._@+=/-]{1,128}")
EMPTY_SHA256 = hashlib.sha256(b"").hexdigest()


@dataclass(frozen=True, slots=True)
class Keys:
    """A credential of AWS."""

    access_key: str
    secret_key: str = field(repr=False)
    token: str = field(default="", repr=False)


def keys_of(secret: str) -> Keys | None:
    """The keys of `access_key_id:secret_access_key[:session_token]`; None for another text."""
    parts = secret.split(":", 2)
    printable = all(part and part.isascii() and part.isprintable() and " " not in part for part in parts)
    return Keys(*parts) if len(parts) >= 2 and printable and _ACCESS_KEY.fullmatch(parts[0]) else None


def canonical(method: str, path: str, query: Sequence[tuple[str, str]], headers: Mapping[str, str], hashed: str) -> str:
    """The canonical request; `path` is encoded, header names are lower case, `hashed` is the payload's hash."""
    names = sorted(headers)
    lines = [method, path, query_of(sorted(query)), *(f"{name}:{' '.join(headers[name].split())}" for name in names)]
    return "\n".join([*lines, "", ";".join(names), hashed])


def signed_headers(
    keys: Keys,
    region: str,
    method: str,
    path: str,
    query: Sequence[tuple[str, str]],
    headers: Mapping[str, str],
    now: float,
) -> dict[str, str]:
    """The headers with `authorization`. They hold `host` and `x-amz-content-sha256` already."""
    time = stamp(now)
    found = {**headers, "x-amz-date": time} | ({"x-amz-security-token": keys.token} if keys.token else {})
    scope = f"{time[:8]}/{region}/s3/aws4_request"
    request = canonical(method, path, query, found, found["x-amz-content-sha256"])
    signature = _aws(keys, region, _statement("AWS4-HMAC-SHA256", time, scope, request))
    found["authorization"] = (
        f"AWS4-HMAC-SHA256 Credential={keys.access_key}/{scope}, "
        f"SignedHeaders={';'.join(sorted(found))}, Signature={signature}"
    )
    return found


def aws_query(
    keys: Keys, region: str, method: str, path: str, headers: Mapping[str, str], now: float, seconds: int
) -> str:
    """The query string of a presigned URL."""
    extra = [("X-Amz-Security-Token", keys.token)] if keys.token else []
    scope = f"{stamp(now)[:8]}/{region}/s3/aws4_request"
    return _query(
        "AWS4-HMAC-SHA256",
        "X-Amz",
        keys.access_key,
        scope,
        (method, path, headers, extra),
        (now, seconds),
        lambda text: _aws(keys, region, text),
    )


def google_query(
    email: str,
    sign: Callable[[bytes], bytes],
    method: str,
    path: str,
    headers: Mapping[str, str],
    now: float,
    seconds: int,
) -> str:
    """The query string of a signed URL of Google; `sign` is RSA with PKCS #1 v1.5 over SHA-256."""
    scope = f"{stamp(now)[:8]}/auto/storage/goog4_request"
    return _query(
        "GOOG4-RSA-SHA256",
        "X-Goog",
        email,
        scope,
        (method, path, headers, []),
        (now, seconds),
        lambda text: sign(text.encode()).hex(),
    )


def _query(
    algorithm: str,
    family: str,
    name: str,
    scope: str,
    request: tuple[str, str, Mapping[str, str], list[tuple[str, str]]],
    validity: tuple[float, int],
    sign: Callable[[str], str],
) -> str:
    method, path, headers, extra = request
    now, seconds = validity
    query = [
        (f"{family}-Algorithm", algorithm),
        (f"{family}-Credential", f"{name}/{scope}"),
        (f"{family}-Date", stamp(now)),
        (f"{family}-Expires", str(seconds)),
        (f"{family}-SignedHeaders", ";".join(sorted(headers))),
        *extra,
    ]
    statement = _statement(algorithm, stamp(now), scope, canonical(method, path, query, headers, UNSIGNED))
    return f"{query_of(sorted(query))}&{family}-Signature={sign(statement)}"


def _statement(algorithm: str, time: str, scope: str, request: str) -> str:
    return "\n".join((algorithm, time, scope, hashlib.sha256(request.encode()).hexdigest()))


def _aws(keys: Keys, region: str, statement: str) -> str:
    key = f"AWS4{keys.secret_key}".encode()
    # The statement's third line is the scope, whose first part is the day.
    for part in (statement.split("\n")[2][:8], region, "s3", "aws4_request", statement):
        key = hmac.digest(key, part.encode(), "sha256")
    return key.hex()
