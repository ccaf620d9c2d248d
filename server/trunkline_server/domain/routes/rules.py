"""The hard constraints, as a table of named rules. They bind every candidate, fallbacks included.

A rule says in words what is wrong with one candidate, and marks in columns which candidates pass; both mean the same.
The first rule of the table that a candidate does not meet is the one that rejects it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, fields

import numpy as np
from trunkline.v1.model_pb2 import Modality
from trunkline.v1.requirements_pb2 import ModelRequirements, Quality

from trunkline_server.domain.duration import seconds
from trunkline_server.domain.money import to_nano
from trunkline_server.domain.quality import QUALITY_FLOORS
from trunkline_server.domain.routes.candidates import Candidate, Columns, Flags, RouteTable
from trunkline_server.domain.vocabulary import CAPABILITIES, bits

_TEXT = 1 << Modality.MODALITY_TEXT


@dataclass(frozen=True, slots=True)
class Constraints:
    """What one party asks of every candidate: the request, with its tenant, or a policy, whose id `origin` is.

    `reads` and `writes` have a bit for each modality. `max_price` is nano-USD per token, `max_retention` seconds.
    """

    capabilities: frozenset[str] = frozenset()
    reads: int = 0
    writes: int = 0
    residency: str = ""
    max_price: int | None = None
    max_retention: float | None = None
    min_context: int = 0
    quality: Quality.ValueType = Quality.QUALITY_UNSPECIFIED
    min_quality: float = 0.0
    allowed: frozenset[str] = frozenset()
    denied: frozenset[str] = frozenset()
    origin: str = ""
    # Every call looks for its pool by them: to work it out each time takes a tenth of planning.
    _hash: int = field(init=False, compare=False, repr=False)

    def __post_init__(self) -> None:
        stated = (getattr(self, one.name) for one in fields(self) if one.compare)
        object.__setattr__(self, "_hash", hash(tuple(stated)))

    def __hash__(self) -> int:
        return self._hash

    @classmethod
    def of(
        cls,
        wanted: ModelRequirements,
        *,
        capabilities: frozenset[str] = frozenset(),
        reads: int = 0,
        residency: str = "",
        allowed: Sequence[str] = (),
        denied: Sequence[str] = (),
        origin: str = "",
    ) -> Constraints:
        """The constraints of requirements, with what else is known of a party's wishes."""
        keeps = seconds(wanted.max_data_retention) if wanted.HasField("max_data_retention") else None
        return cls(
            capabilities=capabilities or frozenset(wanted.capabilities),
            reads=reads,
            writes=sum(1 << kind for kind in set(wanted.output_modalities)),
            residency=residency or wanted.data_residency,
            max_price=to_nano(wanted.max_cost_per_token) if wanted.HasField("max_cost_per_token") else None,
            max_retention=keeps,
            min_context=wanted.min_context_tokens,
            quality=wanted.quality,
            min_quality=wanted.min_quality,
            allowed=frozenset((*wanted.allowed_models, *allowed)),
            denied=frozenset((*wanted.denied_models, *denied)),
            origin=origin,
        )


@dataclass(frozen=True, slots=True)
class Rule:
    """`finding` says what is wrong with a candidate; None: nothing. `passes` marks the candidates that pass; None: all
    do."""

    name: str
    finding: Callable[[Candidate, Constraints], str | None]
    passes: Callable[[RouteTable, Columns, Constraints], Flags | None]


# ── In words ────────────────────────────────────────────────────────────────────────────────────────────────────


def _disabled(one: Candidate, _: Constraints) -> str | None:
    return "the integration is switched off" if one.disabled else None


def _not_allowed(one: Candidate, wanted: Constraints) -> str | None:
    if not wanted.allowed or not wanted.allowed.isdisjoint(one.names):
        return None
    return "is not among the allowed models"


def _denied(one: Candidate, wanted: Constraints) -> str | None:
    return "is among the denied models" if not wanted.denied.isdisjoint(one.names) else None


def _capability(one: Candidate, wanted: Constraints) -> str | None:
    missing = wanted.capabilities - one.capabilities
    return f"lacks {', '.join(sorted(missing))}" if missing else None


def _modality(one: Candidate, wanted: Constraints) -> str | None:
    reads = {1 << kind for kind in one.facts.input_modalities}
    writes = {1 << kind for kind in one.facts.output_modalities} or {_TEXT}
    # What it reads is often unknown; what it writes beside text is not done in secret.
    if reads and wanted.reads & ~sum(reads):
        return f"does not read {_kinds(wanted.reads & ~sum(reads))}"
    return f"does not write {_kinds(wanted.writes & ~sum(writes))}" if wanted.writes & ~sum(writes) else None


def _kinds(flags: int) -> str:
    named = (Modality.Name(kind) for kind in Modality.values() if flags >> kind & 1)
    return ", ".join(name.removeprefix("MODALITY_").lower() for name in named)


def _residency(one: Candidate, wanted: Constraints) -> str | None:
    if _lies_in(one.region, wanted.residency):
        return None
    return f"processes data in {one.region or 'an unknown region'}, not in {wanted.residency}"


def _lies_in(region: object, wanted: str) -> bool:
    return not wanted or region == wanted or str(region).startswith(f"{wanted}-")


def _retention(one: Candidate, wanted: Constraints) -> str | None:
    most = wanted.max_retention
    if most is None or (one.retention is not None and one.retention <= most):
        return None
    if one.retention is None:
        return "how long its provider keeps data is unknown"
    return f"its provider keeps data for {one.retention:g} s, longer than {most:g} s"


def _max_cost_per_token(one: Candidate, wanted: Constraints) -> str | None:
    if wanted.max_price is None:
        return None
    if one.prices is None:
        return "its price is unknown"
    dearest = max(one.prices.dearest_input, one.prices.dearest_output)
    limit = wanted.max_price * 1_000_000
    return f"costs {dearest} nano-USD per million tokens, more than {limit}" if dearest > limit else None


def _min_context(one: Candidate, wanted: Constraints) -> str | None:
    if not wanted.min_context:
        return None
    if not one.facts.HasField("context_window"):
        return "its context window is unknown"
    window = one.facts.context_window
    return f"reads {window} tokens, fewer than {wanted.min_context}" if window < wanted.min_context else None


def _quality(one: Candidate, wanted: Constraints) -> str | None:
    return _below(one, QUALITY_FLOORS[wanted.quality])


def _min_quality(one: Candidate, wanted: Constraints) -> str | None:
    return _below(one, wanted.min_quality)


def _below(one: Candidate, floor: float) -> str | None:
    if floor <= 0:
        return None
    if one.quality is None:
        return "its quality is unknown"
    return f"is of quality {one.quality:.2f}, below {floor:.2f}" if one.quality < floor else None


# ── In columns ──────────────────────────────────────────────────────────────────────────────────────────────────


def _allowed_mask(table: RouteTable, columns: Columns, wanted: Constraints) -> Flags | None:
    return _named(table, wanted.allowed) if wanted.allowed else None


def _denied_mask(table: RouteTable, columns: Columns, wanted: Constraints) -> Flags | None:
    return ~_named(table, wanted.denied) if wanted.denied else None


def _named(table: RouteTable, names: frozenset[str]) -> Flags:
    found = np.zeros(len(table.candidates), np.bool_)
    found[table.find(sorted(names))] = True
    return found


def _capability_mask(table: RouteTable, columns: Columns, wanted: Constraints) -> Flags | None:
    needed = bits(wanted.capabilities, CAPABILITIES)
    return (columns.capabilities & needed) == needed if needed else None


def _modality_mask(table: RouteTable, columns: Columns, wanted: Constraints) -> Flags | None:
    if not wanted.reads and not wanted.writes:
        return None
    reads, writes = columns.reads, np.where(columns.writes == 0, _TEXT, columns.writes)
    found: Flags = ((reads == 0) | (wanted.reads & ~reads == 0)) & (wanted.writes & ~writes == 0)
    return found


def _residency_mask(table: RouteTable, columns: Columns, wanted: Constraints) -> Flags | None:
    if not wanted.residency:
        return None
    inside = np.array([_lies_in(region, wanted.residency) for region in table.regions.values], np.bool_)
    found: Flags = inside[columns.region]
    return found


def _retention_mask(table: RouteTable, columns: Columns, wanted: Constraints) -> Flags | None:
    # A comparison with NaN, the unknown, is never true.
    return None if wanted.max_retention is None else columns.retention <= wanted.max_retention


def _price_mask(table: RouteTable, columns: Columns, wanted: Constraints) -> Flags | None:
    return None if wanted.max_price is None else columns.dearest <= wanted.max_price * 1_000_000


def _context_mask(table: RouteTable, columns: Columns, wanted: Constraints) -> Flags | None:
    return columns.window >= wanted.min_context if wanted.min_context else None


def _above(columns: Columns, floor: float) -> Flags | None:
    return columns.quality >= floor if floor > 0 else None


RULES: Sequence[Rule] = (
    Rule("integration_disabled", _disabled, lambda table, columns, wanted: columns.enabled),
    Rule("allowed_models", _not_allowed, _allowed_mask),
    Rule("denied_models", _denied, _denied_mask),
    Rule("capability", _capability, _capability_mask),
    Rule("modality", _modality, _modality_mask),
    Rule("residency", _residency, _residency_mask),
    Rule("retention", _retention, _retention_mask),
    Rule("max_cost_per_token", _max_cost_per_token, _price_mask),
    Rule("context_window", _min_context, _context_mask),
    Rule("quality", _quality, lambda table, columns, wanted: _above(columns, QUALITY_FLOORS[wanted.quality])),
    Rule("min_quality", _min_quality, lambda table, columns, wanted: _above(columns, wanted.min_quality)),
)
BY_NAME: Mapping[str, Rule] = {rule.name: rule for rule in RULES}
