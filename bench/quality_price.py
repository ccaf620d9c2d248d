"""Fits quality to the logarithm of the output price, over the models of the catalogue that have both, and prints the
line of domain/quality.py with its error.

Run: `python bench/quality_price.py`. A model that several providers sell counts once, at the median of their prices.
"""

from __future__ import annotations

from statistics import median

import numpy as np
from numpy.typing import NDArray
from trunkline_server.domain import quality
from trunkline_server.domain.pricing import PriceList
from trunkline_server.providers.catalogue import PriceCatalogue
from trunkline_server.providers.published import published

Points = NDArray[np.float64]


def points() -> tuple[Points, Points]:
    """Output prices (log10 of USD per million tokens) and qualities, one of each model."""
    prices: dict[str, list[int]] = {}
    for model in PriceCatalogue().models():
        offer = PriceList.of(model.prices, "")
        row = published().row(model.id)
        if row is not None and offer is not None and offer.dearest_output:
            prices.setdefault(row, []).append(offer.dearest_output)
    x = np.array([np.log10(median(found) / 1e9) for found in prices.values()])
    y = np.array([published().scores[row] for row in prices])
    return x, y


def main() -> None:
    """Print the fit, and the error of the committed constants on the same models."""
    x, y = points()
    slope, base = np.polyfit(x, y, 1)
    left = y - (base + slope * x)
    print(f"{len(x)} models: quality = {base:.3f} + {slope:.3f} * log10(USD per million output tokens)")
    print(f"standard error {left.std(ddof=2):.3f}, R² {1 - left.var() / y.var():.2f}")
    told = np.array([quality.from_price(round(10**one * 1e9)) for one in x])
    print(f"as committed: mean absolute error {abs(y - told).mean():.3f}, standard error {(y - told).std():.3f}")
    print(f"the mean alone: {y.mean():.3f}, standard error {y.std():.3f}")


if __name__ == "__main__":
    main()
