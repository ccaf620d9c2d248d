"""Money is integer nano-USD (1e-9 USD); google.type.Money appears only where people read it."""

from __future__ import annotations

from google.type.money_pb2 import Money

NANO = 1_000_000_000


def to_money(nano_usd: int) -> Money:
    """Nano-USD as Money; units and nanos carry the same sign."""
    found = Money()
    put_money(found, nano_usd)
    return found


def put_money(field: Money, nano_usd: int) -> None:
    """Set a field of a message; assigning what `to_money` gives would encode and decode it."""
    sign = -1 if nano_usd < 0 else 1
    units, nanos = divmod(abs(nano_usd), NANO)
    field.currency_code, field.units, field.nanos = "USD", sign * units, sign * nanos


def to_nano(money: Money) -> int:
    """Money as nano-USD. The currency is validated at the edge."""
    return money.units * NANO + money.nanos


def token_cost(tokens: int, nano_usd_per_million: int) -> int:
    """Nano-USD for tokens, rounded up, so that nothing is ever free by rounding."""
    return -(-tokens * nano_usd_per_million // 1_000_000)
