"""A scatter plot as SVG, for figures in the documentation."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import log10

_WIDTH, _HEIGHT = 720, 440
# About the width of a letter.
_LETTER = 6.2
_LEFT, _RIGHT, _TOP, _BOTTOM = 60, 24, 40, 48
_STYLE = (
    "text{font:12px sans-serif;fill:#333}.title{font-size:14px;font-weight:bold}"
    ".grid{stroke:#ddd}.axis{stroke:#666}.point{fill:#2563a8}.mark{fill:#c2410c}"
)


@dataclass(frozen=True, slots=True)
class Point:
    """A point with its name; a marked one stands out."""

    name: str
    x: float
    y: float
    marked: bool = False


def scatter(title: str, x_label: str, y_label: str, points: Sequence[Point]) -> str:
    """The plot; the x axis is logarithmic, its ticks are 1, 2 and 5 of each decade, y is in per cent."""
    low, high = min(p.x for p in points) * 0.8, max(p.x for p in points) * 1.6
    bottom, top = min(p.y for p in points) - 0.02, max(p.y for p in points) + 0.02

    def x_of(value: float) -> float:
        return _LEFT + (log10(value) - log10(low)) / (log10(high) - log10(low)) * (_WIDTH - _LEFT - _RIGHT)

    def y_of(value: float) -> float:
        return _HEIGHT - _BOTTOM - (value - bottom) / (top - bottom) * (_HEIGHT - _TOP - _BOTTOM)

    floor = _HEIGHT - _BOTTOM
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {_HEIGHT}" role="img">',
        f"<title>{title}</title><style>{_STYLE}</style>",
        f'<rect width="{_WIDTH}" height="{_HEIGHT}" fill="#fff"/>',
        f'<text class="title" x="{_LEFT}" y="22">{title}</text>',
    ]
    for tick in (step * 10.0**power for power in range(-4, 5) for step in (1, 2, 5)):
        if low <= tick <= high:
            at = x_of(tick)
            parts.append(f'<line class="grid" x1="{at:.1f}" x2="{at:.1f}" y1="{_TOP}" y2="{floor}"/>')
            parts.append(f'<text x="{at:.1f}" y="{floor + 18}" text-anchor="middle">{tick:g}</text>')
    for tick in (step / 20 for step in range(21)):
        if bottom <= tick <= top:
            at = y_of(tick)
            parts.append(f'<line class="grid" x1="{_LEFT}" x2="{_WIDTH - _RIGHT}" y1="{at:.1f}" y2="{at:.1f}"/>')
            parts.append(f'<text x="{_LEFT - 8}" y="{at + 4:.1f}" text-anchor="end">{tick:.0%}</text>')
    parts.append(f'<line class="axis" x1="{_LEFT}" x2="{_WIDTH - _RIGHT}" y1="{floor}" y2="{floor}"/>')
    parts.append(f'<line class="axis" x1="{_LEFT}" x2="{_LEFT}" y1="{_TOP}" y2="{floor}"/>')
    parts.append(f'<text x="{(_LEFT + _WIDTH) / 2:.0f}" y="{_HEIGHT - 10}" text-anchor="middle">{x_label}</text>')
    parts.append(f'<text x="{_LEFT}" y="{_TOP - 4}" text-anchor="start">{y_label}</text>')
    places = [(x_of(point.x), y_of(point.y)) for point in points]
    taken = [(x - 6, x + 6, y) for x, y in places]
    for point, (x, y) in zip(points, places, strict=True):
        kind = "mark" if point.marked else "point"
        parts.append(f'<circle class="{kind}" cx="{x:.1f}" cy="{y:.1f}" r="4.5"/>')
        parts.append(_label(point.name, x, y, taken))
    return "\n".join([*parts, "</svg>", ""])


def _label(name: str, x: float, y: float, taken: list[tuple[float, float, float]]) -> str:
    """The name beside its point, right or left of it, as near as nothing else stands there."""
    wide = _LETTER * len(name)
    for off in (4, 16, -8, 28, -20, 40, -32):
        for start, anchor, at in ((x + 8, "start", x + 8), (x - 8 - wide, "end", x - 8)):
            end, line = start + wide, y + off - 4
            free = all(start > right + 4 or left > end + 4 or abs(line - other) >= 11 for left, right, other in taken)
            if free and start > _LEFT and end < _WIDTH:
                taken.append((start, end, line))
                return f'<text x="{at:.1f}" y="{y + off:.1f}" text-anchor="{anchor}">{name}</text>'
    return ""
