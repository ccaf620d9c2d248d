"""Azure Blob Storage. Pure: requests built, answers read.

Sources: the Blob service REST API; "Authorize with Shared Key"; "Create a service SAS".
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import re
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from email.utils import formatdate
from urllib.parse import unquote, urlsplit

from trunkline_server.connectors.storage.catalogue import AZURE
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
from trunkline_server.connectors.storage.s3 import range_of
from trunkline_server.domain.errors import Reason, TrunklineError

VERSION = "2024-11-04"
_META = "x-ms-meta-"
# Between two looks at a copy that has not ended, in seconds.
_COPY_POLL = 0.5
_ACCOUNT = re.compile(r"[a-z0-9]{3,24}")
_UPLOAD = re.compile(r"[0-9a-f]{16}")
# The headers that stand in the string to sign by their place.
_SIGNED = (
    *("content-encoding", "content-language", "content-length", "content-md5", "content-type", "date"),
    *("if-modified-since", "if-match", "if-none-match", "if-unmodified-since", "range"),
)
_CODES: Mapping[str, Meaning] = {
    "ContainerNotFound": Meaning.NO_BUCKET,
    "BlobNotFound": Meaning.NO_OBJECT,
    "ConditionNotMet": Meaning.PRECONDITION,
    "TargetConditionNotMet": Meaning.PRECONDITION,
    "BlobAlreadyExists": Meaning.PRECONDITION,
    "InvalidRange": Meaning.BAD_RANGE,
    "InvalidBlockList": Meaning.NO_UPLOAD,
    "ServerBusy": Meaning.BUSY,
    "OperationTimedOut": Meaning.LATE,
    "Md5Mismatch": Meaning.DAMAGED,
    **dict.fromkeys(
        (
            "AuthenticationFailed",
            "AuthorizationFailure",
            "InsufficientAccountPermissions",
            "NoAuthenticationInformation",
        ),
        Meaning.REFUSED,
    ),
}


@dataclass(frozen=True, slots=True)
class Account:
    """A storage account and its key."""

    name: str
    key: bytes = field(repr=False)

    def sign(self, text: str) -> str:
        """HMAC-SHA256 in base64."""
        return base64.b64encode(hmac.digest(self.key, text.encode(), "sha256")).decode()


def account_of(secret: str) -> Account | None:
    """The account of `account:key`; None for another text."""
    name, _, key = secret.partition(":")
    try:
        raw = base64.b64decode(key, validate=True)
    except (binascii.Error, ValueError):
        return None
    return Account(name, raw) if _ACCOUNT.fullmatch(name) and raw else None


class AzureStore:
    """Implements `Store`. An upload's id is a part of the ids of its blocks, so that two of the same key stay apart.

    Azure keeps blocks that were not committed for a week, and has no way to drop them."""

    connector = AZURE
    digest = "md5"
    rolling = False
    most_parts = 50_000
    lists_uploads = True

    def __init__(self, place: Place) -> None:
        self._endpoint = place.endpoint or "https://{account}.blob.core.windows.net"
        self._container = place.bucket
        self._root = f"/{place.bucket}"

    def origin(self, secret: str) -> str:
        """See the port."""
        account = account_of(secret)
        return self._endpoint.replace("{account}", account.name if account else "")

    def sign(self, ask: Ask, secret: str, now: float) -> Signed:
        """See the port. Without a secret the request goes out as it is."""
        account, url = account_of(secret), urlsplit(self.origin(secret))
        path = url.path + ask.path
        headers = {**ask.headers, "x-ms-version": VERSION, "x-ms-date": formatdate(now, usegmt=True)}
        if source := headers.get("x-ms-copy-source"):
            headers["x-ms-copy-source"] = self.origin(secret) + source
        if ask.body.digest:
            headers["content-md5"] = base64.b64encode(ask.body.digest).decode()
        if account:
            size = str(ask.body.size) if ask.body.size else ""
            text = string_to_sign(account.name, ask.method, path, ask.query, headers | {"content-length": size})
            headers["authorization"] = f"SharedKey {account.name}:{account.sign(text)}"
        query = f"?{query_of(ask.query)}" if ask.query else ""
        return Signed(f"{url.scheme}://{url.netloc}{path}{query}", headers)

    def presign(self, ask: Ask, secret: str, now: float, seconds: int) -> Presigned:
        """See the port. A SAS binds no header: the content type is the caller's to send."""
        account, url = account_of(secret), urlsplit(self.origin(secret))
        if account is None:
            raise TrunklineError(
                Reason.ERROR_REASON_UPSTREAM_AUTHENTICATION, "the integration holds no credential to sign by"
            )
        may = "r" if ask.method == "GET" else "cw"
        end = datetime.fromtimestamp(now + seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        protocol = "https" if url.scheme == "https" else "https,http"
        resource = f"/blob/{account.name}{unquote(ask.path)}"
        # Permissions, start, expiry, resource, identifier, IP, protocol, version, kind, snapshot, encryption scope,
        # and the five headers of the answer.
        text = "\n".join((may, "", end, resource, "", "", protocol, VERSION, "b", "", "", "", "", "", "", ""))
        query = [("sv", VERSION), ("sr", "b"), ("sp", may), ("se", end), ("spr", protocol), ("sig", account.sign(text))]
        return Presigned(f"{url.scheme}://{url.netloc}{url.path}{ask.path}?{query_of(query)}", ask.headers)

    def meaning(self, ask: Ask, answer: Answer) -> tuple[Meaning, str]:
        """See the port."""
        code = answer.headers.get("x-ms-error-code", "")
        if code in _CODES:
            return _CODES[code], code
        by_status = {404: Meaning.MISSING, 412: Meaning.PRECONDITION, 416: Meaning.BAD_RANGE, 401: Meaning.REFUSED}
        by_status |= {403: Meaning.REFUSED, 429: Meaning.BUSY, 504: Meaning.LATE}
        return by_status.get(answer.status, Meaning.FAILED if answer.status >= 500 else Meaning.REJECTED), code

    def probe(self) -> Ask:
        """See the port."""
        return self._list([("maxresults", "1")])

    def list_objects(self, prefix: str, delimiter: str, most: int, token: str) -> Steps[Listing]:
        """See the port."""
        query = [("maxresults", str(most)), ("prefix", prefix)]
        query += [("delimiter", delimiter)] if delimiter else []
        query += [("marker", token)] if token else []
        root = parse((yield self._list(query)).body)
        blobs = root.child("Blobs")
        objects = [_listed(one) for one in blobs.all("Blob")] if blobs else []
        prefixes = [_name(one) for one in blobs.all("BlobPrefix")] if blobs else []
        return Listing(objects, prefixes, root.text("NextMarker"))

    def stat(self, key: str) -> Steps[Stat]:
        """See the port."""
        return _stat(key, (yield Ask("HEAD", self._path(key))).headers)

    def get(self, key: str, offset: int, length: int | None, etag: str) -> Ask:
        """See the port."""
        return Ask("GET", self._path(key), headers=range_of(offset, length) | _while(etag))

    def reading(self, key: str, answer: Answer) -> Reading:
        """See the port."""
        stat, length = _stat(key, answer.headers), int(answer.headers.get("content-length", ""))
        if answer.status == 206:
            offset, size = total_of(answer.headers.get("content-range", ""))
            return Reading(replace(stat, size=size), offset, length)
        told = answer.headers.get("content-md5", "")
        return Reading(stat, 0, length, {"md5": base64.b64decode(told)} if told else {})

    def writing(self, what: Writing) -> Ask:
        """See the port."""
        return Ask("PUT", self._path(what.key), headers={"x-ms-blob-type": "BlockBlob"} | _described(what))

    def put(self, what: Writing, body: Body) -> Steps[Written]:
        """See the port. Azure compares the MD5 and keeps it with the blob."""
        headers = {"x-ms-blob-type": "BlockBlob"} | _described(what) | _conditions(what)
        once = what.absent or bool(what.etag)
        answer = yield Ask("PUT", self._path(what.key), headers=headers, body=body, repeatable=not once)
        return _written(answer.headers)

    def begin(self, what: Writing) -> Steps[str]:
        """See the port. Nothing is asked: the first block begins it."""
        return secrets.token_hex(8)
        yield

    def stored(self, key: str, upload_id: str) -> Steps[Sequence[Part]]:
        """See the port. No block of the upload is the same as no upload."""
        query = [("comp", "blocklist"), ("blocklisttype", "uncommitted")]
        answer = yield Ask("GET", self._path(key), query, accept=frozenset((404,)))
        found = {} if answer.status == 404 else _blocks(answer.body, upload_id)
        kept: list[Part] = []
        while (size := found.get(len(kept) + 1)) is not None:
            kept.append(Part(len(kept) + 1, size, ""))
        return kept

    def part(self, key: str, upload_id: str, number: int, offset: int, body: Body) -> Steps[Part]:
        """See the port. Azure compares the block's MD5."""
        query = [("comp", "block"), ("blockid", block_id(upload_id, number))]
        yield Ask("PUT", self._path(key), query, body=body)
        return Part(number, body.size, "")

    def finish(self, what: Writing, upload_id: str, parts: Sequence[Part], tail: Body) -> Steps[Written]:
        """See the port."""
        numbers = [one.number for one in parts]
        if tail.size:
            numbers.append((yield from self.part(what.key, upload_id, len(numbers) + 1, 0, tail)).number)
        text = element("BlockList", *(leaf("Uncommitted", block_id(upload_id, number)) for number in numbers)).encode()
        headers = {"content-type": "application/xml"} | _described(what) | _conditions(what)
        body = Body([text], hashlib.md5(text, usedforsecurity=False).digest())
        query = [("comp", "blocklist")]
        return _written((yield Ask("PUT", self._path(what.key), query, headers, body, repeatable=False)).headers)

    def abort(self, key: str, upload_id: str) -> Steps[bool]:
        """See the port."""
        return False
        yield

    def list_uploads(self, prefix: str, most: int, token: str) -> Steps[PendingPage]:
        """See the port. Blobs that were never committed, and the uploads in their blocks."""
        query = [("maxresults", str(most)), ("prefix", prefix), ("include", "uncommittedblobs")]
        query += [("marker", token)] if token else []
        root = parse((yield self._list(query)).body)
        blobs, found = root.child("Blobs"), list[Pending]()
        for one in blobs.all("Blob") if blobs else ():
            if one.text("Properties", "Etag") and int(one.text("Properties", "Content-Length") or 0):
                continue
            query = [("comp", "blocklist"), ("blocklisttype", "uncommitted")]
            answer = yield Ask("GET", self._path(_name(one)), query, accept=frozenset((404,)))
            ids = sorted(_uploads(answer.body)) if answer.status != 404 else []
            found += (Pending(_name(one), upload_id) for upload_id in ids)
        return PendingPage(found, root.text("NextMarker"))

    def copy(self, source: Stat, key: str) -> Steps[Written]:
        """See the port. Within an account it mostly ends at once; where not, the copy is asked until it has."""
        # `sign` completes the source: the account is the secret's to tell.
        headers = {"x-ms-copy-source": self._path(source.key), "x-ms-source-if-match": f'"{source.etag}"'}
        answer = yield Ask("PUT", self._path(key), headers=headers)
        while (state := answer.headers.get("x-ms-copy-status", "success")) == "pending":
            answer = yield Ask("HEAD", self._path(key), wait=_COPY_POLL)
        if state != "success":
            raise TrunklineError(Reason.ERROR_REASON_INTEGRATION_UNAVAILABLE, "the store gave the copy up; try again")
        return replace(_written(answer.headers), size=source.size)

    def delete(self, key: str, etag: str) -> Steps[bool]:
        """See the port."""
        answer = yield Ask("DELETE", self._path(key), headers=_while(etag), accept=frozenset((404,)))
        if answer.status == 404 and answer.headers.get("x-ms-error-code") == "ContainerNotFound":
            yield self.probe()
        return answer.status != 404

    def _list(self, query: Sequence[tuple[str, str]]) -> Ask:
        return Ask("GET", self._root, [("restype", "container"), ("comp", "list"), *query])

    def _path(self, key: str) -> str:
        return f"{self._root}/{encoded(key)}"


def string_to_sign(
    account: str, method: str, path: str, query: Sequence[tuple[str, str]], headers: Mapping[str, str]
) -> str:
    """What Shared Key signs; header names are lower case, `path` is encoded and begins behind the host."""
    own = sorted((name, " ".join(value.split())) for name, value in headers.items() if name.startswith("x-ms-"))
    named = "".join(f"{name}:{value}\n" for name, value in own)
    asked = "".join(f"\n{name}:{value}" for name, value in sorted((name.lower(), value) for name, value in query))
    lines = [method, *(headers.get(name, "") for name in _SIGNED)]
    return "\n".join(lines) + f"\n{named}/{account}{path}{asked}"


def block_id(upload_id: str, number: int) -> str:
    """The id of a block; all of a blob are of one length."""
    return base64.b64encode(f"{upload_id}-{number:05d}".encode()).decode()


def _named(blocks: bytes) -> list[tuple[str, int, int]]:
    """(upload, number, size) of the blocks that are ours."""
    found = []
    uncommitted = parse(blocks).child("UncommittedBlocks")
    for one in uncommitted.all("Block") if uncommitted else ():
        name = base64.b64decode(one.text("Name")).decode("latin-1")
        upload_id, _, number = name.partition("-")
        if _UPLOAD.fullmatch(upload_id) and number.isdigit():
            found.append((upload_id, int(number), int(one.text("Size"))))
    return found


def _blocks(body: bytes, upload_id: str) -> dict[int, int]:
    return {number: size for own, number, size in _named(body) if own == upload_id}


def _uploads(body: bytes) -> set[str]:
    return {upload_id for upload_id, _, _ in _named(body)}


def _while(etag: str) -> dict[str, str]:
    return {"if-match": f'"{etag}"'} if etag else {}


def _conditions(what: Writing) -> dict[str, str]:
    return {"if-none-match": "*"} if what.absent else _while(what.etag)


def _described(what: Writing) -> dict[str, str]:
    found = {f"{_META}{name}": value for name, value in what.metadata.items()}
    return found | ({"x-ms-blob-content-type": what.content_type} if what.content_type else {})


def _name(one: Node) -> str:
    name = one.child("Name")
    return (unquote(name.text()) if name.attribute("Encoded") == "true" else name.text()) if name else ""


def _listed(one: Node) -> Stat:
    return Stat(
        key=_name(one),
        size=int(one.text("Properties", "Content-Length")),
        etag=unquoted(one.text("Properties", "Etag")),
        content_type=one.text("Properties", "Content-Type"),
        modified=http_date(one.text("Properties", "Last-Modified")),
        storage_class=one.text("Properties", "AccessTier"),
    )


def _stat(key: str, headers: Mapping[str, str]) -> Stat:
    return Stat(
        key=key,
        size=int(headers.get("content-length", "")),
        etag=unquoted(headers.get("etag", "")),
        content_type=headers.get("content-type", ""),
        modified=http_date(headers.get("last-modified", "")),
        version_id=headers.get("x-ms-version-id", ""),
        storage_class=headers.get("x-ms-access-tier", ""),
        content_encoding=headers.get("content-encoding", ""),
        metadata={name.removeprefix(_META): value for name, value in headers.items() if name.startswith(_META)},
    )


def _written(headers: Mapping[str, str]) -> Written:
    return Written(unquoted(headers.get("etag", "")), headers.get("x-ms-version-id", ""))
