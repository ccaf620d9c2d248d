"""What tokens cost: exact bills from usage, and sound upper bounds before a call."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from trunkline.v1.common_pb2 import CostDetails, TokenClass, Usage
from trunkline.v1.model_pb2 import TokenPrice

from trunkline_server.domain.money import token_cost
from trunkline_server.domain.sizes import Size

_INPUT = TokenClass.TOKEN_CLASS_INPUT
_OUTPUT = TokenClass.TOKEN_CLASS_OUTPUT
_WRITE, _WRITE_LONG = TokenClass.TOKEN_CLASS_CACHE_WRITE, TokenClass.TOKEN_CLASS_CACHE_WRITE_LONG

# Parts of `input_tokens` and `output_tokens` that may have a price of their own: (class, field of Usage, the whole).
_PARTS = (
    (TokenClass.TOKEN_CLASS_CACHE_READ, "cache_read_tokens", _INPUT),
    (_WRITE_LONG, "cache_write_long_tokens", _INPUT),
    (_WRITE, "cache_write_tokens", _INPUT),
    (TokenClass.TOKEN_CLASS_AUDIO_INPUT, "audio_input_tokens", _INPUT),
    (TokenClass.TOKEN_CLASS_IMAGE_INPUT, "image_input_tokens", _INPUT),
    (TokenClass.TOKEN_CLASS_REASONING, "reasoning_tokens", _OUTPUT),
    (TokenClass.TOKEN_CLASS_AUDIO_OUTPUT, "audio_output_tokens", _OUTPUT),
    (TokenClass.TOKEN_CLASS_IMAGE_OUTPUT, "image_output_tokens", _OUTPUT),
)


@dataclass(frozen=True, slots=True)
class PriceList:
    """The prices of one model, in nano-USD per million tokens: class -> ((from input tokens, price), …) ascending."""

    version: str
    tiers: Mapping[int, tuple[tuple[int, int], ...]]
    # The dearest price of each direction, for upper bounds.
    dearest_input: int = field(default=0)
    dearest_output: int = field(default=0)
    # The prices of plain input and output before any step, and whether there are steps.
    base_input: int = field(default=0)
    base_output: int = field(default=0)
    stepped: bool = field(default=False)
    # Those of _PARTS that have a price: most models have none or one.
    parts: tuple[tuple[TokenClass.ValueType, str, TokenClass.ValueType], ...] = field(default=())

    @classmethod
    def of(cls, prices: Iterable[TokenPrice], version: str, *, writes: bool = True) -> PriceList | None:
        """The price list of a model; None when it has no price for input, or for output though it writes some."""
        tiers: dict[int, list[tuple[int, int]]] = {}
        for price in prices:
            tiers.setdefault(price.token_class, []).append((price.from_input_tokens, price.nano_usd_per_million))
        if _WRITE in tiers:
            tiers.setdefault(_WRITE_LONG, tiers[_WRITE])
        if _INPUT not in tiers or (writes and _OUTPUT not in tiers):
            return None
        frozen = {token_class: tuple(sorted(steps)) for token_class, steps in tiers.items()}

        def dearest(whole: int) -> int:
            classes = [whole, *(part for part, _, of in _PARTS if of == whole)]
            return max((price for part in classes for _, price in frozen.get(part, ())), default=0)

        base = [frozen.get(whole, ((0, 0),)) for whole in (_INPUT, _OUTPUT)]
        return cls(
            version,
            frozen,
            dearest(_INPUT),
            dearest(_OUTPUT),
            base_input=base[0][0][1],
            base_output=base[1][0][1],
            stepped=any(len(steps) > 1 for steps in base),
            parts=tuple(part for part in _PARTS if part[0] in frozen),
        )

    def price(self, token_class: int, input_tokens: int) -> int | None:
        """Nano-USD per million tokens of a class, in a call that reads `input_tokens`; None where it has none."""
        steps = self.tiers.get(token_class)
        if steps is None:
            return None
        found = steps[0][1]
        for start, price in steps[1:]:
            if input_tokens < start:
                break
            found = price
        return found


def bill(prices: PriceList | None, usage: Usage) -> CostDetails:
    """The exact bill of a call. Parts without a price of their own cost what their whole costs."""
    details = CostDetails(estimated=usage.source == 2)
    if prices is None:
        details.price_unknown = True
        return details
    details.price_version = prices.version
    whole = {_INPUT: usage.input_tokens, _OUTPUT: usage.output_tokens}
    if usage.HasField("billed_input_tokens"):
        whole[_INPUT] = usage.billed_input_tokens
    if usage.HasField("billed_output_tokens"):
        whole[_OUTPUT] = usage.billed_output_tokens
    input_tokens = usage.input_tokens
    items: list[tuple[TokenClass.ValueType, int, int]] = []
    for token_class, name, of in prices.parts:
        tokens = getattr(usage, name)
        if not tokens:
            continue
        if token_class == _WRITE:
            tokens = max(0, tokens - usage.cache_write_long_tokens)  # Billed before, as a class of its own.
        tokens = min(tokens, whole[of])
        whole[of] -= tokens
        items.append((token_class, tokens, prices.price(token_class, input_tokens) or 0))
    items += [(of, left, prices.price(of, input_tokens) or 0) for of, left in whole.items() if left > 0]
    total, lines = 0, details.items
    for token_class, tokens, price in items:
        cost = token_cost(tokens, price)
        lines.add(token_class=token_class, tokens=tokens, nano_usd_per_million=price, nano_usd=cost)
        total += cost
    details.nano_usd = total
    return details


def expected_cost(prices: PriceList | None, size: Size, output_tokens: int) -> int:
    """Nano-USD that the call is likely to cost, for comparing candidates. Unknown prices sort last."""
    if prices is None:
        return 1 << 62
    return token_cost(size.likely, prices.price(_INPUT, size.likely) or 0) + token_cost(
        output_tokens, prices.price(_OUTPUT, size.likely) or 0
    )


def most_cost(prices: PriceList | None, size: Size, output_tokens: int) -> int:
    """Nano-USD that the call cannot exceed when `output_tokens` bounds its answers: what is held."""
    if prices is None:
        return 0
    return token_cost(size.bound, prices.dearest_input) + token_cost(output_tokens, prices.dearest_output)
