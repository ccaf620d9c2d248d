"""Places in a growing text: characters as bytes, without the text."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from trunkline_server.providers.widths import Widths

texts = st.text(alphabet=st.sampled_from("ab é€𝄞漢字\n"), max_size=30) | st.text(max_size=10)


@given(st.lists(texts, max_size=8))
def test_a_character_lies_where_it_lies_in_the_whole_text(pieces: list[str]) -> None:
    widths, whole = Widths(), "".join(pieces)
    for piece in pieces:
        widths.grow(piece)
    assert widths.length == len(whole)
    assert [widths.offset(n) for n in range(len(whole) + 1)] == [len(whole[:n].encode()) for n in range(len(whole) + 1)]
