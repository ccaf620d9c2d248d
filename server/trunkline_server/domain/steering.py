"""A tenant's routing configuration: what it is made of, and who keeps it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol, TypeVar

from trunkline.v1.event_pb2 import Event
from trunkline.v1.experiment_pb2 import Experiment
from trunkline.v1.policy_pb2 import RoutingChange, RoutingPolicy, TaskMapping

if TYPE_CHECKING:
    from trunkline_server.domain.ports import Actor


@dataclass(frozen=True, slots=True)
class Judged:
    """What callers said of a model's answers: how many judgements, and their mean from 0 to 1."""

    samples: int
    mean: float


@dataclass(frozen=True, slots=True)
class RoutingView:
    """A tenant's routing configuration as of a revision, 0 where it has none. `experiments` are the running ones;
    `judged` is by `<provider>/<model>`."""

    revision: int = 0
    policies: Sequence[RoutingPolicy] = ()
    mappings: Sequence[TaskMapping] = ()
    experiments: Sequence[Experiment] = ()
    judged: Mapping[str, Judged] = field(default_factory=dict)


RoutingItem = TypeVar("RoutingItem", RoutingPolicy, TaskMapping, Experiment)


class RoutingItems(Protocol):
    """A tenant's policies, task mappings and experiments. Each change makes a revision, and one tenant's are made one
    after the other."""

    async def get(self, tenant_id: str, kind: type[RoutingItem], item_id: str) -> RoutingItem:
        """Raises NOT_FOUND."""
        ...

    async def list(
        self, tenant_id: str, kind: type[RoutingItem], page_size: int, page_token: str
    ) -> tuple[Sequence[RoutingItem], str]:
        """By id. Raises INVALID_REQUEST for the page token."""
        ...

    async def write(
        self,
        actor: Actor,
        kind: type[RoutingItem],
        item_id: str,
        action: str,
        edit: Callable[[RoutingItem | None, RoutingView], RoutingItem | None],
        events: Sequence[Event] = (),
    ) -> RoutingItem | None:
        """Change an item: `edit` is given it as it is, or None, with the whole configuration, and returns it as it
        shall be, None to delete it. What `edit` raises refuses the change; where it changes nothing there is none.
        `action` is that of `RoutingChange`; empty: `create`, `update` or `delete`, as it turns out. Version, etag,
        times, the change's record, the audit and the event `routing.changed` go along in the same transaction, and
        `events`."""
        ...

    async def changes(self, tenant_id: str, page_size: int, page_token: str) -> tuple[Sequence[RoutingChange], str]:
        """The newest first. Raises INVALID_REQUEST for the page token."""
        ...
