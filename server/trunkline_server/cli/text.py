"""Plain text for people: tables, money, durations, and the colours that only a terminal gets."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import click
from google.protobuf.duration_pb2 import Duration
from google.type.money_pb2 import Money

from trunkline_server.domain.money import NANO, to_nano


def table(head: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """Columns as wide as their widest cell, two spaces apart; numbers to the right."""
    cells = [list(head), *([str(cell) for cell in row] for row in rows)]
    right = [all(_number(row[at]) for row in cells[1:]) and len(cells) > 1 for at in range(len(head))]
    widths = [max(len(row[at]) for row in cells) for at in range(len(head))]
    lines = (
        "  ".join(
            cell.rjust(width) if to_right else cell.ljust(width) for cell, width, to_right in zip(*row, strict=True)
        )
        for row in ((line, widths, right) for line in cells)
    )
    return "\n".join(line.rstrip() for line in lines)


def facts(rows: Iterable[tuple[str, object]]) -> str:
    """Names and values, one pair a line."""
    pairs = [(name, str(value)) for name, value in rows]
    width = max((len(name) for name, _ in pairs), default=0)
    return "\n".join(f"  {name.ljust(width)}  {value}" for name, value in pairs)


def usd(nano_usd: int) -> str:
    """Nano-USD as dollars, every digit that counts: `$0.000004260`, `$10.00`."""
    sign, amount = "-" if nano_usd < 0 else "", abs(nano_usd)
    decimals = f"{amount % NANO:09d}"
    return f"{sign}${amount // NANO}.{decimals[:2] if decimals[2:] == '0000000' else decimals}"


def money(amount: Money) -> str:
    """Money as dollars, as `usd`."""
    return usd(to_nano(amount))


def milliseconds(duration: Duration) -> str:
    """`12.3 ms`."""
    return f"{duration.ToMicroseconds() / 1000:.1f} ms"


def name_of(text: str, prefix: str) -> str:
    """An enum value's name as people write it: `BUDGET_SCOPE_API_KEY` is `api_key`."""
    return text.removeprefix(prefix).lower()


def dim(text: str) -> str:
    """Fainter on a terminal; click drops it elsewhere."""
    return click.style(text, dim=True)


def _number(text: str) -> bool:
    digits = text.lstrip("-$").rstrip("%").removesuffix(" ms")
    return digits == "" or digits.replace(".", "", 1).isdigit()
