"""What the methods of policies and those of experiments share: changes that every worker learns of, and known names."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from trunkline_server.domain.call import Call
from trunkline_server.domain.ports import Catalogue, Directory, Providers
from trunkline_server.domain.router import Roads, Router
from trunkline_server.domain.steering import RoutingItem, RoutingItems, RoutingView
from trunkline_server.services.access import actor_of


@dataclass(frozen=True, slots=True)
class TenantNames:
    """The models and providers that a tenant may name. Implements `domain.policy_check.Names`."""

    roads: Roads
    aliases: Mapping[str, Sequence[str]]
    catalogue: Catalogue
    connectors: frozenset[str]

    def knows(self, name: str) -> bool:
        """Whether it is an alias, a model of the tenant's integrations, or one of the catalogue."""
        if name in self.aliases or name in self.roads.table.by_name or self.catalogue.by_name(name):
            return True
        provider, _, model = name.partition("/")
        return bool(model) and self.catalogue.find(provider, model) is not None

    def knows_provider(self, name: str) -> bool:
        """Whether it is a provider of the tenant's integrations, of the catalogue, or one that is served."""
        if name in self.connectors or self.catalogue.of_provider(name):
            return True
        return any(one.target.provider == name for one in self.roads.table.candidates)


class Steering:
    """A tenant's routing configuration: read and changed by the methods of PolicyService."""

    def __init__(
        self,
        items: RoutingItems,
        directory: Directory,
        router: Router,
        catalogue: Catalogue,
        providers: Providers,
        aliases: Mapping[str, Sequence[str]],
    ) -> None:
        self.items = items
        self._directory = directory
        self._router = router
        self._catalogue = catalogue
        self._connectors = frozenset(one.name for one in providers.connectors())
        self._aliases = aliases

    async def names(self, tenant_id: str) -> TenantNames:
        """What the tenant may name, as of its current view."""
        roads = await self._router.roads(tenant_id)
        return TenantNames(roads, self._aliases, self._catalogue, self._connectors)

    async def write(
        self,
        call: Call,
        kind: type[RoutingItem],
        item_id: str,
        edit: Callable[[RoutingItem | None, RoutingView], RoutingItem | None],
        action: str = "",
    ) -> RoutingItem | None:
        """Change an item for a caller, as `domain.steering.RoutingItems.write` does, and tell every worker."""
        written = await self.items.write(actor_of(call), kind, item_id, action, edit)
        await self._directory.changed(call.tenant_id)
        return written
