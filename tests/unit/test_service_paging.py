"""Pages of lists in memory."""

from __future__ import annotations

import base64

import pytest
from trunkline_server.services.paging import DEFAULT_PAGE_SIZE, page
from unit.service_parts import refused


@pytest.mark.parametrize("size", [1, 2, 3, 7, 8])
def test_the_pages_together_are_the_list(size: int) -> None:
    items, found, token, pages = list(range(7)), list[int](), "", 0
    while True:
        part, token = page(items, size, token)
        found.extend(part)
        pages += 1
        if not token:
            break
    assert found == items
    assert pages == -(-len(items) // size)


def test_a_page_holds_a_hundred_unless_told() -> None:
    items = list(range(DEFAULT_PAGE_SIZE + 1))
    first, token = page(items, 0, "")
    assert (len(first), DEFAULT_PAGE_SIZE) == (100, 100)
    assert page(items, 0, token) == ([100], "")


def test_a_list_that_shrank_ends() -> None:
    _, token = page(list(range(9)), 8, "")
    assert page([1], 8, token) == ([], "")


@pytest.mark.parametrize(
    "token",
    ["!", "abc", "ä", *(base64.urlsafe_b64encode(text).decode() for text in (b"-1", b" 1", b"01", b"x", b"1_0"))],
)
def test_only_its_own_tokens_are_taken_back(token: str) -> None:
    with refused("INVALID_REQUEST", "page_token"):
        page([1, 2, 3], 1, token)


def test_a_token_with_noise_is_not_its_own() -> None:
    _, token = page([1, 2, 3], 1, "")
    with refused("INVALID_REQUEST", "page_token"):
        page([1, 2, 3], 1, f"{token}\n")
