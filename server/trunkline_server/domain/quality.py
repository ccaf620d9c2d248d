"""How good a model is, from 0 to 1: a published score, weighed against what the tenant's own callers said.

A published score counts like so many judgements of its own mean: the mean of a Beta prior. A judgement between 0 and 1
has a variance of 1/4 at most, so a prior whose standard error is `e` is worth 1 / (4 e²) of them.
"""

from __future__ import annotations

from collections.abc import Mapping
from math import log10

from trunkline.v1.model_pb2 import Model
from trunkline.v1.requirements_pb2 import Quality

from trunkline_server.domain.steering import Judged

# Worth of a published or configured score: on a tenant's own work it is taken to be off by 0.1.
PRIOR_JUDGEMENTS = 25
# The price predicts published scores with a standard error of 0.134 (bench/quality_price.py): 1 / (4 * 0.134²).
PRICE_JUDGEMENTS = 14
# Without both: the mean of the published scores, which spread by 0.16 around it.
UNKNOWN_JUDGEMENTS = 10
_MEAN = 0.62

# Quality by the price of output: _AT_ONE_USD at 1 USD per million tokens, and _PER_DECADE more for ten times as much.
# Fitted by bench/quality_price.py, which prints both and the error.
_AT_ONE_USD = 0.585
_PER_DECADE = 0.116
_ONE_USD = 1_000_000_000

PRICE = "price"
FEEDBACK = "feedback"

# The least score of each quality. On the published list (providers/quality.toml) 0.5 stands below gpt-4o-mini and
# Llama 3.3 70B and above Llama 3.1 8B; 0.725 is the score of gpt-5, and stands above gpt-4.1 and Claude Haiku 4.5.
QUALITY_FLOORS: Mapping[Quality.ValueType, float] = {
    Quality.QUALITY_UNSPECIFIED: 0.0,
    Quality.QUALITY_BASIC: 0.0,
    Quality.QUALITY_STANDARD: 0.5,
    Quality.QUALITY_PREMIUM: 0.725,
}


def quality_of(facts: Model, judged: Judged | None, output_price: int | None) -> tuple[float | None, str]:
    """The quality of a model and where it comes from: `facts.quality_source`, `price`, or `feedback` where that weighs
    more than the rest. `output_price` is the dearest one, in nano-USD per million tokens. (None, "") where nothing is
    known."""
    samples = judged.samples if judged is not None else 0
    if facts.HasField("quality"):
        prior, source, worth = facts.quality, facts.quality_source, PRIOR_JUDGEMENTS
    elif output_price:
        prior, source, worth = from_price(output_price), PRICE, PRICE_JUDGEMENTS
    elif samples:
        prior, source, worth = _MEAN, FEEDBACK, UNKNOWN_JUDGEMENTS
    else:
        return None, ""
    if judged is None or not samples:
        return prior, source
    mean = (prior * worth + judged.mean * samples) / (worth + samples)
    return mean, FEEDBACK if samples > worth else source


def from_price(output_price: int) -> float:
    """How good models usually are whose dearest output price, above 0, is this: nano-USD per million tokens."""
    return min(1.0, max(0.0, _AT_ONE_USD + _PER_DECADE * log10(output_price / _ONE_USD)))
