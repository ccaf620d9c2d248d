"""S3, and what speaks like it. Pure: requests built, answers read.

Source: the Amazon S3 API reference, version 2006-03-01.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import replace
from urllib.parse import unquote_plus, urlsplit

from trunkline_server.connectors.storage.catalogue import S3
from trunkline_server.connectors.storage.documents import Node, element, http_date, leaf, parse, total_of, unquoted
from trunkline_server.connectors.storage.port import (
    Answer,
    Ask,
    Body,
    Listing,
    Meaning,
    Part,
    Pending,
    PendingPage,
    Place,
    Presigned,
    Reading,
    Signed,
    Stat,
    Steps,
    Writing,
    Written,
    encoded,
    query_of,
)
from trunkline_server.connectors.storage.signing import EMPTY_SHA256, aws_query, keys_of, signed_headers
from trunkline_server.domain.errors import Reason, TrunklineError

DEFAULT_REGION = "us-east-1"
# The least of a part that is not the last, in bytes.
LEAST_PART = 5 << 20
_META = "x-amz-meta-"
_CODES: Mapping[str, Meaning] = {
    "NoSuchBucket": Meaning.NO_BUCKET,
    "NoSuchKey": Meaning.NO_OBJECT,
    "NoSuchUpload": Meaning.NO_UPLOAD,
    "PreconditionFailed": Meaning.PRECONDITION,
    "ConditionalRequestConflict": Meaning.PRECONDITION,
    "InvalidRange": Meaning.BAD_RANGE,
    "SlowDown": Meaning.BUSY,
    "ServiceUnavailable": Meaning.BUSY,
    "InternalError": Meaning.FAILED,
    "RequestTimeout": Meaning.LATE,
    "PermanentRedirect": Meaning.ELSEWHERE,
    "TemporaryRedirect": Meaning.ELSEWHERE,
    "AuthorizationHeaderMalformed": Meaning.ELSEWHERE,
    "IllegalLocationConstraintException": Meaning.ELSEWHERE,
    **dict.fromkeys(("BadDigest", "XAmzContentSHA256Mismatch", "InvalidDigest"), Meaning.DAMAGED),
    **dict.fromkeys(
        (
            *("InvalidAccessKeyId", "SignatureDoesNotMatch", "AccessDenied", "ExpiredToken", "InvalidToken"),
            "RequestTimeTooSkewed",
        ),
        Meaning.REFUSED,
    ),
}


class S3Store:
    """Implements `Store`."""

    connector = S3
    digest = "sha256"
    rolling = False
    most_parts = 10_000
    lists_uploads = True

    def __init__(self, place: Place) -> None:
        self._region = place.region or DEFAULT_REGION
        endpoint = place.endpoint or f"https://s3.{self._region}.amazonaws.com"
        scheme, _, rest = endpoint.partition("://")
        self._bucket = place.bucket
        self._origin = endpoint if place.path_style else f"{scheme}://{place.bucket}.{rest}"
        self._root = f"/{place.bucket}" if place.path_style else ""

    def origin(self, secret: str) -> str:
        """See the port."""
        return self._origin

    def sign(self, ask: Ask, secret: str, now: float) -> Signed:
        """See the port. Without a secret the request goes out as it is."""
        url = urlsplit(self._origin)
        path = url.path + ask.path
        query = f"?{query_of(ask.query)}" if ask.query else ""
        headers: Mapping[str, str] = ask.headers
        if keys := keys_of(secret):
            hashed = ask.sha256 or ask.body.digest.hex() or EMPTY_SHA256
            given = {**headers, "host": url.netloc, "x-amz-content-sha256": hashed}
            headers = signed_headers(keys, self._region, ask.method, path, ask.query, given, now)
        return Signed(f"{url.scheme}://{url.netloc}{path}{query}", headers)

    def presign(self, ask: Ask, secret: str, now: float, seconds: int) -> Presigned:
        """See the port."""
        keys, url = keys_of(secret), urlsplit(self._origin)
        if keys is None:
            raise TrunklineError(
                Reason.ERROR_REASON_UPSTREAM_AUTHENTICATION, "the integration holds no credential to sign by"
            )
        path, headers = url.path + ask.path, {**ask.headers, "host": url.netloc}
        query = aws_query(keys, self._region, ask.method, path, headers, now, seconds)
        return Presigned(f"{url.scheme}://{url.netloc}{path}?{query}", ask.headers)

    def meaning(self, ask: Ask, answer: Answer) -> tuple[Meaning, str]:
        """See the port. The head of an answer to HEAD tells nothing but its status."""
        code = _code(answer.body)
        if code in _CODES:
            return _CODES[code], code
        if answer.status in (301, 302, 307, 308):
            return Meaning.ELSEWHERE, code
        by_status = {404: Meaning.MISSING, 412: Meaning.PRECONDITION, 416: Meaning.BAD_RANGE, 401: Meaning.REFUSED}
        by_status |= {403: Meaning.REFUSED, 429: Meaning.BUSY, 503: Meaning.BUSY, 504: Meaning.LATE}
        return by_status.get(answer.status, Meaning.FAILED if answer.status >= 500 else Meaning.REJECTED), code

    def probe(self) -> Ask:
        """See the port."""
        return Ask("GET", self._root or "/", [("list-type", "2"), ("max-keys", "1")])

    def list_objects(self, prefix: str, delimiter: str, most: int, token: str) -> Steps[Listing]:
        """See the port."""
        query = [("list-type", "2"), ("max-keys", str(most)), ("encoding-type", "url"), ("prefix", prefix)]
        query += [("delimiter", delimiter)] if delimiter else []
        query += [("continuation-token", token)] if token else []
        root = parse((yield Ask("GET", self._root or "/", query)).body)
        objects = [_listed(one) for one in root.all("Contents")]
        prefixes = [unquote_plus(one.text("Prefix")) for one in root.all("CommonPrefixes")]
        return Listing(objects, prefixes, root.text("NextContinuationToken"))

    def stat(self, key: str) -> Steps[Stat]:
        """See the port."""
        return _stat(key, (yield Ask("HEAD", self._path(key))).headers)

    def get(self, key: str, offset: int, length: int | None, etag: str) -> Ask:
        """See the port."""
        headers = {"x-amz-checksum-mode": "ENABLED"} | range_of(offset, length)
        return Ask("GET", self._path(key), headers=headers | ({"if-match": f'"{etag}"'} if etag else {}))

    def reading(self, key: str, answer: Answer) -> Reading:
        """See the port."""
        stat, length = _stat(key, answer.headers), int(answer.headers.get("content-length", ""))
        if answer.status == 206:
            offset, size = total_of(answer.headers.get("content-range", ""))
            return Reading(replace(stat, size=size), offset, length)
        told = answer.headers.get("x-amz-checksum-sha256", "")
        # `…-3` is a checksum of the checksums of three parts.
        return Reading(stat, 0, length, {"sha256": base64.b64decode(told)} if told and "-" not in told else {})

    def writing(self, what: Writing) -> Ask:
        """See the port."""
        return Ask("PUT", self._path(what.key), headers=_described(what))

    def put(self, what: Writing, body: Body) -> Steps[Written]:
        """See the port. The checksum is stored with the object, for those who read it."""
        headers = _described(what) | _conditions(what)
        headers["x-amz-checksum-sha256"] = base64.b64encode(body.digest).decode()
        once = what.absent or bool(what.etag)
        answer = yield Ask("PUT", self._path(what.key), headers=headers, body=body, repeatable=not once)
        return _written(answer.headers)

    def begin(self, what: Writing) -> Steps[str]:
        """See the port. An answer that is lost leaves an empty upload behind."""
        answer = yield Ask("POST", self._path(what.key), [("uploads", "")], _described(what))
        return parse(answer.body).text("UploadId")

    def stored(self, key: str, upload_id: str) -> Steps[Sequence[Part]]:
        """See the port. A last part that is too small for one in the middle does not count: it is sent again."""
        found: list[Part] = []
        marker = "0"
        while marker:
            query = [("uploadId", upload_id), ("max-parts", "1000"), ("part-number-marker", marker)]
            root = parse((yield Ask("GET", self._path(key), query)).body)
            found += (
                Part(int(one.text("PartNumber")), int(one.text("Size")), one.text("ETag")) for one in root.all("Part")
            )
            marker = root.text("NextPartNumberMarker") if root.text("IsTruncated") == "true" else ""
        kept: list[Part] = []
        for number, one in enumerate(found, 1):
            if one.number != number or one.size < LEAST_PART:
                break
            kept.append(one)
        return kept

    def part(self, key: str, upload_id: str, number: int, offset: int, body: Body) -> Steps[Part]:
        """See the port. The signature covers the part's SHA-256: the store refuses what was damaged."""
        query = [("partNumber", str(number)), ("uploadId", upload_id)]
        answer = yield Ask("PUT", self._path(key), query, body=body)
        return Part(number, body.size, answer.headers.get("etag", ""))

    def finish(self, what: Writing, upload_id: str, parts: Sequence[Part], tail: Body) -> Steps[Written]:
        """See the port."""
        whole = list(parts)
        if tail.size or not whole:
            whole.append((yield from self.part(what.key, upload_id, len(whole) + 1, 0, tail)))
        named = (element("Part", leaf("PartNumber", str(one.number)), leaf("ETag", one.etag)) for one in whole)
        text = element("CompleteMultipartUpload", *named).encode()
        answer = yield Ask(
            "POST",
            self._path(what.key),
            [("uploadId", upload_id)],
            {"content-type": "application/xml"} | _conditions(what),
            Body([text]),
            hashlib.sha256(text).hexdigest(),
            repeatable=False,
            late=True,
        )
        root = parse(answer.body)
        return Written(unquoted(root.text("ETag")), answer.headers.get("x-amz-version-id", ""))

    def abort(self, key: str, upload_id: str) -> Steps[bool]:
        """See the port."""
        answer = yield Ask("DELETE", self._path(key), [("uploadId", upload_id)], accept=frozenset((404,)))
        return answer.status != 404

    def list_uploads(self, prefix: str, most: int, token: str) -> Steps[PendingPage]:
        """See the port. The token is the key marker and the upload marker, on two lines."""
        query = [("uploads", ""), ("max-uploads", str(most)), ("encoding-type", "url"), ("prefix", prefix)]
        if token:
            key, _, upload = token.partition("\n")
            query += [("key-marker", key), ("upload-id-marker", upload)]
        root = parse((yield Ask("GET", self._root or "/", query)).body)
        found = [
            Pending(unquote_plus(one.text("Key")), one.text("UploadId"), one.text("Initiated"))
            for one in root.all("Upload")
        ]
        more = root.text("IsTruncated") == "true"
        markers = (unquote_plus(root.text("NextKeyMarker")), root.text("NextUploadIdMarker"))
        return PendingPage(found, "\n".join(markers) if more else "")

    def copy(self, source: Stat, key: str) -> Steps[Written]:
        """See the port."""
        headers = {"x-amz-copy-source": f"/{self._bucket}/{encoded(source.key)}"}
        headers["x-amz-copy-source-if-match"] = f'"{source.etag}"'
        root = parse((yield Ask("PUT", self._path(key), headers=headers, late=True)).body)
        return Written(unquoted(root.text("ETag")), size=source.size)

    def delete(self, key: str, etag: str) -> Steps[bool]:
        """See the port. S3 does not tell whether there was one."""
        headers = {"if-match": f'"{etag}"'} if etag else {}
        yield Ask("DELETE", self._path(key), headers=headers, repeatable=not etag)
        return True

    def _path(self, key: str) -> str:
        return f"{self._root}/{encoded(key)}"


def range_of(offset: int, length: int | None) -> dict[str, str]:
    """The header of a range; none for a whole object."""
    if not offset and length is None:
        return {}
    return {"range": f"bytes={offset}-" + ("" if length is None else str(offset + length - 1))}


def _code(body: bytes) -> str:
    if b"<Error" not in body[:512]:
        return ""
    try:
        root: Node = parse(body)
    except ValueError:
        return ""
    return root.text("Code") if root.name == "Error" else ""


def _described(what: Writing) -> dict[str, str]:
    found = {f"{_META}{name}": value for name, value in what.metadata.items()}
    return found | ({"content-type": what.content_type} if what.content_type else {})


def _conditions(what: Writing) -> dict[str, str]:
    if what.absent:
        return {"if-none-match": "*"}
    return {"if-match": f'"{what.etag}"'} if what.etag else {}


def _listed(one: Node) -> Stat:
    return Stat(
        key=unquote_plus(one.text("Key")),
        size=int(one.text("Size")),
        etag=unquoted(one.text("ETag")),
        modified=one.text("LastModified"),
        storage_class=one.text("StorageClass"),
    )


def _stat(key: str, headers: Mapping[str, str]) -> Stat:
    return Stat(
        key=key,
        size=int(headers.get("content-length", "")),
        etag=unquoted(headers.get("etag", "")),
        content_type=headers.get("content-type", ""),
        modified=http_date(headers.get("last-modified", "")),
        version_id=headers.get("x-amz-version-id", ""),
        storage_class=headers.get("x-amz-storage-class", ""),
        content_encoding=headers.get("content-encoding", ""),
        metadata={name.removeprefix(_META): value for name, value in headers.items() if name.startswith(_META)},
    )


def _written(headers: Mapping[str, str]) -> Written:
    return Written(unquoted(headers.get("etag", "")), headers.get("x-amz-version-id", ""))
