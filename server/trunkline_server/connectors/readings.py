"""What adapters read of an integration once, instead of at each call."""

from __future__ import annotations

from collections.abc import Callable
from typing import Generic, NamedTuple, TypeVar

from trunkline.v1.configuration_pb2 import Configuration
from trunkline.v1.integration_pb2 import Integration

# Integrations whose reading is kept.
_MOST = 4096

T = TypeVar("T")


class _Kept(NamedTuple, Generic[T]):
    """`latest` is the object that was asked about last, `configuration` a copy of what was read."""

    latest: Integration
    configuration: Configuration
    reading: T


class Readings(Generic[T]):
    """Readings by `read`, by integration. Tenants are read anew every few seconds, and the same integration comes as
    another object each time: its reading stays as long as its configuration does."""

    def __init__(self, read: Callable[[Integration], T], most: int = _MOST) -> None:
        self._read = read
        self._most = most
        self._kept: dict[tuple[str, str], _Kept[T]] = {}

    def of(self, integration: Integration) -> T:
        """The reading of the integration. Comparing objects is for the first call after a reload."""
        key = (integration.integration_id, integration.etag)
        kept = self._kept.get(key)
        if kept is not None and kept.latest is integration:
            return kept.reading
        if kept is None or kept.configuration != integration.configuration:
            configuration = Configuration()
            configuration.CopyFrom(integration.configuration)
            kept = _Kept(integration, configuration, self._read(integration))
        # The oldest of those that nobody asked about goes.
        self._kept.pop(key, None)
        while len(self._kept) >= self._most:
            del self._kept[next(iter(self._kept))]
        self._kept[key] = kept._replace(latest=integration)
        return kept.reading
