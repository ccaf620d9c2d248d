"""What the fault tests measured: a line as each figure is known, and a table at the end of the run."""

from __future__ import annotations

from dataclasses import dataclass

from faults.scale import full


@dataclass(frozen=True, slots=True)
class Figure:
    """One figure of a row of the table in docs/faults.md, with its bar as text."""

    row: int
    what: str
    figure: str
    bar: str

    def line(self) -> str:
        """As it is shown."""
        return f"{self.row:>3}  {self.what:<58} {self.figure:>16}   {self.bar}"


FIGURES: list[Figure] = []


def report(row: int, what: str, figure: object, bar: str = "") -> None:
    """Show a figure now, and again in the table."""
    shown = f"{figure:,.3g}" if isinstance(figure, float) else str(figure)
    found = Figure(row, what, shown, bar)
    FIGURES.append(found)
    print(found.line())


def table() -> list[str]:
    """Every figure so far, by row."""
    head = Figure(0, "what", "figure", "bar").line().replace("  0", "row", 1)
    return [
        f"the {'full' if full else 'short'} form; bars are those of docs/faults.md",
        head,
        *(figure.line() for figure in sorted(FIGURES, key=lambda figure: figure.row)),
    ]
