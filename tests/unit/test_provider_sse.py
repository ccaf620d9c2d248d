"""The SSE parser: the same events however the bytes are cut."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st
from trunkline_server.providers.progress import PIECE_BYTES, Progress
from trunkline_server.providers.sse import SseParser
from trunkline_server.providers.wire import Frame, FrameTooLongError

STREAM = (
    "\ufeff: a comment\n\n"
    'data: {"a": 1}\n\n'
    "event: error\ndata:two\ndata: lines\nid: 7\nretry: 10\n\n"
    "\n\n\n"
    ": nothing but a comment\n\n"
    "data\n\n"
    "data: é 漢\n\n"
    "data: [DONE]\n\n"
).encode()
EVENTS = [
    Frame("", b'{"a": 1}'),
    Frame("error", b"two\nlines"),
    Frame("", b""),
    Frame("", "é 漢".encode()),
    Frame("", b"[DONE]"),
]


def _parse(pieces: list[bytes]) -> list[Frame]:
    parser = SseParser()
    found = [event for piece in pieces for event in parser.feed(piece)]
    return found + parser.close()


@pytest.mark.parametrize("newline", [b"\n", b"\r\n", b"\r"])
def test_every_split_in_two(newline: bytes) -> None:
    stream = STREAM.replace(b"\n", newline)
    for cut in range(len(stream) + 1):
        assert _parse([stream[:cut], stream[cut:]]) == EVENTS


@pytest.mark.parametrize("newline", [b"\n", b"\r\n", b"\r"])
def test_byte_by_byte(newline: bytes) -> None:
    stream = STREAM.replace(b"\n", newline)
    assert _parse([stream[i : i + 1] for i in range(len(stream))]) == EVENTS


@given(
    st.lists(st.text(alphabet="ab:é ", max_size=6), max_size=8),
    st.lists(st.integers(0, 200), max_size=6),
    st.sampled_from(["\n", "\r\n", "\r"]),
)
def test_random_data_at_random_cuts(texts: list[str], cuts: list[int], newline: str) -> None:
    stream = "".join(f"data: {text}{newline}{newline}" for text in texts).encode()
    places = [0, *sorted(min(cut, len(stream)) for cut in cuts), len(stream)]
    pieces = [stream[a:b] for a, b in pairwise(places)]
    assert _parse(pieces) == [Frame("", text.encode()) for text in texts]


def test_an_event_comes_as_soon_as_its_blank_line_does() -> None:
    parser = SseParser()
    assert parser.feed(b"data: 1\r\n\r") == [Frame("", b"1")]
    assert parser.feed(b"\ndata: 2\r\n\r\n") == [Frame("", b"2")]


def test_the_last_event_needs_no_blank_line() -> None:
    for end in (b"", b"\n", b"\r"):
        assert _parse([b"data: 1\n\ndata: [DONE]" + end]) == [Frame("", b"1"), Frame("", b"[DONE]")]


def test_an_endless_event_is_refused() -> None:
    parser = SseParser(max_event_bytes=100)
    assert parser.feed(b"data: " + b"x" * 90) == []
    with pytest.raises(FrameTooLongError):
        parser.feed(b"x" * 10)


def test_whole_frames_and_comments_are_signs_of_life() -> None:
    parser = SseParser()
    for piece, completed in (
        (b"data: 1", 0),
        (b"\n\n", 1),
        (b"\n\n\r\n", 1),
        (b": ping\n", 1),
        (b"\n", 2),
        (b"data", 2),
    ):
        parser.feed(piece)
        assert parser.completed == completed


def test_bytes_that_make_no_frame_are_no_progress() -> None:
    parser = SseParser()
    progress = Progress(parser)

    def made(data: bytes) -> bool:
        parser.feed(data)
        return progress.made(len(data))

    assert made(b"data: 1\n\n")
    assert not any(made(bytes([byte])) for byte in b"data: xxxxxxxx")
    assert made(b"\n\n")
    # A large frame on a slow line.
    piece = b"x" * (PIECE_BYTES // 2)
    assert [made(piece) for _ in range(4)] == [False, True, False, True]
