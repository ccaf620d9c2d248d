"""Google Cloud Storage. Pure: requests built, answers read.

Source: the Cloud Storage JSON API v1. The etag that callers see is the object's generation: it names one content, and
all of the API takes it as a condition. `Authorization` is added by the engine, from an access token.
"""

from __future__ import annotations

import base64
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any
from urllib.parse import parse_qs, quote, urlsplit

import orjson
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding

from trunkline_server.assertions import signing_key
from trunkline_server.connectors.storage.catalogue import GCS
from trunkline_server.connectors.storage.documents import http_date, total_of
from trunkline_server.connectors.storage.port import (
    Answer,
    Ask,
    Body,
    Listing,
    Meaning,
    Part,
    PendingPage,
    Place,
    Presigned,
    Reading,
    Signed,
    Stat,
    Steps,
    UploadEnded,
    Writing,
    Written,
    encoded,
    query_of,
)
from trunkline_server.connectors.storage.s3 import range_of
from trunkline_server.connectors.storage.signing import google_query
from trunkline_server.domain.errors import Reason, TrunklineError

ENDPOINT = "https://storage.googleapis.com"
SCOPE = "https://www.googleapis.com/auth/devstorage.read_write"
# What a session takes that is not the last must be a multiple of this, in bytes.
QUANTUM = 256 * 1024
_BOUNDARY = "trunkline-f1c1c0de7d0a4b3f"
_MORE = 308
_GONE = frozenset((404, 410, 499))
_META = "x-goog-meta-"


class GcsStore:
    """Implements `Store`. An upload's id is that of a resumable session, which is a credential by itself."""

    connector = GCS
    digest = "md5"
    rolling = True
    most_parts = 0
    lists_uploads = False

    def __init__(self, place: Place) -> None:
        self._origin = place.endpoint or ENDPOINT
        self._name = place.bucket
        bucket = quote(place.bucket, safe="")
        self._objects = f"/storage/v1/b/{bucket}/o"
        self._uploads = f"/upload{self._objects}"

    def origin(self, secret: str) -> str:
        """See the port."""
        return self._origin

    def sign(self, ask: Ask, secret: str, now: float) -> Signed:
        """See the port. gzip: what is stored compressed comes as it is stored, so that sizes and digests hold."""
        query = f"?{query_of(ask.query)}" if ask.query else ""
        return Signed(f"{self._origin}{ask.path}{query}", {**ask.headers, "accept-encoding": "gzip"})

    def presign(self, ask: Ask, secret: str, now: float, seconds: int) -> Presigned:
        """See the port. Signed URLs are of the XML API: the object stands in the path behind the bucket."""
        url = urlsplit(self._origin)
        try:
            account = orjson.loads(secret)
            key, email = signing_key(account["private_key"]), str(account["client_email"])
        except (ValueError, KeyError, TypeError):
            raise TrunklineError(
                Reason.ERROR_REASON_UPSTREAM_AUTHENTICATION, "the integration's credential cannot sign"
            ) from None
        headers = {**ask.headers, "host": url.netloc}
        query = google_query(
            email,
            lambda text: key.sign(text, padding.PKCS1v15(), hashes.SHA256()),
            ask.method,
            url.path + ask.path,
            headers,
            now,
            seconds,
        )
        return Presigned(f"{url.scheme}://{url.netloc}{url.path}{ask.path}?{query}", ask.headers)

    def meaning(self, ask: Ask, answer: Answer) -> tuple[Meaning, str]:
        """See the port."""
        if answer.status in _GONE and any(name == "upload_id" for name, _ in ask.query):
            return Meaning.NO_UPLOAD, ""
        by_status = {404: Meaning.MISSING, 410: Meaning.NO_UPLOAD, 412: Meaning.PRECONDITION, 416: Meaning.BAD_RANGE}
        by_status |= {401: Meaning.REFUSED, 403: Meaning.REFUSED, 408: Meaning.LATE, 429: Meaning.BUSY}
        by_status |= {504: Meaning.LATE}
        return by_status.get(answer.status, Meaning.FAILED if answer.status >= 500 else Meaning.REJECTED), ""

    def probe(self) -> Ask:
        """See the port."""
        return Ask("GET", self._objects, [("maxResults", "1")])

    def list_objects(self, prefix: str, delimiter: str, most: int, token: str) -> Steps[Listing]:
        """See the port."""
        query = [("maxResults", str(most)), ("prefix", prefix)]
        query += [("delimiter", delimiter)] if delimiter else []
        query += [("pageToken", token)] if token else []
        found = _json((yield Ask("GET", self._objects, query)).body)
        objects = [_resource(one) for one in found.get("items", ())]
        return Listing(objects, found.get("prefixes", ()), found.get("nextPageToken", ""))

    def stat(self, key: str) -> Steps[Stat]:
        """See the port."""
        return _resource(_json((yield Ask("GET", self._path(key))).body))

    def get(self, key: str, offset: int, length: int | None, etag: str) -> Ask:
        """See the port."""
        query = [("alt", "media")] + ([("ifGenerationMatch", etag)] if etag else [])
        return Ask("GET", self._path(key), query, headers=range_of(offset, length))

    def reading(self, key: str, answer: Answer) -> Reading:
        """See the port."""
        headers = answer.headers
        length = int(headers.get("content-length", ""))
        stat = Stat(
            key=key,
            size=length,
            etag=headers.get("x-goog-generation", ""),
            content_type=headers.get("content-type", ""),
            modified=http_date(headers.get("last-modified", "")),
            version_id=headers.get("x-goog-generation", ""),
            storage_class=headers.get("x-goog-storage-class", ""),
            content_encoding=headers.get("x-goog-stored-content-encoding", "").replace("identity", ""),
        )
        if answer.status == 206:
            offset, size = total_of(headers.get("content-range", ""))
            return Reading(replace(stat, size=size), offset, length)
        sums = dict(one.strip().partition("=")[::2] for one in headers.get("x-goog-hash", "").split(","))
        return Reading(stat, 0, length, {"md5": base64.b64decode(sums["md5"])} if sums.get("md5") else {})

    def writing(self, what: Writing) -> Ask:
        """See the port. Its path is that of the XML API, for signed URLs."""
        headers = {f"{_META}{name}": value for name, value in what.metadata.items()}
        headers |= {"content-type": what.content_type} if what.content_type else {}
        return Ask("PUT", f"/{self._name}/{encoded(what.key)}", headers=headers)

    def put(self, what: Writing, body: Body) -> Steps[Written]:
        """See the port. The description goes before the content, with the MD5 that Google compares."""
        described = _described(what) | {"md5Hash": base64.b64encode(body.digest).decode()}
        kind = what.content_type or "application/octet-stream"
        head = b"--%b\r\ncontent-type: application/json\r\n\r\n%b\r\n--%b\r\ncontent-type: %b\r\n\r\n" % (
            _BOUNDARY.encode(),
            orjson.dumps(described),
            _BOUNDARY.encode(),
            kind.encode(),
        )
        whole = Body([head, *body.pieces, b"\r\n--%b--\r\n" % _BOUNDARY.encode()])
        query = [("uploadType", "multipart"), *_conditions(what)]
        headers = {"content-type": f"multipart/related; boundary={_BOUNDARY}"}
        once = what.absent or bool(what.etag)
        return _written((yield Ask("POST", self._uploads, query, headers, whole, repeatable=not once)).body)

    def begin(self, what: Writing) -> Steps[str]:
        """See the port."""
        query = [("uploadType", "resumable"), ("name", what.key), *_conditions(what)]
        headers = {"content-type": "application/json; charset=utf-8"}
        answer = yield Ask("POST", self._uploads, query, headers, Body([orjson.dumps(_described(what))]))
        # Only the id is used, and never the address that the store names.
        found = parse_qs(urlsplit(answer.headers.get("location", "")).query).get("upload_id", [])
        if not found:
            raise ValueError("no session")
        return found[0]

    def stored(self, key: str, upload_id: str) -> Steps[Sequence[Part]]:
        """See the port. A session tells how much it holds: one part, as it were."""
        answer = yield self._session(key, upload_id, "bytes */*", Body(), frozenset((_MORE, *_GONE)))
        if answer.status != _MORE:
            raise UploadEnded
        size = _persisted(answer)
        return [Part(1, size, "")] if size else []

    def part(self, key: str, upload_id: str, number: int, offset: int, body: Body) -> Steps[Part]:
        """See the port. A session may keep less than was sent: the rest goes again. What it has already it ignores."""
        end, at = offset + body.size, offset
        while at < end:
            answer = yield self._session(
                key, upload_id, f"bytes {at}-{end - 1}/*", Body(_behind(body.pieces, at - offset)), frozenset((_MORE,))
            )
            kept = _persisted(answer)
            if answer.status != _MORE or kept <= at:
                raise ValueError("a session that keeps nothing")
            at = kept
        return Part(number, body.size, "")

    def finish(self, what: Writing, upload_id: str, parts: Sequence[Part], tail: Body) -> Steps[Written]:
        """See the port. The MD5 of the whole goes along where it is known."""
        at = sum(one.size for one in parts)
        size = at + tail.size
        span = f"bytes {at}-{size - 1}/{size}" if tail.size else f"bytes */{size}"
        told = {"x-goog-hash": f"md5={base64.b64encode(tail.digest).decode()}"} if tail.digest else {}
        answer = yield self._session(what.key, upload_id, span, Body(tail.pieces), frozenset(), told)
        return _written(answer.body)

    def abort(self, key: str, upload_id: str) -> Steps[bool]:
        """See the port. 499 is Google's word for a session that was cancelled."""
        query = [("uploadType", "resumable"), ("name", key), ("upload_id", upload_id)]
        answer = yield Ask("DELETE", self._uploads, query, {"content-length": "0"}, accept=_GONE)
        return answer.status not in (404, 410)

    def list_uploads(self, prefix: str, most: int, token: str) -> Steps[PendingPage]:
        """See the port. Google lists no sessions."""
        raise AssertionError("sessions are not listed")
        yield

    def copy(self, source: Stat, key: str) -> Steps[Written]:
        """See the port. A large one takes several requests."""
        path = f"{self._path(source.key)}/rewriteTo/b/{quote(self._name, safe='')}/o/{quote(key, safe='')}"
        query = [("ifSourceGenerationMatch", source.etag)]
        token: list[tuple[str, str]] = []
        while True:
            found = _json((yield Ask("POST", path, [*query, *token])).body)
            if found.get("done", True):
                resource = found.get("resource", {})
                return Written(str(resource.get("generation", "")), str(resource.get("generation", "")), source.size)
            token = [("rewriteToken", str(found["rewriteToken"]))]

    def delete(self, key: str, etag: str) -> Steps[bool]:
        """See the port."""
        query = [("ifGenerationMatch", etag)] if etag else []
        answer = yield Ask("DELETE", self._path(key), query, accept=frozenset((404,)))
        if answer.status == 404:
            yield self.probe()
        return answer.status != 404

    def _session(
        self,
        key: str,
        upload_id: str,
        span: str,
        body: Body,
        accept: frozenset[int],
        headers: Mapping[str, str] | None = None,
    ) -> Ask:
        query = [("uploadType", "resumable"), ("name", key), ("upload_id", upload_id)]
        # The end is not sent again: whether the first time was enough tells `stored`.
        repeatable = span.endswith("/*")
        whole = {"content-range": span} | dict(headers or {})
        return Ask("PUT", self._uploads, query, whole, body, accept=accept, repeatable=repeatable)

    def _path(self, key: str) -> str:
        return f"{self._objects}/{quote(key, safe='')}"


def _persisted(answer: Answer) -> int:
    """How many bytes a session holds; no range is none."""
    span = answer.headers.get("range", "")
    return int(span.removeprefix("bytes=").partition("-")[2]) + 1 if span else 0


def _behind(pieces: Sequence[bytes | memoryview], skip: int) -> list[bytes | memoryview]:
    """The pieces without their first bytes."""
    found: list[bytes | memoryview] = []
    for piece in pieces:
        found += [memoryview(piece)[skip:]] if skip < len(piece) else []
        skip = max(0, skip - len(piece))
    return found


def _json(body: bytes) -> dict[str, Any]:
    found = orjson.loads(body)
    if not isinstance(found, dict):
        raise ValueError("no object")
    return found


def _described(what: Writing) -> dict[str, Any]:
    found: dict[str, Any] = {"name": what.key}
    found |= {"contentType": what.content_type} if what.content_type else {}
    return found | ({"metadata": dict(what.metadata)} if what.metadata else {})


def _conditions(what: Writing) -> list[tuple[str, str]]:
    if what.absent:
        return [("ifGenerationMatch", "0")]
    return [("ifGenerationMatch", what.etag)] if what.etag else []


def _resource(found: Mapping[str, Any]) -> Stat:
    return Stat(
        key=str(found["name"]),
        size=int(found.get("size", 0)),
        etag=str(found.get("generation", "")),
        content_type=str(found.get("contentType", "")),
        modified=str(found.get("updated", "")),
        version_id=str(found.get("generation", "")),
        storage_class=str(found.get("storageClass", "")),
        content_encoding=str(found.get("contentEncoding", "")),
        metadata={str(name): str(value) for name, value in (found.get("metadata") or {}).items()},
    )


def _written(body: bytes) -> Written:
    found = _json(body)
    generation = str(found.get("generation", ""))
    return Written(generation, generation, int(found["size"]) if "size" in found else None)
