"""What the engine asks of a store: requests built and answers read, without I/O.

An operation is a generator that yields requests and is sent their answers (`Steps`), so that one which takes several
of them reads as one. The engine signs, sends and repeats; it raises what a status outside `Ask.accept` means, so that
an operation sees good answers only. Keys are whole here: the configuration's prefix is in them. Sizes are bytes.
"""

from __future__ import annotations

from collections.abc import Generator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum
from typing import Protocol, TypeAlias, TypeVar
from urllib.parse import quote

from trunkline.v1.connector_pb2 import Connector

T = TypeVar("T")
SUCCESS = range(200, 300)


@dataclass(frozen=True, slots=True)
class Place:
    """Where objects are. `endpoint` has no slash at its end; empty: the store's own."""

    endpoint: str
    bucket: str
    region: str = ""
    path_style: bool = False


@dataclass(frozen=True, slots=True)
class Body:
    """What is sent: pieces in order, and the raw digest over all of them in the algorithm that the store wants."""

    pieces: Sequence[bytes | memoryview] = field(default=(), repr=False)
    digest: bytes = b""

    @property
    def size(self) -> int:
        """How many bytes it is."""
        return sum(len(piece) for piece in self.pieces)


@dataclass(frozen=True, slots=True)
class Ask:
    """One request, not signed yet. `path` is encoded and begins behind the bucket's address; query values are not.
    `sha256` is that of the body, in hex, where the signature covers it. `repeatable`: asking again does no harm.
    `wait`: so many seconds before it is sent. `late`: the answer may be an error in spite of its status."""

    method: str
    path: str
    query: Sequence[tuple[str, str]] = ()
    headers: Mapping[str, str] = field(default_factory=dict)
    body: Body = Body()
    sha256: str = ""
    accept: frozenset[int] = frozenset()
    repeatable: bool = True
    wait: float = 0.0
    late: bool = False

    def takes(self, status: int) -> bool:
        """Whether the operation reads an answer of this status."""
        return status in SUCCESS or status in self.accept


@dataclass(frozen=True, slots=True)
class Signed:
    """A request as it goes out. `url` and `headers` may hold the credential."""

    url: str = field(repr=False)
    headers: Mapping[str, str] = field(repr=False)


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back. Header names are lower case; the body is empty where it streams."""

    status: int
    headers: Mapping[str, str]
    body: bytes = b""


Steps: TypeAlias = Generator[Ask, Answer, T]


class UploadEnded(Exception):
    """There is no such upload any more: it was completed or given up, or has expired."""


class Meaning(Enum):
    """What an answer that is no success means."""

    NO_BUCKET = "the bucket does not exist"
    NO_OBJECT = "the object does not exist"
    # A store that tells 404 alone: the bucket must be asked for.
    MISSING = "the bucket or the object does not exist"
    NO_UPLOAD = "the upload has ended"
    PRECONDITION = "the object is not as the condition demands"
    BAD_RANGE = "the range begins behind the end"
    REFUSED = "the credential is refused"
    BUSY = "it takes no more calls now"
    LATE = "it did not finish in its own time"
    ELSEWHERE = "the bucket is at another endpoint or in another region"
    DAMAGED = "what came is not what was sent"
    FAILED = "it failed"
    REJECTED = "it refuses the request"


@dataclass(frozen=True, slots=True)
class Stat:
    """What is known of an object. Empty where the store does not tell; `modified` is RFC 3339."""

    key: str
    size: int
    etag: str
    content_type: str = ""
    modified: str = ""
    version_id: str = ""
    storage_class: str = ""
    content_encoding: str = ""
    metadata: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Listing:
    """A page. `following` is the store's own token, empty at the end."""

    objects: Sequence[Stat]
    prefixes: Sequence[str]
    following: str = ""


@dataclass(frozen=True, slots=True)
class Reading:
    """The head of an object that is read: from `offset`, `length` bytes. `digests` are raw, by algorithm of hashlib,
    of all bytes that follow; none where the store tells none of just these."""

    stat: Stat
    offset: int
    length: int
    digests: Mapping[str, bytes] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Writing:
    """What an object is written as, and on which condition: `absent`, or while its etag is `etag`."""

    key: str
    content_type: str = ""
    metadata: Mapping[str, str] = field(default_factory=dict)
    absent: bool = False
    etag: str = ""


@dataclass(frozen=True, slots=True)
class Written:
    """What was written."""

    etag: str
    version_id: str = ""
    size: int | None = None


@dataclass(frozen=True, slots=True)
class Part:
    """A part that is stored."""

    number: int
    size: int
    etag: str


@dataclass(frozen=True, slots=True)
class Pending:
    """An upload that was begun and not ended."""

    key: str
    upload_id: str
    begun: str = ""


@dataclass(frozen=True, slots=True)
class PendingPage:
    """A page of uploads."""

    uploads: Sequence[Pending]
    following: str = ""


@dataclass(frozen=True, slots=True)
class Presigned:
    """A URL that is its own credential, and the headers that must come with it."""

    url: str = field(repr=False)
    headers: Mapping[str, str] = field(default_factory=dict)


class Store(Protocol):
    """One bucket of one kind of store.

    `digest` is the algorithm of `Body.digest`; `rolling`: it covers all of an upload so far and not the part alone.
    `most_parts`: 0 is no limit."""

    connector: Connector
    digest: str
    rolling: bool
    most_parts: int
    lists_uploads: bool

    def origin(self, secret: str) -> str:
        """The address that is called: scheme, host, port and the endpoint's path."""
        ...

    def sign(self, ask: Ask, secret: str, now: float) -> Signed:
        """The request as it goes out; `now` is Unix time."""
        ...

    def presign(self, ask: Ask, secret: str, now: float, seconds: int) -> Presigned:
        """A URL for the request that serves so long. Raises UPSTREAM_AUTHENTICATION."""
        ...

    def meaning(self, ask: Ask, answer: Answer) -> tuple[Meaning, str]:
        """What a failure means, and the store's code for it: an identifier, or empty."""
        ...

    def probe(self) -> Ask:
        """Something that any reader of the bucket may ask, and that fails where there is none."""
        ...

    def list_objects(self, prefix: str, delimiter: str, most: int, token: str) -> Steps[Listing]:
        """One page, by key."""
        ...

    def stat(self, key: str) -> Steps[Stat]:
        """An object's head."""
        ...

    def get(self, key: str, offset: int, length: int | None, etag: str) -> Ask:
        """An object's bytes; the answer is streamed."""
        ...

    def reading(self, key: str, answer: Answer) -> Reading:
        """The head of that stream. Raises ValueError for one that is not of the protocol."""
        ...

    def writing(self, what: Writing) -> Ask:
        """A PUT of the object without its body, for presigning."""
        ...

    def put(self, what: Writing, body: Body) -> Steps[Written]:
        """All of an object at once."""
        ...

    def begin(self, what: Writing) -> Steps[str]:
        """Begin an upload: its id."""
        ...

    def stored(self, key: str, upload_id: str) -> Steps[Sequence[Part]]:
        """The parts that are stored, from the first without gaps."""
        ...

    def part(self, key: str, upload_id: str, number: int, offset: int, body: Body) -> Steps[Part]:
        """Store a part, numbered from 1, that begins at `offset`."""
        ...

    def finish(self, what: Writing, upload_id: str, parts: Sequence[Part], tail: Body) -> Steps[Written]:
        """Store the last bytes, which are fewer than a part's or none, and make the object visible."""
        ...

    def abort(self, key: str, upload_id: str) -> Steps[bool]:
        """Give an upload up; False where there is none, or the store keeps its parts until they expire."""
        ...

    def list_uploads(self, prefix: str, most: int, token: str) -> Steps[PendingPage]:
        """One page of uploads that have not ended, where the store can list them."""
        ...

    def copy(self, source: Stat, key: str) -> Steps[Written]:
        """Copy an object as it was seen."""
        ...

    def delete(self, key: str, etag: str) -> Steps[bool]:
        """Delete an object; False where the store tells that there was none."""
        ...


def encoded(key: str) -> str:
    """A key as a part of a path, RFC 3986; slashes stay."""
    return quote(key, safe="/-_.~")


def query_of(pairs: Sequence[tuple[str, str]]) -> str:
    """The query string, encoded as signatures want it: by RFC 3986, a space as %20."""
    return "&".join(f"{quote(name, safe='-_.~')}={quote(value, safe='-_.~')}" for name, value in pairs)
