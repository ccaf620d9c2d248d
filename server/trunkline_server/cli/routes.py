"""Routes for people: what decided, the candidates with their scores, and the rules that rejected the others."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from trunkline.v1.route_pb2 import Route, RouteBasis, RouteCandidate, RoutingObjective

from trunkline_server.cli.text import facts, milliseconds, name_of, table, usd

_RANKED = ("rank", "model", "integration", "region", "score", "terms", "cost", "at most", "latency", "moved by")
_REJECTED = ("rejected", "integration", "region", "rule", "finding")


def route_text(route: Route, candidates: Iterable[RouteCandidate]) -> str:
    """The decision, a table of the eligible candidates in the order of attempts, and one of the rejected ones."""
    found = list(candidates)
    ranked, rejected = [one for one in found if one.eligible], [one for one in found if not one.eligible]
    parts = [facts(_decision(route))] if ranked else []
    parts.append(table(_RANKED, map(_row, ranked)) if ranked else "no candidate is eligible: the call would be refused")
    if rejected:
        rows = [(_model(one), one.integration_id, one.region or "-", one.rejected_by, one.detail) for one in rejected]
        parts.append(table(_REJECTED, rows))
    return "\n\n".join(parts)


def basis_of(route: Route) -> str:
    """What decided, as people write it."""
    return name_of(RouteBasis.Name(route.basis), "ROUTE_BASIS_")


def counts_of(route: Route) -> str:
    """How many candidates were looked at, and how many may serve."""
    return f"{route.eligible} of {route.considered} eligible"


def _decision(route: Route) -> Iterator[tuple[str, object]]:
    yield "decided by", f"{basis_of(route)} {route.rule}".rstrip()
    if route.objective:
        yield "objective", name_of(RoutingObjective.Name(route.objective), "ROUTING_OBJECTIVE_")
    if route.policy_ids:
        yield "policies", ", ".join(route.policy_ids)
    if route.task:
        yield "task", route.task
    if route.experiment_id:
        yield "experiment", f"{route.experiment_id}, arm {route.arm_id}"
    if route.HasField("complexity"):
        yield "complexity", f"{route.complexity:.2f}"
    if route.revision:
        yield "revision", route.revision
    yield "candidates", counts_of(route)


def _row(one: RouteCandidate) -> tuple[object, ...]:
    priced = one.HasField("expected_nano_usd")
    terms = ", ".join(f"{term.name} {term.score:.2f} x {term.weight:.2f}" for term in one.terms)
    return (
        *(one.rank, _model(one), one.integration_id, one.region or "-"),
        *(f"{one.score:.3f}" if one.terms else "-", terms or "-"),
        usd(one.expected_nano_usd) if priced else "unknown",
        usd(one.estimated_nano_usd) if priced else "unknown",
        milliseconds(one.expected_latency) if one.HasField("expected_latency") else "unknown",
        one.moved_by or "-",
    )


def _model(one: RouteCandidate) -> str:
    return f"{one.provider}/{one.model}"
