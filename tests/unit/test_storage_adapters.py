"""What stores answer, and what their adapters make of it; keys, tokens and parts."""

from __future__ import annotations

import hashlib
from typing import Any

import pytest
from trunkline_server.connectors.storage.azure import AzureStore, block_id
from trunkline_server.connectors.storage.documents import parse
from trunkline_server.connectors.storage.failures import failure
from trunkline_server.connectors.storage.gcs import GcsStore
from trunkline_server.connectors.storage.keys import below, key_problem, prefix_problem, shown
from trunkline_server.connectors.storage.port import (
    Answer,
    Ask,
    Body,
    Meaning,
    Part,
    Place,
    Stat,
    Steps,
    UploadEnded,
    Writing,
)
from trunkline_server.connectors.storage.s3 import S3Store
from trunkline_server.connectors.storage.sealing import Seal
from trunkline_server.connectors.storage.uploads import Cutter
from trunkline_server.domain.errors import Reason, TrunklineError

S3 = S3Store(Place("https://s.example.com", "bucket", "", True))
AZURE = AzureStore(Place("https://a.example.com", "things"))
GCS = GcsStore(Place("", "things"))
QUANTUM = 256 * 1024


def carried_out(steps: Steps[Any], *answers: Answer) -> tuple[Any, list[Ask]]:
    """The result of an operation with these answers, and what it asked."""
    asked, left = [next(steps)], list(answers)
    while True:
        try:
            asked.append(steps.send(left.pop(0)))
        except StopIteration as done:
            assert not left
            return done.value, asked


def xml(text: str, status: int = 200, **headers: str) -> Answer:
    return Answer(status, {name.replace("_", "-"): value for name, value in headers.items()}, text.encode())


# ── S3 ──────────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_stored_parts_of_s3_come_in_pages_and_end_at_a_gap() -> None:
    def page(parts: str, more: str = "") -> Answer:
        told = f"<IsTruncated>true</IsTruncated><NextPartNumberMarker>{more}</NextPartNumberMarker>" if more else ""
        return xml(f'<ListPartsResult xmlns="http://s3.amazonaws.com/doc/2006-03-01/">{parts}{told}</ListPartsResult>')

    def part(number: int, size: int = 5 << 20) -> str:
        return f"<Part><PartNumber>{number}</PartNumber><Size>{size}</Size><ETag>&quot;e{number}&quot;</ETag></Part>"

    found, asked = carried_out(S3.stored("k", "u"), page(part(1), "1"), page(part(2)))
    assert found == [Part(1, 5 << 20, '"e1"'), Part(2, 5 << 20, '"e2"')]
    assert dict(asked[1].query)["part-number-marker"] == "1"
    assert len(carried_out(S3.stored("k", "u"), page(part(1) + part(3)))[0]) == 1
    # The last part of an upload whose end failed.
    assert len(carried_out(S3.stored("k", "u"), page(part(1) + part(2, 7)))[0]) == 1


def test_the_end_of_an_upload_to_s3() -> None:
    what = Writing("k", absent=True)
    done = xml("<CompleteMultipartUploadResult><ETag>&quot;e-2&quot;</ETag></CompleteMultipartUploadResult>")
    tail = Answer(200, {"etag": '"t"'})
    found, asked = carried_out(S3.finish(what, "u", [Part(1, 9, '"a"')], Body([b"xy"], b"d")), tail, done)
    assert found.etag == "e-2"
    assert dict(asked[0].query) == {"partNumber": "2", "uploadId": "u"}
    text = bytes(asked[1].body.pieces[0]).decode()
    assert text.count("<Part>") == 2 and '<ETag>"t"</ETag>' in text
    assert asked[1].headers["if-none-match"] == "*" and not asked[1].repeatable and asked[1].late
    failed = xml("<?xml version='1.0'?><Error><Code>InternalError</Code><Message>m</Message></Error>")
    assert S3.meaning(asked[1], failed) == (Meaning.FAILED, "InternalError")
    assert S3.meaning(asked[1], done)[1] == ""


@pytest.mark.parametrize(
    ("answer", "meaning"),
    [
        (xml("<Error><Code>NoSuchBucket</Code></Error>", 404), Meaning.NO_BUCKET),
        (xml("<Error><Code>NoSuchKey</Code></Error>", 404), Meaning.NO_OBJECT),
        (xml("<Error><Code>NoSuchUpload</Code></Error>", 404), Meaning.NO_UPLOAD),
        (xml("", 404), Meaning.MISSING),
        (xml("<Error><Code>SlowDown</Code></Error>", 503), Meaning.BUSY),
        (xml("<Error><Code>PermanentRedirect</Code></Error>", 301), Meaning.ELSEWHERE),
        (xml("", 307), Meaning.ELSEWHERE),
        (xml("<Error><Code>Unheard</Code></Error>", 400), Meaning.REJECTED),
        (xml("<Error", 500), Meaning.FAILED),
        (xml("", 412), Meaning.PRECONDITION),
        (xml("<html>", 403), Meaning.REFUSED),
    ],
)
def test_meanings_of_s3(answer: Answer, meaning: Meaning) -> None:
    assert S3.meaning(Ask("GET", "/"), answer)[0] is meaning


def test_checksums_that_s3_tells_of_the_whole_only() -> None:
    told = {"content-length": "3", "etag": '"e"', "x-amz-checksum-sha256": "YWJj"}
    assert S3.reading("k", Answer(200, told)).digests == {"sha256": b"abc"}
    assert S3.reading("k", Answer(200, told | {"x-amz-checksum-sha256": "YWJj-3"})).digests == {}
    part = S3.reading("k", Answer(206, told | {"content-range": "bytes 5-7/10"}))
    assert (part.offset, part.length, part.stat.size, dict(part.digests)) == (5, 3, 10, {})
    for wrong in ({}, told | {"content-range": "lines 1-2/3"}):
        with pytest.raises(ValueError):
            S3.reading("k", Answer(206, wrong))


# ── Azure ───────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_blocks_of_other_uploads_do_not_count() -> None:
    def block(name: str, size: int) -> str:
        return f"<Block><Name>{name}</Name><Size>{size}</Size></Block>"

    ours, other = "0123456789abcdef", "fedcba9876543210"
    blocks = block(block_id(ours, 1), 5) + block(block_id(other, 2), 5) + block(block_id(ours, 2), 6) + block("Zg==", 1)
    text = f"<BlockList><UncommittedBlocks>{blocks}{block(block_id(ours, 4), 7)}</UncommittedBlocks></BlockList>"
    assert carried_out(AZURE.stored("k", ours), xml(text))[0] == [Part(1, 5, ""), Part(2, 6, "")]
    assert carried_out(AZURE.stored("k", ours), xml("", 404))[0] == []


def test_a_copy_of_azure_is_waited_for() -> None:

    source = Stat("a", 7, "e1")
    pending, done = (Answer(202, {"x-ms-copy-status": state, "etag": '"e2"'}) for state in ("pending", "success"))
    found, asked = carried_out(AZURE.copy(source, "b"), pending, pending, done)
    assert (found.etag, found.size) == ("e2", 7) and [ask.method for ask in asked] == ["PUT", "HEAD", "HEAD"]
    assert asked[1].wait > 0
    with pytest.raises(TrunklineError):
        carried_out(AZURE.copy(source, "b"), Answer(202, {"x-ms-copy-status": "aborted"}))


# ── Google ──────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_session_of_google_tells_what_it_holds() -> None:
    held, asked = carried_out(GCS.stored("k", "u"), Answer(308, {"range": f"bytes=0-{QUANTUM - 1}"}))
    assert held == [Part(1, QUANTUM, "")] and asked[0].headers["content-range"] == "bytes */*"
    assert carried_out(GCS.stored("k", "u"), Answer(308, {}))[0] == []
    for status in (200, 404, 410):
        with pytest.raises(UploadEnded):
            carried_out(GCS.stored("k", "u"), Answer(status, {}))


def test_a_session_that_keeps_less_gets_the_rest_again() -> None:
    pieces = [b"a" * QUANTUM, b"b" * QUANTUM]
    answers = [Answer(308, {"range": f"bytes=0-{end}"}) for end in (10 + QUANTUM + 4, 10 + 2 * QUANTUM - 1)]
    part, asked = carried_out(GCS.part("k", "u", 2, 10, Body(pieces)), *answers)
    assert part.size == 2 * QUANTUM
    assert asked[0].headers["content-range"] == f"bytes 10-{10 + 2 * QUANTUM - 1}/*"
    assert asked[1].headers["content-range"] == f"bytes {QUANTUM + 15}-{10 + 2 * QUANTUM - 1}/*"
    assert b"".join(asked[1].body.pieces) == b"b" * (QUANTUM - 5)
    with pytest.raises(ValueError):
        carried_out(GCS.part("k", "u", 2, 10, Body(pieces)), Answer(308, {"range": "bytes=0-9"}))


def test_the_end_of_an_upload_to_google() -> None:
    done = Answer(200, {}, b'{"generation": "12", "size": "7"}')
    found, asked = carried_out(GCS.finish(Writing("k"), "u", [Part(1, 5, "")], Body([b"xy"], b"d")), done)
    assert (found.etag, found.size) == ("12", 7)
    assert asked[0].headers == {"content-range": "bytes 5-6/7", "x-goog-hash": "md5=ZA=="} and not asked[0].repeatable
    _, asked = carried_out(GCS.finish(Writing("k"), "u", [Part(1, 5, "")], Body()), done)
    assert asked[0].headers["content-range"] == "bytes */5"
    begun, asked = carried_out(
        GCS.begin(Writing("k", absent=True)), Answer(200, {"location": "https://evil/?upload_id=u1"})
    )
    assert begun == "u1" and ("ifGenerationMatch", "0") in asked[0].query


# ── All of them ─────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    "text",
    [
        '<!DOCTYPE a [<!ENTITY e "x">]><a>&e;</a>',
        '<!DOCTYPE a SYSTEM "file:///etc/passwd"><a/>',
        "<a>&e;</a>",
        "<a>",
        "",
    ],
)
def test_documents_with_entities_are_refused(text: str) -> None:
    with pytest.raises(ValueError):
        parse(text.encode())
    with pytest.raises(ValueError):
        parse(text.encode("utf-16"))


@pytest.mark.parametrize("meaning", list(Meaning))
def test_every_meaning_is_an_error_that_shows_nothing_of_the_body(meaning: Meaning) -> None:
    error = failure(meaning, "<b>secret</b>", Answer(503, {"retry-after": "7"}, b"secret"), "key")
    assert "secret" not in str(error.status()) and error.metadata["http_status"] == "503"
    if meaning is Meaning.BUSY:
        assert error.retry_after == 7
    if meaning is Meaning.NO_UPLOAD:
        assert error.reason == Reason.ERROR_REASON_NOT_FOUND and error.metadata["resource_type"] == "upload"


@pytest.mark.parametrize(
    "key", ["", "/a", "\\a", ".", "..", "a/..", "a/./b", "..\\a", "a\x00", "a\x7f", "a\x85", "ü" * 511]
)
def test_wrong_keys(key: str) -> None:
    assert key_problem(key, "abc")


@pytest.mark.parametrize("key", ["a", "a//b", "...", "a/..b", ".hidden", "ü" * 500, "a b+c%2e"])
def test_right_keys(key: str) -> None:
    assert key_problem(key, "team/") is None


def test_prefixes() -> None:
    assert (below(""), below("a"), below("a/")) == ("", "a/", "a/")
    assert [bool(prefix_problem(one)) for one in ("", "a/b", "/a", "a/../b", "a\n")] == [False, False, True, True, True]
    assert shown(["t/a", "t/b", "u/c"], "t/") == ["a", "b"]


def test_tokens_are_bound() -> None:
    seal = Seal("secret", "upload", "acme", "bucket", "key")
    token = seal.close("upload-id")
    assert seal.open(token) == "upload-id" and "upload-id" not in token
    others = [Seal("secret2", "upload", "acme", "bucket", "key"), Seal("secret", "upload", "acme", "bucketk", "ey")]
    for other in others:
        with pytest.raises(ValueError):
            other.open(token)
    for wrong in ("", "x", token[:-4], token.swapcase(), "ü"):
        with pytest.raises(ValueError):
            seal.open(wrong)


@pytest.mark.parametrize("rolling", [False, True])
def test_parts_are_cut_without_loss(rolling: bool) -> None:
    data = bytes(range(256)) * 40
    cutter, parts = Cutter(1000, "sha256", rolling), list[Body]()
    for at in range(0, len(data), 333):
        parts += cutter.add(data[at : at + 333])
    parts += cutter.add(b"z" * 2500)
    parts.append(cutter.rest())
    assert [part.size for part in parts] == [1000] * 12 + [740]
    contents = [b"".join(part.pieces) for part in parts]
    assert b"".join(contents) == data + b"z" * 2500
    seen = b""
    for part, content in zip(parts, contents, strict=True):
        seen = seen + content if rolling else content
        assert part.digest == hashlib.sha256(seen).digest()
