"""Money, prices and bills."""

from __future__ import annotations

import pytest
from google.type.money_pb2 import Money
from hypothesis import given
from hypothesis import strategies as st
from trunkline.v1.common_pb2 import TokenClass, Usage, UsageSource
from trunkline.v1.completion_pb2 import CompleteRequest
from trunkline.v1.content_pb2 import Media, MediaKind, Message, Part, ToolResult
from trunkline.v1.model_pb2 import TokenPrice
from trunkline_server.domain.money import NANO, to_money, to_nano, token_cost
from trunkline_server.domain.pricing import PriceList, bill, expected_cost, most_cost
from trunkline_server.domain.sizes import Size, size

INPUT = TokenClass.TOKEN_CLASS_INPUT
OUTPUT = TokenClass.TOKEN_CLASS_OUTPUT
CACHE_READ = TokenClass.TOKEN_CLASS_CACHE_READ
REASONING = TokenClass.TOKEN_CLASS_REASONING
WRITE = TokenClass.TOKEN_CLASS_CACHE_WRITE
WRITE_LONG = TokenClass.TOKEN_CLASS_CACHE_WRITE_LONG


def prices(*steps: tuple[TokenClass.ValueType, int, int]) -> PriceList:
    found = PriceList.of(
        [
            TokenPrice(token_class=token_class, from_input_tokens=start, nano_usd_per_million=price)
            for token_class, start, price in steps
        ],
        "v1",
    )
    assert found is not None
    return found


TIERED = prices((INPUT, 0, 1_000_000), (INPUT, 1000, 2_000_000), (OUTPUT, 0, 4_000_000), (CACHE_READ, 0, 100_000))


@given(st.integers(min_value=-(10**18), max_value=10**18))
def test_money_keeps_every_nano(nano: int) -> None:
    money = to_money(nano)
    assert to_nano(money) == nano
    assert abs(money.nanos) < NANO
    assert money.units * money.nanos >= 0
    assert money.currency_code == "USD"


def test_money_of_people() -> None:
    assert to_nano(Money(units=1, nanos=500_000_000)) == 1_500_000_000


@given(st.integers(0, 10**9), st.integers(0, 10**12))
def test_token_cost_rounds_up_by_less_than_one(tokens: int, price: int) -> None:
    cost = token_cost(tokens, price)
    assert 0 <= cost * 1_000_000 - tokens * price < 1_000_000


def test_a_list_without_input_or_output_is_none() -> None:
    assert PriceList.of([TokenPrice(token_class=INPUT, nano_usd_per_million=1)], "v") is None
    assert PriceList.of([], "v") is None


@pytest.mark.parametrize(("tokens", "price"), [(0, 1_000_000), (999, 1_000_000), (1000, 2_000_000), (10**6, 2_000_000)])
def test_the_tier_follows_the_input(tokens: int, price: int) -> None:
    assert TIERED.price(INPUT, tokens) == price


def test_a_class_without_a_price_has_none() -> None:
    assert TIERED.price(REASONING, 0) is None


def test_a_bill_counts_every_token_once() -> None:
    found = bill(TIERED, Usage(input_tokens=900, output_tokens=50, cache_read_tokens=300, reasoning_tokens=20))
    items = {item.token_class: (item.tokens, item.nano_usd) for item in found.items}
    assert items == {CACHE_READ: (300, 30), INPUT: (600, 600), OUTPUT: (50, 200)}
    assert (found.nano_usd, found.price_version, found.estimated) == (830, "v1", False)


def test_parts_never_exceed_their_whole() -> None:
    found = bill(TIERED, Usage(input_tokens=100, output_tokens=0, cache_read_tokens=500))
    assert [(item.token_class, item.tokens) for item in found.items] == [(CACHE_READ, 100)]


@pytest.mark.parametrize(
    ("steps", "billed"),
    [
        # Both priced; one priced, which serves both; only the long one; neither.
        ([(WRITE, 0, 10**6), (WRITE_LONG, 0, 3 * 10**6)], {WRITE: (20, 20), WRITE_LONG: (10, 30), INPUT: (70, 70)}),
        ([(WRITE, 0, 2 * 10**6)], {WRITE: (20, 40), WRITE_LONG: (10, 20), INPUT: (70, 70)}),
        ([(WRITE_LONG, 0, 3 * 10**6)], {WRITE_LONG: (10, 30), INPUT: (90, 90)}),
        ([], {INPUT: (100, 100)}),
    ],
)
def test_long_cache_writes_are_a_part_of_the_writes(
    steps: list[tuple[TokenClass.ValueType, int, int]], billed: dict[int, tuple[int, int]]
) -> None:
    usage = Usage(input_tokens=100, cache_write_tokens=30, cache_write_long_tokens=10)
    found = bill(prices((INPUT, 0, 10**6), (OUTPUT, 0, 10**6), *steps), usage)
    assert {item.token_class: (item.tokens, item.nano_usd) for item in found.items} == billed


def test_what_the_provider_does_not_bill_costs_nothing() -> None:
    """A recorded answer of Cohere: 1,522 tokens read, 992 of them cached, 40 billed."""
    usage = Usage(input_tokens=1522, output_tokens=21, cache_read_tokens=992, billed_input_tokens=40)
    usage.billed_output_tokens = 8
    found = bill(prices((INPUT, 0, 10**6), (OUTPUT, 0, 2 * 10**6)), usage)
    assert {item.token_class: item.tokens for item in found.items} == {INPUT: 40, OUTPUT: 8}
    assert found.nano_usd == 56
    nothing = Usage(input_tokens=9, billed_input_tokens=0)
    assert bill(prices((INPUT, 0, 10**6), (OUTPUT, 0, 10**6)), nothing).nano_usd == 0


def test_more_long_writes_than_writes_cost_no_less_than_nothing() -> None:
    usage = Usage(input_tokens=100, cache_write_tokens=5, cache_write_long_tokens=10)
    found = bill(prices((INPUT, 0, 10**6), (OUTPUT, 0, 10**6), (WRITE, 0, 10**6)), usage)
    assert all(item.tokens >= 0 for item in found.items)
    assert found.nano_usd == 100


@given(st.integers(0, 10**7), st.integers(0, 10**7), st.integers(0, 10**7))
def test_the_bound_is_never_below_the_bill(input_tokens: int, cached: int, output_tokens: int) -> None:
    usage = Usage(input_tokens=input_tokens, cache_read_tokens=min(cached, input_tokens), output_tokens=output_tokens)
    # Each item of a bill is rounded up by itself: at most one nano each more than the whole.
    assert bill(TIERED, usage).nano_usd <= most_cost(TIERED, Size(input_tokens, input_tokens), output_tokens) + 2


def test_estimates_and_unknown_prices_are_marked() -> None:
    assert bill(TIERED, Usage(source=UsageSource.USAGE_SOURCE_ESTIMATED)).estimated
    unknown = bill(None, Usage(input_tokens=5))
    assert unknown.price_unknown
    assert unknown.nano_usd == 0


def test_expected_cost_puts_unknown_prices_last() -> None:
    guess = Size(likely=500, bound=2000)
    assert expected_cost(TIERED, guess, 100) == 500 + 400
    assert expected_cost(None, guess, 100) > 10**18
    assert most_cost(None, guess, 100) == 0
    assert most_cost(TIERED, guess, 100) == 4000 + 400


def test_size_bounds_text_by_bytes_and_media_by_address() -> None:
    text = CompleteRequest(prompt="x" * 4000)
    assert size(text).bound > 4000 > size(text).likely > 1000
    image = Part(media=Media(kind=MediaKind.MEDIA_KIND_IMAGE, uri="https://example.com/a.png"))
    inline = Part(media=Media(data=b"x" * 10))
    by_address = size(CompleteRequest(messages=[Message(parts=[image])]))
    assert by_address.bound > 49_152 > by_address.likely > 1600
    assert size(CompleteRequest(messages=[Message(parts=[inline])])).bound < 200


@pytest.mark.parametrize(
    ("kind", "mime", "likely", "bound"),
    [
        (MediaKind.MEDIA_KIND_IMAGE, "image/png", 1600, 49_152),
        (MediaKind.MEDIA_KIND_AUDIO, "audio/mpeg", 2000, 62_500),
        (MediaKind.MEDIA_KIND_VIDEO, "video/mp4", 2500, 62_500),
        (MediaKind.MEDIA_KIND_DOCUMENT, "application/pdf", 31_250, 1_000_000),
        (MediaKind.MEDIA_KIND_DOCUMENT, "text/plain", 250_000, 1_000_000),
    ],
)
def test_inline_media_is_not_counted_as_text(kind: MediaKind.ValueType, mime: str, likely: int, bound: int) -> None:
    media = Part(media=Media(kind=kind, mime_type=mime, data=b"x" * 1_000_000))
    for part in (media, Part(tool_result=ToolResult(tool_call_id="c", parts=[media]))):
        found = size(CompleteRequest(messages=[Message(parts=[part])]))
        assert likely <= found.likely < likely + 100
        assert bound <= found.bound < bound + 200
        assert found.least < 100
