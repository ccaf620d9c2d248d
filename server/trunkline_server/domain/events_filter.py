"""Which events somebody wants: by type or family, and by integration. Subscriptions and webhooks decide by it alike."""

from __future__ import annotations

from collections.abc import Iterable

from trunkline.v1.event_pb2 import Event

_FAMILY = ".*"


def integration_of(event: Event) -> str:
    """The integration that an event is about; empty where it names none."""
    kind = event.WhichOneof("payload")
    return str(getattr(getattr(event, kind), "integration_id", "")) if kind else ""


class EventFilter:
    """Types, of which `integration.*` is a family and `*` is all, and integrations; no types and no integrations: all
    events but those of the types `unless`, which must be asked for. An event that names no integration is about any."""

    __slots__ = ("_all", "_families", "_integrations", "_types", "_unless")

    def __init__(self, types: Iterable[str], integration_ids: Iterable[str], unless: Iterable[str] = ()) -> None:
        wanted = set(types)
        self._all = not wanted or "*" in wanted
        self._families = tuple(one[:-1] for one in wanted if one.endswith(_FAMILY))
        self._types = frozenset(wanted)
        self._integrations = frozenset(integration_ids)
        self._unless = frozenset(unless) if not wanted else frozenset()

    def wants(self, type_: str, integration_id: str) -> bool:
        """Whether an event of this type, about this integration (empty: none), is wanted."""
        if self._integrations and integration_id and integration_id not in self._integrations:
            return False
        if self._all:
            return type_ not in self._unless
        return type_ in self._types or type_.startswith(self._families)
